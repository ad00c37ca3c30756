#include "quantize/quantize.h"

#include "quantize/calibration.h"
#include "quantize/specs.h"

const char *calibration_method_name(CalibrationMethod method) {
  static const char *const names[] = {
#define X(name, text, brief) text,
      CALIBRATION_METHODS(X)
#undef X
  };
  return names[method];
}

QuantizeOptions quantize_defaults(void) {
  return (QuantizeOptions){.method = CALIBRATE_MSE, .percentile = 99.99, .weight_bits = 8};
}

static void count_nodes(const Graph *graph, const Plan *plan, QuantizeReport *report) {
  for (int n = 0; n < graph->node_count; n++) {
    const NodePlan *node = &plan->nodes[n];
    if (node->role == ROLE_INDEX)
      report->index_nodes++;
    else if (node->is_integer)
      report->integer_nodes++;
    else
      report->float_nodes++;
  }
}

/* What the plan keeps in float, lowering computes in float, and the report says why. Nodes that only move
   values have no say of their own. */
static void mark_nodes(Graph *graph, const Plan *plan) {
  for (int n = 0; n < graph->node_count; n++) {
    const NodePlan *node = &plan->nodes[n];
    bool is_moving = node->role == ROLE_VIEW || node->role == ROLE_SAME_SCALE || node->role == ROLE_GATHER;
    if (!node->is_integer && node->role != ROLE_INDEX && !is_moving)
      graph->nodes[n]->float_reason = node->reason;
    if (node->is_linear) graph->nodes[n]->weight_bits = node->weight_bits;
  }
}

Status quantize_graph(Graph *graph, const Calibration *calibration, const QuantizeOptions *options,
                      QuantizeReport *report, Error *err) {
  static const Calibration nothing_seen = {0};
  Plan plan;
  *report = (QuantizeReport){0};
  if (calibration == NULL) calibration = &nothing_seen;
  Status status = plan_make(&plan, graph, options, err);
  if (status == OK) plan_bits(&plan, graph, options->weight_bits, options->outer_bits);
  if (status == OK) status = specs_of_activations(graph, &plan, calibration, options, report, err);
  if (status == OK) status = specs_of_weights(graph, &plan, options, report, err);
  if (status == OK) count_nodes(graph, &plan, report);
  if (status == OK) mark_nodes(graph, &plan);
  plan_free(&plan);
  return status;
}
