/* What the files of a point share. */
#ifndef P2T_BATCH_STATE_H
#define P2T_BATCH_STATE_H

#include "batch/checkpoint.h"
#include "batch/names.h"
#include "batch/point.h"
#include "input/filter.h"
#include "write/writer.h"
#include "session/feed.h"

struct point {
    const struct batch_config *config;
    size_t max_memory; /* of its session */
    char *name;
    char *out_dir, *checkpoint, *manifest;
    struct processed_set processed;

    /* As the checkpoint has them. */
    uint64_t sequence;   /* of the last window that was written */
    uint32_t next_file;  /* number of the next file that is fed */
    int64_t last_ns;     /* the latest packet */
    bool any;            /* a packet was fed */
    bool final;          /* nothing is open since the last window */
    char *output;        /* of the last window, in out_dir ... */
    uint64_t manifest_n; /* ... the manifest's size before its line */
    struct buf line;
    bool has_checkpoint;
    int lock;

    /* While it runs. */
    struct p2t_session *session; /* NULL: not needed yet */
    struct names names;
    struct input_filter *filter;
    bool filter_told;
    uint64_t problems;

    /* The window at hand. */
    struct out_writer *writer;
    struct buf told; /* its problems, as the members of a JSON array */
    const char *path;
    uint64_t exchanges;
    int write_status;
};

/* say.c */

/* Says why the point cannot go on. subject: the file or folder; error: errno, with P2T_ERR_IO. Returns status. */
int point_fail(const struct point *p, const char *subject, int status, int error);
/* Says, and counts, what could not be read; the point goes on. */
void point_problem(struct point *p, const char *subject, const char *text);

/* point.c */

/* Gives the last window its name and its line in the manifest, unless that was done. */
int point_commit(struct point *p);

/* session.c */
/* The session is there, and stands where the checkpoint left it. */
int point_restore(struct point *p);
void point_drop_session(struct point *p);

/* A capture file that was just read, up to packet `packets`; the first `skip` ones had been read before. */
struct window {
    struct folder_reader *capture;
    uint32_t file;
    uint64_t skip, packets;
};

/* save.c: writes the checkpoint, with those frames of the one before and of the window (NULL: none) that the session
 * still needs. */
int point_save(struct point *p, const struct window *w);

#endif
