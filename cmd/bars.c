#include "cmd/bars.h"

#include <math.h>
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

/* One character; U+2588 is the full block, U+258F an eighth of it. Returns what is behind it. */
static char *put_block(char *at, int eighths) {
  at[0] = '\xe2';
  at[1] = '\x96';
  at[2] = (char)(0x90 - eighths);
  return at + 3;
}

const char *bar_text(char *buffer, double share, int columns, bool utf8) {
  int steps = utf8 ? 8 : 1;
  char *at = buffer;
  share = isnan(share) || share < 0 ? 0 : share > 1 ? 1 : share;
  columns = columns > BAR_MAX ? BAR_MAX : columns;
  int length = (int)lround(share * columns * steps);
  if (length == 0 && share > 0) length = 1;
  for (int i = 0; i < length / steps; i++)
    if (utf8)
      at = put_block(at, 8);
    else
      *at++ = '#';
  if (length % steps > 0) at = put_block(at, length % steps);
  *at = '\0';
  return buffer;
}
