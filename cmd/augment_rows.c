#include "cmd/augment_rows.h"

#define GROUP .group = "Augmentation"

const OptionRow augment_rows[] = {
    {.name = "flip",
     .type = OPTION_FLAG,
     GROUP,
     .help = "left and right change places in half of the pictures; not for digits or text, which have a "
             "direction"},
    {.name = "shift",
     .type = OPTION_INT,
     .metavar = "PIXELS",
     .fallback = "0",
     .minimum = 0,
     .maximum = 1000,
     GROUP,
     .help = "pictures move by up to so many whole pixels in each direction, which is also padding and "
             "cropping: 2 "
             "for digits, 4 for CIFAR"},
    {.name = "rotate",
     .type = OPTION_DOUBLE,
     .metavar = "DEGREES",
     .fallback = "0",
     .minimum = 0,
     .maximum = 180,
     GROUP,
     .help = "pictures turn by up to so much to either side"},
    {.name = "noise",
     .type = OPTION_DOUBLE,
     .metavar = "SD",
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e6,
     GROUP,
     .help = "standard deviation of normal noise that is added, in the unit of the model's input"},
    {.name = "cutout",
     .type = OPTION_DOUBLE,
     .metavar = "SHARE",
     .fallback = "0",
     .minimum = 0,
     .maximum = 1,
     GROUP,
     .help = "a square at a random place is blanked: its side as a share of the picture's shorter one"},
    {.name = "mixup",
     .type = OPTION_DOUBLE,
     .metavar = "ALPHA",
     .fallback = "0",
     .minimum = 0,
     .maximum = 16,
     GROUP,
     .help = "each sample is mixed with another one, classes too; shares follow Beta(ALPHA, ALPHA): 0.2 "
             "mostly leaves one of the two, 1 takes any share"},
    {.name = "fill",
     .type = OPTION_DOUBLE,
     .metavar = "X",
     .fallback = "0",
     .minimum = -1e6,
     .maximum = 1e6,
     GROUP,
     .help = "what comes in where a picture has moved away, as the model's input has it"},
    {.name = "picture",
     .type = OPTION_NUMBERS,
     .metavar = "WIDTH,HEIGHT",
     GROUP,
     .help = "size of samples that are vectors, such as 28,28 for 784 values; several channels follow one "
             "another; "
             "without it a vector is taken for one square"},
    {0}};

Status augment_take(const Options *options, AugmentOptions *settings, Error *err) {
  int count = 0;
  const double *size = options_numbers(options, "picture", &count);
  *settings = (AugmentOptions){.flip = options_flag(options, "flip"),
                               .shift = options_int(options, "shift"),
                               .rotate = options_double(options, "rotate"),
                               .noise = options_double(options, "noise"),
                               .cutout = options_double(options, "cutout"),
                               .mixup = options_double(options, "mixup"),
                               .fill = options_double(options, "fill")};
  if (count == 0) return OK;
  if (count != 2 || !(size[0] >= 1 && size[0] <= 1e6) || !(size[1] >= 1 && size[1] <= 1e6))
    return fail(err, BAD_USAGE, "%s: --picture: is no WIDTH,HEIGHT such as 28,28", options->command);
  settings->width = (int64_t)size[0];
  settings->height = (int64_t)size[1];
  return OK;
}
