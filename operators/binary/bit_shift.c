#include "operators/binary/binary.h"

enum { SHIFT_LEFT, SHIFT_RIGHT };
static const char *const directions[] = {"LEFT", "RIGHT", NULL};

typedef struct BitShiftParams {
  int direction;
} BitShiftParams;

/* By 64 bits or more, nothing is left; bits beyond a narrower type are dropped when it is stored. */
static uint64_t left(uint64_t a, uint64_t b) {
  return b < 64 ? a << b : 0;
}

static uint64_t right(uint64_t a, uint64_t b) {
  return b < 64 ? a >> b : 0;
}

static Status run_plain(Run *run) {
  static const BinaryFunctions to_left = {NULL, NULL, left}, to_right = {NULL, NULL, right};
  const BitShiftParams *params = run->params;
  return binary_run(run, params->direction == SHIFT_LEFT ? &to_left : &to_right);
}

static const AttributeRow attributes[] = {
    ATTRIBUTE(BitShiftParams, direction, FIELD_CHOICE, .required = true, .choices = directions), {0}};

const Op op_BitShift = {.name = "BitShift",
                        .brief = "a shifted by b bits to the left or right.",
                        .versions = {{11, binary_infer, run_plain, NULL}},
                        .attributes = attributes,
                        .params_bytes = sizeof(BitShiftParams),
                        BINARY_PORTS(ELEMENTS_UNSIGNED, ELEMENTS_UNSIGNED),
                        .grad_reason = "not differentiable: a function of integers",
                        .role = ROLE_INDEX,
                        .samples = {{"u8{1,255,7}, u8{1,4,8}", "direction=\"LEFT\""},
                                    {"u64{1,255}, u64{63,64}", "direction=\"RIGHT\""}}};
