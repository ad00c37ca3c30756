#include "operators/sample_body.h"

#include <ctype.h>
#include <stdlib.h>

#define BODY_MAX_PORTS 8

typedef struct BodyReader {
  Graph *graph;
  const char *at;
  Error *err;
} BodyReader;

static Status broken(const BodyReader *r, const char *what) {
  return fail(r->err, BAD_USAGE, "sample: %s at '%s'", what, r->at);
}

static bool skip(BodyReader *r, char c) {
  if (*r->at != c) return false;
  r->at++;
  return true;
}

/* A name, kept in the body's arena; NULL where there is none. */
static const char *read_name(BodyReader *r) {
  size_t n = 0;
  while (isalnum((unsigned char)r->at[n]) || r->at[n] == '_') n++;
  if (n == 0) {
    (void)broken(r, "no name");
    return NULL;
  }
  const char *name = arena_text_of(&r->graph->arena, r->at, n, r->err);
  r->at += n;
  return name;
}

static Status read_shape(BodyReader *r, Shape *shape) {
  *shape = SHAPE_SCALAR;
  if (!skip(r, '[')) return broken(r, "'[' is missing");
  while (isdigit((unsigned char)*r->at) && shape->rank < GRAPH_MAX_RANK) {
    char *end;
    shape->dims[shape->rank++] = strtoll(r->at, &end, 10);
    r->at = end;
    if (!skip(r, ',')) break;
  }
  return skip(r, ']') ? OK : broken(r, "']' is missing");
}

static Status read_input(BodyReader *r) {
  const char *name = read_name(r);
  if (name == NULL) return r->err->status;
  if (!skip(r, ':')) return broken(r, "':' is missing");
  size_t n = 0;
  while (isalnum((unsigned char)r->at[n])) n++;
  ElementType type = sample_type(r->at, n);
  if (type == ELEMENT_NONE) return broken(r, "no element type");
  r->at += n;
  Shape shape;
  TRY(read_shape(r, &shape));
  return graph_add_input(r->graph, name, type, &shape, r->err) != NULL ? OK : r->err->status;
}

/* The value of that name; one that is new stands for the one of the graph around. */
static Value *value_named(BodyReader *r, const char *name) {
  Value *value = graph_find_value(r->graph, name);
  return value != NULL ? value : graph_add_value(r->graph, name, r->err);
}

/* Names up to one that no comma follows. */
static Status read_values(BodyReader *r, Value **values, int *count) {
  *count = 0;
  do {
    if (*count == BODY_MAX_PORTS) return broken(r, "too many names");
    const char *name = read_name(r);
    values[*count] = name != NULL ? value_named(r, name) : NULL;
    if (values[(*count)++] == NULL) return r->err->status;
  } while (skip(r, ','));
  return OK;
}

static Status read_node(BodyReader *r) {
  Value *outputs[BODY_MAX_PORTS], *inputs[BODY_MAX_PORTS];
  int output_count, input_count;
  TRY(read_values(r, outputs, &output_count));
  if (!skip(r, '=')) return broken(r, "'=' is missing");
  const char *op = read_name(r);
  if (op == NULL) return r->err->status;
  if (!skip(r, '(')) return broken(r, "'(' is missing");
  TRY(read_values(r, inputs, &input_count));
  if (!skip(r, ')')) return broken(r, "')' is missing");
  Node *node =
      graph_add_node(r->graph, outputs[0]->name, "", op, inputs, input_count, outputs, output_count, r->err);
  return node != NULL ? OK : r->err->status;
}

static Status read_parts(BodyReader *r) {
  if (!skip(r, '(')) return broken(r, "'(' is missing");
  while (*r->at != '|') {
    TRY(read_input(r));
    if (!skip(r, ',')) break;
  }
  if (!skip(r, '|')) return broken(r, "'|' is missing");
  while (*r->at != '|') {
    TRY(read_node(r));
    if (!skip(r, ';')) break;
  }
  if (!skip(r, '|')) return broken(r, "'|' is missing");
  Value *outputs[BODY_MAX_PORTS];
  int count;
  TRY(read_values(r, outputs, &count));
  for (int i = 0; i < count; i++) TRY(graph_add_output(r->graph, outputs[i], r->err));
  return skip(r, ')') ? graph_refresh(r->graph, r->err) : broken(r, "')' is missing");
}

Status sample_body(const char **at, Graph *outer, Graph **body, Error *err) {
  BodyReader r = {.graph = graph_new(err), .at = *at, .err = err};
  *body = NULL;
  if (r.graph == NULL) return err->status;
  r.graph->outer = outer;
  Status status = read_parts(&r);
  if (status != OK) {
    graph_free(r.graph);
    return status;
  }
  *at = r.at;
  *body = r.graph;
  return OK;
}
