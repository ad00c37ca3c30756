/* sums.h - sums of float32 in double, in a fixed order that vectors can keep: that of eight sums at a time.
 */
#ifndef OPERATORS_SUMS_H
#define OPERATORS_SUMS_H

#include <stdint.h>

/* Of the elements. */
double sum_f32(const float *x, int64_t n);
/* *sum += of the elements, *squares += of their squares. */
void sum_squares_f32(const float *x, int64_t n, double *sum, double *squares);
/* *sum += of y, *products += of x times y. */
void sum_products_f32(const float *x, const float *y, int64_t n, double *sum, double *products);

#endif
