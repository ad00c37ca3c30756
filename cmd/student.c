#include "cmd/student.h"

#include "cmd/summary_line.h"

const OptionRow student_rows[] = {
    {.name = "student-width",
     .type = OPTION_DOUBLE,
     .metavar = "SHARE",
     .fallback = "1",
     .minimum = 0.01,
     .maximum = 1,
     .group = "Student",
     .help = "makes the student of the teacher's graph: this share of the channels of every layer, those "
             "with the largest weights"},
    {.name = "student-depth",
     .type = OPTION_DOUBLE,
     .metavar = "SHARE",
     .fallback = "1",
     .minimum = 0.01,
     .maximum = 1,
     .group = "Student",
     .help = "the same with this share of the residual blocks"},
    {0}};

bool student_is_asked(const Options *options) {
  return options_was_given(options, "student-width") || options_was_given(options, "student-depth");
}

Status student_derive(Student *student, const Options *options, Model *model, Error *err) {
  *student = (Student){.width = options_double(options, "student-width"),
                       .depth = options_double(options, "student-depth")};
  PruneOptions prune = {.width = student->width, .depth = student->depth, .by = IMPORTANCE_L2};
  TRY(model_infer(model, err));
  student->before = (StudentSize){model->parameters, model->macs};
  if (prune_graph(model->graph, &prune, &student->prune, err) != OK)
    return fail_within(err, "%s", model->path);
  model_count(model);
  TRY(model_infer(model, err));
  student->after = (StudentSize){model->parameters, model->macs};
  return OK;
}

/* ---- the account ---- */

static double percent(int64_t part, int64_t whole) {
  return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

static void size_line(const char *label, const StudentSize *size, const StudentSize *whole, Text *text) {
  char number[TEXT_NUMBER_ROOM], macs[SUMMARY_COUNT_ROOM];
  if (whole == NULL)
    summary_line(text, label, "", "%s parameters, %s", text_count(number, size->parameters),
                 summary_macs(macs, size->macs));
  else
    summary_line(text, label, "", "%s parameters (%.1f%%), %s (%.1f%%)", text_count(number, size->parameters),
                 percent(size->parameters, whole->parameters), summary_macs(macs, size->macs),
                 percent(size->macs, whole->macs));
}

static void block_line(const BlockReport *blocks, Text *text) {
  Text names = {0};
  for (int i = blocks->removed - 1; i >= 0; i--)
    text_add(&names, "%s%s", names.length > 0 ? ", " : "", blocks->names[i]);
  summary_line(text, "", "", "blocks: %d of %d taken out%s%s", blocks->removed, blocks->blocks,
               blocks->removed > 0 ? ": " : "", blocks->removed > 0 ? names.bytes : "");
  text->failed |= names.failed;
  text_free(&names);
}

static void group_lines(const PruneReport *report, Text *text) {
  summary_line(text, "", "", "channels: %d of %d groups slimmed", report->slimmed, report->group_count);
  for (int g = 0; g < report->group_count; g++) {
    const PruneGroup *group = &report->groups[g];
    if (group->reason != NULL && group->channels > 1)
      summary_line(text, "", "", "whole: %lld of '%s' (%s): %s", (long long)group->channels, group->name,
                   group->type, group->reason);
  }
}

void student_lines(const Student *student, Text *text) {
  size_line("teacher", &student->before, NULL, text);
  size_line("student", &student->after, &student->before, text);
  if (student->depth < 1) block_line(&student->prune.blocks, text);
  if (student->width < 1) group_lines(&student->prune, text);
}

static void size_json(const char *name, const StudentSize *size, Json *json) {
  json_object_begin(json, name);
  json_int(json, "parameters", size->parameters);
  json_int(json, "macs", size->macs);
  json_object_end(json);
}

void student_json(const Student *student, Json *json) {
  json_object_begin(json, "student");
  size_json("teacher", &student->before, json);
  size_json("size", &student->after, json);
  json_array_begin(json, "groups");
  for (int g = 0; g < student->prune.group_count; g++) {
    const PruneGroup *group = &student->prune.groups[g];
    json_object_begin(json, NULL);
    json_string(json, "made_by", group->name);
    json_string(json, "operator", group->type);
    json_int(json, "makers", group->makers);
    json_int(json, "channels", group->channels);
    json_int(json, "kept", group->kept);
    if (group->reason != NULL) json_string(json, "reason", group->reason);
    json_object_end(json);
  }
  json_array_end(json);
  json_int(json, "blocks", student->prune.blocks.blocks);
  json_array_begin(json, "removed_blocks");
  for (int i = 0; i < student->prune.blocks.removed; i++)
    json_string(json, NULL, student->prune.blocks.names[i]);
  json_array_end(json);
  json_object_end(json);
}
