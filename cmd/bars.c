#include "cmd/bars.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool bars_are_utf8(void) {
  static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
  for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
    const char *locale = getenv(variables[i]);
    if (locale == NULL || locale[0] == '\0') continue;
    const char *coding = strchr(locale, '.');
    return coding != NULL && (strncasecmp(coding, ".utf-8", 6) == 0 || strncasecmp(coding, ".utf8", 5) == 0);
  }
  return false;
}

static void add_block(char *buffer, int eighths) {
  /* U+2588 is the full block, U+258F an eighth of it */
  const char block[] = {'\xe2', '\x96', (char)(0x90 - eighths), '\0'};
  strcat(buffer, block);
}

const char *bar_text(char *buffer, double share, int columns, bool utf8) {
  int steps = utf8 ? 8 : 1;
  share = isnan(share) || share < 0 ? 0 : share > 1 ? 1 : share;
  columns = columns > BAR_MAX ? BAR_MAX : columns;
  int length = (int)lround(share * columns * steps);
  if (length == 0 && share > 0) length = 1;
  buffer[0] = '\0';
  for (int i = 0; i < length / steps; i++)
    if (utf8)
      add_block(buffer, 8);
    else
      strcat(buffer, "#");
  if (length % steps > 0) add_block(buffer, length % steps);
  return buffer;
}
