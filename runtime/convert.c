/* Inputs and outputs as float32, by way of the instructions that convert. */
#include "runtime/freestanding.h"
#include "runtime/kernel.h"

static int is_quantized(const EdgeTensor *tensor) {
  return tensor->scale > 0.0f &&
         (tensor->type == EDGE_S8 || tensor->type == EDGE_S16 || tensor->type == EDGE_U8);
}

/* int16 without a scale: no instruction has that, codes of scale 1 are the same. */
static EdgeTensor with_scale(EdgeTensor tensor) {
  if (tensor.type == EDGE_S16 && !is_quantized(&tensor)) {
    tensor.scale = 1.0f;
    tensor.zero_point = 0;
  }
  return tensor;
}

void edge_set_input_f32(const EdgeModel *model, uint32_t i, const float *values, void *arena) {
  EdgeTensor to = with_scale(*edge_input(model, i)), from = {.type = EDGE_F32, .elements = to.elements};
  EdgeCall call = {.in = {{&from, (void *)(uintptr_t)values}},
                   .out = {{&to, edge_input_data(model, i, arena)}}};
  if (is_quantized(&to))
    edge_plain_quantize.run(&call);
  else
    edge_plain_cast.run(&call);
}

void edge_to_f32(const EdgeTensor *tensor, const void *data, float *values) {
  EdgeTensor from = with_scale(*tensor), to = {.type = EDGE_F32, .elements = from.elements};
  EdgeCall call = {.in = {{&from, (void *)(uintptr_t)data}}, .out = {{&to, values}}};
  if (is_quantized(&from))
    edge_plain_dequantize.run(&call);
  else
    edge_plain_cast.run(&call);
}

void edge_get_output_f32(const EdgeModel *model, uint32_t i, const void *arena, float *values) {
  edge_to_f32(edge_output(model, i), edge_output_data(model, i, arena), values);
}
