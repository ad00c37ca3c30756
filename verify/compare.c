/* Samples through all subjects; sums in the order of the samples, whichever thread ran them. */
#include "verify/verify.h"

#include <math.h>
#include <stdlib.h>

/* What one sample contributes to one subject's comparison. */
typedef struct Contribution {
  double reference, candidate, product, error; /* sums of squares, of products, of squared differences */
  double largest_error;
  int64_t highest;    /* index of the highest score */
  int64_t label_rank; /* scores above the label's (or equal and before it) */
} Contribution;

typedef struct Job {
  Subject *const *subjects;
  int subject_count;
  int64_t from;
  const int64_t *labels;
  Contribution *contributions; /* by sample, then subject */
  bool is_classifier;
} Job;

static int64_t highest_of(const float *scores, int64_t count) {
  int64_t highest = 0;
  for (int64_t i = 1; i < count; i++)
    if (scores[i] > scores[highest]) highest = i;
  return highest;
}

static int64_t rank_of(const float *scores, int64_t count, int64_t label) {
  int64_t above = 0;
  for (int64_t i = 0; i < count; i++)
    above += scores[i] > scores[label] || (scores[i] == scores[label] && i < label);
  return above;
}

static void add_values(Contribution *sum, const float *reference, const float *candidate, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    double a = (double)reference[i], b = (double)candidate[i], difference = b - a;
    sum->reference += a * a;
    sum->candidate += b * b;
    sum->product += a * b;
    sum->error += difference * difference;
    sum->largest_error = fmax(sum->largest_error, fabs(difference));
  }
}

static Status judge_scores(const Job *job, int64_t index, const float *scores, int64_t count,
                           Contribution *sum, Error *err) {
  sum->highest = highest_of(scores, count);
  if (job->labels == NULL) return OK;
  int64_t label = job->labels[job->from + index];
  if (label < 0 || label >= count)
    return fail(err, BAD_INPUT, "the label of sample %lld is %lld, but the model has %lld classes",
                (long long)(job->from + index), (long long)label, (long long)count);
  sum->label_rank = rank_of(scores, count, label);
  return OK;
}

static Status judge_output(const Job *job, int64_t index, int worker, int s, int o, Contribution *sum,
                           Error *err) {
  const float *reference, *candidate;
  int64_t count, candidate_count;
  TRY(subject_output(job->subjects[0], worker, o, &reference, &count, NULL, err));
  TRY(subject_output(job->subjects[s], worker, o, &candidate, &candidate_count, NULL, err));
  if (candidate_count != count)
    return fail(err, BAD_INPUT, "%s: output '%s' has %lld elements, that of %s has %lld",
                subject_name(job->subjects[s]), subject_output_name(job->subjects[s], o),
                (long long)candidate_count, subject_name(job->subjects[0]), (long long)count);
  add_values(sum, reference, candidate, count);
  if (o == 0 && job->is_classifier) TRY(judge_scores(job, index, candidate, count, sum, err));
  return OK;
}

static Status do_sample(void *context, int64_t index, int worker, const Tensor *const *inputs, Error *err) {
  Job *job = context;
  index -= job->from;
  for (int s = 0; s < job->subject_count; s++) {
    Contribution *sum = &job->contributions[index * job->subject_count + s];
    TRY(subject_run(job->subjects[s], worker, inputs, err));
    for (int o = 0; o < subject_output_count(job->subjects[0]); o++)
      TRY(judge_output(job, index, worker, s, o, sum, err));
  }
  return OK;
}

static void summarize(const Job *job, int s, int64_t count, Comparison *out) {
  double reference = 0, candidate = 0, product = 0, error = 0;
  *out =
      (Comparison){.samples = count, .is_classifier = job->is_classifier, .has_labels = job->labels != NULL};
  for (int64_t i = 0; i < count; i++) {
    const Contribution *first = &job->contributions[i * job->subject_count], *own = first + s;
    bool was_right = first->label_rank == 0, is_right = own->label_rank == 0;
    reference += own->reference;
    candidate += own->candidate;
    product += own->product;
    error += own->error;
    out->largest_error = fmax(out->largest_error, own->largest_error);
    out->agreeing += own->highest == first->highest;
    out->right += is_right;
    out->right5 += own->label_rank < 5;
    out->newly_wrong += was_right && !is_right;
    out->newly_right += !was_right && is_right;
  }
  out->sqnr = error > 0 ? 10 * log10(reference / error) : INFINITY;
  out->cosine = reference > 0 && candidate > 0 ? product / sqrt(reference * candidate) : error > 0 ? 0 : 1;
}

/* One vector of scores: all dimensions but one are 1. */
static Status find_classifier(Job *job, Error *err) {
  Shape shape;
  int vectors = 0;
  if (subject_output_count(job->subjects[0]) < 1) return fail(err, BAD_INPUT, "the model has no outputs");
  if (subject_output_shape(job->subjects[0], 0, &shape))
    for (int d = 0; d < shape.rank; d++) vectors += shape.dims[d] != 1;
  job->is_classifier = vectors == 1;
  if (job->is_classifier || job->labels == NULL) return OK;
  return fail(err, BAD_INPUT, "labels are given, but output '%s' of %s is not one vector of scores",
              subject_output_name(job->subjects[0], 0), subject_name(job->subjects[0]));
}

static Status check_subjects(const Job *job, Error *err) {
  for (int s = 1; s < job->subject_count; s++)
    if (subject_output_count(job->subjects[s]) != subject_output_count(job->subjects[0]))
      return fail(err, BAD_INPUT, "%s has %d outputs, %s has %d", subject_name(job->subjects[s]),
                  subject_output_count(job->subjects[s]), subject_name(job->subjects[0]),
                  subject_output_count(job->subjects[0]));
  return OK;
}

Status verify_compare(Subject *const *subjects, int subject_count, const SampleReader *reader, int64_t from,
                      int64_t count, const int64_t *labels, Pool *pool, Comparison *comparisons,
                      SampleProgress progress, void *progress_context, Error *err) {
  Job job = {.subjects = subjects, .subject_count = subject_count, .from = from, .labels = labels};
  TRY(check_subjects(&job, err));
  TRY(find_classifier(&job, err));
  job.contributions = calloc((size_t)count * (size_t)subject_count + 1, sizeof *job.contributions);
  if (job.contributions == NULL) return fail_memory(err);
  Status status = samples_for(reader, from, count, pool, do_sample, &job, progress, progress_context, err);
  for (int s = 0; s < subject_count && status == OK; s++) summarize(&job, s, count, &comparisons[s]);
  free(job.contributions);
  return status;
}

static double percent(int64_t part, int64_t whole) {
  return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

double comparison_top1(const Comparison *comparison) {
  return percent(comparison->right, comparison->samples);
}

double comparison_top5(const Comparison *comparison) {
  return percent(comparison->right5, comparison->samples);
}

double comparison_agreement(const Comparison *comparison) {
  return percent(comparison->agreeing, comparison->samples);
}

double comparison_drop_margin(const Comparison *comparison) {
  double n = (double)comparison->samples, b = (double)comparison->newly_wrong,
         c = (double)comparison->newly_right;
  if (n < 1) return 0;
  return 1.96 * 100.0 * sqrt(fmax(b + c - (b - c) * (b - c) / n, 0)) / n;
}
