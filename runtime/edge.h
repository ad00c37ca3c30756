/*
 * edge.h - the edge runtime: loads a `.edge` program from memory and runs it.
 *
 * No allocation, no stdio, no threads of its own, nothing of libc beyond memcpy/memset: the caller
 * gives the file's bytes and one arena. The program is checked completely by edge_load(), so that
 * running it can touch nothing outside the file and the arena. docs/edge-format.md is the
 * definition of the format and of the arithmetic.
 *
 *     EdgeModel model;
 *     if (edge_load(&model, file, file_bytes)) return 1;      // file: 8-byte aligned, unpacked
 *     void *arena = aligned_alloc(EDGE_ALIGNMENT, edge_arena_bytes(&model));
 *     edge_set_input_f32(&model, 0, pixels, arena);
 *     edge_run(&model, arena, NULL);
 *     edge_get_output_f32(&model, 0, arena, scores);
 */
#ifndef RUNTIME_EDGE_H
#define RUNTIME_EDGE_H

#include <stddef.h>
#include <stdint.h>

#define EDGE_FORMAT_VERSION 1
#define EDGE_ALIGNMENT 64 /* of the arena, of every tensor in it and of every constant tensor */
#define EDGE_MAX_RANK 8
#define EDGE_MAX_INPUTS 8 /* tensors read by one instruction */
#define EDGE_MAX_OUTPUTS 2

/* Status codes: append only, numbers are never reused. */
#define EDGE_STATUSES(X)                                                                                     \
  X(OK, 0, "ok")                                                                                             \
  X(TRUNCATED, 1, "the file ends before its content does")                                                   \
  X(NOT_EDGE, 2, "not an .edge file")                                                                        \
  X(VERSION, 3, "made by a newer version of the format")                                                     \
  X(CHECKSUM, 4, "a section's checksum does not match: the file is damaged")                                 \
  X(CODED, 5, "a section is compressed: unpack the file first")                                              \
  X(MALFORMED, 6, "the file's content is inconsistent")                                                      \
  X(UNKNOWN_OPCODE, 7, "an instruction that this runtime does not have")                                     \
  X(BAD_INDEX, 8, "an index in the input data is outside its table")                                         \
  X(SELF_TEST, 9, "the self-test's output differs from the recorded one")                                    \
  X(ARGUMENT, 10, "an argument is out of range")

typedef enum EdgeStatus {
#define X(name, number, text) EDGE_##name = number,
  EDGE_STATUSES(X)
#undef X
} EdgeStatus;

/* Element types of tensors: name, number, bytes of an element, text. Numbers are those stored in files.
   int4 elements lie two in a byte, and only in constants. */
#define EDGE_TYPES(X)                                                                                        \
  X(S8, 1, 1, "int8")                                                                                        \
  X(S16, 2, 2, "int16")                                                                                      \
  X(S32, 3, 4, "int32")                                                                                      \
  X(S64, 4, 8, "int64")                                                                                      \
  X(U8, 5, 1, "uint8")                                                                                       \
  X(F32, 6, 4, "float32")                                                                                    \
  X(BOOL, 7, 1, "bool")                                                                                      \
  X(S4, 8, 0, "int4")

typedef enum EdgeType {
#define X(name, number, size, text) EDGE_##name = number,
  EDGE_TYPES(X)
#undef X
} EdgeType;

typedef enum EdgeSpace {
  EDGE_ARENA = 0,   /* offset into the caller's arena */
  EDGE_CONSTANT = 1 /* offset into the weights section */
} EdgeSpace;

/* One row of the tensor table, 56 bytes as in the file. Dense, row-major.
   A quantized tensor's real value is scale * (q - zero_point); scale 0 marks one that is not. */
typedef struct EdgeTensor {
  uint8_t type;                 /* EdgeType */
  uint8_t space;                /* EdgeSpace */
  uint8_t rank;                 /* 0..EDGE_MAX_RANK */
  uint8_t reserved;             /* 0 */
  uint32_t offset;              /* bytes, a multiple of EDGE_ALIGNMENT */
  uint32_t dims[EDGE_MAX_RANK]; /* unused ones are 1 */
  uint32_t elements;            /* product of dims, at least 1 */
  float scale;
  int32_t zero_point;
  uint32_t reserved2; /* 0 */
} EdgeTensor;

/* A loaded program: pointers into the caller's file, nothing to free. Fields are private. */
typedef struct EdgeModel {
  const uint8_t *weights;
  const EdgeTensor *tensors;
  const uint8_t *code;    /* instruction stream */
  const uint32_t *inputs; /* tensor index, name offset pairs */
  const uint32_t *outputs;
  const char *strings;
  const uint32_t *layers;    /* name offset of each instruction's result, or NULL */
  const uint32_t *self_test; /* seed, hash low, hash high; or NULL */
  const struct EdgeKernels *kernels;
  uint32_t weights_bytes, tensor_count, code_bytes, instruction_count;
  uint32_t input_count, output_count, strings_bytes, arena_bytes, scratch_offset;
  uint32_t flags;
} EdgeModel;

/* Calls body(context, i) for every i in 0..count-1, in any order, possibly at the same time. */
typedef void (*EdgeParallelFor)(void *pool, uint32_t count, void (*body)(void *context, uint32_t i),
                                void *context);

/* What the caller may plug into a run; NULL members are not used. */
typedef struct EdgeHooks {
  EdgeParallelFor parallel_for;
  void *pool;
  /* After each instruction: its index and where its (first) result lies now. */
  void (*observe)(void *context, uint32_t instruction, const EdgeTensor *result, const void *data);
  void *observe_context;
} EdgeHooks;

/* Checks the unpacked file and prepares `model`. `file` must be 8-byte aligned and stay where it is.
   Every size, index and range is checked here; nothing is checked again while running. */
EdgeStatus edge_load(EdgeModel *model, const void *file, size_t file_bytes);

/* The same without computing the sections' checksums, for a caller that has just done so. */
EdgeStatus edge_load_checked(EdgeModel *model, const void *file, size_t file_bytes);

/* One sentence for a status. */
const char *edge_status_text(EdgeStatus status);

/* Bytes of a tensor's content; 0 for a type that does not exist. */
size_t edge_tensor_bytes(const EdgeTensor *tensor);

/* Bytes of arena that a run needs: all the memory there is to give. */
size_t edge_arena_bytes(const EdgeModel *model);

/* True if no instruction computes in float: then output bytes are the same everywhere. */
int edge_is_integer_only(const EdgeModel *model);

uint32_t edge_input_count(const EdgeModel *model);
uint32_t edge_output_count(const EdgeModel *model);
const EdgeTensor *edge_input(const EdgeModel *model, uint32_t i);
const EdgeTensor *edge_output(const EdgeModel *model, uint32_t i);
const char *edge_input_name(const EdgeModel *model, uint32_t i);
const char *edge_output_name(const EdgeModel *model, uint32_t i);
void *edge_input_data(const EdgeModel *model, uint32_t i, void *arena);
const void *edge_output_data(const EdgeModel *model, uint32_t i, const void *arena);
/* Name of the ONNX value that instruction i produces; "" where the file carries none. */
const char *edge_layer_name(const EdgeModel *model, uint32_t instruction);
const char *edge_opcode_name(const EdgeModel *model, uint32_t instruction);

/* Writes `values` (as many as the input has elements) as the input's own type: quantized with its
   scale (round half to even, saturating), or converted where it has none. NaN becomes the zero point. */
void edge_set_input_f32(const EdgeModel *model, uint32_t i, const float *values, void *arena);
/* Reads an output as real values. */
void edge_get_output_f32(const EdgeModel *model, uint32_t i, const void *arena, float *values);
/* The same for any tensor but int4: `data` holds tensor->elements elements of tensor->type. */
void edge_to_f32(const EdgeTensor *tensor, const void *data, float *values);

/* Runs the whole program once. Inputs lie in the arena; they do not survive the run. */
EdgeStatus edge_run(const EdgeModel *model, void *arena, const EdgeHooks *hooks);

/* Fills the inputs from the recorded seed, runs, and compares the outputs' hash.
   EDGE_OK where the file has no self-test. */
EdgeStatus edge_self_test(const EdgeModel *model, void *arena);
/* FNV-1a (64 bits) of all output bytes after filling the inputs from `seed` and running; `hooks` may be NULL.
 */
EdgeStatus edge_self_test_hash(const EdgeModel *model, void *arena, uint32_t seed, const EdgeHooks *hooks,
                               uint64_t *hash);

/* Name of the kernel set in use: "plain", "avx2" ... */
const char *edge_isa(const EdgeModel *model);

#endif
