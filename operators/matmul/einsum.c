/* einsum.c - Einsum: products of operands summed over the axes that the result does not name. */
#include "operators/gradient.h"
#include "operators/reals.h"

#include <ctype.h>
#include <string.h>

#define EINSUM_MAX_OPERANDS 8
/* Letters, then the axes of the ellipsis from the last on. */
#define EINSUM_MAX_LABELS (52 + GRAPH_MAX_RANK)

typedef struct EinsumParams {
  const char *equation;
} EinsumParams;

/* One operand's (or the result's) axes as labels. */
typedef struct Term {
  int count;
  int labels[GRAPH_MAX_RANK];
} Term;

typedef struct Einsum {
  int operand_count;
  Term operands[EINSUM_MAX_OPERANDS], result;
  Dim dims[EINSUM_MAX_LABELS];
  bool is_used[EINSUM_MAX_LABELS]; /* by an operand */
  int uses[52];                    /* of letters, by all operands */
  int ellipsis;                    /* axes of the longest one */
} Einsum;

static int label_of(char letter) {
  return islower((unsigned char)letter) ? letter - 'a' : 26 + letter - 'A';
}

/* Letters of a term without its ellipsis; false where something else stands in it. */
static bool count_letters(const char *text, size_t length, int *letters, bool *has_ellipsis) {
  *letters = 0;
  *has_ellipsis = false;
  for (size_t i = 0; i < length; i++) {
    if (text[i] == ' ') continue;
    if (isalpha((unsigned char)text[i])) {
      (*letters)++;
    } else if (!*has_ellipsis && i + 2 < length && memcmp(text + i, "...", 3) == 0) {
      *has_ellipsis = true;
      i += 2;
    } else {
      return false;
    }
  }
  return *letters <= GRAPH_MAX_RANK;
}

/* `stretched`: axes that the ellipsis stands for; the last of them has the label 52. */
static void read_term(const char *text, size_t length, int stretched, Term *term) {
  term->count = 0;
  for (size_t i = 0; i < length; i++) {
    if (text[i] == ' ') continue;
    if (text[i] != '.') {
      term->labels[term->count++] = label_of(text[i]);
      continue;
    }
    for (int e = stretched - 1; e >= 0; e--) term->labels[term->count++] = 52 + e;
    i += 2;
  }
}

static Status use_dims(const Infer *infer, Einsum *e, const Term *term, const Shape *shape) {
  for (int a = 0; a < term->count; a++) {
    int label = term->labels[a];
    Dim dim = shape->dims[a], *known = &e->dims[label];
    if (label < 52) e->uses[label]++;
    if (!e->is_used[label] || *known == 1 || (!dim_is_known(*known) && dim_is_known(dim) && dim != 1))
      *known = dim;
    e->is_used[label] = true;
    if (dim_is_known(dim) && dim_is_known(*known) && dim != 1 && dim != *known)
      return infer_fail(infer, "an axis of the equation is %lld and %lld long", (long long)*known,
                        (long long)dim);
  }
  return OK;
}

static Status read_operand(const Infer *infer, Einsum *e, int i, const char *text, size_t length) {
  int letters;
  bool has_ellipsis;
  const Shape *shape = &infer->in[i].shape;
  if (!count_letters(text, length, &letters, &has_ellipsis))
    return infer_fail(infer, "the equation's term %d is no list of letters", i);
  int stretched = shape->rank - letters;
  if (stretched < 0 || (stretched > 0 && !has_ellipsis))
    return infer_fail(infer, "the equation's term %d does not fit %d dimensions", i, shape->rank);
  read_term(text, length, stretched, &e->operands[i]);
  if (stretched > e->ellipsis) e->ellipsis = stretched;
  return use_dims(infer, e, &e->operands[i], shape);
}

/* Without an arrow: the ellipsis, then the letters that stand once, in alphabetical order (capitals first).
 */
static Status imply_result(const Infer *infer, Einsum *e) {
  int letters = 0;
  for (int i = e->ellipsis - 1; i >= 0; i--) e->result.labels[e->result.count++] = 52 + i;
  for (int i = 0; i < 52; i++) letters += e->uses[(i + 26) % 52] == 1;
  if (letters + e->ellipsis > GRAPH_MAX_RANK) return infer_fail(infer, "the result has too many dimensions");
  for (int i = 0; i < 52; i++)
    if (e->uses[(i + 26) % 52] == 1) e->result.labels[e->result.count++] = (i + 26) % 52;
  return OK;
}

static Status read_result(const Infer *infer, Einsum *e, const char *text) {
  int letters;
  bool has_ellipsis;
  if (text == NULL) return imply_result(infer, e);
  size_t length = strlen(text);
  if (!count_letters(text, length, &letters, &has_ellipsis) ||
      letters + (has_ellipsis ? e->ellipsis : 0) > GRAPH_MAX_RANK)
    return infer_fail(infer, "the equation's result is no list of letters, or too long");
  read_term(text, length, e->ellipsis, &e->result);
  for (int a = 0; a < e->result.count; a++) {
    if (!e->is_used[e->result.labels[a]])
      return infer_fail(infer, "the equation's result names an axis that no operand has");
    for (int b = 0; b < a; b++)
      if (e->result.labels[b] == e->result.labels[a])
        return infer_fail(infer, "the equation's result names an axis twice");
  }
  return OK;
}

static Status read_equation(const Infer *infer, Einsum *e) {
  const char *at = ((const EinsumParams *)infer->params)->equation, *arrow = strstr(at, "->");
  const char *end = arrow != NULL ? arrow : at + strlen(at);
  *e = (Einsum){.operand_count = infer->input_count};
  if (infer->input_count > EINSUM_MAX_OPERANDS)
    return infer_fail(infer, "has %d operands, at most %d are possible", infer->input_count,
                      EINSUM_MAX_OPERANDS);
  for (int i = 0; i < infer->input_count; i++) {
    const char *comma = memchr(at, ',', (size_t)(end - at)), *stop = comma != NULL ? comma : end;
    if ((comma == NULL) != (i + 1 == infer->input_count))
      return infer_fail(infer, "the equation does not have as many terms as there are operands");
    TRY(read_operand(infer, e, i, at, (size_t)(stop - at)));
    at = stop + 1;
  }
  return read_result(infer, e, arrow != NULL ? arrow + 2 : NULL);
}

static Status infer(Infer *infer) {
  Einsum e;
  infer->out[0].type = infer->in[0].type;
  for (int i = 0; i < infer->input_count; i++) {
    if (infer_types_differ(infer, 0, i)) return infer_fail(infer, "the operands have different types");
    if (!infer->in[i].has_shape) return OK;
  }
  TRY(read_equation(infer, &e));
  Shape out = {.rank = e.result.count};
  for (int a = 0; a < out.rank; a++) out.dims[a] = e.dims[e.result.labels[a]];
  infer_set(infer, 0, infer->in[0].type, &out);
  return OK;
}

/* ---- the kernel ---- */

/* A loop over labels: those of the result, then those that are summed. */
typedef struct Loops {
  int count, outer; /* all, and how many of them the result has */
  int64_t dims[EINSUM_MAX_LABELS];
  int64_t steps[EINSUM_MAX_OPERANDS + 1][EINSUM_MAX_LABELS]; /* elements of each operand; on the way back also
                                                                of the result, behind them */
} Loops;

static void add_loop(Loops *loops, const Einsum *e, const Tensor *const *in, int label) {
  int at = loops->count++;
  loops->dims[at] = e->dims[label];
  for (int i = 0; i < e->operand_count; i++) {
    int64_t strides[GRAPH_MAX_RANK];
    shape_strides(&in[i]->shape, strides);
    loops->steps[i][at] = 0;
    for (int a = 0; a < e->operands[i].count; a++)
      if (e->operands[i].labels[a] == label && in[i]->shape.dims[a] != 1) loops->steps[i][at] += strides[a];
  }
}

static void make_loops(Loops *loops, const Einsum *e, const Tensor *const *in) {
  bool in_result[EINSUM_MAX_LABELS] = {false};
  loops->count = 0;
  for (int a = 0; a < e->result.count; a++) {
    add_loop(loops, e, in, e->result.labels[a]);
    in_result[e->result.labels[a]] = true;
  }
  loops->outer = loops->count;
  for (int label = 0; label < EINSUM_MAX_LABELS; label++)
    if (e->is_used[label] && !in_result[label]) add_loop(loops, e, in, label);
}

/* Goes on among loops from..to-1; false after the last place, which is the first again. */
static bool next_place(const Loops *loops, int from, int to, int64_t *index, int64_t *offsets, int operands) {
  for (int l = to - 1; l >= from; l--) {
    bool wraps = ++index[l] == loops->dims[l];
    for (int i = 0; i < operands; i++)
      offsets[i] += wraps ? -loops->steps[i][l] * (loops->dims[l] - 1) : loops->steps[i][l];
    if (!wraps) return true;
    index[l] = 0;
  }
  return false;
}

typedef struct Sum {
  double real;
  uint64_t integer;
} Sum;

static void add_product(const Run *run, const int64_t *offsets, bool is_float, Sum *sum) {
  double real = 1;
  uint64_t integer = 1;
  for (int i = 0; i < run->input_count; i++) {
    if (is_float)
      real *= tensor_get(run->in[i], offsets[i]);
    else
      integer *= (uint64_t)tensor_get_integer(run->in[i], offsets[i]);
  }
  sum->real += real;
  sum->integer += integer;
}

/* The equation as inference read it. */
static Status read_again(Run *run, Einsum *e) {
  InferValue in[EINSUM_MAX_OPERANDS];
  for (int i = 0; i < run->input_count; i++) infer_value_of(run->in[i], &in[i]);
  Infer infer_again = {
      .node = run->node, .params = run->params, .input_count = run->input_count, .in = in, .err = run->err};
  return read_equation(&infer_again, e);
}

static Status run_einsum(Run *run) {
  Einsum e;
  Loops loops;
  TRY(read_again(run, &e));
  make_loops(&loops, &e, run->in);
  int64_t index[EINSUM_MAX_LABELS] = {0}, offsets[EINSUM_MAX_OPERANDS] = {0};
  bool is_float = element_is_float(run->in[0]->type), is_empty = false;
  for (int l = loops.outer; l < loops.count; l++) is_empty |= loops.dims[l] == 0;
  for (int64_t o = 0; o < tensor_elements(run->out[0]); o++) {
    Sum sum = {0, 0};
    do {
      if (!is_empty) add_product(run, offsets, is_float, &sum);
    } while (!is_empty && next_place(&loops, loops.outer, loops.count, index, offsets, e.operand_count));
    if (is_float)
      tensor_set(run->out[0], o, sum.real);
    else
      tensor_set_integer(run->out[0], o, (int64_t)sum.integer);
    (void)next_place(&loops, 0, loops.outer, index, offsets, e.operand_count);
  }
  return OK;
}

/* ---- the way back: the same loops, with the result's gradient in the place of one operand ---- */

/* Operands and, behind them, dy: where the loops are in each. */
typedef struct Places {
  const float *data[EINSUM_MAX_OPERANDS + 1];
  int64_t offsets[EINSUM_MAX_OPERANDS + 1], steps[EINSUM_MAX_OPERANDS + 1];
  int count;
} Places;

/* The innermost loop: adds to the gradient of operand `which` the products of all else. */
static void back_line(const Places *p, int which, double *sums, int64_t length) {
  for (int64_t i = 0; i < length; i++) {
    double product = 1;
    for (int k = 0; k < p->count; k++)
      if (k != which) product *= (double)p->data[k][p->offsets[k] + i * p->steps[k]];
    sums[p->offsets[which] + i * p->steps[which]] += product;
  }
}

static void back_operand(const Loops *loops, Places *p, int which, double *sums) {
  int64_t index[EINSUM_MAX_LABELS] = {0}, length = 1;
  int around = loops->count > 0 ? loops->count - 1 : 0;
  for (int k = 0; k < p->count; k++) p->offsets[k] = p->steps[k] = 0;
  if (loops->count > 0) {
    length = loops->dims[around];
    for (int k = 0; k < p->count; k++) p->steps[k] = loops->steps[k][around];
  }
  do back_line(p, which, sums, length);
  while (next_place(loops, 0, around, index, p->offsets, p->count));
}

static bool is_empty_loop(const Loops *loops) {
  for (int l = 0; l < loops->count; l++)
    if (loops->dims[l] == 0) return true;
  return false;
}

static Status grad_operand(Grad *grad, const Loops *loops, Places *p, int which) {
  float *dx = grad_of_input(grad, which);
  if (dx == NULL) return OK;
  int64_t n = tensor_elements(grad->in_grad[which]);
  double *sums = reals_new(&grad->run, n);
  if (sums == NULL) return fail_memory(grad->run.err);
  for (int64_t i = 0; i < n; i++) sums[i] = 0;
  if (!is_empty_loop(loops)) back_operand(loops, p, which, sums);
  for (int64_t i = 0; i < n; i++) dx[i] = (float)sums[i];
  return OK;
}

static Status grad_einsum(Grad *grad) {
  Einsum e;
  Loops loops;
  Places p = {.count = grad->run.input_count + 1};
  int64_t strides[GRAPH_MAX_RANK];
  TRY(read_again(&grad->run, &e));
  make_loops(&loops, &e, grad->run.in);
  shape_strides(&grad->run.out[0]->shape, strides);
  for (int l = 0; l < loops.count; l++) loops.steps[e.operand_count][l] = l < loops.outer ? strides[l] : 0;
  for (int k = 0; k < e.operand_count; k++) p.data[k] = grad->run.in[k]->data;
  p.data[e.operand_count] = grad_of_output(grad, 0);
  for (int k = 0; k < e.operand_count; k++) TRY(grad_operand(grad, &loops, &p, k));
  return OK;
}

static const AttributeRow attributes[] = {ATTRIBUTE(EinsumParams, equation, FIELD_STRING, .required = true),
                                          {0}};

const Op op_Einsum = {
    .name = "Einsum",
    .brief = "Products of tensors, summed as an equation of axis letters says.",
    .versions = {{12, infer, run_einsum, NULL, grad_einsum}},
    .attributes = attributes,
    .params_bytes = sizeof(EinsumParams),
    .inputs = {{"Inputs", PORT_VARIADIC, ELEMENTS_NUMERIC, "[...]"}},
    .outputs = {{"Output", PORT_REQUIRED, ELEMENTS_NUMERIC, "[...]"}},
    .role = ROLE_FLOAT,
    .role_reason = "a product of any number of tensors has no integer instruction",
    .samples = {{"f32[2,3], f32[3,4]", "equation=\"ij,jk->ik\""},
                {"f32[2,3,3]", "equation=\"...ii->...i\""},
                {"f32[2,1,4], f32[5,3]", "equation=\"a...b,...c\""},
                {"i64[3,2]", "equation=\"ji\""},
                {"f32[3], f32[3], f32[]", "equation=\"i, i, ->\""},
                {"f32[2,3,4], f32[2,4,5]", "equation=\"bij,bjk->bik\""},
                {"f32[2,3,4]", "equation=\"ijk->j\""}},
};
