#include "cmd/chart.h"

#include "cmd/wrap.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define FONT_SIZE 12
#define LETTER 6.2     /* about as wide as one is on average */
#define MOST_TICKS 100 /* whatever the numbers are */

/* ---- the picture ---- */

void chart_begin(Text *text, int width, int height) {
  text_add(text,
           "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" "
           "font-size=\"%d\">\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n",
           width, height, FONT_SIZE, width, height);
}

void chart_end(Text *text) {
  text_add(text, "</svg>\n");
}

/* XML has no way to write most control characters. */
static void add_escaped(const char *words, Text *text) {
  for (const char *c = words; *c != '\0'; c++) {
    if (*c == '&')
      text_add(text, "&amp;");
    else if (*c == '<')
      text_add(text, "&lt;");
    else
      text_add(text, "%c", (unsigned char)*c < 0x20 ? '?' : *c);
  }
}

void chart_text(Text *text, double x, double y, const char *anchor, const char *color, const char *words) {
  text_add(text, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"%s\">", x, y, anchor, color);
  add_escaped(words, text);
  text_add(text, "</text>\n");
}

double chart_legend(Text *text, double x, double y, const char *color, const char *style, const char *words) {
  text_add(text, "<path d=\"M%.1f %.1f h22\" fill=\"none\" stroke=\"%s\" %s/>\n", x, y - 4, color, style);
  chart_text(text, x + 28, y, "start", "#222", words);
  return x + 28 + LETTER * wrap_columns(words, strlen(words)) + 18;
}

/* ---- axes ---- */

/* The least of 1, 2, 5, 10 ... times a power of ten that is not below. */
static double round_step(double least) {
  double power = pow(10, floor(log10(least))), share = least / power;
  return power * (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10);
}

ChartAxis chart_axis_exact(double least, double most, int ticks) {
  if (!isfinite(least) || !isfinite(most)) least = 0, most = 1;
  double room = fmax(fabs(least), fabs(most)) * 1e-6;
  if (most - least <= room) { /* one number: it stands in the middle */
    double half = least != 0 ? fabs(least) / 2 : 0.5;
    least -= half;
    most += half;
  }
  return (ChartAxis){.least = least, .most = most, .step = round_step((most - least) / ticks)};
}

ChartAxis chart_axis(double least, double most, int ticks) {
  ChartAxis axis = chart_axis_exact(least, most, ticks);
  axis.least = floor(axis.least / axis.step + 1e-9) * axis.step;
  axis.most = ceil(axis.most / axis.step - 1e-9) * axis.step;
  return axis;
}

static int tick_count(const ChartAxis *axis, double *first) {
  *first = ceil(axis->least / axis->step - 1e-9) * axis->step;
  double count = floor((axis->most - *first) / axis->step + 1e-9) + 1;
  return count < MOST_TICKS ? (int)count : MOST_TICKS;
}

static double place_x(const ChartPanel *panel, double x) {
  return panel->left + (x - panel->x.least) / (panel->x.most - panel->x.least) * panel->width;
}

static double place_y(const ChartPanel *panel, const ChartAxis *axis, double y) {
  return panel->top + panel->height - (y - axis->least) / (axis->most - axis->least) * panel->height;
}

static const char *shortest(char *buffer, double value) {
  snprintf(buffer, TEXT_NUMBER_ROOM, "%.6g", fabs(value) < 1e-300 ? 0 : value);
  return buffer;
}

void chart_frame(const ChartPanel *panel) {
  double first, right = panel->left + panel->width, bottom = panel->top + panel->height;
  int count = tick_count(&panel->x, &first);
  text_add(panel->text, "<path stroke=\"#e4e4e4\" d=\"");
  for (int i = 0; i < count; i++)
    text_add(panel->text, "M%.1f %.1f V%.1f ", place_x(panel, first + i * panel->x.step), panel->top, bottom);
  count = tick_count(&panel->y, &first);
  for (int i = 0; i < count; i++)
    text_add(panel->text, "M%.1f %.1f H%.1f ", panel->left,
             place_y(panel, &panel->y, first + i * panel->y.step), right);
  text_add(panel->text, "\"/>\n<path d=\"M%.1f %.1f V%.1f H%.1f\" fill=\"none\" stroke=\"#888\"/>\n",
           panel->left, panel->top, bottom, right);
}

void chart_label_x(const ChartPanel *panel, const char *title, ChartFormat format) {
  char number[TEXT_NUMBER_ROOM];
  double first, bottom = panel->top + panel->height;
  int count = tick_count(&panel->x, &first);
  for (int i = 0; i < count; i++) {
    double value = first + i * panel->x.step;
    if (fabs(value) < panel->x.step * 1e-6) value = 0;
    chart_text(panel->text, place_x(panel, value), bottom + 17, "middle", "#222",
               (format != NULL ? format : shortest)(number, value));
  }
  if (title != NULL)
    chart_text(panel->text, panel->left + panel->width / 2, bottom + 36, "middle", "#222", title);
}

void chart_label_y(const ChartPanel *panel, const ChartAxis *axis, ChartSide side, const char *title,
                   const char *color, ChartFormat format) {
  char number[TEXT_NUMBER_ROOM];
  double first, edge = side == CHART_LEFT ? panel->left - 7 : panel->left + panel->width + 7;
  const char *anchor = side == CHART_LEFT ? "end" : "start";
  int count = tick_count(axis, &first);
  for (int i = 0; i < count; i++) {
    double value = first + i * axis->step;
    if (fabs(value) < axis->step * 1e-6) value = 0;
    chart_text(panel->text, edge, place_y(panel, axis, value) + 4, anchor, color,
               (format != NULL ? format : shortest)(number, value));
  }
  if (title != NULL)
    chart_text(panel->text, side == CHART_LEFT ? panel->left : panel->left + panel->width, panel->top - 9,
               side == CHART_LEFT ? "start" : "end", color, title);
}

/* ---- what is drawn on them ---- */

void chart_line(const ChartPanel *panel, const ChartAxis *axis, const ChartPoint *points, size_t count,
                const char *color, const char *style) {
  bool is_broken = true;
  text_add(panel->text, "<path fill=\"none\" stroke=\"%s\" stroke-linejoin=\"round\" %s d=\"", color, style);
  for (size_t i = 0; i < count; i++) {
    bool is_there = isfinite(points[i].x) && isfinite(points[i].y);
    if (is_there)
      text_add(panel->text, "%s%.1f %.1f ", is_broken ? "M" : "L", place_x(panel, points[i].x),
               place_y(panel, axis, points[i].y));
    is_broken = !is_there;
  }
  text_add(panel->text, "\"/>\n");
}

void chart_dot(const ChartPanel *panel, const ChartAxis *axis, ChartPoint point, const char *color,
               double radius) {
  if (!isfinite(point.x) || !isfinite(point.y)) return;
  text_add(panel->text, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%g\" fill=\"%s\"/>\n", place_x(panel, point.x),
           place_y(panel, axis, point.y), radius, color);
}

void chart_mark(const ChartPanel *panel, double x, const char *color) {
  text_add(panel->text, "<path d=\"M%.1f %.1f V%.1f\" stroke=\"%s\" stroke-dasharray=\"2 3\"/>\n",
           place_x(panel, x), panel->top, panel->top + panel->height, color);
}
