#include "cmd/train_rows.h"

#include "cmd/augment_rows.h"
#include "cmd/optimizer_rows.h"
#include "cmd/targets.h"
#include "cmd/train_quant.h"

#include <string.h>

static const char *const losses[] = {
#define X(name, text, brief) text,
    LOSSES(X)
#undef X
        NULL};

static const char *const caches[] = {"auto", "off", NULL};

const OptionRow train_output_rows[] = {
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
    {.name = "log",
     .type = OPTION_STRING,
     .metavar = "FILE.csv",
     .group = "Output",
     .help = "a table with a line for each epoch: loss, accuracy, learning rate, seconds"},
    {.name = "curve",
     .type = OPTION_STRING,
     .metavar = "FILE.svg",
     .group = "Output",
     .help = "the same as a picture"},
    {0}};

const OptionRow train_rows[] = {
    {.name = "epochs",
     .type = OPTION_INT,
     .metavar = "N",
     .fallback = "10",
     .minimum = 1,
     .maximum = 1e6,
     .group = "Training",
     .help = "how often every sample is seen"},
    {.name = "batch",
     .type = OPTION_INT,
     .metavar = "N",
     .fallback = "128",
     .minimum = 1,
     .maximum = 1e6,
     .group = "Training",
     .help = "samples of one step"},
    {.name = "micro-batch",
     .type = OPTION_INT,
     .metavar = "N",
     .fallback = "32",
     .minimum = 1,
     .maximum = 1e6,
     .group = "Training",
     .help = "samples that one thread works on at a time; BatchNormalization takes its statistics from them, "
             "and memory grows with it"},
    {.name = "hold-out",
     .type = OPTION_PERCENT,
     .metavar = "P",
     .fallback = "10",
     .minimum = 0,
     .maximum = 90,
     .group = "Training",
     .help = "share of the samples that is not trained on but looked at after each epoch: the best epoch's "
             "weights are what is written; 0 writes the last one's"},
    {.name = "loss",
     .type = OPTION_CHOICE,
     .choices = losses,
     .metavar = "L",
     .fallback = "auto",
     .group = "Training",
     .help =
         "what is made small; auto: distillation or mse with a teacher, mse with --targets, cross-entropy "
         "with labels, else reconstruction of the input"},
    {.name = "keep-zeros",
     .type = OPTION_FLAG,
     .group = "Training",
     .help = "weights that are exactly 0 stay so: a pruned model is fine-tuned without filling up again"},
    {.name = "dropout",
     .type = OPTION_DOUBLE,
     .metavar = "R",
     .fallback = "0",
     .minimum = 0,
     .maximum = 0.95,
     .group = "Training",
     .help = "share of the inputs of each matrix product with weights that is dropped in training"},
    {.name = "input-dropout",
     .type = OPTION_DOUBLE,
     .metavar = "R",
     .fallback = "0",
     .minimum = 0,
     .maximum = 0.95,
     .group = "Training",
     .help = "the same for a product that reads the model's input"},
    {0}};

const OptionRow train_teacher_rows[] = {
    {.name = "temperature",
     .type = OPTION_DOUBLE,
     .metavar = "T",
     .fallback = "4",
     .minimum = 0.01,
     .maximum = 1000,
     .group = "Training",
     .help = "how soft the teacher's classes are: scores are divided by it before the softmax"},
    {.name = "hard-weight",
     .type = OPTION_DOUBLE,
     .metavar = "W",
     .fallback = "0.1",
     .minimum = 0,
     .maximum = 1,
     .group = "Training",
     .help = "share of the true classes in the loss, where the data has labels; the rest is the teacher's"},
    {.name = "match",
     .type = OPTION_LIST,
     .metavar = "STUDENT=TEACHER[:WEIGHT]",
     .group = "Inner values",
     .help =
         "mean squared error between a value inside the student and one inside the teacher, added to the "
         "loss; where the channels differ, a linear map between them is learnt beside. One name, or a "
         "pattern with * and ?, stands for values that are called alike; auto: what stages of pictures of "
         "equal size end with",
     .example = "edgec distill teacher.onnx student.onnx --data train.npz --match auto -o better.onnx"},
    {.name = "attend",
     .type = OPTION_LIST,
     .metavar = "STUDENT=TEACHER[:WEIGHT]",
     .group = "Inner values",
     .help = "the same for where values are large, whatever in which channel (attention transfer): squared "
             "difference of two maps of length 1",
     .example = "edgec distill teacher.onnx student.onnx --data train.npz --attend auto:100 -o better.onnx"},
    {.name = "teacher-cache",
     .type = OPTION_CHOICE,
     .choices = caches,
     .metavar = "C",
     .fallback = "auto",
     .group = "Training",
     .help = "auto: what the teacher makes of samples that come again unchanged is kept in a temporary file; "
             "off: it is computed each time"},
    {0}};

Status train_check(const Options *options, bool has_teacher, Error *err) {
  int loss = options_choice(options, "loss");
  bool takes_given = loss == LOSS_MSE || loss == LOSS_MAE || loss == LOSS_HUBER;
  if (!has_teacher && (loss == LOSS_DISTILLATION || (takes_given && !targets_given(options))))
    return fail(err, BAD_USAGE, "%s: --loss %s compares with a teacher%s: edgec distill has one",
                options->command, losses[loss], takes_given ? " or --targets" : "");
  if (!has_teacher && loss == LOSS_NONE)
    return fail(err, BAD_USAGE, "%s: --loss none leaves nothing to learn", options->command);
  if (options_string(options, "output") == NULL)
    return fail(err, BAD_USAGE, "%s: no output is given: -o FILE.onnx", options->command);
  if (!options_was_given(options, "data"))
    return fail(err, BAD_USAGE, "%s: on what? --data samples.npz is missing", options->command);
  TRY(train_quant_check(options, err));
  return optimizer_check(options, err);
}

/* At the first '='; a name alone stands for both. */
static Status take_feature(const char *option, const char *text, Arena *arena, FeatureOption *feature,
                           Error *err) {
  const char *equals = strchr(text, '=');
  feature->teacher = equals != NULL ? equals + 1 : text;
  if (equals == text || feature->teacher[0] == '\0')
    return fail(err, BAD_USAGE, "option --%s: '%s' is not of the form STUDENT=TEACHER[:WEIGHT]", option,
                text);
  if (equals == NULL) return OK;
  feature->student = arena_text_of(arena, text, (size_t)(equals - text), err);
  return feature->student != NULL ? OK : err->status;
}

static Status take_features(const Options *options, LossOptions *loss, Error *err) {
  static const char *const names[] = {[FEATURE_MATCH] = "match", [FEATURE_ATTEND] = "attend"};
  const OptionPair *pairs[2];
  int counts[2];
  for (int kind = 0; kind < 2; kind++) pairs[kind] = options_pairs(options, names[kind], &counts[kind]);
  Arena *arena = (Arena *)(uintptr_t)&options->arena;
  FeatureOption *features = arena_new(arena, (size_t)(counts[0] + counts[1]), sizeof *features, err);
  if (features == NULL) return err->status;
  loss->features = features;
  for (int kind = 0; kind < 2; kind++)
    for (int i = 0; i < counts[kind]; i++) {
      FeatureOption *feature = &features[loss->feature_count++];
      feature->kind = (FeatureKind)kind;
      TRY(take_feature(names[kind], pairs[kind][i].value, arena, feature, err));
    }
  return OK;
}

Status train_take(const Options *options, bool has_teacher, TrainOptions *settings, Error *err) {
  *settings = train_defaults();
  settings->epochs = options_int(options, "epochs");
  settings->batch = options_int(options, "batch");
  settings->micro_batch = options_int(options, "micro-batch");
  settings->seed = (uint64_t)options_int(options, "seed");
  settings->loss.kind = (LossKind)options_choice(options, "loss");
  settings->keep_zeros = options_flag(options, "keep-zeros");
  settings->relative_rates = train_quant_is_on(options);
  settings->dropout = options_double(options, "dropout");
  settings->input_dropout = options_double(options, "input-dropout");
  optimizer_take(options, &settings->optimizer, &settings->schedule);
  TRY(augment_take(options, &settings->augment, err));
  if (!has_teacher) return OK;
  settings->loss.temperature = options_double(options, "temperature");
  settings->loss.hard_weight = options_double(options, "hard-weight");
  settings->keep_answers = options_choice(options, "teacher-cache") == 0;
  return take_features(options, &settings->loss, err);
}
