/* .npy and idx, plain and gzipped: every type read right, every damaged file refused with a line that says
 * why. */
#include "formats/data/data.h"
#include "tests/support/data_files.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Suite *suite_data_npy(void);

static DataSource *open_good(const Text *file) {
  DataSource *source;
  Error err = {0};
  ck_assert_msg(data_open_memory(&source, file->bytes, file->length, "t", NULL, &err) == OK, "%s", err.text);
  return source;
}

/* Opening must fail with a line that contains `reason`. */
static void expect_refused(const Text *file, const char *reason) {
  DataSource *source;
  Error err = {0};
  Status status = data_open_memory(&source, file->bytes, file->length, "t", NULL, &err);
  ck_assert_msg(status == BAD_INPUT, "status %d, wanted: %s", (int)status, reason);
  ck_assert_ptr_null(source);
  ck_assert_msg(strstr(err.text, reason) != NULL, "'%s' does not say '%s'", err.text, reason);
}

static void expect_dictionary_refused(const char *dictionary, const char *reason) {
  Text file = {0};
  float values[4] = {0};
  make_npy(&file, 1, dictionary, values, sizeof values);
  expect_refused(&file, reason);
  text_free(&file);
}

/* One row a type: the bytes of the values 1, 2 and what the last byte pattern means. */
static const struct {
  const char *descr;
  uint8_t bytes[16];
  size_t size; /* of an element */
  double first, second;
} type_rows[] = {
    {"|u1", {7, 255}, 1, 7, 255},
    {"|i1", {7, 255}, 1, 7, -1},
    {"|b1", {0, 1}, 1, 0, 1},
    {"<u2", {1, 2, 255, 255}, 2, 513, 65535},
    {">u2", {1, 2, 255, 255}, 2, 258, 65535},
    {"<i2", {1, 2, 255, 255}, 2, 513, -1},
    {">i2", {1, 2, 255, 254}, 2, 258, -2},
    {"<u4", {1, 0, 0, 0, 0, 0, 0, 128}, 4, 1, 2147483648.0},
    {">u4", {0, 0, 0, 1, 128, 0, 0, 0}, 4, 1, 2147483648.0},
    {"<i4", {1, 0, 0, 0, 254, 255, 255, 255}, 4, 1, -2},
    {">i4", {0, 0, 0, 1, 255, 255, 255, 254}, 4, 1, -2},
    {"<u8", {3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0}, 8, 3, 1099511627776.0},
    {">u8", {0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 1, 0, 0, 0, 0, 0}, 8, 3, 1099511627776.0},
    {"<i8", {3, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255}, 8, 3, -1},
    {">i8", {0, 0, 0, 0, 0, 0, 0, 3, 255, 255, 255, 255, 255, 255, 255, 255}, 8, 3, -1},
    {"<f2", {0, 0x3c, 0, 0xc0}, 2, 1, -2},
    {">f2", {0x3c, 0, 0xc0, 0}, 2, 1, -2},
    {"<f4", {0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0}, 4, 1, -2},
    {">f4", {0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0}, 4, 1, -2},
    {"<f8", {0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0}, 8, 1, -2},
    {">f8", {0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0}, 8, 1, -2},
};

START_TEST(reads_every_type) {
  Text file = {0};
  make_array(&file, type_rows[_i].descr, "2,", type_rows[_i].bytes, 2 * type_rows[_i].size);
  DataSource *source = open_good(&file);
  float floats[2];
  int64_t integers[2];
  ck_assert_int_eq(data_form(source)->samples, 2);
  ck_assert_int_eq(data_form(source)->elements, 1);
  ck_assert_int_eq(data_read_f32(source, 2, floats, NULL), OK);
  ck_assert_double_eq((double)floats[0], type_rows[_i].first);
  ck_assert_double_eq((double)floats[1], type_rows[_i].second);
  ck_assert_int_eq(data_seek(source, 0, NULL), OK);
  ck_assert_int_eq(data_read_i64(source, 2, integers, NULL), OK);
  ck_assert_double_eq((double)integers[0], type_rows[_i].first);
  ck_assert_double_eq((double)integers[1], type_rows[_i].second);
  data_close(source);
  text_free(&file);
}
END_TEST

START_TEST(reads_versions_and_shapes) {
  float values[6] = {0, 1, 2, 3, 4, 5}, got[6];
  static const char *const dictionaries[] = {
      "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }",
      "{\"shape\":(3,2),\"fortran_order\":False,\"descr\":\"<f4\"}\n",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (3L, 2L)}   \n"};
  for (int version = 1; version <= 3; version++) {
    Text file = {0};
    make_npy(&file, version, dictionaries[version - 1], values, sizeof values);
    DataSource *source = open_good(&file);
    ck_assert_int_eq(data_form(source)->rank, 1);
    ck_assert_int_eq(data_form(source)->dims[0], 2);
    ck_assert_int_eq(data_seek(source, 2, NULL), OK);
    ck_assert_int_eq(data_read_f32(source, 1, got, NULL), OK);
    ck_assert_float_eq(got[0], 4);
    ck_assert_int_eq(data_seek(source, 0, NULL), OK);
    ck_assert_int_eq(data_read_f32(source, 3, got, NULL), OK);
    ck_assert_mem_eq(got, values, sizeof values);
    data_close(source);
    text_free(&file);
  }
}
END_TEST

START_TEST(a_scalar_is_one_sample) {
  float value = 2.5f, got;
  Text file = {0};
  make_array(&file, "<f4", "", &value, sizeof value);
  DataSource *source = open_good(&file);
  ck_assert_int_eq(data_form(source)->samples, 1);
  ck_assert_int_eq(data_read_f32(source, 1, &got, NULL), OK);
  ck_assert_float_eq(got, value);
  data_close(source);
  text_free(&file);
}
END_TEST

START_TEST(fortran_order_is_taken_where_it_is_no_difference) {
  float values[4] = {1, 2, 3, 4}, got[4];
  Text file = {0};
  make_npy(&file, 1, "{'descr': '<f4', 'fortran_order': True, 'shape': (4, 1)}", values, sizeof values);
  DataSource *source = open_good(&file);
  ck_assert_int_eq(data_read_f32(source, 4, got, NULL), OK);
  ck_assert_mem_eq(got, values, sizeof values);
  data_close(source);
  text_free(&file);
  expect_dictionary_refused("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2)}", "ascontiguousarray");
}
END_TEST

static const struct {
  const char *dictionary, *reason;
} refused_rows[] = {
    {"{'descr': '|O', 'fortran_order': False, 'shape': (4,)}", "pickled Python objects"},
    {"{'descr': 'O', 'fortran_order': False, 'shape': (4,)}", "pickled Python objects"},
    {"{'descr': '<U39', 'fortran_order': False, 'shape': (4,)}", "'<U39' are not read"},
    {"{'descr': '<c8', 'fortran_order': False, 'shape': (2,)}", "not read"},
    {"{'descr': '|f4', 'fortran_order': False, 'shape': (4,)}", "not read"},
    {"{'descr': '', 'fortran_order': False, 'shape': (4,)}", "not read"},
    {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (4,)}", "structured"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (5,)}", "is cut off"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", "4 bytes are left over"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (0,)}", "no samples"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (4, 0)}", "no elements"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (-4,)}", "tuple of lengths"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (4)}", "tuple of lengths"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (4,", "tuple of lengths"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': [4]}", "tuple of lengths"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "too large"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807,)}", "header lies"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 4294967296)}", "one sample"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1,4)}", "more than 9 axes"},
    {"{'descr': '<f4', 'fortran_order': 0, 'shape': (4,)}", "neither True nor False"},
    {"{'descr': '<f4', 'fortran_order': False}", "missing"},
    {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (4,)}", "twice"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (4,), 'x': 1}", "a key that is not"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (4,)} x", "follows"},
    {"{'descr': '<f4' 'fortran_order': False, 'shape': (4,)}", "',' or '}'"},
    {"{'descr' '<f4'}", "a ':'"},
    {"{'descr': '<f4", "does not end"},
    {"{'de\\x73cr': '<f4'}", "strange characters"},
    {"{__import__('os').system('x')}", "quoted string"},
    {"", "a '{' is missing"},
    {"{", "quoted string"},
};

START_TEST(refuses_bad_headers) {
  expect_dictionary_refused(refused_rows[_i].dictionary, refused_rows[_i].reason);
}
END_TEST

START_TEST(refuses_what_is_no_data) {
  static const struct {
    const char *bytes, *reason;
  } rows[] = {{"\x89PNG\r\n\x1a\n....", "a picture"},
              {"\x80\x04\x95....", "pickle"},
              {"\x89HDF\r\n..", "HDF5"},
              {"hello world", "no kind of data"},
              {"abc", "is cut off"},
              {"\x93NUMPZ\1\1\1\1", "not an .npy"},
              {"\x93NUMPY\7\7\1\1\1\1", "version"}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    Text file = {0};
    text_add(&file, "%s", rows[i].bytes);
    expect_refused(&file, rows[i].reason);
    text_free(&file);
  }
  Text file = {0};
  text_add_bytes(&file, "\x93NUMPY\2\0\xff\xff\xff\x7f{}", 14);
  expect_refused(&file, "at most 65536");
  text_free(&file);
}
END_TEST

/* Opens and reads all; the status of whichever fails first. */
static Status read_through(const void *bytes, size_t size, Error *err) {
  DataSource *source;
  TRY(data_open_memory(&source, bytes, size, "t", NULL, err));
  float *values = malloc((size_t)data_form(source)->elements * sizeof *values);
  Status status = values == NULL ? SYSTEM : OK;
  for (int64_t i = 0; i < data_form(source)->samples && status == OK; i++)
    status = data_read_f32(source, 1, values, err);
  free(values);
  data_close(source);
  return status;
}

/* Whatever the place where a file is cut off, it is refused; the buffer is exact, so that ASan sees overruns.
 */
static void expect_truncations_refused(const Text *file) {
  ck_assert_int_eq(read_through(file->bytes, file->length, NULL), OK);
  for (size_t length = 0; length < file->length; length++) {
    uint8_t *bytes = malloc(length + 1);
    Error err = {0};
    memcpy(bytes, file->bytes, length);
    ck_assert_msg(read_through(bytes, length, &err) == BAD_INPUT, "cut off at %zu of %zu", length,
                  file->length);
    ck_assert_ptr_null(strchr(err.text, '\n'));
    free(bytes);
  }
}

START_TEST(refuses_truncated_files) {
  float values[6] = {0, 1, 2, 3, 4, 5};
  uint32_t dims[2] = {3, 8};
  Text npy = {0}, idx = {0}, npy_gz = {0}, idx_gz = {0};
  make_array(&npy, "<f4", "3, 2", values, sizeof values);
  make_idx(&idx, 0x08, 2, dims, values, sizeof values);
  make_gzip(&npy_gz, npy.bytes, npy.length);
  make_gzip(&idx_gz, idx.bytes, idx.length);
  expect_truncations_refused(&npy);
  expect_truncations_refused(&idx);
  expect_truncations_refused(&npy_gz);
  expect_truncations_refused(&idx_gz);
  text_free(&npy);
  text_free(&idx);
  text_free(&npy_gz);
  text_free(&idx_gz);
}
END_TEST

START_TEST(reads_idx) {
  static const uint8_t data[6] = {0, 1, 0xff, 0xfe, 0x7f, 0xff};
  int64_t got[3];
  uint32_t dims[1] = {3};
  Text file = {0};
  make_idx(&file, 0x0b, 1, dims, data, sizeof data);
  DataSource *source = open_good(&file);
  ck_assert_int_eq(data_form(source)->type, DATA_I16);
  ck_assert_int_eq(data_read_i64(source, 3, got, NULL), OK);
  ck_assert_int_eq(got[0], 1);
  ck_assert_int_eq(got[1], -2);
  ck_assert_int_eq(got[2], 32767);
  data_close(source);
  text_free(&file);
}
END_TEST

START_TEST(refuses_lying_idx) {
  uint32_t dims[12] = {0xffffffffu, 0xffffffffu, 0xffffffffu};
  Text file = {0};
  make_idx(&file, 0x08, 3, dims, "abc", 3);
  expect_refused(&file, "one sample");
  text_free(&file);
  dims[1] = dims[2] = 1;
  make_idx(&file, 0x08, 3, dims, "abc", 3);
  expect_refused(&file, "4294967295 samples of 1 elements (uint8) are promised, but 3 bytes follow");
  text_free(&file);
  make_idx(&file, 0x08, 12, dims, "", 0);
  expect_refused(&file, "12 axes");
  text_free(&file);
}
END_TEST

START_TEST(gzip_promises_are_bounded) {
  uint32_t dims[2] = {1000000, 1000};
  Text idx = {0}, file = {0};
  make_idx(&idx, 0x08, 2, dims, "abc", 3);
  make_gzip(&file, idx.bytes, idx.length);
  expect_refused(&file, "at most");
  text_free(&idx);
  text_free(&file);
}
END_TEST

START_TEST(gzip_seeks_both_ways_and_several_parts_are_one) {
  uint8_t values[200];
  float got[20];
  uint32_t dims[2] = {10, 20};
  for (int i = 0; i < 200; i++) values[i] = (uint8_t)i;
  Text idx = {0}, file = {0};
  make_idx(&idx, 0x08, 2, dims, values, sizeof values);
  make_gzip(&file, idx.bytes, 100);
  make_gzip(&file, idx.bytes + 100, idx.length - 100);
  DataSource *source = open_good(&file);
  static const int order[] = {9, 0, 5, 4};
  for (int i = 0; i < 4; i++) {
    ck_assert_int_eq(data_seek(source, order[i], NULL), OK);
    ck_assert_int_eq(data_read_f32(source, 1, got, NULL), OK);
    ck_assert_float_eq(got[3], (float)(order[i] * 20 + 3));
  }
  data_close(source);
  text_free(&idx);
  text_free(&file);
}
END_TEST

START_TEST(gzip_must_not_hold_more) {
  uint32_t dims[1] = {2};
  Text idx = {0}, file = {0};
  Error err = {0};
  make_idx(&idx, 0x08, 1, dims, "abc", 3);
  make_gzip(&file, idx.bytes, idx.length);
  ck_assert_int_eq(read_through(file.bytes, file.length, &err), BAD_INPUT);
  ck_assert_ptr_nonnull(strstr(err.text, "more data follows"));
  text_free(&idx);
  text_free(&file);
}
END_TEST

START_TEST(refuses_values_without_a_place) {
  static const double bad[] = {(double)NAN, (double)INFINITY, 1e300};
  double values[6] = {0, 1, 2, 3, 4, 5};
  for (size_t i = 0; i < 3; i++) {
    Text file = {0};
    float got[6];
    int64_t integers[6];
    Error err = {0};
    values[5] = bad[i];
    make_array(&file, "<f8", "3, 2", values, sizeof values);
    DataSource *source = open_good(&file);
    ck_assert_int_eq(data_read_f32(source, 2, got, NULL), OK);
    ck_assert_int_eq(data_read_f32(source, 1, got, &err), BAD_INPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "sample 2, element 1"));
    ck_assert_int_eq(data_seek(source, 0, NULL), OK);
    ck_assert_int_eq(data_read_i64(source, 3, integers, &err), BAD_INPUT);
    data_close(source);
    text_free(&file);
  }
}
END_TEST

START_TEST(integers_must_be_whole_and_fit) {
  int64_t got;
  float half = 0.5f;
  uint64_t large = UINT64_MAX;
  Text file = {0};
  make_array(&file, "<f4", "1,", &half, sizeof half);
  DataSource *source = open_good(&file);
  ck_assert_int_eq(data_read_i64(source, 1, &got, NULL), BAD_INPUT);
  data_close(source);
  text_free(&file);
  make_array(&file, "<u8", "1,", &large, sizeof large);
  source = open_good(&file);
  ck_assert_int_eq(data_read_i64(source, 1, &got, NULL), BAD_INPUT);
  data_close(source);
  text_free(&file);
}
END_TEST

START_TEST(does_not_read_beyond_the_last_sample) {
  float values[2] = {1, 2}, got[4];
  Text file = {0};
  Error err = {0};
  make_array(&file, "<f4", "2,", values, sizeof values);
  DataSource *source = open_good(&file);
  ck_assert_int_eq(data_read_f32(source, 3, got, &err), BAD_INPUT);
  ck_assert_int_eq(data_seek(source, 3, &err), BAD_INPUT);
  ck_assert_int_eq(data_seek(source, -1, &err), BAD_INPUT);
  ck_assert_int_eq(data_seek(source, 2, &err), OK);
  ck_assert_int_eq(data_read_f32(source, 1, got, &err), BAD_INPUT);
  data_close(source);
  text_free(&file);
}
END_TEST

START_TEST(opens_files_and_says_what_is_wrong_with_paths) {
  char path[64];
  float values[2] = {1, 2}, got[2];
  Text file = {0};
  DataSource *source;
  Error err = {0};
  make_array(&file, "<f4", "2,", values, sizeof values);
  write_temporary(path, file.bytes, file.length);
  ck_assert_int_eq(data_open(&source, path, NULL, &err), OK);
  ck_assert_int_eq(data_read_f32(source, 2, got, &err), OK);
  ck_assert_mem_eq(got, values, sizeof values);
  data_close(source);
  ck_assert_int_eq(data_open(&source, path, "x", &err), BAD_INPUT);
  ck_assert_ptr_nonnull(strstr(err.text, "single array"));
  unlink(path);
  ck_assert_int_eq(data_open(&source, path, NULL, &err), SYSTEM);
  ck_assert_int_eq(data_open(&source, "/tmp", NULL, &err), BAD_INPUT);
  ck_assert_ptr_nonnull(strstr(err.text, "folder"));
  text_free(&file);
}
END_TEST

START_TEST(writes_what_it_reads) {
  char path[64];
  int64_t dims[3] = {3, 2, 2}, integers[12], integers_got[12];
  float values[12], got[12];
  Error err = {0};
  NpyWriter *writer;
  DataSource *source;
  for (int i = 0; i < 12; i++) values[i] = (float)i / 3, integers[i] = -i;
  write_temporary(path, "", 0);
  ck_assert_msg(npy_create(&writer, path, false, 3, dims, &err) == OK, "%s", err.text);
  for (int i = 0; i < 3; i++) ck_assert_int_eq(npy_append(writer, values + 4 * i, 4, &err), OK);
  ck_assert_int_eq(npy_append(writer, values, 1, &err), BAD_INPUT);
  ck_assert_int_eq(npy_finish(writer, &err), OK);
  ck_assert_int_eq(data_open(&source, path, NULL, &err), OK);
  ck_assert_int_eq(data_form(source)->rank, 2);
  ck_assert_int_eq(data_read_f32(source, 3, got, &err), OK);
  ck_assert_mem_eq(got, values, sizeof values);
  data_close(source);
  dims[0] = 12;
  ck_assert_int_eq(npy_create(&writer, path, true, 1, dims, &err), OK);
  ck_assert_int_eq(npy_append(writer, integers, 12, &err), OK);
  ck_assert_int_eq(npy_finish(writer, &err), OK);
  ck_assert_int_eq(data_open(&source, path, NULL, &err), OK);
  ck_assert_int_eq(data_read_i64(source, 12, integers_got, &err), OK);
  ck_assert_mem_eq(integers_got, integers, sizeof integers);
  data_close(source);
  unlink(path);
  ck_assert_int_eq(npy_create(&writer, path, true, 1, dims, &err), OK);
  ck_assert_int_eq(npy_finish(writer, &err), BAD_INPUT); /* too few values: no file */
  ck_assert(!file_exists(path));
  ck_assert_int_eq(npy_create(&writer, "/nowhere/x.npy", true, 1, dims, &err), SYSTEM);
  ck_assert_ptr_null(writer);
}
END_TEST

Suite *suite_data_npy(void) {
  Suite *suite = suite_create("data_npy");
  TCase *reads = tcase_create("reads");
  tcase_add_loop_test(reads, reads_every_type, 0, (int)(sizeof type_rows / sizeof type_rows[0]));
  tcase_add_test(reads, reads_versions_and_shapes);
  tcase_add_test(reads, a_scalar_is_one_sample);
  tcase_add_test(reads, fortran_order_is_taken_where_it_is_no_difference);
  tcase_add_test(reads, reads_idx);
  tcase_add_test(reads, gzip_seeks_both_ways_and_several_parts_are_one);
  tcase_add_test(reads, opens_files_and_says_what_is_wrong_with_paths);
  tcase_add_test(reads, writes_what_it_reads);
  suite_add_tcase(suite, reads);
  TCase *refuses = tcase_create("refuses");
  tcase_add_loop_test(refuses, refuses_bad_headers, 0, (int)(sizeof refused_rows / sizeof refused_rows[0]));
  tcase_add_test(refuses, refuses_what_is_no_data);
  tcase_add_test(refuses, refuses_truncated_files);
  tcase_add_test(refuses, refuses_lying_idx);
  tcase_add_test(refuses, gzip_promises_are_bounded);
  tcase_add_test(refuses, gzip_must_not_hold_more);
  tcase_add_test(refuses, refuses_values_without_a_place);
  tcase_add_test(refuses, integers_must_be_whole_and_fit);
  tcase_add_test(refuses, does_not_read_beyond_the_last_sample);
  suite_add_tcase(suite, refuses);
  return suite;
}
