/*
 * edge_parts.h - what each byte of an .edge file is for: the file's sections, and the constants in one of
 * them. The parts add up to the file, the constants and the gaps between them to their section.
 */
#ifndef FORMATS_EDGE_EDGE_PARTS_H
#define FORMATS_EDGE_EDGE_PARTS_H

#include "formats/edge/edge_file.h"
#include "formats/edge/sections.h"

typedef struct EdgePart {
  const char *name;   /* "weights", "code" ... */
  int64_t bytes, raw; /* as stored; unpacked */
} EdgePart;

typedef struct EdgeParts {
  EdgePart parts[EDGE_FILE_MAX_SECTIONS + 2]; /* header and section table, sections, gaps between them */
  int count;
} EdgeParts;

/* Of a file's bytes that edge_file_parse() has accepted. */
void edge_parts(const void *bytes, size_t size, EdgeParts *parts);

/* A constant that instructions read; those that share memory are one. */
typedef struct EdgeConstant {
  const EdgeTensor *tensor;
  const uint8_t *data;
  int64_t bytes;
  const char *opcode; /* of the first instruction that reads it */
  const char *layer;  /* that this instruction is part of: the next one with a name; "" where there is none */
  int operand;        /* of that instruction: of products 1 is the weight, 2 the bias, 3 the multipliers */
} EdgeConstant;

typedef struct EdgeConstants {
  EdgeConstant *constants; /* by their first reader */
  int count;
  int64_t gaps; /* bytes of the section that belong to no constant: alignment */
} EdgeConstants;

/* Lives in the arena. */
Status edge_constants(EdgeConstants *constants, const EdgeModel *model, Arena *arena, Error *err);

#endif
