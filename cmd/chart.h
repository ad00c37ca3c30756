/*
 * chart.h - line charts as SVG: panels with axes, ticks at round numbers, lines, marks, a legend.
 *
 *     chart_begin(&text, 640, 400);
 *     ChartPanel panel = {.text = &text, .left = 60, .top = 40, .width = 520, .height = 300,
 *                         .x = chart_axis(0, 97, 8), .y = chart_axis(0.1, 2.3, 5)};
 *     chart_frame(&panel);
 *     chart_label_x(&panel, "epoch", NULL);
 *     chart_label_y(&panel, &panel.y, CHART_LEFT, "loss", CHART_BLUE, NULL);
 *     chart_line(&panel, &panel.y, points, count, CHART_BLUE, "");
 *     chart_end(&text);
 */
#ifndef CMD_CHART_H
#define CMD_CHART_H

#include "base/base.h"

/* Colours that are told apart by those who do not see red or green (Okabe and Ito 2008). */
#define CHART_BLUE "#0072b2"
#define CHART_RED "#d55e00"
#define CHART_GREEN "#009e73"
#define CHART_GREY "#666"

typedef struct ChartAxis {
  double least, most, step; /* ticks at multiples of step */
} ChartAxis;

typedef struct ChartPoint {
  double x, y; /* one that is not finite is left out, and the line has a gap */
} ChartPoint;

typedef struct ChartPanel {
  Text *text;
  double left, top, width, height; /* in pixels */
  ChartAxis x, y;
} ChartPanel;

/* A number at a tick, into `buffer` of TEXT_NUMBER_ROOM. NULL stands for the shortest form. */
typedef const char *(*ChartFormat)(char *buffer, double value);

typedef enum ChartSide { CHART_LEFT, CHART_RIGHT } ChartSide;

void chart_begin(Text *text, int width, int height);
void chart_end(Text *text);

/* Round ends around a range, about `ticks` ticks. A range that is empty or not finite becomes one around it.
 */
ChartAxis chart_axis(double least, double most, int ticks);
/* The same ends as given: only the ticks are round. */
ChartAxis chart_axis_exact(double least, double most, int ticks);

/* The ground with grid lines at the ticks of x and y. */
void chart_frame(const ChartPanel *panel);
/* Numbers below the panel; `title` NULL: none. */
void chart_label_x(const ChartPanel *panel, const char *title, ChartFormat format);
/* Numbers beside the panel, of its own y axis or another one's. */
void chart_label_y(const ChartPanel *panel, const ChartAxis *axis, ChartSide side, const char *title,
                   const char *color, ChartFormat format);

/* `style`: more attributes of the path, such as stroke-width="2". */
void chart_line(const ChartPanel *panel, const ChartAxis *axis, const ChartPoint *points, size_t count,
                const char *color, const char *style);
void chart_dot(const ChartPanel *panel, const ChartAxis *axis, ChartPoint point, const char *color,
               double radius);
/* A line from top to bottom. */
void chart_mark(const ChartPanel *panel, double x, const char *color);
/* A text at a place in pixels; `anchor`: start, middle or end. It may hold anything. */
void chart_text(Text *text, double x, double y, const char *anchor, const char *color, const char *words);
/* A short line with words behind it; returns where the next one may begin. */
double chart_legend(Text *text, double x, double y, const char *color, const char *style, const char *words);

#endif
