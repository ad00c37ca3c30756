#include "quantize/damage.h"

#include "quantize/rounding.h"

#include <math.h>
#include <stdlib.h>

/* Of one sample. */
typedef struct Contribution {
  double signal, noise;
  int64_t highest;
} Contribution;

struct DamageMeter {
  Graph *graph;
  const SampleReader *reader;
  int64_t from, count;
  Pool *pool;
  Interpreter *interpreter;
  Runner **runners;            /* by worker */
  const bool *is_rounded;      /* by value, of this run; NULL: the reference is run */
  float **expected;            /* by sample and output: the float model's */
  Contribution *contributions; /* by sample */
  int64_t *highest;            /* of the float model, by sample */
};

static Status see(void *context, const Value *value, const Tensor *tensor, Error *err) {
  (void)err;
  const DamageMeter *m = context;
  if (m->is_rounded[value->index] && tensor->type == ELEMENT_FLOAT32)
    round_activation(value->spec, tensor->data, tensor_elements(tensor));
  return OK;
}

static Status keep_expected(DamageMeter *m, int64_t sample, int o, const Tensor *tensor, Error *err) {
  float *copy = bytes_new((size_t)tensor_elements(tensor) * sizeof(float), err);
  if (copy == NULL) return err->status;
  for (int64_t i = 0; i < tensor_elements(tensor); i++) copy[i] = (float)tensor_get(tensor, i);
  m->expected[sample * m->graph->output_count + o] = copy;
  return OK;
}

static void compare_output(const DamageMeter *m, int64_t sample, int o, const Tensor *tensor) {
  const float *expected = m->expected[sample * m->graph->output_count + o];
  Contribution *sum = &m->contributions[sample];
  int64_t count = tensor_elements(tensor);
  double highest = -INFINITY;
  for (int64_t i = 0; i < count; i++) {
    double value = tensor_get(tensor, i), difference = value - (double)expected[i];
    sum->signal += (double)expected[i] * (double)expected[i];
    sum->noise += difference * difference;
    if (o > 0 || value <= highest) continue;
    highest = value;
    sum->highest = i;
  }
}

static Status run_sample(void *context, int64_t index, int worker, const Tensor *const *inputs, Error *err) {
  DamageMeter *m = context;
  int64_t sample = index - m->from;
  bool is_reference = m->is_rounded == NULL;
  Observer observer = {.see = see, .context = m, .rewrites = true};
  m->contributions[sample] = (Contribution){0};
  TRY(runner_run(m->runners[worker], inputs, is_reference ? NULL : &observer, err));
  for (int o = 0; o < m->graph->output_count; o++) {
    const Tensor *output = runner_output(m->runners[worker], o);
    if (is_reference) TRY(keep_expected(m, sample, o, output, err));
    compare_output(m, sample, o, output);
  }
  return OK;
}

static Status run_reference(DamageMeter *m, Error *err) {
  TRY(samples_for(m->reader, m->from, m->count, m->pool, run_sample, m, NULL, NULL, err));
  for (int64_t i = 0; i < m->count; i++) m->highest[i] = m->contributions[i].highest;
  return OK;
}

double damage_sqnr(double noise) {
  return noise > 0 ? -10 * log10(noise) : INFINITY;
}

Status damage_measure(DamageMeter *meter, const bool *is_rounded, Damage *damage, Error *err) {
  double signal = 0, noise = 0;
  meter->is_rounded = is_rounded;
  TRY(samples_for(meter->reader, meter->from, meter->count, meter->pool, run_sample, meter, NULL, NULL, err));
  *damage = (Damage){0};
  for (int64_t i = 0; i < meter->count; i++) {
    signal += meter->contributions[i].signal;
    noise += meter->contributions[i].noise;
    damage->agreeing += meter->contributions[i].highest == meter->highest[i];
  }
  damage->noise = signal > 0 ? noise / signal : noise > 0 ? INFINITY : 0;
  damage->sqnr = damage_sqnr(damage->noise);
  return OK;
}

bool damage_is_classifier(const DamageMeter *meter) {
  const Value *scores = meter->graph->output_count > 0 ? meter->graph->outputs[0] : NULL;
  int vectors = 0;
  for (int d = 0; scores != NULL && scores->has_shape && d < scores->shape.rank; d++)
    vectors += scores->shape.dims[d] != 1;
  return vectors == 1;
}

static Status prepare(DamageMeter *m, Error *err) {
  size_t samples = (size_t)m->count + 1;
  m->contributions = calloc(samples, sizeof *m->contributions);
  m->highest = calloc(samples, sizeof *m->highest);
  m->expected = calloc(samples * ((size_t)m->graph->output_count + 1), sizeof *m->expected);
  m->runners = calloc((size_t)pool_workers(m->pool), sizeof *m->runners);
  if (m->contributions == NULL || m->highest == NULL || m->expected == NULL || m->runners == NULL)
    return fail_memory(err);
  TRY(interpreter_new(&m->interpreter, m->graph, err));
  for (int w = 0; w < pool_workers(m->pool); w++) TRY(runner_new(&m->runners[w], m->interpreter, err));
  return run_reference(m, err);
}

Status damage_meter_new(DamageMeter **meter, Graph *graph, const SampleReader *reader, int64_t from,
                        int64_t count, Pool *pool, Error *err) {
  DamageMeter *made = *meter = calloc(1, sizeof *made);
  if (made == NULL) return fail_memory(err);
  *made = (DamageMeter){.graph = graph, .reader = reader, .from = from, .count = count, .pool = pool};
  Status status = prepare(made, err);
  if (status == OK) return OK;
  damage_meter_free(made);
  *meter = NULL;
  return status;
}

void damage_meter_free(DamageMeter *meter) {
  if (meter == NULL) return;
  for (int w = 0; meter->runners != NULL && w < pool_workers(meter->pool); w++)
    runner_free(meter->runners[w]);
  for (int64_t i = 0; meter->expected != NULL && i < meter->count * meter->graph->output_count; i++)
    bytes_free(meter->expected[i]);
  interpreter_free(meter->interpreter);
  free(meter->runners);
  free(meter->expected);
  free(meter->highest);
  free(meter->contributions);
  free(meter);
}
