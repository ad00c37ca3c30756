#include "cmd/student_file.h"

#include "cmd/common.h"
#include "cmd/print.h"
#include "formats/onnx/onnx.h"

#define INIT_COPY 0 /* the teacher's own weights; those behind it are the kinds of initialize.h */

static const char *const starts[] = {"copy",
#define X(name) #name,
                                     INITIALIZERS(X)
#undef X
                                         NULL};

const OptionRow student_init_rows[] = {
    {.name = "init",
     .type = OPTION_CHOICE,
     .metavar = "KIND",
     .choices = starts,
     .fallback = "copy",
     .group = "Student",
     .help = "how a student of the teacher's graph begins: with the weights of the channels that it keeps "
             "(copy), or with fresh ones, as `edgec init` draws them"},
    {0}};

static Status begin_weights(const Options *options, Model *model, Error *err) {
  int start = options_choice(options, "init");
  InitializeReport report;
  if (start == INIT_COPY) return OK;
  return initialize_graph(model->graph, (InitializeKind)(start - 1), (uint64_t)options_int(options, "seed"),
                          &report, err);
}

static Status write(StudentFile *made, const Options *options, Model *model, Error *err) {
  size_t bytes;
  model->graph->producer = ONNX_OWN_PRODUCER;
  TRY(output_open(&made->file, options_string(options, "output"), err));
  return onnx_write_to(&made->file, model->graph, &bytes, err);
}

static Status make(StudentFile *made, const Options *options, Model *model, const char *teacher, Text *text,
                   Error *err) {
  Student student;
  TRY(model_open(model, teacher, err));
  TRY(student_derive(&student, options, model, err));
  TRY(begin_weights(options, model, err));
  student_lines(&student, text);
  return write(made, options, model, err);
}

Status student_file_make(StudentFile *made, const Options *options, const char *teacher, Error *err) {
  Model model = {0};
  Text text = {0};
  *made = (StudentFile){0};
  Status status = make(made, options, &model, teacher, &text, err);
  model_close(&model);
  if (status == OK && !options_flag(options, "quiet")) status = print_text(&text, err);
  text_free(&text);
  if (status != OK) student_file_remove(made);
  return status;
}

void student_file_remove(StudentFile *made) {
  output_abandon(&made->file);
}
