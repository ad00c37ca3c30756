#include "cmd/targets.h"

#include "cmd/inputs.h"

#include <string.h>

#define BLOCK 64 /* samples read at a time */

const OptionRow targets_rows[] = {
    {.name = "targets",
     .type = OPTION_PAIRS,
     .metavar = "[OUTPUT=]FILE",
     .name_optional = true,
     .group = "Data",
     .help =
         "the values that an output is to have (the first one, where no name is given), one entry for each "
         "sample: .npy, .npz or idx; FILE:KEY for one array of an .npz. --loss mse, mae or huber compare "
         "with them",
     .example = "edgec train net.onnx --data x.npy --targets y.npy --loss huber -o trained.onnx"},
    {0}};

bool targets_given(const Options *options) {
  return options_was_given(options, "targets");
}

static Status find_output(const Graph *student, const char *name, int *output, Error *err) {
  *output = 0;
  if (name == NULL) return OK;
  for (*output = 0; *output < student->output_count; ++*output)
    if (strcmp(student->outputs[*output]->name, name) == 0) return OK;
  return fail(err, BAD_USAGE, "--targets: the model has no output '%s' (the first one is '%s')", name,
              student->outputs[0]->name);
}

static Status read_rows(DataSource *source, const char *path, const TrainSet *set, SampleRows *rows,
                        Error *err) {
  const DataForm *form = data_form(source);
  if (form->samples != set->count)
    return fail(err, BAD_INPUT, "%s: has entries for %lld samples, and the data has %lld", path,
                (long long)form->samples, (long long)set->count);
  TRY(sample_rows_new(rows, set->count, (size_t)form->elements * sizeof(float), "the targets", err));
  TRY(data_seek(source, 0, err));
  for (int64_t at = 0; at < set->count; at += BLOCK) {
    int64_t count = set->count - at < BLOCK ? set->count - at : BLOCK;
    TRY(data_read_f32(source, count, sample_rows_at(rows, at), err));
  }
  return OK;
}

static Status load(TrainSet *set, const Graph *student, const OptionPair *pair, Arena *arena, Error *err) {
  int output;
  const char *key, *path = inputs_split_key(arena, pair->value, &key, err);
  if (path == NULL) return err->status;
  TRY(find_output(student, pair->name, &output, err));
  if (set->targets[output].bytes != NULL)
    return fail(err, BAD_USAGE, "--targets: output '%s' has two files", student->outputs[output]->name);
  DataSource *source;
  TRY(data_open(&source, path, key, err));
  Status status = read_rows(source, path, set, &set->targets[output], err);
  data_close(source);
  return status;
}

Status targets_load(TrainSet *set, const Options *options, const Graph *student, Error *err) {
  int count;
  const OptionPair *pairs = options_pairs(options, "targets", &count);
  Arena *arena = (Arena *)(uintptr_t)&options->arena;
  if (count > 0) TRY(train_set_take_targets(set, student->output_count, err));
  for (int i = 0; i < count; i++) TRY(load(set, student, &pairs[i], arena, err));
  return OK;
}
