/* cmd_distill.c - edgec distill */
#include "cmd/augment_rows.h"
#include "cmd/checkpoint_rows.h"
#include "cmd/command.h"
#include "cmd/common.h"
#include "cmd/optimizer_rows.h"
#include "cmd/student_file.h"
#include "cmd/targets.h"
#include "cmd/train_job.h"
#include "cmd/train_quant.h"
#include "cmd/train_rows.h"

/* The student is given, or made of the teacher. */
static Status distill_run(const Options *options, Error *err) {
  const char *teacher = options->arguments[0];
  bool is_given = options->argument_count == 2, is_derived = student_is_asked(options);
  if (is_given && is_derived)
    return fail(err, BAD_USAGE,
                "distill: --student-width and --student-depth make a student of the teacher: "
                "no other one may be given ('%s')",
                options->arguments[1]);
  if (!is_given && !is_derived)
    return fail(err, BAD_USAGE,
                "distill: no student is given: STUDENT.onnx, or --student-width or "
                "--student-depth to make one of the teacher");
  if (is_given) {
    TRY(options_refuse(options, "init", "on a student that is given", err));
    return train_command(options, teacher, options->arguments[1], err);
  }
  TRY(train_check(options, true, err));
  StudentFile made;
  TRY(student_file_make(&made, options, teacher, err));
  Status status = train_command(options, teacher, made.file.temporary, err);
  student_file_remove(&made);
  return status;
}

const Command command_distill = {
    .name = "distill",
    .brief = "trains a small model to answer as a large one does",
    .usage = "[OPTIONS] TEACHER.onnx [STUDENT.onnx] --data FILE -o OUT.onnx",
    .help =
        "The student sees what the teacher makes of every sample: not only which class, but how near the "
        "other "
        "classes come (Hinton, Vinyals and Dean 2015). That teaches more than the true classes alone, and it "
        "needs no labels. With labels, --hard-weight mixes the true classes in.\n"
        "Without a student, --student-width and --student-depth make one of the teacher's graph: with fewer "
        "channels in every layer, or fewer residual blocks. It begins with the teacher's most important "
        "weights.\n"
        "Outputs that are no scores of classes are compared by their mean squared error (--loss mse).\n"
        "The same data, options and seed give the same weights, for any number of threads.",
    .arguments = {{"TEACHER.onnx", "a trained model; it stays as it is"},
                  {"STUDENT.onnx", "the model to train, from the weights that it has; same inputs"}},
    .min_arguments = 1,
    .max_arguments = 2,
    .options = {train_output_rows, train_rows, train_teacher_rows, student_rows, student_init_rows,
                train_quant_rows, optimizer_rows, augment_rows, checkpoint_rows, inputs_rows,
                inputs_label_rows, targets_rows, common_work_rows, common_quiet_rows},
    .examples = {"edgec distill teacher.onnx student.onnx --data train.npz -o better.onnx",
                 "edgec distill teacher.onnx student.onnx --data train.npz --temperature 20 --epochs 30 "
                 "-o better.onnx",
                 "edgec distill teacher.onnx --student-width 0.5 --data train.npz -o half.onnx"},
    .place = 18,
    .run = distill_run,
};
