/* body.h - the bodies of a graph's control-flow nodes: each has its own interpreter and knows what it takes
   from the graph around it. Inside interpreter/. */
#ifndef INTERPRETER_BODY_H
#define INTERPRETER_BODY_H

#include "interpreter/interpreter.h"

/* A value of the body that stands for one of the graph around it: indices of both. */
typedef struct Capture {
  int inner, outer;
} Capture;

typedef struct Body {
  const Node *node; /* whose attribute it is */
  Interpreter *interpreter;
  Capture *captures;
  int capture_count;
} Body;

typedef struct Bodies {
  Body *list; /* in the order of the nodes */
  int count;
  size_t capacity;
} Bodies;

/* `bodies` zeroed. To be freed after failure too. */
Status bodies_new(Bodies *bodies, const Graph *graph, Error *err);
void bodies_free(Bodies *bodies);
/* The number of the body that `graph` is; it must be one of them. */
int bodies_find(const Bodies *bodies, const Graph *graph);

#endif
