/* Standard error as a terminal that shows a line of progress, and other lines above it. */
#ifndef P2T_CLI_TERMINAL_H
#define P2T_CLI_TERMINAL_H

#include <stddef.h>

/* All may be called from any thread. */

/* Writes whole lines to standard error; a line of progress gives way to them. */
void terminal_say(const void *lines, size_t n);
/* Shows this line, without its end, in place of the last one. */
void terminal_show(const void *line, size_t n);
/* Takes the shown line away: before anything else is written to the terminal, and at the end. Cheap where none is shown. */
void terminal_wipe(void);
/* The same in a signal handler, before the program ends. */
void terminal_wipe_at_once(void);
/* The columns of standard output, where that is a terminal: COLUMNS says it, else the terminal, else 80. 0: it is none. */
size_t terminal_columns(void);

#endif
