#include "cmd/train_facts.h"

#include "cmd/version.h"

#include <string.h>
#include <zlib.h>

/* Options that change nothing in the weights; --data, --labels and --targets count by what is in them. */
static const char *const without_effect[] = {
    "output",  "force", "log",  "curve",  "quiet",   "checkpoint",    "checkpoint-every", "resume",
    "threads", "help",  "data", "labels", "targets", "teacher-cache", "targets"};
/* Those that one changes where a training diverges. */
static const char *const taming[] = {"rate", "clip-norm"};

enum { FILE_FACTS = 6 }; /* that are no options, at most */

#define COUNT_OF(list) (int)(sizeof(list) / sizeof *(list))

static bool is_among(const char *name, const char *const *names, int count) {
  for (int i = 0; i < count; i++)
    if (strcmp(name, names[i]) == 0) return true;
  return false;
}

typedef struct Facts {
  TrainJob *job;
  CheckpointFact *list;
  int count;
  Error *err;
} Facts;

/* A NULL, where memory ran out, is found at the end. */
static void add_fact(Facts *facts, const char *name, const char *value) {
  facts->list[facts->count++] = (CheckpointFact){.name = name, .value = value};
}

static uint32_t crc_of_constants(const Graph *graph) {
  unsigned long crc = 0;
  for (int i = 0; i < graph->value_count; i++) {
    const Tensor *tensor = graph->values[i]->constant;
    if (tensor != NULL) crc = crc32_z(crc, tensor->data, tensor_bytes(tensor));
  }
  return (uint32_t)crc;
}

/* Weights may lie in files of their own, hence both sums. */
static const char *model_value(const Facts *facts, const Model *model) {
  if (model->graph == NULL) return "";
  return arena_format(&facts->job->memory, facts->err, "%lld bytes with checksums %08x and %08x",
                      (long long)model->file_bytes, model->file_crc, crc_of_constants(model->graph));
}

static unsigned long crc_of_rows(unsigned long crc, const SampleRows *rows) {
  return rows->bytes != NULL ? crc32_z(crc, rows->bytes, rows->stored) : crc;
}

static const char *samples_value(const Facts *facts) {
  TrainJob *job = facts->job;
  unsigned long crc = 0;
  const TrainSet *set = &job->set;
  for (int i = 0; i < set->input_count; i++) crc = crc_of_rows(crc, &set->inputs[i]);
  for (int i = 0; i < set->target_count; i++) crc = crc_of_rows(crc, &set->targets[i]);
  return arena_format(&job->memory, facts->err, "%lld with checksum %08x",
                      (long long)(job->samples + job->held_samples), (uint32_t)crc);
}

static const char *labels_value(const Facts *facts) {
  TrainJob *job = facts->job;
  const int64_t *labels = job->inputs.labels;
  if (labels == NULL) return "";
  size_t bytes = (size_t)(job->samples + job->held_samples) * sizeof *labels;
  return arena_format(&job->memory, facts->err, "with checksum %08x",
                      (uint32_t)crc32_z(0, (const unsigned char *)labels, bytes));
}

static const char *text_value(const Facts *facts, const OptionValue *value) {
  Text text = {0};
  options_value_text(value, &text);
  const char *copy = text.length > 0 ? arena_text(&facts->job->memory, text.bytes, facts->err) : "";
  if (text_status(&text, facts->err) != OK) copy = NULL;
  text_free(&text);
  return copy;
}

/* 1e-2 and 0.01 are the same. */
static const char *option_value(const Facts *facts, const OptionValue *value) {
  Arena *memory = &facts->job->memory;
  switch (value->row->type) {
  case OPTION_FLAG:
    return value->flag ? "on" : "off";
  case OPTION_INT:
  case OPTION_SIZE:
    return value->text == NULL ? "" : arena_format(memory, facts->err, "%lld", (long long)value->integer);
  case OPTION_DOUBLE:
  case OPTION_PERCENT:
  case OPTION_SECONDS:
    return value->text == NULL ? "" : arena_format(memory, facts->err, "%.15g", value->number);
  default:
    return text_value(facts, value);
  }
}

static void add_options(Facts *facts) {
  const Options *options = facts->job->options;
  for (int i = 0; i < options->value_count; i++) {
    const OptionValue *value = &options->values[i];
    const char *name = value->row->name;
    if (is_among(name, without_effect, COUNT_OF(without_effect))) continue;
    add_fact(facts, arena_format(&facts->job->memory, facts->err, "--%s", name), option_value(facts, value));
    facts->list[facts->count - 1].tames_divergence = is_among(name, taming, COUNT_OF(taming));
  }
}

Status train_facts(TrainJob *job, Error *err) {
  Facts facts = {.job = job, .err = err};
  size_t most = (size_t)job->options->value_count + FILE_FACTS;
  facts.list = arena_new(&job->memory, most, sizeof *facts.list, err);
  if (facts.list == NULL) return err->status;
  add_fact(&facts, "the version of edgec", EDGEC_VERSION);
  add_fact(&facts, "the command", job->options->command);
  add_fact(&facts, "the student", model_value(&facts, &job->student));
  add_fact(&facts, "the teacher", model_value(&facts, &job->teacher));
  add_fact(&facts, "the set of samples", samples_value(&facts));
  add_fact(&facts, "the labels", labels_value(&facts));
  add_options(&facts);
  for (int i = 0; i < facts.count; i++)
    if (facts.list[i].name == NULL || facts.list[i].value == NULL) return err->status;
  job->settings.keeping.facts = facts.list;
  job->settings.keeping.fact_count = facts.count;
  return OK;
}
