#include "cmd/print.h"

#include <stdio.h>

Status print_text(Text *text, Error *err) {
  Status status = text_status(text, err);
  for (size_t i = 0; i < text->length && status == OK; i++) {
    unsigned char byte = (unsigned char)text->bytes[i];
    if ((byte < 0x20 && byte != '\n') || byte == 0x7f)
      printf("\\x%02x", byte);
    else
      putchar(byte);
  }
  text_free(text);
  return status;
}
