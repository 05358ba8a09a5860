/* A session: its stages, and its own counters. Shared by the files of the module. */
#ifndef P2T_SESSION_STATE_H
#define P2T_SESSION_STATE_H

#include "correlate/correlate.h"
#include "flow/table.h"
#include "input/input.h"
#include "packet/decode.h"
#include "pcap2trace/session.h"
#include "proto/conn/conn.h"
#include "session/carry.h"
#include "session/feed.h"
#include "session/intake.h"
#include "session/keylog.h"
#include "session/emitter.h"
#include "survey/questions.h"
#include "trace/trace.h"

enum { PATH_CHUNKS = 1024, CHUNK_PATHS = 1024 };

struct p2t_session {
    struct p2t_config config;
    /* The emitter's thread reads config, trace and paths: they share no cache line with what changes per packet. */
    struct trace *trace;
    struct trace *traces[EMITTER_WORKERS_MAX]; /* one for each worker that prepares; the first is `trace` */
    const char **paths[PATH_CHUNKS]; /* of the files, by number; chunks never move, so that reading needs no lock */
    struct input *input;
    struct packet_decoder *decoder;
    struct intake *intake; /* NULL: the input is read on the caller's thread */
    struct flow_table *flows;
    struct budget budget;
    size_t ahead_bytes;
    struct proto *proto;
    struct correlate *correlate;
    struct questions *questions; /* NULL: nobody asks for them */
    struct keylog keylog;
    struct carry *carry;   /* NULL: no state is saved for another session */
    session_name_fn *name; /* names files that are fed; NULL: the input does */
    void *name_ctx;
    uint32_t path_count;
    struct emitter *emitter; /* NULL: exchanges are emitted on the caller's thread */
    uint64_t frames, bytes, tunnelled, exchanges, attempts;
    int64_t earliest_ns, latest_ns; /* of the frames so far */
    uint64_t backwards;             /* frames earlier than one before them */
    uint64_t drops[PACKET_DROP_COUNT];
    uint64_t own_problems; /* reported by the session itself, not by the input */
    int64_t spent_ns;      /* processor time of the caller's thread: before it began, and then for all of it */
    int status;            /* the first failure; later calls return it */
    bool finished;
};

/* Adds the next file's path, which must live as long as the session. Call it before a packet of the file is taken: the
 * emitter's thread looks paths up. ctx: the session. 0 or a p2t_status. */
int session_note_path(void *ctx, const char *path);
/* Takes one frame through all stages. 0 or a p2t_status. */
int session_take_frame(struct p2t_session *s, const struct input_frame *frame);
/* Gives the text of a key log to proto; other kinds of secrets are ignored. A failure is left in s->status. */
void session_take_secrets(struct p2t_session *s, const struct input_secrets *secrets);
/* As keylog_read(); a file that cannot be read is reported once, and no failure. */
int session_read_keylog(struct p2t_session *s, bool half);

#endif
