/* shared by the family: copying along axes, by strides or by maps. */
#include "operators/move/element_copy.h"

#include <string.h>

/* `count` elements that are `stride` apart. */
static void copy_row(char *out, const char *in, size_t size, int64_t count, int64_t stride) {
  int64_t step = stride * (int64_t)size;
  if (stride == 1) {
    memcpy(out, in, (size_t)count * size);
    return;
  }
#define COPY_EACH(bytes)                                                                                     \
  for (int64_t i = 0; i < count; i++) memcpy(out + i * (bytes), in + i * step, bytes)
  switch (size) {
  case 1:
    COPY_EACH(1);
    break;
  case 2:
    COPY_EACH(2);
    break;
  case 4:
    COPY_EACH(4);
    break;
  default:
    COPY_EACH(8);
  }
#undef COPY_EACH
}

/* Drops axes of 1 and joins neighbours that are one run; -1 where there is nothing to copy. */
static int simplify(const CopyAxis *axes, int rank, CopyAxis *simple) {
  int count = 0;
  for (int a = 0; a < rank; a++) {
    if (axes[a].extent == 0) return -1;
    if (axes[a].extent == 1) continue;
    if (count > 0 && simple[count - 1].stride == axes[a].stride * axes[a].extent) {
      simple[count - 1].extent *= axes[a].extent;
      simple[count - 1].stride = axes[a].stride;
    } else {
      simple[count++] = axes[a];
    }
  }
  if (count == 0) simple[count++] = (CopyAxis){1, 1};
  return count;
}

void copy_strided(void *out, const void *in, size_t size, const CopyAxis *axes, int rank) {
  CopyAxis simple[COPY_MAX_RANK + 1];
  int count = simplify(axes, rank, simple);
  if (count < 0) return;
  const CopyAxis *row = &simple[count - 1];
  int64_t index[COPY_MAX_RANK + 1] = {0}, offset = 0;
  char *to = out;
  for (;;) {
    copy_row(to, (const char *)in + offset * (int64_t)size, size, row->extent, row->stride);
    to += (size_t)row->extent * size;
    int a = count - 2;
    for (; a >= 0 && ++index[a] == simple[a].extent; a--) {
      offset -= simple[a].stride * (simple[a].extent - 1);
      index[a] = 0;
    }
    if (a < 0) return;
    offset += simple[a].stride;
  }
}

typedef struct Mapped {
  char *out; /* moves on as elements are written */
  const char *in;
  const void *fill;
  size_t size;
  int rank;
  const Shape *shape;
  int64_t *const *maps;
  int64_t strides[GRAPH_MAX_RANK];
} Mapped;

/* The last axis: runs of neighbours are copied in one go. */
static void copy_last(Mapped *m, const int64_t *map, int64_t extent, int64_t offset) {
  for (int64_t i = 0, end; i < extent; i = end) {
    const void *from = m->fill;
    end = i + 1;
    if (offset >= 0 && map[i] >= 0) {
      from = m->in + (offset + map[i]) * (int64_t)m->size;
      while (end < extent && map[end] == map[end - 1] + 1) end++;
    }
    size_t bytes = (size_t)(end - i) * m->size;
    memcpy(m->out, from, bytes);
    m->out += bytes;
  }
}

/* Writes the part of the output below `axis`; offset -1 is outside the source. */
static void copy_below(Mapped *m, int axis, int64_t offset) {
  const int64_t *map = m->maps[axis];
  int64_t extent = m->shape->dims[axis], stride = m->strides[axis];
  if (axis == m->rank - 1) {
    copy_last(m, map, extent, offset);
    return;
  }
  for (int64_t i = 0; i < extent; i++)
    copy_below(m, axis + 1, offset < 0 || map[i] < 0 ? -1 : offset + map[i] * stride);
}

void copy_mapped(const Tensor *out, const Tensor *in, int64_t *const maps[GRAPH_MAX_RANK], const void *fill) {
  if (tensor_elements(out) == 0) return;
  Mapped mapped = {.out = out->data,
                   .in = in->data,
                   .fill = fill,
                   .size = element_bytes(out->type),
                   .rank = out->shape.rank,
                   .shape = &out->shape,
                   .maps = maps};
  if (mapped.rank == 0) {
    memcpy(out->data, in->data, mapped.size);
    return;
  }
  shape_strides(&in->shape, mapped.strides);
  copy_below(&mapped, 0, 0);
}

Status copy_new_maps(Run *run, const Shape *out, int64_t *maps[GRAPH_MAX_RANK]) {
  int64_t total = 1;
  for (int d = 0; d < out->rank; d++)
    if (__builtin_add_overflow(total, out->dims[d], &total))
      return run_fail(run, "the output has too many elements");
  size_t bytes;
  if (!size_multiply((size_t)total, sizeof(int64_t), &bytes))
    return run_fail(run, "the output has too many elements");
  int64_t *room = run_scratch(run, bytes);
  if (room == NULL) return run->err->status;
  for (int d = 0; d < out->rank; d++) {
    maps[d] = room;
    room += out->dims[d];
  }
  return OK;
}
