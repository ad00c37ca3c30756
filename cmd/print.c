#include "cmd/print.h"

#include <stdio.h>

static bool is_control(unsigned char byte) {
  return byte < 0x20 || byte == 0x7f;
}

Status print_text(Text *text, Error *err) {
  Status status = text_status(text, err);
  for (size_t i = 0; i < text->length && status == OK; i++) {
    unsigned char byte = (unsigned char)text->bytes[i];
    if (is_control(byte) && byte != '\n')
      printf("\\x%02x", byte);
    else
      putchar(byte);
  }
  text_free(text);
  return status;
}

void print_message(const char *message) {
  fputs("edgec: ", stderr);
  for (; *message != '\0'; message++) {
    unsigned char byte = (unsigned char)*message;
    if (is_control(byte))
      fprintf(stderr, "\\x%02x", byte);
    else
      fputc(byte, stderr);
  }
  fputc('\n', stderr);
}
