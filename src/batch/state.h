/* A capture point, as the files of the module share it. */
#ifndef P2T_BATCH_STATE_H
#define P2T_BATCH_STATE_H

#include "batch/alerts.h"
#include "batch/checkpoint.h"
#include "batch/journal.h"
#include "batch/names.h"
#include "batch/own.h"
#include "batch/point.h"
#include "batch/rollups.h"
#include "batch/sums.h"
#include "input/filter.h"
#include "write/writer.h"
#include "session/feed.h"

struct point {
    const struct batch_config *config;
    size_t max_memory; /* of its session, in bytes */
    size_t at;         /* among the files that point_see() sorted: those before are done */
    char *name;
    char *out_dir, *checkpoint, *manifest;
    struct processed_set processed;
    struct journal journal; /* of them */

    /* Saved in the checkpoint. */
    uint64_t sequence;   /* number of the last window that was written */
    uint32_t next_file;  /* number of the next file that is fed */
    int64_t last_ns;     /* the latest packet */
    bool any;            /* a packet was fed */
    bool final;          /* point_finish() was the last window: nothing is open */
    char *output;        /* file name of the last window's output, in out_dir */
    uint64_t manifest_n; /* the manifest's size in bytes before the last window's line */
    struct buf line;     /* that line */
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

/* Publishes the last window of the checkpoint: renames its output and appends its line to the manifest, unless that was
 * done. 0, or a negative p2t_status that was said. */
int point_commit(struct point *p);

/* session.c */
/* Makes the session, unless it is there, and rebuilds its state from the checkpoint. 0, or a negative p2t_status that was
 * said. */
int point_restore(struct point *p);
/* Frees the session; point_restore() rebuilds it. */
void point_drop_session(struct point *p);

/* A capture file that was just read, up to packet number `packets`; those up to `skip` had been processed before. */
struct window {
    struct folder_reader *capture;
    uint32_t file;
    uint64_t skip, packets;
};

/* save.c: replaces the checkpoint. Of the frames in the one before and in the window (NULL: none), it keeps those that the
 * session still needs. 0, or a negative p2t_status that was said. */
int point_save(struct point *p, const struct window *w);

#endif
