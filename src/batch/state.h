/* A capture point, as the files of the module share it. */
#ifndef P2T_BATCH_STATE_H
#define P2T_BATCH_STATE_H

#include "batch/alerts.h"
#include "batch/checkpoint.h"
#include "batch/journal.h"
#include "batch/kept.h"
#include "batch/names.h"
#include "batch/own.h"
#include "batch/point.h"
#include "batch/rollups.h"
#include "batch/sums.h"
#include "input/filter.h"
#include "write/writer.h"
#include "session/feed.h"

/* A capture file that was read, up to packet number `packets`; those up to `skip` had been processed before. */
struct window {
    struct folder_reader
        capture; /* still open, to be read again: the file may have been renamed or replaced meanwhile */
    char *path;  /* for messages */
    uint32_t file;
    uint64_t skip, packets;
    uint64_t kept; /* frames of it that the point keeps: it need not be read again. 0: it must be */
};

/* Windows that were written, and wait for the checkpoint that counts them in: it takes longer than a small file does. */
struct pending {
    struct window *windows;
    size_t cap, n;     /* that of point_finish() has no capture file, and is not among them */
    bool waiting;      /* there is one */
    uint64_t bytes;    /* of their files */
    int64_t since_ns;  /* by the monotonic clock: when the first of them was written */
    struct buf output; /* file names of their outputs, in out_dir, each after a slash */
};

struct point {
    const struct batch_config *config;
    size_t max_memory; /* of its session, in bytes */
    size_t at;         /* among the files that point_see() sorted: those before are done */
    char *name;
    char *out_dir, *checkpoint, *manifest;
    struct processed_set processed;
    struct journal journal; /* of them */

    /* Saved in the checkpoint. */
    uint64_t sequence;  /* number of the last window that was written */
    uint32_t next_file; /* number of the next file that is fed */
    int64_t last_ns;    /* the latest packet */
    bool any;           /* a packet was fed */
    bool final;         /* point_finish() was the last window: nothing is open */
    struct pending pending;
    struct kept kept;    /* frames of its windows */
    uint64_t manifest_n; /* the manifest's size in bytes before the lines of these windows */
    struct buf lines;    /* these lines */
    bool has_checkpoint;
    bool has_frames; /* the checkpoint holds a session */
    int lock;        /* descriptor of the lock file; -1: none */

    /* While it runs. */
    struct p2t_session *session; /* NULL: not made yet */
    struct names names;
    struct input_filter *filter;
    bool filter_reported;
    uint64_t problems;

    /* The current window. */
    char *output; /* file name of its output, in out_dir */
    struct out_writer *writer;
    struct sums sums;
    struct alerts alerts;
    struct rollups rollups;
    struct buf reported; /* its problems, as the members of a JSON array */
    const char *path;    /* of the capture; for messages */
    uint64_t exchanges;
    bool emitted; /* the session gave exchanges, also such that are not written */
    int write_status;
};

/* say.c */

/* Says why the point cannot go on. subject: the file or folder; error: errno, with P2T_ERR_IO. Returns status. */
int point_fail(const struct point *p, const char *subject, int status, int error);
/* Says, and counts, what could not be read; the point goes on. */
void point_problem(struct point *p, const char *subject, const char *text);

/* point.c */

/* Publishes the windows that the checkpoint counts in: renames their outputs and appends their lines to the manifest, unless
 * that was done. 0, or a negative p2t_status that was said. */
int point_commit(struct point *p);
/* Syncs the folder of its outputs. 0, or P2T_ERR_IO that was said. */
int point_sync(struct point *p);

/* session.c */
/* Makes the session, unless it is there, and rebuilds its state from the checkpoint. 0, or a negative p2t_status that was
 * said. */
int point_restore(struct point *p);
/* Frees the session; point_restore() rebuilds it. */
void point_drop_session(struct point *p);

/* save.c: replaces the checkpoint. Of the frames in the one before and in the pending windows, it keeps those that the session
 * still needs. 0, or a negative p2t_status that was said. */
int point_save(struct point *p);

/* pending.c */

/* Counts the window that was just written among those that wait, with its capture; NULL: it has none. 0 or
 * P2T_ERR_MEMORY. */
int pending_add(struct point *p, struct window *w, uint64_t bytes);
/* So many wait, or so long, that they should be counted in now. */
bool pending_due(const struct point *p);
/* Forgets them, and closes their files. */
void pending_clear(struct point *p);

#endif
