#include "operators/binary/binary.h"

#include <string.h>

static double real(double a, double b) {
  return a == b;
}

static int64_t integer(int64_t a, int64_t b) {
  return a == b;
}

static uint64_t natural(uint64_t a, uint64_t b) {
  return a == b;
}

/* A symbol stands for a dimension, and is never below 0. */
static ContentItem content(ContentItem a, ContentItem b) {
  if (a.known && b.known) return content_known(a.value == b.value);
  if (content_is_same(a, b)) return content_known(1);
  bool never = (a.known && a.value < 0 && b.value != DIM_UNKNOWN) ||
               (b.known && b.value < 0 && a.value != DIM_UNKNOWN);
  return never ? content_known(0) : CONTENT_UNKNOWN;
}

static Status infer(Infer *infer) {
  TRY(binary_infer_bool(infer));
  return binary_infer_content(infer, content);
}

static const BinaryFunctions functions = {real, integer, natural};

static void compare_strings(Run *run) {
  const char *const *a = run->in[0]->data, *const *b = run->in[1]->data;
  uint8_t *y = run->out[0]->data;
  Broadcast plan;
  BroadcastPlace at = {0};
  broadcast_plan(&plan, &run->out[0]->shape, (const Shape *[]){&run->in[0]->shape, &run->in[1]->shape}, 2);
  for (int64_t r = 0; r < plan.runs; r++, broadcast_next(&plan, &at))
    for (int64_t i = 0; i < plan.length; i++)
      *y++ = strcmp(a[at.offset[0] + i * plan.step[0]], b[at.offset[1] + i * plan.step[1]]) == 0;
}

static Status run_plain(Run *run) {
  if (run->in[0]->type != ELEMENT_STRING) return binary_run(run, &functions);
  compare_strings(run);
  return OK;
}

static Status run_old(Run *run) {
  return binary_run_old(run, run_plain);
}

const Op op_Equal = {.name = "Equal",
                     .brief = "Whether a equals b.",
                     .versions = {{7, infer, run_plain, NULL}, {1, binary_infer_bool_old, run_old, NULL}},
                     .attributes = binary_attributes,
                     .params_bytes = sizeof(BinaryParams),
                     BINARY_PORTS(ELEMENTS_WIDE, ELEMENT_BIT(ELEMENT_BOOL)),
                     .grad_reason = "not differentiable: the result is a truth value",
                     .role = ROLE_INDEX,
                     .samples = {{"f32[2,3,4], f32[2,1,4]", ""},
                                 {"f32{1,nan,inf}, f32{1,nan,2}", ""},
                                 {"i64{9007199254740993,-1}, i64{9007199254740992,-1}", ""},
                                 {"u64{18446744073709551615,1}, u64{1,1}", ""},
                                 {"i32[2,3], i32[]", ""},
                                 {"bool[2,3], bool[3]", ""},
                                 {"str{\"a\",\"b\"}, str{\"a\"}", ""},
                                 {"i32[2,3,4], i32[3]", "broadcast=1 axis=1 opset=6"}}};
