#include "graph/passes/norm_pattern.h"

/* What a row's number is of. */
typedef struct Rows {
  Value *x;
  int axis;
} Rows;

/* ---- numbers of a row on their way ---- */

static bool is_shape_of(const Value *value, const Rows *rows, bool is_reduced) {
  const Shape *x = &rows->x->shape;
  if (!value->has_shape || value->shape.rank != x->rank) return false;
  for (int d = 0; d < x->rank; d++)
    if (value->shape.dims[d] != (is_reduced && d == rows->axis ? 1 : x->dims[d])) return false;
  return true;
}

static const Node *reshaping(const Value *value) {
  static const char *const types[] = {"Reshape", "Unsqueeze", "Squeeze", "Identity"};
  const Node *node = NULL;
  for (size_t t = 0; node == NULL && t < sizeof types / sizeof types[0]; t++)
    node = pass_producer(value, types[t]);
  return node;
}

/* Back to the value before it was reshaped and expanded. */
static Value *origin(Value *value) {
  while (true) {
    const Node *node = reshaping(value);
    if (node == NULL) node = pass_producer(value, "Expand");
    if (node == NULL) return value;
    value = node->inputs[0];
  }
}

/* Does the value hold, at each place of x, the number of its row? An Expand may repeat what has the rows'
   shape; the rest only reshapes what the reduction has left, in its order. */
static bool belongs_to_rows(const Value *value, const Rows *rows) {
  const Node *expand;
  while ((expand = pass_producer(value, "Expand")) != NULL) {
    if (!is_shape_of(value, rows, true) && !is_shape_of(value, rows, false)) return false;
    value = expand->inputs[0];
    if (!is_shape_of(value, rows, true)) return false;
  }
  if (!is_shape_of(value, rows, true)) return false;
  for (const Node *node; (node = reshaping(value)) != NULL;) value = node->inputs[0];
  return pass_producer(value, "Expand") == NULL;
}

/* ---- mean and variance ---- */

static bool reduced_axis(const Node *reduce, int *axis) {
  const Tensor *given = node_constant(reduce, 1);
  const Attribute *attribute = node_attribute(reduce, "axes");
  const Value *x = reduce->inputs[0];
  int64_t number;
  if (!x->has_shape) return false;
  if (given != NULL && tensor_elements(given) == 1 && given->type == ELEMENT_INT64)
    number = tensor_get_integer(given, 0);
  else if (attribute != NULL && attribute->kind == ATTRIBUTE_INTS && attribute->count == 1)
    number = attribute->ints[0];
  else
    return false;
  *axis = (int)(number < 0 ? number + x->shape.rank : number);
  return *axis >= 0 && *axis < x->shape.rank;
}

/* `value` is the mean of rows->x over rows->axis, which are found. */
static bool mean_of(const Value *value, Rows *rows) {
  double factor = 0;
  const Node *reduce = pass_producer(value, "ReduceMean");
  const Node *mul = pass_producer(value, "Mul"), *div = pass_producer(value, "Div");
  if (mul != NULL) reduce = pass_producer(pass_operand(mul, true, &factor), "ReduceSum");
  if (div != NULL) reduce = pass_producer(pass_operand(div, false, &factor), "ReduceSum");
  if (reduce == NULL || !reduced_axis(reduce, &rows->axis)) return false;
  rows->x = reduce->inputs[0];
  double count = (double)rows->x->shape.dims[rows->axis];
  if (mul != NULL) return pass_is_about(factor * count, 1);
  return div == NULL || pass_is_about(factor, count);
}

static bool is_mean_of(const Value *value, const Rows *rows) {
  Rows found;
  return mean_of(value, &found) && found.x == rows->x && found.axis == rows->axis;
}

/* What is squared, or NULL. */
static Value *squared(const Value *value) {
  const Node *pow_node = pass_producer(value, "Pow"), *mul = pass_producer(value, "Mul");
  double two;
  if (mul != NULL) return mul->inputs[0] == mul->inputs[1] ? mul->inputs[0] : NULL;
  Value *base = pass_operand(pow_node, false, &two);
  return base != NULL && two == 2.0 ? base : NULL;
}

/* `value` is x - mean(x). */
static bool centred(const Value *value, Rows *rows) {
  const Node *sub = pass_producer(value, "Sub");
  if (sub == NULL || !mean_of(origin(sub->inputs[1]), rows)) return false;
  return rows->x == sub->inputs[0] && belongs_to_rows(sub->inputs[1], rows);
}

/* What is clamped to 0 from below, or the value itself. */
static const Value *unclamped(const Value *value) {
  double zero = 1;
  const Node *relu = pass_producer(value, "Relu");
  if (relu != NULL) return relu->inputs[0];
  const Value *inner = pass_operand(pass_producer(value, "Max"), true, &zero);
  return inner != NULL && zero == 0 ? inner : value;
}

/* mean(x^2) - mean(x)^2 */
static bool is_difference_of_means(const Value *value, const Rows *rows) {
  const Node *sub = pass_producer(unclamped(value), "Sub");
  Rows of_squares;
  if (sub == NULL || !mean_of(sub->inputs[0], &of_squares) || of_squares.axis != rows->axis) return false;
  if (squared(of_squares.x) != rows->x || !pass_same_shape(sub->inputs[0], sub->inputs[1])) return false;
  const Value *mean = squared(sub->inputs[1]);
  return mean != NULL && is_mean_of(mean, rows);
}

static bool is_variance_of(Value *value, const Rows *rows) {
  Rows of_squares, around;
  if (!belongs_to_rows(value, rows)) return false;
  value = origin(value);
  if (is_difference_of_means(value, rows)) return true;
  if (!mean_of(value, &of_squares) || of_squares.axis != rows->axis) return false;
  const Value *difference = squared(of_squares.x);
  return difference != NULL && centred(difference, &around) && around.x == rows->x &&
         around.axis == rows->axis;
}

/* sqrt(variance + epsilon) */
static bool is_deviation_of(Value *value, const Rows *rows, double *epsilon) {
  const Node *root = pass_producer(origin(value), "Sqrt");
  if (root == NULL || (origin(value) != value && !belongs_to_rows(value, rows))) return false;
  Value *variance = pass_operand(pass_producer(root->inputs[0], "Add"), true, epsilon);
  return variance != NULL && is_variance_of(variance, rows);
}

/* 1 / sqrt(variance + epsilon) */
static bool is_inverse_of(Value *value, const Rows *rows, double *epsilon) {
  double one = 0;
  const Node *reciprocal = pass_producer(origin(value), "Reciprocal"),
             *div = pass_producer(origin(value), "Div");
  if (origin(value) != value && !belongs_to_rows(value, rows)) return false;
  if (div != NULL && value_scalar(div->inputs[0], &one) && one == 1)
    return is_deviation_of(div->inputs[1], rows, epsilon);
  return reciprocal != NULL && is_deviation_of(reciprocal->inputs[0], rows, epsilon);
}

/* ---- scale, bias and the whole ---- */

/* A constant with a number for each place of the axis. */
static bool is_vector(const Value *value, const Rows *rows) {
  if (value->constant == NULL || value->type != rows->x->type) return false;
  const Shape *shape = &value->shape, *x = &rows->x->shape;
  int from_end = x->rank - rows->axis;
  if (shape->rank > x->rank || shape->rank < from_end) return false;
  return shape->dims[shape->rank - from_end] == x->dims[rows->axis] &&
         shape_elements(shape) == x->dims[rows->axis];
}

/* The operand of a Mul or Add that is such a vector; `other` gets the other one. */
static Value *vector_operand(const Node *node, const Rows *rows, Value **other) {
  if (node == NULL || node->input_count != 2) return NULL;
  for (int i = 0; i < 2; i++) {
    *other = node->inputs[1 - i];
    if (is_vector(node->inputs[i], rows)) return node->inputs[i];
  }
  return NULL;
}

/* scale / deviation; a scale of 1 may be left out. */
static bool is_scaled_inverse(Value *value, const Rows *rows, NormPattern *pattern) {
  Value *other;
  if (is_inverse_of(value, rows, &pattern->epsilon)) return true;
  pattern->scale = vector_operand(pass_producer(value, "Mul"), rows, &other);
  return pattern->scale != NULL && is_inverse_of(other, rows, &pattern->epsilon);
}

/* (x - mean) / deviation, or (x - mean) * (scale / deviation) */
static bool is_normal(const Node *node, NormPattern *pattern) {
  Rows rows;
  bool is_div = node_is(node, "Div");
  if ((!is_div && !node_is(node, "Mul")) || node->input_count != 2) return false;
  for (int i = 0; i < (is_div ? 1 : 2); i++) {
    if (!centred(node->inputs[i], &rows)) continue;
    *pattern = (NormPattern){.x = rows.x, .axis = rows.axis};
    Value *other = node->inputs[1 - i];
    if (is_div ? is_deviation_of(other, &rows, &pattern->epsilon) : is_scaled_inverse(other, &rows, pattern))
      return true;
  }
  return false;
}

/* The same, or times a scale. Nobody else reads what is in between. */
static bool is_scaled(const Node *node, NormPattern *pattern) {
  if (is_normal(node, pattern)) return true;
  if (!node_is(node, "Mul") || node->input_count != 2) return false;
  for (int i = 0; i < 2; i++) {
    const Value *inner = node->inputs[i];
    if (inner->producer == NULL || !value_has_one_user(inner) || !is_normal(inner->producer, pattern))
      continue;
    Rows rows = {pattern->x, pattern->axis};
    if (pattern->scale != NULL || !is_vector(node->inputs[1 - i], &rows)) continue;
    pattern->scale = node->inputs[1 - i];
    pattern->inner[pattern->inner_count++] = inner->producer;
    return true;
  }
  return false;
}

/* x * inverse + (bias - mean * inverse), inverse = scale / deviation */
static bool is_split_in_two(const Node *add, NormPattern *pattern) {
  for (int i = 0; i < 2; i++) {
    const Node *mul = pass_producer(add->inputs[i], "Mul"), *sub = pass_producer(add->inputs[1 - i], "Sub");
    const Node *shift = sub == NULL ? NULL : pass_producer(sub->inputs[1], "Mul");
    for (int s = 0; mul != NULL && shift != NULL && s < 2; s++) {
      Rows rows;
      Value *mean = shift->inputs[s], *inverse = shift->inputs[1 - s];
      if (!mean_of(origin(mean), &rows) || !belongs_to_rows(mean, &rows) || !is_vector(sub->inputs[0], &rows))
        continue;
      *pattern = (NormPattern){.x = rows.x, .axis = rows.axis, .bias = sub->inputs[0]};
      bool is_of_x = (mul->inputs[0] == rows.x && mul->inputs[1] == inverse) ||
                     (mul->inputs[1] == rows.x && mul->inputs[0] == inverse);
      if (is_of_x && is_scaled_inverse(inverse, &rows, pattern)) return true;
    }
  }
  return false;
}

bool norm_pattern_at(const Node *last, NormPattern *pattern) {
  if (last->input_count != 2) return false;
  if (!node_is(last, "Add")) return is_scaled(last, pattern);
  for (int i = 0; i < 2; i++) {
    const Value *inner = last->inputs[i];
    if (inner->producer == NULL || !value_has_one_user(inner) || !is_scaled(inner->producer, pattern))
      continue;
    Rows rows = {pattern->x, pattern->axis};
    if (!is_vector(last->inputs[1 - i], &rows)) continue;
    pattern->bias = last->inputs[1 - i];
    pattern->inner[pattern->inner_count++] = inner->producer;
    return true;
  }
  return is_split_in_two(last, pattern);
}
