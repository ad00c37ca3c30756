/*
 * program.h - the instruction set of the edge runtime: what `lower` writes and the runtime reads.
 *
 * An instruction is { uint16 opcode; uint8 inputs; uint8 outputs; uint16 params; uint16 0;
 * int32 tensor[inputs + outputs]; int32 param[params] }, everything 4-byte aligned, little-endian.
 * tensor[] are indices into the tensor table, -1 for an optional input that is absent. param[] is
 * one of the structs below, taken as it lies in the file. The exact arithmetic of each opcode is
 * in docs/edge-format.md; a sentence stands here.
 *
 * rhe(x) rounds a float32 half to even; sat(x) saturates to the output's type, then to
 * [act_min, act_max]. Every float operation is one IEEE float32 operation, never contracted.
 */
#ifndef RUNTIME_PROGRAM_H
#define RUNTIME_PROGRAM_H

#include "runtime/edge.h"

/* name, file/function stem, number, fewest inputs, most inputs, params struct (EdgeNoParams: none),
   whether it computes in float, brief. Numbers are stored in files: append only. */
#define EDGE_OPCODES(X)                                                                                      \
  X(CONV, conv, 1, 4, 6, EdgeConvParams, 0, "convolution, matrix times constant matrix")                     \
  X(DWCONV, dwconv, 2, 4, 5, EdgeConvParams, 0, "depthwise convolution")                                     \
  X(MATMUL, matmul, 3, 2, 2, EdgeMatmulParams, 0, "product of two activations")                              \
  X(ADD, add, 4, 2, 3, EdgeBinaryParams, 0, "sum or difference of two tensors")                              \
  X(MUL, mul, 5, 2, 3, EdgeBinaryParams, 0, "product of two tensors, element by element")                    \
  X(MAXIMUM, maximum, 6, 2, 3, EdgeBinaryParams, 0, "larger of two, element by element")                     \
  X(MINIMUM, minimum, 7, 2, 3, EdgeBinaryParams, 0, "smaller of two, element by element")                    \
  X(MAXPOOL, maxpool, 8, 1, 1, EdgePoolParams, 0, "largest in a window")                                     \
  X(AVGPOOL, avgpool, 9, 1, 1, EdgePoolParams, 0, "mean of a window")                                        \
  X(REDUCE, reduce, 10, 1, 1, EdgeReduceParams, 0, "sum, mean, largest or smallest over axes")               \
  X(TABLE, table, 11, 2, 2, EdgeNoParams, 0, "look-up of a function of one tensor")                          \
  X(QUANTIZE, quantize, 12, 1, 1, EdgeNoParams, 0, "float32 to a quantized type")                            \
  X(DEQUANTIZE, dequantize, 13, 1, 1, EdgeNoParams, 0, "a quantized type to float32")                        \
  X(CAST, cast, 14, 1, 1, EdgeNoParams, 0, "conversion between plain numeric types")                         \
  X(COPY, copy, 15, 1, 1, EdgeCopyParams, 0, "strided copy: transpose, slice, concat, expand")               \
  X(FILL, fill, 16, 0, 0, EdgeFillParams, 0, "one value everywhere")                                         \
  X(GATHER, gather, 17, 2, 2, EdgeGatherParams, 0, "rows of a table by index")                               \
  X(SOFTMAX, softmax, 18, 2, 2, EdgeSoftmaxParams, 0, "softmax in integers")                                 \
  X(LAYERNORM, layernorm, 19, 3, 3, EdgeNormParams, 0, "layer normalization in integers")                    \
  X(RESIZE_LINEAR, resize_linear, 20, 3, 3, EdgeResizeParams, 0, "linear interpolation, one axis")           \
  X(ARGMAX, argmax, 21, 1, 1, EdgeArgmaxParams, 0, "index of the largest along an axis")                     \
  X(SELECT, select, 22, 3, 3, EdgeSelectParams, 0, "condition ? a : b, with broadcasting")                   \
  X(BINARY_F32, binary_f32, 23, 2, 2, EdgeBinaryF32Params, 1, "float arithmetic of two tensors")             \
  X(UNARY_F32, unary_f32, 24, 1, 1, EdgeUnaryF32Params, 1, "float function of one tensor")                   \
  X(REDUCE_F32, reduce_f32, 25, 1, 1, EdgeReduceParams, 1, "float reduction over axes")                      \
  X(SOFTMAX_F32, softmax_f32, 26, 1, 1, EdgeSoftmaxF32Params, 1, "float softmax or log-softmax")             \
  X(LRN_F32, lrn_f32, 27, 1, 1, EdgeLrnParams, 1, "local response normalization, channels last")             \
  X(CONV_F32, conv_f32, 28, 2, 3, EdgeConvParams, 1, "float convolution")                                    \
  X(MATMUL_F32, matmul_f32, 29, 2, 2, EdgeMatmulParams, 1, "float matrix product")                           \
  X(CONV_F32_CODED, conv_f32_coded, 30, 3, 5, EdgeConvParams, 1, "float convolution, weights in codes")      \
  X(DWCONV_F32_CODED, dwconv_f32_coded, 31, 3, 4, EdgeConvParams, 1, "the same, depthwise")                  \
  X(GATHER_CODED, gather_coded, 32, 3, 4, EdgeGatherCodedParams, 0, "rows of a table in codes, by index")    \
  X(CONV_DYNAMIC, conv_dynamic, 33, 4, 6, EdgeConvParams, 1,                                                 \
    "convolution in integers of floats, rounded while it runs")

typedef enum EdgeOpcode {
#define X(name, stem, number, least, most, params, is_float, brief) EDGE_OP_##name = number,
  EDGE_OPCODES(X)
#undef X
} EdgeOpcode;

typedef struct EdgeInstruction {
  uint16_t opcode;
  uint8_t inputs, outputs;
  uint16_t params; /* 32-bit words */
  uint16_t reserved;
  int32_t words[]; /* tensors, then params */
} EdgeInstruction;

typedef struct EdgeNoParams {
  int32_t none; /* stored as zero words */
} EdgeNoParams;

/*
 * CONV: x [N,H,W,C] s8 or s16; w [O,KH,KW,C/groups] s8 or s4; bias [O] s32 (s64 where x is s16); mult [O]
 * f32, finite; optional table [256] s8 where y is s8; optional factors [O,G] u8 where w is s4. w, bias, mult
 * and factors are constants. y [N,OH,OW,O] s8 or s16 (or f32: then y = (float)acc * mult). A matrix product
 * of R rows is a 1x1 convolution with N=1, H=1, W=R. acc = bias[o] + sum over the window of w * (x + 128)
 * (int32; outside x is its zero point) y = sat(rhe((float)acc * mult[o]) + pre_zero_point)       then table[y
 * + 128] where there is one bias already holds -(x.zero_point + 128) * sum(w). acc wraps around modulo 2^32:
 * whoever writes a program makes sure that the final sum fits; sums on the way need not. KH*KW*C/groups is at
 * most 2^24. Pads are not negative; below and to the right they are whatever y's size makes them. With a
 * table, sat() and the zero point are those of the table's domain and the table's entries are y's final
 * codes. With factors, KH*KW*C/groups is G times a multiple of 16, and weight k (counted along
 * [KH,KW,C/groups]) of output o is w
 * * factors[o, k / (KH*KW*C/groups / G)].
 *
 * With x s16: acc = bias[o] + sum of w * x in int64, exact; bias holds -x.zero_point * sum(w).
 *
 * DWCONV: the same with w [KH,KW,O] (rank 3), groups = C; output channel o reads input channel o / (O/C).
 * CONV_F32: inputs x f32, w f32 [O,KH,KW,C/groups], optional bias f32 [O]; sums in order ky, kx, c, starting
 * from bias (or 0), positions outside x left out; act_min, act_max and pre_zero_point are ignored.
 */
typedef struct EdgeConvParams {
  int32_t stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left, groups;
  int32_t act_min, act_max; /* in codes of y (or of the table's domain) */
  int32_t pre_zero_point;   /* zero point before the table; y's own where there is no table */
} EdgeConvParams;

/* CONV_F32_CODED: x [N,H,W,C] f32; w [O,KH,KW,C/groups] s8 or s4; scale [O] f32; optional bias [O] f32;
   optional factors [O,G] u8 as in CONV; all but x constant. y f32. The products w * x are summed up in 8
   lanes by their place k mod 8, positions outside x as zeros; each run's lanes times its factor are added to
   those before it; then y = (((l0+l4)+(l2+l6)) + ((l1+l5)+(l3+l7))) * scale[o] + bias[o]. DWCONV_F32_CODED: w
   [KH,KW,O], groups = C, no factors; sums in order ky, kx from 0 on, positions outside x left out; y = sum *
   scale[o] + bias[o]. act_min, act_max and pre_zero_point are ignored. */

/* CONV_DYNAMIC: operands as CONV's or (w of rank 3) DWCONV's, but x and y f32, and an optional bias [O] f32,
   constant, in the place of the table. x falls into units: pixels where an output reads one pixel, else
   images; each has the scale s = largest |x| / 127 (1 where that is below 2^-126 or above 2^120) and codes q
   = rhe(x * (1 / s)) in [-127, 127], 0 for a NaN. y = that of CONV for q with zero point 0, times s, plus
   bias[o]: offset[o] in the place of CONV's bias holds -128 * sum(w). x has at most 2^27 elements. */

/* MATMUL: a [batch..,M,K], b [batch..,K,N] (or [..,N,K] with b_transposed), y [batch..,M,N]; each s8 or s16.
   Batch i of y reads matrix a_batch and b_batch found by the strides (in matrices; 0 broadcasts).
     acc = sum (a - za) * (b - zb);  y = sat(rhe((float)acc * mult) + zero_point);  k is at most 33025; acc is
   exact. MATMUL_F32: the same shapes in float32, products summed in order of k; mult, act ignored. */
typedef struct EdgeMatmulParams {
  int32_t m, k, n, b_transposed;
  int32_t batch_rank; /* 0..EDGE_MAX_RANK */
  int32_t batch[EDGE_MAX_RANK], a_stride[EDGE_MAX_RANK], b_stride[EDGE_MAX_RANK];
  float mult;
  int32_t act_min, act_max;
} EdgeMatmulParams;

/* ADD, MUL, MAXIMUM, MINIMUM: a, b s8 or s16, optional table [256] s8 applied last (as in CONV);
   y s8 or s16 with `rank` loop dimensions; strides in elements, 0 broadcasts; y is dense.
     ADD: sat(rhe((float)(a - za) * a_mult + (float)(b - zb) * b_mult) + pre_zero_point)
     MUL: sat(rhe((float)((a - za) * (b - zb)) * a_mult) + pre_zero_point), the product exact
     MAXIMUM, MINIMUM: of rhe((float)(a - za) * a_mult) and rhe((float)(b - zb) * b_mult), + zero point, sat
 */
typedef struct EdgeBinaryParams {
  int32_t rank, dims[EDGE_MAX_RANK], a_stride[EDGE_MAX_RANK], b_stride[EDGE_MAX_RANK];
  float a_mult, b_mult;
  int32_t act_min, act_max, pre_zero_point;
} EdgeBinaryParams;

/* MAXPOOL, AVGPOOL: x [N,H,W,C], y [N,OH,OW,C], s8 or s16. Positions outside x do not exist for MAXPOOL
   (a window wholly outside gives the lowest code). MAXPOOL: same scale, y = sat(max).
   AVGPOOL: acc = sum of (x - zx) inside x; count = positions inside x, or inside x extended by the pads
   (pad_bottom, pad_right matter only here) with count_include_pad;
   y = sat(rhe(((float)acc * mult) / (float)count) + zero_point); mult = x.scale / y.scale. */
typedef struct EdgePoolParams {
  int32_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
  int32_t pad_top, pad_left, pad_bottom, pad_right, count_include_pad;
  float mult;
  int32_t act_min, act_max;
} EdgePoolParams;

typedef enum EdgeReduceKind {
  EDGE_REDUCE_SUM = 0,
  EDGE_REDUCE_MEAN,
  EDGE_REDUCE_MAX,
  EDGE_REDUCE_MIN,
  EDGE_REDUCE_PROD /* float only */
} EdgeReduceKind;

/* REDUCE (s8 or s16 to s8 or s16), REDUCE_F32: y's elements, dense and in order, are indexed by the `outer`
   loops, what is reduced by the `inner` loops; strides in elements of x. SUM, MEAN: acc = sum of (x - zx)
   (exact), y = sat(rhe((float)acc * mult) + zero_point); for a mean mult includes 1/count. MAX, MIN: same
   scale. REDUCE_F32: in order of the inner loops; MEAN divides the sum by the count. */
typedef struct EdgeReduceParams {
  int32_t kind; /* EdgeReduceKind */
  int32_t outer_rank, outer_dims[EDGE_MAX_RANK], outer_stride[EDGE_MAX_RANK];
  int32_t inner_rank, inner_dims[EDGE_MAX_RANK], inner_stride[EDGE_MAX_RANK];
  float mult;
  int32_t act_min, act_max;
} EdgeReduceParams;

/* TABLE: x s8, table [256] of y's type (s8 or s16): y = table[x + 128]. Elements correspond one to one.
   x s16: table [513] s16, one entry every 128 codes, linear interpolation; for y s8 in 256ths of its codes.
 */
/* QUANTIZE: x f32, y s8, s16 or u8: sat(rhe(x / scale) + zero_point); NaN gives the zero point.
   DEQUANTIZE: y f32 = scale * (float)(x - zero_point). CAST: C conversion between S32, S64, U8, S8, BOOL,
   F32; float to integer truncates, saturates, NaN gives 0; to BOOL: x != 0. */

/* COPY: for every index tuple of `dims`: y[y_offset + sum i*y_stride] = x[x_offset + sum i*x_stride];
   elements of the tensors' common size (1, 2, 4 or 8 bytes); strides may be 0 (x only) or negative. What is
   not written keeps what an earlier instruction put there (FILL, another COPY into the same y). */
typedef struct EdgeCopyParams {
  int32_t rank, dims[EDGE_MAX_RANK], x_stride[EDGE_MAX_RANK], y_stride[EDGE_MAX_RANK];
  int32_t x_offset, y_offset; /* elements */
} EdgeCopyParams;

/* FILL: every element of y becomes `value` (low bytes of it, by y's element size; 8-byte: sign-extended;
   f32: the float's bits). */
typedef struct EdgeFillParams {
  int32_t value;
} EdgeFillParams;

/* GATHER: x seen as [outer, axis, inner], indices [count] s32 or s64, y [outer, count, inner]; any element
   type. Negative indices count from the end; one outside the axis ends the run with EDGE_BAD_INDEX. */
typedef struct EdgeGatherParams {
  int32_t outer, axis, inner;
} EdgeGatherParams;

/* GATHER_CODED: w seen as [axis, inner] s8 or s4, indices [count] as in GATHER, scale [axis] f32, optional
   factors [axis,G] u8 (inner is G times a multiple of 16), all but the indices constant; y [count, inner]:
   f32: y = (float)(w * factor) * scale[row];  s8 or s16: y = sat(rhe(that) + zero_point). */
typedef struct EdgeGatherCodedParams {
  int32_t axis, inner;
} EdgeGatherCodedParams;

/* SOFTMAX: x s8 (s16: see the format) seen as [outer, length, inner], over length; table [256] s32: table[d]
   = round(exp(-d * x.scale) * 2^k), d = max - x, entries >= 0, table[0] * length < 2^31. y s8 or s16: e =
   table[d]; y = sat(floor((e * unit + sum/2) / sum) + zero_point) in 64-bit integers; unit = 1 / y.scale (256
   for s8 with zero point -128, 32768 for s16 with zero point 0). */
typedef struct EdgeSoftmaxParams {
  int32_t outer, length, inner, unit;
} EdgeSoftmaxParams;

/* LAYERNORM: x s8 or s16 seen as [outer, length]; gamma [length] f32, beta [length] f32 (both already divided
   by y.scale); y s8 or s16. s1 = sum x, s2 = sum x*x, v = length*s2 - s1*s1, d = length*x - s1   (64-bit
   integers) r = sqrt((float)v + epsilon), correctly rounded (runtime/math.h, integer arithmetic, no libm) y =
   sat(rhe(((float)d / r) * gamma[i] + beta[i]) + zero_point); r = 0 counts as infinite. */
typedef struct EdgeNormParams {
  int32_t outer, length;
  float epsilon; /* in units of length^2 * code^2: epsilon_real * length^2 / x.scale^2 */
} EdgeNormParams;

/* RESIZE_LINEAR: x s8 or s16 seen as [outer, length, inner], y [outer, count, inner], same type and scale.
   index [count,2] s32: the two source positions; weight [count,2] s32, >= 0, summing to 2048.
   y = (w0 * x0 + w1 * x1 + 1024) >> 11 (arithmetic shift). */
typedef struct EdgeResizeParams {
  int32_t outer, length, inner, count;
} EdgeResizeParams;

/* ARGMAX: x s8, s16 or f32 seen as [outer, length, inner]; y s64 or s32 [outer, inner]; with last = 1 the
   last of several equal ones, else the first; smallest = 1: the smallest instead. */
typedef struct EdgeArgmaxParams {
  int32_t outer, length, inner, last, smallest;
} EdgeArgmaxParams;

/* SELECT: condition bool, a, b of one type as y; strides as in EdgeBinaryParams. */
typedef struct EdgeSelectParams {
  int32_t rank, dims[EDGE_MAX_RANK], c_stride[EDGE_MAX_RANK], a_stride[EDGE_MAX_RANK],
      b_stride[EDGE_MAX_RANK];
} EdgeSelectParams;

/* BINARY_F32: f32 (f32 -> bool for the comparisons); also s32 and s64 operands for ADD, SUB, MUL, DIV, MAX,
   MIN and the comparisons (wrap-around; division by zero gives 0). POW is float only. */
typedef enum EdgeBinaryKind {
  EDGE_BINARY_ADD = 0,
  EDGE_BINARY_SUB,
  EDGE_BINARY_MUL,
  EDGE_BINARY_DIV,
  EDGE_BINARY_POW,
  EDGE_BINARY_MAX,
  EDGE_BINARY_MIN,
  EDGE_BINARY_EQUAL,
  EDGE_BINARY_LESS,
  EDGE_BINARY_GREATER,
  EDGE_BINARY_KINDS
} EdgeBinaryKind;

typedef struct EdgeBinaryF32Params {
  int32_t kind, rank, dims[EDGE_MAX_RANK], a_stride[EDGE_MAX_RANK], b_stride[EDGE_MAX_RANK];
} EdgeBinaryF32Params;

/* UNARY_F32: computed by the runtime's own polynomials (runtime/math.h), no libm. `a`, `b` are the function's
   parameters: CLIP [a, b]; LEAKY_RELU slope a; ELU a; HARD_SIGMOID a*x+b ... */
typedef enum EdgeUnaryKind {
  EDGE_UNARY_EXP = 0,
  EDGE_UNARY_LOG,
  EDGE_UNARY_SQRT,
  EDGE_UNARY_ERF,
  EDGE_UNARY_TANH,
  EDGE_UNARY_SIGMOID,
  EDGE_UNARY_ABS,
  EDGE_UNARY_NEG,
  EDGE_UNARY_CLIP,
  EDGE_UNARY_LEAKY_RELU,
  EDGE_UNARY_ELU,
  EDGE_UNARY_HARD_SIGMOID,
  EDGE_UNARY_HARD_SWISH,
  EDGE_UNARY_SOFTPLUS,
  EDGE_UNARY_RECIPROCAL,
  EDGE_UNARY_KINDS
} EdgeUnaryKind;

typedef struct EdgeUnaryF32Params {
  int32_t kind;
  float a, b;
} EdgeUnaryF32Params;

/* SOFTMAX_F32: x, y f32 [outer, length, inner]; log = 1: log-softmax. Maximum subtracted, sum in order. */
typedef struct EdgeSoftmaxF32Params {
  int32_t outer, length, inner, log;
} EdgeSoftmaxF32Params;

/* LRN_F32: x, y f32 [rows, C]: y = x / (bias + alpha / size * sum of squares over the window)^beta. */
typedef struct EdgeLrnParams {
  int32_t rows, channels, size;
  float alpha, beta, bias;
} EdgeLrnParams;

/* ---- file layout (docs/edge-format.md) ---- */

#define EDGE_MAGIC 0x45474445u /* "EDGE" */

typedef struct EdgeHeader { /* 32 bytes at offset 0 */
  uint32_t magic;
  uint16_t version, flags;
  uint32_t section_count;
  uint32_t file_bytes;
  uint32_t arena_bytes;    /* all tensors and, behind them, the scratch */
  uint32_t scratch_offset; /* where in the arena the instructions' scratch begins */
  uint32_t reserved;
  uint32_t crc; /* CRC-32 of the header before this field and of the section table */
} EdgeHeader;

/* No instruction computes in float; the loader refuses a file in which that is not so. Unknown flags: bits 0
   to 7 are refused, 8 to 15 ignored. */
#define EDGE_FLAG_INTEGER_ONLY 1u

/* Offsets rise from row to row, sections do not overlap, and bytes between them are 0. */
typedef struct EdgeSection { /* 32 bytes, section_count of them behind the header */
  uint32_t type;             /* four characters, first in the lowest byte */
  uint16_t version;          /* 1 */
  uint8_t required;          /* 1: a reader that does not know the type must refuse the file */
  uint8_t coding;            /* EdgeCoding */
  uint32_t offset;           /* multiple of EDGE_ALIGNMENT for raw sections */
  uint32_t stored_bytes, raw_bytes;
  uint32_t crc; /* CRC-32 (zlib's polynomial) of the stored bytes */
  uint32_t reserved[2];
} EdgeSection;

typedef enum EdgeCoding { EDGE_CODING_RAW = 0, EDGE_CODING_DEFLATE = 1 } EdgeCoding;

#define EDGE_FOURCC(a, b, c, d)                                                                              \
  ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)
#define EDGE_SECTION_TENSORS EDGE_FOURCC('T', 'E', 'N', 'S') /* EdgeTensor[] */
#define EDGE_SECTION_CODE EDGE_FOURCC('C', 'O', 'D', 'E')    /* instruction stream */
#define EDGE_SECTION_WEIGHTS EDGE_FOURCC('W', 'G', 'H', 'T') /* constants */
#define EDGE_SECTION_IO                                                                                      \
  EDGE_FOURCC('I', 'O', ' ', ' ') /* u32 inputs, u32 outputs, {u32 tensor, u32 name} each */
#define EDGE_SECTION_STRINGS EDGE_FOURCC('S', 'T', 'R', 'S') /* zero-terminated names, first one empty */
#define EDGE_SECTION_LAYERS                                                                                  \
  EDGE_FOURCC('L', 'A', 'Y', 'R') /* optional: u32 name offset for each instruction */
#define EDGE_SECTION_SELF_TEST EDGE_FOURCC('T', 'E', 'S', 'T') /* optional: u32 seed, hash low, hash high */
#define EDGE_SECTION_META EDGE_FOURCC('M', 'E', 'T', 'A')      /* optional: "key=value\n" text, provenance */

/* ---- what `lower` asks of the runtime ---- */

/* An instruction's operands, as kernels and checks see them. In a check `data` is NULL for arena tensors. */
typedef struct EdgeArg {
  const EdgeTensor *info; /* NULL: an optional input that is absent */
  void *data;
} EdgeArg;

typedef struct EdgeCall {
  EdgeArg in[EDGE_MAX_INPUTS];
  EdgeArg out[EDGE_MAX_OUTPUTS];
  const void *params;
  void *scratch;
  const struct EdgeKernels *kernels;
  const EdgeHooks *hooks; /* may be NULL */
} EdgeCall;

/* Scratch bytes that the instruction needs, the same for every ISA. */
uint32_t edge_instruction_scratch(EdgeOpcode opcode, const EdgeCall *call);
const char *edge_opcode_text(EdgeOpcode opcode);

#endif
