#include "interpreter/buffers.h"

#include <stdlib.h>

static Buffer *buffer_new(Buffers *buffers, size_t bytes, Error *err) {
  Buffer *buffer = malloc(sizeof *buffer);
  if (buffer == NULL) {
    fail_memory(err);
    return NULL;
  }
  *buffer = (Buffer){.data = bytes_new(bytes, err), .size = bytes, .users = 1, .next = buffers->all};
  if (buffer->data == NULL) {
    free(buffer);
    return NULL;
  }
  buffers->all = buffer;
  return buffer;
}

/* A free buffer that is too small is worth more as memory given back: it would never fit this model again. */
static void drop_one_free(Buffers *buffers) {
  for (Buffer **at = &buffers->all; *at != NULL; at = &(*at)->next) {
    Buffer *buffer = *at;
    if (buffer->users > 0) continue;
    *at = buffer->next;
    bytes_free(buffer->data);
    free(buffer);
    return;
  }
}

Buffer *buffers_take(Buffers *buffers, size_t bytes, Error *err) {
  Buffer *best = NULL;
  for (Buffer *buffer = buffers->all; buffer != NULL; buffer = buffer->next)
    if (buffer->users == 0 && buffer->size >= bytes && (best == NULL || buffer->size < best->size))
      best = buffer;
  if (best != NULL) {
    best->users = 1;
    return best;
  }
  drop_one_free(buffers);
  return buffer_new(buffers, bytes, err);
}

void buffers_free(Buffers *buffers) {
  while (buffers->all != NULL) {
    Buffer *next = buffers->all->next;
    bytes_free(buffers->all->data);
    free(buffers->all);
    buffers->all = next;
  }
}
