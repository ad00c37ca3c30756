#include "operators/samples.h"

#include "graph/sequence.h"
#include "operators/sample_body.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Elements of one tensor: a sample is small. */
#define SAMPLE_MAX_ELEMENTS 65536

typedef struct Reader {
  Graph *graph;
  Random random;
  const char *text, *at; /* the whole, for messages, and the place */
  Error *err;
} Reader;

typedef struct Literal {
  bool whole; /* an integer without point or exponent */
  int64_t i;
  double f;
} Literal;

static const struct {
  const char *name;
  ElementType type;
} sample_types[] = {
    {"f32", ELEMENT_FLOAT32},
    {"f64", ELEMENT_FLOAT64},
    {"f16", ELEMENT_FLOAT16},
    {"bf16", ELEMENT_BFLOAT16},
    {"i8", ELEMENT_INT8},
    {"u8", ELEMENT_UINT8},
    {"i16", ELEMENT_INT16},
    {"u16", ELEMENT_UINT16},
    {"i32", ELEMENT_INT32},
    {"u32", ELEMENT_UINT32},
    {"i64", ELEMENT_INT64},
    {"u64", ELEMENT_UINT64},
    {"bool", ELEMENT_BOOL},
    {"str", ELEMENT_STRING},
    {"i4", ELEMENT_INT4},
    {"u4", ELEMENT_UINT4},
    {"i2", ELEMENT_INT2},
    {"u2", ELEMENT_UINT2},
    {"f8e4m3fn", ELEMENT_FLOAT8E4M3FN},
    {"f8e4m3fnuz", ELEMENT_FLOAT8E4M3FNUZ},
    {"f8e5m2", ELEMENT_FLOAT8E5M2},
    {"f8e5m2fnuz", ELEMENT_FLOAT8E5M2FNUZ},
    {"f4e2m1", ELEMENT_FLOAT4E2M1},
    {"f8e8m0", ELEMENT_FLOAT8E8M0},
};

static Status broken(const Reader *r, const char *what) {
  return fail(r->err, BAD_USAGE, "sample '%s': %s at '%s'", r->text, what, r->at);
}

static bool skip(Reader *r, char c) {
  if (*r->at != c) return false;
  r->at++;
  return true;
}

static void skip_blanks(Reader *r) {
  while (*r->at == ' ') r->at++;
}

/* Letters, digits and '_' at the reader's place. */
static size_t word_length(const Reader *r) {
  size_t n = 0;
  while (isalnum((unsigned char)r->at[n]) || r->at[n] == '_') n++;
  return n;
}

static bool word_is(const char *at, size_t length, const char *word) {
  return strlen(word) == length && memcmp(at, word, length) == 0;
}

ElementType sample_type(const char *at, size_t length) {
  for (size_t i = 0; i < sizeof sample_types / sizeof *sample_types; i++)
    if (word_is(at, length, sample_types[i].name)) return sample_types[i].type;
  return ELEMENT_NONE;
}

static Status read_literal(Reader *r, Literal *literal) {
  size_t n = word_length(r);
  if (word_is(r->at, n, "true") || word_is(r->at, n, "false")) {
    int64_t truth = n == 4;
    *literal = (Literal){true, truth, (double)truth};
    r->at += n;
    return OK;
  }
  char *end;
  *literal = (Literal){.f = strtod(r->at, &end)};
  if (end == r->at) return broken(r, "no number");
  literal->whole = isfinite(literal->f) && strcspn(r->at, ".eE") >= (size_t)(end - r->at);
  if (literal->whole)
    literal->i = *r->at == '-' ? (int64_t)strtoll(r->at, NULL, 10) : (int64_t)strtoull(r->at, NULL, 10);
  r->at = end;
  return OK;
}

static const char *read_string(Reader *r) {
  const char *end = strchr(++r->at, '"');
  if (end == NULL) {
    (void)broken(r, "no closing quote");
    return NULL;
  }
  char *copy = arena_text_of(&r->graph->arena, r->at, (size_t)(end - r->at), r->err);
  r->at = end + 1;
  return copy;
}

/* ---- tensors ---- */

typedef struct Values {
  bool given;
  int count;
  Literal numbers[64];
  const char *strings[64];
} Values;

static Status read_values(Reader *r, Values *values) {
  values->given = skip(r, '{');
  if (!values->given || skip(r, '}')) return OK;
  do {
    int i = values->count++;
    if (i == 64) return broken(r, "more than 64 values");
    if (*r->at == '"') {
      if ((values->strings[i] = read_string(r)) == NULL) return r->err->status;
    } else {
      TRY(read_literal(r, &values->numbers[i]));
    }
  } while (skip(r, ','));
  return skip(r, '}') ? OK : broken(r, "',' or '}' is missing");
}

static Status read_dims(Reader *r, bool *given, Shape *shape) {
  *given = skip(r, '[');
  if (!*given || skip(r, ']')) return OK;
  do {
    Literal dim;
    TRY(read_literal(r, &dim));
    if (!dim.whole || dim.i < 0 || shape->rank == GRAPH_MAX_RANK) return broken(r, "bad dimension");
    shape->dims[shape->rank++] = dim.i;
  } while (skip(r, ','));
  return skip(r, ']') ? OK : broken(r, "',' or ']' is missing");
}

static bool is_real_type(ElementType type) {
  return element_in(type, ELEMENTS_FLOAT | ELEMENTS_NARROW_FLOAT);
}

static Status read_range(Reader *r, ElementType type, double *low, double *high) {
  bool is_real = is_real_type(type);
  *low = is_real ? -2 : element_is_signed(type) ? -8 : 0;
  *high = is_real ? 2 : element_is_signed(type) ? 8 : type == ELEMENT_BOOL ? 2 : 16;
  if (!skip(r, '(')) return OK;
  Literal from, to;
  TRY(read_literal(r, &from));
  if (!skip(r, ',')) return broken(r, "',' is missing");
  TRY(read_literal(r, &to));
  *low = from.whole ? (double)from.i : from.f;
  *high = to.whole ? (double)to.i : to.f;
  return skip(r, ')') ? OK : broken(r, "')' is missing");
}

static Status fill_string(Reader *r, Tensor *tensor, int64_t i, const char *given) {
  const char *text = given != NULL ? given : arena_format(&r->graph->arena, r->err, "s%d", (int)i);
  if (text == NULL) return r->err->status;
  ((const char **)tensor->data)[i] = text;
  return OK;
}

/* Fills from `values`, else with uniform numbers of [low, high). */
static Status fill_tensor(Reader *r, Tensor *tensor, const Values *values, double low, double high) {
  int64_t count = tensor_elements(tensor);
  if (values->given && values->count != count && values->count != 1)
    return broken(r, "wrong number of values");
  for (int64_t i = 0; i < count; i++) {
    int64_t at = values->count == 1 ? 0 : i;
    const Literal *number = values->given ? &values->numbers[at] : NULL;
    double random = low + (high - low) * random_unit(&r->random);
    if (tensor->type == ELEMENT_STRING)
      TRY(fill_string(r, tensor, i, values->given ? values->strings[at] : NULL));
    else if (number != NULL && number->whole && !is_real_type(tensor->type))
      tensor_set_integer(tensor, i, number->i);
    else if (number != NULL)
      tensor_set(tensor, i, number->f);
    else
      tensor_set(tensor, i, is_real_type(tensor->type) ? random : floor(random));
  }
  return OK;
}

static Status read_tensor(Reader *r, Tensor **tensor) {
  size_t n = word_length(r);
  ElementType type = sample_type(r->at, n);
  if (type == ELEMENT_NONE) return broken(r, "no element type");
  r->at += n;
  Shape shape = {0};
  bool has_dims;
  double low, high;
  Values values = {0};
  TRY(read_dims(r, &has_dims, &shape));
  TRY(read_range(r, type, &low, &high));
  TRY(read_values(r, &values));
  if (!has_dims && values.given) shape = SHAPE(values.count);
  int64_t count = shape_elements(&shape);
  if (count < 0 || count > SAMPLE_MAX_ELEMENTS) return broken(r, "too many elements");
  *tensor = tensor_new(&r->graph->arena, type, &shape, r->err);
  if (*tensor == NULL) return r->err->status;
  return fill_tensor(r, *tensor, &values, low, high);
}

/* ---- sequences ---- */

#define SAMPLE_MAX_ITEMS 8

static Status read_value(Reader *r, Tensor **value);

static Status read_items(Reader *r, const Tensor **items, int64_t *count) {
  *count = 0;
  if (!skip(r, '(')) return broken(r, "'(' is missing");
  if (skip(r, ')')) return OK;
  do {
    Tensor *item;
    if (*count == SAMPLE_MAX_ITEMS) return broken(r, "too many items");
    TRY(read_value(r, &item));
    items[(*count)++] = item;
  } while (skip(r, ';'));
  return skip(r, ')') ? OK : broken(r, "';' or ')' is missing");
}

static Status read_sequence(Reader *r, ElementType type, Tensor **sequence) {
  const Tensor *items[SAMPLE_MAX_ITEMS];
  int64_t count, bytes;
  TRY(read_items(r, items, &count));
  if (type == ELEMENT_OPTIONAL && count > 1) return broken(r, "more than one item");
  if (!sequence_bytes(items, count, &bytes)) return broken(r, "too many elements");
  *sequence = tensor_new(&r->graph->arena, type, &SHAPE(bytes), r->err);
  if (*sequence == NULL) return r->err->status;
  sequence_write(*sequence, items, count);
  return OK;
}

static Status read_value(Reader *r, Tensor **value) {
  size_t n = word_length(r);
  bool is_sequence = word_is(r->at, n, "seq");
  if (!is_sequence && !word_is(r->at, n, "opt")) return read_tensor(r, value);
  r->at += n;
  return read_sequence(r, is_sequence ? ELEMENT_SEQUENCE : ELEMENT_OPTIONAL, value);
}

/* ---- inputs ---- */

static Status add_input(Reader *r, int i, Value **value, const Tensor **tensor) {
  *value = NULL;
  *tensor = NULL;
  if (*r->at == '-') {
    r->at++;
    return OK;
  }
  Tensor *content;
  TRY(read_value(r, &content));
  const Shape *shape = element_in(content->type, ELEMENTS_ANY) ? &content->shape : NULL;
  const char *name = arena_format(&r->graph->arena, r->err, "x%d", i);
  if (name == NULL) return r->err->status;
  *tensor = content;
  *value = skip(r, '!') ? graph_add_constant(r->graph, name, content, r->err)
                        : graph_add_input(r->graph, name, content->type, shape, r->err);
  return *value != NULL ? OK : r->err->status;
}

static Status read_inputs(Reader *r, Value **values, SampleCase *result) {
  skip_blanks(r);
  while (*r->at != '\0') {
    int i = result->input_count++;
    if (i == SAMPLE_MAX_INPUTS) return broken(r, "too many inputs");
    TRY(add_input(r, i, &values[i], &result->inputs[i]));
    skip_blanks(r);
    if (*r->at != '\0' && !skip(r, ',')) return broken(r, "',' is missing");
    skip_blanks(r);
  }
  return OK;
}

/* ---- attributes ---- */

/* A list of numbers: ints where all are whole, else floats. */
static Status set_numbers(Reader *r, Attribute *attribute, const Literal *numbers, int count) {
  bool whole = true;
  for (int i = 0; i < count; i++) whole = whole && numbers[i].whole;
  int64_t *ints = arena_new(&r->graph->arena, (size_t)count, sizeof *ints, r->err);
  float *floats = arena_new(&r->graph->arena, (size_t)count, sizeof *floats, r->err);
  if (ints == NULL || floats == NULL) return r->err->status;
  for (int i = 0; i < count; i++) {
    ints[i] = numbers[i].i;
    floats[i] = (float)numbers[i].f;
  }
  attribute->kind = whole ? ATTRIBUTE_INTS : ATTRIBUTE_FLOATS;
  attribute->ints = whole ? ints : NULL;
  attribute->floats = whole ? NULL : floats;
  attribute->count = (size_t)count;
  return OK;
}

static Status set_strings(Reader *r, Attribute *attribute, const char *const *strings, int count) {
  const char **copy = arena_new(&r->graph->arena, (size_t)count, sizeof *copy, r->err);
  if (copy == NULL) return r->err->status;
  for (int i = 0; i < count; i++) {
    if (strings[i] == NULL) return broken(r, "strings and numbers in one list");
    copy[i] = strings[i];
  }
  attribute->kind = ATTRIBUTE_STRINGS;
  attribute->strings = copy;
  attribute->count = (size_t)count;
  return OK;
}

static Status read_list(Reader *r, Attribute *attribute) {
  Literal numbers[64];
  const char *strings[64] = {0};
  int count = 0;
  if (skip(r, ']')) return set_numbers(r, attribute, numbers, 0);
  do {
    if (count == 64) return broken(r, "more than 64 values");
    if (*r->at == '"') {
      if ((strings[count] = read_string(r)) == NULL) return r->err->status;
    } else {
      TRY(read_literal(r, &numbers[count]));
    }
    count++;
  } while (skip(r, ','));
  if (!skip(r, ']')) return broken(r, "',' or ']' is missing");
  return strings[0] != NULL ? set_strings(r, attribute, strings, count)
                            : set_numbers(r, attribute, numbers, count);
}

static Status read_attribute_value(Reader *r, Attribute *attribute) {
  if (skip(r, '[')) return read_list(r, attribute);
  if (*r->at == '"') {
    attribute->kind = ATTRIBUTE_STRING;
    attribute->s = read_string(r);
    return attribute->s != NULL ? OK : r->err->status;
  }
  if (*r->at == '(') {
    attribute->kind = ATTRIBUTE_GRAPH;
    return sample_body(&r->at, r->graph, &attribute->graph, r->err);
  }
  if (sample_type(r->at, word_length(r)) != ELEMENT_NONE) {
    Tensor *tensor;
    TRY(read_tensor(r, &tensor));
    attribute->kind = ATTRIBUTE_TENSOR;
    attribute->tensor = tensor;
    return OK;
  }
  Literal number;
  TRY(read_literal(r, &number));
  attribute->kind = number.whole ? ATTRIBUTE_INT : ATTRIBUTE_FLOAT;
  attribute->i = number.i;
  attribute->f = number.whole ? 0 : (double)(float)number.f;
  return OK;
}

typedef struct Attributes {
  Attribute list[16];
  int count;
  int64_t outputs, opset; /* the two that are none; 0 where absent */
} Attributes;

static Status read_attributes(Reader *r, Attributes *attributes) {
  for (skip_blanks(r); *r->at != '\0'; skip_blanks(r)) {
    size_t n = word_length(r);
    if (n == 0 || r->at[n] != '=') return broken(r, "no name=value");
    Attribute attribute = {.name = arena_text_of(&r->graph->arena, r->at, n, r->err)};
    if (attribute.name == NULL) return r->err->status;
    r->at += n + 1;
    TRY(read_attribute_value(r, &attribute));
    if (strcmp(attribute.name, "outputs") == 0)
      attributes->outputs = attribute.i;
    else if (strcmp(attribute.name, "opset") == 0)
      attributes->opset = attribute.i;
    else if (attributes->count == 16)
      return broken(r, "more than 16 attributes");
    else
      attributes->list[attributes->count++] = attribute;
  }
  return OK;
}

/* ---- the graph ---- */

static int required_outputs(const Op *op) {
  int count = 0;
  while (count < OP_MAX_PORTS && op->outputs[count].name != NULL && op->outputs[count].kind == PORT_REQUIRED)
    count++;
  return count > 0 ? count : 1;
}

static Status add_opset(Reader *r, const char *domain, int64_t version) {
  Opset *opset = arena_new(&r->graph->arena, 1, sizeof *opset, r->err);
  if (opset == NULL) return r->err->status;
  *opset = (Opset){domain, version};
  r->graph->opsets = opset;
  r->graph->opset_count = 1;
  return OK;
}

static Status add_node(Reader *r, const Op *op, Value **inputs, const Attributes *attributes,
                       SampleCase *result) {
  Value *outputs[SAMPLE_MAX_INPUTS];
  int count = attributes->outputs > 0 ? (int)attributes->outputs : required_outputs(op);
  if (count > SAMPLE_MAX_INPUTS) return broken(r, "too many outputs");
  for (int i = 0; i < count; i++) {
    const char *name = arena_format(&r->graph->arena, r->err, "y%d", i);
    if (name == NULL) return r->err->status;
    outputs[i] = graph_add_value(r->graph, name, r->err);
    if (outputs[i] == NULL) return r->err->status;
    TRY(graph_add_output(r->graph, outputs[i], r->err));
  }
  Node *node = graph_add_node(r->graph, "sample", op->domain != NULL ? op->domain : "", op->name, inputs,
                              result->input_count, outputs, count, r->err);
  if (node == NULL) return r->err->status;
  Attribute *list = arena_new(&r->graph->arena, (size_t)attributes->count, sizeof *list, r->err);
  if (list == NULL) return r->err->status;
  if (attributes->count > 0) memcpy(list, attributes->list, (size_t)attributes->count * sizeof *list);
  node->attributes = list;
  node->attribute_count = attributes->count;
  result->node = node;
  return graph_refresh(r->graph, r->err);
}

static Status build_from(Reader *r, const Op *op, const OpSample *sample, int opset, Attributes *attributes,
                         SampleCase *result) {
  Value *inputs[SAMPLE_MAX_INPUTS];
  r->text = r->at = sample->inputs;
  TRY(read_inputs(r, inputs, result));
  r->text = r->at = sample->attributes != NULL ? sample->attributes : "";
  TRY(read_attributes(r, attributes));
  int64_t newest = op->domain == NULL || op->domain[0] == '\0' ? SAMPLE_NEWEST_OPSET : 1;
  int64_t version = opset != 0 ? opset : attributes->opset != 0 ? attributes->opset : newest;
  TRY(add_opset(r, op->domain != NULL ? op->domain : "", version));
  return add_node(r, op, inputs, attributes, result);
}

static Status build(Reader *r, const Op *op, const OpSample *sample, int opset, SampleCase *result) {
  Attributes attributes = {0};
  Status status = build_from(r, op, sample, opset, &attributes, result);
  for (int i = 0; result->node == NULL && i < attributes.count; i++) graph_free(attributes.list[i].graph);
  return status;
}

Status sample_build(const Op *op, const OpSample *sample, int opset, SampleCase *result, Error *err) {
  *result = (SampleCase){0};
  Error own; /* so that a status can always be read back */
  Reader r = {.err = err != NULL ? err : &own, .random = {.state = 0x5a3d1e}};
  r.graph = graph_new(r.err);
  if (r.graph == NULL) return r.err->status;
  result->graph = r.graph;
  Status status = build(&r, op, sample, opset, result);
  if (status != OK) {
    graph_free(r.graph);
    *result = (SampleCase){0};
  }
  return status;
}
