#include "cmd/inputs.h"

#include "cmd/input_shapes.h"
#include "cmd/synthetic.h"

#include <stdlib.h>
#include <string.h>

static const char *const layouts[] = {"as-is", "nhwc-to-nchw", "nchw-to-nhwc", NULL};

const OptionRow inputs_rows[] = {
    {.name = "data",
     .type = OPTION_PAIRS,
     .metavar = "[NAME=]FILE",
     .name_optional = true,
     .group = "Data",
     .help = "samples: .npy, .npz or idx (also gzipped), first axis = samples; NAME= for models with several "
             "inputs; "
             "FILE:KEY for one array of an .npz",
     .example = "edgec quantize model.onnx --data user=u.npy --data item=i.npy"},
    {.name = "scale",
     .type = OPTION_DOUBLE,
     .metavar = "X",
     .fallback = "1",
     .group = "Data",
     .help = "preprocessing: a model input is (x * scale - mean) / std"},
    {.name = "mean",
     .type = OPTION_NUMBERS,
     .metavar = "M[,M...]",
     .group = "Data",
     .help = "mean to subtract, one for all or one a channel",
     .example = "edgec quantize net.onnx --data x.npz --scale 0.00392157 --mean 0.485,0.456,0.406 --std "
                "0.229,0.224,0.225"},
    {.name = "std",
     .type = OPTION_NUMBERS,
     .metavar = "S[,S...]",
     .group = "Data",
     .help = "deviation to divide by"},
    {.name = "layout",
     .type = OPTION_CHOICE,
     .choices = layouts,
     .metavar = "L",
     .fallback = "as-is",
     .group = "Data",
     .help = "moves the channels of each sample"},
    {.name = "shape",
     .type = OPTION_PAIRS,
     .metavar = "NAME=DxDx...",
     .group = "Data",
     .help = "shape of a model input whose dimensions are symbolic and that the data does not settle",
     .example = "edgec quantize model.onnx --shape input=1x3x224x224"},
    {0}};

const OptionRow inputs_label_rows[] = {
    {.name = "labels",
     .type = OPTION_STRING,
     .metavar = "FILE|KEY",
     .group = "Data",
     .help = "true classes: a file, or an array of the data's .npz (`y` or `labels` is found by itself)"},
    {0}};

/* ---- options ---- */

static Status take_numbers(const Options *options, const char *name, int *count, double *values, Error *err) {
  const double *given = options_numbers(options, name, count);
  if (*count > PREPROCESS_MAX_CHANNELS)
    return fail(err, BAD_USAGE, "--%s: at most %d values are possible", name, PREPROCESS_MAX_CHANNELS);
  for (int i = 0; i < *count; i++) values[i] = given[i];
  return OK;
}

Status inputs_begin(Inputs *inputs, const Options *options, const char *data_option, Error *err) {
  *inputs = (Inputs){.options = options, .data_option = data_option, .synthetic_deviation = 1};
  Preprocess *preprocess = &inputs->preprocess;
  preprocess->scale = options_double(options, "scale");
  preprocess->layout = (DataLayout)options_choice(options, "layout");
  TRY(take_numbers(options, "mean", &preprocess->mean_count, preprocess->mean, err));
  return take_numbers(options, "std", &preprocess->std_count, preprocess->std, err);
}

/* ---- files ---- */

/* NAME=FILE with a '/' in the name, which looks like a path: what stands behind the '=', or NULL. */
static const char *value_behind(const char *text, const char *name) {
  size_t length = strlen(name);
  bool is_named = strchr(name, '/') != NULL && strncmp(text, name, length) == 0 && text[length] == '=';
  return is_named && !file_exists(text) ? text + length + 1 : NULL;
}

/* What is given for an input: NAME=FILE, else what stands there without a name. */
typedef struct Given {
  OptionPair pair; /* of the set that is read, or of all where there is one only */
  int count;
} Given;

static void give(Given *given, OptionPair pair, int set) {
  if (given->count == 0 || given->count == set) given->pair = pair;
  given->count++;
}

static Given given_for(const Inputs *inputs, const char *name) {
  int count;
  Given named = {0}, unnamed = {0};
  const OptionPair *pairs = options_pairs(inputs->options, inputs->data_option, &count);
  for (int i = 0; i < count; i++) {
    const char *behind = pairs[i].name == NULL ? value_behind(pairs[i].value, name) : NULL;
    if (behind != NULL)
      give(&named, (OptionPair){name, behind}, inputs->set);
    else if (pairs[i].name == NULL)
      give(&unnamed, pairs[i], inputs->set);
    else if (strcmp(pairs[i].name, name) == 0)
      give(&named, pairs[i], inputs->set);
  }
  return named.count > 0 ? named : unnamed;
}

/* Files that are given again and again for an input are sets, of which each may have other shapes. */
static Status count_set(Inputs *inputs, const char *name, int count, Error *err) {
  if (count > 1 && !inputs->takes_sets)
    return fail(err, BAD_USAGE,
                "--%s: %d files for input '%s'; only edgec calibrate takes several: calibrate on them, then "
                "pass what "
                "it writes on by --calib",
                inputs->data_option, count, name);
  if (count > 1 && inputs->sets > 1 && count != inputs->sets)
    return fail(err, BAD_USAGE, "--%s: input '%s' has %d files, another input %d", inputs->data_option, name,
                count, inputs->sets);
  if (count > inputs->sets) inputs->sets = count;
  return OK;
}

const char *inputs_split_key(Arena *arena, const char *text, const char **key, Error *err) {
  const char *colon = strrchr(text, ':');
  *key = NULL;
  if (colon == NULL || colon == text || colon[1] == '\0' || file_exists(text)) return text;
  *key = colon + 1;
  return arena_text_of(arena, text, (size_t)(colon - text), err);
}

static Status open_file(Inputs *inputs, int i, const char *name, const OptionPair *pair, Arena *arena,
                        Error *err) {
  const char *key;
  Input *input = &inputs->inputs[i];
  input->path = inputs_split_key(arena, pair->value, &key, err);
  if (input->path == NULL) return err->status;
  /* One .npz for several inputs holds an array by the name of each. */
  if (key == NULL && pair->name == NULL && inputs->count > 1 && data_has_array(input->path, name)) key = name;
  if (key == NULL && pair->name == NULL && inputs->count > 1)
    return fail(err, BAD_USAGE, "the model has %d inputs: --%s %s=FILE is needed for input '%s'",
                inputs->count, inputs->data_option, name, name);
  return data_open(&input->source, input->path, key, err);
}

static Status check_names(const Inputs *inputs, const InputPort *ports, Error *err) {
  int count;
  const OptionPair *pairs = options_pairs(inputs->options, inputs->data_option, &count);
  for (int p = 0; p < count; p++) {
    bool is_known = pairs[p].name == NULL;
    for (int i = 0; i < inputs->count; i++)
      is_known |= !is_known && strcmp(ports[i].name, pairs[p].name) == 0;
    if (!is_known)
      return fail(err, BAD_USAGE, "--%s: the model has no input '%s' (the first one is '%s')",
                  inputs->data_option, pairs[p].name, ports[0].name);
  }
  return OK;
}

static Status open_files(Inputs *inputs, const InputPort *ports, Error *err) {
  Arena *arena = (Arena *)(uintptr_t)&inputs->options->arena;
  TRY(check_names(inputs, ports, err));
  for (int i = 0; i < inputs->count; i++) {
    Given given = given_for(inputs, ports[i].name);
    if (given.count == 0)
      return fail(err, BAD_USAGE, "no data for input '%s': --%s %s=FILE", ports[i].name, inputs->data_option,
                  ports[i].name);
    TRY(count_set(inputs, ports[i].name, given.count, err));
    TRY(open_file(inputs, i, ports[i].name, &given.pair, arena, err));
  }
  return OK;
}

/* ---- labels ---- */

static Status read_labels(Inputs *inputs, Error *err) {
  const char *labels = options_string(inputs->options, "labels"), *key = NULL;
  inputs->label_path = inputs->inputs[0].path;
  if (labels == NULL && !data_has_labels(inputs->label_path)) return OK;
  if (labels != NULL && !file_exists(labels) && data_has_array(inputs->label_path, labels))
    key = labels;
  else if (labels != NULL)
    inputs->label_path = labels;
  return data_read_labels(inputs->label_path, key, &inputs->labels, &inputs->label_count, err);
}

static Status check_labels(const Inputs *inputs, Error *err) {
  if (inputs->labels == NULL || inputs->label_count >= inputs->samples) return OK;
  return fail(err, BAD_INPUT, "%s: has %lld samples, but there are only %lld labels", inputs->inputs[0].path,
              (long long)inputs->samples, (long long)inputs->label_count);
}

/* One vector: all dimensions but one are 1. */
static bool is_vector(const Shape *shape) {
  int long_ones = 0;
  for (int d = 0; d < shape->rank; d++) long_ones += shape->dims[d] != 1;
  return long_ones == 1;
}

Status inputs_fit_labels(Inputs *inputs, const Shape *scores, Error *err) {
  if (inputs->labels == NULL || scores == NULL || !shape_is_known(scores)) return OK;
  if (!is_vector(scores)) {
    if (options_was_given(inputs->options, "labels"))
      return fail(err, BAD_USAGE, "--labels: the model's first output is not one vector of scores");
    bytes_free(inputs->labels);
    inputs->labels = NULL;
    return OK;
  }
  int64_t classes = shape_elements(scores);
  for (int64_t i = 0; i < inputs->samples; i++)
    if (inputs->labels[i] < 0 || inputs->labels[i] >= classes)
      return fail(err, BAD_INPUT, "%s: label %lld is %lld, but the model has the classes 0 to %lld",
                  inputs->label_path, (long long)i, (long long)inputs->labels[i], (long long)classes - 1);
  return OK;
}

/* ---- the reader ---- */

static Status seek(void *context, int64_t index, Error *err) {
  Inputs *inputs = context;
  inputs->position = index;
  for (int i = 0; i < inputs->count && !inputs->is_synthetic; i++) {
    const Input *input = &inputs->inputs[i];
    TRY(data_seek(input->source, input->is_constant ? 0 : index * input->rows, err));
  }
  return OK;
}

static Status read_floats(Inputs *inputs, int i, int64_t count, float *to, Error *err) {
  Input *input = &inputs->inputs[i];
  const DataForm *form = data_form(input->source);
  TRY(data_read_f32(input->source, count * input->rows, to, err));
  for (int64_t k = 0; k < count * input->rows; k++)
    preprocess_apply(&inputs->preprocess, form, to + k * form->elements, input->scratch);
  return OK;
}

/* Any other type goes through int64 (or float, where the data is), a sample at a time. */
static Status read_converted(Inputs *inputs, int i, int64_t count, char *to, Error *err) {
  Input *input = &inputs->inputs[i];
  Tensor sample = inputs->forms[i];
  int64_t elements = tensor_elements(&sample);
  for (int64_t k = 0; k < count; k++) {
    sample.data = to + (size_t)k * tensor_bytes(&sample);
    if (element_is_float(sample.type)) {
      TRY(read_floats(inputs, i, 1, (float *)(void *)input->wide, err));
      for (int64_t e = 0; e < elements; e++)
        tensor_set(&sample, e, (double)((const float *)(void *)input->wide)[e]);
    } else {
      TRY(data_read_i64(input->source, input->rows, input->wide, err));
      for (int64_t e = 0; e < elements; e++) tensor_set_integer(&sample, e, input->wide[e]);
    }
  }
  return OK;
}

static Status read_input(Inputs *inputs, int i, int64_t count, void *to, Error *err) {
  return inputs->forms[i].type == ELEMENT_FLOAT32 ? read_floats(inputs, i, count, to, err)
                                                  : read_converted(inputs, i, count, to, err);
}

static Status read_constant(Inputs *inputs, int i, int64_t count, void *to, Error *err) {
  size_t bytes = tensor_bytes(&inputs->forms[i]);
  TRY(data_seek(inputs->inputs[i].source, 0, err));
  TRY(read_input(inputs, i, 1, to, err));
  for (int64_t k = 1; k < count; k++) memcpy((char *)to + (size_t)k * bytes, to, bytes);
  return OK;
}

static Status read_samples(void *context, int64_t count, void *const *buffers, Error *err) {
  Inputs *inputs = context;
  for (int i = 0; i < inputs->count; i++) {
    if (inputs->is_synthetic)
      synthetic_fill(inputs, i, count, buffers[i]);
    else
      TRY((inputs->inputs[i].is_constant ? read_constant : read_input)(inputs, i, count, buffers[i], err));
  }
  inputs->position += count;
  return OK;
}

static Status reserve(Inputs *inputs, Error *err) {
  for (int i = 0; i < inputs->count; i++) {
    size_t elements = (size_t)tensor_elements(&inputs->forms[i]);
    inputs->inputs[i].scratch = bytes_new(elements * sizeof(float), err);
    inputs->inputs[i].wide = bytes_new(elements * sizeof(int64_t), err);
    if (inputs->inputs[i].scratch == NULL || inputs->inputs[i].wide == NULL) return err->status;
  }
  inputs->reader = (SampleReader){.context = inputs,
                                  .count = inputs->samples,
                                  .input_count = inputs->count,
                                  .forms = inputs->forms,
                                  .seek = seek,
                                  .read = read_samples};
  return OK;
}

/* ---- both kinds of models ---- */

static Status settle_input(Inputs *inputs, int i, const InputPort *port, Error *err) {
  const DataForm *form = inputs->is_synthetic ? NULL : data_form(inputs->inputs[i].source);
  if (form != NULL && element_is_float(port->type)) TRY(preprocess_check(&inputs->preprocess, form, err));
  inputs->forms[i].type = port->type;
  return input_shape_settle(inputs->options, port, form, inputs->preprocess.layout, inputs->inputs[i].path,
                            &inputs->forms[i].shape, &inputs->inputs[i].rows, err);
}

/* As many samples as the shortest file has; a file of one sample beside such of more goes with each of
   theirs, if its input says that it is a whole one: by a fixed first dimension, or by having none. */
static void count_samples(Inputs *inputs) {
  int64_t most = 0;
  for (int i = 0; i < inputs->count; i++) {
    int64_t samples = data_form(inputs->inputs[i].source)->samples / inputs->inputs[i].rows;
    most = samples > most ? samples : most;
  }
  inputs->samples = most;
  for (int i = 0; i < inputs->count; i++) {
    Input *input = &inputs->inputs[i];
    int64_t samples = data_form(input->source)->samples / input->rows;
    input->is_constant = samples == 1 && most > 1 && (input->rows > 1 || inputs->forms[i].shape.rank == 0);
    if (!input->is_constant && samples < inputs->samples) inputs->samples = samples;
  }
}

/* What says how to read data, unless others read some. */
static Status refuse_without_data(const Inputs *inputs, Error *err) {
  if (inputs->without_labels) return OK;
  static const char *const names[] = {"labels", "scale", "mean", "std", "layout"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    TRY(options_refuse(inputs->options, names[i], "without --data", err));
  return OK;
}

static Status bind(Inputs *inputs, const InputPort *ports, Error *err) {
  int pairs;
  options_pairs(inputs->options, inputs->data_option, &pairs);
  inputs->is_synthetic = pairs == 0;
  if (inputs->is_synthetic) {
    inputs->samples = SYNTHETIC_SAMPLES;
    TRY(refuse_without_data(inputs, err));
  } else {
    TRY(open_files(inputs, ports, err));
  }
  TRY(input_shapes_check_names(inputs->options, ports, inputs->count, err));
  for (int i = 0; i < inputs->count; i++) TRY(settle_input(inputs, i, &ports[i], err));
  if (!inputs->is_synthetic) count_samples(inputs);
  TRY(reserve(inputs, err));
  if (inputs->is_synthetic || inputs->without_labels) return OK;
  TRY(read_labels(inputs, err));
  return check_labels(inputs, err);
}

static Status check_count(Inputs *inputs, int count, Error *err) {
  if (count < 1) return fail(err, BAD_INPUT, "the model has no inputs");
  if (count > INPUTS_MAX) return fail(err, UNSUPPORTED, "the model has more than %d inputs", INPUTS_MAX);
  inputs->count = count;
  return OK;
}

/* Samples and results are tensors. */
static Status check_kinds(Value *const *values, int count, const char *which, Error *err) {
  for (int i = 0; i < count; i++)
    if (values[i]->type != ELEMENT_NONE && !element_in(values[i]->type, ELEMENTS_ANY))
      return fail(err, UNSUPPORTED, "%s '%s' of the model is %s; samples and results can only be tensors",
                  which, values[i]->name, element_name(values[i]->type));
  return OK;
}

Status inputs_bind_graph(Inputs *inputs, Graph *graph, Error *err) {
  InputPort ports[INPUTS_MAX];
  TRY(check_count(inputs, graph->input_count, err));
  TRY(check_kinds(graph->inputs, graph->input_count, "input", err));
  TRY(check_kinds(graph->outputs, graph->output_count, "output", err));
  for (int i = 0; i < inputs->count; i++) {
    const Value *value = graph->inputs[i];
    ports[i] = (InputPort){value->name, value->type, value->has_shape, value->shape};
  }
  TRY(bind(inputs, ports, err));
  for (int i = 0; i < inputs->count; i++)
    TRY(graph_bind_input(graph, graph->inputs[i], &inputs->forms[i].shape, err));
  return OK;
}

Status inputs_bind_subject(Inputs *inputs, const Subject *subject, Error *err) {
  InputPort ports[INPUTS_MAX];
  TRY(check_count(inputs, subject_input_count(subject), err));
  for (int i = 0; i < inputs->count; i++) {
    Tensor form;
    TRY(subject_input(subject, i, &ports[i].name, &form, err));
    ports[i].type = form.type;
    ports[i].has_shape = true;
    ports[i].shape = form.shape;
  }
  return bind(inputs, ports, err);
}

void inputs_close(Inputs *inputs) {
  for (int i = 0; i < inputs->count; i++) {
    data_close(inputs->inputs[i].source);
    bytes_free(inputs->inputs[i].scratch);
    bytes_free(inputs->inputs[i].wide);
  }
  bytes_free(inputs->labels);
  *inputs = (Inputs){0};
}
