/* scatter.c - Scatter: the older name of ScatterElements. */
#include "operators/move/element_index.h"
#include "operators/move/scatter_elements.h"

static const AttributeRow attributes[] = {
    ATTRIBUTE(ScatterElementsParams, axis, FIELD_INT),
    {0},
};

const Op op_Scatter = {
    .name = "Scatter",
    .brief = "The older name of ScatterElements.",
    .versions = {{9, scatter_elements_infer, scatter_elements_run, NULL, scatter_elements_grad}},
    .attributes = attributes,
    .params_bytes = sizeof(ScatterElementsParams),
    .inputs = {{"data", PORT_REQUIRED, ELEMENTS_WIDE, "[...]"},
               {"indices", PORT_REQUIRED, INDEX_TYPES, "[...]"},
               {"updates", PORT_REQUIRED, ELEMENTS_WIDE, "[...]"}},
    .outputs = {{"output", PORT_REQUIRED, ELEMENTS_WIDE, "[...]"}},
    .role = ROLE_FLOAT,
    .role_reason = "replacing single elements has no integer instruction",
    .samples = {{"f32[3,3], i64[2,3]{1,0,2,0,2,1}, f32[2,3]", "opset=10"}},
};
