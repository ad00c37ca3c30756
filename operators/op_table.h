/* op_table.h - the generated table of all operator rows. */
#ifndef OPERATORS_OP_TABLE_H
#define OPERATORS_OP_TABLE_H

#include "operators/op.h"

extern const Op *const op_table[]; /* in the order of the rows' C names */
extern const int op_table_length;

#endif
