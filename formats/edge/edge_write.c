/* Writes .edge files: the sections of a program, deflated where that is smaller, with a self-test. */
#include "formats/edge/edge_file.h"
#include "formats/edge/sections.h"

#include <string.h>
#include <zlib.h>

#define SELF_TEST_SEED 1

typedef struct Writer {
  Arena arena;
  Error *err;
  const EdgeProgram *program;
  SectionList list;
  Text strings;
} Writer;

static void add_section(Writer *writer, uint32_t type, bool required, const void *content, size_t bytes) {
  writer->list.sections[writer->list.count++] =
      (SectionContent){.type = type, .version = 1, .required = required, .raw = content, .raw_bytes = bytes};
}

/* Offset of a name in the strings; every name stands there once. */
static uint32_t name_offset(Writer *writer, const char *name) {
  size_t length = strlen(name);
  for (size_t at = 0; at < writer->strings.length;) {
    const char *known = writer->strings.bytes + at;
    if (strcmp(known, name) == 0) return (uint32_t)at;
    at += strlen(known) + 1;
  }
  size_t at = writer->strings.length;
  text_add_bytes(&writer->strings, name, length + 1);
  return (uint32_t)at;
}

/* ---- content ---- */

static Status add_code(Writer *writer) {
  const EdgeProgram *program = writer->program;
  size_t words = 0;
  for (int i = 0; i < program->instruction_count; i++) {
    const ProgramInstruction *instruction = &program->instructions[i];
    words += 2 + (size_t)(instruction->input_count + instruction->output_count + instruction->param_words);
  }
  int32_t *code = arena_new(&writer->arena, words, sizeof *code, writer->err);
  if (code == NULL) return SYSTEM;
  int32_t *at = code;
  for (int i = 0; i < program->instruction_count; i++) {
    const ProgramInstruction *instruction = &program->instructions[i];
    EdgeInstruction head = {.opcode = (uint16_t)instruction->opcode,
                            .inputs = (uint8_t)instruction->input_count,
                            .outputs = (uint8_t)instruction->output_count,
                            .params = (uint16_t)instruction->param_words};
    size_t operands = (size_t)(instruction->input_count + instruction->output_count);
    size_t params = (size_t)instruction->param_words;
    memcpy(at, &head, sizeof head);
    memcpy(at + 2, instruction->tensor, operands * sizeof *at);
    if (params > 0) memcpy(at + 2 + operands, instruction->params, params * sizeof *at);
    at += 2 + operands + params;
  }
  add_section(writer, EDGE_SECTION_CODE, true, code, words * sizeof *code);
  return OK;
}

static uint32_t *add_ports(Writer *writer, uint32_t *at, const ProgramPort *ports, int count) {
  for (int i = 0; i < count; i++) {
    *at++ = (uint32_t)ports[i].tensor;
    *at++ = name_offset(writer, ports[i].name);
  }
  return at;
}

static Status add_io(Writer *writer) {
  const EdgeProgram *program = writer->program;
  size_t words = 2 + 2 * (size_t)(program->input_count + program->output_count);
  uint32_t *io = arena_new(&writer->arena, words, sizeof *io, writer->err), *at;
  if (io == NULL) return SYSTEM;
  io[0] = (uint32_t)program->input_count;
  io[1] = (uint32_t)program->output_count;
  at = add_ports(writer, io + 2, program->inputs, program->input_count);
  add_ports(writer, at, program->outputs, program->output_count);
  add_section(writer, EDGE_SECTION_IO, true, io, words * sizeof *io);
  return OK;
}

static Status add_layers(Writer *writer) {
  const EdgeProgram *program = writer->program;
  size_t count = (size_t)program->instruction_count;
  uint32_t *layers = arena_new(&writer->arena, count, sizeof *layers, writer->err);
  if (layers == NULL) return SYSTEM;
  for (size_t i = 0; i < count; i++) layers[i] = name_offset(writer, program->instructions[i].layer);
  add_section(writer, EDGE_SECTION_LAYERS, false, layers, count * sizeof *layers);
  return OK;
}

static Status add_content(Writer *writer, const char *metadata) {
  const EdgeProgram *program = writer->program;
  text_add_bytes(&writer->strings, "", 1);
  add_section(writer, EDGE_SECTION_TENSORS, true, program->tensors,
              (size_t)program->tensor_count * sizeof *program->tensors);
  TRY(add_code(writer));
  TRY(add_io(writer));
  TRY(add_layers(writer));
  TRY(text_status(&writer->strings, writer->err));
  add_section(writer, EDGE_SECTION_STRINGS, true, writer->strings.bytes, writer->strings.length);
  if (metadata != NULL && metadata[0] != 0)
    add_section(writer, EDGE_SECTION_META, false, metadata, strlen(metadata) + 1);
  if (program->weights_bytes > 0)
    add_section(writer, EDGE_SECTION_WEIGHTS, true, program->weights, program->weights_bytes);
  return OK;
}

/* ---- self-test ---- */

static void release_image(void *context, uint32_t instruction, const EdgeTensor *result, const void *data) {
  (void)instruction;
  (void)result;
  (void)data;
  arena_release(context);
}

static Status hash_program(Writer *writer, Arena *images, const void *image, size_t size, uint64_t *hash,
                           bool *runs) {
  EdgeModel model;
  EdgeStatus status = edge_load_checked(&model, image, size);
  if (status != EDGE_OK)
    return fail(writer->err, UNSUPPORTED, "the runtime refuses the program that was made: %s",
                edge_status_text(status));
  void *arena = bytes_new(edge_arena_bytes(&model), writer->err);
  if (arena == NULL) return SYSTEM;
  memset(arena, 0, edge_arena_bytes(&model));
  EdgeHooks hooks = {.observe = release_image, .observe_context = images};
  *runs = edge_self_test_hash(&model, arena, SELF_TEST_SEED, &hooks, hash) == EDGE_OK;
  bytes_free(arena);
  return OK;
}

/* Loads and runs the very program. One that needs particular input data (indices in a range) has no test. */
static Status add_self_test(Writer *writer) {
  void *image = NULL;
  size_t size;
  uint64_t hash = 0;
  bool runs = false;
  Arena images = {.spill_from = writer->program->arena.spill_from};
  Status status = sections_assemble(&writer->list, false, &images, &image, &size, writer->err);
  if (status == OK) status = hash_program(writer, &images, image, size, &hash, &runs);
  arena_free(&images);
  if (status != OK || !runs) return status;
  uint32_t *test = arena_new(&writer->arena, 3, sizeof *test, writer->err);
  if (test == NULL) return SYSTEM;
  test[0] = SELF_TEST_SEED;
  test[1] = (uint32_t)hash;
  test[2] = (uint32_t)(hash >> 32);
  add_section(writer, EDGE_SECTION_SELF_TEST, false, test, 3 * sizeof *test);
  return OK;
}

/* ---- coding ---- */

/* Deflates with one strategy into `room`; the size, or SIZE_MAX where it does not fit. */
static size_t deflate_with(const SectionContent *content, int strategy, uint8_t *room, size_t limit) {
  z_stream stream = {0};
  if (deflateInit2(&stream, 9, Z_DEFLATED, 15, 9, strategy) != Z_OK) return SIZE_MAX;
  stream.next_in = (Bytef *)(uintptr_t)content->raw;
  stream.avail_in = (uInt)content->raw_bytes;
  stream.next_out = room;
  stream.avail_out = (uInt)limit;
  bool done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  size_t size = stream.total_out;
  deflateEnd(&stream);
  return done ? size : SIZE_MAX;
}

/* The smallest form. Weights are nearly noise: for them Huffman codes alone are often best. */
static Status code_section(Writer *writer, SectionContent *content) {
  static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY};
  for (size_t i = 0; i < sizeof strategies / sizeof *strategies; i++) {
    size_t limit = content->coded != NULL ? content->coded_bytes : content->raw_bytes;
    if (limit == 0) return OK;
    uint8_t *room = arena_new(&writer->arena, limit, 1, writer->err);
    if (room == NULL) return SYSTEM;
    size_t size = deflate_with(content, strategies[i], room, limit);
    if (size >= limit || content->raw_bytes / EDGE_FILE_MOST_DEFLATED >= size) continue;
    content->coded = room;
    content->coded_bytes = size;
  }
  return OK;
}

static Status build(Writer *writer, const char *metadata, EdgeFileForm form, Arena *arena, void **bytes,
                    size_t *size) {
  bool is_compact = form == EDGE_FILE_COMPACT;
  TRY(add_content(writer, metadata));
  TRY(add_self_test(writer));
  for (int i = 0; is_compact && i < writer->list.count; i++)
    if (writer->list.sections[i].raw_bytes < EDGE_FILE_LEAST_RAW)
      TRY(code_section(writer, &writer->list.sections[i]));
  return sections_assemble(&writer->list, is_compact, arena, bytes, size, writer->err);
}

Status edge_file_build(const EdgeProgram *program, const char *metadata, EdgeFileForm form, Arena *arena,
                       void **bytes, size_t *size, Error *err) {
  Writer writer = {.err = err, .program = program};
  writer.list.version = EDGE_FORMAT_VERSION;
  writer.list.flags = program->integer_only ? EDGE_FLAG_INTEGER_ONLY : 0;
  writer.list.arena_bytes = (uint32_t)program->arena_bytes;
  writer.list.scratch_offset = (uint32_t)program->scratch_offset;
  writer.list.source = &program->arena;
  Status status = build(&writer, metadata, form, arena, bytes, size);
  text_free(&writer.strings);
  arena_free(&writer.arena);
  return status;
}
