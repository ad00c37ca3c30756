#include "distill/augment.h"

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

/* A vector as a picture: of the size that is asked for, else square. */
static bool vector_picture(const AugmentOptions *options, int64_t pixels, Picture *picture) {
  int64_t side = square_root(pixels);
  picture->width = options->width > 0 ? options->width : side;
  picture->height = options->height > 0 ? options->height : side;
  int64_t size = picture->width * picture->height;
  picture->channels = size > 0 ? pixels / size : 0;
  return picture->channels > 0 && picture->channels * size == pixels;
}

static bool picture_of(const AugmentOptions *options, const Shape *form, Picture *picture) {
  int first = 0;
  while (first < form->rank - 1 && form->dims[first] == 1 && form->rank - first != 3) first++;
  const Dim *dims = form->dims + first;
  switch (form->rank - first) {
  case 1:
    return vector_picture(options, dims[0], picture);
  case 2:
    *picture = (Picture){1, dims[0], dims[1]};
    return true;
  case 3:
    *picture = (Picture){dims[0], dims[1], dims[2]};
    return true;
  default:
    return false;
  }
}

Status augment_check(const AugmentOptions *options, const Shape *form, Error *err) {
  Picture picture;
  if (!needs_picture(options) || picture_of(options, form, &picture)) return OK;
  Text text = {0};
  shape_print(&text, form, NULL);
  Status status =
      fail(err, BAD_USAGE,
           "--flip, --shift, --rotate and --cutout change pictures, and samples of the shape %s are "
           "none; --picture WIDTH,HEIGHT says how a vector is one",
           text.bytes);
  text_free(&text);
  return status;
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

static void rotate(const Picture *p, double degrees, double fill, float *sample, float *scratch) {
  double angle = degrees * 3.14159265358979323846 / 180, c = cos(angle), s = sin(angle);
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

/* Beta(alpha, alpha) by Johnk (1964): two powers of uniform numbers, until their sum is at most 1. */
double augment_mixup_weight(const AugmentOptions *options, Random *random) {
  if (options->mixup <= 0) return 1;
  for (int tries = 0; tries < 1000; tries++) {
    double u = pow(random_unit(random), 1 / options->mixup), v = pow(random_unit(random), 1 / options->mixup);
    if (u + v > 0 && u + v <= 1) return u / (u + v);
  }
  return 0.5; /* large alphas: nearly all shares are about a half */
}

void augment_mix(float *sample, const float *other, int64_t count, double lambda) {
  float own = (float)lambda, rest = 1.0f - own;
  for (int64_t i = 0; i < count; i++) sample[i] = own * sample[i] + rest * other[i];
}
