#include "cmd/checkpoint_rows.h"

#include "cmd/overwrite.h"
#include "cmd/print.h"
#include "distill/ranks.h"

#include <stdio.h>
#include <unistd.h>

const OptionRow checkpoint_rows[] = {
    {.name = "checkpoint",
     .type = OPTION_STRING,
     .metavar = "FILE",
     .group = "Long runs",
     .help = "where the state of the training is kept, so that it can go on after an interruption; without "
             "it: the output's name and .checkpoint. It is removed when the training ends well"},
    {.name = "checkpoint-every",
     .type = OPTION_DOUBLE,
     .metavar = "MINUTES",
     .fallback = "10",
     .minimum = 0,
     .maximum = 1e6,
     .group = "Long runs",
     .help = "how often it is written; 0: only when the training is interrupted"},
    {.name = "resume",
     .type = OPTION_FLAG,
     .group = "Long runs",
     .help = "go on from the checkpoint: same files and options, and the bytes of a training that was never "
             "interrupted"},
    {0}};

static Status check_file(const Options *options, const TrainKeeping *keeping, Error *err) {
  TRY(overwrite_check(keeping->path, OUTPUT_CHECKPOINT, options_flag(options, "force"), err));
  bool is_there = file_exists(keeping->path);
  if (keeping->resume && !is_there)
    return fail(err, SYSTEM,
                "%s: there is no checkpoint to go on from; without --resume the training begins anew",
                keeping->path);
  if (keeping->resume || !is_there || options_flag(options, "quiet") || !ranks_is_first()) return OK;
  Text note = {0};
  text_add(&note,
           "%s is of a training that was interrupted and is going to be replaced; --resume goes on from it",
           keeping->path);
  if (!note.failed) print_message(note.bytes);
  text_free(&note);
  return OK;
}

Status checkpoint_take(const Options *options, Arena *arena, TrainKeeping *keeping, Error *err) {
  *keeping = (TrainKeeping){.path = options_string(options, "checkpoint"),
                            .every = 60 * options_double(options, "checkpoint-every"),
                            .resume = options_flag(options, "resume")};
  if (keeping->path == NULL)
    keeping->path = arena_format(arena, err, "%s.checkpoint", options_string(options, "output"));
  if (keeping->path == NULL) return err->status;
  return check_file(options, keeping, err);
}

void checkpoint_remove(const TrainKeeping *keeping) {
  MappedFile file;
  if (file_map(keeping->path, &file, NULL) != OK) return;
  bool is_own = checkpoint_is(file.bytes, file.size);
  file_unmap(&file);
  if (is_own) unlink(keeping->path);
}
