/* Which tensor holds which value, and the conversions between forms and layouts. Each conversion is made once
 * and remembered. */
#include "lower/builder.h"
#include "lower/requant.h"

Form build_form(const Value *value) {
  return value->spec != NULL && value->spec->kind == QUANT_INTEGER ? FORM_CODES : FORM_REAL;
}

bool build_has(const Builder *b, const Value *value) {
  const Place *place = &b->places[value->index];
  return place->tensor[place->home_form][place->home] >= 0;
}

Layout build_layout(const Builder *b, const Value *value) {
  return b->places[value->index].home;
}

void build_put(Builder *b, const Value *value, Form form, Layout layout, int32_t tensor) {
  Place *place = &b->places[value->index];
  uint32_t dims[EDGE_MAX_RANK];
  if (b->status != OK) return;
  if (!layout_has_channels(&value->shape)) layout = LAYOUT_PLAIN;
  if (!build_has(b, value)) {
    place->home = layout;
    place->home_form = form;
  }
  if (tensor != 0) tensor = build_alias(b, tensor, build_dims(&value->shape, layout, dims), dims);
  place->tensor[form][layout] = tensor;
}

int32_t build_result(Builder *b, const Value *value, Form form, Layout layout) {
  uint32_t dims[EDGE_MAX_RANK];
  int rank = build_dims(&value->shape, layout, dims);
  EdgeType type = EDGE_F32;
  int32_t tensor;
  if (form == FORM_CODES) {
    type = value->spec->bits == 16 ? EDGE_S16 : EDGE_S8;
    tensor = build_tensor(b, type, rank, dims, value->spec->scales[0], value->spec->zero_point);
  } else {
    if (!edge_type_of(value->type, &type))
      build_fail(b, UNSUPPORTED, "'%s' is %s, which programs do not have", value->name,
                 element_name(value->type));
    tensor = build_tensor(b, type, rank, dims, 0.0f, 0);
  }
  build_put(b, value, form, layout, tensor);
  return tensor;
}

/* A constant of the model as it is. */
static int32_t real_constant(Builder *b, const Value *value) {
  const Tensor *from = value->constant;
  uint32_t dims[EDGE_MAX_RANK];
  int rank = build_dims(&from->shape, LAYOUT_PLAIN, dims);
  EdgeType type;
  if (!edge_type_of(from->type, &type)) {
    build_fail(b, UNSUPPORTED, "constant '%s' is %s, which programs do not have", value->name,
               element_name(from->type));
    return 0;
  }
  if (type != EDGE_F32 || from->type == ELEMENT_FLOAT32)
    return build_constant(b, type, rank, dims, from->data, 0.0f, 0);
  int64_t count = tensor_elements(from);
  float *floats = arena_new(&b->scratch, (size_t)count, sizeof(float), b->err);
  if (floats == NULL) {
    b->status = SYSTEM;
    return 0;
  }
  for (int64_t i = 0; i < count; i++) floats[i] = (float)tensor_get(from, i);
  return build_constant(b, EDGE_F32, rank, dims, floats, 0.0f, 0);
}

/* The value in `form`, as it lies, from its other form. */
static int32_t convert(Builder *b, const Value *value, Form form) {
  Place *place = &b->places[value->index];
  if (value->constant != NULL) {
    int32_t tensor =
        form == FORM_CODES ? constant_in_codes(b, value, codes_of_constant(value)) : real_constant(b, value);
    build_put(b, value, form, LAYOUT_PLAIN, tensor);
    return tensor;
  }
  if (!build_has(b, value)) {
    build_fail(b, BAD_INPUT, "value '%s' is used before it is made", value->name);
    return 0;
  }
  int32_t from = place->tensor[place->home_form][place->home];
  if (form == FORM_CODES && build_form(value) != FORM_CODES) {
    build_fail(b, UNSUPPORTED, "value '%s' is needed in integers but has no scale", value->name);
    return 0;
  }
  if (from == 0) return 0;
  int32_t to = build_result(b, value, form, place->home);
  build_emit(b, form == FORM_CODES ? EDGE_OP_QUANTIZE : EDGE_OP_DEQUANTIZE, INPUTS(from), to, NULL, 0);
  return to;
}

static int32_t reorder(Builder *b, const Value *value, Form form, Layout to, int32_t from_tensor) {
  const Layout from = to == LAYOUT_LAST ? LAYOUT_PLAIN : LAYOUT_LAST;
  if (layout_is_same(&value->shape) || from_tensor == 0) {
    build_put(b, value, form, to, from_tensor);
    return b->places[value->index].tensor[form][to];
  }
  EdgeTensor info = b->tensors[from_tensor].info;
  uint32_t dims[EDGE_MAX_RANK];
  int rank = build_dims(&value->shape, to, dims);
  int32_t tensor = build_tensor(b, (EdgeType)info.type, rank, dims, info.scale, info.zero_point);
  Loops loops;
  const Shape *shape = &value->shape;
  loops_broadcast(&loops, shape, to, 2, (const Shape *const[]){shape, shape}, (const Layout[]){to, from});
  build_copy(b, from_tensor, 0, tensor, 0, &loops);
  build_put(b, value, form, to, tensor);
  return tensor;
}

int32_t build_get(Builder *b, const Value *value, Form form, Layout layout) {
  if (b->status != OK) return 0;
  Place *place = &b->places[value->index];
  if (!layout_has_channels(&value->shape) && layout == LAYOUT_LAST) layout = LAYOUT_PLAIN;
  if (layout != LAYOUT_ANY && place->tensor[form][layout] >= 0) return place->tensor[form][layout];
  int32_t there = place->tensor[form][place->home];
  if (there < 0)
    there = place->tensor[form][1 - (int)place->home] >= 0 && layout != LAYOUT_ANY
                ? place->tensor[form][1 - (int)place->home]
                : convert(b, value, form);
  if (b->status != OK) return 0;
  if (layout == LAYOUT_ANY || place->tensor[form][layout] >= 0) return there;
  return reorder(b, value, form, layout, there);
}

int32_t build_image(Builder *b, const Value *value, Form form) {
  int32_t tensor = build_get(b, value, form, LAYOUT_LAST);
  uint32_t dims[4];
  layout_image(&value->shape, dims);
  return tensor == 0 ? 0 : build_alias(b, tensor, 4, dims);
}
