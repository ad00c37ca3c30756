#ifndef EXAMPLES_DIGIT_IMAGE_H
#define EXAMPLES_DIGIT_IMAGE_H

/* Draws one grey image of a digit, as a pen on a badly lit page would leave it.
 *
 *   uint8_t image[DIGIT_PIXELS];
 *   uint8_t label = draw_digit(seed, index, image);
 *
 * The image depends on `seed` and `index` alone, so sample 7 is the same in a data set of 10 and of 10,000.
 * Only
 * + - * / and sqrt are used, which IEEE 754 rounds exactly: with -ffp-contract=off every compiler gives the
 * same bytes. */

#include <stdint.h>

#define DIGIT_SIDE 28
#define DIGIT_PIXELS (DIGIT_SIDE * DIGIT_SIDE)

/* Fills `image` (row by row, 0 black to 255 white, light ink on a dark page) and returns the digit, 0 to 9.
 */
uint8_t draw_digit(uint64_t seed, uint64_t index, uint8_t image[DIGIT_PIXELS]);

#endif
