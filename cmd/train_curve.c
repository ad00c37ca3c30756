#include "cmd/train_curve.h"

#include "cmd/chart.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define WIDTH 760
#define HEIGHT 520
#define SIDE 64
#define TOP 84
#define PLOT_HEIGHT 280
#define RATE_TOP 400
#define RATE_HEIGHT 64
#define DOTS_MOST 30 /* epochs whose points are seen */

#define OF_TRAINED "stroke-width=\"1.5\" stroke-dasharray=\"5 3\""
#define OF_HELD "stroke-width=\"2.2\""

/* What is drawn of each epoch. */
typedef enum Series { LOSS, HELD_LOSS, RIGHT, HELD_RIGHT, RATE, SERIES } Series;

static const struct {
  const char *words, *color, *style;
} looks[] = {
    [LOSS] = {"loss, trained on", CHART_BLUE, OF_TRAINED},
    [HELD_LOSS] = {"loss, held out", CHART_BLUE, OF_HELD},
    [RIGHT] = {"top-1, trained on", CHART_RED, OF_TRAINED},
    [HELD_RIGHT] = {"top-1, held out", CHART_RED, OF_HELD},
    [RATE] = {"learning rate", CHART_GREEN, "stroke-width=\"1.5\""},
};

typedef struct Curve {
  const TrainLog *log;
  ChartPoint *points; /* of one series */
  Text *text;
  ChartPanel plot, rates;
  ChartAxis percent;
} Curve;

static double value_of(const TrainEpoch *epoch, Series series) {
  switch (series) {
  case LOSS:
    return epoch->loss;
  case HELD_LOSS:
    return epoch->held_loss;
  case RIGHT:
    return epoch->right >= 0 ? epoch->right : NAN;
  case HELD_RIGHT:
    return epoch->held_right >= 0 ? epoch->held_right : NAN;
  default:
    return epoch->rate;
  }
}

/* Widens a range by what is finite; false where nothing is. */
static bool widen(const TrainLog *log, Series series, double *least, double *most) {
  bool any = false;
  for (size_t i = 0; i < log->count; i++) {
    double value = value_of(&log->epochs[i], series);
    if (!isfinite(value)) continue;
    *least = fmin(*least, value);
    *most = fmax(*most, value);
    any = true;
  }
  return any;
}

static ChartAxis axis_of(const TrainLog *log, Series first, Series second, int ticks) {
  double least = INFINITY, most = -INFINITY;
  widen(log, first, &least, &most);
  widen(log, second, &least, &most);
  if (least > 0 && least < most / 3) least = 0; /* near enough to be seen in proportion */
  return chart_axis(least, most, ticks);
}

static ChartAxis epochs_axis(const TrainLog *log) {
  double last = (double)log->epochs[log->count - 1].epoch, first = (double)log->epochs[0].epoch;
  ChartAxis axis = chart_axis_exact(first, last, 10);
  if (axis.step < 1) axis.step = 1;
  return axis;
}

static void set_panels(Curve *curve) {
  ChartPanel panel = {
      .text = curve->text, .left = SIDE, .width = WIDTH - 2 * SIDE, .x = epochs_axis(curve->log)};
  curve->plot = curve->rates = panel;
  curve->plot.top = TOP;
  curve->plot.height = PLOT_HEIGHT;
  curve->plot.y = axis_of(curve->log, LOSS, HELD_LOSS, 6);
  curve->rates.top = RATE_TOP;
  curve->rates.height = RATE_HEIGHT;
  curve->rates.y = axis_of(curve->log, RATE, RATE, 2);
  curve->percent = axis_of(curve->log, RIGHT, HELD_RIGHT, 6);
}

static bool has_series(const Curve *curve, Series series) {
  double least = INFINITY, most = -INFINITY;
  return widen(curve->log, series, &least, &most);
}

static void draw_series(const Curve *curve, const ChartPanel *panel, const ChartAxis *axis, Series series) {
  const TrainLog *log = curve->log;
  for (size_t i = 0; i < log->count; i++)
    curve->points[i] = (ChartPoint){(double)log->epochs[i].epoch, value_of(&log->epochs[i], series)};
  chart_line(panel, axis, curve->points, log->count, looks[series].color, looks[series].style);
  for (size_t i = 0; i < log->count && log->count <= DOTS_MOST; i++)
    chart_dot(panel, axis, curve->points[i], looks[series].color, 2);
}

static const char *percent_text(char *buffer, double value) {
  snprintf(buffer, TEXT_NUMBER_ROOM, "%g%%", value);
  return buffer;
}

static void draw_plot(const Curve *curve) {
  const ChartPanel *plot = &curve->plot;
  bool has_right = has_series(curve, RIGHT) || has_series(curve, HELD_RIGHT);
  double next = SIDE;
  for (Series s = LOSS; s <= HELD_RIGHT; s++)
    if (has_series(curve, s))
      next = chart_legend(curve->text, next, 52, looks[s].color, looks[s].style, looks[s].words);
  chart_frame(plot);
  chart_label_y(plot, &plot->y, CHART_LEFT, "loss", CHART_BLUE, NULL);
  if (has_right) chart_label_y(plot, &curve->percent, CHART_RIGHT, "top-1", CHART_RED, percent_text);
  for (Series s = LOSS; s <= HELD_RIGHT; s++)
    if (has_series(curve, s)) draw_series(curve, plot, s < RIGHT ? &plot->y : &curve->percent, s);
}

static void draw_rates(const Curve *curve) {
  chart_frame(&curve->rates);
  chart_label_x(&curve->rates, "epoch", NULL);
  chart_label_y(&curve->rates, &curve->rates.y, CHART_LEFT, "learning rate", CHART_GREEN, NULL);
  draw_series(curve, &curve->rates, &curve->rates.y, RATE);
}

Status train_curve_svg(const TrainLog *log, const char *title, int64_t written, Text *text, Error *err) {
  Curve curve = {.log = log, .text = text};
  if (log->count == 0) return fail(err, BAD_INPUT, "there is no epoch to draw");
  curve.points = calloc(log->count, sizeof *curve.points);
  if (curve.points == NULL) return fail_memory(err);
  chart_begin(text, WIDTH, HEIGHT);
  chart_text(text, WIDTH / 2.0, 26, "middle", "#222", title);
  set_panels(&curve);
  draw_plot(&curve);
  draw_rates(&curve);
  if (written > 0) {
    chart_mark(&curve.plot, (double)written, CHART_GREY);
    chart_mark(&curve.rates, (double)written, CHART_GREY);
  }
  chart_end(text);
  free(curve.points);
  return text_status(text, err);
}
