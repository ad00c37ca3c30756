/* cholesky.h - factors of positive definite matrices. Inside quantize/. */
#ifndef QUANTIZE_CHOLESKY_H
#define QUANTIZE_CHOLESKY_H

#include <stdbool.h>
#include <stdint.h>

/* Turns the symmetric matrix a [n, n], of which the lower triangle is read, into L with a = L L^T: row-major,
   in the lower triangle. False where a is not positive definite. */
bool cholesky(double *a, int64_t n);

#endif
