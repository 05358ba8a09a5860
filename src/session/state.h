/* A session's stages and where it stands: what the files of the module share. */
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
#include "session/teller.h"
#include "trace/trace.h"

enum { PATH_CHUNKS = 1024, CHUNK_PATHS = 1024 };

struct p2t_session {
    struct p2t_config config;
    /* With the config, all that the teller's thread reads: away from what changes with each packet. */
    struct trace *trace;
    const char **paths[PATH_CHUNKS]; /* of the files; a chunk stays where it is */
    struct input *input;
    struct packet_decoder *decoder;
    struct intake *intake; /* NULL: input is read on the caller's thread */
    struct flow_table *flows;
    struct budget budget;
    size_t ahead_bytes;
    struct proto *proto;
    struct correlate *correlate;
    struct keylog keylog;
    struct carry *carry;   /* NULL: nothing is carried over to another session */
    session_name_fn *name; /* NULL: input knows the files */
    void *name_ctx;
    uint32_t path_count;
    struct teller *teller; /* NULL: exchanges are told on the caller's thread */
    uint64_t frames, bytes, tunnelled, exchanges, attempts;
    int64_t earliest_ns, latest_ns; /* of the frames so far */
    uint64_t backwards;
    uint64_t drops[PACKET_DROP_COUNT];
    uint64_t own_problems; /* not the input's */
    int status;            /* the first failure; later steps return it */
    bool finished;
};

/* The next file's path, the input's own. Before anything tells of the file: input's list changes while the teller's
 * thread reads this one. ctx: the session. 0 or a p2t_status, and so ... */
int session_note_path(void *ctx, const char *path);
/* ... here. */
int session_take_frame(struct p2t_session *s, const struct input_frame *frame);
void session_take_secrets(struct p2t_session *s, const struct input_secrets *secrets);
/* half: its last line may still be written. */
int session_read_keylog(struct p2t_session *s, bool half);

#endif
