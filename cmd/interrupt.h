/*
 * interrupt.h - what Ctrl-C, SIGTERM and a closed terminal do: end the program at once, or, where a command
 * can keep what it has done, tell it so. The second one always ends it.
 *
 *     interrupt_handle();                 // once, in main
 *     interrupt_defer(true);
 *     ... while (!interrupt_asked()) ...
 *     interrupt_defer(false);
 */
#ifndef CMD_INTERRUPT_H
#define CMD_INTERRUPT_H

#include <stdbool.h>

/* Half-written files go, and the exit code is INTERRUPTED. Where hang-ups are ignored (nohup), they stay so.
   A closed pipe becomes an error of writing. */
void interrupt_handle(void);

/* From now on the first signal only makes interrupt_asked() true; false: as before. */
void interrupt_defer(bool deferred);
bool interrupt_asked(void);

#endif
