#include "cmd/optimizer_rows.h"

static const char *const optimizers[] = {
#define X(name, text, brief) text,
    OPTIMIZERS(X)
#undef X
        NULL};

static const char *const schedules[] = {
#define X(name, text, brief) text,
    SCHEDULES(X)
#undef X
        NULL};

#define NUMBER(option, value, letter, least, most, text)                                                     \
  {                                                                                                          \
    .name = option, .type = OPTION_DOUBLE, .metavar = letter, .fallback = value, .minimum = least,           \
    .maximum = most, .group = "Training", .help = text                                                       \
  }

const OptionRow optimizer_rows[] = {
    {.name = "optimizer",
     .type = OPTION_CHOICE,
     .choices = optimizers,
     .metavar = "O",
     .fallback = "adamw",
     .group = "Training",
     .help = "how gradients change weights"},
    NUMBER("rate", "0.001", "R", 1e-12, 1e30, "the largest learning rate; sgd wants more, about 0.05"),
    {.name = "schedule",
     .type = OPTION_CHOICE,
     .choices = schedules,
     .metavar = "S",
     .fallback = "cosine",
     .group = "Training",
     .help = "how the learning rate changes: stays, falls, falls in steps, or rises and falls"},
    {.name = "warmup",
     .type = OPTION_PERCENT,
     .metavar = "P",
     .fallback = "0",
     .minimum = 0,
     .maximum = 90,
     .group = "Training",
     .help =
         "share of all steps in which the learning rate rises from a 25th; one-cycle takes 25% without it"},
    {.name = "step-every",
     .type = OPTION_PERCENT,
     .metavar = "P",
     .fallback = "33",
     .minimum = 0.1,
     .maximum = 100,
     .group = "Training",
     .help = "with --schedule step: share of all steps after which the rate is multiplied"},
    NUMBER("step-factor", "0.1", "F", 1e-6, 1, "with --schedule step: by what"),
    {.name = "final-rate",
     .type = OPTION_PERCENT,
     .metavar = "P",
     .fallback = "0",
     .minimum = 0,
     .maximum = 100,
     .group = "Training",
     .help = "with cosine and one-cycle: share of the rate that is left at the end"},
    NUMBER("momentum", "0.9", "M", 0, 0.9999, "with --optimizer sgd: share of the last step that goes on"),
    {.name = "nesterov",
     .type = OPTION_FLAG,
     .group = "Training",
     .help = "with --optimizer sgd: the gradient counts once more than momentum says"},
    NUMBER("beta1", "0.9", "B", 0, 0.9999, "of adam and adamw: decay of the mean gradient"),
    NUMBER("beta2", "0.999", "B", 0, 0.999999, "of adam and adamw: decay of the mean squared gradient"),
    NUMBER("weight-decay", "0", "D", 0, 10,
           "pulls weights to zero; biases and normalizations are left alone"),
    NUMBER("clip-norm", "0", "N", 0, 1e9, "the norm of all gradients is at most so large; 0: any"),
    NUMBER("ema", "0", "D", 0, 0.999999,
           "weights are averaged over the steps, this share of the average stays in each; 0: no average"),
    {0}};

#undef NUMBER

static Status refuse(const Options *options, const char *const *names, const char *why, Error *err) {
  for (int i = 0; names[i] != NULL; i++) TRY(options_refuse(options, names[i], why, err));
  return OK;
}

Status optimizer_check(const Options *options, Error *err) {
  static const char *const of_sgd[] = {"momentum", "nesterov", NULL}, *const of_adam[] = {"beta1", "beta2",
                                                                                          NULL};
  static const char *const of_step[] = {"step-every", "step-factor", NULL}, *const of_fall[] = {"final-rate",
                                                                                                NULL};
  bool is_sgd = options_choice(options, "optimizer") == OPTIMIZER_SGD;
  TRY(is_sgd ? refuse(options, of_adam, "with --optimizer sgd", err)
             : refuse(options, of_sgd, "without --optimizer sgd", err));
  int schedule = options_choice(options, "schedule");
  if (schedule != SCHEDULE_STEP) TRY(refuse(options, of_step, "without --schedule step", err));
  bool falls = schedule == SCHEDULE_COSINE || schedule == SCHEDULE_ONE_CYCLE;
  return falls ? OK : refuse(options, of_fall, "with a schedule that does not fall by itself", err);
}

void optimizer_take(const Options *options, OptimizerOptions *optimizer, ScheduleOptions *schedule) {
  *optimizer = optimizer_defaults();
  optimizer->kind = (OptimizerKind)options_choice(options, "optimizer");
  optimizer->momentum = options_double(options, "momentum");
  optimizer->nesterov = options_flag(options, "nesterov");
  optimizer->beta1 = options_double(options, "beta1");
  optimizer->beta2 = options_double(options, "beta2");
  optimizer->weight_decay = options_double(options, "weight-decay");
  optimizer->clip_norm = options_double(options, "clip-norm");
  optimizer->ema = options_double(options, "ema");
  *schedule = (ScheduleOptions){.kind = (ScheduleKind)options_choice(options, "schedule"),
                                .rate = options_double(options, "rate"),
                                .warmup = options_double(options, "warmup") / 100,
                                .step_every = options_double(options, "step-every") / 100,
                                .step_factor = options_double(options, "step-factor"),
                                .final = options_double(options, "final-rate") / 100};
}
