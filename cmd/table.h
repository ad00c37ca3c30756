/*
 * table.h - aligned text tables, and the same rows as CSV.
 *
 *     static const TableColumn columns[] = {{"layer", TABLE_LEFT}, {"SQNR", TABLE_RIGHT}};
 *     Table table;
 *     table_begin(&table, columns, 2);
 *     table_cell(&table, "%s", "conv1");
 *     table_cell(&table, "%.1f dB", 21.0);            // the row is full, the next cell begins another
 *     table_print(&table, &text);                     // or table_csv()
 *     table_free(&table);
 */
#ifndef CMD_TABLE_H
#define CMD_TABLE_H

#include "base/base.h"

#define TABLE_MAX_COLUMNS 32

typedef enum TableAlign { TABLE_LEFT, TABLE_RIGHT } TableAlign;

typedef struct TableColumn {
  const char *title;
  TableAlign align;
} TableColumn;

typedef struct Table {
  const TableColumn *columns; /* the caller's */
  int column_count;
  char **cells; /* row by row */
  size_t count, capacity;
  Arena arena;
  bool failed; /* memory ran out: table_status() */
} Table;

void table_begin(Table *table, const TableColumn *columns, int column_count);
void table_cell(Table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
Status table_status(const Table *table, Error *err);
void table_free(Table *table);

/* Titles and rows, two blanks between columns, none at the ends of lines. */
void table_print(const Table *table, Text *text);
/* RFC 4180 but with plain newlines: fields with commas, quotes or line breaks are quoted. */
void table_csv(const Table *table, Text *text);

#endif
