/* Networks that naive quantization spoils: each must keep an SQNR that one scale a tensor, from the smallest
   to the largest value, does not reach. */
#include "tests/support/hard_case.h"

#include <check.h>
#include <stdio.h>

Suite *suite_hard_cases(void);

#define SIDE 10
#define CHANNELS 8

/* ---- parts ---- */

static Value *pointwise(Maker *m, const char *name, const char *weight, Value *x, int64_t from, int64_t to) {
  return NODE("Conv", name, x, make_normal(m, weight, SHAPE(to, from, 1, 1), 0.4));
}

static Value *padded(Maker *m, const char *name, const char *weight, Value *x, int64_t from, int64_t to,
                     double deviation) {
  Value *y = NODE("Conv", name, x, make_normal(m, weight, SHAPE(to, from, 3, 3), deviation));
  set_ints(m, "pads", (int64_t[]){1, 1, 1, 1}, 4);
  return y;
}

/* Each channel by a factor of its own: what a BatchNormalization leaves when it is folded. */
static Value *by_channel(Maker *m, const char *name, const char *factors, Value *x, int64_t channels,
                         double first, double factor) {
  Value *vector = make_geometric(m, factors, channels, first, factor);
  Value *shape = make_ints(m, graph_unused_name(m->graph, "shape", NULL), (int64_t[]){1, channels, 1, 1}, 4);
  return NODE("Mul", name, x, NODE("Reshape", graph_unused_name(m->graph, "factors", NULL), vector, shape));
}

static Value *picture(Maker *m) {
  return make_input(m, "x", SHAPE(1, 3, SIDE, SIDE));
}

/* ---- networks ---- */

/* Channels up to 100 times apart in front of a depthwise layer, which undoes it. */
static void build_depthwise(Maker *m) {
  double step = 1.9307; /* 100 over 8 channels */
  Value *y =
      by_channel(m, "spread", "f", pointwise(m, "a", "wa", picture(m), 3, CHANNELS), CHANNELS, 1, step);
  y = NODE("Relu", "r", y);
  Value *w = make_normal(m, "wd", SHAPE(CHANNELS, 1, 3, 3), 0.4);
  y = NODE("Conv", "d", y, w);
  set_int(m, "group", CHANNELS);
  y = by_channel(m, "undone", "g", y, CHANNELS, 1, 1 / step);
  make_output(m, pointwise(m, "y", "wy", NODE("Relu", "s", y), CHANNELS, 6));
}

/* The same behind a function that does not scale, so that nothing can be moved between the layers. */
static void build_depthwise_silu(Maker *m) {
  double step = 1.9307;
  Value *y =
      by_channel(m, "spread", "f", pointwise(m, "a", "wa", picture(m), 3, CHANNELS), CHANNELS, 1, step);
  y = NODE("Mul", "silu", y, NODE("Sigmoid", "gate", y));
  Value *w = make_normal(m, "wd", SHAPE(CHANNELS, 1, 3, 3), 0.4);
  y = NODE("Conv", "d", y, w);
  set_int(m, "group", CHANNELS);
  y = by_channel(m, "undone", "g", y, CHANNELS, 1, 1 / step);
  make_output(m, pointwise(m, "y", "wy", NODE("Relu", "s", y), CHANNELS, 6));
}

/* HardSwish, and a gate computed from the means of the channels. */
static void build_squeeze_excite(Maker *m) {
  Value *y = NODE("HardSwish", "h", padded(m, "a", "wa", picture(m), 3, CHANNELS, 0.4));
  Value *gate = NODE("GlobalAveragePool", "p", y);
  gate = NODE("Relu", "q", pointwise(m, "b", "wb", gate, CHANNELS, 4));
  gate = NODE("HardSigmoid", "g", pointwise(m, "c", "wc", gate, 4, CHANNELS));
  y = NODE("Mul", "gated", y, gate);
  make_output(m, padded(m, "y", "wy", NODE("HardSwish", "i", y), CHANNELS, 6, 0.2));
}

static void build_silu(Maker *m) {
  Value *y = by_channel(m, "bn", "f", padded(m, "a", "wa", picture(m), 3, CHANNELS, 0.5), CHANNELS, 0.1, 1.6);
  y = NODE("Mul", "s", y, NODE("Sigmoid", "g", y));
  y = by_channel(m, "even", "e", y, CHANNELS, 10, 1 / 1.6);
  y = padded(m, "b", "wb", y, CHANNELS, CHANNELS, 0.2);
  y = NODE("Mul", "t", y, NODE("Sigmoid", "h", y));
  make_output(m, padded(m, "y", "wy", y, CHANNELS, 4, 0.2));
}

#define TOKENS 6
#define WIDTH 16
#define WORDS 40

static Value *norm(Maker *m, const char *name, Value *x, const char *scale, const char *bias) {
  return NODE("LayerNormalization", name, x, make_constant(m, scale, SHAPE(WIDTH)),
              make_normal(m, bias, SHAPE(WIDTH), 0.1));
}

static Value *dense(Maker *m, const char *name, Value *x, const char *weight, int64_t from, int64_t to) {
  return NODE("MatMul", name, x, make_normal(m, weight, SHAPE(from, to), 0.3));
}

/* A block of a transformer: one head, a few channels of the stream far larger than the others. */
static void build_transformer(Maker *m) {
  Value *x = make_input(m, "x", SHAPE(1, TOKENS, WIDTH));
  Value *n = norm(m, "n", x, "ns", "nb");
  Value *keys = NODE("Transpose", "kt", dense(m, "k", n, "wk", WIDTH, WIDTH));
  set_ints(m, "perm", (int64_t[]){0, 2, 1}, 3);
  Value *scores = NODE("Mul", "scaled", NODE("MatMul", "qk", dense(m, "q", n, "wq", WIDTH, WIDTH), keys),
                       make_number(m, "root", 0.25f));
  Value *mixed = NODE("MatMul", "av", NODE("Softmax", "soft", scores), dense(m, "v", n, "wv", WIDTH, WIDTH));
  Value *y = NODE("Add", "r1", x, dense(m, "o", mixed, "wo", WIDTH, WIDTH));
  Value *f = dense(m, "f", norm(m, "n2", y, "ns2", "nb2"), "wf", WIDTH, 2 * WIDTH);
  Value *erf = NODE("Erf", "e", NODE("Div", "ed", f, make_number(m, "root2", 1.41421356f)));
  f = NODE("Mul", "gelu", NODE("Mul", "half", f, make_number(m, "h", 0.5f)),
           NODE("Add", "e1", erf, make_number(m, "one", 1)));
  y = NODE("Add", "r2", y, dense(m, "f2", f, "wf2", 2 * WIDTH, WIDTH));
  make_output(m, norm(m, "y", y, "ns3", "nb3"));
}

static void fill_stream(int input, float *values, int64_t count, Random *random) {
  (void)input;
  (void)random;
  for (int64_t i = 0; i < count; i++)
    if (i % WIDTH == 3) values[i] *= 12;
}

/* The small operand of the sum is what the next layer looks at most. */
static void build_residual(Maker *m) {
  Value *x = picture(m);
  Value *large = NODE("Relu", "l", padded(m, "a", "wa", x, 3, CHANNELS, 4));
  Value *small = NODE("Relu", "s", padded(m, "b", "wb", x, 3, CHANNELS, 0.1));
  Value *sum = NODE("Add", "sum", padded(m, "c", "wc", large, CHANNELS, CHANNELS, 0.02), small);
  make_output(m, padded(m, "y", "wy", NODE("Relu", "r", sum), CHANNELS, 4, 0.2));
}

/* Branches 40 times apart; the next layer wants both alike. */
static void build_concat(Maker *m) {
  Value *x = picture(m);
  Value *parts[2] = {NODE("Relu", "l", padded(m, "a", "wa", x, 3, CHANNELS / 2, 0.05)),
                     NODE("Relu", "r", padded(m, "b", "wb", x, 3, CHANNELS / 2, 2))};
  Value *joined = make_node(m, "Concat", "joined", parts, 2);
  set_int(m, "axis", 1);
  Value *y = by_channel(m, "even", "f", joined, CHANNELS, 40, 0.5);
  make_output(m, padded(m, "y", "wy", y, CHANNELS, 4, 0.2));
}

/* A constant whose entries of the first input channel are small. */
static void quieten(Value *weight, double factor) {
  Tensor *tensor = (Tensor *)(uintptr_t)weight->constant;
  int64_t inner = shape_product(&tensor->shape, 1, tensor->shape.rank),
          channel = inner / tensor->shape.dims[1];
  for (int64_t i = 0; i < tensor_elements(tensor); i++)
    if (i % inner < channel) tensor_set(tensor, i, tensor_get(tensor, i) * factor);
}

/* The channel with the outliers hardly matters. */
static void build_outlier(Maker *m) {
  Value *y = padded(m, "a", "wa", picture(m), 3, CHANNELS, 0.3);
  quieten(y->producer->inputs[1], 0.01);
  make_output(m, padded(m, "y", "wy", NODE("Relu", "r", y), CHANNELS, 4, 0.2));
}

/* One value in two hundred of one channel is 30 times too large. */
static void fill_outlier(int input, float *values, int64_t count, Random *random) {
  (void)input;
  for (int64_t i = 0; i < count / 3; i++)
    if (random_below(random, 200) == 0) values[i] *= 30;
}

/* Half of the channels are all but zero, as training with weight decay leaves them. */
static void build_dead(Maker *m) {
  Value *y = padded(m, "a", "wa", picture(m), 3, CHANNELS, 0.4);
  Tensor *weight = (Tensor *)(uintptr_t)y->producer->inputs[1]->constant;
  for (int64_t i = 0; i < tensor_elements(weight) / 2; i++)
    tensor_set(weight, i, tensor_get(weight, i) * 1e-30);
  y = by_channel(m, "bn", "f", y, CHANNELS, 0.2, 1.8);
  make_output(m, padded(m, "y", "wy", NODE("Relu", "r", y), CHANNELS, 4, 0.2));
}

/* Most results lie close to 0: what matters is there. */
static void build_sigmoid(Maker *m) {
  Value *y = NODE("Relu", "r", padded(m, "a", "wa", picture(m), 3, CHANNELS, 0.4));
  y = NODE("Conv", "b", y, make_normal(m, "wb", SHAPE(4, CHANNELS, 1, 1), 1.2),
           make_geometric(m, "bias", 4, -4, 1.2));
  y = by_channel(m, "bn", "f", y, 4, 0.05, 3);
  make_output(m, NODE("Sigmoid", "y", y));
}

/* The result is compared with the input: its error is the metric. */
static void build_autoencoder(Maker *m) {
  Value *y = make_input(m, "x", SHAPE(1, 64));
  static const int64_t widths[] = {64, 32, 8, 32, 64};
  for (int l = 0; l < 4; l++) {
    char name[8], weight[8], relu[8];
    snprintf(name, sizeof name, "g%d", l);
    snprintf(weight, sizeof weight, "w%d", l);
    snprintf(relu, sizeof relu, "r%d", l);
    y = dense(m, name, y, weight, widths[l], widths[l + 1]);
    if (l < 3) y = NODE("Relu", relu, y);
  }
  make_output(m, y);
}

/* Levels of bands, as of a spectrum in dB: far from zero, the last bands quiet. */
static void fill_bands(int input, float *values, int64_t count, Random *random) {
  (void)input;
  (void)random;
  for (int64_t i = 0; i < count; i++) values[i] = values[i] * (i % 8 == 0 ? 6 : 1) - (float)(i % 16);
}

/* Two inputs of different sizes, two outputs, of which one is used on the way to the other. */
static void build_ports(Maker *m) {
  Value *x = picture(m), *z = make_input(m, "z", SHAPE(1, 3, SIDE, SIDE));
  Value *a = NODE("Relu", "a", padded(m, "ca", "wa", x, 3, CHANNELS, 0.3));
  Value *b = NODE("Relu", "b", padded(m, "cb", "wb", z, 3, CHANNELS, 0.003));
  Value *first = padded(m, "first", "wf", NODE("Add", "sum", a, b), CHANNELS, 4, 0.2);
  make_output(m, first);
  make_output(m,
              by_channel(m, "second", "f", pointwise(m, "s", "ws", NODE("Tanh", "t", first), 4, 5), 5, 1, 3));
}

static void fill_ports(int input, float *values, int64_t count, Random *random) {
  (void)random;
  for (int64_t i = 0; i < count; i++) values[i] *= input == 0 ? 1 : 100;
}

/* Words, of which a few have vectors three times as long. */
static void build_tokens(Maker *m) {
  Error err = {0};
  Value *ids = graph_add_input(m->graph, "ids", ELEMENT_INT64, &SHAPE(1, TOKENS), &err);
  Value *table = make_normal(m, "table", SHAPE(WORDS, WIDTH), 0.3);
  Tensor *rows = (Tensor *)(uintptr_t)table->constant;
  for (int64_t i = 0; i < 2 * WIDTH; i++) tensor_set(rows, i, tensor_get(rows, i) * 3);
  Value *y = norm(m, "n", NODE("Gather", "embedded", table, ids), "s", "b");
  y = dense(m, "v", NODE("Relu", "r", dense(m, "d", y, "w", WIDTH, 2 * WIDTH)), "wv", 2 * WIDTH, 8);
  make_output(m, NODE("Mul", "y", y, make_geometric(m, "f", 8, 1, 2)));
}

#define TIED 64

/* One matrix on the way in and on the way out. */
static void build_tied(Maker *m) {
  Value *w = make_normal(m, "w", SHAPE(TIED, TIED), 0.2), *x = make_input(m, "x", SHAPE(1, TIED));
  make_output(m, NODE("MatMul", "y", NODE("Relu", "r", NODE("MatMul", "h", x, w)), w));
}

static void build_untied(Maker *m) {
  Value *w = make_normal(m, "w", SHAPE(TIED, TIED), 0.2), *x = make_input(m, "x", SHAPE(1, TIED));
  Value *v = make_normal(m, "v", SHAPE(TIED, TIED), 0.2);
  make_output(m, NODE("MatMul", "y", NODE("Relu", "r", NODE("MatMul", "h", x, w)), v));
}

/* ---- what each must keep ---- */

typedef struct Row {
  const char *name;
  HardCase hard;
  double floor; /* dB */
} Row;

static const Row rows[] = {
    {"depthwise", {.build = build_depthwise}, 15},
    {"depthwise behind SiLU", {.build = build_depthwise_silu}, 11.5},
    {"squeeze-excite", {.build = build_squeeze_excite}, 34},
    {"SiLU", {.build = build_silu}, 19.5},
    {"transformer", {.build = build_transformer, .fill = fill_stream}, 20},
    {"residual", {.build = build_residual}, 35},
    {"concat", {.build = build_concat}, 24},
    {"outlier", {.build = build_outlier, .fill = fill_outlier}, 33},
    {"dead channels", {.build = build_dead}, 35.5},
    {"sigmoid", {.build = build_sigmoid}, 30.5},
    {"autoencoder", {.build = build_autoencoder, .fill = fill_bands}, 39.5},
    {"two inputs and outputs", {.build = build_ports, .fill = fill_ports}, 34.8},
    {"tokens", {.build = build_tokens, .limit = WORDS}, 31.6},
};

START_TEST(keeps_what_the_naive_scheme_loses) {
  const Row *row = &rows[_i];
  double naive = hard_case_sqnr(&row->hard, hard_case_naive(), NULL);
  double sqnr = hard_case_sqnr(&row->hard, hard_case_default(), NULL);
  ck_assert_msg(sqnr >= row->floor, "%s: SQNR %.1f dB", row->name, sqnr);
  ck_assert_msg(naive < row->floor, "%s: the naive scheme has %.1f dB", row->name, naive);
}
END_TEST

START_TEST(tied_weights_stay_tied) {
  const HardCase tied = {.build = build_tied}, untied = {.build = build_untied};
  size_t bytes, of_two;
  double sqnr = hard_case_sqnr(&tied, hard_case_default(), &bytes);
  (void)hard_case_sqnr(&untied, hard_case_default(), &of_two);
  ck_assert_msg(sqnr > 37, "SQNR %.1f dB", sqnr);
  ck_assert_msg(bytes + TIED * TIED * 3 / 4 < of_two, "%zu bytes, of two matrices %zu", bytes, of_two);
}
END_TEST

Suite *suite_hard_cases(void) {
  Suite *suite = suite_create("hard_cases");
  TCase *tests = tcase_create("nets");
  tcase_add_loop_test(tests, keeps_what_the_naive_scheme_loses, 0, (int)(sizeof rows / sizeof rows[0]));
  tcase_add_test(tests, tied_weights_stay_tied);
  suite_add_tcase(suite, tests);
  return suite;
}
