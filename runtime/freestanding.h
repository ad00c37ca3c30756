/*
 * freestanding.h - all that the runtime needs from outside: what compilers ask of freestanding
 * environments, too, and call by themselves. Declared here because such environments have no string.h.
 */
#ifndef RUNTIME_FREESTANDING_H
#define RUNTIME_FREESTANDING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int value, size_t bytes);

#endif
