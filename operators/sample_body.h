/* sample_body.h - the bodies of control-flow nodes in the notation of samples.h. Inside operators/. */
#ifndef OPERATORS_SAMPLE_BODY_H
#define OPERATORS_SAMPLE_BODY_H

#include "graph/graph.h"

/* Reads "(inputs|nodes|outputs)" from *at, which then stands behind it. `outer` is the graph around it. On
   failure (BAD_USAGE with the place) there is nothing to free. */
Status sample_body(const char **at, Graph *outer, Graph **body, Error *err);

/* "f32" and the like; ELEMENT_NONE where the word is none. */
ElementType sample_type(const char *at, size_t length);

#endif
