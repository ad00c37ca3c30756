/* rotary_embedding.c - RotaryEmbedding: pairs of elements of each head are turned by an angle of their place.
 */
#include "operators/gradient.h"
#include "operators/reals.h"

#include <string.h>

typedef struct RotaryParams {
  bool interleaved;  /* pairs are neighbours; otherwise half of the turned part lies between them */
  int64_t num_heads; /* of an input of 3 dimensions */
  int64_t rotary_embedding_dim; /* elements of a head that are turned; 0: all */
} RotaryParams;

typedef struct RotaryCase {
  Dim batch, heads, rows, width, turned;
} RotaryCase;

static Status sizes_of(const Infer *infer, RotaryCase *c) {
  const RotaryParams *params = infer->params;
  const Shape *x = &infer->in[0].shape;
  if (x->rank == 4) {
    *c = (RotaryCase){x->dims[0], x->dims[1], x->dims[2], x->dims[3], 0};
  } else if (x->rank == 3 && params->num_heads > 0) {
    Dim width = dim_is_known(x->dims[2]) ? x->dims[2] / params->num_heads : DIM_UNKNOWN;
    if (dim_is_known(width) && width * params->num_heads != x->dims[2])
      return infer_fail(infer, "%lld elements of a row do not make %lld heads", (long long)x->dims[2],
                        (long long)params->num_heads);
    *c = (RotaryCase){x->dims[0], params->num_heads, x->dims[1], width, 0};
  } else {
    return infer_fail(infer, "needs an input of 4 dimensions, or of 3 and num_heads");
  }
  c->turned = params->rotary_embedding_dim > 0 ? params->rotary_embedding_dim : c->width;
  if (dim_is_known(c->turned) && (c->turned % 2 != 0 || (dim_is_known(c->width) && c->turned > c->width)))
    return infer_fail(infer, "%lld elements of a head cannot be turned in pairs", (long long)c->turned);
  return OK;
}

static Status check_dim(const Infer *infer, int i, int axis, Dim expected) {
  Dim dim = infer->in[i].shape.dims[axis];
  if (!dim_is_known(dim) || !dim_is_known(expected) || dim == expected) return OK;
  return infer_fail(infer, "input %d has %lld along axis %d instead of %lld", i, (long long)dim, axis,
                    (long long)expected);
}

/* With positions: [places, turned / 2]; without: [batch, rows, turned / 2]. */
static Status check_cache(const Infer *infer, int i, const RotaryCase *c, bool has_positions) {
  int rank = has_positions ? 2 : 3;
  if (!infer->in[i].has_shape) return OK;
  if (infer->in[i].shape.rank != rank)
    return infer_fail(infer, "input %d has %d dimensions instead of %d", i, infer->in[i].shape.rank, rank);
  TRY(check_dim(infer, i, rank - 1, dim_is_known(c->turned) ? c->turned / 2 : DIM_UNKNOWN));
  if (has_positions)
    return check_dim(infer, 2, 0, infer->in[1].has_shape ? infer->in[1].shape.dims[0] : DIM_UNKNOWN);
  TRY(check_dim(infer, i, 0, c->batch));
  return check_dim(infer, i, 1, c->rows);
}

static Status infer(Infer *infer) {
  const InferValue *positions = infer_input(infer, 3);
  RotaryCase c = {0};
  infer->out[0].type = infer->in[0].type;
  for (int i = 1; i < 3; i++)
    if (infer_types_differ(infer, 0, i)) return infer_fail(infer, "the inputs have different types");
  if (!infer->in[0].has_shape) return OK;
  TRY(sizes_of(infer, &c));
  for (int i = 1; i < 3; i++)
    if (infer->in[1].has_shape) TRY(check_cache(infer, i, &c, positions != NULL));
  if (positions != NULL && positions->has_shape) {
    if (positions->shape.rank != 2)
      return infer_fail(infer, "position_ids have %d dimensions instead of 2", positions->shape.rank);
    TRY(check_dim(infer, 3, 0, c.batch));
    TRY(check_dim(infer, 3, 1, c.rows));
  }
  return infer_same(infer);
}

/* ---- heads and pairs ---- */

/* A head of a row: where it begins, and where its angles do in the caches. */
typedef struct RotaryHead {
  int64_t at, angles, turned;
} RotaryHead;

typedef void (*RotaryBody)(void *context, const Run *run, const RotaryHead *head);

/* Places of pair i of a head. */
static void pair_at(const Run *run, const RotaryHead *head, int64_t i, int64_t *first, int64_t *second) {
  bool interleaved = ((const RotaryParams *)run->params)->interleaved;
  *first = head->at + (interleaved ? 2 * i : i);
  *second = interleaved ? *first + 1 : *first + head->turned / 2;
}

static Status each_head(Run *run, RotaryBody body, void *context) {
  const RotaryParams *params = run->params;
  const Tensor *x = run->in[0], *positions = run_input(run, 3);
  bool flat = x->shape.rank == 3;
  int64_t heads = flat ? params->num_heads : x->shape.dims[1], rows = x->shape.dims[flat ? 1 : 2];
  int64_t width = flat ? x->shape.dims[2] / heads : x->shape.dims[3];
  int64_t turned = params->rotary_embedding_dim > 0 ? params->rotary_embedding_dim : width;
  int64_t places = run->in[1]->shape.dims[0];
  for (int64_t i = 0; i < x->shape.dims[0] * rows; i++) {
    int64_t b = i / rows, row = i % rows, angle = positions != NULL ? tensor_get_integer(positions, i) : i;
    if (positions != NULL && (angle < 0 || angle >= places))
      return run_fail(run, "position %lld is not within 0..%lld", (long long)angle, (long long)places - 1);
    for (int64_t h = 0; h < heads; h++) {
      int64_t at = flat ? (b * rows + row) * heads + h : (b * heads + h) * rows + row;
      body(context, run, &(RotaryHead){at * width, angle * (turned / 2), turned});
    }
  }
  return OK;
}

static void turn(void *context, const Run *run, const RotaryHead *head) {
  (void)context;
  for (int64_t i = 0; i < head->turned / 2; i++) {
    int64_t first, second;
    double cosine = tensor_get(run->in[1], head->angles + i), sine = tensor_get(run->in[2], head->angles + i);
    pair_at(run, head, i, &first, &second);
    double a = tensor_get(run->in[0], first), b = tensor_get(run->in[0], second);
    tensor_set(run->out[0], first, cosine * a - sine * b);
    tensor_set(run->out[0], second, sine * a + cosine * b);
  }
}

static Status run_rotary(Run *run) {
  const Tensor *x = run->in[0];
  if (tensor_elements(x) == 0) return OK;
  memcpy(run->out[0]->data, x->data, tensor_bytes(x));
  return each_head(run, turn, NULL);
}

/* The data is turned by the negative of the angle; a cache gets what all heads of its place say. */
static void turn_back(void *context, const Run *run, const RotaryHead *head) {
  const Grad *grad = context;
  const float *x = run->in[0]->data, *dy = grad_of_output(grad, 0);
  const float *cosine = (const float *)run->in[1]->data + head->angles;
  const float *sine = (const float *)run->in[2]->data + head->angles;
  float *dx = grad_of_input(grad, 0), *d_cosine = grad_of_input(grad, 1), *d_sine = grad_of_input(grad, 2);
  for (int64_t i = 0; i < head->turned / 2; i++) {
    int64_t first, second;
    pair_at(run, head, i, &first, &second);
    if (dx != NULL) dx[first] = cosine[i] * dy[first] + sine[i] * dy[second];
    if (dx != NULL) dx[second] = cosine[i] * dy[second] - sine[i] * dy[first];
    if (d_cosine != NULL) d_cosine[head->angles + i] += x[first] * dy[first] + x[second] * dy[second];
    if (d_sine != NULL) d_sine[head->angles + i] += x[first] * dy[second] - x[second] * dy[first];
  }
}

static Status grad_rotary(Grad *grad) {
  TRY(grad_zero(grad));
  if (tensor_elements(grad->run.in[0]) == 0) return OK;
  if (grad_of_input(grad, 0) != NULL)
    memcpy(grad_of_input(grad, 0), grad_of_output(grad, 0), tensor_bytes(grad->in_grad[0]));
  return each_head(&grad->run, turn_back, grad);
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(RotaryParams, interleaved, FIELD_BOOL),
    ATTRIBUTE(RotaryParams, num_heads, FIELD_INT, .least = 0, .most = INT32_MAX),
    ATTRIBUTE(RotaryParams, rotary_embedding_dim, FIELD_INT, .least = 0, .most = INT32_MAX),
    {0}};

const Op op_RotaryEmbedding = {
    .name = "RotaryEmbedding",
    .brief = "Turns pairs of elements by angles that depend on their place.",
    .versions = {{23, infer, run_rotary, NULL, grad_rotary}},
    .attributes = attributes,
    .params_bytes = sizeof(RotaryParams),
    .inputs = {{"X", PORT_REQUIRED, ELEMENTS_FLOAT, "[batch, heads, rows, width]"},
               {"cos_cache", PORT_REQUIRED, ELEMENTS_FLOAT, "[places, width / 2]"},
               {"sin_cache", PORT_REQUIRED, ELEMENTS_FLOAT, "[places, width / 2]"},
               {"position_ids", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_INT64), "[batch, rows]"}},
    .outputs = {{"Y", PORT_REQUIRED, ELEMENTS_FLOAT, "[batch, heads, rows, width]"}},
    .role = ROLE_FLOAT,
    .role_reason = "pairs of elements are mixed by angles",
    .samples = {{"f32[1,2,3,4], f32[5,2], f32[5,2], i64[1,3]{4,0,2}", ""},
                {"f32[2,3,8], f32[2,3,1], f32[2,3,1]", "num_heads=2 rotary_embedding_dim=2 interleaved=1"}},
};
