/* shared by the family: which channels of a convolution go together. */
#include "operators/conv/conv_case.h"

/* With one input channel a group, whole groups go. */
static bool is_depthwise(const ConvParams *params, int64_t group_in) {
  return params->group > 1 && group_in == 1;
}

/* Of several groups, each loses the same ones: place i of `groups` runs of `size` along an axis. */
static void tie_groups(AxisRules *rules, const Value *value, int axis, int64_t groups, int64_t size) {
  for (int64_t g = 1; g < groups; g++) axis_same_range(rules, value, axis, 0, value, axis, g * size, size);
}

static void begin(AxisRules *rules) {
  axis_same(rules, rules_in(rules, 0), 0, rules_out(rules, 0), 0);
  axis_same(rules, rules_in(rules, 2), 0, rules_out(rules, 0), 1);
}

void conv_axes(AxisRules *rules) {
  const ConvParams *params = rules->params;
  const Value *x = rules_in(rules, 0), *weight = rules_in(rules, 1), *y = rules_out(rules, 0);
  int64_t group_in = axis_size(weight, 1), group_out = axis_size(weight, 0) / params->group;
  begin(rules);
  axis_made(rules, weight, 0, y, 1);
  if (params->group == 1) {
    axis_same(rules, weight, 1, x, 1);
  } else if (is_depthwise(params, group_in)) {
    for (int64_t o = 0; o < params->group * group_out; o++)
      axis_same_place(rules, x, 1, o / group_out, y, 1, o);
  } else {
    axis_same_range(rules, weight, 1, 0, x, 1, 0, group_in);
    tie_groups(rules, x, 1, params->group, group_in);
    tie_groups(rules, weight, 0, params->group, group_out);
  }
}

void conv_transpose_axes(AxisRules *rules) {
  const ConvParams *params = rules->params;
  const Value *x = rules_in(rules, 0), *weight = rules_in(rules, 1), *y = rules_out(rules, 0);
  int64_t group_in = axis_size(weight, 0) / params->group, group_out = axis_size(weight, 1);
  begin(rules);
  axis_same(rules, weight, 0, x, 1);
  if (params->group == 1) {
    axis_made(rules, weight, 1, y, 1);
  } else if (is_depthwise(params, group_in)) {
    for (int64_t o = 0; o < params->group * group_out; o++)
      axis_same_place(rules, x, 1, o / group_out, y, 1, o);
  } else {
    axis_same_range(rules, weight, 1, 0, y, 1, 0, group_out);
    tie_groups(rules, x, 1, params->group, group_in);
    tie_groups(rules, y, 1, params->group, group_out);
  }
}

Status conv_slim(AxisCut *cut) {
  const ConvParams *params = cut->params;
  const Value *x = node_input(cut->node, 0);
  int64_t channels = axis_size(x, 1);
  if (!is_depthwise(params, channels / params->group)) return OK;
  return node_set_int(cut->graph, cut->node, "group", cut_kept(cut, x, 1, 0, channels), cut->err);
}
