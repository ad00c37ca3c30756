/* onnx_parts.h - what the files of this folder share; not for others. */
#ifndef FORMATS_ONNX_ONNX_PARTS_H
#define FORMATS_ONNX_ONNX_PARTS_H

#include "formats/onnx/onnx.h"
#include "onnx.pb-c.h"

/* Limits that no honest model meets; behind them a small file could cost a lot of stack or memory. */
#define ONNX_MAX_DEPTH 64                    /* messages within messages; a body in a body takes 3 */
#define ONNX_MEMORY_FLOOR ((size_t)16 << 20) /* unpacked bytes that any file may take */
#define ONNX_MEMORY_FACTOR 16                /* and this many times its size */
#define ONNX_MAX_SYMBOLS 1024                /* named dimensions; further ones are just unknown */
#define ONNX_MAX_PORTS 65536                 /* inputs or outputs of a node */
#define ONNX_MAX_OPSETS 64                   /* of a model */
#define ONNX_MAX_ATTRIBUTES 256              /* of a node */

/* ---- the wire format (onnx_scan.c) ---- */

/* Walks a serialized message before protobuf-c sees it: BAD_INPUT where it is cut off or malformed, nested
   deeper than ONNX_MAX_DEPTH, has a singular message twice, or would take too much memory when unpacked. */
Status onnx_scan(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t size, Error *err);

/* ---- names (onnx_names.c) ---- */

/* Names that point to things: constant time, order never seen. Zeroed is empty. */
typedef struct NameTable {
  struct NameSlot *slots;
  size_t count, capacity; /* a power of two */
} NameTable;

/* The thing of that name, or NULL. */
void *name_table_find(const NameTable *table, const char *name);
/* `name` must live as long as the table and be new; `thing` must not be NULL. */
Status name_table_add(NameTable *table, const char *name, void *thing, Error *err);
void name_table_free(NameTable *table);

/* ---- tensors (onnx_tensor.c) ---- */

/* A tensor in `arena`. `what` begins messages: "initializer 'w'". */
Status onnx_import_tensor(const Onnx__TensorProto *message, const char *what, Arena *arena, Tensor **tensor,
                          Error *err);
/* ELEMENT_NONE where edgec does not have the type. */
ElementType onnx_element_type(int32_t data_type);
/* Of a type that edgec does not have: "complex64", or "type 99" into `buffer`. */
#define ONNX_TYPE_ROOM 32
const char *onnx_type_name(int32_t data_type, char buffer[ONNX_TYPE_ROOM]);

/* ---- elements of 4 and 2 bits (onnx_packed.c): one a byte in memory, packed in files ---- */

bool onnx_is_packed(ElementType type);
/* Bytes that `count` elements have in a file. */
size_t onnx_packed_bytes(ElementType type, size_t count);
/* Gives the tensor the elements of its file's byte number `byte`. */
void onnx_unpack_byte(Tensor *tensor, size_t byte, uint8_t bits_of_byte);
/* Fills `packed`, which has onnx_packed_bytes(). */
void onnx_pack(const Tensor *tensor, uint8_t *packed);

/* ---- graphs (onnx_graph.c), types (onnx_types.c) and attributes (onnx_attributes.c) ---- */

/* One graph on its way from message to Graph. */
typedef struct Importer {
  struct Importer *outer; /* NULL for the model's own graph */
  Graph *graph;
  const Onnx__GraphProto *message;
  NameTable values, nodes;
  int renamed; /* nodes that got another name so far */
  Error *err;
} Importer;

/* Fills `graph`, whose opsets are set. `outer` is NULL or what the graph is a body in. */
Status onnx_import_graph(const Onnx__GraphProto *message, Importer *outer, Graph *graph, Error *err);
/* Writes what `type` (may be NULL) says to `value`. UNSUPPORTED for what is no tensor. */
Status onnx_import_type(const Importer *importer, const Onnx__TypeProto *type, Value *value);
/* Gives `node` the attributes of `message`. */
Status onnx_import_attributes(Importer *importer, const Onnx__NodeProto *message, Node *node);

/* ---- the other way (onnx_export.c) ---- */

/* A message of the graph, in `arena`; elements of tensors stay where they are and must outlive it. NULL on
   failure. */
Onnx__GraphProto *onnx_export_graph(const Graph *graph, Arena *arena, Error *err);

/* An optional text of a message. */
static inline const char *onnx_text(const char *text) {
  return text == NULL ? "" : text;
}

#endif
