/* cmd_init.c - edgec init */
#include "cmd/command.h"
#include "cmd/common.h"
#include "cmd/model.h"
#include "cmd/onnx_output.h"
#include "cmd/overwrite.h"
#include "cmd/print.h"
#include "cmd/student.h"
#include "cmd/table.h"
#include "cmd/version.h"

#include <string.h>

/* The kinds of initialize.h, and what leaves the weights as they are. */
static const char *const kinds[] = {
#define X(name) #name,
    INITIALIZERS(X)
#undef X
        "copy",
    NULL};
enum { INIT_COPY = sizeof kinds / sizeof kinds[0] - 2 };

static const OptionRow init_rows[] = {
    {.name = "output",
     .short_name = 'o',
     .type = OPTION_STRING,
     .metavar = "FILE",
     .group = "Output",
     .help = "the .onnx file to write; default: MODEL.init.onnx beside the model"},
    {.name = "force",
     .type = OPTION_FLAG,
     .group = "Output",
     .help = "overwrite a file that edgec did not write"},
    {.name = "init",
     .type = OPTION_CHOICE,
     .metavar = "KIND",
     .choices = kinds,
     .fallback = "kaiming",
     .group = "Weights",
     .help =
         "how weights are drawn: normal by their fan-in, doubled in front of a ReLU (kaiming), uniform by "
         "fan-in and fan-out (xavier), normal by fan-in (lecun); copy keeps those that a student has from "
         "its "
         "teacher"},
    {.name = "seed",
     .type = OPTION_INT,
     .metavar = "N",
     .fallback = "0",
     .minimum = 0,
     .maximum = 9007199254740992.0,
     .group = "Weights",
     .help = "start of all random numbers; the same seed gives the same weights"},
    {0}};

/* "model.onnx" -> "model.init.onnx". */
static const char *default_output(Arena *arena, const char *path, Error *err) {
  size_t length = strlen(path);
  if (text_ends_with(path, ".onnx")) length -= strlen(".onnx");
  return arena_format(arena, err, "%.*s.init.onnx", (int)length, path);
}

/* What one constant holds now. */
static void item_words(const InitializeItem *item, bool uniform, Text *text) {
  if (item->part == PART_NONE)
    text_add(text, "kept");
  else if (item->deviation > 0)
    text_add(text, "%s, deviation %.4g", uniform && item->part != PART_EMBEDDING ? "uniform" : "normal",
             item->deviation);
  else
    text_add(text, "%g", parameter_start(item->part));
}

static void add_items(const InitializeReport *report, bool kept, bool uniform, Table *table) {
  for (int i = 0; i < report->count; i++) {
    const InitializeItem *item = &report->items[i];
    if ((item->part == PART_NONE) != kept) continue;
    Text shape = {0}, words = {0};
    shape_print(&shape, &item->value->constant->shape, NULL);
    item_words(item, uniform, &words);
    table_cell(table, "%s", item->value->name);
    table_cell(table, "%s", shape.bytes);
    table_cell(table, "%s", words.bytes);
    table->failed |= shape.failed || words.failed;
    text_free(&shape);
    text_free(&words);
  }
}

/* What was made, to be printed. */
typedef struct Made {
  const char *output;
  bool is_student, is_fresh, uniform;
  Student student;
  InitializeReport report; /* of fresh weights */
} Made;

static void weights_text(const InitializeReport *report, bool uniform, Text *text) {
  static const TableColumn columns[] = {
      {"constant", TABLE_LEFT}, {"shape", TABLE_LEFT}, {"holds now", TABLE_LEFT}};
  char number[TEXT_NUMBER_ROOM];
  Table table;
  table_begin(&table, columns, 3);
  add_items(report, false, uniform, &table);
  add_items(report, true, uniform, &table);
  table_print(&table, text);
  text->failed |= table.failed;
  table_free(&table);
  text_add(text, "\n%d initialized (%s numbers), %d kept; ", report->initialized,
           text_count(number, report->elements), report->kept);
}

static void report_text(const Made *made, Text *text) {
  if (made->is_student) student_lines(&made->student, text);
  if (made->is_fresh) weights_text(&made->report, made->uniform, text);
  text_add(text, "written to %s\n", made->output);
}

static void weights_json(const InitializeReport *report, bool uniform, Json *json) {
  json_int(json, "initialized", report->initialized);
  json_int(json, "numbers", report->elements);
  json_int(json, "kept", report->kept);
  json_array_begin(json, "constants");
  for (int i = 0; i < report->count; i++) {
    const InitializeItem *item = &report->items[i];
    Text words = {0};
    item_words(item, uniform, &words);
    json_object_begin(json, NULL);
    json_string(json, "name", item->value->name);
    json_ints(json, "shape", item->value->constant->shape.dims, item->value->constant->shape.rank);
    json_string(json, "holds", words.failed ? "" : words.bytes);
    json_object_end(json);
    text_free(&words);
  }
  json_array_end(json);
}

static void report_json(const Options *options, const Made *made, Text *text) {
  Json json;
  json_begin(&json, text);
  json_object_begin(&json, NULL);
  json_string(&json, "edgec", EDGEC_VERSION);
  json_string(&json, "output", made->output);
  options_to_json(options, &json, "options");
  if (made->is_student) student_json(&made->student, &json);
  if (made->is_fresh) weights_json(&made->report, made->uniform, &json);
  json_object_end(&json);
  json_end(&json);
}

static Status make(const Options *options, Model *model, Made *made, Error *err) {
  int kind = options_choice(options, "init");
  *made = (Made){.is_student = student_is_asked(options),
                 .is_fresh = kind != INIT_COPY,
                 .uniform = kind == INITIALIZE_xavier};
  if (!made->is_student && !made->is_fresh)
    return fail(err, BAD_USAGE,
                "init: --init copy changes nothing without --student-width or --student-depth");
  TRY(model_open(model, options->arguments[0], err));
  TRY(made->is_student ? student_derive(&made->student, options, model, err) : model_infer(model, err));
  if (!made->is_fresh) return OK;
  uint64_t seed = (uint64_t)options_int(options, "seed");
  TRY(initialize_graph(model->graph, (InitializeKind)kind, seed, &made->report, err));
  if (made->report.initialized > 0) return OK;
  return fail(err, BAD_INPUT, "%s: has no float32 weights to initialize", model->path);
}

static Status init(const Options *options, Model *model, Arena *arena, Text *text, Error *err) {
  const char *output = options_string(options, "output");
  Made made;
  size_t bytes;
  if (output == NULL) output = default_output(arena, options->arguments[0], err);
  if (output == NULL) return err->status;
  TRY(overwrite_check(output, OUTPUT_ONNX, options_flag(options, "force"), err));
  TRY(make(options, model, &made, err));
  made.output = output;
  TRY(onnx_output_write(model->graph, output, &bytes, err));
  if (options_flag(options, "json"))
    report_json(options, &made, text);
  else if (!options_flag(options, "quiet"))
    report_text(&made, text);
  return OK;
}

static Status init_run(const Options *options, Error *err) {
  Model model = {0};
  Arena arena = {0};
  Text text = {0};
  Status status = init(options, &model, &arena, &text, err);
  model_close(&model);
  arena_free(&arena);
  if (status == OK) return print_text(&text, err);
  text_free(&text);
  return status;
}

const Command command_init = {
    .name = "init",
    .brief = "gives an ONNX model fresh weights, or makes a smaller one of it, to be trained",
    .usage = "[OPTIONS] MODEL.onnx [-o OUT.onnx]",
    .help = "Weights of products, recurrences and embeddings are drawn at random, biases become 0, scales of "
            "normalizations 1, running means 0 and variances 1. Every other constant stays: an epsilon, a "
            "factor, a shape. What became of each is listed. The numbers of a weight depend on the seed and "
            "on its name.",
    .arguments = {{"MODEL.onnx", "an ONNX model"}},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = {init_rows, student_rows, common_quiet_rows, common_json_rows},
    .examples = {"edgec init model.onnx -o fresh.onnx", "edgec init model.onnx --init xavier --seed 7",
                 "edgec init model.onnx --student-width 0.5 --init copy -o half.onnx"},
    .place = 56,
    .run = init_run,
};
