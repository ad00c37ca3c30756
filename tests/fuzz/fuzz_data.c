/* Fuzz target: any bytes as a data file. They are read or refused; a refusal is one printable line. */
#include "formats/data/data.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES_MAX 64
#define ELEMENTS_MAX ((int64_t)1 << 16)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_refusal(Status status, const Error *err) {
  if (status == OK) return;
  if (status != BAD_INPUT || err->text[0] == '\0' || strchr(err->text, '\n') != NULL) abort();
}

/* The first samples as both types, then the last one, as far as that is near. */
static void read_some(DataSource *source) {
  const DataForm *form = data_form(source);
  if (form->samples < 1 || form->elements < 1) abort();
  if (form->elements > ELEMENTS_MAX) return;
  Error err = {0};
  int64_t *values = malloc((size_t)form->elements * sizeof *values);
  int64_t count = form->samples < SAMPLES_MAX ? form->samples : SAMPLES_MAX;
  Status status = values == NULL ? SYSTEM : OK;
  for (int64_t i = 0; i < count && status == OK; i++)
    status = data_read_f32(source, 1, (float *)(void *)values, &err);
  check_refusal(status, &err);
  status = data_seek(source, 0, &err);
  for (int64_t i = 0; i < count && status == OK; i++) status = data_read_i64(source, 1, values, &err);
  check_refusal(status, &err);
  if (form->samples <= ELEMENTS_MAX * 4 / form->elements) {
    status = data_seek(source, form->samples - 1, &err);
    if (status == OK) status = data_read_i64(source, 1, values, &err);
    check_refusal(status, &err);
  }
  free(values);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  DataSource *source;
  Error err = {0};
  Status status = data_open_memory(&source, bytes, size, "fuzz", NULL, &err);
  check_refusal(status, &err);
  if (status == OK) read_some(source);
  if ((status == OK) != (source != NULL)) abort();
  data_close(source);
  return 0;
}
