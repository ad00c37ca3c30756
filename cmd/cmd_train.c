/* cmd_train.c - edgec train */
#include "cmd/augment_rows.h"
#include "cmd/checkpoint_rows.h"
#include "cmd/command.h"
#include "cmd/common.h"
#include "cmd/optimizer_rows.h"
#include "cmd/targets.h"
#include "cmd/train_job.h"
#include "cmd/train_quant.h"
#include "cmd/train_rows.h"

static Status train_run(const Options *options, Error *err) {
  return train_command(options, NULL, options->arguments[0], err);
}

const Command command_train = {
    .name = "train",
    .brief = "trains a model on samples, from the weights that it has",
    .usage = "[OPTIONS] MODEL.onnx --data FILE -o OUT.onnx",
    .help =
        "Samples with labels are learnt by cross-entropy; a model whose output has the size of its input "
        "learns to give its input back. `edgec init` makes fresh weights to begin with.\n"
        "BatchNormalization and Dropout do in training what they were made for, and are written as they were "
        "read. One share of the samples is held out; the epoch that does best on it is written.\n"
        "The same data, options and seed give the same weights, for any number of threads.",
    .arguments = {{"MODEL.onnx", "a model, float32"}},
    .min_arguments = 1,
    .max_arguments = 1,
    .options = {train_output_rows, train_rows, train_quant_rows, optimizer_rows, augment_rows,
                checkpoint_rows, inputs_rows, inputs_label_rows, targets_rows, common_work_rows,
                common_quiet_rows},
    .examples =
        {"edgec train model.onnx --data train.npz -o trained.onnx",
         "edgec train net.onnx --data train.npz --epochs 30 --optimizer sgd --rate 0.05 --flip --shift 4 "
         "-o trained.onnx"},
    .place = 17,
    .run = train_run,
};
