/* Reads a .calib file. It may be edited, damaged or hostile: every number is checked before it is used, and a
   tensor's statistics must be such as could have been seen. Memory stays within a small multiple of the file.
 */
#include "quantize/calib_file.h"

#include "quantize/calib_text.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CALIB_MAX_BYTES ((size_t)1 << 30)
#define WORD_ROOM 64 /* longer is no number */

typedef struct Parser {
  CalibFile *file;
  const char *at, *end;        /* what is left of the file */
  const char *rest, *line_end; /* what is left of the line */
  int line;                    /* its number; 0 before the first one */
  bool has_line;               /* false: the file has ended */
  Error *err;
} Parser;

static Status wrong(Parser *parser, const char *what) {
  return fail(parser->err, BAD_INPUT, "%s: line %d: %s", parser->file->path, parser->line, what);
}

/* ---- lines and words ---- */

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blanks(Parser *parser) {
  while (parser->rest < parser->line_end && is_blank(*parser->rest)) parser->rest++;
}

/* To the next line that is neither empty nor a remark. */
static void next_line(Parser *parser) {
  while (parser->at < parser->end) {
    const char *newline = memchr(parser->at, '\n', (size_t)(parser->end - parser->at));
    parser->rest = parser->at;
    parser->line_end = newline == NULL ? parser->end : newline;
    parser->at = newline == NULL ? parser->end : newline + 1;
    parser->line++;
    skip_blanks(parser);
    while (parser->line_end > parser->rest && is_blank(parser->line_end[-1])) parser->line_end--;
    if (parser->rest < parser->line_end && *parser->rest != '#') return;
  }
  parser->has_line = false;
}

static bool is_at_end(Parser *parser) {
  skip_blanks(parser);
  return parser->rest == parser->line_end;
}

/* The next word into `word`; false where there is none or it is too long. */
static bool take_any(Parser *parser, char word[WORD_ROOM]) {
  skip_blanks(parser);
  size_t length = 0;
  while (parser->rest + length < parser->line_end && !is_blank(parser->rest[length])) length++;
  if (length == 0 || length >= WORD_ROOM || memchr(parser->rest, '\0', length) != NULL) return false;
  memcpy(word, parser->rest, length);
  word[length] = '\0';
  parser->rest += length;
  return true;
}

/* The next word if it is this one. */
static bool take(Parser *parser, const char *wanted) {
  char word[WORD_ROOM];
  const char *start = parser->rest;
  if (take_any(parser, word) && strcmp(word, wanted) == 0) return true;
  parser->rest = start;
  return false;
}

static bool take_count(Parser *parser, int64_t *number) {
  char word[WORD_ROOM];
  return take_any(parser, word) && text_to_int(word, number) && *number >= 0;
}

static bool take_int(Parser *parser, int64_t *number) {
  char word[WORD_ROOM];
  return take_any(parser, word) && text_to_int(word, number);
}

static bool take_number(Parser *parser, double *number) {
  char word[WORD_ROOM];
  return take_any(parser, word) && strchr(word, '%') == NULL && text_to_double(word, number);
}

static bool take_crc(Parser *parser, uint32_t *crc) {
  char word[WORD_ROOM], *end;
  if (!take_any(parser, word) || strlen(word) != 8 || strspn(word, "0123456789abcdef") != 8) return false;
  *crc = (uint32_t)strtoul(word, &end, 16);
  return true;
}

static int hex_digit(char c) {
  const char *digits = "0123456789abcdef", *at = c == '\0' ? NULL : strchr(digits, c);
  return at == NULL ? -1 : (int)(at - digits);
}

/* The rest of the line, in which \xHH stands for a byte. NULL: see the error. */
static const char *take_name(Parser *parser) {
  if (is_at_end(parser)) {
    wrong(parser, "there should be more on this line");
    return NULL;
  }
  size_t length = (size_t)(parser->line_end - parser->rest), used = 0;
  char *name = arena_new(&parser->file->arena, length + 1, 1, parser->err);
  for (const char *c = parser->rest; name != NULL && c < parser->line_end; c++) {
    bool is_escape = *c == '\\' && parser->line_end - c >= 4 && c[1] == 'x';
    int byte = is_escape ? hex_digit(c[2]) * 16 + hex_digit(c[3]) : (unsigned char)*c;
    bool is_bad = is_escape ? hex_digit(c[2]) < 0 || hex_digit(c[3]) < 0 : *c == '\\' || byte < 0x20;
    if (is_bad || byte == 0) {
      wrong(parser, "a name has a byte that must be written as \\xHH");
      return NULL;
    }
    name[used++] = (char)byte;
    if (is_escape) c += 3;
  }
  parser->rest = parser->line_end;
  return name;
}

/* ---- the head ---- */

static Status expect_file(Parser *parser, const char *what, uint32_t *crc, int64_t *bytes) {
  if (parser->has_line && take(parser, what) && take(parser, "crc32") && take_crc(parser, crc) &&
      take(parser, "bytes") && take_count(parser, bytes) && is_at_end(parser)) {
    next_line(parser);
    return OK;
  }
  return fail(parser->err, BAD_INPUT, "%s: line %d: '%s crc32 XXXXXXXX bytes N' should stand here",
              parser->file->path, parser->line, what);
}

static Status parse_setup(Parser *parser) {
  if (!parser->has_line || !take(parser, "setup")) return wrong(parser, "'setup ...' should stand here");
  parser->file->source.setup = take_name(parser);
  if (parser->file->source.setup == NULL) return parser->err->status;
  next_line(parser);
  return OK;
}

/* "0..64" */
static bool take_interval(Parser *parser, int64_t *from, int64_t *to) {
  char word[WORD_ROOM];
  if (!take_any(parser, word)) return false;
  char *dots = strstr(word, "..");
  if (dots == NULL) return false;
  *dots = '\0';
  return text_to_int(word, from) && text_to_int(dots + 2, to) && *from >= 0 && *from < *to;
}

static Status parse_samples(Parser *parser) {
  CalibSource *source = &parser->file->source;
  if (!parser->has_line || !take(parser, "samples") || !take_interval(parser, &source->from, &source->to) ||
      !take(parser, "of") || !take_count(parser, &source->total) || source->to > source->total ||
      !is_at_end(parser))
    return wrong(parser, "'samples FROM..TO of TOTAL' should stand here");
  next_line(parser);
  return OK;
}

static Status parse_head(Parser *parser) {
  CalibSource *source = &parser->file->source;
  next_line(parser);
  TRY(expect_file(parser, "model", &source->model_crc, &source->model_bytes));
  TRY(expect_file(parser, "data", &source->data_crc, &source->data_bytes));
  TRY(parse_setup(parser));
  return parse_samples(parser);
}

/* ---- a tensor ---- */

/* The lines that a tensor may have, but for counts. */
typedef enum Line {
  LINE_VALUES,
  LINE_ZEROS,
  LINE_LOW,
  LINE_HIGH,
  LINE_EXPONENT,
  LINE_FIRST,
  LINE_WEIGHTED_ZEROS,
  LINE_RANGE
} Line;
static const char *const line_words[] = {"values", "zeros",          "low",  "high", "exponent",
                                         "first",  "weighted-zeros", "range"};
enum { LINE_KINDS = sizeof line_words / sizeof line_words[0], LINES_SEEN = (1 << LINE_WEIGHTED_ZEROS) - 1 };

typedef struct Block {
  CalibTensor *tensor;
  Histogram seen;
  uint64_t counts[HISTOGRAM_BINS], weighted[HISTOGRAM_BINS];
  int lines;                 /* a bit each */
  int64_t bin, weighted_bin; /* those before them have been given */
} Block;

static bool take_float(Parser *parser, float *number) {
  double wide;
  if (!take_number(parser, &wide) || fabs(wide) > (double)FLT_MAX) return false;
  *number = (float)wide;
  return true;
}

static bool take_exponent(Parser *parser, int *exponent) {
  int64_t number;
  if (!take_int(parser, &number) || number < -1000 || number > 1000) return false;
  *exponent = (int)number;
  return true;
}

static bool take_range(Parser *parser, GivenRange *range) {
  range->given = true;
  return take_number(parser, &range->low) && take_number(parser, &range->high) && range->low < range->high;
}

static bool take_value(Parser *parser, Block *block, Line line) {
  Histogram *seen = &block->seen;
  int64_t zeros;
  switch (line) {
  case LINE_VALUES:
    return take_count(parser, &seen->count);
  case LINE_ZEROS:
    return take_count(parser, &seen->zeros);
  case LINE_LOW:
    return take_float(parser, &seen->low);
  case LINE_HIGH:
    return take_float(parser, &seen->high);
  case LINE_EXPONENT:
    return take_exponent(parser, &seen->exponent);
  case LINE_FIRST:
    return take_int(parser, &seen->first);
  case LINE_WEIGHTED_ZEROS:
    if (!take_count(parser, &zeros)) return false;
    seen->weighted_zeros = (uint64_t)zeros;
    return true;
  default:
    return take_range(parser, &block->tensor->range);
  }
}

/* "@100 3 0 5": the counts of bins 100, 101 and 102. The bins before `next` have been given. */
static Status parse_counts(Parser *parser, uint64_t *counts, int64_t *next) {
  parser->rest++;
  int64_t bin, count;
  if (!take_count(parser, &bin) || bin < *next)
    return wrong(parser, "bins must follow one another: '@BIN COUNT COUNT ...'");
  while (!is_at_end(parser)) {
    if (bin >= HISTOGRAM_BINS) return wrong(parser, "there are not so many bins");
    if (!take_count(parser, &count)) return wrong(parser, "a count should stand here");
    counts[bin++] = (uint64_t)count;
  }
  *next = bin;
  return OK;
}

static Status parse_line(Parser *parser, Block *block) {
  if (*parser->rest == CALIB_COUNTED) return parse_counts(parser, block->counts, &block->bin);
  if (*parser->rest == CALIB_WEIGHTED) return parse_counts(parser, block->weighted, &block->weighted_bin);
  for (int line = 0; line < LINE_KINDS; line++) {
    if (!take(parser, line_words[line])) continue;
    if (block->lines & 1 << line) return wrong(parser, "this is given twice for a tensor");
    block->lines |= 1 << line;
    if (take_value(parser, block, (Line)line) && is_at_end(parser)) return OK;
    return wrong(parser, line == LINE_RANGE ? "'range LOW HIGH' with LOW below HIGH should stand here"
                                            : "the number is missing or not possible");
  }
  return wrong(parser,
               "is none of: tensor, range, values, zeros, low, high, exponent, first, weighted-zeros, @BIN, "
               "*BIN");
}

static Status finish_block(Parser *parser, Block *block) {
  CalibTensor *tensor = block->tensor;
  bool is_weighted = (block->lines & 1 << LINE_WEIGHTED_ZEROS) != 0;
  int wanted = block->seen.count > 0 ? LINES_SEEN : 1 << LINE_VALUES;
  if (is_weighted) wanted |= 1 << LINE_WEIGHTED_ZEROS;
  block->seen.weighted = is_weighted ? block->weighted : NULL;
  const char *flaw = (block->lines & ~(1 << LINE_RANGE)) != wanted ? "lines are missing or too many"
                                                                   : histogram_flaw(&block->seen);
  bool has_counts = block->bin > 0 || block->weighted_bin > 0 || is_weighted;
  if (flaw == NULL && block->seen.count == 0 && has_counts) flaw = "it has counts of no values";
  if (flaw == NULL && !is_weighted && block->weighted_bin > 0) flaw = "lines are missing or too many";
  if (flaw != NULL)
    return fail(parser->err, BAD_INPUT, "%s: tensor '%s': %s", parser->file->path, tensor->name, flaw);
  return calib_compress(tensor, &block->seen, &parser->file->arena, parser->err);
}

static Status parse_tensor(Parser *parser, Block *block) {
  if (!take(parser, "tensor")) return wrong(parser, "'tensor NAME' should stand here");
  *block = (Block){.tensor = &parser->file->tensors[parser->file->count++]};
  histogram_init(&block->seen, block->counts);
  block->tensor->name = take_name(parser);
  if (block->tensor->name == NULL) return parser->err->status;
  next_line(parser);
  while (parser->has_line && !take(parser, "tensor")) {
    TRY(parse_line(parser, block));
    next_line(parser);
  }
  if (parser->has_line) parser->rest -= strlen("tensor"); /* the next one's */
  return finish_block(parser, block);
}

/* ---- the file ---- */

static bool begins_tensor(const char *line, const char *end) {
  while (line < end && is_blank(*line)) line++;
  return (size_t)(end - line) >= strlen("tensor") && memcmp(line, "tensor", strlen("tensor")) == 0;
}

/* As many as there are, at least. */
static size_t count_tensors(const Parser *parser) {
  size_t count = begins_tensor(parser->rest, parser->line_end); /* the line that is being read */
  for (const char *line = parser->at; line < parser->end;) {
    const char *newline = memchr(line, '\n', (size_t)(parser->end - line));
    const char *end = newline == NULL ? parser->end : newline;
    count += begins_tensor(line, end);
    line = newline == NULL ? end : newline + 1;
  }
  return count;
}

static Status parse_tensors(Parser *parser) {
  CalibFile *file = parser->file;
  file->tensors = arena_new(&file->arena, count_tensors(parser), sizeof *file->tensors, parser->err);
  Block *block = malloc(sizeof *block);
  Status status = OK;
  if (file->tensors == NULL || block == NULL) status = fail_memory(parser->err);
  while (status == OK && parser->has_line) status = parse_tensor(parser, block);
  free(block);
  if (status == OK && file->count == 0) status = wrong(parser, "there is no tensor");
  return status;
}

bool calib_is(const void *bytes, size_t size) {
  size_t length = strlen(CALIB_FIRST_LINE);
  const char *text = bytes;
  return size > length && memcmp(text, CALIB_FIRST_LINE, length) == 0 &&
         (text[length] == '\n' || text[length] == '\r');
}

Status calib_parse(CalibFile *file, const char *path, const void *bytes, size_t size, Error *err) {
  Error own = {0};
  *file = (CalibFile){.path = path};
  if (!calib_is(bytes, size))
    return fail(err, BAD_INPUT, "%s: is no .calib file: it does not begin with '%s'", path, CALIB_FIRST_LINE);
  if (size > CALIB_MAX_BYTES) return fail(err, BAD_INPUT, "%s: is too large for a .calib file", path);
  Parser parser = {.file = file, .at = bytes, .has_line = true, .err = err == NULL ? &own : err};
  parser.end = parser.at + size;
  parser.at = memchr(parser.at, '\n', size);
  if (parser.at == NULL) parser.at = parser.end;
  parser.line = 0;
  TRY(parse_head(&parser));
  return parse_tensors(&parser);
}
