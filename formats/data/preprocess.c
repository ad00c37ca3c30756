/* preprocess.c - from a sample of a file to a model's input. */
#include "formats/data/data.h"

#include <math.h>
#include <string.h>

/* Where the channels of a sample are once its layout is applied: `count` of them, each element's being
   (index / stride) % count. */
typedef struct Channels {
  int64_t count, stride;
} Channels;

static int channels_wanted(const Preprocess *preprocess) {
  return preprocess->mean_count > preprocess->std_count ? preprocess->mean_count : preprocess->std_count;
}

static bool is_first_axis(const Preprocess *preprocess, const DataForm *form) {
  if (preprocess->layout != LAYOUT_AS_IS) return preprocess->layout == LAYOUT_NHWC_TO_NCHW;
  return form->rank < 2 || form->dims[0] == channels_wanted(preprocess);
}

static Channels find_channels(const Preprocess *preprocess, const DataForm *form) {
  if (form->rank == 0) return (Channels){1, 1};
  bool first = is_first_axis(preprocess, form);
  /* A layout moves the channels from one end of the dims to the other. */
  bool first_in_file = preprocess->layout == LAYOUT_AS_IS ? first : !first;
  int64_t count = first_in_file ? form->dims[0] : form->dims[form->rank - 1];
  return (Channels){count, first ? form->elements / count : 1};
}

static bool values_fit(int count, int64_t channels) {
  return count == 0 || count == 1 || count == channels;
}

Status preprocess_check(const Preprocess *preprocess, const DataForm *form, Error *err) {
  if (preprocess->layout != LAYOUT_AS_IS && form->rank != 3)
    return fail(err, BAD_INPUT, "a change of layout needs samples of three axes, these have %d", form->rank);
  if (!isfinite(preprocess->scale)) return fail(err, BAD_USAGE, "the scale of the data is not finite");
  for (int i = 0; i < preprocess->std_count; i++)
    if (!(preprocess->std[i] > 0)) return fail(err, BAD_USAGE, "a standard deviation must be above 0");
  int64_t channels = find_channels(preprocess, form).count;
  if (!values_fit(preprocess->mean_count, channels) || !values_fit(preprocess->std_count, channels))
    return fail(err, BAD_INPUT,
                "%d values of mean or standard deviation fit no axis of the samples: give one, or "
                "one for each of their %lld channels",
                channels_wanted(preprocess), (long long)channels);
  return OK;
}

/* One channel's run of elements. */
static void normalise_run(double scale, double mean, double std, int64_t count, float *sample) {
  for (int64_t i = 0; i < count; i++) sample[i] = (float)(((double)sample[i] * scale - mean) / std);
}

static double value_of(const double *values, int count, int64_t channel, double without) {
  return count == 0 ? without : values[count > 1 ? channel : 0];
}

static void normalise(const Preprocess *preprocess, Channels channels, int64_t elements, float *sample) {
  int64_t stride = channels.stride;
  for (int64_t i = 0; i < elements; i += stride) {
    int64_t channel = i / stride % channels.count;
    normalise_run(preprocess->scale, value_of(preprocess->mean, preprocess->mean_count, channel, 0),
                  value_of(preprocess->std, preprocess->std_count, channel, 1), stride, sample + i);
  }
}

/* [rows, columns] becomes [columns, rows]; a pixel's channels are a row or a column of it. */
static void transpose(const float *from, int64_t rows, int64_t columns, float *to) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < columns; j++) to[j * rows + i] = from[i * columns + j];
}

void preprocess_apply(const Preprocess *preprocess, const DataForm *form, float *sample, float *scratch) {
  Channels channels = find_channels(preprocess, form);
  if (preprocess->layout != LAYOUT_AS_IS) {
    int64_t pixels = form->elements / channels.count;
    bool to_planes = preprocess->layout == LAYOUT_NHWC_TO_NCHW;
    memcpy(scratch, sample, (size_t)form->elements * sizeof *sample);
    transpose(scratch, to_planes ? pixels : channels.count, to_planes ? channels.count : pixels, sample);
  }
  if (channels_wanted(preprocess) <= 1) channels = (Channels){1, form->elements};
  if (preprocess->scale != 1 || channels_wanted(preprocess) > 0)
    normalise(preprocess, channels, form->elements, sample);
}
