#include "cmd/wrap.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int wrap_width(void) {
  struct winsize size;
  if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return WRAP_WIDTH;
  return size.ws_col < 40 ? 40 : size.ws_col > 120 ? 120 : size.ws_col;
}

int wrap_columns(const char *text, size_t bytes) {
  int columns = 0;
  for (size_t i = 0; i < bytes; i++) columns += ((unsigned char)text[i] & 0xc0) != 0x80;
  return columns;
}

/* One line of prose, which may become several. */
static void wrap_line(Text *text, const char *line, size_t length, int column, int indent, int width) {
  bool line_begins = true;
  for (size_t i = 0; i < length;) {
    size_t word = 0;
    while (i + word < length && line[i + word] != ' ') word++;
    int columns = wrap_columns(line + i, word);
    if (!line_begins && column + 1 + columns > width) {
      text_add(text, "\n%*s", indent, "");
      column = indent;
      line_begins = true;
    }
    if (!line_begins) text_add(text, " ");
    text_add_bytes(text, line + i, word);
    column += columns + (line_begins ? 0 : 1);
    line_begins = false;
    for (i += word; i < length && line[i] == ' ';) i++;
  }
  text_add(text, "\n");
}

void wrap_text(Text *text, const char *prose, int column, int indent, int width) {
  for (const char *line = prose;;) {
    size_t length = strcspn(line, "\n");
    if (line[0] == ' ') {
      text_add_bytes(text, line, length);
      text_add(text, "\n");
    } else {
      wrap_line(text, line, length, column, indent, width);
    }
    if (line[length] == '\0') return;
    line += length + 1;
    if (*line != '\n' && *line != '\0') text_add(text, "%*s", indent, "");
    column = indent;
  }
}
