/* Convolution: the fast kernels against the plain ones over random shapes and attributes.
 *
 * A sum of n products that is computed in float32 in any order differs from the exact one by at most about
 * n * 2^-24 times the sum of the products' absolute values; the test allows n + 2 of that (bias, storing).
 * All elements are positive, so that the result itself is that sum. */
#include "base/random.h"
#include "tests/support/node_case.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

Suite *suite_operator_conv(void);

#define CASES 300

typedef struct Drawn {
  char inputs[160], attributes[200];
} Drawn;

static int draw(Random *random, int least, int most) {
  return least + (int)random_below(random, (uint64_t)(most - least + 1));
}

/* " name=[a,b]" */
static void add_pair(char *text, const char *name, int a, int b) {
  sprintf(text + strlen(text), " %s=[%d,%d]", name, a, b);
}

static void draw_attributes(Random *random, bool transposed, int group, int stride, Drawn *drawn) {
  static const char *const autos[] = {"SAME_UPPER", "SAME_LOWER", "VALID"};
  int other = draw(random, 1, 3);
  sprintf(drawn->attributes, "group=%d", group);
  add_pair(drawn->attributes, "strides", stride, other);
  add_pair(drawn->attributes, "dilations", draw(random, 1, 2), draw(random, 1, 2));
  if (draw(random, 0, 2) == 0) {
    sprintf(drawn->attributes + strlen(drawn->attributes), " auto_pad=\"%s\"", autos[draw(random, 0, 2)]);
    return;
  }
  int most = transposed ? 0 : 3; /* a transposed one could lose its whole output */
  sprintf(drawn->attributes + strlen(drawn->attributes), " pads=[%d,%d,%d,%d]", draw(random, 0, most),
          draw(random, 0, most), draw(random, 0, most), draw(random, 0, most));
  if (transposed)
    add_pair(drawn->attributes, "output_padding", draw(random, 0, stride), draw(random, 0, other));
}

/* Sizes up to a few vectors wide, odd ones among them; one kernel in four is 1x1, one case in three is
   depthwise. Returns the products that make an output. */
static int draw_case(Random *random, bool transposed, Drawn *drawn) {
  bool depthwise = draw(random, 0, 2) == 0, point = draw(random, 0, 3) == 0;
  int group = draw(random, 1, 3), in = depthwise ? 1 : draw(random, 1, 9),
      out = draw(random, 1, depthwise ? 2 : 9);
  int kernel[2] = {point ? 1 : draw(random, 1, 4), point ? 1 : draw(random, 1, 4)};
  if (depthwise) group = draw(random, 2, 9);
  int channels = group * in, first = transposed ? channels : group * out, second = transposed ? out : in;
  sprintf(drawn->inputs, "f32[%d,%d,%d,%d](0.5,2), f32[%d,%d,%d,%d](0.5,2)!", draw(random, 1, 2), channels,
          draw(random, 7, 13), draw(random, 7, 21), first, second, kernel[0], kernel[1]);
  if (draw(random, 0, 1) == 0)
    sprintf(drawn->inputs + strlen(drawn->inputs), ", f32[%d](0.5,2)!", group * out);
  draw_attributes(random, transposed, group, point && draw(random, 0, 1) ? 1 : draw(random, 1, 3), drawn);
  return in * kernel[0] * kernel[1];
}

static void run(NodeCase *c, const Op *op, const Drawn *drawn, NodeKernel kernel) {
  Error err = {0};
  ck_assert_msg(node_case_run(c, op, drawn->inputs, drawn->attributes, kernel, &err) == OK, "%s; %s: %s",
                drawn->inputs, drawn->attributes, err.text);
}

static void check_case(const Op *op, const Drawn *drawn, int products) {
  NodeCase plain, fast;
  run(&plain, op, drawn, NODE_PLAIN);
  run(&fast, op, drawn, NODE_FAST);
  ck_assert(shape_equals(&plain.out[0]->shape, &fast.out[0]->shape));
  for (int64_t i = 0; i < tensor_elements(plain.out[0]); i++) {
    double expected = tensor_get(plain.out[0], i), error = fabs(tensor_get(fast.out[0], i) - expected);
    double bound = (products + 2) * 0x1p-24 * expected;
    ck_assert_msg(error <= bound, "%s; %s: element %lld differs by %g, allowed are %g", drawn->inputs,
                  drawn->attributes, (long long)i, error, bound);
  }
  node_case_free(&plain);
  node_case_free(&fast);
}

static void check_cases(const char *name, bool transposed) {
  const Op *op = op_find("", name);
  ck_assert_ptr_nonnull(op);
  Random random = {1};
  for (int i = 0; i < CASES; i++) {
    Drawn drawn;
    int products = draw_case(&random, transposed, &drawn);
    check_case(op, &drawn, products);
  }
}

START_TEST(fast_convolution_agrees_with_plain) {
  check_cases("Conv", false);
}
END_TEST

START_TEST(fast_transposed_convolution_agrees_with_plain) {
  check_cases("ConvTranspose", true);
}
END_TEST

/* Larger than a tile of the column matrix: several products make one output. */
START_TEST(tiles_agree_with_plain) {
  Drawn same = {"f32[1,32,48,40](0.5,2), f32[8,32,3,3](0.5,2)!, f32[8](0.5,2)!", "pads=[1,1,1,1]"};
  check_case(op_find("", "Conv"), &same, 32 * 9);
  Drawn strided = {"f32[1,24,41,50](0.5,2), f32[5,24,5,5](0.5,2)!", "pads=[2,0,1,3] strides=[2,1]"};
  check_case(op_find("", "Conv"), &strided, 24 * 25);
  Drawn long_row = {"f32[1,16,3000](0.5,2), f32[3,16,9](0.5,2)!", "pads=[3,7] strides=[2]"};
  check_case(op_find("", "Conv"), &long_row, 16 * 9);
}
END_TEST

/* So much padding between so few outputs that padded copies would be far larger than the input: through
 * CBLAS. */
START_TEST(sparse_outputs_agree_with_plain) {
  Drawn few = {"f32[2,6,30,9](0.5,2), f32[7,6,3,4](0.5,2)!, f32[7](0.5,2)!",
               "pads=[300,310,290,300] strides=[101,100] dilations=[3,2]"};
  check_case(op_find("", "Conv"), &few, 6 * 12);
  Drawn grouped = {"f32[1,6,300,20](0.5,2), f32[4,3,7,9](0.5,2)!",
                   "group=2 pads=[300,310,290,300] strides=[9,330]"};
  check_case(op_find("", "Conv"), &grouped, 3 * 63);
}
END_TEST

Suite *suite_operator_conv(void) {
  Suite *suite = suite_create("operator_conv");
  TCase *tests = tcase_create("fast against plain");
  tcase_set_timeout(tests, 120);
  tcase_add_test(tests, fast_convolution_agrees_with_plain);
  tcase_add_test(tests, fast_transposed_convolution_agrees_with_plain);
  tcase_add_test(tests, tiles_agree_with_plain);
  tcase_add_test(tests, sparse_outputs_agree_with_plain);
  suite_add_tcase(suite, tests);
  return suite;
}
