/* make_digits: writes a data set of drawn digits as .npz, `x` the images and `y` the labels.
 *
 *   make_digits --count 2000 --seed 1 -o digits.npz
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "examples/digit_archive.h"
#include "examples/digit_image.h"

#define MAX_COUNT 1000000u
#define EXIT_USAGE 2

static const char usage[] = "usage: make_digits --count N --seed S -o FILE.npz\n"
                            "  --count N  images to draw, 1 to 1000000\n"
                            "  --seed S   an integer from 0; the same seed gives the same images\n"
                            "  -o FILE    where to write `x`, uint8 [N,1,28,28], and `y`, uint8 [N]\n";

typedef struct Options {
  uint64_t count, seed;
  const char *output;
} Options;

static bool parse_number(const char *text, uint64_t *value) {
  char *end;
  errno = 0;
  *value = strtoull(text, &end, 10);
  return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
}

static bool parse_option(const char *name, const char *value, Options *options) {
  if (strcmp(name, "--count") == 0) return parse_number(value, &options->count);
  if (strcmp(name, "--seed") == 0) return parse_number(value, &options->seed);
  if (strcmp(name, "-o") != 0) return false;
  options->output = value;
  return true;
}

static bool parse(int argc, char **argv, Options *options) {
  for (int i = 1; i < argc; i += 2)
    if (i + 1 == argc || !parse_option(argv[i], argv[i + 1], options)) return false;
  return options->count >= 1 && options->count <= MAX_COUNT && options->output != NULL;
}

static bool draw_and_write(const Options *options, uint8_t *images, uint8_t *labels) {
  size_t count = (size_t)options->count;
  for (size_t i = 0; i < count; i++) labels[i] = draw_digit(options->seed, i, images + i * DIGIT_PIXELS);
  Array arrays[] = {
      {"x", 4, {count, 1, DIGIT_SIDE, DIGIT_SIDE}, images},
      {"y", 1, {count}, labels},
  };
  return write_archive(options->output, arrays, 2);
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "--help") == 0)
    return fputs(usage, stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
  Options options = {.seed = 1};
  if (!parse(argc, argv, &options)) {
    fputs(usage, stderr);
    return EXIT_USAGE;
  }
  uint8_t *images = malloc((size_t)options.count * DIGIT_PIXELS);
  uint8_t *labels = malloc((size_t)options.count);
  bool written = images != NULL && labels != NULL && draw_and_write(&options, images, labels);
  if (!written) fprintf(stderr, "make_digits: cannot write '%s': %s\n", options.output, strerror(errno));
  free(images);
  free(labels);
  return written ? EXIT_SUCCESS : EXIT_FAILURE;
}
