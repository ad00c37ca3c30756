/* Products from panels against sums in float64, and that an element does not depend on where it lies. */
#include "operators/panel_product.h"
#include "operators/row_product.h"

#include "base/base.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_panel_product(void);

#define MOST 700
static float a[40 * MOST], b[MOST * 300], c[40 * 300], start[40], panels[PANEL_FLOATS];

static void fill(float *to, int64_t count, uint64_t seed) {
  Random random = {seed};
  for (int64_t i = 0; i < count; i++) to[i] = (float)random_normal(&random);
}

static PanelProduct plain(int64_t m, int64_t n, int64_t k) {
  PanelProduct p = panel_product_of(m, n, k, a, b, c, panels);
  p.start = start;
  return p;
}

static void setup(void) {
  fill(a, 40 * MOST, 1);
  fill(b, MOST * 300, 2);
  fill(start, 40, 3);
}

/* Rounding of k products and of their sums in blocks: far below k units of the last place of the largest sum.
 */
static void check_element(const PanelProduct *p, int64_t i, int64_t j) {
  double sum = p->start == NULL ? 0 : (double)p->start[i], size = fabs(sum);
  for (int64_t d = 0; d < p->k; d++) {
    double term = (double)p->a[i * p->a_stride + d] * (double)b[d * p->n + j];
    sum += term;
    size += fabs(term);
  }
  double exact = fmin(fmax(sum, (double)p->low), (double)p->high), got = (double)c[i * p->n + j];
  ck_assert_msg(fabs(got - exact) <= (double)PANEL_DEPTH * 0x1p-24 * size,
                "m %d n %d k %d: [%d][%d] is %g, not %g", (int)p->m, (int)p->n, (int)p->k, (int)i, (int)j,
                got, exact);
}

START_TEST(sums_are_right) {
  static const int64_t sizes[][3] = {{1, 1, 1},    {6, 16, 8},   {7, 17, 3},    {13, 130, 257},
                                     {5, 8, 256},  {40, 49, 33}, {12, 300, 20}, {3, 257, 600},
                                     {40, 9, 700}, {2, 128, 513}};
  if (!panel_product_runs()) return;
  for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
    PanelProduct p = plain(sizes[s][0], sizes[s][1], sizes[s][2]);
    if (s % 2 == 1) p.start = NULL;
    if (s % 3 == 1) p.low = -1, p.high = 2;
    panel_product(&p);
    for (int64_t i = 0; i < p.m; i++)
      for (int64_t j = 0; j < p.n; j++) check_element(&p, i, j);
  }
}
END_TEST

/* All columns of B and all rows of A alike: so must be all elements, to the bit. */
START_TEST(place_does_not_matter) {
  if (!panel_product_runs()) return;
  const int64_t m = 23, n = 217, k = 555;
  for (int64_t d = 0; d < k; d++)
    for (int64_t j = 1; j < n; j++) b[d * n + j] = b[d * n];
  for (int64_t i = 1; i < m; i++) memcpy(a + i * k, a, (size_t)k * sizeof *a), start[i] = start[0];
  PanelProduct p = plain(m, n, k);
  panel_product(&p);
  for (int64_t i = 1; i < m * n; i++) ck_assert(c[i] == c[0]);
}
END_TEST

/* Whether columns are copied or read where they are, in rows of 24 with gaps between them. */
START_TEST(copying_does_not_matter) {
  if (!panel_product_runs()) return;
  static float copied[40 * 300];
  static int64_t places[MOST], offsets[3] = {0, 1, 27};
  const int64_t m = 14, n = 72, k = 3 * 100;
  PanelSource source = {.data = b,
                        .end = b + MOST * 300,
                        .channel_step = 200,
                        .taps = 3,
                        .offsets = offsets,
                        .width = 24,
                        .row_step = 26};
  PanelProduct p = plain(m, n, k);
  p.b = source;
  panel_product(&p);
  memcpy(copied, c, sizeof copied);
  memset(c, 0, sizeof c);
  for (int64_t d = 0; d < k; d++) places[d] = d / 3 * 200 + offsets[d % 3];
  p.b.places = places;
  panel_product(&p);
  ck_assert_mem_eq(copied, c, (size_t)(m * n) * sizeof *c);
}
END_TEST

/* Rows of A with gaps, runs of any length, columns that are no multiple of anything. */
START_TEST(rows_are_multiplied) {
  if (!panel_product_runs()) return;
  static const int64_t sizes[][4] = {
      {1, 1, 1, 1}, {7, 16, 3, 5}, {13, 9, 1, 1500}, {25, 50, 40, 40}, {6, 17, 300, 7}};
  static float panel[ROW_PANEL_FLOATS];
  static int64_t rows[40];
  for (int i = 0; i < 40; i++) rows[i] = i * 61;
  for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
    int64_t m = sizes[s][0], n = sizes[s][1], runs = sizes[s][2], run = sizes[s][3], stride = (n + 7) / 8 * 8;
    RowProduct p = {m, n, runs, run, b, rows, run + 3, b + 5000, run * runs + 1, run, c, stride, panel};
    for (int64_t i = 0; i < m * stride; i++) c[i] = 1;
    row_product(&p);
    for (int64_t i = 0; i < m; i++)
      for (int64_t j = 0; j < n; j++) {
        double sum = 1, size = 1;
        for (int64_t d = 0; d < runs * run; d++) {
          double term = (double)p.a[rows[i] + d / run * p.a_step + d % run] * (double)p.b[j * p.b_row + d];
          sum += term;
          size += fabs(term);
        }
        ck_assert_double_le(fabs((double)c[i * stride + j] - sum), 1e-5 * size);
      }
  }
}
END_TEST

START_TEST(nan_stays) {
  if (!panel_product_runs()) return;
  PanelProduct p = plain(8, 20, 10);
  p.low = 0, p.high = 6;
  b[3] = NAN;
  panel_product(&p);
  for (int64_t i = 0; i < p.m; i++) ck_assert(isnan(c[i * p.n + 3]) && !isnan(c[i * p.n + 4]));
}
END_TEST

Suite *suite_panel_product(void) {
  Suite *suite = suite_create("panel_product");
  TCase *tests = tcase_create("panels");
  tcase_add_checked_fixture(tests, setup, NULL);
  tcase_add_test(tests, sums_are_right);
  tcase_add_test(tests, place_does_not_matter);
  tcase_add_test(tests, copying_does_not_matter);
  tcase_add_test(tests, rows_are_multiplied);
  tcase_add_test(tests, nan_stays);
  suite_add_tcase(suite, tests);
  return suite;
}
