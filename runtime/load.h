/*
 * load.h - between the parts of the loader and the runner: sections found, instructions decoded.
 */
#ifndef RUNTIME_LOAD_H
#define RUNTIME_LOAD_H

#include "runtime/kernel.h"

/* Content of a section; NULL and 0 where the file has none. */
typedef struct EdgeSpan {
  const uint8_t *data;
  uint32_t bytes;
} EdgeSpan;

typedef struct EdgeSections {
  EdgeSpan tensors, code, weights, io, strings, layers, self_test;
} EdgeSections;

/* CRC-32 with zlib's polynomial and conventions: crc32("123456789") = 0xcbf43926. */
uint32_t edge_crc32(const uint8_t *data, size_t bytes);

/* Checks header and section table, all checksums (those of the sections only where they are not checked yet)
   and that nothing overlaps; finds the known sections. The header of an accepted file is at `file`. */
EdgeStatus edge_read_sections(EdgeSections *sections, const uint8_t *file, size_t file_bytes, int is_checked);

/* Checks the tensor table; model has arena_bytes, scratch_offset, weights and the table itself. */
EdgeStatus edge_check_tensors(const EdgeModel *model);

/* Checks every instruction and counts them; model has tensors and kernels. Clears EDGE_FLAG_INTEGER_ONLY in
   model->flags where an instruction computes in float. */
EdgeStatus edge_check_code(EdgeModel *model);

/* Bytes of an instruction that has been checked. */
static inline uint32_t edge_instruction_bytes(const EdgeInstruction *instruction) {
  return (uint32_t)sizeof(EdgeInstruction) +
         4u * ((uint32_t)instruction->inputs + instruction->outputs + instruction->params);
}

/* Operands of an instruction whose tensor indices are in range. `arena` NULL: while checking. */
void edge_decode(const EdgeModel *model, const EdgeInstruction *instruction, uint8_t *arena, EdgeCall *call);

#endif
