/* Recurrent layers with activations that make results easy to work out by hand; what they refuse. */
#include "tests/support/result_case.h"

#include <check.h>

Suite *suite_operator_recurrent(void);

static const ResultCase result_cases[] = {
    {"RNN", "f32[3,1,1]{1,2,3}, f32[1,1,1]{1}!, f32[1,1,1]{10}!", "activations=[\"Affine\"]",
     "f32[3,1,1,1]{1,12,123}", 0},
    {"RNN", "f32[3,1,1]{1,2,3}, f32[1,1,1]{1}!, f32[1,1,1]{10}!", "activations=[\"Affine\"] outputs=2",
     "f32[1,1,1]{123}", 1},
    {"RNN", "f32[3,1,1]{1,2,3}, f32[1,1,1]{1}!, f32[1,1,1]{10}!",
     "activations=[\"Affine\"] direction=\"reverse\"", "f32[3,1,1,1]{321,32,3}", 0},
    {"RNN", "f32[3,1,1]{1,2,3}, f32[1,1,1]{1}!, f32[1,1,1]{10}!",
     "activations=[\"Affine\"] direction=\"reverse\" outputs=2", "f32[1,1,1]{321}", 1},
    {"RNN", "f32[3,1,1]{1,2,3}, f32[1,1,1]{1}!, f32[1,1,1]{10}!, -, i32{2}", "activations=[\"Affine\"]",
     "f32[3,1,1,1]{1,12,0}", 0},
    {"RNN", "f32[3,1,1]{1,2,3}, f32[1,1,1]{1}!, f32[1,1,1]{10}!, -, i32{2}",
     "activations=[\"Affine\"] outputs=2", "f32[1,1,1]{12}", 1},
    {"RNN", "f32[3,1,1]{1,2,3}, f32[1,1,1]{1}!, f32[1,1,1]{10}!, -, i32{2}",
     "activations=[\"Affine\"] direction=\"reverse\"", "f32[3,1,1,1]{21,2,0}", 0},
    {"RNN", "f32[3,1,1]{1,2,3}, f32[1,1,1]{1}!, f32[1,1,1]{10}!, -, i32{0}, f32[1,1,1]{7}",
     "activations=[\"Affine\"] outputs=2", "f32[1,1,1]{7}", 1},
    {"RNN", "f32[3,1,1]{1,2,3}, f32[1,1,1]{1}!, f32[1,1,1]{10}!, f32[1,2]{1,2}!, -, f32[1,1,1]{1}",
     "activations=[\"Affine\"]", "f32[3,1,1,1]{14,145,1456}", 0},
    {"RNN", "f32[3,1,1]{1,2,3}, f32[1,1,1]{1}!, f32[1,1,1]{10}!", "activations=[\"Affine\"] clip=5.0",
     "f32[3,1,1,1]{1,5,5}", 0},
    {"RNN", "f32[3,1,1]{1,2,3}, f32[1,1,1]{1}!, f32[1,1,1]{10}!",
     "activations=[\"Affine\"] activation_alpha=[2.0] activation_beta=[1.0]", "f32[3,1,1,1]{3,65,1307}", 0},
    {"RNN", "f32[3,1,1]{1,2,3}, f32[2,1,1]{1,1}!, f32[2,1,1]{10,10}!",
     "activations=[\"Affine\",\"Relu\"] direction=\"bidirectional\"", "f32[3,2,1,1]{1,321,12,32,123,3}", 0},
    {"RNN", "f32[1,3,1]{1,2,3}, f32[1,1,1]{1}!, f32[1,1,1]{10}!", "activations=[\"Affine\"] layout=1",
     "f32[1,3,1,1]{1,12,123}", 0},
    {"RNN", "f32[2,2,1]{1,2,3,4}, f32[1,1,1]{1}!, f32[1,1,1]{10}!, -, i32{2,1}",
     "activations=[\"Affine\"] layout=1", "f32[2,2,1,1]{1,12,3,0}", 0},
    {"RNN", "f32[0,1,1], f32[1,1,1]{1}!, f32[1,1,1]{10}!, -, -, f32[1,1,1]{7}",
     "activations=[\"Affine\"] outputs=2", "f32[1,1,1]{7}", 1},
    {"RNN", "f64[3,1,1]{1,2,3}, f64[1,1,1]{1}!, f64[1,1,1]{10}!", "activations=[\"Affine\"]",
     "f64[3,1,1,1]{1,12,123}", 0},
    {"RNN", "f32[1,1,1]{-2}, f32[1,1,1]{1}!, f32[1,1,1]{10}!", "activations=[\"leakyrelu\"]",
     "f32[1,1,1,1]{-0.02}", 0},
    {"GRU", "f32[2,1,1]{2,4}, f32[1,3,1]{0,0,1}!, f32[1,3,1]{0,0,10}!",
     "activations=[\"Affine\",\"Affine\"] activation_alpha=[0.0,1.0] activation_beta=[0.5,0.0]",
     "f32[2,1,1,1]{1,5}", 0},
    {"GRU", "f32[2,1,1]{2,4}, f32[1,3,1]{0,0,1}!, f32[1,3,1]{0,0,10}!, f32[1,6]{0,0,0,0,0,2}!",
     "activations=[\"Affine\",\"Affine\"] activation_alpha=[0.0,1.0] activation_beta=[0.5,0.0]",
     "f32[2,1,1,1]{2,9}", 0},
    {"GRU", "f32[2,1,1]{2,4}, f32[1,3,1]{0,0,1}!, f32[1,3,1]{0,0,10}!, f32[1,6]{0,0,0,0,0,2}!",
     "activations=[\"Affine\",\"Affine\"] activation_alpha=[0.0,1.0] activation_beta=[0.5,0.0] "
     "linear_before_reset=1",
     "f32[2,1,1,1]{1.5,7}", 0},
    {"LSTM", "f32[2,1,1]{2,4}, f32[1,4,1]{0,0,0,1}!, f32[1,4,1]{0,0,0,10}!",
     "activations=[\"Affine\",\"Affine\",\"Affine\"] activation_alpha=[0.0,1.0,1.0] "
     "activation_beta=[0.5,0.0,0.0]",
     "f32[2,1,1,1]{0.5,2.5}", 0},
    {"LSTM", "f32[2,1,1]{2,4}, f32[1,4,1]{0,0,0,1}!, f32[1,4,1]{0,0,0,10}!",
     "activations=[\"Affine\",\"Affine\",\"Affine\"] activation_alpha=[0.0,1.0,1.0] "
     "activation_beta=[0.5,0.0,0.0] outputs=3",
     "f32[1,1,1]{5}", 2},
    {"LSTM", "f32[2,1,1]{2,4}, f32[1,4,1]{0,0,0,1}!, f32[1,4,1]{0,0,0,10}!",
     "activations=[\"Affine\",\"Affine\",\"Affine\"] activation_alpha=[0.0,1.0,1.0] "
     "activation_beta=[0.5,0.0,0.0] input_forget=1 outputs=3",
     "f32[1,1,1]{5}", 2},
    {"LSTM", "f32[2,1,1]{2,4}, f32[1,4,1]{0,0,0,1}!, f32[1,4,1]{0,0,0,10}!",
     "activations=[\"Affine\",\"Affine\",\"Affine\"] activation_alpha=[0.0,1.0,1.0] "
     "activation_beta=[0.5,0.0,0.0] clip=1.0 outputs=3",
     "f32[1,1,1]{0.75}", 2},
    {"LSTM", "f32[1,1,1]{2}, f32[1,4,1]{0,0,0,1}!, f32[1,4,1]{0}!, -, -, -, f32[1,1,1]{1}, f32[1,3]{1,2,3}!",
     "activations=[\"Affine\",\"Affine\",\"Affine\"]", "f32[1,1,1,1]{50}", 0},
};

START_TEST(results_are_right) {
  check_result(&result_cases[_i], NODE_PLAIN);
  check_result(&result_cases[_i], NODE_FAST);
}
END_TEST

static const RefusedCase refused_cases[] = {
    {"RNN", "f32[3,1,1], f32[1,1,2]!, f32[1,1,1]!", "", "input size"},
    {"RNN", "f32[3,1,1], f32[1,2,1]!, f32[1,1,1]!", "", "hidden size"},
    {"RNN", "f32[3,1,1], f32[1,1,1]!, f32[1,1,1]!", "direction=\"bidirectional\"",
     "1 directions instead of 2"},
    {"RNN", "f32[3,1,1], f32[1,1,1]!, f32[1,1,1]!", "activations=[\"Tanh\",\"Tanh\"]",
     "2 activations instead of 1"},
    {"RNN", "f32[3,1,1], f32[1,1,1]!, f32[1,1,1]!, -, i32{4}", "", "sequence length 4"},
    {"RNN", "f32[3,1,1], f32[1,1,1]!, f32[1,1,1]!, -, i32{1,1}", "", "batch"},
    {"RNN", "f32[3,1], f32[1,1,1]!, f32[1,1,1]!", "", "2 dimensions"},
    {"GRU", "f32[3,1,1], f32[1,4,1]!, f32[1,3,1]!", "", "no multiple of 3"},
    {"LSTM", "f32[3,1,1], f32[1,4,1]!, f64[1,4,1]!", "", "types"},
    {"LSTM", "f32[3,1,1], f32[1,4,1]!, f32[1,4,1]!", "clip=-1.0", "clip"},
};

START_TEST(misfits_are_refused) {
  check_refused(&refused_cases[_i]);
}
END_TEST

#define COUNT(cases) ((int)(sizeof(cases) / sizeof *(cases)))

Suite *suite_operator_recurrent(void) {
  Suite *suite = suite_create("operator_recurrent");
  TCase *tests = tcase_create("cases");
  tcase_add_loop_test(tests, results_are_right, 0, COUNT(result_cases));
  tcase_add_loop_test(tests, misfits_are_refused, 0, COUNT(refused_cases));
  suite_add_tcase(suite, tests);
  return suite;
}
