/*
 * freestanding.h - all that the runtime calls outside itself. Declared here because freestanding
 * environments have no string.h; these functions they have, and memmove and memcmp, because compilers may
 * call those by themselves.
 */
#ifndef RUNTIME_FREESTANDING_H
#define RUNTIME_FREESTANDING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int value, size_t bytes);

#endif
