/* Runs a loaded program, and its self-test. */
#include "runtime/kernels/plain/checks.h"
#include "runtime/load.h"

EdgeStatus edge_run(const EdgeModel *model, void *arena, const EdgeHooks *hooks) {
  const uint8_t *at = model->code;
  for (uint32_t i = 0; i < model->instruction_count; i++) {
    const EdgeInstruction *instruction = (const EdgeInstruction *)at;
    EdgeCall call;
    edge_decode(model, instruction, arena, &call);
    call.hooks = hooks;
    EdgeStatus status = edge_kernel_of(model->kernels, instruction->opcode)->run(&call);
    if (status != EDGE_OK) return status;
    if (hooks != NULL && hooks->observe != NULL)
      hooks->observe(hooks->observe_context, i, call.out[0].info, call.out[0].data);
    at += edge_instruction_bytes(instruction);
  }
  return EDGE_OK;
}

/* Marsaglia's xorshift with 13, 17, 5; never 0. */
static uint32_t next_random(uint32_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

/* A float of [-1, 1) times a power of two from 1 to 128. */
static float random_f32(uint32_t bits) {
  float value = (float)((int32_t)(bits >> 8) - (1 << 23)) * 0x1p-23f;
  return value * (float)(1u << (bits & 7));
}

/* Whole numbers are 0 or 1, because they may be indices: valid ones in every table of two rows. */
static void fill_input(const EdgeTensor *tensor, void *data, uint32_t *state) {
  for (uint32_t i = 0; i < tensor->elements; i++) {
    uint32_t bits = next_random(state);
    switch (tensor->type) {
    case EDGE_F32:
      ((float *)data)[i] = random_f32(bits);
      break;
    case EDGE_S16:
      ((uint16_t *)data)[i] = (uint16_t)(bits >> 16);
      break;
    case EDGE_S32:
      ((int32_t *)data)[i] = (int32_t)(bits >> 31);
      break;
    case EDGE_S64:
      ((int64_t *)data)[i] = bits >> 31;
      break;
    case EDGE_BOOL:
      ((uint8_t *)data)[i] = (uint8_t)(bits >> 31);
      break;
    default: /* int8, uint8 */
      ((uint8_t *)data)[i] = (uint8_t)(bits >> 24);
      break;
    }
  }
}

/* FNV-1a with 64 bits. */
static uint64_t hash_bytes(uint64_t hash, const uint8_t *data, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) hash = (hash ^ data[i]) * UINT64_C(0x100000001b3);
  return hash;
}

EdgeStatus edge_self_test_hash(const EdgeModel *model, void *arena, uint32_t seed, const EdgeHooks *hooks,
                               uint64_t *hash) {
  uint32_t state = seed ^ 0x9e3779b9u;
  if (state == 0) state = 1;
  for (uint32_t i = 0; i < model->input_count; i++)
    fill_input(edge_input(model, i), edge_input_data(model, i, arena), &state);
  EdgeStatus status = edge_run(model, arena, hooks);
  if (status != EDGE_OK) return status;
  *hash = UINT64_C(0xcbf29ce484222325);
  for (uint32_t i = 0; i < model->output_count; i++) {
    const EdgeTensor *output = edge_output(model, i);
    *hash =
        hash_bytes(*hash, edge_output_data(model, i, arena), output->elements * edge_element_bytes(output));
  }
  return EDGE_OK;
}

EdgeStatus edge_self_test(const EdgeModel *model, void *arena) {
  uint64_t hash = 0;
  if (model->self_test == NULL) return EDGE_OK;
  EdgeStatus status = edge_self_test_hash(model, arena, model->self_test[0], NULL, &hash);
  if (status != EDGE_OK) return status;
  return hash == (model->self_test[1] | (uint64_t)model->self_test[2] << 32) ? EDGE_OK : EDGE_SELF_TEST;
}
