/* labels.c - the labels that belong to samples. */
#include "formats/data/data.h"

#include <stdlib.h>
#include <string.h>

#define LABELS_MAX ((int64_t)1 << 24)
#define LABELS_PIECE ((int64_t)1 << 16) /* read at a time: memory grows only as labels come */

static const char *const label_keys[] = {"y", "labels"};

/* The label array of an .npz, or NULL. */
static const char *find_key(const char *path) {
  for (size_t i = 0; i < sizeof label_keys / sizeof label_keys[0]; i++)
    if (data_has_array(path, label_keys[i])) return label_keys[i];
  return NULL;
}

bool data_has_labels(const char *path) {
  return find_key(path) != NULL;
}

static Status check_form(const char *path, const DataForm *form, Error *err) {
  if (form->elements != 1)
    return fail(err, BAD_INPUT, "%s: labels are one number a sample, here each has %lld", path,
                (long long)form->elements);
  if (form->samples > LABELS_MAX)
    return fail(err, BAD_INPUT, "%s: holds %lld labels, at most %lld are read", path,
                (long long)form->samples, (long long)LABELS_MAX);
  return OK;
}

static Status grow(int64_t **labels, int64_t used, int64_t room, Error *err) {
  int64_t *grown = bytes_new((size_t)room * sizeof *grown, err);
  if (grown == NULL) return SYSTEM;
  if (used > 0) memcpy(grown, *labels, (size_t)used * sizeof *grown);
  bytes_free(*labels);
  *labels = grown;
  return OK;
}

static int64_t smaller(int64_t a, int64_t b) {
  return a < b ? a : b;
}

static Status read_all(DataSource *source, int64_t **labels, Error *err) {
  int64_t samples = data_form(source)->samples, room = 0;
  for (int64_t done = 0, piece; done < samples; done += piece) {
    if (done == room) {
      room = smaller(samples, room == 0 ? LABELS_PIECE : 2 * room);
      TRY(grow(labels, done, room, err));
    }
    piece = smaller(LABELS_PIECE, room - done);
    TRY(data_read_i64(source, piece, *labels + done, err));
  }
  return OK;
}

Status data_read_labels(const char *path, const char *key, int64_t **labels, int64_t *count, Error *err) {
  *labels = NULL;
  *count = 0;
  DataSource *source;
  TRY(data_open(&source, path, key != NULL ? key : find_key(path), err));
  Status status = check_form(path, data_form(source), err);
  if (status == OK) status = read_all(source, labels, err);
  if (status == OK) *count = data_form(source)->samples;
  data_close(source);
  if (status == OK) return OK;
  bytes_free(*labels);
  *labels = NULL;
  return status;
}
