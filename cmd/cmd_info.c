/* cmd_info.c - edgec info */
#include "cmd/command.h"
#include "cmd/common.h"
#include "cmd/info.h"
#include "cmd/model.h"
#include "cmd/print.h"

static const OptionRow info_rows[] = {{.name = "layers",
                                       .type = OPTION_FLAG,
                                       .group = "Output",
                                       .help = "list every node, or instruction, too (--json always does)"},
                                      {.name = "shape",
                                       .type = OPTION_PAIRS,
                                       .metavar = "NAME=DxDx...",
                                       .group = "Model",
                                       .help = "fixes the symbolic dimensions of an ONNX model's input",
                                       .example = "edgec info model.onnx --shape input=1x3x224x224"},
                                      {0}};

static Status info_run(const Options *options, Error *err) {
  Text text = {0};
  bool is_edge;
  const char *path = options->arguments[0];
  TRY(model_is_edge(path, &is_edge, err));
  if (is_edge) TRY(options_refuse(options, "shape", "on an .edge file, whose shapes are fixed", err));
  Status status = is_edge ? info_edge(options, path, &text, err) : info_onnx(options, path, &text, err);
  Error ignored;
  Status printed = print_text(&text, status == OK ? err : &ignored);
  return status == OK ? printed : status;
}

const Command command_info = {
    .name = "info",
    .brief = "shows what a model is made of",
    .usage = "[OPTIONS] MODEL",
    .help = "Of an ONNX model: inputs and outputs, operators, parameters, multiply-accumulates (MAC) of one "
            "sample, and how each operator becomes integers, or why it stays in float.\n"
            "Of an .edge file: instructions, the flash and the memory that it needs, where it comes from, "
            "and whether its self-test passes on this machine.",
    .arguments = {{"MODEL", "an .onnx or .edge file"}},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = {info_rows, common_json_rows},
    .examples = {"edgec info model.onnx", "edgec info model.edge --layers"},
    .place = 50,
    .run = info_run,
};
