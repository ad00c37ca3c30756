/*
 * class_bias.c - how many answers are wrong when the bias of one class is raised, as in section 3 of Hinton,
 * Vinyals and Dean 2015: a class that the student has never seen is named too seldom.
 *
 *     class_bias SCORES.npy LABELS CLASS: prints errors as they are, and the fewest errors with the bias in
 *     tenths from 0 to 15 that gives them.
 */
#include "base/base.h"
#include "formats/data/data.h"

#include <stdio.h>
#include <stdlib.h>

#define MOST_TENTHS 150

typedef struct Answers {
  float *scores; /* [count, classes] */
  int64_t *labels;
  int64_t count, classes;
} Answers;

static Status read_answers(Answers *answers, const char *scores, const char *labels, Error *err) {
  DataSource *source;
  TRY(data_open(&source, scores, NULL, err));
  const DataForm *form = data_form(source);
  int64_t samples = form->samples;
  answers->classes = form->elements;
  answers->scores = bytes_new((size_t)(samples * form->elements) * sizeof(float), err);
  Status status =
      answers->scores != NULL ? data_read_f32(source, samples, answers->scores, err) : err->status;
  data_close(source);
  if (status == OK) status = data_read_labels(labels, NULL, &answers->labels, &answers->count, err);
  if (status == OK && answers->count != samples)
    return fail(err, BAD_INPUT, "%lld rows of scores, but %lld labels", (long long)samples,
                (long long)answers->count);
  return status;
}

static int64_t answer(const float *scores, int64_t classes, int64_t raised, float bias) {
  int64_t best = 0;
  float most = -1e30f;
  for (int64_t c = 0; c < classes; c++) {
    float score = scores[c] + (c == raised ? bias : 0);
    if (score <= most) continue;
    most = score;
    best = c;
  }
  return best;
}

static int64_t count_errors(const Answers *answers, int64_t raised, float bias) {
  int64_t errors = 0;
  for (int64_t i = 0; i < answers->count; i++)
    errors +=
        answer(answers->scores + i * answers->classes, answers->classes, raised, bias) != answers->labels[i];
  return errors;
}

static void print_errors(const Answers *answers, int64_t raised) {
  int64_t plain = count_errors(answers, raised, 0), fewest = plain;
  int best = 0;
  for (int tenths = 1; tenths <= MOST_TENTHS; tenths++) {
    int64_t errors = count_errors(answers, raised, (float)tenths / 10);
    if (errors >= fewest) continue;
    fewest = errors;
    best = tenths;
  }
  printf("%lld %lld %.1f\n", (long long)plain, (long long)fewest, best / 10.0);
}

int main(int argc, char **argv) {
  Error err = {0};
  Answers answers = {0};
  if (argc != 4) {
    fprintf(stderr, "usage: class_bias SCORES.npy LABELS CLASS\n");
    return BAD_USAGE;
  }
  Status status = read_answers(&answers, argv[1], argv[2], &err);
  if (status == OK)
    print_errors(&answers, atoll(argv[3]));
  else
    fprintf(stderr, "class_bias: %s\n", err.text);
  bytes_free(answers.scores);
  bytes_free(answers.labels);
  return status;
}
