/* plane.h - padded copies of channels for the convolutions: with their padding around them, and the columns
   of a stride brought together, so that a tap reads neighbouring floats whatever the stride and no loop asks
   for borders. */
#ifndef OPERATORS_CONV_PLANE_H
#define OPERATORS_CONV_PLANE_H

#include "operators/conv/conv_case.h"

/* `rows` rows of `phases` phases, each `pitch` floats. */
typedef struct Plane {
  float *data; /* of the caller; zeroed before the first plane_fill() */
  int64_t rows, phases, pitch;
  int64_t *offsets; /* of each tap, from the begin of an output row's first input row; of the caller */
} Plane;

/* The sizes; rows of outputs are taken as a multiple of `block` wide. False where huge pads and strides would
   make a plane that is much larger than what it serves. */
bool plane_sizes(const ConvCase *c, int64_t block, Plane *plane);
void plane_offsets(const ConvCase *c, const Plane *plane);
/* Copies a channel into the plane, whose padding stays as it is. */
void plane_fill(const ConvCase *c, const Plane *plane, const float *x);

static inline int64_t plane_floats(const Plane *plane) {
  return plane->rows * plane->phases * plane->pitch;
}
/* Floats between the first inputs of two rows of outputs. */
static inline int64_t plane_row_step(const ConvCase *c, const Plane *plane) {
  return c->window.axes[1].stride * plane->phases * plane->pitch;
}

#endif
