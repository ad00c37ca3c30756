/* The front as a picture: bytes of the weights to the right, SQNR upwards. */
#include "cmd/chart.h"
#include "cmd/mixed_job.h"

#include <math.h>

#define WIDTH 640
#define HEIGHT 400
#define MARGIN 60

static ChartPoint place_of(const MixedPoint *point) {
  double sqnr = damage_sqnr(point->is_measured ? point->measured.noise : point->predicted);
  return (ChartPoint){.x = (double)point->plan.bytes, .y = isfinite(sqnr) ? sqnr : 0};
}

static ChartPanel panel_of(const Mixed *mixed, Text *text) {
  ChartPoint least = place_of(&mixed->chosen), most = least;
  for (int p = 0; p < mixed->point_count; p++) {
    ChartPoint place = place_of(&mixed->points[p]);
    least = (ChartPoint){fmin(least.x, place.x), fmin(least.y, place.y)};
    most = (ChartPoint){fmax(most.x, place.x), fmax(most.y, place.y)};
  }
  double room = fmax((most.x - least.x) * 0.05, 1);
  return (ChartPanel){.text = text,
                      .left = MARGIN,
                      .top = MARGIN,
                      .width = WIDTH - 2 * MARGIN,
                      .height = HEIGHT - 2 * MARGIN,
                      .x = chart_axis_exact(least.x - room, most.x + room, 7),
                      .y = chart_axis(least.y - 1, most.y + 1, 5)};
}

void mixed_svg(const MixedJob *job, Text *text) {
  const Mixed *mixed = job->mixed;
  chart_begin(text, WIDTH, HEIGHT);
  ChartPanel panel = panel_of(mixed, text);
  chart_frame(&panel);
  chart_label_x(&panel, "weights", text_bytes);
  chart_label_y(&panel, &panel.y, CHART_LEFT, "SQNR of the outputs, dB", "#222", NULL);
  for (int p = 1; p < mixed->point_count; p++) {
    ChartPoint ends[] = {place_of(&mixed->points[p - 1]), place_of(&mixed->points[p])};
    chart_line(&panel, &panel.y, ends, 2, CHART_BLUE, "");
  }
  for (int p = 0; p < mixed->point_count; p++)
    chart_dot(&panel, &panel.y, place_of(&mixed->points[p]), CHART_BLUE, 3);
  chart_dot(&panel, &panel.y, place_of(&mixed->chosen), CHART_RED, 6);
  chart_end(text);
}
