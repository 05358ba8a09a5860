/* A session that is given its frames one by one, and that can be rebuilt later from a few of them.
 *
 * Open it without paths, then call session_feed_begin(). To save it, keep what session_carry_save() writes and the frames
 * that a carry pass over everything fed so far selects. To rebuild it, open a new session, call session_carry_load(), feed
 * those frames and places in order, and call session_carry_loaded(): it is then in the same state. */
#ifndef P2T_SESSION_FEED_H
#define P2T_SESSION_FEED_H

#include "base/buf.h"
#include "correlate/waiting.h"
#include "input/input.h"
#include "pcap2trace/session.h"

struct carry_pass;

/* ---- feeding ---- */

/* The name of a file by the number in its frames; the text must live as long as frames of it are carried. */
typedef const char *session_name_fn(void *ctx, uint32_t file);
/* Call it before the first frame. 0 or P2T_ERR_MEMORY. */
int session_feed_begin(struct p2t_session *s, session_name_fn *name, void *ctx);
/* Takes one frame through all stages. Files are numbered in the order in which they are fed. 0 or a negative p2t_status. */
int session_feed(struct p2t_session *s, const struct input_frame *frame);
/* The file has ended: the exchanges that its last frame settled are handed over. */
void session_feed_flush(struct p2t_session *s);
/* Takes TLS secrets that a capture brings; they are saved, too. */
void session_feed_secrets(struct p2t_session *s, const struct input_secrets *secrets);

/* Takes the lines that were added to the key log since it was read last. half: also a last line that has no end yet. path
 * may be NULL: there is no key log. 0 or a negative p2t_status. */
int session_feed_keylog(struct p2t_session *s, const char *path, bool half);

/* What has waited for an answer for so long, at the last packet. */
void session_feed_waiting(const struct p2t_session *s, int64_t for_ns, struct correlate_waits *dials,
                          struct correlate_waits *lookups);

/* ---- saving and rebuilding ---- */

/* Appends the state that frames cannot rebuild; includes TLS secrets. Call it after carry_pass_new(). Calls uses() for every
 * file that evidence not yet written refers to, the same file many times. */
typedef void session_uses_fn(void *ctx, uint32_t file);
void session_carry_save(struct p2t_session *s, struct buf *out, session_uses_fn *uses, void *ctx);
/* Takes what session_carry_save() wrote, once, before any frame. 0, P2T_ERR_MEMORY, or P2T_ERR_USAGE: malformed, or not the
 * first; the session is of no use then. */
int session_carry_load(struct p2t_session *s, struct slice saved);
/* Between two frames: moves a connection to a saved place in its life, without the packets before it. 0, or P2T_ERR_USAGE:
 * malformed. */
int session_carry_place(struct p2t_session *s, struct slice place);
/* All carried frames were fed; what is fed next is new. */
void session_carry_loaded(struct p2t_session *s);

/* ---- which frames to keep ---- */

struct carry_pass_counts {
    uint64_t frames, bytes;   /* selected */
    uint64_t connections_cut; /* connections whose older packets were left out: over the limit of one connection */
    uint64_t frames_cut;      /* frames left out: over the limit of all connections together */
};

enum carry_verdict {
    CARRY_NOTHING, /* leave the frame out */
    CARRY_FRAME,   /* keep it, cut to frame->cap_len; then keep what was put in `place`, if anything */
    CARRY_PLACE    /* leave it out, and keep what was put in `place`, for session_carry_place() */
};

/* Selects among the frames fed so far, and the places kept by an earlier pass: call carry_pass_frame() or
 * carry_pass_place() for each, in their order. The session must not be fed until carry_pass_free(). NULL when memory ran
 * out. */
struct carry_pass *carry_pass_new(struct p2t_session *s);
/* May lower frame->cap_len. `place` is empty before, and may be filled. */
enum carry_verdict carry_pass_frame(struct carry_pass *p, struct input_frame *frame, struct buf *place);
enum carry_verdict carry_pass_place(struct carry_pass *p, struct slice old, struct buf *place);
struct carry_pass_counts carry_pass_counts(const struct carry_pass *p);
/* NULL is allowed. */
void carry_pass_free(struct carry_pass *p);

#endif
