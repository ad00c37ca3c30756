#include "graph/sequence.h"

#include <string.h>

/* The bytes: the number of items, a head for each, then their data, each aligned. */
typedef struct ItemHead {
  int64_t offset; /* of its data */
  ElementType type;
  Shape shape;
} ItemHead;

#define ITEM_ALIGNMENT MEMORY_ALIGNMENT

static size_t head_place(int64_t i) {
  return sizeof(int64_t) + (size_t)i * sizeof(ItemHead);
}

/* Moves *at behind `bytes` more and up to the alignment; false on overflow. */
static bool advance(size_t *at, size_t bytes) {
  size_t end;
  if (!size_add(*at, bytes, &end) || !size_add(end, ITEM_ALIGNMENT - 1, &end)) return false;
  *at = end / ITEM_ALIGNMENT * ITEM_ALIGNMENT;
  return true;
}

int64_t sequence_count(const Tensor *sequence) {
  int64_t count;
  memcpy(&count, sequence->data, sizeof count);
  return count;
}

Tensor sequence_item(const Tensor *sequence, int64_t i) {
  ItemHead head;
  char *bytes = sequence->data;
  memcpy(&head, bytes + head_place(i), sizeof head);
  return (Tensor){.type = head.type, .shape = head.shape, .data = bytes + head.offset};
}

bool sequence_bytes(const Tensor *const *items, int64_t count, int64_t *bytes) {
  size_t at = 0, heads;
  if (count < 0 || !size_multiply((size_t)count, sizeof(ItemHead), &heads)) return false;
  if (!size_add(heads, sizeof(int64_t), &heads) || !advance(&at, heads)) return false;
  for (int64_t i = 0; i < count; i++)
    if (!advance(&at, tensor_bytes(items[i]))) return false;
  *bytes = (int64_t)at;
  return at <= INT64_MAX / 16;
}

static void write_head(char *to, const Tensor *item, size_t offset) {
  ItemHead head;
  memset(&head, 0, sizeof head); /* no byte is left to chance */
  head.offset = (int64_t)offset;
  head.type = item->type;
  head.shape.rank = item->shape.rank;
  for (int d = 0; d < item->shape.rank; d++) head.shape.dims[d] = item->shape.dims[d];
  memcpy(to, &head, sizeof head);
}

void sequence_write(Tensor *sequence, const Tensor *const *items, int64_t count) {
  char *bytes = sequence->data;
  size_t at = 0;
  memset(bytes, 0, tensor_bytes(sequence));
  memcpy(bytes, &count, sizeof count);
  (void)advance(&at, head_place(count));
  for (int64_t i = 0; i < count; i++) {
    size_t size = tensor_bytes(items[i]);
    write_head(bytes + head_place(i), items[i], at);
    if (size > 0) memcpy(bytes + at, items[i]->data, size);
    (void)advance(&at, size);
  }
}
