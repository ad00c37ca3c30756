#include "distill/teacher.h"

#include "interpreter/fold.h"

#include <stdlib.h>
#include <string.h>

/* One thread's. */
typedef struct TeacherWorker {
  Runner *runner;
  const Tensor **answers;
  Tensor *recalled; /* answers that are put together from kept ones */
} TeacherWorker;

struct Teacher {
  int count;         /* of answers to a sample */
  size_t *row_bytes; /* of each */
  Interpreter *interpreter;
  TeacherWorker *workers;
  int worker_count;
  Arena arena;
};

struct Answers {
  SampleRows *rows;  /* by answer */
  uint8_t *is_known; /* by sample of the set */
  int count;
};

/* ---- the teacher ---- */

static Status ask_for(Graph *graph, const Goal *goal, Error *err) {
  PassReport report;
  graph->output_count = 0;
  for (int i = 0; i < goal->teacher_count; i++) TRY(graph_add_output(graph, goal->teacher_values[i], err));
  TRY(graph_refresh(graph, err));
  TRY(op_bind_graph(graph, err));
  TRY(op_infer_graph(graph, err));
  return passes_run(graph, &interpreter_pass_hooks, &report, err);
}

static Status measure(Teacher *made, const Graph *graph, Error *err) {
  made->count = graph->output_count;
  made->row_bytes = arena_new(&made->arena, (size_t)made->count, sizeof *made->row_bytes, err);
  if (made->row_bytes == NULL) return err->status;
  for (int i = 0; i < made->count; i++) {
    const Shape *shape = &graph->outputs[i]->shape;
    made->row_bytes[i] = (size_t)shape_product(shape, 1, shape->rank) * sizeof(float);
  }
  return OK;
}

static Status new_worker(Teacher *made, TeacherWorker *worker, const Graph *graph, int64_t micro_batch,
                         Error *err) {
  TRY(runner_new(&worker->runner, made->interpreter, err));
  worker->answers = arena_new(&made->arena, (size_t)made->count, sizeof *worker->answers, err);
  worker->recalled = arena_new(&made->arena, (size_t)made->count, sizeof *worker->recalled, err);
  if (worker->answers == NULL || worker->recalled == NULL) return err->status;
  for (int i = 0; i < made->count; i++) {
    Tensor *tensor = &worker->recalled[i];
    *tensor = (Tensor){.type = ELEMENT_FLOAT32, .shape = graph->outputs[i]->shape};
    tensor->data = arena_new(&made->arena, (size_t)micro_batch, made->row_bytes[i], err);
    if (tensor->data == NULL) return err->status;
  }
  return OK;
}

static Status prepare(Teacher *made, Graph *graph, const Goal *goal, int64_t micro_batch, Error *err) {
  TRY(ask_for(graph, goal, err));
  TRY(measure(made, graph, err));
  TRY(interpreter_new(&made->interpreter, graph, err));
  made->workers = arena_new(&made->arena, (size_t)made->worker_count, sizeof *made->workers, err);
  if (made->workers == NULL) return err->status;
  for (int w = 0; w < made->worker_count; w++)
    TRY(new_worker(made, &made->workers[w], graph, micro_batch, err));
  return OK;
}

Status teacher_new(Teacher **teacher, Graph *graph, const Goal *goal, int64_t micro_batch, int workers,
                   Error *err) {
  Teacher *made = *teacher = calloc(1, sizeof *made);
  if (made == NULL) return fail_memory(err);
  made->worker_count = workers;
  return prepare(made, graph, goal, micro_batch, err);
}

void teacher_free(Teacher *teacher) {
  if (teacher == NULL) return;
  for (int w = 0; teacher->workers != NULL && w < teacher->worker_count; w++)
    runner_free(teacher->workers[w].runner);
  interpreter_free(teacher->interpreter);
  arena_free(&teacher->arena);
  free(teacher);
}

/* ---- what it said ---- */

static bool fits(const Teacher *teacher, int64_t samples) {
  size_t sum = 0, all;
  for (int i = 0; i < teacher->count; i++)
    if (!size_add(sum, teacher->row_bytes[i], &sum)) return false;
  return size_multiply(sum, (size_t)samples, &all) && all <= ANSWERS_MAX_BYTES;
}

Status answers_new(Answers **answers, const Teacher *teacher, const TrainSet *set, Error *err) {
  *answers = NULL;
  if (teacher == NULL || !fits(teacher, set->count)) return OK;
  Answers *made = *answers = calloc(1, sizeof *made);
  if (made == NULL) return fail_memory(err);
  made->count = teacher->count;
  made->rows = calloc((size_t)made->count + 1, sizeof *made->rows);
  made->is_known = calloc((size_t)set->count + 1, sizeof *made->is_known);
  if (made->rows == NULL || made->is_known == NULL) return fail_memory(err);
  Error no_room = {0}; /* then the teacher is asked each time */
  for (int i = 0; i < made->count; i++) {
    if (sample_rows_new(&made->rows[i], set->count, teacher->row_bytes[i], "answers", &no_room) == OK)
      continue;
    answers_free(made);
    *answers = NULL;
    return OK;
  }
  return OK;
}

void answers_free(Answers *answers) {
  if (answers == NULL) return;
  for (int i = 0; answers->rows != NULL && i < answers->count; i++) sample_rows_free(&answers->rows[i]);
  free(answers->rows);
  free(answers->is_known);
  free(answers);
}

static bool all_known(const Answers *kept, const int64_t *indices, int64_t count) {
  for (int64_t s = 0; s < count; s++)
    if (!kept->is_known[indices[s]]) return false;
  return true;
}

static void recall(const Answers *kept, TeacherWorker *worker, const int64_t *indices, int64_t count) {
  for (int i = 0; i < kept->count; i++) {
    size_t bytes = kept->rows[i].row_bytes;
    Tensor *tensor = &worker->recalled[i];
    tensor->shape.dims[0] = count;
    for (int64_t s = 0; s < count; s++)
      memcpy((uint8_t *)tensor->data + (size_t)s * bytes, sample_rows_at(&kept->rows[i], indices[s]), bytes);
    worker->answers[i] = tensor;
  }
}

static void keep(Answers *kept, const TeacherWorker *worker, const int64_t *indices, int64_t count) {
  for (int i = 0; i < kept->count; i++) {
    size_t bytes = kept->rows[i].row_bytes;
    for (int64_t s = 0; s < count; s++)
      memcpy(sample_rows_at(&kept->rows[i], indices[s]),
             (const uint8_t *)worker->answers[i]->data + (size_t)s * bytes, bytes);
  }
  for (int64_t s = 0; s < count; s++) kept->is_known[indices[s]] = 1;
}

/* As many rows that products take the same way whatever else is in the micro-batch: with fewer, an answer
   would differ in its last bits. */
static Status compute(const Teacher *teacher, TeacherWorker *worker, MicroBatch *batch, Error *err) {
  int64_t rows = batch->count < MICRO_BATCH_LEAST ? MICRO_BATCH_LEAST : batch->count;
  micro_batch_pad(batch, rows);
  Status status = runner_run(worker->runner, batch->inputs, NULL, err);
  micro_batch_pad(batch, batch->count);
  TRY(status);
  for (int i = 0; i < teacher->count; i++) {
    worker->answers[i] = runner_output(worker->runner, i);
    if (tensor_bytes(worker->answers[i]) != (size_t)rows * teacher->row_bytes[i])
      return fail(err, BAD_INPUT,
                  "the teacher's answers do not grow with the batch: is a Reshape to a fixed batch inside?");
  }
  return OK;
}

Status teacher_ask(Teacher *teacher, int worker, MicroBatch *batch, const int64_t *indices, Answers *kept,
                   const Tensor *const **answers, Error *err) {
  *answers = NULL;
  if (teacher == NULL) return OK;
  TeacherWorker *own = &teacher->workers[worker];
  *answers = own->answers;
  if (kept != NULL && all_known(kept, indices, batch->count)) {
    recall(kept, own, indices, batch->count);
    return OK;
  }
  TRY(compute(teacher, own, batch, err));
  if (kept != NULL) keep(kept, own, indices, batch->count);
  return OK;
}
