/* cum_prod.c - CumProd: running products along an axis. */
#include "operators/move/cumulative.h"

const Op op_CumProd = {
    .name = "CumProd",
    .brief = "Running products along an axis.",
    .versions = {{26, cumulative_infer, cumulative_product_run, NULL, cumulative_product_grad}},
    .attributes = cumulative_attributes,
    .params_bytes = sizeof(CumulativeParams),
    .inputs = {{"x", PORT_REQUIRED, ELEMENTS_NUMERIC, "[...]"},
               {"axis", PORT_REQUIRED, ELEMENT_BIT(ELEMENT_INT32) | ELEMENT_BIT(ELEMENT_INT64), "[]"}},
    .outputs = {{"y", PORT_REQUIRED, ELEMENTS_NUMERIC, "[...]"}},
    .role = ROLE_FLOAT,
    .role_reason = "running products leave any fixed range",
    .samples = {{"f32[2,3], i32[]{1}!", NULL},
                {"i32[2,3], i64[]{-2}!", "reverse=1"},
                {"f64[4], i32[]{0}", "exclusive=1 reverse=1"},
                {"f32[2,4,3], i32[]{-2}!", "exclusive=1"},
                {"f32[2,4]{1,0,2,3,-2,0,0,1}, i32[]{1}!", "reverse=1"},
                {"f32[3,4], i32[]{0}!", "exclusive=1 reverse=1"}},
};
