/*
 * student.h - a student that is made of its teacher's graph: fewer channels, fewer residual blocks.
 *
 *     Student student = {0};
 *     if (student_is_asked(options)) TRY(student_derive(&student, options, &model, &err));
 *     student_lines(&student, &text);
 */
#ifndef CMD_STUDENT_H
#define CMD_STUDENT_H

#include "cmd/model.h"
#include "cmd/options.h"
#include "distill/initialize.h"
#include "prune/prune.h"

/* --student-width, --student-depth */
extern const OptionRow student_rows[];

/* Parameters and multiply-accumulates of a sample. */
typedef struct StudentSize {
  int64_t parameters, macs;
} StudentSize;

typedef struct Student {
  double width, depth;
  StudentSize before, after;
  PruneReport prune; /* texts are the graph's */
} Student;

bool student_is_asked(const Options *options);
/* Makes the opened model the student; its weights are the teacher's own. BAD_INPUT where nothing can go. */
Status student_derive(Student *student, const Options *options, Model *model, Error *err);

/* The account: how large both are, what went, and what could not and why. */
void student_lines(const Student *student, Text *text);
/* Member "student". */
void student_json(const Student *student, Json *json);

#endif
