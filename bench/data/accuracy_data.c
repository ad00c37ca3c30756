/*
 * accuracy_data.c - the samples that bench/accuracy.sh needs and that do not lie in ../shared as the networks
 * take them: pictures in other sizes, windows of sound, made-up series, users and films, bytes of files.
 *
 *     accuracy_data SHARED OUT: writes OUT/NAME.npy for every row of the table at the end.
 *
 * The same files always give the same arrays.
 */
#include "base/base.h"
#include "formats/data/data.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Maker Maker;
typedef struct Job {
  const Maker *maker;
  const char *shared;
  NpyWriter *out;
  Random random;
} Job;

struct Maker {
  const char *name;
  bool is_integer;
  int rank;
  int64_t dims[4];
  Status (*make)(Job *job, Error *err);
};

/* ---- pictures ---- */

#define SIDE 224
#define CHANNELS 3

/* One axis of a linear resize: for each of `to` points the first source point and the weights of `taps` ones.
   Where it shrinks, the triangle is as wide as the step, so that nothing is skipped. */
typedef struct Axis {
  int to, taps;
  int *first;
  float *weights;
} Axis;

static void axis_fill(Axis *axis, int from) {
  double step = (double)from / axis->to, reach = fmax(step, 1);
  for (int i = 0; i < axis->to; i++) {
    double centre = (i + 0.5) * step - 0.5, sum = 0;
    float *weights = axis->weights + (size_t)i * (size_t)axis->taps;
    axis->first[i] = (int)ceil(centre - reach);
    for (int t = 0; t < axis->taps; t++) sum += fmax(0, 1 - fabs(axis->first[i] + t - centre) / reach);
    for (int t = 0; t < axis->taps; t++)
      weights[t] = (float)(fmax(0, 1 - fabs(axis->first[i] + t - centre) / reach) / sum);
  }
}

static Status axis_new(Axis *axis, Arena *arena, int from, int to, Error *err) {
  *axis = (Axis){.to = to, .taps = 2 * (int)ceil(fmax((double)from / to, 1)) + 1};
  axis->first = arena_new(arena, (size_t)to, sizeof *axis->first, err);
  axis->weights = arena_new(arena, (size_t)(to * axis->taps), sizeof *axis->weights, err);
  if (axis->first == NULL || axis->weights == NULL) return err->status;
  axis_fill(axis, from);
  return OK;
}

/* A point of the axis; points beyond the edge repeat it. */
static float along(const Axis *axis, int i, int from, const float *values, int stride) {
  float sum = 0;
  for (int t = 0; t < axis->taps; t++) {
    int at = axis->first[i] + t;
    at = at < 0 ? 0 : at >= from ? from - 1 : at;
    sum += axis->weights[(size_t)i * (size_t)axis->taps + (size_t)t] * values[at * stride];
  }
  return sum;
}

/* Rows first, then columns, then whole numbers as a picture file would have them. */
static void resize(const Axis *rows, const Axis *columns, const float *from, float *middle, float *to) {
  int width = SIDE * CHANNELS;
  for (int y = 0; y < rows->to; y++)
    for (int x = 0; x < width; x++) middle[y * width + x] = along(rows, y, SIDE, from + x, width);
  for (int y = 0; y < rows->to; y++)
    for (int x = 0; x < columns->to; x++)
      for (int c = 0; c < CHANNELS; c++)
        to[(y * columns->to + x) * CHANNELS + c] =
            rintf(along(columns, x, SIDE, middle + y * width + c, CHANNELS));
}

static Status open_shared(const Job *job, const char *name, const char *key, DataSource **source,
                          Error *err) {
  Text path = {0};
  text_add(&path, "%s/%s", job->shared, name);
  Status status = path.failed ? fail_memory(err) : data_open(source, path.bytes, key, err);
  text_free(&path);
  return status;
}

typedef Status (*PictureBody)(Job *job, Arena *arena, const float *picture, Error *err);

static Status for_pictures(Job *job, PictureBody body, Error *err) {
  DataSource *source;
  TRY(open_shared(job, "data/pictures_224.npy", NULL, &source, err));
  Status status = OK;
  for (int64_t i = 0; status == OK && i < job->maker->dims[0]; i++) {
    Arena arena = {0};
    float *picture = arena_new(&arena, SIDE * SIDE * CHANNELS, sizeof *picture, err);
    status = picture == NULL ? err->status : data_read_f32(source, 1, picture, err);
    if (status == OK) status = body(job, &arena, picture, err);
    arena_free(&arena);
  }
  data_close(source);
  return status;
}

static Status resize_picture(Job *job, Arena *arena, const float *picture, Error *err) {
  int height = (int)job->maker->dims[1], width = (int)job->maker->dims[2];
  Axis rows, columns;
  TRY(axis_new(&rows, arena, SIDE, height, err));
  TRY(axis_new(&columns, arena, SIDE, width, err));
  float *middle = arena_new(arena, (size_t)(height * SIDE * CHANNELS), sizeof *middle, err);
  float *resized = arena_new(arena, (size_t)(height * width * CHANNELS), sizeof *resized, err);
  if (middle == NULL || resized == NULL) return err->status;
  resize(&rows, &columns, picture, middle, resized);
  for (int i = 0; strstr(job->maker->name, "bgr") != NULL && i < height * width; i++) {
    float red = resized[i * CHANNELS];
    resized[i * CHANNELS] = resized[i * CHANNELS + 2];
    resized[i * CHANNELS + 2] = red;
  }
  return npy_append(job->out, resized, (size_t)(height * width * CHANNELS), err);
}

static Status make_resized(Job *job, Error *err) {
  return for_pictures(job, resize_picture, err);
}

static Status luma_of_picture(Job *job, Arena *arena, const float *picture, Error *err) {
  (void)arena;
  for (int i = 0; i < SIDE * SIDE; i++) {
    const float *pixel = picture + i * CHANNELS;
    float luma = (0.299f * pixel[0] + 0.587f * pixel[1] + 0.114f * pixel[2]) / 255;
    TRY(npy_append(job->out, &luma, 1, err));
  }
  return OK;
}

static Status make_luma(Job *job, Error *err) {
  return for_pictures(job, luma_of_picture, err);
}

/* ---- sound: windows of 5 frames from 24 normal clips ---- */

#define CLIPS 24
#define FRAMES 200
#define BANDS 128
#define WINDOW 5
#define WINDOWS (FRAMES - WINDOW + 1)
#define STEP 9 /* has no factor in common with WINDOWS: neighbours in the file do not overlap */

/* The first half of the array is from the first half of the clips, each in turn. */
static Status make_windows(Job *job, Error *err) {
  DataSource *source;
  TRY(open_shared(job, "data/ad01_calib.npz", NULL, &source, err));
  float *clips = bytes_new((size_t)CLIPS * FRAMES * BANDS * sizeof *clips, err);
  Status status = clips == NULL ? err->status : data_read_f32(source, CLIPS, clips, err);
  for (int i = 0; status == OK && i < CLIPS * WINDOWS; i++) {
    int half = i / (CLIPS / 2 * WINDOWS), in_half = i % (CLIPS / 2 * WINDOWS);
    int clip = half * (CLIPS / 2) + in_half % (CLIPS / 2);
    int window = in_half / (CLIPS / 2) * STEP % WINDOWS;
    status = npy_append(job->out, clips + (clip * FRAMES + window) * BANDS, (size_t)(WINDOW * BANDS), err);
  }
  bytes_free(clips);
  data_close(source);
  return status;
}

/* ---- made up ---- */

static double between(Job *job, double low, double high) {
  return low + (high - low) * random_unit(&job->random);
}

/* As the vector of tiny_time_mixer has them: two sines and noise, each series on a level of its own. */
static Status make_series(Job *job, Error *err) {
  int64_t samples = job->maker->dims[0], steps = job->maker->dims[1], series = job->maker->dims[2];
  float *values = bytes_new((size_t)(steps * series) * sizeof *values, err);
  Status status = values == NULL ? err->status : OK;
  for (int64_t i = 0; status == OK && i < samples; i++) {
    for (int64_t s = 0; s < series; s++) {
      double slow = between(job, 40, 120), fast = between(job, 8, 30), size = between(job, 2, 4) + (double)s,
             phase = between(job, 0, 6.28), other = between(job, 0, 6.28);
      for (int64_t t = 0; t < steps; t++)
        values[t * series + s] = (float)(5 * (double)s + size * sin(6.2831853 * (double)t / slow + phase) +
                                         0.4 * size * sin(6.2831853 * (double)t / fast + other) +
                                         0.3 * random_normal(&job->random));
    }
    status = npy_append(job->out, values, (size_t)(steps * series), err);
  }
  bytes_free(values);
  return status;
}

/* Ids below those that the embeddings of ncf have. */
static Status make_ids(Job *job, Error *err) {
  uint64_t limit = strstr(job->maker->name, "users") != NULL ? 6040 : 3706;
  for (int64_t i = 0; i < job->maker->dims[0]; i++) {
    int64_t id = 1 + (int64_t)random_below(&job->random, limit - 1);
    TRY(npy_append(job->out, &id, 1, err));
  }
  return OK;
}

static const Maker makers[] = {
    {"bgr_416", false, 4, {48, 416, 416, 3}, make_resized},
    {"rgb_240x320", false, 4, {48, 240, 320, 3}, make_resized},
    {"bgr_48x192", false, 4, {48, 48, 192, 3}, make_resized},
    {"rgb_96", false, 4, {96, 96, 96, 3}, make_resized},
    {"luma_224", false, 3, {48, 224, 224}, make_luma},
    {"ad_windows", false, 2, {CLIPS * WINDOWS, 640}, make_windows},
    {"series", false, 3, {48, 512, 7}, make_series},
    {"users", true, 2, {1256, 1}, make_ids},
    {"films", true, 2, {1256, 1}, make_ids},
};

static Status make(const Maker *maker, const char *shared, const char *folder, Error *err) {
  Job job = {
      .maker = maker, .shared = shared, .random = {.state = (uint64_t)maker->dims[0] + strlen(maker->name)}};
  Text path = {0};
  text_add(&path, "%s/%s.npy", folder, maker->name);
  Status status = path.failed
                      ? fail_memory(err)
                      : npy_create(&job.out, path.bytes, maker->is_integer, maker->rank, maker->dims, err);
  text_free(&path);
  if (status != OK) return status;
  status = maker->make(&job, err);
  if (status == OK) return npy_finish(job.out, err);
  npy_abandon(job.out);
  return status;
}

int main(int argc, char **argv) {
  Error err = {0};
  if (argc != 3) {
    fprintf(stderr, "usage: accuracy_data SHARED OUT\n");
    return BAD_USAGE;
  }
  for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++)
    if (make(&makers[i], argv[1], argv[2], &err) != OK) {
      fprintf(stderr, "accuracy_data: %s\n", err.text);
      return err.status;
    }
  return 0;
}
