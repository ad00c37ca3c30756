#include "quantize/damage.h"

#include "quantize/compared.h"
#include "quantize/rounding.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
  Compared *compared;          /* by output */
  float **expected;            /* by sample and output: the float model's */
  Contribution *contributions; /* by sample */
  int64_t *highest;            /* of the float model, by sample */
};

/* An output's sample that is being run. */
typedef struct Sight {
  DamageMeter *meter;
  int64_t sample;
} Sight;

/* The reference's are kept, others compared with them. */
static Status look(const Sight *sight, int o, const float *values, int64_t count, Error *err) {
  DamageMeter *m = sight->meter;
  float **expected = &m->expected[sight->sample * m->graph->output_count + o];
  Contribution *sum = &m->contributions[sight->sample];
  if (m->is_rounded == NULL) {
    bytes_free(*expected);
    *expected = bytes_new((size_t)count * sizeof(float), err);
    if (*expected == NULL) return err->status;
    if (count > 0) memcpy(*expected, values, (size_t)count * sizeof(float));
  }
  sum->signal += compared_power(&m->compared[o], *expected, NULL, count);
  if (m->is_rounded != NULL) sum->noise += compared_power(&m->compared[o], values, *expected, count);
  return OK;
}

/* What is no output itself is seen on the way. */
static Status see(void *context, const Value *value, const Tensor *tensor, Error *err) {
  const Sight *sight = context;
  const DamageMeter *m = sight->meter;
  if (tensor->type != ELEMENT_FLOAT32) return OK;
  if (m->is_rounded != NULL && m->is_rounded[value->index])
    round_activation(value->spec, tensor->data, tensor_elements(tensor));
  for (int o = 0; o < m->graph->output_count; o++)
    if (m->compared[o].value == value && value != m->graph->outputs[o])
      TRY(look(sight, o, tensor->data, tensor_elements(tensor), err));
  return OK;
}

static Status look_at_output(const Sight *sight, int o, const Tensor *tensor, Error *err) {
  int64_t count = tensor_elements(tensor);
  if (tensor->type == ELEMENT_FLOAT32) return look(sight, o, tensor->data, count, err);
  float *values = bytes_new((size_t)count * sizeof(float), err);
  if (values == NULL) return err->status;
  for (int64_t i = 0; i < count; i++) values[i] = (float)tensor_get(tensor, i);
  Status status = look(sight, o, values, count, err);
  bytes_free(values);
  return status;
}

static int64_t highest_of(const Tensor *tensor) {
  int64_t highest = 0;
  for (int64_t i = 1; i < tensor_elements(tensor); i++)
    if (tensor_get(tensor, i) > tensor_get(tensor, highest)) highest = i;
  return highest;
}

static Status run_sample(void *context, int64_t index, int worker, const Tensor *const *inputs, Error *err) {
  DamageMeter *m = context;
  Sight sight = {m, index - m->from};
  Observer observer = {.see = see, .context = &sight, .rewrites = m->is_rounded != NULL};
  m->contributions[sight.sample] = (Contribution){0};
  TRY(runner_run(m->runners[worker], inputs, &observer, err));
  for (int o = 0; o < m->graph->output_count; o++) {
    const Tensor *output = runner_output(m->runners[worker], o);
    if (m->compared[o].value == m->graph->outputs[o]) TRY(look_at_output(&sight, o, output, err));
    if (o == 0) m->contributions[sight.sample].highest = highest_of(output);
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
  m->compared = calloc((size_t)m->graph->output_count + 1, sizeof *m->compared);
  m->runners = calloc((size_t)pool_workers(m->pool), sizeof *m->runners);
  if (m->contributions == NULL || m->highest == NULL || m->expected == NULL || m->compared == NULL ||
      m->runners == NULL)
    return fail_memory(err);
  for (int o = 0; o < m->graph->output_count; o++)
    m->compared[o] = compared_of(m->graph, m->graph->outputs[o]);
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
  free(meter->compared);
  free(meter->highest);
  free(meter->contributions);
  free(meter);
}
