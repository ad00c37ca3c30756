/* shared by the family: types, shapes and seeds of random tensors. */
#include "operators/random/random_fill.h"

#include "operators/shape/content.h"

#include <math.h>
#include <string.h>

/* FNV-1a of the node's name, so that two nodes without seeds differ and a run can be repeated. */
static uint64_t seed_of_name(const char *name) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (; *name != '\0'; name++) hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
  return hash;
}

Random random_of(const Run *run) {
  float seed = ((const RandomParams *)run->params)->seed;
  uint32_t bits;
  memcpy(&bits, &seed, sizeof bits);
  uint64_t of_run = run->memory != NULL ? run->memory->seed : 0; /* in training every run draws its own */
  return (Random){.state = (isnan(seed) ? seed_of_name(run->node->name) : bits) ^ of_run};
}

Status random_type(const Infer *infer, uint32_t allowed, ElementType *type) {
  int64_t given = ((const RandomParams *)infer->params)->dtype;
  *type = given != 0 ? (ElementType)given : infer->input_count > 0 ? infer->in[0].type : ELEMENT_FLOAT32;
  if (*type == ELEMENT_NONE || element_in(*type, allowed)) return OK;
  return infer_fail(infer, "cannot give elements of type %d", (int)*type);
}

Status random_infer(Infer *infer) {
  const Ints *dims = &((const RandomParams *)infer->params)->shape;
  ElementType type;
  TRY(random_type(infer, ELEMENTS_FLOAT, &type));
  if (dims->count > GRAPH_MAX_RANK) return infer_fail(infer, "the shape has %d dimensions", dims->count);
  Shape shape = {.rank = dims->count};
  for (int d = 0; d < shape.rank; d++) shape.dims[d] = dims->values[d];
  return infer_set_sized(infer, 0, type, &shape);
}

Status random_infer_like(Infer *infer) {
  TRY(random_type(infer, ELEMENTS_FLOAT, &infer->out[0].type));
  infer->out[0].has_shape = infer->in[0].has_shape;
  infer->out[0].shape = infer->in[0].shape;
  return OK;
}

Status random_run_uniform(Run *run) {
  const RandomParams *params = run->params;
  Random random = random_of(run);
  double low = (double)params->low, high = (double)params->high;
  for (int64_t i = 0; i < tensor_elements(run->out[0]); i++)
    tensor_set(run->out[0], i, low + (high - low) * random_unit(&random));
  return OK;
}

Status random_run_normal(Run *run) {
  const RandomParams *params = run->params;
  Random random = random_of(run);
  for (int64_t i = 0; i < tensor_elements(run->out[0]); i++)
    tensor_set(run->out[0], i, (double)params->mean + (double)params->scale * random_normal(&random));
  return OK;
}
