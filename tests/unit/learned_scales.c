/* Gradients through rounding: those of "Learned step size quantization" (Esser et al. 2020). */
#include "interpreter/backward.h"
#include "operators/op.h"

#include <check.h>
#include <math.h>

Suite *suite_learned_scales(void);

#define SCALE 0.5f
#define ZERO_POINT 3

static const float xs[] = {0.1f, 0.7f, -1.3f, 62.4f, -70.0f, 62.0f, 80.0f, -65.5f, -65.6f};
#define COUNT ((int64_t)(sizeof xs / sizeof *xs))

static Value *constant(Graph *graph, const char *name, ElementType type, double number) {
  Error err = {0};
  Tensor *tensor = tensor_new(&graph->arena, type, &SHAPE_SCALAR, &err);
  tensor_set(tensor, 0, number);
  return graph_add_constant(graph, name, tensor, &err);
}

/* x -> QuantizeLinear -> DequantizeLinear -> y, int8. */
static Graph *pair_of(Value **x, Value **scale, Value **y) {
  Error err = {0};
  Graph *graph = graph_new(&err);
  *x = graph_add_input(graph, "x", ELEMENT_FLOAT32, &SHAPE(COUNT), &err);
  *scale = constant(graph, "scale", ELEMENT_FLOAT32, (double)SCALE);
  Value *zero_point = constant(graph, "zero_point", ELEMENT_INT8, ZERO_POINT);
  Value *codes = graph_add_value(graph, "codes", &err);
  *y = graph_add_value(graph, "y", &err);
  Node *nodes[] = {graph_add_node(graph, "q", "", "QuantizeLinear", (Value *[]){*x, *scale, zero_point}, 3,
                                  &codes, 1, &err),
                   graph_add_node(graph, "d", "", "DequantizeLinear", (Value *[]){codes, *scale, zero_point},
                                  3, y, 1, &err)};
  for (int n = 0; n < 2; n++) nodes[n]->opset = 13;
  ck_assert_msg(graph_add_output(graph, *y, &err) == OK && graph_refresh(graph, &err) == OK &&
                    op_bind_graph(graph, &err) == OK && op_infer_graph(graph, &err) == OK,
                "%s", err.text);
  return graph;
}

/* d y / d scale by the paper's formula. */
static double expected_of(double x) {
  double steps = x / (double)SCALE, least = -128 - ZERO_POINT, most = 127 - ZERO_POINT;
  if (steps < least) return least;
  return steps > most ? most : nearbyint(steps) - steps;
}

static void go_back(Graph *graph, Value **wanted, Value *y, double weight, Tape **tape, Backward **backward) {
  Error err = {0};
  Tensor input = {.type = ELEMENT_FLOAT32, .shape = SHAPE(COUNT), .data = (void *)(uintptr_t)xs};
  ck_assert_msg(backward_new(backward, graph, wanted, 2, &y, 1, &err) == OK, "%s", err.text);
  ck_assert_msg(tape_new(tape, *backward, &err) == OK, "%s", err.text);
  ck_assert_msg(tape_forward(*tape, (const Tensor *[]){&input}, 0, &err) == OK, "%s", err.text);
  float *dy = tape_begin(*tape, y, &err)->data;
  for (int64_t i = 0; i < COUNT; i++) dy[i] = (float)weight * (float)(i + 1);
  ck_assert_msg(tape_backward(*tape, &err) == OK, "%s", err.text);
}

START_TEST(scale_gets_rounding_errors_and_limits) {
  Value *wanted[2], *y;
  Graph *graph = pair_of(&wanted[0], &wanted[1], &y);
  Tape *tape;
  Backward *backward;
  go_back(graph, wanted, y, 0.25, &tape, &backward);
  const float *dx = tape_gradient(tape, wanted[0])->data, *dscale = tape_gradient(tape, wanted[1])->data;
  double sum = 0;
  for (int64_t i = 0; i < COUNT; i++) {
    double steps = (double)xs[i] / (double)SCALE + ZERO_POINT;
    bool is_within = steps >= -128 && steps <= 127;
    ck_assert_msg(fabs((double)dx[i] - (is_within ? 0.25 * (double)(i + 1) : 0)) < 1e-6, "dx[%d] is %g",
                  (int)i, (double)dx[i]);
    sum += 0.25 * (double)(i + 1) * expected_of((double)xs[i]);
  }
  ck_assert_msg(fabs((double)dscale[0] - sum) < 1e-4 * fabs(sum), "%g instead of %g", (double)dscale[0], sum);
  tape_free(tape);
  backward_free(backward);
  graph_free(graph);
}
END_TEST

Suite *suite_learned_scales(void) {
  Suite *suite = suite_create("learned_scales");
  TCase *pairs = tcase_create("pairs");
  tcase_add_test(pairs, scale_gets_rounding_errors_and_limits);
  suite_add_tcase(suite, pairs);
  return suite;
}
