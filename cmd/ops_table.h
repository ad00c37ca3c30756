/* ops_table.h - the operators that edgec has, printed from their rows. */
#ifndef CMD_OPS_TABLE_H
#define CMD_OPS_TABLE_H

#include "formats/report/json.h"
#include "operators/op.h"

/* Does a name, or a pattern with '*' and '?', among `patterns` mean this operator? With none all are meant.
 */
bool ops_wanted(const Op *op, const char *const *patterns, int pattern_count);

void ops_text(const char *const *patterns, int pattern_count, Text *text);
void ops_markdown(const char *const *patterns, int pattern_count, Text *text);
void ops_json(const char *const *patterns, int pattern_count, Json *json);

#endif
