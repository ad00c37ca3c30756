/* student_file.h - a student made of its teacher, as a file under a temporary name beside the output: what
   trains it takes it for any other student. */
#ifndef CMD_STUDENT_FILE_H
#define CMD_STUDENT_FILE_H

#include "cmd/student.h"

/* --init: how the student begins. */
extern const OptionRow student_init_rows[];

typedef struct StudentFile {
  OutputFile file; /* file.temporary is the path */
} StudentFile;

/* Makes it of `teacher` as the options say, and prints the account. */
Status student_file_make(StudentFile *made, const Options *options, const char *teacher, Error *err);
void student_file_remove(StudentFile *made); /* accepts a zeroed one */

#endif
