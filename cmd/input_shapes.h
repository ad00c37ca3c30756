/* input_shapes.h - the shape of a model input for one sample, from what the model, the user and the data say.
 */
#ifndef CMD_INPUT_SHAPES_H
#define CMD_INPUT_SHAPES_H

#include "cmd/options.h"
#include "formats/data/data.h"
#include "graph/graph.h"

/* A model's input as it is declared. */
typedef struct InputPort {
  const char *name;
  ElementType type;
  bool has_shape;
  Shape shape; /* dims may be unknown */
} InputPort;

/* BAD_USAGE where --shape names an input that is none of these. */
Status input_shapes_check_names(const Options *options, const InputPort *ports, int count, Error *err);

/* A first dimension that is open is the batch: 1. Other open ones come from --shape, else from the data's
   dimensions, else from the number of elements. `form` is NULL without data. BAD_INPUT where a sample does
   not fit; BAD_USAGE where nothing settles a dimension. `rows` gets how many entries of the data's first axis
   a sample is: 1, or, where the input's first dimension is fixed and the entries behind it have the shape of
   its other dimensions, that dimension: an array of the input's whole shape is one sample. */
Status input_shape_settle(const Options *options, const InputPort *port, const DataForm *form,
                          DataLayout layout, const char *path, Shape *shape, int64_t *rows, Error *err);

#endif
