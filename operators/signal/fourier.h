/* fourier.h - the discrete Fourier transform of one line, straight from its definition. */
#ifndef OPERATORS_SIGNAL_FOURIER_H
#define OPERATORS_SIGNAL_FOURIER_H

#include "operators/op.h"

#define FOURIER_MAX_LENGTH (INT64_C(1) << 20)

typedef struct Fourier {
  int64_t length;
  bool inverse;
  double *turns; /* [length, 2]: cosine and sine of a full turn's parts */
} Fourier;

/* Needs 1 <= length <= FOURIER_MAX_LENGTH; memory lasts until the node is done. */
Status fourier_begin(Fourier *fourier, Run *run, int64_t length, bool inverse);
/* Bin k of `line` [length, 2]; the inverse is divided by the length. */
void fourier_bin(const Fourier *fourier, const double *line, int64_t k, double *real, double *imaginary);
/* The transpose of that: the gradient of element k of the line from those of its bins, [length, 2]. */
void fourier_back(const Fourier *fourier, const double *bins, int64_t k, double *real, double *imaginary);

#endif
