#include "operators/signal/window_function.h"

static Status run_window(Run *run) {
  return window_function_run(run, 0.42, 0.5, 0.08);
}

const Op op_BlackmanWindow = {.name = "BlackmanWindow",
                              .brief = "The weights of a Blackman window.",
                              .versions = {{17, window_function_infer, run_window, NULL}},
                              WINDOW_FUNCTION_ROW};
