/* Weights, biases and scales trained together through rounding, towards what the float model answers. How a
   graph is trained is the caller's business: this folder knows of no losses and no optimisers. */
#include "quantize/fake_form.h"
#include "quantize/recovery.h"

static void tell(void *context, int64_t done, int64_t total) {
  recovery_tell(context, (double)done / (double)total);
}

static Status train(Recovery *recovery, const FakeForm *student, const FakeForm *twin, Error *err) {
  const Trainer *trainer = &recovery->options->trainer;
  TrainerJob job = {.student = student->graph,
                    .twin = twin->graph,
                    .kept_from = recovery->from + recovery->seen,
                    .kept_count = recovery->all - recovery->seen,
                    .progress = tell,
                    .progress_context = recovery};
  return trainer->run(trainer->context, &job, err);
}

Status fine_tune(Recovery *recovery, bool *is_changed, Error *err) {
  FakeForm student = {0}, twin = {0};
  *is_changed = true;
  Status status = fake_form_make(&student, recovery->graph, recovery->settings, err);
  if (status == OK) status = fake_form_make(&twin, recovery->graph, recovery->settings, err);
  if (status == OK) status = train(recovery, &student, &twin, err);
  if (status == OK) status = fake_form_take(&student, recovery->graph, recovery->settings, err);
  fake_form_free(&twin);
  fake_form_free(&student);
  return status;
}
