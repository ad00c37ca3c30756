#include "examples/digit_image.h"

#include <math.h>

#include "examples/digit_glyphs.h"

/* How much varies, in pixels unless said otherwise. Chosen so that a small network gets most images right and
 * a few wrong: a data set on which everything scores 100% would hide what quantization costs. */
#define GLYPH_WIDTH 11.0
#define GLYPH_HEIGHT 17.0
#define POINT_JITTER 0.055     /* of the glyph's box, standard deviation of each control point */
#define HALF_TURN_TANGENT 0.10 /* tan(angle / 2), standard deviation: about 11 degrees */
#define SHEAR 0.16             /* standard deviation */
#define BEND 0.12              /* standard deviation of the quadratic warp, per half box */
#define SHIFT 3.0              /* largest */
#define CLUTTER_CHANCE 0.35    /* a stray line */
#define GAP_CHANCE 0.20        /* a stripe without ink */
#define CURVE_STEPS 8          /* straight pieces between two points of a curve */
#define MAX_PIECES (GLYPH_STROKES * STROKE_POINTS * CURVE_STEPS)

/* ---- random numbers: splitmix64, one stream an image ---- */

typedef struct Random {
  uint64_t state;
} Random;

static uint64_t next_bits(Random *random) {
  uint64_t z = random->state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static Random stream_of(uint64_t seed, uint64_t index) {
  Random of_seed = {seed};
  Random of_index = {next_bits(&of_seed) ^ index};
  return (Random){next_bits(&of_index)};
}

static double uniform(Random *random, double low, double high) {
  return low + (high - low) * ((double)(next_bits(random) >> 11) * 0x1p-53);
}

/* Close to normal with mean 0 and the given deviation: the sum of three uniforms, so never beyond 3
 * deviations. */
static double spread(Random *random, double deviation) {
  double sum = uniform(random, -1.0, 1.0);
  sum += uniform(random, -1.0, 1.0);
  sum += uniform(random, -1.0, 1.0);
  return sum * deviation; /* each term has variance 1/3 */
}

static int below(Random *random, int limit) {
  return (int)(next_bits(random) % (uint64_t)limit);
}

/* ---- from a glyph to straight pieces on the page ---- */

/* x' = m[0] x + m[1] y + m[2] (x y) + m[3] y^2 + m[4], and y' likewise with x^2 for y^2; x, y from -1 to 1.
 */
typedef struct Placement {
  double to_x[5], to_y[5];
} Placement;

typedef struct Piece {
  Point from, to;
} Piece;

typedef struct Drawing {
  int count;
  Piece pieces[MAX_PIECES];
} Drawing;

static Placement random_placement(Random *random) {
  double half = spread(random, HALF_TURN_TANGENT);
  double cosine = (1.0 - half * half) / (1.0 + half * half);
  double sine = 2.0 * half / (1.0 + half * half);
  double size = uniform(random, 0.75, 1.2);
  double width = 0.5 * GLYPH_WIDTH * size * uniform(random, 0.75, 1.25);
  double height = 0.5 * GLYPH_HEIGHT * size;
  double shear = spread(random, SHEAR);
  Placement p = {.to_x = {cosine * width, (shear * cosine - sine) * height},
                 .to_y = {sine * width, (shear * sine + cosine) * height}};
  for (int i = 2; i < 4; i++) {
    p.to_x[i] = spread(random, BEND) * width;
    p.to_y[i] = spread(random, BEND) * height;
  }
  p.to_x[4] = 0.5 * DIGIT_SIDE + uniform(random, -SHIFT, SHIFT);
  p.to_y[4] = 0.5 * DIGIT_SIDE + uniform(random, -SHIFT, SHIFT);
  return p;
}

static Point place(const Placement *p, Point glyph) {
  double x = 2.0 * glyph.x - 1.0, y = 2.0 * glyph.y - 1.0;
  const double *a = p->to_x, *b = p->to_y;
  return (Point){a[0] * x + a[1] * y + a[2] * x * y + a[3] * y * y + a[4],
                 b[0] * x + b[1] * y + b[2] * x * y + b[3] * x * x + b[4]};
}

/* The uniform Catmull-Rom spline: runs from b (t = 0) to c (t = 1), with a and d before and after them. */
static double catmull_rom(double a, double b, double c, double d, double t) {
  double linear = c - a;
  double square = 2.0 * a - 5.0 * b + 4.0 * c - d;
  double cube = 3.0 * (b - c) + d - a;
  return b + 0.5 * t * (linear + t * (square + t * cube));
}

/* Point `i` of a stroke; beyond its ends a closed one goes round and an open one stays. */
static Point control(const Stroke *stroke, int i) {
  int n = stroke->count;
  if (stroke->kind == STROKE_CLOSED) return stroke->points[(i + n) % n];
  return stroke->points[i < 0 ? 0 : i >= n ? n - 1 : i];
}

static Point on_curve(const Stroke *stroke, int i, double t) {
  Point a = control(stroke, i - 1), b = control(stroke, i), c = control(stroke, i + 1),
        d = control(stroke, i + 2);
  return (Point){catmull_rom(a.x, b.x, c.x, d.x, t), catmull_rom(a.y, b.y, c.y, d.y, t)};
}

static void add_stroke(Drawing *drawing, const Stroke *stroke, const Placement *placement) {
  int spans = stroke->kind == STROKE_CLOSED ? stroke->count : stroke->count - 1;
  Point last = place(placement, stroke->points[0]);
  for (int i = 0; i < spans; i++) {
    for (int step = 1; step <= CURVE_STEPS; step++) {
      double t = (double)step / CURVE_STEPS;
      Point b = control(stroke, i), c = control(stroke, i + 1);
      Point straight = {b.x + t * (c.x - b.x), b.y + t * (c.y - b.y)};
      Point next = place(placement, stroke->kind == STROKE_LINES ? straight : on_curve(stroke, i, t));
      drawing->pieces[drawing->count++] = (Piece){last, next};
      last = next;
    }
  }
}

static void draw_glyph(Drawing *drawing, const Glyph *glyph, Random *random) {
  Placement placement = random_placement(random);
  drawing->count = 0;
  for (int s = 0; s < GLYPH_STROKES && glyph->strokes[s].count > 0; s++) {
    Stroke stroke = glyph->strokes[s];
    for (int i = 0; i < stroke.count; i++) {
      stroke.points[i].x += spread(random, POINT_JITTER);
      stroke.points[i].y += spread(random, POINT_JITTER);
    }
    add_stroke(drawing, &stroke, &placement);
  }
}

/* ---- from pieces to pixels ---- */

static double square_distance(Piece piece, Point p) {
  double dx = piece.to.x - piece.from.x, dy = piece.to.y - piece.from.y;
  double px = p.x - piece.from.x, py = p.y - piece.from.y;
  double length = dx * dx + dy * dy;
  double t = length > 0.0 ? (px * dx + py * dy) / length : 0.0;
  t = t < 0.0 ? 0.0 : t > 1.0 ? 1.0 : t;
  px -= t * dx;
  py -= t * dy;
  return px * px + py * py;
}

/* How much of the ink of a pen with this half width lies at `distance` from its middle: 1 inside, 0 outside,
 * a smooth edge of `blur` to each side between. */
static double coverage(double distance, double half_width, double blur) {
  double t = (half_width + blur - distance) / (2.0 * blur);
  t = t < 0.0 ? 0.0 : t > 1.0 ? 1.0 : t;
  return t * t * (3.0 - 2.0 * t);
}

static void ink(double page[DIGIT_PIXELS], const Piece *pieces, int count, double half_width, double blur) {
  for (int i = 0; i < DIGIT_PIXELS; i++) {
    Point pixel = {i % DIGIT_SIDE + 0.5, i / DIGIT_SIDE + 0.5};
    double nearest = square_distance(pieces[0], pixel);
    for (int k = 1; k < count; k++) {
      double square = square_distance(pieces[k], pixel);
      if (square < nearest) nearest = square;
    }
    double ink_here = coverage(sqrt(nearest), half_width, blur);
    if (ink_here > page[i]) page[i] = ink_here;
  }
}

static Piece random_line(Random *random) {
  Piece line; /* one statement a number: C leaves the order within an initializer or a call open */
  line.from.x = uniform(random, 0.0, DIGIT_SIDE);
  line.from.y = uniform(random, 0.0, DIGIT_SIDE);
  line.to.x = line.from.x + uniform(random, -12.0, 12.0);
  line.to.y = line.from.y + uniform(random, -12.0, 12.0);
  return line;
}

static void erase(double page[DIGIT_PIXELS], Piece line, double half_width) {
  double hidden[DIGIT_PIXELS] = {0};
  ink(hidden, &line, 1, half_width, 0.6);
  for (int i = 0; i < DIGIT_PIXELS; i++) page[i] *= 1.0 - hidden[i];
}

/* Light, contrast and sensor noise: ink of 0 to 1 becomes grey of 0 to 255. */
static void expose(const double page[DIGIT_PIXELS], Random *random, uint8_t image[DIGIT_PIXELS]) {
  double dark = uniform(random, -30.0, 40.0);
  double light = uniform(random, 110.0, 255.0);
  double slope_x = uniform(random, -1.0, 1.0), slope_y = uniform(random, -1.0, 1.0);
  double noise = uniform(random, 0.0, 18.0);
  for (int i = 0; i < DIGIT_PIXELS; i++) {
    double shade = slope_x * (i % DIGIT_SIDE - DIGIT_SIDE / 2) + slope_y * (i / DIGIT_SIDE - DIGIT_SIDE / 2);
    double grey = dark + shade + page[i] * (light - dark) + spread(random, noise);
    image[i] = (uint8_t)(grey <= 0.0 ? 0.0 : grey >= 255.0 ? 255.0 : grey + 0.5);
  }
}

uint8_t draw_digit(uint64_t seed, uint64_t index, uint8_t image[DIGIT_PIXELS]) {
  Random random = stream_of(seed, index);
  int digit = below(&random, 10);
  Drawing drawing;
  draw_glyph(&drawing, digit_glyph(digit, below(&random, digit_glyph_count(digit))), &random);

  double page[DIGIT_PIXELS] = {0};
  double half_width = uniform(&random, 0.5, 1.7);
  double blur = uniform(&random, 0.5, 1.2);
  ink(page, drawing.pieces, drawing.count, half_width, blur);
  if (uniform(&random, 0.0, 1.0) < GAP_CHANCE) erase(page, random_line(&random), half_width);
  if (uniform(&random, 0.0, 1.0) < CLUTTER_CHANCE) {
    Piece line = random_line(&random);
    ink(page, &line, 1, 0.6 * half_width, blur);
  }
  expose(page, &random, image);
  return (uint8_t)digit;
}
