/* buffers.h - a runner's memory: buffers that are counted, given back after the last use, and used again. */
#ifndef INTERPRETER_BUFFERS_H
#define INTERPRETER_BUFFERS_H

#include "base/base.h"

typedef struct Buffer Buffer;
struct Buffer {
  void *data; /* aligned to MEMORY_ALIGNMENT */
  size_t size;
  int users;
  Buffer *next; /* in the list of all of them */
};

typedef struct Buffers {
  Buffer *all;
} Buffers;

/* A buffer of at least `bytes` with one user: the smallest free one that is large enough, or a new one. */
Buffer *buffers_take(Buffers *buffers, size_t bytes, Error *err);
static inline void buffer_share(Buffer *buffer) {
  if (buffer != NULL) buffer->users++;
}
/* Accepts NULL. */
static inline void buffer_release(Buffer *buffer) {
  if (buffer != NULL) buffer->users--;
}
void buffers_free(Buffers *buffers);

#endif
