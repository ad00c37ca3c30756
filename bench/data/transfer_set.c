/*
 * transfer_set.c - samples without those of one class, as in section 3 of Hinton, Vinyals and Dean 2015.
 *
 *     transfer_set IMAGES LABELS CLASS OUT: writes OUT.npy with the samples whose label is another one and
 *     OUT-labels.npy with their labels.
 */
#include "base/base.h"
#include "formats/data/data.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct Transfer {
  DataSource *images;
  int64_t *labels;
  int64_t count, kept, left_out;
  float *sample;
  NpyWriter *out, *out_labels;
} Transfer;

static Status open_output(NpyWriter **out, const char *stem, const char *ending, bool is_integer, int rank,
                          const int64_t *dims, Error *err) {
  Text path = {0};
  text_add(&path, "%s%s", stem, ending);
  Status status = path.failed ? fail_memory(err) : npy_create(out, path.bytes, is_integer, rank, dims, err);
  text_free(&path);
  return status;
}

static Status open_all(Transfer *transfer, char **arguments, Error *err) {
  TRY(data_open(&transfer->images, arguments[0], NULL, err));
  TRY(data_read_labels(arguments[1], NULL, &transfer->labels, &transfer->count, err));
  const DataForm *form = data_form(transfer->images);
  if (form->samples != transfer->count)
    return fail(err, BAD_INPUT, "%lld samples, but %lld labels", (long long)form->samples,
                (long long)transfer->count);
  transfer->left_out = atoll(arguments[2]);
  for (int64_t i = 0; i < transfer->count; i++) transfer->kept += transfer->labels[i] != transfer->left_out;
  transfer->sample = bytes_new((size_t)form->elements * sizeof(float), err);
  if (transfer->sample == NULL) return err->status;
  int64_t dims[DATA_MAX_RANK + 1] = {transfer->kept};
  for (int d = 0; d < form->rank; d++) dims[d + 1] = form->dims[d];
  TRY(open_output(&transfer->out, arguments[3], ".npy", false, form->rank + 1, dims, err));
  return open_output(&transfer->out_labels, arguments[3], "-labels.npy", true, 1, dims, err);
}

static Status copy(Transfer *transfer, Error *err) {
  size_t elements = (size_t)data_form(transfer->images)->elements;
  TRY(data_seek(transfer->images, 0, err));
  for (int64_t i = 0; i < transfer->count; i++) {
    TRY(data_read_f32(transfer->images, 1, transfer->sample, err));
    if (transfer->labels[i] == transfer->left_out) continue;
    TRY(npy_append(transfer->out, transfer->sample, elements, err));
    TRY(npy_append(transfer->out_labels, &transfer->labels[i], 1, err));
  }
  return OK;
}

/* Commits both files or neither. */
static Status finish(Transfer *transfer, Status status, Error *err) {
  if (status == OK) {
    status = npy_finish(transfer->out, err);
    if (status == OK) return npy_finish(transfer->out_labels, err);
  } else {
    npy_abandon(transfer->out);
  }
  npy_abandon(transfer->out_labels);
  return status;
}

int main(int argc, char **argv) {
  Error err = {0};
  Transfer transfer = {0};
  if (argc != 5) {
    fprintf(stderr, "usage: transfer_set IMAGES LABELS CLASS OUT\n");
    return BAD_USAGE;
  }
  Status status = open_all(&transfer, argv + 1, &err);
  if (status == OK) status = copy(&transfer, &err);
  status = finish(&transfer, status, &err);
  data_close(transfer.images);
  bytes_free(transfer.labels);
  bytes_free(transfer.sample);
  if (status != OK) fprintf(stderr, "transfer_set: %s\n", err.text);
  return status;
}
