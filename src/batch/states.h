/* Reads back what batch wrote: the summaries of a run's windows, by its manifest. */
#ifndef P2T_BATCH_STATES_H
#define P2T_BATCH_STATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct states_sink {
    void *ctx;
    /* One window's state, in the order of the manifest. 0, or a negative p2t_status, which ends the reading and is returned.
     * P2T_ERR_USAGE: the bytes are damaged; that is said, and the reading goes on. */
    int (*state)(void *ctx, const uint8_t *bytes, size_t n);
    /* A file that cannot be read, or is not there. */
    void (*problem)(void *ctx, const char *path, const char *text);
};

/* True for a folder that batch wrote to, or one with such folders of capture points. */
bool states_are_in(const char *folder);
/* Reads all of them, those of capture points one after the other. Calls sink->problem() for windows whose state is missing or
 * damaged. 0, P2T_ERR_MEMORY, or what sink->state() returned. */
int states_read(const char *folder, const struct states_sink *sink);

#endif
