#include "operators/gradient_moved.h"

#include "operators/reals.h"

#include <string.h>

/* The forward run with numbers in the place of the elements that are moved. Element j of moved input i has
   the number first[i] + j; 0 is nowhere. */
typedef struct Numbered {
  Run run;
  RunMemory memory;
  int64_t *first; /* by input; 0: it is not moved */
  double *sums;   /* by number */
} Numbered;

/* The outputs of the forward run have shapes and memory already. */
static Status keep_shape(void *context, int output, const Shape *shape, Error *err) {
  (void)context, (void)output, (void)shape, (void)err;
  return OK;
}

/* A tensor of the shape of `like`, of numbers; NULL where memory ran out. */
static Tensor *new_numbers(Run *run, const Tensor *like) {
  int64_t count = tensor_elements(like);
  Tensor *numbers = run_scratch(run, sizeof *numbers);
  size_t bytes;
  if (numbers == NULL || !size_multiply((size_t)count, sizeof(int64_t), &bytes)) return NULL;
  *numbers = (Tensor){.type = ELEMENT_INT64, .shape = like->shape, .data = run_scratch(run, bytes + 1)};
  return numbers->data == NULL ? NULL : numbers;
}

static bool is_moved(const Run *run, uint64_t moved, int i) {
  return run->in[i] != NULL && (moved == MOVED_ALL || (i < 64 && (moved >> i & 1) != 0));
}

/* The inputs' numbers; *end, 1 at first, becomes the one behind the last. */
static Status number_inputs(Grad *grad, uint64_t moved, Numbered *n, int64_t *end) {
  size_t count = (size_t)grad->run.input_count;
  const Tensor **in = run_scratch(&grad->run, (count + 1) * sizeof *in);
  n->first = run_scratch(&grad->run, (count + 1) * sizeof *n->first);
  if (in == NULL || n->first == NULL) return fail_memory(grad->run.err);
  for (int i = 0; i < grad->run.input_count; i++) {
    in[i] = grad->run.in[i];
    n->first[i] = 0;
    if (!is_moved(&grad->run, moved, i)) continue;
    Tensor *numbers = new_numbers(&grad->run, in[i]);
    if (numbers == NULL) return fail_memory(grad->run.err);
    n->first[i] = *end;
    int64_t elements = tensor_elements(numbers);
    for (int64_t j = 0; j < elements; j++) ((int64_t *)numbers->data)[j] = (*end)++;
    in[i] = numbers;
  }
  n->run.in = in;
  return OK;
}

/* Outputs whose gradient is zero are not computed. */
static Status number_outputs(Grad *grad, Numbered *n) {
  Tensor **out = run_scratch(&grad->run, ((size_t)grad->run.output_count + 1) * sizeof *out);
  if (out == NULL) return fail_memory(grad->run.err);
  for (int o = 0; o < grad->run.output_count; o++) {
    out[o] = grad_of_output(grad, o) == NULL ? NULL : new_numbers(&grad->run, grad->out_grad[o]);
    if (out[o] == NULL && grad_of_output(grad, o) != NULL) return fail_memory(grad->run.err);
  }
  n->run.out = out;
  return OK;
}

static void add_outputs(const Grad *grad, const Numbered *n) {
  for (int o = 0; o < grad->run.output_count; o++) {
    if (n->run.out[o] == NULL) continue;
    const int64_t *numbers = n->run.out[o]->data;
    const float *dy = grad_of_output(grad, o);
    int64_t count = tensor_elements(n->run.out[o]);
    for (int64_t j = 0; j < count; j++) n->sums[numbers[j]] += (double)dy[j];
  }
}

static void write_inputs(Grad *grad, const Numbered *n) {
  for (int i = 0; i < grad->run.input_count; i++) {
    float *dx = grad_of_input(grad, i);
    if (dx == NULL) continue;
    int64_t count = tensor_elements(grad->in_grad[i]);
    for (int64_t j = 0; j < count; j++) dx[j] = n->first[i] == 0 ? 0.0f : (float)n->sums[n->first[i] + j];
  }
}

Status grad_moved_by(Grad *grad, RunFunction run, uint64_t moved, const void *params) {
  Numbered n = {.run = grad->run, .memory = *grad->run.memory};
  n.memory.set_shape = keep_shape;
  n.run.memory = &n.memory;
  if (params != NULL) n.run.params = params;
  int64_t end = 1;
  TRY(number_inputs(grad, moved, &n, &end));
  TRY(number_outputs(grad, &n));
  n.sums = reals_new(&grad->run, end);
  if (n.sums == NULL) return fail_memory(grad->run.err);
  for (int64_t i = 0; i < end; i++) n.sums[i] = 0;
  TRY(run(&n.run));
  add_outputs(grad, &n);
  write_inputs(grad, &n);
  return OK;
}

Status grad_moved(Grad *grad) {
  return grad_moved_by(grad, grad->run.node->version->run, 1, NULL);
}
