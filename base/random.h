/* random.h - seeded pseudo-random numbers: the same on every machine. SplitMix64 (Steele et al. 2014). */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

typedef struct Random {
  uint64_t state; /* any value is a seed */
} Random;

static inline uint64_t random_bits(Random *random) {
  uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

/* Uniform in [0, 1). */
static inline double random_unit(Random *random) {
  return (double)(random_bits(random) >> 11) * 0x1p-53;
}

/* Uniform in 0..limit-1, limit at least 1. */
static inline uint64_t random_below(Random *random, uint64_t limit) {
  return random_bits(random) % limit;
}

/* Standard normal: sum of twelve uniforms less 6 (no transcendental function, so the same bits everywhere).
 */
static inline double random_normal(Random *random) {
  double sum = -6.0;
  for (int i = 0; i < 12; i++) sum += random_unit(random);
  return sum;
}

#endif
