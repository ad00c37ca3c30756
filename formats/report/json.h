/*
 * json.h - writes JSON into growing text.
 *
 *     Text text = {0};
 *     Json json;
 *     json_begin(&json, &text);
 *     json_object_begin(&json, NULL);             // the document
 *     json_string(&json, "model", "resnet8.onnx"); // a member: with a key
 *     json_array_begin(&json, "shape");
 *     json_int(&json, NULL, 32);                   // an element: without
 *     json_array_end(&json);
 *     json_object_end(&json);
 *     json_end(&json);                             // a newline; all brackets must be closed
 *
 * Two spaces of indentation a level. A failed allocation shows in text_status().
 */
#ifndef FORMATS_REPORT_JSON_H
#define FORMATS_REPORT_JSON_H

#include "base/base.h"

#define JSON_MAX_DEPTH 32

typedef struct Json {
  Text *text;
  int depth;
  bool filled[JSON_MAX_DEPTH]; /* the bracket of this depth has something in it already */
} Json;

void json_begin(Json *json, Text *text);
void json_end(Json *json);

/* `key` is NULL for the document itself and for elements of arrays. */
void json_object_begin(Json *json, const char *key);
void json_object_end(Json *json);
void json_array_begin(Json *json, const char *key);
void json_array_end(Json *json);

/* Bytes that are no UTF-8 become U+FFFD; a NULL becomes null. */
void json_string(Json *json, const char *key, const char *value);
void json_int(Json *json, const char *key, int64_t value);
/* With as many digits as are needed to read the same number again; null where it is not finite. */
void json_double(Json *json, const char *key, double value);
void json_float(Json *json, const char *key, float value); /* digits enough for a float32 */
void json_bool(Json *json, const char *key, bool value);
void json_null(Json *json, const char *key);
/* An array on one line. */
void json_numbers(Json *json, const char *key, const double *values, int count);
void json_ints(Json *json, const char *key, const int64_t *values, int count);

#endif
