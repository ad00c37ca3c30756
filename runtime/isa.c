/* The tables of kernels and the choice among them. */
#include "runtime/kernel.h"

#if __STDC_HOSTED__
#include <stdlib.h>
#endif

const EdgeKernels edge_kernels_plain = {
    .isa = "plain",
    .slot =
        {
#define X(name, stem, number, least, most, params, is_float, brief) [number] = &edge_plain_##stem,
            EDGE_OPCODES(X)
#undef X
        },
};

typedef struct IsaRow {
  const EdgeKernels *kernels;
  int is_supported;
} IsaRow;

static int is_same_text(const char *a, const char *b) {
  while (*a != '\0' && *a == *b) {
    a++;
    b++;
  }
  return *a == *b;
}

/* What the user wants at most; NULL: no wish. */
static const char *wanted_isa(void) {
#if __STDC_HOSTED__
  return getenv("EDGE_ISA");
#else
  return NULL;
#endif
}

/* EDGE_PLAIN_ONLY leaves the faster kernels out of a build. */
static int has_avx2(void) {
#if defined(__x86_64__) && !defined(EDGE_PLAIN_ONLY)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2");
#else
  return 0;
#endif
}

const EdgeKernels *edge_choose_kernels(void) {
#if defined(__x86_64__) && !defined(EDGE_PLAIN_ONLY)
  const EdgeKernels *avx2 = &edge_kernels_avx2;
#else
  const EdgeKernels *avx2 = &edge_kernels_plain;
#endif
  const IsaRow rows[] = {{avx2, has_avx2()}, {&edge_kernels_plain, 1}}; /* best first */
  const int count = (int)(sizeof rows / sizeof rows[0]);
  const char *wanted = wanted_isa();
  const EdgeKernels *best = NULL;
  for (int i = 0; i < count; i++) {
    if (!rows[i].is_supported) continue;
    if (best == NULL) best = rows[i].kernels;
    if (wanted != NULL && is_same_text(wanted, rows[i].kernels->isa)) return rows[i].kernels;
  }
  return best;
}
