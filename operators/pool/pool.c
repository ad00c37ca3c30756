/* shared by the family: inference and the reference kernel of pooling. */
#include "operators/pool/pool.h"

#include <math.h>

double pool_maximum(PoolTaps *taps, int64_t option) {
  (void)option;
  double best = -INFINITY;
  taps->chosen = 0;
  for (int64_t i = 0; i < taps->count; i++)
    if (taps->values[i] > best) {
      best = taps->values[i];
      taps->chosen = i;
    }
  return best;
}

double pool_average(PoolTaps *taps, int64_t count_include_pad) {
  double sum = 0;
  for (int64_t i = 0; i < taps->count; i++) sum += taps->values[i];
  int64_t count = count_include_pad ? taps->padded : taps->count;
  return count == 0 ? 0 : sum / (double)count;
}

double pool_norm(PoolTaps *taps, int64_t p) {
  double sum = 0;
  for (int64_t i = 0; i < taps->count; i++) {
    double size = fabs(taps->values[i]);
    sum += p == 1 ? size : p == 2 ? size * size : pow(size, (double)p);
  }
  return p == 1 ? sum : p == 2 ? sqrt(sum) : pow(sum, 1 / (double)p);
}

Status pool_check(const Node *node, void *params, Error *err) {
  const WindowParams *window = params;
  if (!window->kernel_shape.given)
    return fail(err, BAD_INPUT, "node '%s' (%s): attribute 'kernel_shape' is missing", node->name,
                node->type);
  return OK;
}

static const char *make(Window *window, const WindowParams *params, const Shape *data) {
  Dim unknown[GRAPH_MAX_RANK];
  for (int i = 0; i < GRAPH_MAX_RANK; i++) unknown[i] = DIM_UNKNOWN;
  return window_make(window, params, data, unknown); /* the kernel is an attribute */
}

Status pool_infer(Infer *infer) {
  const InferValue *data = &infer->in[0];
  infer->out[0].type = data->type;
  if (!data->has_shape) return OK;
  Window window;
  const char *wrong = make(&window, infer->params, &data->shape);
  if (wrong != NULL) return infer_fail(infer, "%s", wrong);
  Shape shape = window_output(&window, &data->shape, data->shape.dims[1]);
  infer_set(infer, 0, data->type, &shape);
  return OK;
}

Status pool_infer_global(Infer *infer) {
  const InferValue *data = &infer->in[0];
  infer->out[0].type = data->type;
  if (!data->has_shape) return OK;
  Shape shape = data->shape;
  if (shape.rank < 2) return infer_fail(infer, "the data needs a batch and a channel axis");
  for (int i = 2; i < shape.rank; i++) shape.dims[i] = 1;
  infer_set(infer, 0, data->type, &shape);
  return OK;
}

Status pool_begin(Run *run, PoolCase *c) {
  const Shape *data = &run->in[0]->shape;
  const char *wrong = make(&c->window, run->params, data);
  if (wrong != NULL) return run_fail(run, "%s", wrong);
  Shape out = window_output(&c->window, data, data->dims[1]);
  window_widen(&c->window);
  c->planes = shape_product(data, 0, 2);
  c->in_pixels = shape_product(data, 2, data->rank);
  c->out_pixels = shape_product(&out, 2, out.rank);
  return OK;
}

/* Memory for the largest window. */
typedef struct Gathered {
  double *values;
  int64_t *positions; /* in the plane */
} Gathered;

static Status gather_room(Run *run, const PoolCase *c, Gathered *gathered) {
  int64_t room = 1;
  for (int i = 0; i < WINDOW_MAX_AXES; i++) {
    const WindowAxis *axis = &c->window.axes[i];
    room *= axis->kernel < axis->in ? axis->kernel : axis->in;
  }
  gathered->values = reals_new(run, room);
  gathered->positions = run_scratch(run, (size_t)room * sizeof(int64_t));
  return gathered->values == NULL || gathered->positions == NULL ? fail_memory(run->err) : OK;
}

/* The window of output `at` on one plane that begins at element `start` of the input. */
static PoolTaps gather(const Run *run, const PoolCase *c, int64_t start, const int64_t at[3], Gathered *to) {
  const WindowAxis *a = c->window.axes;
  int64_t first[3], end[3], low, high, padded = 1, count = 0;
  for (int i = 0; i < 3; i++) {
    window_taps(&a[i], at[i], true, &low, &high);
    padded *= high - low;
    window_taps(&a[i], at[i], false, &first[i], &end[i]);
  }
  for (int64_t k = first[0]; k < end[0]; k++)
    for (int64_t l = first[1]; l < end[1]; l++)
      for (int64_t m = first[2]; m < end[2]; m++) {
        int64_t row = window_input(&a[0], at[0], k) * a[1].in + window_input(&a[1], at[1], l);
        to->positions[count] = row * a[2].in + window_input(&a[2], at[2], m);
        to->values[count] = tensor_get(run->in[0], start + to->positions[count]);
        count++;
      }
  return (PoolTaps){.values = to->values, .count = count, .padded = padded};
}

Status pool_plain(Run *run, PoolReduce reduce, int64_t option, PoolIndex index) {
  PoolCase c;
  Gathered gathered;
  TRY(pool_begin(run, &c));
  TRY(gather_room(run, &c, &gathered));
  Tensor *out = run_output(run, 0), *indices = run_output(run, 1);
  const WindowAxis *a = c.window.axes;
  int64_t y = 0, at[3];
  for (int64_t plane = 0; plane < c.planes; plane++)
    for (at[0] = 0; at[0] < a[0].out; at[0]++)
      for (at[1] = 0; at[1] < a[1].out; at[1]++)
        for (at[2] = 0; at[2] < a[2].out; at[2]++, y++) {
          PoolTaps taps = gather(run, &c, plane * c.in_pixels, at, &gathered);
          double value = reduce(&taps, option);
          if (out != NULL) tensor_set(out, y, value);
          if (indices != NULL && index != NULL) {
            int64_t position = taps.count == 0 ? 0 : index(&c, gathered.positions[taps.chosen]);
            tensor_set_integer(indices, y, plane * c.in_pixels + position);
          }
        }
  return OK;
}

Status pool_plain_global(Run *run, PoolReduce reduce, int64_t option) {
  const Shape *shape = &run->in[0]->shape;
  const double *x = reals_of(run, run->in[0]);
  if (x == NULL) return fail_memory(run->err);
  int64_t planes = shape_product(shape, 0, 2), pixels = shape_product(shape, 2, shape->rank);
  for (int64_t i = 0; i < planes; i++) {
    PoolTaps taps = {.values = x + i * pixels, .count = pixels, .padded = pixels};
    tensor_set(run->out[0], i, reduce(&taps, option));
  }
  return OK;
}
