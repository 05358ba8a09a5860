/* Signals become flags that the main loop looks at between steps. */
#ifndef P2T_CLI_SIGNALS_H
#define P2T_CLI_SIGNALS_H

#include <stdbool.h>

/* SIGINT, SIGTERM and SIGHUP ask to stop; a second one ends the program at once. With `on_stdin`, the first one also ends
 * standard input, so that a read that waits there returns. SIGUSR1 asks for a line of progress. */
void signals_install(bool on_stdin);
/* The signal that asked to stop, or 0. */
int signals_stop(void);
/* Somebody else who may ask to stop, as SIGTERM would; NULL: nobody. He is asked each time, on the thread that asks. */
void signals_ask_too(bool (*asked)(void));
/* The same as a callback; ctx is not used. */
bool signals_asked(void *ctx);
/* True once for each SIGUSR1 since the last call. */
bool signals_take_progress(void);
/* A file to remove when a second signal ends the program; NULL: none. The text must live on. */
void signals_guard_file(const char *path);

#endif
