/* Errors, memory, text, numbers, files and threads. */
#include "base/base.h"

#include <check.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#undef fail /* an old macro of Check */

Suite *suite_base(void);

/* ---- errors ---- */

START_TEST(errors_say_where) {
  Error err = {0};
  ck_assert_int_eq(fail(&err, BAD_INPUT, "value %d is missing", 3), BAD_INPUT);
  ck_assert_int_eq(fail_within(&err, "node '%s'", "conv1"), BAD_INPUT);
  ck_assert_str_eq(err.text, "node 'conv1': value 3 is missing");
  ck_assert_int_eq(fail(NULL, UNSUPPORTED, "nobody listens"), UNSUPPORTED);
}
END_TEST

START_TEST(long_errors_are_cut_not_overrun) {
  Error err = {0};
  char large[3000];
  memset(large, 'e', sizeof large - 1);
  large[sizeof large - 1] = '\0';
  fail(&err, BAD_INPUT, "%s", large);
  ck_assert_uint_eq(strlen(err.text), sizeof err.text - 1);
  fail_within(&err, "where");
  ck_assert_uint_lt(strlen(err.text), sizeof err.text);
  ck_assert(strncmp(err.text, "where: eee", 10) == 0);
  fail_within(&err, "%s", large);
  ck_assert_uint_lt(strlen(err.text), sizeof err.text);
}
END_TEST

/* ---- memory ---- */

static bool holds_only(const uint8_t *bytes, size_t size, uint8_t value) {
  for (size_t i = 0; i < size; i++)
    if (bytes[i] != value) return false;
  return true;
}

START_TEST(arenas_hand_out_zeroed_aligned_memory) {
  Arena arena = {0};
  uint8_t *objects[200];
  for (size_t i = 0; i < 200; i++) {
    size_t size = i * i * 3 % 9000;
    objects[i] = arena_new(&arena, size, 1, NULL);
    ck_assert_uint_eq((uintptr_t)objects[i] % (size >= 4096 ? MEMORY_ALIGNMENT : 16), 0);
    ck_assert(holds_only(objects[i], size, 0));
    memset(objects[i], (int)i, size);
  }
  for (size_t i = 0; i < 200; i++) ck_assert(holds_only(objects[i], i * i * 3 % 9000, (uint8_t)i));
  arena_free(&arena);
  ck_assert_ptr_null(arena.blocks);
  ck_assert_str_eq(arena_format(&arena, NULL, "%d-%s", 7, "x"), "7-x");
  ck_assert_str_eq(arena_text_of(&arena, "abcdef", 3, NULL), "abc");
  arena_free(&arena);
}
END_TEST

START_TEST(sizes_do_not_wrap) {
  Arena arena = {0};
  Error err = {0};
  size_t result;
  ck_assert(!size_multiply(SIZE_MAX / 2, 3, &result));
  ck_assert(size_multiply(SIZE_MAX / 2, 2, &result));
  ck_assert(!size_add(SIZE_MAX, 1, &result));
  ck_assert_ptr_null(arena_new(&arena, SIZE_MAX / 2, 3, &err));
  ck_assert_int_eq(err.status, SYSTEM);
  ck_assert_ptr_null(arena_new(&arena, SIZE_MAX, 1, &err));
  ck_assert_ptr_null(bytes_new(SIZE_MAX - 8, &err));
  arena_free(&arena);
}
END_TEST

START_TEST(arrays_grow) {
  int *array = NULL;
  size_t capacity = 0;
  for (size_t i = 0; i < 1000; i++) {
    ck_assert_int_eq(array_grow(&array, i, &capacity, sizeof *array, NULL), OK);
    array[i] = (int)i;
  }
  for (size_t i = 0; i < 1000; i++) ck_assert_int_eq(array[i], (int)i);
  free(array);
}
END_TEST

/* ---- text ---- */

START_TEST(text_grows) {
  Text text = {0};
  for (int i = 0; i < 500; i++) text_add(&text, "%d,", i % 10);
  text_add_bytes(&text, "\0z", 2);
  ck_assert_uint_eq(text.length, 1002);
  ck_assert(strncmp(text.bytes, "0,1,2,3,", 8) == 0);
  ck_assert_int_eq(text_status(&text, NULL), OK);
  text_free(&text);
  ck_assert_ptr_null(text.bytes);
}
END_TEST

START_TEST(numbers_as_people_write_them) {
  char buffer[TEXT_NUMBER_ROOM];
  ck_assert_str_eq(text_count(buffer, 1234567), "1,234,567");
  ck_assert_str_eq(text_count(buffer, -1000), "-1,000");
  ck_assert_str_eq(text_count(buffer, 999), "999");
  ck_assert_str_eq(text_count(buffer, INT64_MIN), "-9,223,372,036,854,775,808");
  ck_assert_str_eq(text_bytes(buffer, 86100), "86.1 KB");
  ck_assert_str_eq(text_bytes(buffer, 999), "999 B");
  ck_assert_str_eq(text_bytes(buffer, 123456789), "123 MB");
  ck_assert_str_eq(text_magnitude(buffer, 12.5e6), "12.5 M");
  ck_assert_str_eq(text_magnitude(buffer, 12), "12");
  ck_assert_str_eq(text_seconds(buffer, 0.0034), "3.4 ms");
  ck_assert_str_eq(text_seconds(buffer, 0.123), "0.12 s");
  ck_assert_str_eq(text_seconds(buffer, 600), "10 min");
}
END_TEST

START_TEST(numbers_are_read_whole_or_not) {
  int64_t whole;
  double number;
  ck_assert(text_to_int("-12", &whole) && whole == -12);
  ck_assert(!text_to_int("12x", &whole));
  ck_assert(!text_to_int("", &whole));
  ck_assert(!text_to_int("99999999999999999999", &whole));
  ck_assert(text_to_double("0.5", &number) && number == 0.5);
  ck_assert(text_to_double("50%", &number) && number == 50);
  ck_assert(!text_to_double("inf", &number));
  ck_assert(!text_to_double("1..2", &number));
  ck_assert(text_to_size("60K", &whole) && whole == 60000);
  ck_assert(text_to_size("1.5MB", &whole) && whole == 1500000);
  ck_assert(text_to_size("64KiB", &whole) && whole == 65536);
  ck_assert(!text_to_size("-1", &whole));
  ck_assert(!text_to_size("nan", &whole));
  ck_assert(!text_to_size("1e30G", &whole));
  ck_assert(!text_to_size("5Q", &whole));
}
END_TEST

START_TEST(nearest_names) {
  static const char *const names[] = {"quantize", "verify", "compare", NULL, "info"};
  ck_assert_int_eq(text_nearest("quantise", names, 5), 0);
  ck_assert_int_eq(text_nearest("verfiy", names, 5), 1);
  ck_assert_int_eq(text_nearest("inof", names, 5), 4);
  ck_assert_int_eq(text_nearest("frobnicate", names, 5), -1);
  ck_assert_int_eq(text_nearest("q", names, 5), -1);
}
END_TEST

START_TEST(patterns) {
  ck_assert(text_matches("conv*", "conv12"));
  ck_assert(text_matches("*/weight", "block/1/weight"));
  ck_assert(text_matches("c?nv*2*", "conv12x"));
  ck_assert(text_matches("*", ""));
  ck_assert(!text_matches("conv", "conv1"));
  ck_assert(!text_matches("?", ""));
  ck_assert(text_matches("*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaab"));
  ck_assert(text_ends_with("x.npz", ".npz"));
  ck_assert(!text_ends_with("npz", ".npz"));
}
END_TEST

/* ---- 16-bit floats ---- */

static bool same_half(uint16_t bits) {
  float value = half_to_float(bits);
  return isnan(value) ? isnan(half_to_float(float_to_half(value))) : float_to_half(value) == bits;
}

static bool same_bfloat16(uint16_t bits) {
  float value = bfloat16_to_float(bits);
  return isnan(value) ? isnan(bfloat16_to_float(float_to_bfloat16(value))) : float_to_bfloat16(value) == bits;
}

START_TEST(halves_round_trip) {
  int wrong = 0;
  for (uint32_t i = 0; i < 65536; i++) wrong += !same_half((uint16_t)i) || !same_bfloat16((uint16_t)i);
  ck_assert_int_eq(wrong, 0);
}
END_TEST

START_TEST(halves_round_to_even) {
  ck_assert_uint_eq(float_to_half(1.0f + 0x1p-11f), 0x3c00);            /* tie to even, down */
  ck_assert_uint_eq(float_to_half(1.0f + 0x1p-10f + 0x1p-11f), 0x3c02); /* tie to even, up */
  ck_assert_uint_eq(float_to_half(1.0f + 0x1p-11f + 0x1p-23f), 0x3c01);
  ck_assert_uint_eq(float_to_half(65519.0f), 0x7bff);
  ck_assert_uint_eq(float_to_half(65520.0f), 0x7c00);
  ck_assert_uint_eq(float_to_half(0x1p-25f), 0);
  ck_assert_uint_eq(float_to_half(0x1.8p-25f), 1);
  ck_assert_uint_eq(float_to_bfloat16(1.0f + 0x1p-8f), 0x3f80);
  ck_assert_uint_eq(float_to_bfloat16(1.0f + 0x1p-7f + 0x1p-8f), 0x3f82);
}
END_TEST

/* ---- files ---- */

static char folder[64];

static void make_folder(void) {
  snprintf(folder, sizeof folder, "/tmp/edgec-test.XXXXXX");
  if (mkdtemp(folder) == NULL) abort();
}

static void remove_folder(void) {
  char path[128];
  snprintf(path, sizeof path, "%s/out", folder);
  unlink(path);
  rmdir(folder);
}

static int files_in_folder(void) {
  DIR *directory = opendir(folder);
  int count = 0;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) count += entry->d_name[0] != '.';
  closedir(directory);
  return count;
}

START_TEST(files_are_written_whole) {
  char path[128];
  MappedFile file;
  Error err = {0};
  snprintf(path, sizeof path, "%s/out", folder);
  ck_assert_int_eq(file_write(path, "hello", 5, &err), OK);
  ck_assert_int_eq(file_write(path, "hello world", 11, &err), OK);
  ck_assert_int_eq(files_in_folder(), 1);
  ck_assert_int_eq(file_map(path, &file, &err), OK);
  ck_assert_uint_eq(file.size, 11);
  ck_assert_mem_eq(file.bytes, "hello world", 11);
  file_unmap(&file);
  file_unmap(&file);
}
END_TEST

START_TEST(abandoned_files_leave_nothing) {
  char path[128];
  OutputFile out = {0}, other = {0};
  Error err = {0};
  snprintf(path, sizeof path, "%s/out", folder);
  output_abandon(&out);
  ck_assert_int_eq(output_open(&out, path, &err), OK);
  ck_assert_int_eq(output_write(&out, "abc", 3, &err), OK);
  ck_assert(!file_exists(path));
  ck_assert_int_eq(files_in_folder(), 1);
  output_abandon(&out);
  ck_assert_int_eq(files_in_folder(), 0);
  ck_assert_int_eq(output_open(&out, path, &err), OK);
  ck_assert_int_eq(output_open(&other, path, &err), OK);
  output_abandon_all();
  ck_assert_int_eq(files_in_folder(), 0);
  ck_assert_int_eq(output_commit(&out, &err), SYSTEM);
  output_abandon(&other);
}
END_TEST

START_TEST(what_is_no_file_is_not_replaced) {
  char path[128];
  OutputFile out = {0};
  Error err = {0};
  snprintf(path, sizeof path, "%s/pipe", folder);
  ck_assert_int_eq(mkfifo(path, 0600), 0);
  ck_assert_int_eq(output_open(&out, path, &err), SYSTEM);
  ck_assert_ptr_nonnull(strstr(err.text, "not a regular file"));
  ck_assert_int_eq(output_open(&out, folder, &err), SYSTEM);
  ck_assert_ptr_nonnull(strstr(err.text, "it is a folder"));
  ck_assert_int_eq(files_in_folder(), 1);
  unlink(path);
}
END_TEST

START_TEST(paths_that_cannot_be_read_or_written) {
  MappedFile file;
  Error err = {0};
  ck_assert_int_eq(file_map("/nowhere/x", &file, &err), SYSTEM);
  ck_assert_int_eq(file_map(folder, &file, &err), BAD_INPUT);
  ck_assert_int_eq(file_map("/dev/null", &file, &err), BAD_INPUT);
  ck_assert_int_eq(file_write("/nowhere/x", "", 0, &err), SYSTEM);
  ck_assert_ptr_nonnull(strstr(err.text, "/nowhere/x: cannot write: "));
}
END_TEST

/* ---- threads ---- */

typedef struct Squares {
  size_t values[1000];
  int busy[8]; /* bodies that are running as this worker */
  size_t fails_from;
} Squares;

static Status square(void *context, size_t index, int worker, Error *err) {
  Squares *squares = context;
  if (++squares->busy[worker] != 1) return fail(err, SYSTEM, "worker %d is there twice", worker);
  if (index >= squares->fails_from) {
    squares->busy[worker]--;
    return fail(err, BAD_INPUT, "index %zu", index);
  }
  squares->values[index] = index * index;
  squares->busy[worker]--;
  return OK;
}

START_TEST(pools_do_every_index_once) {
  static Squares squares;
  Error err = {0};
  Pool *pool = _i == 0 ? NULL : pool_new(_i, &err);
  ck_assert_int_eq(pool_workers(pool), _i == 0 ? 1 : _i);
  for (int round = 0; round < 20; round++) {
    squares = (Squares){.fails_from = SIZE_MAX};
    ck_assert_msg(pool_for(pool, 1000, square, &squares, &err) == OK, "%s", err.text);
    int wrong = 0;
    for (size_t i = 0; i < 1000; i++) wrong += squares.values[i] != i * i;
    ck_assert_int_eq(wrong, 0);
  }
  ck_assert_int_eq(pool_for(pool, 0, square, &squares, &err), OK);
  pool_free(pool);
}
END_TEST

START_TEST(pools_report_the_first_failure) {
  static Squares squares;
  Error err = {0};
  Pool *pool = pool_new(4, &err);
  for (int round = 0; round < 20; round++) {
    squares = (Squares){.fails_from = 100};
    ck_assert_int_eq(pool_for(pool, 1000, square, &squares, &err), BAD_INPUT);
    ck_assert_str_eq(err.text, "index 100");
  }
  squares = (Squares){.fails_from = SIZE_MAX};
  ck_assert_int_eq(pool_for(pool, 1000, square, &squares, &err), OK);
  pool_free(pool);
  pool_free(NULL);
}
END_TEST

START_TEST(random_numbers_are_the_same_everywhere) {
  Random random = {0};
  ck_assert_uint_eq(random_bits(&random), UINT64_C(0xe220a8397b1dcdaf));
  ck_assert_uint_eq(random_bits(&random), UINT64_C(0x6e789e6aa1b965f4));
  double sum = 0, squares = 0;
  int outside = 0;
  for (int i = 0; i < 20000; i++) {
    double unit = random_unit(&random), normal = random_normal(&random);
    outside += unit < 0 || unit >= 1 || random_below(&random, 7) >= 7;
    sum += normal;
    squares += normal * normal;
  }
  ck_assert_int_eq(outside, 0);
  ck_assert_double_eq_tol(sum / 20000, 0, 0.03);
  ck_assert_double_eq_tol(squares / 20000, 1, 0.05);
}
END_TEST

Suite *suite_base(void) {
  Suite *suite = suite_create("base");
  TCase *plain = tcase_create("plain");
  tcase_add_test(plain, errors_say_where);
  tcase_add_test(plain, long_errors_are_cut_not_overrun);
  tcase_add_test(plain, arenas_hand_out_zeroed_aligned_memory);
  tcase_add_test(plain, sizes_do_not_wrap);
  tcase_add_test(plain, arrays_grow);
  tcase_add_test(plain, text_grows);
  tcase_add_test(plain, numbers_as_people_write_them);
  tcase_add_test(plain, numbers_are_read_whole_or_not);
  tcase_add_test(plain, nearest_names);
  tcase_add_test(plain, patterns);
  tcase_add_test(plain, halves_round_trip);
  tcase_add_test(plain, halves_round_to_even);
  tcase_add_test(plain, random_numbers_are_the_same_everywhere);
  suite_add_tcase(suite, plain);
  TCase *files = tcase_create("files");
  tcase_add_checked_fixture(files, make_folder, remove_folder);
  tcase_add_test(files, files_are_written_whole);
  tcase_add_test(files, abandoned_files_leave_nothing);
  tcase_add_test(files, what_is_no_file_is_not_replaced);
  tcase_add_test(files, paths_that_cannot_be_read_or_written);
  suite_add_tcase(suite, files);
  TCase *threads = tcase_create("threads");
  tcase_add_loop_test(threads, pools_do_every_index_once, 0, 5);
  tcase_add_test(threads, pools_report_the_first_failure);
  suite_add_tcase(suite, threads);
  return suite;
}
