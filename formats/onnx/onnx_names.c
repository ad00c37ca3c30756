/* Names of a graph's values and nodes: open addressing. */
#include "formats/onnx/onnx_parts.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 64

typedef struct NameSlot {
  const char *name; /* NULL: empty */
  void *thing;
  uint64_t hash;
} NameSlot;

static uint64_t hash_of(const char *name) {
  Random state = {.state = 0};
  for (const char *at = name; *at != '\0'; at++) {
    state.state ^= (unsigned char)*at;
    state.state = random_bits(&state);
  }
  return state.state;
}

/* The slot of the name, or the empty one where it would go. */
static NameSlot *slot_of(const NameTable *table, const char *name, uint64_t hash) {
  size_t mask = table->capacity - 1;
  for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
    NameSlot *slot = &table->slots[i];
    if (slot->name == NULL || (slot->hash == hash && strcmp(slot->name, name) == 0)) return slot;
  }
}

void *name_table_find(const NameTable *table, const char *name) {
  if (table->capacity == 0) return NULL;
  return slot_of(table, name, hash_of(name))->thing;
}

static Status grow(NameTable *table, Error *err) {
  NameTable larger = {.capacity = table->capacity == 0 ? FIRST_CAPACITY : table->capacity * 2};
  larger.slots = calloc(larger.capacity, sizeof *larger.slots);
  if (larger.slots == NULL) return fail_memory(err);
  for (size_t i = 0; i < table->capacity; i++)
    if (table->slots[i].name != NULL)
      *slot_of(&larger, table->slots[i].name, table->slots[i].hash) = table->slots[i];
  larger.count = table->count;
  free(table->slots);
  *table = larger;
  return OK;
}

Status name_table_add(NameTable *table, const char *name, void *thing, Error *err) {
  if (table->count * 2 >= table->capacity) TRY(grow(table, err));
  uint64_t hash = hash_of(name);
  *slot_of(table, name, hash) = (NameSlot){.name = name, .thing = thing, .hash = hash};
  table->count++;
  return OK;
}

void name_table_free(NameTable *table) {
  free(table->slots);
  *table = (NameTable){0};
}
