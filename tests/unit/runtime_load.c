/* Loading, running and refusing files. */
#include "tests/support/edge_builder.h"
#include "tests/support/edge_checksums.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_runtime_load(void);

static const int8_t weights[4] = {1, -2, 3, 4};
static const int32_t bias[2] = {-127, 500};
static const float mult[2] = {0.25f, 0.0625f};

/* x f32 [1,1,2,2] -> quantize -> matrix product -> dequantize -> y f32 [1,1,2,2]; scales 1. */
static EdgeBuilder small_program(void) {
  EdgeBuilder b = {0};
  uint32_t dims[4] = {1, 1, 2, 2}, two = 2;
  EdgeConvParams params = {1, 1, 1, 1, 0, 0, 1, -128, 127, 0};
  int x = builder_arena(&b, EDGE_F32, 4, dims, 0.0f, 0);
  int xq = builder_arena(&b, EDGE_S8, 4, dims, 1.0f, -1);
  int yq = builder_arena(&b, EDGE_S8, 4, dims, 2.0f, 0);
  int y = builder_arena(&b, EDGE_F32, 4, dims, 0.0f, 0);
  int w = builder_constant(&b, EDGE_S8, 4, (uint32_t[]){2, 1, 1, 2}, weights);
  int bias_index = builder_constant(&b, EDGE_S32, 1, &two, bias);
  int mult_index = builder_constant(&b, EDGE_F32, 1, &two, mult);
  builder_op(&b, EDGE_OP_QUANTIZE, 1, (int[]){x}, xq, NULL, 0);
  builder_op(&b, EDGE_OP_CONV, 4, (int[]){xq, w, bias_index, mult_index}, yq, &params, sizeof params);
  builder_op(&b, EDGE_OP_DEQUANTIZE, 1, (int[]){yq}, y, NULL, 0);
  builder_input(&b, x, "image");
  builder_output(&b, y, "scores");
  b.flags = EDGE_FLAG_INTEGER_ONLY;
  return b;
}

static EdgeStatus load_copy(const uint8_t *file, size_t bytes) {
  uint8_t *copy = malloc(bytes + 1); /* exact size: reading beyond it is an error */
  EdgeModel model;
  ck_assert_ptr_nonnull(copy);
  if (bytes > 0) memcpy(copy, file, bytes);
  copy = realloc(copy, bytes > 0 ? bytes : 1);
  EdgeStatus status = edge_load(&model, copy, bytes);
  free(copy);
  return status;
}

static EdgeStatus load_built(EdgeBuilder *b) {
  size_t bytes;
  uint8_t *file = builder_finish(b, &bytes);
  EdgeStatus status = load_copy(file, bytes);
  free(file);
  return status;
}

START_TEST(program_runs) {
  size_t bytes;
  EdgeBuilder b = small_program();
  uint8_t *file = builder_finish(&b, &bytes);
  EdgeModel model;
  ck_assert_int_eq(edge_load(&model, file, bytes), EDGE_OK);
  ck_assert_uint_eq(edge_input_count(&model), 1);
  ck_assert_uint_eq(edge_output_count(&model), 1);
  ck_assert_str_eq(edge_input_name(&model, 0), "image");
  ck_assert_str_eq(edge_output_name(&model, 0), "scores");
  ck_assert_str_eq(edge_opcode_name(&model, 1), "CONV");
  ck_assert_str_eq(edge_opcode_name(&model, 3), "");
  ck_assert_str_eq(edge_layer_name(&model, 0), "image");
  ck_assert(edge_is_integer_only(&model));
  void *arena = malloc(edge_arena_bytes(&model));
  const float x[4] = {3.0f, 10.4f, -5.0f, 1000.0f};
  float y[4];
  edge_set_input_f32(&model, 0, x, arena);
  ck_assert_int_eq(edge_run(&model, arena, NULL), EDGE_OK);
  edge_get_output_f32(&model, 0, arena, y);
  /* Codes 2, 9 and -6, 127. First pixel: (-127 + 130 - 2 * 137) / 4 and (500 + 3 * 130 + 4 * 137) / 16. */
  ck_assert_float_eq(y[0], 2.0f * -68.0f);
  ck_assert_float_eq(y[1], 2.0f * 90.0f);
  ck_assert_float_eq(y[2], 2.0f * -128.0f); /* -128.75 */
  ck_assert_float_eq(y[3], 2.0f * 118.0f);
  free(arena);
  free(file);
}
END_TEST

typedef struct Seen {
  int count;
  uint32_t elements;
  int8_t code;
} Seen;

static void note(void *context, uint32_t instruction, const EdgeTensor *result, const void *data) {
  Seen *seen = context;
  seen->count++;
  seen->elements += result->elements;
  if (instruction == 0) seen->code = ((const int8_t *)data)[1];
}

START_TEST(results_can_be_observed) {
  size_t bytes;
  EdgeBuilder b = small_program();
  uint8_t *file = builder_finish(&b, &bytes);
  EdgeModel model;
  Seen seen = {0};
  EdgeHooks hooks = {.observe = note, .observe_context = &seen};
  ck_assert_int_eq(edge_load(&model, file, bytes), EDGE_OK);
  void *arena = malloc(edge_arena_bytes(&model));
  edge_set_input_f32(&model, 0, (const float[]){0.0f, 2.5f, 0.0f, 0.0f}, arena);
  ck_assert_int_eq(edge_run(&model, arena, &hooks), EDGE_OK);
  ck_assert_int_eq(seen.count, 3);
  ck_assert_uint_eq(seen.elements, 12);
  ck_assert_int_eq(seen.code, 1); /* 2.5 rounds to 2, zero point -1 */
  free(arena);
  free(file);
}
END_TEST

static EdgeStatus self_test_with(uint64_t hash, uint64_t *found) {
  size_t bytes;
  EdgeBuilder b = small_program();
  builder_self_test(&b, 42, hash);
  uint8_t *file = builder_finish(&b, &bytes);
  EdgeModel model;
  ck_assert_int_eq(edge_load(&model, file, bytes), EDGE_OK);
  void *arena = malloc(edge_arena_bytes(&model));
  ck_assert_int_eq(edge_self_test_hash(&model, arena, 42, NULL, found), EDGE_OK);
  EdgeStatus status = edge_self_test(&model, arena);
  free(arena);
  free(file);
  return status;
}

START_TEST(self_test_compares_the_hash) {
  uint64_t hash = 0, same = 0;
  ck_assert_int_eq(self_test_with(0, &hash), EDGE_SELF_TEST);
  ck_assert_int_eq(self_test_with(hash, &same), EDGE_OK);
  ck_assert_int_eq(self_test_with(hash ^ UINT64_C(1) << 63, &same), EDGE_SELF_TEST);
  ck_assert_uint_eq(hash, same);
}
END_TEST

START_TEST(crc_is_that_of_zlib) {
  ck_assert_uint_eq(edge_crc32((const uint8_t *)"123456789", 9), 0xcbf43926u);
  ck_assert_uint_eq(edge_crc32(NULL, 0), 0);
}
END_TEST

START_TEST(every_truncation_is_refused) {
  size_t bytes;
  EdgeBuilder b = small_program();
  uint8_t *file = builder_finish(&b, &bytes);
  for (size_t i = 0; i < bytes; i++) ck_assert_msg(load_copy(file, i) == EDGE_TRUNCATED, "%zu bytes", i);
  ck_assert_int_eq(load_copy(file, bytes), EDGE_OK);
  free(file);
}
END_TEST

START_TEST(every_changed_byte_is_refused) {
  size_t bytes;
  EdgeBuilder b = small_program();
  builder_self_test(&b, 1, 2);
  uint8_t *file = builder_finish(&b, &bytes);
  for (size_t i = 0; i < bytes; i++)
    for (int bit = 0; bit < 8; bit++) {
      file[i] ^= (uint8_t)(1 << bit);
      ck_assert_msg(load_copy(file, bytes) != EDGE_OK, "byte %zu, bit %d", i, bit);
      file[i] ^= (uint8_t)(1 << bit);
    }
  ck_assert_int_eq(load_copy(file, bytes), EDGE_OK);
  free(file);
}
END_TEST

/* With right checksums, what a change does is up to the checks behind them: no crash, and if the file is
   accepted it runs. */
START_TEST(every_changed_byte_with_right_checksums_is_safe) {
  size_t bytes;
  EdgeBuilder b = small_program();
  uint8_t *file = builder_finish(&b, &bytes);
  uint8_t *changed = malloc(bytes);
  EdgeModel model;
  int refused = 0, accepted = 0;
  for (size_t i = 0; i < bytes; i++) {
    for (int value = 0; value < 6; value++) {
      memcpy(changed, file, bytes);
      changed[i] = (const uint8_t[]){0, 1, 0x7f, 0x80, 0xff, (uint8_t)(file[i] + 1)}[value];
      edge_fix_checksums(changed, bytes);
      int is_accepted = edge_load(&model, changed, bytes) == EDGE_OK && edge_arena_bytes(&model) < 1 << 20;
      accepted += is_accepted;
      refused += !is_accepted;
      if (!is_accepted) continue;
      void *arena = calloc(1, edge_arena_bytes(&model));
      edge_run(&model, arena, NULL);
      free(arena);
    }
  }
  ck_assert_int_gt(refused, 500);
  ck_assert_int_gt(accepted, 500);
  free(changed);
  free(file);
}
END_TEST

/* ---- one thing wrong at a time ---- */

static EdgeHeader *header_of(uint8_t *file) {
  return (EdgeHeader *)file;
}

static EdgeSection *section_of(uint8_t *file, uint32_t type) {
  EdgeSection *section = (EdgeSection *)(file + sizeof(EdgeHeader));
  while (section->type != type) section++;
  return section;
}

/* Where words of the section lie. */
static uint32_t *words_of(uint8_t *file, uint32_t type) {
  return (uint32_t *)(file + section_of(file, type)->offset);
}

typedef struct Damage {
  const char *name;
  void (*apply)(uint8_t *file);
  EdgeStatus expected;
} Damage;

#define DAMAGE(name, code)                                                                                   \
  static void name(uint8_t *file) {                                                                          \
    code;                                                                                                    \
  }
DAMAGE(bad_magic, header_of(file)->magic++)
DAMAGE(new_version, header_of(file)->version++)
DAMAGE(version_0, header_of(file)->version = 0)
DAMAGE(unknown_flag, header_of(file)->flags |= 0x80)
DAMAGE(ignored_flag, header_of(file)->flags |= 0x8000)
DAMAGE(many_sections, header_of(file)->section_count = 65)
DAMAGE(header_reserved, header_of(file)->reserved = 1)
DAMAGE(huge_arena, header_of(file)->arena_bytes = 0xffffffc0u)
DAMAGE(small_arena, header_of(file)->arena_bytes = header_of(file)->scratch_offset)
DAMAGE(no_arena, header_of(file)->arena_bytes = 0)
DAMAGE(low_scratch, header_of(file)->scratch_offset = 64)
DAMAGE(odd_scratch, header_of(file)->scratch_offset += 4)
DAMAGE(coded, section_of(file, EDGE_SECTION_CODE)->coding = EDGE_CODING_DEFLATE)
DAMAGE(unknown_coding, section_of(file, EDGE_SECTION_CODE)->coding = 77)
DAMAGE(far_section, section_of(file, EDGE_SECTION_CODE)->offset = 0xffffffc0u)
DAMAGE(long_section, section_of(file, EDGE_SECTION_STRINGS)->stored_bytes = 0xffffffffu)
DAMAGE(overlap, section_of(file, EDGE_SECTION_CODE)->offset = section_of(file, EDGE_SECTION_TENSORS)->offset)
DAMAGE(overlaps_header, section_of(file, EDGE_SECTION_TENSORS)->offset = 0)
DAMAGE(unaligned, section_of(file, EDGE_SECTION_CODE)->offset += 4)
DAMAGE(raw_size, section_of(file, EDGE_SECTION_CODE)->raw_bytes++)
DAMAGE(twice, section_of(file, EDGE_SECTION_IO)->type = EDGE_SECTION_STRINGS)
DAMAGE(unknown_required, section_of(file, EDGE_SECTION_WEIGHTS)->type = 1)
DAMAGE(new_section_version, section_of(file, EDGE_SECTION_CODE)->version = 2)
DAMAGE(required_2, section_of(file, EDGE_SECTION_CODE)->required = 2)
DAMAGE(section_reserved, section_of(file, EDGE_SECTION_CODE)->reserved[1] = 1)
DAMAGE(unknown_optional, section_of(file, EDGE_SECTION_LAYERS)->type = 1; section_of(file, 1)->required = 0)
DAMAGE(new_optional_version, section_of(file, EDGE_SECTION_LAYERS)->version = 2;
       section_of(file, EDGE_SECTION_LAYERS)->required = 0)
DAMAGE(no_strings, section_of(file, EDGE_SECTION_STRINGS)->type = 1; section_of(file, 1)->required = 0)
DAMAGE(open_string, section_of(file, EDGE_SECTION_STRINGS)->stored_bytes--;
       section_of(file, EDGE_SECTION_STRINGS)->raw_bytes--)
DAMAGE(no_empty_string, ((char *)words_of(file, EDGE_SECTION_STRINGS))[0] = 'x')
DAMAGE(layer_name, words_of(file, EDGE_SECTION_LAYERS)[2] = 9999)
DAMAGE(layer_count, section_of(file, EDGE_SECTION_LAYERS)->stored_bytes -= 4;
       section_of(file, EDGE_SECTION_LAYERS)->raw_bytes -= 4)
DAMAGE(input_tensor, words_of(file, EDGE_SECTION_IO)[2] = 7)
DAMAGE(input_constant, words_of(file, EDGE_SECTION_IO)[2] = 4)
DAMAGE(input_name, words_of(file, EDGE_SECTION_IO)[3] = 9999)
DAMAGE(many_inputs, words_of(file, EDGE_SECTION_IO)[0] = 0xffffffffu; words_of(file, EDGE_SECTION_IO)[1] = 3)
DAMAGE(no_outputs, words_of(file, EDGE_SECTION_IO)[0] = 2; words_of(file, EDGE_SECTION_IO)[1] = 0)
#define TENSOR(i) ((EdgeTensor *)words_of(file, EDGE_SECTION_TENSORS))[i]
DAMAGE(tensor_type, TENSOR(0).type = 9)
DAMAGE(tensor_type_0, TENSOR(0).type = 0)
DAMAGE(tensor_space, TENSOR(0).space = 2)
DAMAGE(tensor_rank, TENSOR(0).rank = 9)
DAMAGE(tensor_reserved, TENSOR(0).reserved = 1)
DAMAGE(tensor_reserved2, TENSOR(0).reserved2 = 1)
DAMAGE(tensor_offset, TENSOR(0).offset += 4)
DAMAGE(tensor_beyond, TENSOR(0).offset = header_of(file)->scratch_offset)
DAMAGE(tensor_far, TENSOR(0).offset = 0xffffffc0u)
DAMAGE(constant_beyond, TENSOR(4).offset = 4096)
DAMAGE(tensor_dim_0, TENSOR(0).dims[1] = 0)
DAMAGE(tensor_unused_dim, TENSOR(0).dims[6] = 2; TENSOR(0).elements *= 2)
DAMAGE(tensor_elements, TENSOR(0).elements++)
DAMAGE(tensor_huge, TENSOR(0).dims[0] = 1u << 31; TENSOR(0).dims[1] = 2; TENSOR(0).elements = 0)
DAMAGE(tensor_scale, TENSOR(1).scale = -1.0f)
DAMAGE(tensor_scale_nan, TENSOR(1).scale = __builtin_nanf(""))
DAMAGE(tensor_zero_point, TENSOR(1).zero_point = 128)
#define CODE words_of(file, EDGE_SECTION_CODE)
DAMAGE(opcode, CODE[0] = (CODE[0] & 0xffff0000u) | 999)
DAMAGE(opcode_0, CODE[0] &= 0xffff0000u)
DAMAGE(instruction_inputs, CODE[0] += 1u << 16)
DAMAGE(instruction_outputs, CODE[0] += 1u << 24)
DAMAGE(instruction_params, CODE[1]++)
DAMAGE(instruction_reserved, CODE[1] |= 1u << 16)
DAMAGE(operand_absent, CODE[2] = 0xffffffffu)
DAMAGE(operand_negative, CODE[2] = 0xfffffffeu)
DAMAGE(operand_beyond, CODE[2] = 7)
DAMAGE(result_absent, CODE[3] = 0xffffffffu)
DAMAGE(result_beyond, CODE[3] = 7)
DAMAGE(result_constant, CODE[3] = 4)
DAMAGE(wrong_types, CODE[3] = 3)
DAMAGE(cut_instruction, section_of(file, EDGE_SECTION_CODE)->stored_bytes -= 4;
       section_of(file, EDGE_SECTION_CODE)->raw_bytes -= 4)
DAMAGE(cut_word, section_of(file, EDGE_SECTION_CODE)->stored_bytes -= 2;
       section_of(file, EDGE_SECTION_CODE)->raw_bytes -= 2)

static const Damage damages[] = {
#define ROW(name, status)                                                                                    \
  { #name, name, EDGE_##status }
    ROW(bad_magic, NOT_EDGE),
    ROW(new_version, VERSION),
    ROW(version_0, MALFORMED),
    ROW(unknown_flag, VERSION),
    ROW(ignored_flag, OK),
    ROW(many_sections, MALFORMED),
    ROW(header_reserved, MALFORMED),
    ROW(huge_arena, MALFORMED),
    ROW(small_arena, MALFORMED),
    ROW(no_arena, MALFORMED),
    ROW(low_scratch, MALFORMED),
    ROW(odd_scratch, MALFORMED),
    ROW(coded, CODED),
    ROW(unknown_coding, CODED),
    ROW(far_section, MALFORMED),
    ROW(long_section, MALFORMED),
    ROW(overlap, MALFORMED),
    ROW(overlaps_header, MALFORMED),
    ROW(unaligned, MALFORMED),
    ROW(raw_size, MALFORMED),
    ROW(twice, MALFORMED),
    ROW(unknown_required, VERSION),
    ROW(new_section_version, VERSION),
    ROW(required_2, MALFORMED),
    ROW(section_reserved, MALFORMED),
    ROW(unknown_optional, OK),
    ROW(new_optional_version, OK),
    ROW(no_strings, MALFORMED),
    ROW(open_string, MALFORMED),
    ROW(no_empty_string, MALFORMED),
    ROW(layer_name, MALFORMED),
    ROW(layer_count, MALFORMED),
    ROW(input_tensor, MALFORMED),
    ROW(input_constant, MALFORMED),
    ROW(input_name, MALFORMED),
    ROW(many_inputs, MALFORMED),
    ROW(no_outputs, MALFORMED),
    ROW(tensor_type, MALFORMED),
    ROW(tensor_type_0, MALFORMED),
    ROW(tensor_space, MALFORMED),
    ROW(tensor_rank, MALFORMED),
    ROW(tensor_reserved, MALFORMED),
    ROW(tensor_reserved2, MALFORMED),
    ROW(tensor_offset, MALFORMED),
    ROW(tensor_beyond, MALFORMED),
    ROW(tensor_far, MALFORMED),
    ROW(constant_beyond, MALFORMED),
    ROW(tensor_dim_0, MALFORMED),
    ROW(tensor_unused_dim, MALFORMED),
    ROW(tensor_elements, MALFORMED),
    ROW(tensor_huge, MALFORMED),
    ROW(tensor_scale, MALFORMED),
    ROW(tensor_scale_nan, MALFORMED),
    ROW(tensor_zero_point, MALFORMED),
    ROW(opcode, UNKNOWN_OPCODE),
    ROW(opcode_0, UNKNOWN_OPCODE),
    ROW(instruction_inputs, MALFORMED),
    ROW(instruction_outputs, MALFORMED),
    ROW(instruction_params, MALFORMED),
    ROW(instruction_reserved, MALFORMED),
    ROW(operand_absent, MALFORMED),
    ROW(operand_negative, MALFORMED),
    ROW(operand_beyond, MALFORMED),
    ROW(result_absent, MALFORMED),
    ROW(result_beyond, MALFORMED),
    ROW(result_constant, MALFORMED),
    ROW(wrong_types, MALFORMED),
    ROW(cut_instruction, MALFORMED),
    ROW(cut_word, MALFORMED),
};
#define DAMAGES (int)(sizeof damages / sizeof damages[0])

START_TEST(damage_is_refused) {
  size_t bytes;
  EdgeBuilder b = small_program();
  uint8_t *file = builder_finish(&b, &bytes);
  damages[_i].apply(file);
  edge_fix_checksums(file, bytes);
  EdgeStatus status = load_copy(file, bytes);
  ck_assert_msg(status == damages[_i].expected, "%s: %s, not %s", damages[_i].name, edge_status_text(status),
                edge_status_text(damages[_i].expected));
  free(file);
}
END_TEST

/* The flag that output bytes are the same everywhere must not be set where something computes in float. */
/* A product with int4 weights [1,1,1,3]: a byte and a half. */
static EdgeBuilder int4_program(uint8_t last) {
  EdgeBuilder b = {0};
  const uint8_t pairs[2] = {0xf7, last}; /* 7, -1 and the low half of `last` */
  const int32_t zero = 0;
  const float factor = 1.0f;
  uint32_t one = 1;
  EdgeConvParams params = {1, 1, 1, 1, 0, 0, 1, -128, 127, 0};
  int x = builder_arena(&b, EDGE_S8, 4, (uint32_t[]){1, 1, 1, 3}, 1.0f, -128);
  int y = builder_arena(&b, EDGE_S8, 4, (uint32_t[]){1, 1, 1, 1}, 1.0f, 0);
  int w = builder_constant(&b, EDGE_S4, 4, (uint32_t[]){1, 1, 1, 3}, pairs);
  int bias_index = builder_constant(&b, EDGE_S32, 1, &one, &zero);
  int mult_index = builder_constant(&b, EDGE_F32, 1, &one, &factor);
  builder_op(&b, EDGE_OP_CONV, 4, (int[]){x, w, bias_index, mult_index}, y, &params, sizeof params);
  builder_input(&b, x, "x");
  builder_output(&b, y, "y");
  b.flags = EDGE_FLAG_INTEGER_ONLY;
  return b;
}

START_TEST(int4_weights_run) {
  size_t bytes;
  EdgeBuilder b = int4_program(0x08);
  uint8_t *file = builder_finish(&b, &bytes);
  EdgeModel model;
  float y;
  ck_assert_int_eq(edge_load(&model, file, bytes), EDGE_OK);
  ck_assert_uint_eq(edge_tensor_bytes(&model.tensors[2]), 2);
  void *arena = malloc(edge_arena_bytes(&model));
  edge_set_input_f32(&model, 0, (const float[]){10.0f, 20.0f, 3.0f}, arena);
  ck_assert_int_eq(edge_run(&model, arena, NULL), EDGE_OK);
  edge_get_output_f32(&model, 0, arena, &y);
  ck_assert_float_eq(y, 7 * 10 - 20 - 8 * 3);
  free(arena);
  free(file);
}
END_TEST

START_TEST(bad_int4_tensors_are_refused) {
  EdgeBuilder good = int4_program(0x08), half = int4_program(0x18), arena = good, offset = good, end = good;
  ck_assert_int_eq(load_built(&good), EDGE_OK);
  ck_assert_int_eq(load_built(&half), EDGE_MALFORMED); /* something in the half byte that is left over */
  arena.tensors[0].type = EDGE_S4;                     /* no type for what is computed */
  ck_assert_int_eq(load_built(&arena), EDGE_MALFORMED);
  offset.tensors[2].zero_point = 8; /* no int4 code */
  ck_assert_int_eq(load_built(&offset), EDGE_MALFORMED);
  end.tensors[2].offset = (end.weights_bytes + 63) / 64 * 64; /* behind the weights */
  ck_assert_int_eq(load_built(&end), EDGE_MALFORMED);
}
END_TEST

START_TEST(integer_flag_must_be_true) {
  EdgeBuilder b = {.flags = EDGE_FLAG_INTEGER_ONLY};
  uint32_t four = 4;
  EdgeUnaryF32Params params = {EDGE_UNARY_EXP, 0.0f, 0.0f};
  int x = builder_arena(&b, EDGE_F32, 1, &four, 0.0f, 0), y = builder_arena(&b, EDGE_F32, 1, &four, 0.0f, 0);
  builder_op(&b, EDGE_OP_UNARY_F32, 1, &x, y, &params, sizeof params);
  builder_input(&b, x, "x");
  builder_output(&b, y, "y");
  EdgeBuilder without = b;
  without.flags = 0;
  ck_assert_int_eq(load_built(&b), EDGE_MALFORMED);
  ck_assert_int_eq(load_built(&without), EDGE_OK);
}
END_TEST

START_TEST(arguments_are_checked) {
  size_t bytes;
  EdgeBuilder b = small_program();
  uint8_t *file = builder_finish(&b, &bytes);
  EdgeModel model;
  ck_assert_int_eq(edge_load(NULL, file, bytes), EDGE_ARGUMENT);
  ck_assert_int_eq(edge_load(&model, NULL, bytes), EDGE_ARGUMENT);
  ck_assert_int_eq(edge_load(&model, file + 4, bytes - 4), EDGE_ARGUMENT);
  free(file);
}
END_TEST

/* An output of each type from each of the ways into it. */
START_TEST(inputs_and_outputs_convert) {
  const float values[4] = {1.5f, -3.0f, 300.0f, __builtin_nanf("")};
  const struct {
    EdgeType type;
    float scale;
    int32_t zero_point;
    float expected[4];
  } cases[] = {
      {EDGE_F32, 0.0f, 0, {1.5f, -3.0f, 300.0f, 0.0f}}, {EDGE_S8, 0.5f, 10, {1.5f, -3.0f, 58.5f, 0.0f}},
      {EDGE_U8, 1.0f, 2, {2.0f, -2.0f, 253.0f, 0.0f}},  {EDGE_S16, 0.25f, 0, {1.5f, -3.0f, 300.0f, 0.0f}},
      {EDGE_S16, 0.0f, 0, {2.0f, -3.0f, 300.0f, 0.0f}}, {EDGE_S32, 0.0f, 0, {1.0f, -3.0f, 300.0f, 0.0f}},
      {EDGE_S64, 0.0f, 0, {1.0f, -3.0f, 300.0f, 0.0f}}, {EDGE_U8, 0.0f, 0, {1.0f, 0.0f, 255.0f, 0.0f}},
      {EDGE_BOOL, 0.0f, 0, {1.0f, 1.0f, 1.0f, 1.0f}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    EdgeBuilder b = {0};
    size_t bytes;
    uint32_t four = 4;
    int x = builder_arena(&b, cases[i].type, 1, &four, cases[i].scale, cases[i].zero_point);
    builder_input(&b, x, "x");
    builder_output(&b, x, "x");
    uint8_t *file = builder_finish(&b, &bytes);
    EdgeModel model;
    float y[4];
    ck_assert_int_eq(edge_load(&model, file, bytes), EDGE_OK);
    void *arena = malloc(edge_arena_bytes(&model));
    edge_set_input_f32(&model, 0, values, arena);
    ck_assert_int_eq(edge_run(&model, arena, NULL), EDGE_OK);
    edge_get_output_f32(&model, 0, arena, y);
    for (int k = 0; k < (cases[i].type == EDGE_F32 ? 3 : 4); k++)
      ck_assert_msg(y[k] == cases[i].expected[k], "case %zu, value %d: %g", i, k, (double)y[k]);
    free(arena);
    free(file);
  }
}
END_TEST

/* Each test has its own process, so the environment may be changed. */
START_TEST(kernels_can_be_lowered) {
  unsetenv("EDGE_ISA");
  const char *best = edge_choose_kernels()->isa;
  setenv("EDGE_ISA", "plain", 1);
  ck_assert_str_eq(edge_choose_kernels()->isa, "plain");
  setenv("EDGE_ISA", "none such", 1);
  ck_assert_str_eq(edge_choose_kernels()->isa, best);
  setenv("EDGE_ISA", best, 1);
  ck_assert_str_eq(edge_choose_kernels()->isa, best);
}
END_TEST

START_TEST(status_texts_exist) {
  for (int i = EDGE_OK; i <= EDGE_ARGUMENT; i++)
    ck_assert_str_ne(edge_status_text((EdgeStatus)i), "unknown status");
  ck_assert_str_eq(edge_status_text((EdgeStatus)999), "unknown status");
  ck_assert_str_eq(edge_opcode_text(EDGE_OP_MATMUL_F32), "MATMUL_F32");
  ck_assert_str_eq(edge_opcode_text((EdgeOpcode)999), "unknown");
}
END_TEST

Suite *suite_runtime_load(void) {
  Suite *suite = suite_create("runtime_load");
  TCase *tests = tcase_create("load");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, program_runs);
  tcase_add_test(tests, results_can_be_observed);
  tcase_add_test(tests, self_test_compares_the_hash);
  tcase_add_test(tests, crc_is_that_of_zlib);
  tcase_add_test(tests, every_truncation_is_refused);
  tcase_add_test(tests, every_changed_byte_is_refused);
  tcase_add_test(tests, every_changed_byte_with_right_checksums_is_safe);
  tcase_add_loop_test(tests, damage_is_refused, 0, DAMAGES);
  tcase_add_test(tests, int4_weights_run);
  tcase_add_test(tests, bad_int4_tensors_are_refused);
  tcase_add_test(tests, integer_flag_must_be_true);
  tcase_add_test(tests, arguments_are_checked);
  tcase_add_test(tests, inputs_and_outputs_convert);
  tcase_add_test(tests, kernels_can_be_lowered);
  tcase_add_test(tests, status_texts_exist);
  suite_add_tcase(suite, tests);
  return suite;
}
