/*
 * spill.h - memory that need not stay in RAM: pages of a temporary file that has no name. spill_release()
 * takes the pages from the process; their content stays, and comes back when it is touched. For what is
 * large, written once and read seldom: the weights of models that are larger than anyone's memory.
 */
#ifndef BASE_SPILL_H
#define BASE_SPILL_H

#include <stddef.h>

/* Zeroed, aligned to a page. The file is in $TMPDIR or /var/tmp; NULL where it cannot be made there (then
   ordinary memory has to do). */
void *spill_new(size_t bytes);
/* The same with `lead` zero bytes and a copy of `count` ones behind them: quicker than storing them there. */
void *spill_copy(size_t lead, const void *bytes, size_t count);
void spill_free(void *memory, size_t bytes);

/* `bytes` from `memory` on: of spill_new(), or of a mapped file that is only read. */
void spill_release(const void *memory, size_t bytes);

#endif
