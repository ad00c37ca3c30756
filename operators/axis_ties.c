/* The places of a graph and which are tied: a union-find whose root is the lowest place. */
#include "operators/axes.h"

#include <stdlib.h>

typedef struct Place {
  int32_t parent; /* itself: a root */
  bool made;      /* of roots, as what follows */
  const Node *stopper;
  const char *stop; /* NULL: the places may go */
} Place;

struct AxisTies {
  const Graph *graph;
  int value_count, node_count;
  int64_t *first; /* by value: the first place of its axis 0; one more at the end */
  int *spoken;    /* by value and axis: the last node, plus 1, whose rules spoke of it */
  Place *places;
  int64_t count;
  AxisMaker *makers; /* by node; without a weight: none */
};

int64_t axis_size(const Value *value, int axis) {
  if (value == NULL || !value->has_shape || axis < 0 || axis >= value->shape.rank) return 0;
  return dim_is_known(value->shape.dims[axis]) ? value->shape.dims[axis] : 0;
}

int64_t axis_places(const AxisTies *ties) {
  return ties->count;
}

static bool is_known(const AxisTies *ties, const Value *value) {
  return value != NULL && value->index < ties->value_count && ties->graph->values[value->index] == value;
}

int64_t axis_first_place(const AxisTies *ties, const Value *value, int axis) {
  if (!is_known(ties, value) || axis_size(value, axis) == 0) return -1;
  int64_t place = ties->first[value->index];
  for (int d = 0; d < axis; d++) place += axis_size(value, d);
  return place;
}

int64_t axis_root(const AxisTies *ties, int64_t place) {
  while (ties->places[place].parent != place) place = ties->places[place].parent;
  return place;
}

/* axis_root() that makes the next way shorter. */
static int64_t find(AxisTies *ties, int64_t place) {
  Place *places = ties->places;
  while (places[place].parent != place) {
    places[place].parent = places[places[place].parent].parent;
    place = places[place].parent;
  }
  return place;
}

bool axis_root_made(const AxisTies *ties, int64_t root) {
  return ties->places[root].made;
}

const char *axis_root_stop(const AxisTies *ties, int64_t root, const Node **node) {
  *node = ties->places[root].stopper;
  return ties->places[root].stop;
}

const AxisMaker *axis_maker(const AxisTies *ties, const Node *node) {
  const AxisMaker *maker = &ties->makers[node->index];
  return maker->weight == NULL ? NULL : maker;
}

static void join(AxisTies *ties, int64_t a, int64_t b) {
  a = find(ties, a);
  b = find(ties, b);
  if (a == b) return;
  int64_t low = a < b ? a : b, high = a < b ? b : a;
  Place *root = &ties->places[low], *other = &ties->places[high];
  other->parent = (int32_t)low;
  root->made |= other->made;
  if (root->stop == NULL) root->stop = other->stop, root->stopper = other->stopper;
}

/* ---- what rules say ---- */

const Value *rules_in(const AxisRules *rules, int i) {
  return node_input(rules->node, i);
}

const Value *rules_out(const AxisRules *rules, int i) {
  return i < rules->node->output_count ? rules->node->outputs[i] : NULL;
}

static int *spoken_of(AxisTies *ties, const Value *value, int axis) {
  return &ties->spoken[value->index * GRAPH_MAX_RANK + axis];
}

/* False where there is nothing to say: the axis has no places. */
static bool speak(AxisRules *rules, const Value *value, int axis) {
  if (axis_first_place(rules->ties, value, axis) < 0) return false;
  *spoken_of(rules->ties, value, axis) = rules->node->index + 1;
  return true;
}

static void stop(AxisTies *ties, const Value *value, int axis, const Node *node, const char *why) {
  int64_t first = axis_first_place(ties, value, axis), size = axis_size(value, axis);
  for (int64_t i = 0; first >= 0 && i < size; i++) {
    Place *root = &ties->places[find(ties, first + i)];
    if (root->stop == NULL) root->stop = why, root->stopper = node;
  }
}

void axis_stop(AxisRules *rules, const Value *value, int axis, const char *why) {
  if (speak(rules, value, axis)) stop(rules->ties, value, axis, rules->node, why);
}

void axis_free(AxisRules *rules, const Value *value, int axis) {
  speak(rules, value, axis);
}

void axis_same_place(AxisRules *rules, const Value *a, int axis_a, int64_t place_a, const Value *b,
                     int axis_b, int64_t place_b) {
  if (!speak(rules, a, axis_a) || !speak(rules, b, axis_b)) return;
  if (place_a >= axis_size(a, axis_a) || place_b >= axis_size(b, axis_b)) return;
  join(rules->ties, axis_first_place(rules->ties, a, axis_a) + place_a,
       axis_first_place(rules->ties, b, axis_b) + place_b);
}

void axis_same_range(AxisRules *rules, const Value *a, int axis_a, int64_t from_a, const Value *b, int axis_b,
                     int64_t from_b, int64_t count) {
  if (!speak(rules, a, axis_a) || !speak(rules, b, axis_b)) return;
  int64_t first_a = axis_first_place(rules->ties, a, axis_a), size_a = axis_size(a, axis_a);
  int64_t first_b = axis_first_place(rules->ties, b, axis_b), size_b = axis_size(b, axis_b);
  for (int64_t i = 0; i < count && from_a + i < size_a && from_b + i < size_b; i++)
    join(rules->ties, first_a + from_a + i, first_b + from_b + i);
}

void axis_same(AxisRules *rules, const Value *a, int axis_a, const Value *b, int axis_b) {
  if (a == NULL || b == NULL) return;
  int64_t size = axis_size(a, axis_a);
  if (size > 0 && size == axis_size(b, axis_b)) {
    axis_same_range(rules, a, axis_a, 0, b, axis_b, 0, size);
    return;
  }
  axis_stop(rules, a, axis_a, "does not say what becomes of them, since a shape is not known");
  axis_stop(rules, b, axis_b, "does not say where they are from, since a shape is not known");
}

void axis_made(AxisRules *rules, const Value *weight, int weight_axis, const Value *out, int out_axis) {
  axis_same(rules, weight, weight_axis, out, out_axis);
  int64_t first = axis_first_place(rules->ties, weight, weight_axis), size = axis_size(weight, weight_axis);
  if (first < 0 || weight->constant == NULL) return;
  for (int64_t i = 0; i < size; i++) rules->ties->places[find(rules->ties, first + i)].made = true;
  rules->ties->makers[rules->node->index] = (AxisMaker){
      .node = rules->node, .weight = weight, .out = out, .weight_axis = weight_axis, .out_axis = out_axis};
}

/* ---- the whole graph ---- */

static void stop_all(AxisTies *ties, const Value *value, const Node *node, const char *why) {
  for (int d = 0; value != NULL && value->has_shape && d < value->shape.rank; d++)
    stop(ties, value, d, node, why);
}

/* Of axes that the node's rules did not speak of. */
static void stop_unspoken(AxisTies *ties, const Node *node, const Value *value) {
  static const char works[] = "works along them", unknown[] = "does not say how its axes are tied";
  for (int d = 0; value != NULL && value->has_shape && d < value->shape.rank; d++)
    if (*spoken_of(ties, value, d) != node->index + 1)
      stop(ties, value, d, node, node->op->axes == NULL ? unknown : works);
}

/* What bodies take from around them stays whole. */
static void stop_captured(AxisTies *ties, const Node *node) {
  for (int a = 0; a < node->attribute_count; a++) {
    const Graph *body = node->attributes[a].graph;
    for (int v = 0; body != NULL && v < body->value_count; v++)
      if (value_is_captured(body->values[v]))
        stop_all(ties, graph_find_value(ties->graph, body->values[v]->name), node,
                 "reads them in the graph of a branch or loop");
  }
}

static void ask(AxisTies *ties, const Node *node) {
  AxisRules rules = {node, node->params, ties};
  if (node->op->axes != NULL) node->op->axes(&rules);
  for (int i = 0; i < node->input_count; i++) stop_unspoken(ties, node, node->inputs[i]);
  for (int i = 0; i < node->output_count; i++) stop_unspoken(ties, node, node->outputs[i]);
  stop_captured(ties, node);
}

static Status number_places(AxisTies *ties, Error *err) {
  for (int v = 0; v < ties->value_count; v++) {
    const Value *value = ties->graph->values[v];
    ties->first[v] = ties->count;
    for (int d = 0; value->has_shape && d < value->shape.rank; d++) {
      if (axis_size(value, d) > AXES_MOST_PLACES - ties->count)
        return fail(err, UNSUPPORTED, "the axes of the model's tensors have more than %lld indices together",
                    (long long)AXES_MOST_PLACES);
      ties->count += axis_size(value, d);
    }
  }
  return OK;
}

static Status make_places(AxisTies *ties, Error *err) {
  TRY(number_places(ties, err));
  ties->places = malloc((size_t)(ties->count + 1) * sizeof *ties->places);
  if (ties->places == NULL) return fail_memory(err);
  for (int64_t i = 0; i < ties->count; i++) ties->places[i] = (Place){.parent = (int32_t)i};
  return OK;
}

Status axis_ties_new(AxisTies **result, const Graph *graph, Error *err) {
  AxisTies *ties = calloc(1, sizeof *ties);
  *result = ties;
  if (ties == NULL) return fail_memory(err);
  *ties = (AxisTies){.graph = graph, .value_count = graph->value_count, .node_count = graph->node_count};
  ties->first = calloc((size_t)graph->value_count + 1, sizeof *ties->first);
  ties->spoken = calloc((size_t)graph->value_count * GRAPH_MAX_RANK + 1, sizeof *ties->spoken);
  ties->makers = calloc((size_t)graph->node_count + 1, sizeof *ties->makers);
  Status status = ties->first == NULL || ties->spoken == NULL || ties->makers == NULL
                      ? fail_memory(err)
                      : make_places(ties, err);
  if (status != OK) {
    axis_ties_free(ties);
    *result = NULL;
    return status;
  }
  for (int i = 0; i < graph->input_count; i++)
    stop_all(ties, graph->inputs[i], NULL, "an input of the model");
  for (int n = 0; n < graph->node_count; n++) ask(ties, graph->nodes[n]);
  for (int i = 0; i < graph->output_count; i++)
    stop_all(ties, graph->outputs[i], NULL, "an output of the model");
  return OK;
}

void axis_ties_free(AxisTies *ties) {
  if (ties == NULL) return;
  free(ties->first);
  free(ties->spoken);
  free(ties->places);
  free(ties->makers);
  free(ties);
}
