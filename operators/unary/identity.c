#include "operators/gradient.h"
#include "operators/shape/content.h"
#include "operators/unary/unary.h"

const Op op_Identity = {
    .name = "Identity",
    .brief = "The input as it is.",
    .versions = {{1, infer_same, run_copy, NULL, grad_view}},
    UNARY_PORTS(ELEMENTS_VALUE),
    .role = ROLE_VIEW,
    .is_alias = true,
    .samples = {{"f32[2,3,4]", ""}, {"i64{1,2,3}", ""}, {"str{\"a\",\"b\"}", ""}, {"seq(f32[2];i64[])", ""}}};
