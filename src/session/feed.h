/* A session that is given its frames one by one, and can be rebuilt later from a few of them.
 *
 * It is opened with no paths. What it needs to go on where it stands is what session_carry_save() writes and the
 * frames that a pass over everything fed so far wants; fed to a new session, they lead to the same state. */
#ifndef P2T_SESSION_FEED_H
#define P2T_SESSION_FEED_H

#include "base/buf.h"
#include "input/input.h"
#include "pcap2trace/session.h"

struct carry_pass;

/* Names of the files that frames say they are from; the text must live as long as frames of it are carried. */
typedef const char *session_name_fn(void *ctx, uint32_t file);
/* Before the first frame. 0 or P2T_ERR_MEMORY. */
int session_feed_begin(struct p2t_session *s, session_name_fn *name, void *ctx);
/* 0, or a negative p2t_status. Files are numbered in the order in which they are fed. */
int session_feed(struct p2t_session *s, const struct input_frame *frame);
/* Secrets that a capture brings; kept for whoever goes on. */
void session_feed_secrets(struct p2t_session *s, const struct input_secrets *secrets);

/* Takes the lines that the key log got since it was read last; half: and one that has no end yet. path may be NULL. 0 or
 * a negative p2t_status. */
int session_feed_keylog(struct p2t_session *s, const char *path, bool half);

/* Appends what is needed beside frames. A pass has begun. `uses` is called for each file that evidence yet to be told
 * of points into, many times. */
typedef void session_uses_fn(void *ctx, uint32_t file);
void session_carry_save(struct p2t_session *s, struct buf *out, session_uses_fn *uses, void *ctx);
/* Takes it, before any frame. P2T_ERR_USAGE: it makes no sense. */
int session_carry_load(struct p2t_session *s, struct slice saved);
/* Among the frames: takes a connection to a place without the packets before it. P2T_ERR_USAGE: it makes no sense. */
int session_carry_place(struct p2t_session *s, struct slice place);
/* The carried frames were fed. */
void session_carry_loaded(struct p2t_session *s);

struct carry_pass_counts {
    uint64_t frames, bytes;
    uint64_t connections_cut; /* limits hit: an older part of them was left out */
    uint64_t frames_cut;      /* limit of all connections together hit */
};

enum carry_verdict {
    CARRY_NOTHING,
    CARRY_FRAME, /* maybe cut to its headers: frame->cap_len. What stands in `place`, if anything, comes behind it */
    CARRY_PLACE  /* only what stands in `place`, for session_carry_place() */
};

/* Decides over frames fed before, and over places that the pass before decided for, in their order; the session must not
 * be fed meanwhile. NULL when memory ran out. */
struct carry_pass *carry_pass_new(struct p2t_session *s);
enum carry_verdict carry_pass_frame(struct carry_pass *p, struct input_frame *frame, struct buf *place);
enum carry_verdict carry_pass_place(struct carry_pass *p, struct slice old, struct buf *place);
struct carry_pass_counts carry_pass_counts(const struct carry_pass *p);
void carry_pass_free(struct carry_pass *p);

#endif
