#include "cmd/table.h"

#include "cmd/wrap.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void table_begin(Table *table, const TableColumn *columns, int column_count) {
  assert(column_count >= 1 && column_count <= TABLE_MAX_COLUMNS);
  *table = (Table){.columns = columns, .column_count = column_count};
}

void table_free(Table *table) {
  free(table->cells);
  arena_free(&table->arena);
  *table = (Table){0};
}

Status table_status(const Table *table, Error *err) {
  return table->failed ? fail_memory(err) : OK;
}

void table_cell(Table *table, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  char *cell = length < 0 ? NULL : arena_new(&table->arena, (size_t)length + 1, 1, NULL);
  if (cell != NULL) vsnprintf(cell, (size_t)length + 1, format, again);
  va_end(again);
  if (cell == NULL ||
      array_grow(&table->cells, table->count, &table->capacity, sizeof *table->cells, NULL) != OK)
    table->failed = true;
  else
    table->cells[table->count++] = cell;
}

/* The text at a place; row 0 are the titles. A last row that is not full ends in empty cells. */
static const char *cell_at(const Table *table, size_t row, int column) {
  if (row == 0) return table->columns[column].title;
  size_t index = (row - 1) * (size_t)table->column_count + (size_t)column;
  return index < table->count ? table->cells[index] : "";
}

static size_t row_count(const Table *table) {
  size_t columns = (size_t)table->column_count;
  return 1 + (table->count + columns - 1) / columns;
}

static int columns_of(const char *cell) {
  return wrap_columns(cell, strlen(cell));
}

static void measure(const Table *table, int widths[TABLE_MAX_COLUMNS]) {
  size_t rows = row_count(table);
  for (int column = 0; column < table->column_count; column++) {
    widths[column] = 0;
    for (size_t row = 0; row < rows; row++) {
      int width = columns_of(cell_at(table, row, column));
      if (width > widths[column]) widths[column] = width;
    }
  }
}

static void print_row(const Table *table, size_t row, const int widths[TABLE_MAX_COLUMNS], Text *text) {
  int pending = 0; /* blanks that are only written if something follows */
  for (int column = 0; column < table->column_count; column++) {
    const char *cell = cell_at(table, row, column);
    int padding = widths[column] - columns_of(cell);
    if (table->columns[column].align == TABLE_RIGHT) pending += padding;
    if (cell[0] != '\0') {
      text_add(text, "%*s%s", pending, "", cell);
      pending = 0;
    }
    pending += 2 + (table->columns[column].align == TABLE_LEFT ? padding : 0);
  }
  text_add(text, "\n");
}

void table_print(const Table *table, Text *text) {
  int widths[TABLE_MAX_COLUMNS];
  measure(table, widths);
  size_t rows = row_count(table);
  for (size_t row = 0; row < rows; row++) print_row(table, row, widths, text);
}

static void add_field(const char *cell, Text *text) {
  if (strpbrk(cell, ",\"\r\n") == NULL) {
    text_add(text, "%s", cell);
    return;
  }
  text_add(text, "\"");
  for (; *cell != '\0'; cell++) {
    if (*cell == '"') text_add(text, "\"");
    text_add_bytes(text, cell, 1);
  }
  text_add(text, "\"");
}

void table_csv(const Table *table, Text *text) {
  size_t rows = row_count(table);
  for (size_t row = 0; row < rows; row++) {
    for (int column = 0; column < table->column_count; column++) {
      if (column > 0) text_add(text, ",");
      add_field(cell_at(table, row, column), text);
    }
    text_add(text, "\n");
  }
}
