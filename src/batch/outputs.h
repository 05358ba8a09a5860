/* Finds what batch wrote: the windows of a run, as their manifests name them. */
#ifndef P2T_BATCH_OUTPUTS_H
#define P2T_BATCH_OUTPUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A line of a manifest: a capture file, or a part of it, and what was written of it. Borrowed during the callback. */
struct outputs_window {
    const char *folder;        /* where it stands */
    uint64_t number;           /* from 1, ascending */
    const char *output;        /* NAME.ndjson or NAME.ndjson.zst in that folder */
    const char *capture;       /* file name; NULL: the last window of a run, which read none */
    int64_t first_ns, last_ns; /* of its packets; 0: it has none */
    uint64_t packets;          /* of the capture, up to the window's last */
    int64_t exchanges;         /* that were written; negative: not said */
    uint64_t content;          /* hash of them, as src/batch/content.h makes it; 0: not said */
};

struct outputs_sink {
    void *ctx;
    /* A window, in the order of the manifest. 0, or a negative p2t_status, which ends the reading and is returned. */
    int (*window)(void *ctx, const struct outputs_window *w);
    /* What cannot be read. */
    void (*problem)(void *ctx, const char *path, const char *text);
};

/* True for a folder that batch wrote to, or one with such folders of capture points. */
bool outputs_are_in(const char *folder);
/* Goes through all of them, those of capture points one after the other. 0, P2T_ERR_MEMORY, or what sink->window() returned. */
int outputs_read(const char *folder, const struct outputs_sink *sink);

/* "00000042-NAME.ndjson" or "....ndjson.zst" to "00000042-NAME.summary.zst"; free() it. NULL: memory ran out, or the name
 * is no output's. */
char *outputs_state_name(const char *output);
/* A regular file, for reading; a pipe would let it wait for ever. A negative result with errno. */
int outputs_open(const char *path);
/* Why it failed, from errno. */
const char *outputs_why(int error);
/* "FOLDER/NAME"; free() it. NULL: memory ran out. */
char *outputs_path(const char *folder, const char *name);

#endif
