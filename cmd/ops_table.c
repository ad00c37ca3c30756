#include "cmd/ops_table.h"

#include "cmd/summary_line.h"
#include "cmd/table.h"
#include "formats/onnx/onnx.h"

bool ops_wanted(const Op *op, const char *const *patterns, int pattern_count) {
  for (int i = 0; i < pattern_count; i++)
    if (text_matches(patterns[i], op->name)) return true;
  return pattern_count == 0;
}

/* ---- cells ---- */

static void name_words(const Op *op, Text *text) {
  if (op->domain != NULL) text_add(text, "%s.", op->domain);
  text_add(text, "%s", op->name);
}

/* Opsets that changed the operator, oldest first: "1, 11, 22". */
static void version_words(const Op *op, Text *text) {
  int count = 0;
  while (count < OP_MAX_VERSIONS && op->versions[count].infer != NULL) count++;
  for (int i = count - 1; i >= 0; i--)
    text_add(text, "%s%d", i < count - 1 ? ", " : "", op->versions[i].since);
}

/* Sets of types that have a name; what is left is listed by type. */
static void type_words(uint32_t types, Text *text) {
  static const struct {
    uint32_t types;
    const char *text;
  } sets[] = {{ELEMENTS_ANY, "any"},          {ELEMENTS_NARROW, "narrow"},   {ELEMENTS_NUMERIC, "numeric"},
              {ELEMENTS_FLOAT, "float"},      {ELEMENTS_INTEGER, "integer"}, {ELEMENTS_SIGNED, "signed"},
              {ELEMENTS_UNSIGNED, "unsigned"}};
  size_t start = text->length;
  for (size_t s = 0; s < sizeof sets / sizeof sets[0]; s++) {
    if ((types & sets[s].types) != sets[s].types) continue;
    text_add(text, "%s%s", text->length > start ? ", " : "", sets[s].text);
    types &= ~sets[s].types;
  }
  for (int type = 1; type < 32; type++)
    if ((types & ELEMENT_BIT(type)) != 0)
      text_add(text, "%s%s", text->length > start ? ", " : "", element_name((ElementType)type));
}

static int set_size(uint32_t types) {
  int count = 0;
  for (; types != 0; types &= types - 1) count++;
  return count;
}

/* Of the operand that takes the most types: the one that the operator is about, not its axes or conditions.
 */
static uint32_t main_types(const Op *op) {
  uint32_t most = 0;
  for (int i = 0; i < OP_MAX_PORTS && op->inputs[i].name != NULL; i++)
    if (set_size(op->inputs[i].types) > set_size(most)) most = op->inputs[i].types;
  for (int i = 0; i < OP_MAX_PORTS && op->outputs[i].name != NULL; i++)
    if (set_size(op->outputs[i].types) > set_size(most)) most = op->outputs[i].types;
  return most;
}

static bool has_fast(const Op *op) {
  return op->versions[0].fast != NULL;
}

static bool has_gradient(const Op *op) {
  return op->versions[0].grad != NULL;
}

/* "yes", or why not. */
static const char *gradient_words(const Op *op) {
  return has_gradient(op) ? "yes" : op->grad_reason != NULL ? op->grad_reason : "no";
}

static void role_words(const Op *op, Text *text) {
  text_add(text, "%s%s", op_role_name(op->role), op->role_of != NULL ? ", by case" : "");
  if (op->role == ROLE_FLOAT) text_add(text, ": %s", summary_reason(op->role_reason));
}

/* ---- text ---- */

static void add_row(const Op *op, Table *table) {
  Text name = {0}, versions = {0}, types = {0}, role = {0};
  name_words(op, &name);
  version_words(op, &versions);
  type_words(main_types(op), &types);
  role_words(op, &role);
  table_cell(table, "%s", name.bytes);
  table_cell(table, "%s", versions.bytes);
  table_cell(table, "%s", types.bytes);
  table_cell(table, "%s", has_fast(op) ? "yes" : "");
  table_cell(table, "%s", has_gradient(op) ? "yes" : "");
  table_cell(table, "%s", role.bytes);
  table->failed |= name.failed || versions.failed || types.failed || role.failed;
  text_free(&name);
  text_free(&versions);
  text_free(&types);
  text_free(&role);
}

void ops_text(const char *const *patterns, int pattern_count, Text *text) {
  static const TableColumn columns[] = {{"operator", TABLE_LEFT}, {"changed in opset", TABLE_LEFT},
                                        {"types", TABLE_LEFT},    {"fast", TABLE_LEFT},
                                        {"gradient", TABLE_LEFT}, {"role in integers", TABLE_LEFT}};
  Table table;
  int count = 0;
  table_begin(&table, columns, 6);
  for (int i = 0; i < op_count(); i++) {
    if (!ops_wanted(op_at(i), patterns, pattern_count)) continue;
    add_row(op_at(i), &table);
    count++;
  }
  table_print(&table, text);
  text->failed |= table.failed;
  table_free(&table);
  text_add(text,
           "\n%d operator%s, opsets %d to %d. Every one runs in float; those marked fast have a faster "
           "kernel besides the plain one.\nTraining goes through those with a gradient; 'edgec ops "
           "--markdown' says why the "
           "others have none.\n",
           count, count == 1 ? "" : "s", ONNX_OPSET_MIN, ONNX_OPSET_MAX);
  text_add(text, "By case: some nodes stay in float; 'edgec info MODEL' tells which and why.\n");
}

/* ---- Markdown ---- */

static void add_escaped(const char *prose, Text *text) {
  for (; *prose != '\0'; prose++) {
    if (*prose == '|' || *prose == '*' || *prose == '<') text_add(text, "\\");
    text_add_bytes(text, prose, 1);
  }
}

void ops_markdown(const char *const *patterns, int pattern_count, Text *text) {
  text_add(text,
           "| operator | what it computes | changed in opset | types | fast | gradient | role in integers |\n"
           "| --- | --- | --- | --- | --- | --- | --- |\n");
  for (int i = 0; i < op_count(); i++) {
    const Op *op = op_at(i);
    if (!ops_wanted(op, patterns, pattern_count)) continue;
    Text role = {0};
    role_words(op, &role);
    text_add(text, "| ");
    name_words(op, text);
    text_add(text, " | ");
    add_escaped(op->brief == NULL ? "" : op->brief, text);
    text_add(text, " | ");
    version_words(op, text);
    text_add(text, " | ");
    type_words(main_types(op), text);
    text_add(text, " | %s | %s | ", has_fast(op) ? "yes" : "", gradient_words(op));
    if (!role.failed) add_escaped(role.bytes, text);
    text_add(text, " |\n");
    text->failed |= role.failed;
    text_free(&role);
  }
}

/* ---- JSON ---- */

static void ports_json(const char *key, const Port *ports, Json *json) {
  static const char *const kinds[] = {[PORT_REQUIRED] = "required",
                                      [PORT_OPTIONAL] = "optional",
                                      [PORT_VARIADIC] = "variadic",
                                      [PORT_VARIADIC_OR_NONE] = "variadic, may be none"};
  json_array_begin(json, key);
  for (int i = 0; i < OP_MAX_PORTS && ports[i].name != NULL; i++) {
    json_object_begin(json, NULL);
    json_string(json, "name", ports[i].name);
    json_string(json, "kind", kinds[ports[i].kind]);
    json_string(json, "shape", ports[i].shape);
    json_array_begin(json, "types");
    for (int type = 1; type < 32; type++)
      if ((ports[i].types & ELEMENT_BIT(type)) != 0) json_string(json, NULL, element_name((ElementType)type));
    json_array_end(json);
    json_object_end(json);
  }
  json_array_end(json);
}

static void op_json(const Op *op, Json *json) {
  int64_t since[OP_MAX_VERSIONS];
  int count = 0;
  for (; count < OP_MAX_VERSIONS && op->versions[count].infer != NULL; count++)
    since[count] = op->versions[count].since;
  json_object_begin(json, NULL);
  json_string(json, "name", op->name);
  json_string(json, "domain", op->domain == NULL ? "ai.onnx" : op->domain);
  json_string(json, "brief", op->brief);
  json_ints(json, "since", since, count);
  json_bool(json, "fast", has_fast(op));
  json_bool(json, "gradient", has_gradient(op));
  if (!has_gradient(op)) json_string(json, "no_gradient", gradient_words(op));
  json_string(json, "role", op_role_name(op->role));
  json_bool(json, "role_by_case", op->role_of != NULL);
  if (op->role == ROLE_FLOAT) json_string(json, "reason", op->role_reason);
  ports_json("inputs", op->inputs, json);
  ports_json("outputs", op->outputs, json);
  json_object_end(json);
}

void ops_json(const char *const *patterns, int pattern_count, Json *json) {
  json_int(json, "opset_min", ONNX_OPSET_MIN);
  json_int(json, "opset_max", ONNX_OPSET_MAX);
  json_array_begin(json, "operators");
  for (int i = 0; i < op_count(); i++)
    if (ops_wanted(op_at(i), patterns, pattern_count)) op_json(op_at(i), json);
  json_array_end(json);
}
