/* The file of a checkpoint: what was put in comes out, and whatever bytes there are end in a line. */
#include "distill/checkpoint.h"
#include "tests/support/checkpoint_checksums.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_checkpoint(void);

#define HEADER 32 /* bytes */

static const CheckpointFact facts[] = {{.name = "--rate", .value = "0.1", .tames_divergence = true},
                                       {.name = "the teacher", .value = ""}};

/* Bytes of a small one, aligned; written to a file and read back. */
typedef struct Made {
  uint64_t *bytes;
  size_t size;
} Made;

static Made make(bool diverged) {
  char path[] = "/tmp/edgec-test.XXXXXX";
  Checkpoint made = {0};
  Error err = {0};
  void *content;
  MappedFile file;
  ck_assert_int_ge(mkstemp(path), 0);
  for (int round = 0; round < 2; round++) { /* what was in it before is gone */
    ck_assert_int_eq(checkpoint_begin(&made, facts, 2, &err), OK);
    ck_assert_int_eq(checkpoint_add(&made, "weights", 5, &content, &err), OK);
    memcpy(content, "12345", 5);
    ck_assert_int_eq(checkpoint_add(&made, "none", 0, &content, &err), OK);
  }
  if (diverged) checkpoint_mark_diverged(&made);
  ck_assert_int_eq(checkpoint_write(&made, path, &err), OK);
  checkpoint_free(&made);
  ck_assert_int_eq(file_map(path, &file, &err), OK);
  Made copy = {.bytes = malloc(file.size), .size = file.size};
  memcpy(copy.bytes, file.bytes, file.size);
  file_unmap(&file);
  remove(path);
  return copy;
}

static void expect_refusal(const void *bytes, size_t size, const char *why) {
  Checkpoint read;
  Error err = {0};
  ck_assert_int_eq(checkpoint_parse(&read, "x.checkpoint", bytes, size, &err), BAD_INPUT);
  ck_assert_msg(strstr(err.text, why) != NULL && strncmp(err.text, "x.checkpoint: ", 14) == 0, "%s",
                err.text);
}

START_TEST(parts_come_out_as_they_went_in) {
  Made made = make(false);
  Checkpoint read;
  Error err = {0};
  const void *content;
  ck_assert(checkpoint_is(made.bytes, made.size));
  ck_assert_int_eq(checkpoint_parse(&read, "x", made.bytes, made.size, &err), OK);
  ck_assert_int_eq(checkpoint_part(&read, "x", "weights", 5, &content, &err), OK);
  ck_assert_mem_eq(content, "12345", 5);
  ck_assert_int_eq(checkpoint_part(&read, "x", "none", 0, &content, &err), OK);
  ck_assert_int_eq(checkpoint_part(&read, "x", "weights", 6, &content, &err), BAD_INPUT);
  ck_assert_str_eq(err.text, "x: part 'weights' has 5 bytes, and 6 are expected");
  ck_assert_int_eq(checkpoint_part(&read, "x", "weight", 5, &content, &err), BAD_INPUT);
  ck_assert_int_eq(checkpoint_part(&read, "x", "--rate", 3, &content, &err), BAD_INPUT); /* a fact */
  free(made.bytes);
}
END_TEST

static Status compare(const Made *made, const char *rate, const char *teacher, Error *err) {
  CheckpointFact now[] = {{.name = "--rate", .value = rate, .tames_divergence = true},
                          {.name = "the teacher", .value = teacher}};
  Checkpoint read;
  ck_assert_int_eq(checkpoint_parse(&read, "x", made->bytes, made->size, err), OK);
  return checkpoint_compare(&read, "x", now, 2, err);
}

START_TEST(the_fact_that_differs_is_named) {
  Made made = make(false), diverged = make(true);
  Error err = {0};
  ck_assert_int_eq(compare(&made, "0.1", "", &err), OK);
  ck_assert_int_eq(compare(&made, "0.12", "", &err), BAD_INPUT);
  ck_assert_str_eq(err.text, "x: is of another training: --rate was 0.1, and now is 0.12");
  ck_assert_int_eq(compare(&made, "0.1", "big.onnx", &err), BAD_INPUT);
  ck_assert_str_eq(err.text, "x: is of another training: the teacher was none, and now is big.onnx");
  ck_assert_int_eq(compare(&diverged, "0.01", "", &err), OK);
  ck_assert_int_eq(compare(&diverged, "0.1", "", &err), BAD_INPUT);
  ck_assert_int_eq(compare(&diverged, "0.01", "big.onnx", &err), BAD_INPUT);
  free(made.bytes);
  free(diverged.bytes);
}
END_TEST

START_TEST(damage_is_refused) {
  Made made = make(false);
  uint8_t *bytes = (uint8_t *)made.bytes;
  expect_refusal("EDGECKP", 7, "is no checkpoint");
  expect_refusal("EDGECKPT", 8, "cut off");
  for (size_t size = HEADER; size < made.size; size++) expect_refusal(bytes, size, "its size");
  for (size_t i = 0; i < made.size; i++) {
    uint8_t before = bytes[i];
    bytes[i] ^= 0x10;
    expect_refusal(bytes, made.size, "");
    bytes[i] = before;
  }
  bytes[8] = 2;
  expect_refusal(bytes, made.size, "version 2, and this edgec reads version 1");
  free(made.bytes);
}
END_TEST

/* The checksum fits: the entries themselves are checked. Lengths that are too large, and everything else that
   four bytes can be made into. */
START_TEST(entries_stay_inside) {
  static const uint32_t values[] = {0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 4097};
  Made made = make(false);
  uint64_t *copy = malloc(made.size + 8);
  int refused = 0;
  for (size_t at = 24; at + 4 <= made.size; at += 4) {
    for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
      Checkpoint read;
      Error err = {0};
      const void *content;
      memcpy(copy, made.bytes, made.size);
      memcpy((uint8_t *)copy + at, &values[v], 4);
      checkpoint_fix_checksums(copy, made.size);
      Status status = checkpoint_parse(&read, "x", copy, made.size, &err);
      refused += status != OK;
      if (status != OK) continue;
      (void)checkpoint_compare(&read, "x", facts, 2, &err);
      if (checkpoint_part(&read, "x", "weights", 5, &content, &err) == OK)
        ck_assert((const uint8_t *)content + 5 <= (const uint8_t *)copy + made.size);
    }
  }
  ck_assert_int_gt(refused, 20);
  memcpy(copy, made.bytes, made.size);
  memset((uint8_t *)copy + made.size, 0, 8);
  checkpoint_fix_checksums(copy, made.size + 8);
  expect_refusal(copy, made.size + 8, "something follows the last entry");
  checkpoint_fix_checksums(copy, made.size - 8);
  expect_refusal(copy, made.size - 8, "an entry lies outside");
  free(copy);
  free(made.bytes);
}
END_TEST

Suite *suite_checkpoint(void) {
  Suite *suite = suite_create("checkpoint");
  TCase *tests = tcase_create("checkpoint");
  tcase_add_test(tests, parts_come_out_as_they_went_in);
  tcase_add_test(tests, the_fact_that_differs_is_named);
  tcase_add_test(tests, damage_is_refused);
  tcase_add_test(tests, entries_stay_inside);
  suite_add_tcase(suite, tests);
  return suite;
}
