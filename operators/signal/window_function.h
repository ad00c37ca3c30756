/* window_function.h - the window operators: weights of a frame as a sum of cosines. */
#ifndef OPERATORS_SIGNAL_WINDOW_FUNCTION_H
#define OPERATORS_SIGNAL_WINDOW_FUNCTION_H

#include "operators/op.h"

typedef struct WindowFunctionParams {
  int64_t output_datatype;
  bool periodic; /* one period of the length; otherwise symmetric */
} WindowFunctionParams;

extern const AttributeRow window_function_attributes[];

Status window_function_infer(Infer *infer);
/* a0 - a1 cos(t) + a2 cos(2 t) */
Status window_function_run(Run *run, double a0, double a1, double a2);

#define WINDOW_FUNCTION_ROW                                                                                  \
  .attributes = window_function_attributes, .params_bytes = sizeof(WindowFunctionParams),                    \
  .inputs = {{"size", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_INT32) | ELEMENT_BIT(ELEMENT_INT64), "[]"}},        \
  .outputs = {{"output", PORT_REQUIRED, ELEMENTS_NUMERIC, "[size]"}},                                        \
  .grad_reason = "not differentiable: a function of integers", .role = ROLE_FLOAT,                           \
  .role_reason = "a window is a constant, or its size comes with the data",                                  \
  .samples = {{"i64[]{6}!", ""}, {"i32[]{5}!", "periodic=0"}, {"i64[]{1}", "periodic=0 output_datatype=11"}}

#endif
