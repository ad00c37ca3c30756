/* .npz: stored, deflated and zip64 archives, the choice of the array, labels, and archives that lie. */
#include "formats/data/data.h"
#include "tests/support/data_files.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Suite *suite_data_npz(void);

#define SAMPLES 50
#define ELEMENTS 40

static float sample_values[SAMPLES * ELEMENTS];
static uint8_t sample_labels[SAMPLES];

static void fill_values(void) {
  for (int i = 0; i < SAMPLES * ELEMENTS; i++) sample_values[i] = (float)(i % 97) * 0.25f;
  for (int i = 0; i < SAMPLES; i++) sample_labels[i] = (uint8_t)(i % 7);
}

static void add_array(ZipMaker *zip, const char *name, bool deflated, const char *descr, const char *shape,
                      const void *data, size_t size) {
  Text npy = {0};
  make_array(&npy, descr, shape, data, size);
  zip_add(zip, name, deflated, npy.bytes, npy.length);
  text_free(&npy);
}

/* x, y and something that is no array. */
static void make_usual(Text *file, bool deflated, bool zip64) {
  ZipMaker zip = {.file = file, .zip64 = zip64};
  fill_values();
  add_array(&zip, "y.npy", deflated, "|u1", "50,", sample_labels, sizeof sample_labels);
  zip_add(&zip, "readme.txt", false, "hello", 5);
  add_array(&zip, "x.npy", deflated, "<f4", "50, 40", sample_values, sizeof sample_values);
  zip_end(&zip);
}

static Status open_key(DataSource **source, const Text *file, const char *key, Error *err) {
  return data_open_memory(source, file->bytes, file->length, "t.npz", key, err);
}

static Status read_all(const void *bytes, size_t size, Error *err) {
  static float got[SAMPLES * ELEMENTS];
  DataSource *source;
  TRY(data_open_memory(&source, bytes, size, "t.npz", NULL, err));
  Status status = OK;
  int64_t samples = data_form(source)->samples;
  if (data_form(source)->elements > ELEMENTS) samples = 0;
  for (int64_t i = 0; i < samples && status == OK; i++) status = data_read_f32(source, 1, got, err);
  data_close(source);
  return status;
}

START_TEST(reads_all_kinds) {
  float got[SAMPLES * ELEMENTS];
  Text file = {0};
  DataSource *source;
  Error err = {0};
  make_usual(&file, _i % 2 == 1, _i / 2 == 1);
  ck_assert_msg(open_key(&source, &file, NULL, &err) == OK, "%s", err.text);
  ck_assert_int_eq(data_form(source)->samples, SAMPLES);
  ck_assert_int_eq(data_form(source)->elements, ELEMENTS);
  ck_assert_msg(data_read_f32(source, SAMPLES, got, &err) == OK, "%s", err.text);
  ck_assert_mem_eq(got, sample_values, sizeof got);
  static const int order[] = {30, 31, 3, 49, 0};
  for (int i = 0; i < 5; i++) {
    ck_assert_int_eq(data_seek(source, order[i], &err), OK);
    ck_assert_int_eq(data_read_f32(source, 1, got, &err), OK);
    ck_assert_mem_eq(got, sample_values + order[i] * ELEMENTS, ELEMENTS * sizeof *got);
  }
  data_close(source);
  text_free(&file);
}
END_TEST

START_TEST(finds_labels) {
  char path[64];
  int64_t *labels, count;
  Text file = {0};
  Error err = {0};
  make_usual(&file, true, false);
  write_temporary(path, file.bytes, file.length);
  ck_assert(data_has_labels(path));
  ck_assert(data_has_array(path, "x"));
  ck_assert(!data_has_array(path, "readme.txt"));
  ck_assert_int_eq(data_read_labels(path, NULL, &labels, &count, &err), OK);
  ck_assert_int_eq(count, SAMPLES);
  for (int i = 0; i < SAMPLES; i++) ck_assert_int_eq(labels[i], sample_labels[i]);
  bytes_free(labels);
  ck_assert_int_eq(data_read_labels(path, "x", &labels, &count, &err), BAD_INPUT);
  ck_assert_ptr_nonnull(strstr(err.text, "one number a sample"));
  ck_assert_ptr_null(labels);
  unlink(path);
  ck_assert(!data_has_labels(path));
  text_free(&file);
}
END_TEST

START_TEST(reads_many_labels) {
  char path[64];
  int64_t *labels, count;
  Text file = {0};
  Error err = {0};
  size_t size = 300001;
  uint8_t *values = malloc(size);
  for (size_t i = 0; i < size; i++) values[i] = (uint8_t)(i * 7);
  make_array(&file, "|u1", "300001, 1", values, size);
  write_temporary(path, file.bytes, file.length);
  ck_assert_msg(data_read_labels(path, NULL, &labels, &count, &err) == OK, "%s", err.text);
  ck_assert_int_eq(count, 300001);
  int wrong = 0;
  for (size_t i = 0; i < size; i++) wrong += labels[i] != values[i];
  ck_assert_int_eq(wrong, 0);
  bytes_free(labels);
  free(values);
  unlink(path);
  text_free(&file);
}
END_TEST

START_TEST(chooses_the_array) {
  DataSource *source;
  Error err = {0};
  float one = 1;
  Text file = {0};
  ZipMaker zip = {.file = &file};
  add_array(&zip, "pixels.npy", false, "<f4", "1,", &one, sizeof one);
  add_array(&zip, "labels.npy", false, "<f4", "1,", &one, sizeof one);
  zip_end(&zip);
  ck_assert_int_eq(open_key(&source, &file, NULL, &err), OK); /* the only one that is no label */
  data_close(source);
  ck_assert_int_eq(open_key(&source, &file, "pixel", &err), BAD_INPUT);
  ck_assert_str_eq(err.text, "t.npz: has no array 'pixel'; it holds: pixels, labels");
  text_free(&file);
  zip = (ZipMaker){.file = &file};
  add_array(&zip, "a.npy", false, "<f4", "1,", &one, sizeof one);
  add_array(&zip, "b.npy", false, "<f4", "1,", &one, sizeof one);
  add_array(&zip, "a.npy", false, "<f4", "1,", &one, sizeof one);
  zip_end(&zip);
  ck_assert_int_eq(open_key(&source, &file, NULL, &err), BAD_INPUT);
  ck_assert_ptr_nonnull(strstr(err.text, "say which array"));
  ck_assert_int_eq(open_key(&source, &file, "a", &err), BAD_INPUT);
  ck_assert_ptr_nonnull(strstr(err.text, "two arrays of the name 'a'"));
  text_free(&file);
  zip = (ZipMaker){.file = &file};
  zip_end(&zip);
  ck_assert_int_eq(open_key(&source, &file, NULL, &err), BAD_INPUT);
  ck_assert_ptr_nonnull(strstr(err.text, "no arrays at all"));
  text_free(&file);
}
END_TEST

START_TEST(refuses_truncated_archives) {
  Text file = {0};
  make_usual(&file, _i % 2 == 1, _i / 2 == 1);
  for (size_t length = 0; length < file.length;
       length += length + 200 < file.length && length > 300 ? 37 : 1) {
    uint8_t *bytes = malloc(length + 1);
    memcpy(bytes, file.bytes, length);
    ck_assert_msg(read_all(bytes, length, NULL) == BAD_INPUT, "cut off at %zu of %zu", length, file.length);
    free(bytes);
  }
  text_free(&file);
}
END_TEST

/* Any one byte that is changed: refused or read, never a crash; damage of the data itself is always seen. */
START_TEST(survives_changed_bytes) {
  Text file = {0};
  make_usual(&file, _i == 1, false);
  size_t refused = 0;
  for (size_t i = 0; i < file.length; i++) {
    char kept = file.bytes[i];
    file.bytes[i] = (char)(kept ^ 0x55);
    Status status = read_all(file.bytes, file.length, NULL);
    ck_assert(status == OK || status == BAD_INPUT);
    refused += status == BAD_INPUT;
    file.bytes[i] = kept;
  }
  ck_assert_uint_gt(refused, file.length / 2);
  ck_assert_int_eq(read_all(file.bytes, file.length, NULL), OK);
  text_free(&file);
}
END_TEST

/* Where the member `name` has its entry in the central directory. */
static uint8_t *entry_of(Text *file, const char *name) {
  for (size_t i = file->length - 46; i > 0; i--)
    if (memcmp(file->bytes + i, "PK\1\2", 4) == 0 && memcmp(file->bytes + i + 46, name, strlen(name)) == 0)
      return (uint8_t *)file->bytes + i;
  ck_abort_msg("no entry %s", name);
  return NULL;
}

static void expect_lie(int offset, uint8_t value, bool deflated, const char *reason) {
  Text file = {0};
  Error err = {0};
  make_usual(&file, deflated, false);
  entry_of(&file, "x.npy")[offset] = value;
  ck_assert_int_eq(read_all(file.bytes, file.length, &err), BAD_INPUT);
  ck_assert_msg(strstr(err.text, reason) != NULL, "'%s' does not say '%s'", err.text, reason);
  text_free(&file);
}

START_TEST(refuses_lying_directories) {
  expect_lie(8, 1, true, "encrypted");
  expect_lie(10, 12, true, "zip method 12");
  expect_lie(16, 0x99, true, "checksum");
  expect_lie(16, 0x99, false, "checksum");
  expect_lie(27, 0x7f, true, "cannot hold");
  expect_lie(27, 0x7f, false, "two sizes");
  expect_lie(23, 0x7f, true, "is cut off");
  expect_lie(42, 0x01, true, "not where the archive's directory says");
  expect_lie(45, 0x7f, true, "is cut off");
  expect_lie(29, 0x7f, true, "too long");
}
END_TEST

START_TEST(bombs_are_bounded) {
  /* 64 MiB of zeros in some 64 KB: reading a few samples neither fails nor needs the rest. */
  size_t size = (size_t)64 << 20;
  uint8_t *zeros = calloc(size, 1);
  Text file = {0};
  ZipMaker zip = {.file = &file};
  float got[16];
  DataSource *source;
  Error err = {0};
  add_array(&zip, "x.npy", true, "|u1", "4194304, 16", zeros, size);
  zip_end(&zip);
  free(zeros);
  ck_assert_uint_lt(file.length, 100000);
  ck_assert_int_eq(open_key(&source, &file, NULL, &err), OK);
  ck_assert_int_eq(data_read_f32(source, 1, got, &err), OK);
  data_close(source);
  text_free(&file);
}
END_TEST

START_TEST(names_are_only_names) {
  float one = 1;
  Text file = {0};
  ZipMaker zip = {.file = &file};
  DataSource *source;
  Error err = {0};
  add_array(&zip, "../../etc/pass\nwd.npy", false, "<f4", "1,", &one, sizeof one);
  zip_end(&zip);
  ck_assert_int_eq(open_key(&source, &file, NULL, &err), OK);
  data_close(source);
  ck_assert_int_eq(open_key(&source, &file, "z", &err), BAD_INPUT);
  ck_assert_str_eq(err.text, "t.npz: has no array 'z'; it holds: ../../etc/pass?wd");
  text_free(&file);
}
END_TEST

START_TEST(pickled_arrays_are_refused) {
  Text file = {0};
  ZipMaker zip = {.file = &file};
  Error err = {0};
  add_array(&zip, "x.npy", true, "|O", "1,", "\x80\x04N.", 4);
  zip_end(&zip);
  ck_assert_int_eq(read_all(file.bytes, file.length, &err), BAD_INPUT);
  ck_assert_ptr_nonnull(
      strstr(err.text, "t.npz: array 'x': holds pickled Python objects, which edgec never loads"));
  text_free(&file);
}
END_TEST

/* Files that NumPy wrote (tests/fuzz/make_data_corpus.py): 4 samples of 0, 1, 2 ... in the shape [2, 3]. */
START_TEST(reads_what_numpy_writes) {
  static const char *const names[] = {"version_1.npy",   "version_2.npy",    "version_3.npy",
                                      "f4.npy.gz",       "stored.npz",       "deflated.npz",
                                      "zip64.npz",       "type_big_f8.npy",  "type_little_f2.npy",
                                      "type_big_u2.npy", "type_byte_i1.npy", "type_little_u8.npy"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    char path[128];
    float got[24];
    DataSource *source;
    Error err = {0};
    snprintf(path, sizeof path, "tests/fuzz/corpus/data/%s", names[i]);
    ck_assert_msg(data_open(&source, path, NULL, &err) == OK, "%s", err.text);
    ck_assert_int_eq(data_form(source)->samples, 4);
    ck_assert_int_eq(data_form(source)->rank, 2);
    ck_assert_msg(data_read_f32(source, 4, got, &err) == OK, "%s", err.text);
    for (int j = 0; j < 24; j++) ck_assert_float_eq(got[j], (float)j);
    data_close(source);
  }
}
END_TEST

Suite *suite_data_npz(void) {
  Suite *suite = suite_create("data_npz");
  TCase *tests = tcase_create("npz");
  tcase_set_timeout(tests, 30);
  tcase_add_loop_test(tests, reads_all_kinds, 0, 4);
  tcase_add_test(tests, reads_what_numpy_writes);
  tcase_add_test(tests, finds_labels);
  tcase_add_test(tests, reads_many_labels);
  tcase_add_test(tests, chooses_the_array);
  tcase_add_loop_test(tests, refuses_truncated_archives, 0, 4);
  tcase_add_loop_test(tests, survives_changed_bytes, 0, 2);
  tcase_add_test(tests, refuses_lying_directories);
  tcase_add_test(tests, bombs_are_bounded);
  tcase_add_test(tests, names_are_only_names);
  tcase_add_test(tests, pickled_arrays_are_refused);
  suite_add_tcase(suite, tests);
  return suite;
}
