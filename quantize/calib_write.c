/* A .calib file's text. What calib_parse() reads of it and calib_write() writes again is the same, byte for
 * byte. */
#include "quantize/calib_file.h"

#include "quantize/calib_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNTS_A_LINE 16

/* With as many digits as are needed to read the same number again. */
static void add_number(Text *text, double number, bool is_float) {
  char digits[40];
  for (int precision = 1; precision <= 17; precision++) {
    snprintf(digits, sizeof digits, "%.*g", precision, number);
    double again = strtod(digits, NULL);
    if (is_float ? (double)(float)again == number : again == number) break;
  }
  text_add(text, "%s", digits);
}

/* What would end a line, or be lost in an editor, is written as \xHH. */
static void add_name(Text *text, const char *name) {
  for (const char *c = name; *c != '\0'; c++) {
    bool is_edge_blank = *c == ' ' && (c == name || c[1] == '\0');
    if ((unsigned char)*c < 0x20 || *c == 0x7f || *c == '\\' || is_edge_blank)
      text_add(text, "\\x%02x", (unsigned)(unsigned char)*c);
    else
      text_add(text, "%c", *c);
  }
}

/* A line begins with a bin that holds something and gives the counts from there on. */
static void write_bins(char mark, const CalibBin *bins, int count, Text *text) {
  for (int i = 0; i < count;) {
    int first = bins[i].number, next = first;
    text_add(text, "%c%d", mark, first);
    for (; i < count && bins[i].number < first + COUNTS_A_LINE; i++, next++) {
      for (; next < bins[i].number; next++) text_add(text, " 0");
      text_add(text, " %" PRIu64, bins[i].count);
    }
    text_add(text, "\n");
  }
}

static void write_tensor(const CalibTensor *tensor, Text *text) {
  const Histogram *seen = &tensor->seen;
  text_add(text, "\ntensor ");
  add_name(text, tensor->name);
  text_add(text, "\n");
  if (tensor->range.given) {
    text_add(text, "range ");
    add_number(text, tensor->range.low, false);
    text_add(text, " ");
    add_number(text, tensor->range.high, false);
    text_add(text, "\n");
  }
  text_add(text, "values %" PRId64 "\n", seen->count);
  if (seen->count == 0) return;
  text_add(text, "zeros %" PRId64 "\nlow ", seen->zeros);
  add_number(text, (double)seen->low, true);
  text_add(text, "\nhigh ");
  add_number(text, (double)seen->high, true);
  text_add(text, "\nexponent %d\nfirst %" PRId64 "\n", seen->exponent, seen->first);
  write_bins(CALIB_COUNTED, tensor->bins, tensor->bin_count, text);
  if (tensor->weighted == NULL) return;
  text_add(text, "weighted-zeros %" PRIu64 "\n", seen->weighted_zeros);
  write_bins(CALIB_WEIGHTED, tensor->weighted, tensor->bin_count, text);
}

void calib_write(const CalibFile *file, Text *text) {
  const CalibSource *source = &file->source;
  text_add(text, CALIB_FIRST_LINE
           "\n"
           "# What calibration has seen of each tensor. To set a range by hand, write a line\n"
           "#   range LOW HIGH\n"
           "# below the name of the tensor. Leave the rest as it is.\n");
  text_add(text, "model crc32 %08x bytes %" PRId64 "\n", source->model_crc, source->model_bytes);
  text_add(text, "data crc32 %08x bytes %" PRId64 "\n", source->data_crc, source->data_bytes);
  text_add(text, "setup ");
  add_name(text, source->setup);
  text_add(text, "\nsamples %" PRId64 "..%" PRId64 " of %" PRId64 "\n", source->from, source->to,
           source->total);
  for (int t = 0; t < file->count; t++) write_tensor(&file->tensors[t], text);
}
