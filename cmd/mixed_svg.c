/* The front as a picture: bytes of the weights to the right, SQNR upwards. */
#include "cmd/mixed_job.h"

#include <math.h>

#define WIDTH 640
#define HEIGHT 400
#define MARGIN 60
#define TICKS 5

/* From numbers to places in the picture. */
typedef struct Axes {
  double least_x, most_x, least_y, most_y;
} Axes;

static double place_x(const Axes *axes, double x) {
  return MARGIN + (x - axes->least_x) / (axes->most_x - axes->least_x) * (WIDTH - 2 * MARGIN);
}

static double place_y(const Axes *axes, double y) {
  return HEIGHT - MARGIN - (y - axes->least_y) / (axes->most_y - axes->least_y) * (HEIGHT - 2 * MARGIN);
}

static double height_of(const MixedPoint *point) {
  double sqnr = damage_sqnr(point->is_measured ? point->measured.noise : point->predicted);
  return isfinite(sqnr) ? sqnr : 0;
}

static void include(Axes *axes, const MixedPoint *point) {
  double x = (double)point->plan.bytes, y = height_of(point);
  axes->least_x = fmin(axes->least_x, x);
  axes->most_x = fmax(axes->most_x, x);
  axes->least_y = fmin(axes->least_y, y);
  axes->most_y = fmax(axes->most_y, y);
}

static Axes axes_of(const Mixed *mixed) {
  Axes axes = {INFINITY, -INFINITY, INFINITY, -INFINITY};
  include(&axes, &mixed->chosen);
  for (int p = 0; p < mixed->point_count; p++) include(&axes, &mixed->points[p]);
  double room = fmax((axes.most_x - axes.least_x) * 0.05, 1);
  axes.least_x -= room;
  axes.most_x += room;
  axes.least_y = floor(axes.least_y) - 1;
  axes.most_y = ceil(axes.most_y) + 1;
  return axes;
}

static void draw_axes(const Axes *axes, Text *text) {
  char number[TEXT_NUMBER_ROOM];
  text_add(text, "<path d=\"M%d %d V%d H%d\" fill=\"none\" stroke=\"#888\"/>\n", MARGIN, MARGIN,
           HEIGHT - MARGIN, WIDTH - MARGIN);
  for (int i = 0; i <= TICKS; i++) {
    double x = axes->least_x + (axes->most_x - axes->least_x) * i / TICKS;
    double y = axes->least_y + (axes->most_y - axes->least_y) * i / TICKS;
    text_add(text, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", place_x(axes, x),
             HEIGHT - MARGIN + 18, text_bytes(number, x));
    text_add(text, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.1f</text>\n", MARGIN - 6,
             place_y(axes, y) + 4, y);
  }
  text_add(text, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">weights</text>\n", WIDTH / 2, HEIGHT - 14);
  text_add(text, "<text x=\"%d\" y=\"%d\">SQNR of the outputs, dB</text>\n", MARGIN, MARGIN - 12);
}

static void draw_point(const Axes *axes, const MixedPoint *point, const char *color, int radius, Text *text) {
  text_add(text, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%d\" fill=\"%s\"/>\n",
           place_x(axes, (double)point->plan.bytes), place_y(axes, height_of(point)), radius, color);
}

void mixed_svg(const MixedJob *job, Text *text) {
  const Mixed *mixed = job->mixed;
  Axes axes = axes_of(mixed);
  text_add(text,
           "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" "
           "font-size=\"12\">\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n",
           WIDTH, HEIGHT, WIDTH, HEIGHT);
  draw_axes(&axes, text);
  text_add(text, "<path fill=\"none\" stroke=\"#48c\" d=\"");
  for (int p = 0; p < mixed->point_count; p++)
    text_add(text, "%s%.1f %.1f", p == 0 ? "M" : " L", place_x(&axes, (double)mixed->points[p].plan.bytes),
             place_y(&axes, height_of(&mixed->points[p])));
  text_add(text, "\"/>\n");
  for (int p = 0; p < mixed->point_count; p++) draw_point(&axes, &mixed->points[p], "#48c", 3, text);
  draw_point(&axes, &mixed->chosen, "#d33", 6, text);
  text_add(text, "</svg>\n");
}
