#include "prune/blocks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Block {
  Node *add;
  Value *skip, *result; /* x, and what reads like x where the block is gone */
  int stage;
  bool removed;
} Block;

typedef struct Stage {
  int first, count; /* its blocks that could go */
  int lead;         /* 1: what leads into it counts too */
  int kept;         /* of count + lead */
} Stage;

typedef struct Search {
  Graph *graph;
  int *inside; /* by node: the number of the branch that it was last found in, or 0 */
  int *owner;  /* by node: the block, plus 1, that it is part of; 0: none */
  Node **stack;
  int branch;
  Block *blocks;
  int block_count;
  Stage *stages;
  int stage_count;
} Search;

/* ---- finding ---- */

/* Puts the node that makes `value` on the stack, if it is new; false where the branch would not be made from
   `skip` and constants alone, or holds another block. */
static bool visit(Search *search, const Value *value, const Value *skip, int *depth, bool *reached) {
  if (value == NULL || value->constant != NULL) return true;
  if (value == skip) {
    *reached = true;
    return true;
  }
  Node *node = value->producer;
  if (node == NULL || search->owner[node->index] > 0) return false;
  if (skip->producer != NULL && node->index < skip->producer->index) return false;
  if (search->inside[node->index] == search->branch) return true;
  search->inside[node->index] = search->branch;
  search->stack[(*depth)++] = node;
  return true;
}

/* Marks the nodes between `skip` and `end`. */
static bool walk_branch(Search *search, const Value *end, const Value *skip) {
  int depth = 0;
  bool reached = false;
  search->branch++;
  if (!visit(search, end, skip, &depth, &reached) || depth == 0) return false;
  while (depth > 0) {
    const Node *node = search->stack[--depth];
    for (int a = 0; a < node->attribute_count; a++)
      if (node->attributes[a].graph != NULL) return false; /* may read anything */
    for (int i = 0; i < node->input_count; i++)
      if (!visit(search, node->inputs[i], skip, &depth, &reached)) return false;
  }
  return reached;
}

static bool is_inside(const Search *search, const Node *node) {
  return search->inside[node->index] == search->branch;
}

/* Is all that the branch makes read by it and the Add alone? */
static bool is_closed(const Search *search, const Node *add) {
  for (int n = 0; n < add->index; n++) {
    const Node *node = search->graph->nodes[n];
    for (int o = 0; is_inside(search, node) && o < node->output_count; o++) {
      const Value *output = node->outputs[o];
      if (output == NULL) continue;
      if (output->is_output) return false;
      for (int u = 0; u < output->user_count; u++)
        if (output->users[u] != add && !is_inside(search, output->users[u])) return false;
    }
  }
  return true;
}

static bool same_shape(const Value *a, const Value *b) {
  return a->has_shape && b->has_shape && shape_equals(&a->shape, &b->shape);
}

/* The same activation before and behind: applied once more, nothing changes, so it may go with the block. */
static Value *result_of(const Node *add, const Value *skip) {
  Value *sum = add->outputs[0];
  if (!value_has_one_user(sum) || skip->producer == NULL) return sum;
  const Node *after = sum->users[0], *before = skip->producer;
  bool same = after->op->role == ROLE_TABLE && after->input_count == before->input_count &&
              strcmp(after->type, before->type) == 0 && after->attribute_count == before->attribute_count;
  for (int i = 1; same && i < after->input_count; i++) same = after->inputs[i] == before->inputs[i];
  return same && !after->outputs[0]->is_output ? after->outputs[0] : sum;
}

static void find_block(Search *search, Node *add) {
  for (int i = 0; i < 2; i++) {
    Value *skip = add->inputs[i], *end = add->inputs[1 - i];
    if (!same_shape(skip, end) || !same_shape(skip, add->outputs[0])) continue;
    if (skip->constant != NULL || end->constant != NULL || add->outputs[0]->is_output) continue;
    if (!walk_branch(search, end, skip) || !is_closed(search, add)) continue;
    int number = search->block_count++;
    search->blocks[number] = (Block){.add = add, .skip = skip, .result = result_of(add, skip)};
    search->owner[add->index] = number + 1;
    for (int n = 0; n < add->index; n++)
      if (is_inside(search, search->graph->nodes[n])) search->owner[n] = number + 1;
    return;
  }
}

static void find_stages(Search *search) {
  for (int b = 0; b < search->block_count; b++) {
    bool follows = b > 0 && search->blocks[b].skip == search->blocks[b - 1].result;
    if (!follows) {
      search->stages[search->stage_count] = (Stage){.first = b, .lead = search->stage_count > 0};
      search->stages[search->stage_count].kept = search->stages[search->stage_count].lead;
      search->stage_count++;
    }
    Stage *stage = &search->stages[search->stage_count - 1];
    search->blocks[b].stage = search->stage_count - 1;
    stage->count++;
    stage->kept++;
  }
}

/* ---- choosing ---- */

/* Stages lose blocks one at a time: always the one that has most, the last of several. */
static void choose_counts(Search *search, int drop) {
  for (; drop > 0; drop--) {
    Stage *most = NULL;
    for (int s = 0; s < search->stage_count; s++)
      if (search->stages[s].kept > 1 && (most == NULL || search->stages[s].kept >= most->kept))
        most = &search->stages[s];
    if (most == NULL) return;
    most->kept--;
  }
}

/* Of a stage, the kept ones are spread evenly; the first is one of them. */
static void choose_blocks(Search *search, const Stage *stage) {
  int all = stage->count + stage->lead;
  for (int b = 0; b < stage->count; b++) search->blocks[stage->first + b].removed = true;
  for (int k = 0; k < stage->kept; k++) {
    int kept = k * all / stage->kept - stage->lead;
    if (kept >= 0) search->blocks[stage->first + kept].removed = false;
  }
}

static Status choose(Search *search, double share, BlockReport *report, Error *err) {
  int most = 0;
  for (int s = 0; s < search->stage_count; s++) {
    const Stage *stage = &search->stages[s];
    report->blocks += stage->count + stage->lead;
    most += stage->count + stage->lead - 1;
  }
  report->found = search->block_count;
  if (most == 0)
    return fail(
        err, BAD_INPUT,
        "no residual block can be taken out: there is none that adds to its own input, besides the first "
        "of a stage");
  int keep = (int)fmax(1, round(share * report->blocks));
  choose_counts(search, report->blocks - keep);
  for (int s = 0; s < search->stage_count; s++) choose_blocks(search, &search->stages[s]);
  return OK;
}

/* ---- taking out ---- */

static Status take_out(Search *search, BlockReport *report, Error *err) {
  Graph *graph = search->graph;
  report->names = arena_new(&graph->arena, (size_t)search->block_count, sizeof *report->names, err);
  if (report->names == NULL) return err->status;
  for (int b = search->block_count - 1; b >= 0; b--) { /* from behind: what a block reads is still there */
    Block *block = &search->blocks[b];
    if (!block->removed) continue;
    report->names[report->removed++] = block->add->name;
    graph_replace_value(graph, block->result, block->skip);
    if (block->result != block->add->outputs[0]) node_remove(block->result->producer);
    for (int n = 0; n < graph->node_count; n++)
      if (search->owner[n] == b + 1) node_remove(graph->nodes[n]);
  }
  return OK;
}

static Status search_new(Search *search, Graph *graph, Error *err) {
  size_t count = (size_t)graph->node_count + 1;
  *search = (Search){.graph = graph,
                     .inside = calloc(count, sizeof *search->inside),
                     .owner = calloc(count, sizeof *search->owner),
                     .stack = calloc(count, sizeof *search->stack),
                     .blocks = calloc(count, sizeof *search->blocks),
                     .stages = calloc(count, sizeof *search->stages)};
  bool whole = search->inside != NULL && search->owner != NULL && search->stack != NULL &&
               search->blocks != NULL && search->stages != NULL;
  return whole ? OK : fail_memory(err);
}

static void search_free(Search *search) {
  free(search->inside);
  free(search->owner);
  free(search->stack);
  free(search->blocks);
  free(search->stages);
}

static Status remove_blocks(Search *search, double share, BlockReport *report, Error *err) {
  Graph *graph = search->graph;
  for (int n = 0; n < graph->node_count; n++)
    if (node_is(graph->nodes[n], "Add") && graph->nodes[n]->input_count == 2)
      find_block(search, graph->nodes[n]);
  find_stages(search);
  TRY(choose(search, share, report, err));
  TRY(take_out(search, report, err));
  TRY(graph_sweep(graph, err));
  TRY(op_bind_graph(graph, err));
  return op_infer_graph(graph, err);
}

Status blocks_remove(Graph *graph, double share, BlockReport *report, Error *err) {
  Search search;
  *report = (BlockReport){0};
  Status status = search_new(&search, graph, err);
  if (status == OK) status = remove_blocks(&search, share, report, err);
  search_free(&search);
  return status;
}
