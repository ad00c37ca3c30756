#include "quantize/choice.h"

#include "quantize/float_scheme.h"

#include "operators/op.h"

#include <stdlib.h>
#include <string.h>

/* ---- patterns ---- */

static bool matches(const char *pattern, const Node *node) {
  if (text_matches(pattern, node->name) || text_matches(pattern, node->type)) return true;
  for (int o = 0; o < node->output_count; o++)
    if (node->outputs[o] != NULL && text_matches(pattern, node->outputs[o]->name)) return true;
  return false;
}

/* Computes something that could be in integers or in float. */
static bool can_be_chosen(const Node *node) {
  OpRole role = op_role(node, NULL);
  return role != ROLE_INDEX && role != ROLE_VIEW && role != ROLE_SAME_SCALE;
}

/* The operators' types in the order of their first node. */
static void list_types(const Graph *graph, Text *text) {
  for (int n = 0; n < graph->node_count; n++) {
    bool seen = false;
    for (int m = 0; m < n && !seen; m++) seen = strcmp(graph->nodes[m]->type, graph->nodes[n]->type) == 0;
    if (!seen) text_add(text, "%s%s", text->length > 0 ? ", " : "", graph->nodes[n]->type);
  }
}

static const char *nearest_name(const Graph *graph, const char *pattern) {
  size_t count = 0, room = (size_t)graph->node_count * 3 + 1;
  const char **names = calloc(room, sizeof *names), *nearest = NULL;
  if (names == NULL) return NULL;
  for (int n = 0; n < graph->node_count; n++) {
    const Node *node = graph->nodes[n];
    names[count++] = node->name;
    names[count++] = node->type;
    if (node->output_count > 0 && node->outputs[0] != NULL) names[count++] = node->outputs[0]->name;
  }
  int found = text_nearest(pattern, names, (int)count);
  if (found >= 0) nearest = names[found];
  free(names);
  return nearest;
}

static Status fail_unmatched(const Graph *graph, const char *option, const char *pattern, Error *err) {
  const char *nearest = nearest_name(graph, pattern);
  if (nearest != NULL)
    return fail(err, BAD_USAGE, "--%s %s matches no node; did you mean '%s'?", option, pattern, nearest);
  Text types = {0};
  list_types(graph, &types);
  Status status = fail(err, BAD_USAGE,
                       "--%s %s matches no node; name a node, one of its outputs or an operator (here: %s)",
                       option, pattern, types.failed || types.length == 0 ? "none" : types.bytes);
  text_free(&types);
  return status;
}

/* A pattern must name something, and something that can be chosen. */
static Status check_pattern(const Graph *graph, const char *option, const char *pattern, Error *err) {
  const Node *moving = NULL;
  for (int n = 0; n < graph->node_count; n++) {
    if (!matches(pattern, graph->nodes[n])) continue;
    if (can_be_chosen(graph->nodes[n])) return OK;
    moving = graph->nodes[n];
  }
  if (moving == NULL) return fail_unmatched(graph, option, pattern, err);
  return fail(err, BAD_USAGE,
              "--%s %s: '%s' (%s) only moves values, in the form of its neighbours; name what computes",
              option, pattern, moving->name, moving->type);
}

static Status check_patterns(const Graph *graph, const char *option, const char *const *patterns, int count,
                             Error *err) {
  for (int i = 0; i < count; i++) TRY(check_pattern(graph, option, patterns[i], err));
  return OK;
}

/* The first pattern of the list that matches, or NULL. */
static const char *first_match(const Node *node, const char *const *patterns, int count) {
  for (int i = 0; i < count; i++)
    if (matches(patterns[i], node)) return patterns[i];
  return NULL;
}

/* ---- float or not ---- */

/* The product or sum with which this node becomes one instruction: NULL where there is none. */
static const Node *leader_of(const Node *node) {
  OpRole role = op_role(node, NULL);
  for (int i = 0; i < node->input_count; i++) {
    const Value *value = node->inputs[i];
    if (value == NULL || value->producer == NULL || !value_has_one_user(value)) continue;
    OpRole before = op_role(value->producer, NULL);
    if (role == ROLE_TABLE &&
        (before == ROLE_LINEAR || before == ROLE_SUM || before == ROLE_PRODUCT || before == ROLE_PICK))
      return value->producer;
    if (role == ROLE_SUM && node_is(value->producer, "MatMul") && node_constant(node, 1 - i) != NULL)
      return value->producer;
  }
  return NULL;
}

/* What the patterns say of a node itself: NULL if nothing. `is_named`: by any of them. */
static Status named_reason(Graph *graph, const Node *node, const NodeChoices *choices, const char **reason,
                           bool *is_named, Error *err) {
  const char *excluded = first_match(node, choices->exclude, choices->exclude_count);
  bool is_included = first_match(node, choices->include, choices->include_count) != NULL;
  *reason = NULL;
  *is_named = excluded != NULL || is_included;
  if (excluded != NULL) {
    *reason = arena_format(&graph->arena, err, "excluded by --exclude %s", excluded);
    return *reason == NULL ? err->status : OK;
  }
  if (choices->include_count > 0 && !is_included) *reason = "not chosen by --include";
  return OK;
}

static Status choose_node(Graph *graph, Node *node, const NodeChoices *choices, Error *err) {
  bool is_named;
  const char *reason;
  TRY(named_reason(graph, node, choices, &reason, &is_named, err));
  const Node *leader = is_named ? NULL : leader_of(node);
  if (leader != NULL) {
    reason = NULL;
    if (leader->float_reason != NULL) {
      reason = leader_of(leader) != NULL
                   ? leader->float_reason
                   : arena_format(&graph->arena, err, "goes with its input: %s", leader->float_reason);
      if (reason == NULL) return err->status;
    }
  }
  if (reason != NULL) node->float_reason = reason;
  return OK;
}

/* In the order of the nodes: a leader is decided before what goes with it. */
static Status choose_float(Graph *graph, const NodeChoices *choices, Error *err) {
  for (int n = 0; n < graph->node_count; n++)
    if (can_be_chosen(graph->nodes[n])) TRY(choose_node(graph, graph->nodes[n], choices, err));
  return OK;
}

/* ---- bits ---- */

static Status weights_of(const Node *node, bool *has_weights, Error *err) {
  LinearForm form;
  *has_weights = node_is(node, "Gather") && float_scheme_form(node, &form);
  if (*has_weights) return OK;
  if (op_role(node, NULL) != ROLE_LINEAR || node->op->linear == NULL) return OK;
  TRY(node->op->linear(node, &form, err));
  *has_weights = node_constant(node, form.weight) != NULL;
  return OK;
}

static Status choose_weight_bits(Graph *graph, const BitsChoice *choice, Error *err) {
  const Node *other = NULL;
  int chosen = 0;
  for (int n = 0; n < graph->node_count; n++) {
    bool has_weights;
    Node *node = graph->nodes[n];
    if (!matches(choice->pattern, node)) continue;
    TRY(weights_of(node, &has_weights, err));
    if (has_weights) {
      node->weight_bits = choice->bits;
      chosen++;
    } else {
      other = node;
    }
  }
  if (chosen > 0) return OK;
  if (other == NULL) return fail_unmatched(graph, "bits-for", choice->pattern, err);
  return fail(err, BAD_USAGE, "--bits-for %s=%d: '%s' (%s) has no constant weights that could have %d bits",
              choice->pattern, choice->bits, other->name, other->type, choice->bits);
}

/* Whether they can have them is seen when their tensors are planned. */
static Status choose_activation_bits(Graph *graph, const BitsChoice *choice, Error *err) {
  TRY(check_pattern(graph, "bits-for", choice->pattern, err));
  for (int n = 0; n < graph->node_count; n++)
    if (matches(choice->pattern, graph->nodes[n]) && can_be_chosen(graph->nodes[n]))
      graph->nodes[n]->activation_bits = choice->activation_bits;
  return OK;
}

static Status choose_bits(Graph *graph, const BitsChoice *choice, Error *err) {
  if (choice->bits > 0) TRY(choose_weight_bits(graph, choice, err));
  return choice->activation_bits > 0 ? choose_activation_bits(graph, choice, err) : OK;
}

Status quantize_choose(Graph *graph, const NodeChoices *choices, Error *err) {
  TRY(check_patterns(graph, "exclude", choices->exclude, choices->exclude_count, err));
  TRY(check_patterns(graph, "include", choices->include, choices->include_count, err));
  TRY(choose_float(graph, choices, err));
  for (int i = 0; i < choices->bits_count; i++) TRY(choose_bits(graph, &choices->bits[i], err));
  return OK;
}
