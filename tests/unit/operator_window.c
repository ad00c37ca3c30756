/* Geometry of sliding windows: sizes, pads and ranges against counting by hand. */
#include "operators/window.h"

#include <check.h>

Suite *suite_operator_window(void);

static Window make(const WindowParams *params, Dim in, Dim kernel) {
  Window window;
  Shape data = SHAPE(1, 1, in);
  const char *wrong = window_make(&window, params, &data, &kernel);
  ck_assert_msg(wrong == NULL, "%s", wrong);
  return window;
}

static WindowParams params_of(const int64_t *stride, const int64_t *dilation, const int64_t pads[2]) {
  return (WindowParams){
      .strides = {true, 1, stride}, .dilations = {true, 1, dilation}, .pads = {true, 2, pads}};
}

/* Outputs counted one by one: a window counts while it fits into the padded input. */
static int64_t count_slowly(int64_t in, int64_t kernel, int64_t stride, int64_t dilation,
                            const int64_t pads[2], bool ceil_mode) {
  int64_t count = 0;
  for (int64_t start = -pads[0];; start += stride) {
    bool fits = start + (kernel - 1) * dilation < in + pads[1];
    bool begins = start < in && start - stride + (kernel - 1) * dilation + 1 < in + pads[1];
    if (!fits && !(ceil_mode && begins && count > 0)) return count;
    count++;
  }
}

START_TEST(sizes_agree_with_counting) {
  for (int64_t code = 0; code < 4 * 3 * 2 * 3 * 3 * 2; code++) {
    int64_t kernel = code % 4 + 1, stride = code / 4 % 3 + 1, dilation = code / 12 % 2 + 1;
    int64_t pads[2] = {code / 24 % 3, code / 72 % 3};
    WindowParams params = params_of(&stride, &dilation, pads);
    params.ceil_mode = code / 216 == 1;
    for (int64_t in = (kernel - 1) * dilation + 1; in < 12; in++) {
      int64_t expected = count_slowly(in, kernel, stride, dilation, pads, params.ceil_mode);
      ck_assert_int_eq(make(&params, in, kernel).axes[0].out, expected);
    }
  }
}
END_TEST

START_TEST(same_pads_put_the_odd_one_last_or_first) {
  int64_t stride = 2;
  WindowParams params = {.auto_pad = AUTO_PAD_SAME_UPPER, .strides = {true, 1, &stride}};
  Window window = make(&params, 6, 3); /* 3 outputs reach 7 elements: one of padding */
  ck_assert_int_eq(window.axes[0].out, 3);
  ck_assert_int_eq(window.axes[0].pad_begin, 0);
  ck_assert_int_eq(window.axes[0].pad_end, 1);
  params.auto_pad = AUTO_PAD_SAME_LOWER;
  window = make(&params, 6, 3);
  ck_assert_int_eq(window.axes[0].pad_begin, 1);
  ck_assert_int_eq(window.axes[0].pad_end, 0);
  params.auto_pad = AUTO_PAD_VALID;
  ck_assert_int_eq(make(&params, 6, 3).axes[0].out, 2);
}
END_TEST

START_TEST(a_symbol_passes_where_the_size_stays) {
  int64_t pads[2] = {1, 1}, stride = 1, dilation = 1;
  WindowParams params = params_of(&stride, &dilation, pads);
  ck_assert_int_eq(make(&params, DIM_SYMBOL(4), 3).axes[0].out, DIM_SYMBOL(4));
  ck_assert_int_eq(make(&params, DIM_SYMBOL(4), 2).axes[0].out, DIM_UNKNOWN);
  stride = 2;
  ck_assert_int_eq(make(&params, DIM_SYMBOL(4), 3).axes[0].out, DIM_UNKNOWN);
  params = (WindowParams){.auto_pad = AUTO_PAD_SAME_LOWER};
  ck_assert_int_eq(make(&params, DIM_SYMBOL(1), DIM_UNKNOWN).axes[0].out, DIM_SYMBOL(1));
}
END_TEST

/* Both kinds of ranges against asking every tap of every output. */
START_TEST(ranges_agree_with_asking) {
  for (int64_t code = 0; code < 3 * 3 * 3 * 3; code++) {
    int64_t kernel = code % 3 + 1, stride = code / 3 % 3 + 1, dilation = code / 9 % 3 + 1;
    int64_t pads[2] = {code / 27, 2};
    WindowParams params = params_of(&stride, &dilation, pads);
    Window window = make(&params, 7, kernel);
    const WindowAxis *axis = &window.axes[0];
    for (int64_t o = 0; o < axis->out; o++)
      for (int64_t k = 0; k < kernel; k++) {
        int64_t at = window_input(axis, o, k), first, end;
        bool inside = at >= 0 && at < axis->in;
        window_taps(axis, o, false, &first, &end);
        ck_assert_int_eq(inside, k >= first && k < end);
        window_taps(axis, o, true, &first, &end);
        ck_assert_int_eq(at >= -pads[0] && at < axis->in + pads[1], k >= first && k < end);
        window_outputs(axis, k, &first, &end);
        ck_assert_int_eq(inside, o >= first && o < end);
      }
  }
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
  Window window;
  int64_t two[2] = {1, 1};
  Dim kernel[4] = {5, 1, 1, 1};
  WindowParams params = {0};
  ck_assert_ptr_nonnull(window_make(&window, &params, &SHAPE(1, 1, 4), kernel)); /* larger than input */
  ck_assert_ptr_nonnull(window_make(&window, &params, &SHAPE(1, 1), kernel));    /* no spatial axis */
  ck_assert_ptr_nonnull(window_make(&window, &params, &SHAPE(1, 1, 9, 9, 9, 9), kernel)); /* too many */
  ck_assert_ptr_null(window_make(&window, &params, &SHAPE(1, 1, 5), kernel));
  params.strides = (Ints){true, 2, two};
  ck_assert_ptr_nonnull(window_make(&window, &params, &SHAPE(1, 1, 5), kernel));
  params.strides = (Ints){0};
  params.kernel_shape = (Ints){true, 1, two};
  ck_assert_ptr_nonnull(window_make(&window, &params, &SHAPE(1, 1, 5), kernel)); /* contradicts the weight */
}
END_TEST

Suite *suite_operator_window(void) {
  Suite *suite = suite_create("operator_window");
  TCase *tcase = tcase_create("geometry");
  tcase_add_test(tcase, sizes_agree_with_counting);
  tcase_add_test(tcase, same_pads_put_the_odd_one_last_or_first);
  tcase_add_test(tcase, a_symbol_passes_where_the_size_stays);
  tcase_add_test(tcase, ranges_agree_with_asking);
  tcase_add_test(tcase, what_does_not_fit_is_refused);
  suite_add_tcase(suite, tcase);
  return suite;
}
