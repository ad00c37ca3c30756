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

#define ONNX_SPILL_FILE ((size_t)128 << 20)   /* weights of files of so many bytes may leave RAM */
#define ONNX_SPILL_TENSOR ((size_t)256 << 10) /* of so many */
#define ONNX_RELEASE_BYTES ((size_t)16 << 20) /* read at most so far before pages are let go */

/* ---- the wire format (onnx_scan.c) ---- */

/* Walks a serialized message before protobuf-c sees it: BAD_INPUT where it is cut off or malformed, nested
   deeper than ONNX_MAX_DEPTH, has a singular message twice, or would take too much memory when unpacked. */
Status onnx_scan(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t size, Error *err);

/* ---- large initializers (onnx_slim.c) ---- */

/* Bytes that lie in the file. */
typedef struct RawSpan {
  const uint8_t *bytes; /* NULL: none */
  size_t size;
} RawSpan;

/* A serialized model without the raw_data of its graph's large initializers. */
typedef struct SlimModel {
  const uint8_t *file;
  size_t file_bytes;
  Text message;
  RawSpan *spans; /* by initializer: what was left out */
  size_t span_count, span_capacity;
} SlimModel;

/* `bytes` have passed onnx_scan() and must outlive the slim model. Free in any case. */
Status onnx_slim(SlimModel *slim, const uint8_t *bytes, size_t size, Error *err);
void onnx_slim_free(SlimModel *slim);

/* Lets the unpacked message's initializers point to what was left out; must be taken back before the message
   is freed. */
void onnx_slim_attach(const SlimModel *slim, Onnx__GraphProto *graph);
void onnx_slim_detach(const SlimModel *slim, Onnx__GraphProto *graph);

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

/* Where a model's large tensors come from. */
typedef struct ImportSource {
  const SlimModel *slim;
  const Graph *twin; /* read from the same file, and outlives the new one: tensors are shared; or NULL */
  bool is_mapped;    /* the pages of what was read can be let go */
} ImportSource;

/* One graph on its way from message to Graph. */
typedef struct Importer {
  struct Importer *outer; /* NULL for the model's own graph */
  Graph *graph;
  const Onnx__GraphProto *message;
  const ImportSource *source; /* NULL for bodies */
  size_t unreleased;          /* bytes read since pages were let go */
  NameTable values, nodes;
  int renamed; /* nodes that got another name so far */
  Error *err;
} Importer;

/* Fills `graph`, whose opsets are set. `outer` is what the graph is a body in, or NULL: then there is a
   source. */
Status onnx_import_graph(const Onnx__GraphProto *message, Importer *outer, const ImportSource *source,
                         Graph *graph, Error *err);
/* Writes what `type` (may be NULL) says to `value`. UNSUPPORTED for what is no tensor. */
Status onnx_import_type(const Importer *importer, const Onnx__TypeProto *type, Value *value);
/* Gives `node` the attributes of `message`. */
Status onnx_import_attributes(Importer *importer, const Onnx__NodeProto *message, Node *node);

/* ---- the other way (onnx_export.c) ---- */

/* A message of the graph, in `arena`; elements of tensors stay where they are and must outlive it. NULL on
   failure. */
Onnx__GraphProto *onnx_export_graph(const Graph *graph, Arena *arena, Error *err);

/* The first IR version whose checkers know the opset of ai.onnx (onnx_write.c). */
int64_t onnx_ir_for_opset(int64_t opset);

/* An optional text of a message. */
static inline const char *onnx_text(const char *text) {
  return text == NULL ? "" : text;
}

#endif
