#include "interpreter/samples.h"

#include <stdlib.h>

#define BLOCK_SAMPLES 64
#define BLOCK_BYTES ((size_t)8 << 20) /* of all inputs together */

/* A block of samples: each input's samples behind one another. */
typedef struct Block {
  const SampleReader *reader;
  void **buffers;    /* by input */
  size_t *strides;   /* bytes of a sample, by input */
  int64_t first;     /* index of the first sample */
  Tensor *tensors;   /* by worker, then input */
  const Tensor **in; /* the same as pointers */
  SampleBody body;
  void *context;
} Block;

static Status do_sample(void *context, size_t index, int worker, Error *err) {
  Block *block = context;
  int inputs = block->reader->input_count;
  for (int i = 0; i < inputs; i++)
    block->tensors[worker * inputs + i].data = (char *)block->buffers[i] + index * block->strides[i];
  return block->body(block->context, block->first + (int64_t)index, worker, block->in + worker * inputs, err);
}

static void block_free(Block *block) {
  for (int i = 0; block->buffers != NULL && i < block->reader->input_count; i++)
    bytes_free(block->buffers[i]);
  free(block->buffers);
  free(block->strides);
  free(block->tensors);
  free(block->in);
}

/* Samples that a block takes. */
static int64_t block_samples(const SampleReader *reader, int64_t count) {
  size_t bytes = 1;
  for (int i = 0; i < reader->input_count; i++) bytes += tensor_bytes(&reader->forms[i]);
  int64_t fitting = bytes > BLOCK_BYTES ? 1 : (int64_t)(BLOCK_BYTES / bytes);
  int64_t most = fitting < BLOCK_SAMPLES ? fitting : BLOCK_SAMPLES;
  return count < most ? count : most;
}

static Status block_init(Block *block, int64_t samples, int workers, Error *err) {
  const SampleReader *reader = block->reader;
  size_t inputs = (size_t)reader->input_count, all = inputs * (size_t)workers;
  block->buffers = calloc(inputs + 1, sizeof *block->buffers);
  block->strides = calloc(inputs + 1, sizeof *block->strides);
  block->tensors = calloc(all + 1, sizeof *block->tensors);
  block->in = calloc(all + 1, sizeof *block->in);
  if (!block->buffers || !block->strides || !block->tensors || !block->in) return fail_memory(err);
  for (size_t i = 0; i < inputs; i++) {
    block->strides[i] = tensor_bytes(&reader->forms[i]);
    block->buffers[i] = bytes_new(block->strides[i] * (size_t)samples, err);
    if (block->buffers[i] == NULL) return err->status;
  }
  for (size_t i = 0; i < all; i++) {
    block->tensors[i] = reader->forms[i % inputs];
    block->in[i] = &block->tensors[i];
  }
  return OK;
}

Status samples_for(const SampleReader *reader, int64_t from, int64_t count, Pool *pool, SampleBody body,
                   void *context, SampleProgress progress, void *progress_context, Error *err) {
  Block block = {.reader = reader, .body = body, .context = context};
  int64_t size = block_samples(reader, count);
  Status status = block_init(&block, size, pool_workers(pool), err);
  if (status == OK) status = reader->seek(reader->context, from, err);
  for (int64_t done = 0; done < count && status == OK;) {
    int64_t now = count - done < size ? count - done : size;
    block.first = from + done;
    status = reader->read(reader->context, now, block.buffers, err);
    if (status == OK) status = pool_for(pool, (size_t)now, do_sample, &block, err);
    done += now;
    if (status == OK && progress != NULL) progress(progress_context, done, count);
  }
  block_free(&block);
  return status;
}
