/* cmd_distill.c - edgec distill */
#include "cmd/augment_rows.h"
#include "cmd/checkpoint_rows.h"
#include "cmd/command.h"
#include "cmd/common.h"
#include "cmd/optimizer_rows.h"
#include "cmd/train_job.h"
#include "cmd/train_quant.h"
#include "cmd/train_rows.h"

static Status distill_run(const Options *options, Error *err) {
  return train_command(options, options->arguments[0], options->arguments[1], err);
}

const Command command_distill = {
    .name = "distill",
    .brief = "trains a small model to answer as a large one does",
    .usage = "[OPTIONS] TEACHER.onnx STUDENT.onnx --data FILE -o OUT.onnx",
    .help =
        "The student sees what the teacher makes of every sample: not only which class, but how near the "
        "other "
        "classes come (Hinton, Vinyals and Dean 2015). That teaches more than the true classes alone, and it "
        "needs no labels. With labels, --hard-weight mixes the true classes in.\n"
        "Outputs that are no scores of classes are compared by their mean squared error (--loss mse).\n"
        "The same data, options and seed give the same weights, for any number of threads.",
    .arguments = {{"TEACHER.onnx", "a trained model; it stays as it is"},
                  {"STUDENT.onnx", "the model to train, from the weights that it has; same inputs"}},
    .min_arguments = 2,
    .max_arguments = 2,
    .options = {train_output_rows, train_rows, train_teacher_rows, train_quant_rows, optimizer_rows,
                augment_rows, checkpoint_rows, inputs_rows, inputs_label_rows, common_work_rows,
                common_quiet_rows},
    .examples = {"edgec distill teacher.onnx student.onnx --data train.npz -o better.onnx",
                 "edgec distill teacher.onnx student.onnx --data train.npz --temperature 20 --epochs 30 "
                 "-o better.onnx"},
    .place = 18,
    .run = distill_run,
};
