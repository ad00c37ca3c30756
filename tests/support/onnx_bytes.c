/* Writes protocol buffers field by field. */
#include "tests/support/onnx_bytes.h"

#include <stdlib.h>
#include <string.h>

static void put_number(Text *to, uint64_t value) {
  for (; value >= 0x80; value >>= 7) text_add_bytes(to, (uint8_t[]){(uint8_t)(value | 0x80)}, 1);
  text_add_bytes(to, (uint8_t[]){(uint8_t)value}, 1);
}

void put_varint(Text *to, int field, uint64_t value) {
  put_number(to, (uint64_t)field << 3);
  put_number(to, value);
}

void put_bytes(Text *to, int field, const void *bytes, size_t size) {
  put_number(to, (uint64_t)field << 3 | 2);
  put_number(to, size);
  if (size > 0) text_add_bytes(to, bytes, size);
}

void put_text(Text *to, int field, const char *text) {
  put_bytes(to, field, text, strlen(text));
}

void put_float(Text *to, int field, float value) {
  put_number(to, (uint64_t)field << 3 | 5);
  text_add_bytes(to, &value, sizeof value);
}

void put_message(Text *to, int field, Text *message) {
  put_bytes(to, field, message->bytes, message->length);
  text_free(message);
}

/* Cuts the item that `*list` begins with into `item`; false at the end of the list. */
static bool next_item(const char **list, char item[64]) {
  if (*list == NULL) return false;
  size_t length = strcspn(*list, ",");
  memcpy(item, *list, length);
  item[length] = '\0';
  *list = (*list)[length] == ',' ? *list + length + 1 : NULL;
  return true;
}

static bool is_number(const char *item) {
  return item[0] == '-' || (item[0] >= '0' && item[0] <= '9');
}

static Text shape_bytes(const char *dims) {
  Text shape = {0};
  char item[64];
  for (const char *at = dims[0] == '\0' ? NULL : dims; next_item(&at, item);) {
    Text dim = {0};
    if (is_number(item))
      put_varint(&dim, 1, (uint64_t)strtoll(item, NULL, 10));
    else
      put_text(&dim, 2, item);
    put_message(&shape, 1, &dim);
  }
  return shape;
}

void onnx_put_value(Text *graph, int field, const char *name, int type, const char *dims) {
  Text tensor = {0}, kind = {0}, value = {0};
  if (type != 0) put_varint(&tensor, 1, (uint64_t)type);
  if (dims != NULL) {
    Text shape = shape_bytes(dims);
    put_message(&tensor, 2, &shape);
  }
  put_message(&kind, 1, &tensor);
  put_text(&value, 1, name);
  put_message(&value, 2, &kind);
  put_message(graph, field, &value);
}

static void put_names(Text *node, int field, const char *names) {
  char item[64];
  while (next_item(&names, item)) put_text(node, field, item);
}

void onnx_put_node(Text *graph, const char *type, const char *name, const char *inputs, const char *outputs,
                   Text *attributes) {
  Text node = {0};
  put_names(&node, 1, inputs);
  put_names(&node, 2, outputs);
  if (name != NULL) put_text(&node, 3, name);
  if (type != NULL) put_text(&node, 4, type);
  if (attributes != NULL) {
    text_add_bytes(&node, attributes->bytes, attributes->length);
    text_free(attributes);
  }
  put_message(graph, ONNX_NODE, &node);
}

void onnx_put_attribute(Text *attributes, const char *name, int type, Text *content) {
  Text attribute = {0};
  put_text(&attribute, 1, name);
  text_add_bytes(&attribute, content->bytes, content->length);
  put_varint(&attribute, 20, (uint64_t)type);
  text_free(content);
  put_message(attributes, 5, &attribute);
}

Text onnx_tensor_bytes(const char *name, int type, const char *dims) {
  Text tensor = {0};
  char item[64];
  for (const char *at = dims[0] == '\0' ? NULL : dims; next_item(&at, item);)
    put_varint(&tensor, 1, (uint64_t)strtoll(item, NULL, 10));
  if (type != 0) put_varint(&tensor, 2, (uint64_t)type);
  if (name != NULL) put_text(&tensor, 8, name);
  return tensor;
}

void onnx_put_floats(Text *graph, const char *name, const char *dims, const float *floats, size_t count) {
  Text tensor = onnx_tensor_bytes(name, 1, dims);
  put_bytes(&tensor, ONNX_RAW_DATA, floats, count * sizeof *floats);
  put_message(graph, ONNX_INITIALIZER, &tensor);
}

Text onnx_model_bytes(Text *graph, int64_t ir_version, int64_t opset) {
  Text model = {0}, import = {0};
  put_varint(&import, 2, (uint64_t)opset);
  put_varint(&model, 1, (uint64_t)ir_version);
  put_text(&model, 2, "tests");
  put_message(&model, 7, graph);
  put_message(&model, 8, &import);
  return model;
}
