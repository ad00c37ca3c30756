/* non_max_suppression.c - NonMaxSuppression: the best boxes of each class that do not overlap too much. */
#include "operators/reals.h"
#include "operators/shape/content.h"

#include <math.h>
#include <stdlib.h>

typedef struct NmsParams {
  int64_t center_point_box; /* 0: two corners [y1, x1, y2, x2]; 1: [x, y, width, height] */
} NmsParams;

enum { IN_BOXES, IN_SCORES, IN_MOST, IN_OVERLAP, IN_SCORE };

static bool dims_differ(Dim a, Dim b) {
  return dim_is_known(a) && dim_is_known(b) && a != b;
}

static Status infer(Infer *infer) {
  const InferValue *boxes = &infer->in[IN_BOXES], *scores = &infer->in[IN_SCORES];
  if (boxes->has_shape && (boxes->shape.rank != 3 || dims_differ(boxes->shape.dims[2], 4)))
    return infer_fail(infer, "boxes must be [batch, boxes, 4]");
  if (scores->has_shape && scores->shape.rank != 3)
    return infer_fail(infer, "scores must be [batch, classes, boxes]");
  if (boxes->has_shape && scores->has_shape &&
      (dims_differ(boxes->shape.dims[0], scores->shape.dims[0]) ||
       dims_differ(boxes->shape.dims[1], scores->shape.dims[2])))
    return infer_fail(infer, "boxes and scores do not fit one another");
  for (int i = IN_MOST; i < infer->input_count; i++) {
    const InferValue *in = infer_input(infer, i);
    if (in != NULL && in->has_shape && shape_is_known(&in->shape) && shape_elements(&in->shape) != 1)
      return infer_fail(infer, "input %d must have one element", i);
  }
  return infer_open(infer, 0, ELEMENT_INT64); /* how many are found depends on the data */
}

typedef struct Box {
  double low[2], high[2], area;
} Box;

static Box box_at(const Run *run, int64_t i) {
  double v[4];
  Box box;
  for (int k = 0; k < 4; k++) v[k] = tensor_get(run->in[IN_BOXES], i * 4 + k);
  bool center = ((const NmsParams *)run->params)->center_point_box != 0;
  for (int k = 0; k < 2; k++) {
    double a = center ? v[k] - v[k + 2] / 2 : v[k], b = center ? v[k] + v[k + 2] / 2 : v[k + 2];
    box.low[k] = fmin(a, b);
    box.high[k] = fmax(a, b);
  }
  box.area = (box.high[0] - box.low[0]) * (box.high[1] - box.low[1]);
  return box;
}

/* Intersection over union. */
static double overlap(const Box *a, const Box *b) {
  double common = 1;
  for (int k = 0; k < 2; k++) {
    double side = fmin(a->high[k], b->high[k]) - fmax(a->low[k], b->low[k]);
    if (!(side > 0)) return 0;
    common *= side;
  }
  double all = a->area + b->area - common;
  return all > 0 ? common / all : 0;
}

typedef struct Candidate {
  double score;
  int64_t box;
} Candidate;

/* Best first; equal ones in their order. */
static int best_first(const void *left, const void *right) {
  const Candidate *a = left, *b = right;
  if (a->score != b->score) return a->score > b->score ? -1 : 1;
  return (a->box > b->box) - (a->box < b->box);
}

typedef struct Search {
  Run *run;
  int64_t boxes, classes, most;
  double overlap, score;
  bool has_score;
  Candidate *candidates;
  Box *kept;
  int64_t *found; /* batch, class, box of each */
  int64_t count;
} Search;

static void search_class(Search *s, int64_t line) {
  int64_t candidates = 0, kept = 0, batch = line / s->classes;
  for (int64_t i = 0; i < s->boxes; i++) {
    double score = tensor_get(s->run->in[IN_SCORES], line * s->boxes + i);
    if (!isnan(score) && (!s->has_score || score > s->score))
      s->candidates[candidates++] = (Candidate){score, i};
  }
  qsort(s->candidates, (size_t)candidates, sizeof *s->candidates, best_first);
  for (int64_t i = 0; i < candidates && kept < s->most; i++) {
    Box box = box_at(s->run, batch * s->boxes + s->candidates[i].box);
    bool is_free = true;
    for (int64_t k = 0; is_free && k < kept; k++) is_free = overlap(&box, &s->kept[k]) <= s->overlap;
    if (!is_free) continue;
    s->kept[kept++] = box;
    int64_t *to = s->found + 3 * s->count++;
    to[0] = batch;
    to[1] = line % s->classes;
    to[2] = s->candidates[i].box;
  }
}

static Status run_nms(Run *run) {
  const Shape *scores = &run->in[IN_SCORES]->shape;
  const Tensor *most = run_input(run, IN_MOST), *over = run_input(run, IN_OVERLAP);
  const Tensor *score = run_input(run, IN_SCORE);
  int64_t lines = scores->dims[0] * scores->dims[1];
  Search s = {.run = run, .boxes = scores->dims[2], .classes = scores->dims[1]};
  s.most = most != NULL ? tensor_get_integer(most, 0) : 0;
  if (s.most > s.boxes) s.most = s.boxes;
  if (s.most < 0) s.most = 0;
  s.overlap = over != NULL ? tensor_get(over, 0) : 0;
  s.has_score = score != NULL;
  if (s.has_score) s.score = tensor_get(score, 0);
  s.candidates = run_scratch(run, (size_t)s.boxes * sizeof *s.candidates);
  s.kept = run_scratch(run, (size_t)s.most * sizeof *s.kept);
  s.found = run_scratch(run, (size_t)lines * (size_t)s.most * 3 * sizeof *s.found);
  if (s.candidates == NULL || s.kept == NULL || s.found == NULL) return run->err->status;
  for (int64_t line = 0; line < lines; line++) search_class(&s, line);
  TRY(run_set_shape(run, 0, &SHAPE(s.count, 3)));
  for (int64_t i = 0; i < 3 * s.count; i++) tensor_set_integer(run->out[0], i, s.found[i]);
  return OK;
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(NmsParams, center_point_box, FIELD_INT, .otherwise = 0, .least = 0, .most = 1), {0}};

const Op op_NonMaxSuppression = {
    .name = "NonMaxSuppression",
    .brief = "Picks the best boxes of each class that do not overlap too much.",
    .versions = {{10, infer, run_nms, NULL}},
    .attributes = attributes,
    .params_bytes = sizeof(NmsParams),
    .inputs = {{"boxes", PORT_REQUIRED, ELEMENTS_FLOAT, "[batch, boxes, 4]"},
               {"scores", PORT_REQUIRED, ELEMENTS_FLOAT, "[batch, classes, boxes]"},
               {"max_output_boxes_per_class", PORT_OPTIONAL, ELEMENT_BIT(ELEMENT_INT64), "[]"},
               {"iou_threshold", PORT_OPTIONAL, ELEMENTS_FLOAT, "[]"},
               {"score_threshold", PORT_OPTIONAL, ELEMENTS_FLOAT, "[]"}},
    .outputs = {{"selected_indices", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_INT64), "[found, 3]"}},
    .grad_reason = "not differentiable: the result is an index",
    .role = ROLE_INDEX,
    .samples = {{"f32[2,6,4], f32[2,3,6], i64{4}!, f32{0.5}!, f32{0.1}!", ""},
                {"f32[1,5,4](0.1,1), f32[1,1,5], i64[]{9}", "center_point_box=1"},
                {"f32[1,5,4], f32[1,1,5]", ""}},
};
