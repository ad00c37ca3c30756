/* Instructions whose arithmetic on int16 is not that on int8 with other numbers, against docs/edge-format.md.
 */
#include "tests/support/kernel_case.h"

#include <check.h>
#include <math.h>
#include <string.h>

Suite *suite_runtime_wide(void);

static int32_t clamp(int64_t value, int32_t low, int32_t high) {
  return value < low ? low : value > high ? high : (int32_t)value;
}

/* int16: the exponential of a distance is that of its steps of 256 codes times that of the rest. */
START_TEST(softmax_of_int16_is_the_definition) {
  case_seed(8);
  for (int i = 0; i < 40; i++) {
    uint32_t length = (uint32_t)case_pick(1, 40), dims[2] = {2, length};
    EdgeSoftmaxParams p = {2, (int32_t)length, 1, 32768};
    KernelCase c = kernel_case(EDGE_OP_SOFTMAX, &p);
    case_input(&c, EDGE_S16, EDGE_ARENA, 2, dims, 1.0f, 0);
    int32_t *table = case_input(&c, EDGE_S32, EDGE_CONSTANT, 1, (uint32_t[]){512}, 0.0f, 0);
    for (int d = 0; d < 256; d++) table[d] = (int32_t)(exp(-0.02 * d) * (1 << 24));
    for (int d = 0; d < 256; d++) table[256 + d] = (int32_t)rint(exp(-0.02 / 256 * d) * (1 << 30));
    case_output(&c, EDGE_S16, 2, dims, 1.0f, 0);
    ck_assert(case_agrees(&c));
    for (uint32_t k = 0; k < 2 * length; k++) {
      int32_t most = INT16_MIN;
      int64_t sum = 0, own = 0;
      for (uint32_t j = 0; j < length; j++) {
        int32_t code = case_code(&c, 0, k / length * length + j);
        most = code > most ? code : most;
      }
      for (uint32_t j = 0; j < length; j++) {
        int32_t d = most - case_code(&c, 0, k / length * length + j);
        int64_t e = ((int64_t)table[d / 256] * table[256 + d % 256] + (1 << 29)) >> 30;
        sum += e;
        if (j == k % length) own = e;
      }
      ck_assert_int_eq(case_code(&c, CASE_OUTPUT, k),
                       clamp(((own * 32768 + sum / 2) / sum), INT16_MIN, INT16_MAX));
    }
    table[256]--;
    ck_assert_int_eq(case_check(&c), EDGE_MALFORMED);
    case_free(&c);
  }
}
END_TEST

/* What lies between two results: straight lines for 513 of them, with 515 a parabola (Bessel's formula). */
static int32_t between(const int16_t *table, int is_curved, int32_t x) {
  int32_t at = x + 32768, rest = at % 128;
  const int16_t *node = table + at / 128 + is_curved;
  int64_t line = node[0] * (128 - rest) + node[1] * rest;
  if (!is_curved) return (int32_t)floor((double)(line + 64) / 128);
  int64_t bend = node[2] - node[1] - node[0] + node[-1];
  double down = floor((double)(rest * (128 - rest) * bend) / 2); /* both terms times 2^15 */
  return (int32_t)floor(((double)line * 256 - down + (1 << 14)) / (1 << 15));
}

/* Every 128th result, and what lies between; for int8 in 256ths of a code. */
START_TEST(table_of_int16_interpolates) {
  case_seed(9);
  for (int i = 0; i < 40; i++) {
    uint32_t count = (uint32_t)case_pick(1, 100);
    int is_curved = i / 4 % 2;
    KernelCase c = kernel_case(EDGE_OP_TABLE, NULL);
    int16_t *x = case_input(&c, EDGE_S16, EDGE_ARENA, 1, &count, 1.0f, 0);
    const int16_t *table =
        case_input(&c, EDGE_S16, EDGE_CONSTANT, 1, (uint32_t[]){is_curved ? 515 : 513}, 0.0f, 0);
    case_output(&c, i % 2 ? EDGE_S16 : EDGE_S8, 1, &count, 1.0f, 0);
    x[0] = i % 4 < 2 ? INT16_MIN : INT16_MAX;
    ck_assert(case_agrees(&c));
    for (uint32_t k = 0; k < count; k++) {
      int32_t fine = between(table, is_curved, x[k]), rounded = (int32_t)floor((fine + 128) / 256.0);
      int32_t code = i % 2 ? clamp(fine, INT16_MIN, INT16_MAX) : clamp(rounded, -128, 127);
      ck_assert_int_eq(case_code(&c, CASE_OUTPUT, k), code);
    }
    c.info[1].elements = c.info[1].dims[0] = 514;
    ck_assert_int_eq(case_check(&c), EDGE_MALFORMED);
    case_free(&c);
  }
}
END_TEST

START_TEST(resize_and_argmax_take_int16) {
  EdgeResizeParams resize = {1, 2, 1, 2};
  KernelCase c = kernel_case(EDGE_OP_RESIZE_LINEAR, &resize);
  memcpy(case_input(&c, EDGE_S16, EDGE_ARENA, 1, (uint32_t[]){2}, 0.0f, 0), (int16_t[]){-30000, 25001}, 4);
  memcpy(case_input(&c, EDGE_S32, EDGE_CONSTANT, 2, (uint32_t[]){2, 2}, 0.0f, 0), (int32_t[]){0, 1, 1, 1},
         16);
  memcpy(case_input(&c, EDGE_S32, EDGE_CONSTANT, 2, (uint32_t[]){2, 2}, 0.0f, 0),
         (int32_t[]){1024, 1024, 48, 2000}, 16);
  case_output(&c, EDGE_S16, 1, (uint32_t[]){2}, 0.0f, 0);
  ck_assert_int_eq(case_run(&c, &edge_kernels_plain), EDGE_OK);
  ck_assert_mem_eq(case_data(&c, CASE_OUTPUT), ((int16_t[]){-2499, 25001}), 4); /* -2499.5 goes up */
  case_free(&c);
  EdgeArgmaxParams argmax = {1, 4, 1, 0, 0};
  c = kernel_case(EDGE_OP_ARGMAX, &argmax);
  memcpy(case_input(&c, EDGE_S16, EDGE_ARENA, 1, (uint32_t[]){4}, 0.0f, 0), (int16_t[]){3, -300, 301, 300},
         8);
  case_output(&c, EDGE_S32, 1, (uint32_t[]){1}, 0.0f, 0);
  ck_assert_int_eq(case_run(&c, &edge_kernels_plain), EDGE_OK);
  ck_assert_int_eq(*(int32_t *)case_data(&c, CASE_OUTPUT), 2);
  case_free(&c);
}
END_TEST

Suite *suite_runtime_wide(void) {
  Suite *suite = suite_create("runtime_wide");
  TCase *tests = tcase_create("int16");
  tcase_add_test(tests, softmax_of_int16_is_the_definition);
  tcase_add_test(tests, table_of_int16_interpolates);
  tcase_add_test(tests, resize_and_argmax_take_int16);
  suite_add_tcase(suite, tests);
  return suite;
}
