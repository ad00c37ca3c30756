/* cmd_convert.c - edgec convert */
#include "cmd/command.h"
#include "cmd/common.h"
#include "cmd/model.h"
#include "cmd/onnx_output.h"
#include "cmd/overwrite.h"
#include "cmd/print.h"
#include "cmd/summary_line.h"
#include "formats/onnx/onnx.h"

static const OptionRow convert_rows[] = {
    {.name = "output",
     .short_name = 'o',
     .type = OPTION_STRING,
     .metavar = "FILE",
     .group = "Output",
     .help = "the .onnx file to write; must be given"},
    {.name = "force",
     .type = OPTION_FLAG,
     .group = "Output",
     .help = "overwrite a file that edgec did not write"},
    {.name = "optimize",
     .type = OPTION_FLAG,
     .group = "Conversion",
     .help =
         "run the passes that `quantize` begins with (fold constants, BatchNorm and so on) and say what each "
         "did"},
    {.name = "opset",
     .type = OPTION_INT,
     .metavar = "N",
     .minimum = ONNX_OPSET_MIN,
     .maximum = ONNX_OPSET_MAX,
     .group = "Conversion",
     .help = "raise the model to this opset; an operator that means something else there is an error"},
    {0}};

static void model_line(const Model *model, int nodes, Text *text) {
  summary_line(text, "model", summary_file(model->path), "opset %lld, %d node%s",
               (long long)graph_opset(model->graph, ""), nodes, nodes == 1 ? "" : "s");
}

static void passes_lines(const Model *model, Text *text) {
  bool any = false;
  for (int i = 0; i < PASS_COUNT; i++) {
    int rewrites = model->passes.counts[i].rewrites;
    if (rewrites == 0) continue;
    summary_line(text, any ? "" : "optimize", "", "%s: %d place%s", model->passes.counts[i].name, rewrites,
                 rewrites == 1 ? "" : "s");
    any = true;
  }
  if (!any) summary_line(text, "optimize", "", "nothing to do");
  summary_line(text, "", "", "%d node%s left", model->graph->node_count,
               model->graph->node_count == 1 ? "" : "s");
}

/* The passes, then one opset for all nodes. */
static Status change(const Options *options, Model *model, Text *text, Error *err) {
  int64_t opset = options_was_given(options, "opset") ? options_int(options, "opset") : 0;
  int64_t given = graph_opset(model->graph, "");
  if (opset > 0 && opset < given)
    return fail(err, BAD_USAGE, "option --opset: %s has opset %lld, and is raised only, not lowered to %lld",
                model->path, (long long)given, (long long)opset);
  TRY(model_infer(model, err));
  if (options_flag(options, "optimize")) {
    TRY(model_clean(model, err));
    passes_lines(model, text);
  }
  if (onnx_upgrade(model->graph, opset, err) != OK) return fail_within(err, "%s", model->path);
  if (opset > 0)
    summary_line(text, "opset", "", "%lld -> %lld", (long long)given,
                 (long long)graph_opset(model->graph, ""));
  return OK;
}

/* Only what changes a model needs to know the operators. */
static Status open_model(Model *model, const char *path, bool is_changed, Error *err) {
  if (is_changed) return model_open(model, path, err);
  *model = (Model){.path = path};
  return onnx_read(path, &model->graph, err);
}

static Status write_model(const Model *model, const char *path, Text *text, Error *err) {
  char size[TEXT_NUMBER_ROOM];
  size_t bytes;
  TRY(onnx_output_write(model->graph, path, &bytes, err));
  summary_line(text, "write", summary_file(path), "%s", text_bytes(size, (double)bytes));
  return OK;
}

static Status convert(const Options *options, Model *model, Text *text, Error *err) {
  const char *output = options_string(options, "output");
  bool is_changed = options_flag(options, "optimize") || options_was_given(options, "opset");
  if (output == NULL) return fail(err, BAD_USAGE, "convert: no output is given: -o FILE.onnx");
  TRY(overwrite_check(output, OUTPUT_ONNX, options_flag(options, "force"), err));
  TRY(open_model(model, options->arguments[0], is_changed, err));
  model_line(model, model->graph->node_count, text);
  if (is_changed) TRY(change(options, model, text, err));
  return write_model(model, output, text, err);
}

static Status convert_run(const Options *options, Error *err) {
  Model model = {0};
  Text text = {0};
  Status status = convert(options, &model, &text, err);
  model_close(&model);
  if (status == OK && !options_flag(options, "quiet")) return print_text(&text, err);
  text_free(&text);
  return status;
}

const Command command_convert = {
    .name = "convert",
    .brief = "reads an ONNX model and writes it again, simplified if wanted",
    .usage = "[OPTIONS] MODEL.onnx -o OUT.onnx",
    .help =
        "What is written computes the same. Names of inputs, outputs and values stay; weights that no node "
        "reads are left out. With --optimize the graph is simplified first: constants are computed, "
        "BatchNorm goes into the weights before it, patterns become single nodes.",
    .arguments = {{"MODEL.onnx", "an ONNX model"}},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = {convert_rows, common_quiet_rows},
    .examples = {"edgec convert model.onnx -o copy.onnx",
                 "edgec convert model.onnx --optimize -o simple.onnx",
                 "edgec convert model.onnx --opset 21 -o newer.onnx"},
    .place = 55,
    .run = convert_run,
};
