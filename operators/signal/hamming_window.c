#include "operators/signal/window_function.h"

static Status run_window(Run *run) {
  return window_function_run(run, 25.0 / 46, 21.0 / 46, 0);
}

const Op op_HammingWindow = {.name = "HammingWindow",
                             .brief = "The weights of a Hamming window.",
                             .versions = {{17, window_function_infer, run_window, NULL}},
                             WINDOW_FUNCTION_ROW};
