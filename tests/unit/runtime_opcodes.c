/* A small program of every opcode: loads, runs, gives known bytes with every kernel set, and survives damage.
 */
#include "tests/support/edge_checksums.h"
#include "tests/support/edge_samples.h"

#include <check.h>
#include <stdio.h>

Suite *suite_runtime_opcodes(void);

/* Hash of the outputs for inputs from seed 7, by opcode number: what any build must give. */
static const uint64_t hashes[EDGE_OPCODE_SLOTS] = {
    [EDGE_OP_CONV] = 0x892dec7d05723519,
    [EDGE_OP_DWCONV] = 0xfe8e459f1f109c2c,
    [EDGE_OP_MATMUL] = 0x51b8d4a25a1cb0c9,
    [EDGE_OP_ADD] = 0x4e6aa630b2392207,
    [EDGE_OP_MUL] = 0xcf95b3078050da02,
    [EDGE_OP_MAXIMUM] = 0xdd6753e5a8734d0e,
    [EDGE_OP_MINIMUM] = 0xce1714618790c0fa,
    [EDGE_OP_MAXPOOL] = 0x798f944f6287bfb4,
    [EDGE_OP_AVGPOOL] = 0x050cc34fc5ccc436,
    [EDGE_OP_REDUCE] = 0xb60f9d2ac94a540f,
    [EDGE_OP_TABLE] = 0xb2061cca04d5511d,
    [EDGE_OP_QUANTIZE] = 0xe4e56f21015c5514,
    [EDGE_OP_DEQUANTIZE] = 0x26c5df5b6cd9f234,
    [EDGE_OP_CAST] = 0x79812a4be857eb62,
    [EDGE_OP_COPY] = 0xef85102346e4c3d9,
    [EDGE_OP_FILL] = 0x4be4a7d910289265,
    [EDGE_OP_GATHER] = 0x388a0f4d12e4af61,
    [EDGE_OP_SOFTMAX] = 0xd563d5e9ab943709,
    [EDGE_OP_LAYERNORM] = 0x18c7e9710aa8455d,
    [EDGE_OP_RESIZE_LINEAR] = 0xd149ca5e083d758c,
    [EDGE_OP_ARGMAX] = 0xcc34dd1713948e7c,
    [EDGE_OP_SELECT] = 0xe58ac861e9eb079a,
    [EDGE_OP_BINARY_F32] = 0x9d23a5334e7fe05a,
    [EDGE_OP_UNARY_F32] = 0x87c84739cfaa6fce,
    [EDGE_OP_REDUCE_F32] = 0x0d8e40f44730ab50,
    [EDGE_OP_SOFTMAX_F32] = 0xd4385bcab941268e,
    [EDGE_OP_LRN_F32] = 0x4fb4e64769aa1626,
    [EDGE_OP_CONV_F32] = 0x3d88cbf0ebd993d7,
    [EDGE_OP_MATMUL_F32] = 0xfb88e2482ab3a9f5,
    [EDGE_OP_CONV_F32_CODED] = 0x0b1190994ade9fa6,
    [EDGE_OP_DWCONV_F32_CODED] = 0xd885c393cd28388c,
    [EDGE_OP_GATHER_CODED] = 0x01e43a849e67e9dd,
    [EDGE_OP_CONV_DYNAMIC] = 0x5f6f7cd5e768d97c,
};

static uint8_t *sample_file(int index, size_t *bytes) {
  EdgeBuilder b = {0};
  edge_samples[index].build(&b);
  return builder_finish(&b, bytes);
}

static uint64_t hash_with(const EdgeModel *model) {
  uint64_t hash = 0;
  void *arena = malloc(edge_arena_bytes(model) + 1);
  memset(arena, 0x5a, edge_arena_bytes(model));
  ck_assert_int_eq(edge_self_test_hash(model, arena, 7, NULL, &hash), EDGE_OK);
  free(arena);
  return hash;
}

START_TEST(results_are_the_same_everywhere) {
  size_t bytes;
  uint8_t *file = sample_file(_i, &bytes);
  EdgeModel model;
  ck_assert_msg(edge_load(&model, file, bytes) == EDGE_OK, "%s is refused", edge_samples[_i].name);
  uint64_t hash = hash_with(&model);
  model.kernels = &edge_kernels_plain;
  uint64_t plain = hash_with(&model);
  ck_assert_msg(hash == plain, "%s differs between kernel sets", edge_samples[_i].name);
  ck_assert_msg(hash == hashes[edge_samples[_i].opcode], "%s: 0x%016llx", edge_samples[_i].name,
                (unsigned long long)hash);
  free(file);
}
END_TEST

/* Every word of the parameters and operands with awkward values: refused, or harmless. */
START_TEST(damaged_code_is_safe) {
  static const uint32_t values[] = {0, 1, 2, 3, 0x7fffffffu, 0x80000000u, 0xffffffffu, 0x7fc00000u, 1u << 20};
  size_t bytes;
  uint8_t *file = sample_file(_i, &bytes), *changed = malloc(bytes);
  const EdgeSection *code = (const EdgeSection *)(file + sizeof(EdgeHeader)) + 1;
  const EdgeSection *tensors = code - 1;
  EdgeModel model;
  for (uint32_t at = tensors->offset; at < code->offset + code->stored_bytes; at += 4)
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
      memcpy(changed, file, bytes);
      memcpy(changed + at, &values[i], 4);
      edge_fix_checksums(changed, bytes);
      if (edge_load(&model, changed, bytes) != EDGE_OK || edge_arena_bytes(&model) > 1 << 20) continue;
      void *arena = calloc(1, edge_arena_bytes(&model) + 1);
      edge_run(&model, arena, NULL);
      free(arena);
    }
  free(changed);
  free(file);
}
END_TEST

static void check_row(const char *text, const char *name, int number, int is_float, size_t words) {
  char begin[64], kind[32], end[32];
  snprintf(begin, sizeof begin, "\n| %d | [%s](#", number, name);
  snprintf(kind, sizeof kind, ") | %s | ", is_float ? "float" : "integer");
  snprintf(end, sizeof end, " | %zu |", words);
  const char *row = strstr(text, begin);
  ck_assert_msg(row != NULL, "no row for %s", name);
  char line[256] = {0};
  strncpy(line, row + 1, sizeof line - 1);
  line[strcspn(line, "\n")] = '\0';
  ck_assert_msg(strstr(line, kind) != NULL && strstr(line, end) != NULL, "row of %s: %s", name, line);
}

/* docs/edge-format.md has a row for each opcode: number, name, whether it computes in float, parameter words.
 */
START_TEST(document_lists_every_opcode) {
  static char text[1 << 17];
  FILE *document = fopen("docs/edge-format.md", "r");
  ck_assert_msg(document != NULL, "docs/edge-format.md cannot be opened: run the tests from the root");
  text[fread(text, 1, sizeof text - 1, document)] = '\0';
  fclose(document);
#define X(name, stem, number, least, most, params, is_float, brief)                                          \
  check_row(text, #name, number, is_float,                                                                   \
            _Generic((params){0}, EdgeNoParams : 0, default                                                  \
                     : sizeof(params) / 4));
  EDGE_OPCODES(X)
#undef X
}
END_TEST

Suite *suite_runtime_opcodes(void) {
  Suite *suite = suite_create("runtime_opcodes");
  TCase *tests = tcase_create("opcodes");
  tcase_set_timeout(tests, 120);
  tcase_add_loop_test(tests, results_are_the_same_everywhere, 0, edge_sample_count);
  tcase_add_loop_test(tests, damaged_code_is_safe, 0, edge_sample_count);
  tcase_add_test(tests, document_lists_every_opcode);
  suite_add_tcase(suite, tests);
  return suite;
}
