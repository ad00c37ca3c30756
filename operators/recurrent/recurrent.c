/* shared by the family: attributes, shapes and work of recurrent layers. */
#include "operators/recurrent/recurrent.h"

#include "operators/reals.h"

const char *const recurrent_directions[] = {"forward", "reverse", "bidirectional", NULL};

static int directions_of(const RecurrentParams *params) {
  return params->direction == RECURRENT_BOTH ? 2 : 1;
}

static Status unknown_function(const Node *node, const char *name, Error *err) {
  return fail(err, UNSUPPORTED, "node '%s' (%s): activation '%s' is not known", node->name, node->type, name);
}

/* Alpha and beta are listed for the functions that take them, in order. */
Status recurrent_check(const Node *node, RecurrentParams *params, const RecurrentKind *kind, Error *err) {
  int count = directions_of(params) * kind->functions, alphas = 0, betas = 0;
  if (params->activations.given && params->activations.count != count)
    return fail(err, BAD_INPUT, "node '%s' (%s): has %d activations instead of %d", node->name, node->type,
                params->activations.count, count);
  for (int i = 0; i < count; i++) {
    const char *name =
        params->activations.given ? params->activations.values[i] : kind->defaults[i % kind->functions];
    Activation *function = &params->functions[i];
    bool takes_alpha, takes_beta;
    if (!activation_find(name, function, &takes_alpha, &takes_beta)) return unknown_function(node, name, err);
    if (takes_alpha && alphas < params->activation_alpha.count)
      function->alpha = (double)params->activation_alpha.values[alphas++];
    if (takes_beta && betas < params->activation_beta.count)
      function->beta = (double)params->activation_beta.values[betas++];
  }
  if (!(params->clip >= 0))
    return fail(err, BAD_INPUT, "node '%s' (%s): clip is below 0", node->name, node->type);
  return OK;
}

/* ---- inference ---- */

/* Joins what two inputs say of one dimension. */
static Status join_dim(const Infer *infer, const char *what, Dim said, Dim *dim) {
  if (!dim_is_known(*dim)) {
    if (said != DIM_UNKNOWN) *dim = said;
    return OK;
  }
  if (!dim_is_known(said) || said == *dim) return OK;
  return infer_fail(infer, "%s is %lld by one input and %lld by another", what, (long long)*dim,
                    (long long)said);
}

typedef struct Sizes {
  Dim steps, batch, input, hidden;
} Sizes;

static Status check_rank(const Infer *infer, int i, const char *name, int rank) {
  const InferValue *in = infer_input(infer, i);
  if (in == NULL || !in->has_shape || in->shape.rank == rank) return OK;
  return infer_fail(infer, "%s has %d dimensions instead of %d", name, in->shape.rank, rank);
}

static const Shape *shape_of(const Infer *infer, int i) {
  const InferValue *in = infer_input(infer, i);
  return in != NULL && in->has_shape ? &in->shape : NULL;
}

static Status check_ranks(const Infer *infer, const RecurrentKind *kind) {
  static const struct {
    const char *name;
    int rank;
  } inputs[] = {{"X", 3},         {"W", 3},         {"R", 3}, {"B", 2}, {"sequence_lens", 1},
                {"initial_h", 3}, {"initial_c", 3}, {"P", 2}};
  for (int i = 0; i < (kind->has_cell ? 8 : 6); i++)
    TRY(check_rank(infer, i, inputs[i].name, inputs[i].rank));
  return OK;
}

/* `factor` times the hidden size. */
static Status join_hidden(const Infer *infer, int i, int axis, int64_t factor, Sizes *sizes) {
  const Shape *shape = shape_of(infer, i);
  if (shape == NULL || !dim_is_known(shape->dims[axis])) return OK;
  if (shape->dims[axis] % factor != 0)
    return infer_fail(infer, "input %d has %lld along axis %d, no multiple of %lld", i,
                      (long long)shape->dims[axis], axis, (long long)factor);
  return join_dim(infer, "the hidden size", shape->dims[axis] / factor, &sizes->hidden);
}

static Status join_state(const Infer *infer, int i, bool layout, Sizes *sizes) {
  const Shape *shape = shape_of(infer, i);
  if (shape == NULL) return OK;
  TRY(join_dim(infer, "the batch", shape->dims[layout ? 0 : 1], &sizes->batch));
  return join_hidden(infer, i, 2, 1, sizes);
}

static Status check_directions(const Infer *infer, const RecurrentKind *kind, bool layout, int directions) {
  for (int i = 1; i < (kind->has_cell ? 8 : 6); i++) {
    const Shape *shape = shape_of(infer, i);
    int axis = layout && (i == 5 || i == 6) ? 1 : 0;
    if (i == 4 || shape == NULL || !dim_is_known(shape->dims[axis]) || shape->dims[axis] == directions)
      continue;
    return infer_fail(infer, "input %d is for %lld directions instead of %d", i, (long long)shape->dims[axis],
                      directions);
  }
  return OK;
}

static Status join_sizes(const Infer *infer, const RecurrentKind *kind, Sizes *sizes) {
  const RecurrentParams *params = infer->params;
  const Shape *x = shape_of(infer, 0), *w = shape_of(infer, 1), *lengths = shape_of(infer, 4);
  *sizes = (Sizes){DIM_UNKNOWN, DIM_UNKNOWN, DIM_UNKNOWN, DIM_UNKNOWN};
  if (params->hidden_size > 0) sizes->hidden = params->hidden_size;
  if (x != NULL) {
    sizes->steps = x->dims[params->layout ? 1 : 0];
    sizes->batch = x->dims[params->layout ? 0 : 1];
    sizes->input = x->dims[2];
  }
  if (w != NULL) TRY(join_dim(infer, "the input size", w->dims[2], &sizes->input));
  TRY(join_hidden(infer, 1, 1, kind->gates, sizes));
  TRY(join_hidden(infer, 2, 1, kind->gates, sizes));
  TRY(join_hidden(infer, 2, 2, 1, sizes));
  TRY(join_hidden(infer, 3, 1, 2 * kind->gates, sizes));
  if (lengths != NULL) TRY(join_dim(infer, "the batch", lengths->dims[0], &sizes->batch));
  TRY(join_state(infer, 5, params->layout, sizes));
  if (!kind->has_cell) return OK;
  TRY(join_state(infer, 6, params->layout, sizes));
  return join_hidden(infer, 7, 1, 3, sizes);
}

Status recurrent_infer(Infer *infer, const RecurrentKind *kind) {
  const RecurrentParams *params = infer->params;
  int directions = directions_of(params);
  Sizes s;
  TRY(check_ranks(infer, kind));
  TRY(check_directions(infer, kind, params->layout, directions));
  TRY(join_sizes(infer, kind, &s));
  for (int i = 1; i < infer->input_count; i++)
    if (i != 4 && infer_types_differ(infer, 0, i))
      return infer_fail(infer, "inputs 0 and %d have different types", i);
  ElementType type = infer->in[0].type;
  infer_set(infer, 0, type,
            params->layout ? &SHAPE(s.batch, s.steps, directions, s.hidden)
                           : &SHAPE(s.steps, directions, s.batch, s.hidden));
  for (int i = 1; i < infer->output_count; i++)
    infer_set(infer, i, type,
              params->layout ? &SHAPE(s.batch, directions, s.hidden) : &SHAPE(directions, s.batch, s.hidden));
  return OK;
}

OpCost recurrent_cost(const Node *node) {
  const Value *x = node_input(node, 0), *w = node_input(node, 1), *r = node_input(node, 2);
  if (x == NULL || w == NULL || r == NULL || !x->has_shape || !shape_is_known(&x->shape)) return (OpCost){0};
  if (!w->has_shape || !r->has_shape || x->shape.rank != 3) return (OpCost){0};
  double macs = (double)shape_elements(&w->shape) + (double)shape_elements(&r->shape);
  macs *= (double)x->shape.dims[0] * (double)x->shape.dims[1];
  return (OpCost){.macs = macs > 0 && macs < 9e18 ? (int64_t)macs : 0};
}
