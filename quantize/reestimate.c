/*
 * Ranges again: once weights are what their codes stand for, tensors are no longer what they were when they
 * were calibrated. All ranges are taken anew from the network in codes, by the method of the settings, and by
 * others in their place: which one is best for the outputs is seen only there.
 */
#include "quantize/observation.h"
#include "quantize/recovery.h"
#include "quantize/specs.h"

static Status see(void *context, int64_t sample, int worker, const Value *value, const Tensor *tensor,
                  Error *err) {
  (void)sample;
  return observation_see(context, worker, value, tensor, err);
}

/* The network in codes is seen before each tensor is rounded. */
static Status observe(Recovery *recovery, const QuantizeOptions *settings, Calibration **calibration,
                      Error *err) {
  Observation *observation;
  int workers = pool_workers(simulator_pool(recovery->simulator));
  TRY(observation_new(&observation, recovery->graph, settings, workers, err));
  SimulationView view = {.before = see, .context = observation};
  Status status =
      simulator_run(recovery->simulator, SIMULATE_CODES, recovery->from, recovery->seen, &view, err);
  if (status == OK) status = observation_end(observation, recovery->seen, calibration, err);
  observation_free(observation);
  return status;
}

static Status set_ranges(Recovery *recovery, const QuantizeOptions *settings, Error *err) {
  QuantizeReport report = {0};
  Plan plan;
  Status status = plan_make(&plan, recovery->graph, settings, err);
  if (status == OK)
    status = specs_of_activations(recovery->graph, &plan, recovery->renewed, settings, &report, err);
  plan_free(&plan);
  return status;
}

/* Finer inputs need larger codes of biases. */
static bool biases_fit(const Layers *layers) {
  for (int l = 0; l < layers->count; l++)
    for (int64_t o = 0; o < layers->layers[l].outputs && layers->layers[l].has_rows; o++)
      if (layer_least_scale(&layers->layers[l], o) > layer_scale(&layers->layers[l], o)) return false;
  return true;
}

Status reestimate_ranges(Recovery *recovery, bool *is_changed, Error *err) {
  static const CalibrationMethod others[] = {CALIBRATE_MSE, CALIBRATE_PERCENTILE, CALIBRATE_MIN_MAX};
  QuantizeOptions settings = *recovery->settings;
  if (recovery->variant > 0) settings.method = others[recovery->variant - 1];
  *is_changed = true;
  TRY(observe(recovery, &settings, &recovery->renewed, err));
  TRY(set_ranges(recovery, &settings, err));
  if (!biases_fit(recovery->layers)) *is_changed = false;
  return OK;
}
