#include "operators/unary/unary.h"

static double real(double x, const void *params) {
  (void)params;
  return x > 0 ? 1 : x < 0 ? -1 : x; /* NaN stays */
}

static int64_t integer(int64_t x, const void *params) {
  (void)params;
  return (x > 0) - (x < 0);
}

static Status run_plain(Run *run) {
  return unary_run(run, real, integer);
}

const Op op_Sign = {.name = "Sign",
                    .brief = "-1, 0 or 1 as x is negative, zero or positive.",
                    .versions = {{9, unary_infer, run_plain, NULL, grad_zero}},
                    UNARY_PORTS(ELEMENTS_NUMERIC),
                    .role = ROLE_TABLE,
                    .samples = {{"f32[2,3,4]", ""},
                                {"f32[4]{0,nan,inf,-inf}", ""},
                                {"i64[5]", ""},
                                {"u64{0,18446744073709551615}", ""}}};
