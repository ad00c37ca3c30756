/* .edge files: written, read back, damaged. */
#include "tests/support/lower_case.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

/* A small file of a Conv. */
static void *conv_file(size_t *size) {
  LowerCase c = {0};
  Arena memory = {0};
  void *built = NULL;
  ck_assert_int_eq(lower_case_sample(&c, op_find("", "Conv"), 0), OK);
  ck_assert_int_eq(lower_case_specs(&c), OK);
  ck_assert_int_eq(lower_graph(c.graph, &c.program, &c.err), OK);
  ck_assert_int_eq(
      edge_file_build(&c.program, "edgec=test\nseed=0\n", EDGE_FILE_COMPACT, &memory, &built, size, &c.err),
      OK);
  void *bytes = bytes_new(*size, &c.err);
  memcpy(bytes, built, *size);
  lower_case_free(&c);
  arena_free(&memory);
  return bytes;
}

START_TEST(reads_back) {
  size_t size;
  void *bytes = conv_file(&size);
  EdgeFile file;
  Error err = {0};
  ck_assert(edge_file_is(bytes, size));
  ck_assert_msg(edge_file_parse(&file, "x.edge", bytes, size, &err) == OK, "%s", err.text);
  ck_assert_str_eq(edge_file_metadata(&file), "edgec=test\nseed=0\n");
  ck_assert_str_eq(edge_input_name(&file.model, 0), "x0");
  ck_assert_str_eq(edge_output_name(&file.model, 0), "y0");
  ck_assert(edge_is_integer_only(&file.model));
  ck_assert_ptr_nonnull(file.model.self_test);
  ck_assert_uint_gt(file.image_bytes, size); /* deflated on disk */
  void *arena = bytes_new(edge_arena_bytes(&file.model), &err);
  ck_assert_int_eq(edge_self_test(&file.model, arena), EDGE_OK);
  bytes_free(arena);
  edge_file_close(&file);
  bytes_free(bytes);
}
END_TEST

START_TEST(same_program_same_bytes) {
  size_t size, again;
  void *bytes = conv_file(&size), *other = conv_file(&again);
  ck_assert_uint_eq(size, again);
  ck_assert_int_eq(memcmp(bytes, other, size), 0);
  bytes_free(bytes);
  bytes_free(other);
}
END_TEST

/* A file cut anywhere, and one with any byte changed, is refused with the file's name. */
static void refused(const void *bytes, size_t size, const char *what, size_t where) {
  EdgeFile file;
  Error err = {0};
  Status status = edge_file_parse(&file, "x.edge", bytes, size, &err);
  ck_assert_msg(status == BAD_INPUT, "%s at %zu: status %d", what, where, status);
  ck_assert_msg(strncmp(err.text, "x.edge: ", 8) == 0, "%s", err.text);
  ck_assert_ptr_null(file.image);
}

START_TEST(every_cut_is_refused) {
  size_t size;
  void *bytes = conv_file(&size);
  for (size_t cut = 0; cut < size; cut++) {
    uint8_t *part = malloc(cut + 1); /* so that reading beyond it is seen */
    memcpy(part, bytes, cut);
    refused(part, cut, "cut", cut);
    free(part);
  }
  bytes_free(bytes);
}
END_TEST

START_TEST(every_changed_byte_is_refused) {
  size_t size;
  uint8_t *bytes = conv_file(&size);
  const EdgeHeader *header = (const EdgeHeader *)bytes;
  size_t table_end = sizeof *header + header->section_count * sizeof(EdgeSection);
  const EdgeSection *last = (const EdgeSection *)(bytes + table_end) - 1;
  ck_assert_uint_eq(last->offset + last->stored_bytes, size);
  for (size_t i = 0; i < size; i++) {
    bool is_padding = i >= table_end && bytes[i] == 0; /* between sections: checked by nothing here */
    if (is_padding) continue;
    bytes[i] ^= 0x41;
    refused(bytes, size, "change", i);
    bytes[i] ^= 0x41;
  }
  bytes_free(bytes);
}
END_TEST

START_TEST(longer_file_is_refused) {
  size_t size;
  void *bytes = conv_file(&size);
  uint8_t *longer = calloc(size + 8, 1);
  memcpy(longer, bytes, size);
  refused(longer, size + 8, "tail", size);
  free(longer);
  bytes_free(bytes);
}
END_TEST

START_TEST(other_files_are_refused) {
  const char text[] = "this is no model at all, but it is long enough for a header";
  refused(text, sizeof text, "text", 0);
  ck_assert(!edge_file_is(text, sizeof text));
}
END_TEST

Suite *suite_edge_file(void);
Suite *suite_edge_file(void) {
  Suite *suite = suite_create("edge_file");
  TCase *tests = tcase_create("edge_file");
  tcase_set_timeout(tests, 30);
  tcase_add_test(tests, reads_back);
  tcase_add_test(tests, same_program_same_bytes);
  tcase_add_test(tests, every_cut_is_refused);
  tcase_add_test(tests, every_changed_byte_is_refused);
  tcase_add_test(tests, longer_file_is_refused);
  tcase_add_test(tests, other_files_are_refused);
  suite_add_tcase(suite, tests);
  return suite;
}
