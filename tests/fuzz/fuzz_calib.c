/* Whatever bytes there are: the .calib parser ends in time, without a crash, with an error that is one
   printable line, or with statistics that are written and read again without a change, merge, and give
   ranges. */
#include "quantize/calib_file.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BYTES ((size_t)64 << 10)
#define MAX_TENSORS 4 /* whose ranges are searched for: that takes longest */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_message(const Error *err) {
  if (err->text[0] == '\0') abort();
}

/* What is written is read, and written again the same. */
static void check_round_trip(const CalibFile *file) {
  Text first = {0}, second = {0};
  CalibFile again;
  Error err = {0};
  calib_write(file, &first);
  if (calib_parse(&again, "again", first.bytes, first.length, &err) != OK) abort();
  calib_write(&again, &second);
  if (first.length != second.length || memcmp(first.bytes, second.bytes, first.length) != 0) abort();
  text_free(&first);
  text_free(&second);
  calib_free(&again);
}

static void check_ranges(const CalibFile *file) {
  QuantizeOptions options = quantize_defaults();
  for (int t = 0; t < file->count && t < MAX_TENSORS; t++)
    for (int method = CALIBRATE_MIN_MAX; method <= CALIBRATE_AUTO; method++) {
      GivenRange range;
      TensorDamage damage;
      options.method = (CalibrationMethod)method;
      if (!calib_damage(&file->tensors[t], &options, &range, &damage)) continue;
      if (!(range.low <= 0 && range.high >= 0 && damage.clipped >= 0 && damage.clipped <= 1)) abort();
    }
}

static void check_merge(const CalibFile *file) {
  CalibFile merged, twice[2] = {*file, *file};
  Error err = {0};
  bool is_whole = calib_check_whole(file, &err) == OK;
  if ((calib_merge(&merged, file, 1, &err) == OK) != is_whole) abort();
  calib_free(&merged);
  if (calib_merge(&merged, twice, 2, &err) == OK) abort(); /* they overlap */
  calib_free(&merged);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  if (size > MAX_BYTES) return 0;
  CalibFile file;
  Error err = {0};
  if (calib_parse(&file, "fuzz", bytes, size, &err) == OK) {
    check_round_trip(&file);
    check_ranges(&file);
    check_merge(&file);
  } else {
    check_message(&err);
  }
  calib_free(&file);
  return 0;
}
