#ifndef EXAMPLES_DIGIT_GLYPHS_H
#define EXAMPLES_DIGIT_GLYPHS_H

/* The ideal shapes of the digits, before anything is perturbed. */

#define GLYPH_STROKES 3
#define STROKE_POINTS 12

/* x to the right, y down; in a glyph both run from 0 to 1 over its box. */
typedef struct Point {
  double x, y;
} Point;

typedef enum StrokeKind {
  STROKE_LINES,  /* straight from point to point */
  STROKE_CURVE,  /* a smooth curve through the points */
  STROKE_CLOSED, /* a smooth curve that returns to its first point */
} StrokeKind;

typedef struct Stroke {
  StrokeKind kind;
  int count; /* points used; 0: no stroke */
  Point points[STROKE_POINTS];
} Stroke;

/* One way to write one digit. */
typedef struct Glyph {
  Stroke strokes[GLYPH_STROKES];
} Glyph;

/* The number of ways to write `digit` (0 to 9), at least 1. */
int digit_glyph_count(int digit);

/* Way `variant` (below digit_glyph_count) to write `digit`. */
const Glyph *digit_glyph(int digit, int variant);

#endif
