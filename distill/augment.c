#include "distill/augment.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef struct Picture {
  int64_t channels, height, width;
} Picture;

static bool needs_picture(const AugmentOptions *options) {
  return options->flip || options->shift > 0 || options->rotate > 0 || options->cutout > 0;
}

bool augment_any(const AugmentOptions *options) {
  return needs_picture(options) || options->noise > 0 || options->mixup > 0;
}

static int64_t square_root(int64_t pixels) {
  int64_t side = (int64_t)(sqrt((double)pixels) + 0.5);
  return side * side == pixels ? side : 0;
}

/* A vector as a picture: of the size that is asked for, channel after channel; else one square. */
static bool vector_picture(const AugmentOptions *options, int64_t pixels, Picture *picture) {
  int64_t width = options->width > 0 ? options->width : square_root(pixels);
  if (width <= 0 || pixels % width != 0) return false;
  int64_t rows = pixels / width, height = options->height > 0 ? options->height : rows;
  *picture = (Picture){rows / height, height, width};
  return rows % height == 0;
}

/* Is it one row of values, whatever dims of 1 stand in front? */
static bool is_vector(const Shape *form) {
  return form->rank > 0 && shape_product(form, 0, form->rank - 1) == 1;
}

static bool is_asked_size(const AugmentOptions *options, const Picture *picture) {
  return (options->width <= 0 || options->width == picture->width) &&
         (options->height <= 0 || options->height == picture->height);
}

static bool picture_of(const AugmentOptions *options, const Shape *form, Picture *picture) {
  if (shape_elements(form) <= 0) return false;
  int first = 0;
  while (first < form->rank - 1 && form->dims[first] == 1 && form->rank - first != 3) first++;
  int rank = form->rank - first;
  if (rank == 1 || (options->width > 0 && is_vector(form)))
    return vector_picture(options, form->dims[form->rank - 1], picture);
  if (rank != 2 && rank != 3) return false;
  const Dim *dims = form->dims + form->rank - 2;
  *picture = (Picture){rank == 3 ? form->dims[first] : 1, dims[0], dims[1]};
  return is_asked_size(options, picture);
}

static const char *what_needs_picture(const AugmentOptions *options) {
  return options->flip         ? "--flip"
         : options->shift > 0  ? "--shift"
         : options->rotate > 0 ? "--rotate"
                               : "--cutout";
}

static Status fail_picture(const AugmentOptions *options, const Shape *form, Error *err) {
  Text text = {0};
  shape_print(&text, form, NULL);
  const char *option = what_needs_picture(options);
  Status status =
      options->width > 0
          ? fail(err, BAD_USAGE,
                 "%s: samples of the shape %s are no pictures of %" PRId64 " x %" PRId64
                 " pixels (width x height) as --picture says; give the size that they have",
                 option, text.bytes, options->width, options->height)
          : fail(err, BAD_USAGE,
                 "%s changes pictures, and samples of the shape %s are none; --picture WIDTH,HEIGHT says how "
                 "a vector is one",
                 option, text.bytes);
  text_free(&text);
  return status;
}

Status augment_check(const AugmentOptions *options, const Shape *form, Error *err) {
  Picture picture;
  if (!needs_picture(options) || picture_of(options, form, &picture)) return OK;
  return fail_picture(options, form, err);
}

/* ---- the changes ---- */

static void flip(const Picture *p, float *sample) {
  for (int64_t row = 0; row < p->channels * p->height; row++) {
    float *x = sample + row * p->width;
    for (int64_t i = 0, j = p->width - 1; i < j; i++, j--) {
      float left = x[i];
      x[i] = x[j];
      x[j] = left;
    }
  }
}

static void shift(const Picture *p, int64_t down, int64_t right, float fill, float *sample, float *scratch) {
  for (int64_t c = 0, at = 0; c < p->channels; c++)
    for (int64_t y = 0; y < p->height; y++)
      for (int64_t x = 0; x < p->width; x++, at++) {
        int64_t from_y = y - down, from_x = x - right;
        bool inside = from_y >= 0 && from_y < p->height && from_x >= 0 && from_x < p->width;
        scratch[at] = inside ? sample[(c * p->height + from_y) * p->width + from_x] : fill;
      }
  memcpy(sample, scratch, (size_t)(p->channels * p->height * p->width) * sizeof *sample);
}

static double pixel(const Picture *p, const float *plane, int64_t y, int64_t x, double fill) {
  return y >= 0 && y < p->height && x >= 0 && x < p->width ? (double)plane[y * p->width + x] : fill;
}

static double between(const Picture *p, const float *plane, double y, double x, double fill) {
  double top = floor(y), left = floor(x), down = y - top, right = x - left;
  int64_t row = (int64_t)top, column = (int64_t)left;
  double above =
      pixel(p, plane, row, column, fill) * (1 - right) + pixel(p, plane, row, column + 1, fill) * right;
  double below = pixel(p, plane, row + 1, column, fill) * (1 - right) +
                 pixel(p, plane, row + 1, column + 1, fill) * right;
  return above * (1 - down) + below * down;
}

/* Sine and cosine are rounded to float, which takes away the last bits, in which C libraries differ. */
static void rotate(const Picture *p, double degrees, double fill, float *sample, float *scratch) {
  double angle = degrees * 3.14159265358979323846 / 180, c = (float)cos(angle), s = (float)sin(angle);
  double middle_y = (double)(p->height - 1) / 2, middle_x = (double)(p->width - 1) / 2;
  for (int64_t plane = 0, at = 0; plane < p->channels; plane++)
    for (int64_t row = 0; row < p->height; row++)
      for (int64_t column = 0; column < p->width; column++, at++) {
        double y = (double)row - middle_y, x = (double)column - middle_x;
        scratch[at] = (float)between(p, sample + plane * p->height * p->width, middle_y + c * y - s * x,
                                     middle_x + s * y + c * x, fill);
      }
  memcpy(sample, scratch, (size_t)(p->channels * p->height * p->width) * sizeof *sample);
}

/* A square around any pixel, so that part of it may lie outside. */
static void cut_out(const AugmentOptions *options, const Picture *p, Random *random, float *sample) {
  int64_t shorter = p->height < p->width ? p->height : p->width;
  int64_t side = (int64_t)(options->cutout * (double)shorter + 0.5);
  int64_t top = (int64_t)random_below(random, (uint64_t)p->height) - side / 2;
  int64_t left = (int64_t)random_below(random, (uint64_t)p->width) - side / 2;
  for (int64_t c = 0; c < p->channels; c++)
    for (int64_t y = top < 0 ? 0 : top; y < top + side && y < p->height; y++)
      for (int64_t x = left < 0 ? 0 : left; x < left + side && x < p->width; x++)
        sample[(c * p->height + y) * p->width + x] = (float)options->fill;
}

static int64_t within(Random *random, int64_t most) {
  return (int64_t)random_below(random, 2 * (uint64_t)most + 1) - most;
}

static void change_picture(const AugmentOptions *options, const Picture *p, Random *random, float *sample,
                           float *scratch) {
  if (options->flip && random_below(random, 2) == 1) flip(p, sample);
  if (options->rotate > 0)
    rotate(p, (2 * random_unit(random) - 1) * options->rotate, options->fill, sample, scratch);
  if (options->shift > 0) {
    int64_t down = within(random, options->shift), right = within(random, options->shift);
    shift(p, down, right, (float)options->fill, sample, scratch);
  }
  if (options->cutout > 0) cut_out(options, p, random, sample);
}

void augment_sample(const AugmentOptions *options, const Shape *form, Random *random, float *sample,
                    float *scratch) {
  Picture picture;
  if (needs_picture(options) && picture_of(options, form, &picture))
    change_picture(options, &picture, random, sample, scratch);
  int64_t count = options->noise > 0 ? shape_elements(form) : 0;
  for (int64_t i = 0; i < count; i++) sample[i] += (float)(options->noise * random_normal(random));
}

/* ---- mixup ---- */

/* Uniform in (0, 1]: its logarithm is finite. */
static double positive_unit(Random *random) {
  return 1 - random_unit(random);
}

/* Beta(alpha, alpha) of alpha up to 1 by Johnk (1964): powers u and v of uniform numbers, until their sum is
   at most 1. In logarithms, because the powers of small alphas are too small for a double. */
static double beta_of_small(double alpha, Random *random) {
  for (;;) {
    double u = log(positive_unit(random)), v = log(positive_unit(random));
    if (exp(u / alpha) + exp(v / alpha) <= 1) return 1 / (1 + exp((v - u) / alpha));
  }
}

/* Of alpha above 1 by Cheng (1978, algorithm BA), where Johnk's would nearly always draw again. */
static double beta_of_large(double alpha, Random *random) {
  double gamma = alpha + sqrt(alpha);
  for (;;) {
    double first = positive_unit(random), second = positive_unit(random);
    if (first >= 1) continue;
    double v = log(first / (1 - first)) / sqrt(alpha), w = alpha * exp(v);
    double bound = 2 * alpha * log(2 * alpha / (alpha + w)) + gamma * v - log(4);
    if (bound >= log(first * first * second)) return w / (alpha + w);
  }
}

double augment_mixup_weight(const AugmentOptions *options, Random *random) {
  if (!(options->mixup > 0)) return 1;
  return options->mixup > 1 ? beta_of_large(options->mixup, random) : beta_of_small(options->mixup, random);
}

void augment_mix(float *sample, const float *other, int64_t count, double lambda) {
  float own = (float)lambda, rest = 1.0f - own;
  for (int64_t i = 0; i < count; i++) sample[i] = own * sample[i] + rest * other[i];
}
