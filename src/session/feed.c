/* Feeding a session frame by frame, saving it and rebuilding it. */
#include "session/feed.h"

#include <openssl/crypto.h>

#include "session/state.h"

int session_feed_begin(struct p2t_session *s, session_name_fn *name, void *ctx)
{
    s->name = name;
    s->name_ctx = ctx;
    s->carry = carry_new(&s->budget);
    return s->carry != NULL ? P2T_OK : P2T_ERR_MEMORY;
}

int session_feed(struct p2t_session *s, const struct input_frame *frame)
{
    if (s->status == P2T_OK)
        s->status = session_take_frame(s, frame);
    if (s->status == P2T_OK && s->carry->failed)
        s->status = P2T_ERR_MEMORY;
    return s->status;
}

void session_feed_flush(struct p2t_session *s)
{
    correlate_flush(s->correlate);
}

void session_feed_secrets(struct p2t_session *s, const struct input_secrets *secrets)
{
    session_take_secrets(s, secrets);
    carry_secrets(s->carry, secrets);
}

int session_feed_keylog(struct p2t_session *s, const char *path, bool half)
{
    s->config.keylog = s->keylog.path = path;
    if (s->status == P2T_OK)
        s->status = session_read_keylog(s, half);
    return s->status;
}

static void save_secrets(const struct p2t_session *s, struct buf *out)
{
    enum { SESSIONS_BYTES = 16 << 20 };
    struct buf b = {0};

    proto_save_sessions(s->proto, SESSIONS_BYTES, &b);
    carry_save_secrets(s->carry, &b);
    buf_le64(out, b.n);
    buf_slice(out, buf_view(&b));
    out->failed |= b.failed;
    if (b.p != NULL)
        OPENSSL_cleanse(b.p, b.cap);
    buf_fini(&b);
}

void session_carry_save(struct p2t_session *s, struct buf *out, session_uses_fn *uses, void *ctx)
{
    save_secrets(s, out);
    carry_save(s->carry, flow_table_clock(s->flows), out, uses, ctx);
    buf_le32(out, s->questions != NULL);
    if (s->questions != NULL)
        questions_save(s->questions, out, uses, ctx);
    correlate_save(s->correlate, out, uses, ctx);
}

/* They are there where the session that saved them kept any. */
void session_feed_waiting(const struct p2t_session *s, int64_t for_ns, struct correlate_waits *dials,
                          struct correlate_waits *lookups)
{
    correlate_waiting(s->correlate, for_ns, dials, lookups);
}

static int load_questions(struct p2t_session *s, struct reader *r)
{
    bool saved = reader_le32(r) != 0;

    if (!reader_ok(r) || (saved && s->questions == NULL))
        return P2T_ERR_USAGE;
    return saved ? questions_load(s->questions, r) : P2T_OK;
}

int session_carry_load(struct p2t_session *s, struct slice saved)
{
    struct reader r = reader_of_slice(saved);
    uint64_t n = reader_le64(&r);

    if (n > r.left || s->frames > 0 || s->carry->loading)
        return P2T_ERR_USAGE;
    int status = proto_load_secrets(s->proto, reader_slice(&r, (size_t)n));
    if (status == P2T_OK)
        status = carry_load(s->carry, &r);
    if (status == P2T_OK)
        status = load_questions(s, &r);
    if (status == P2T_OK)
        status = correlate_load(s->correlate, slice_of(r.p, r.left));
    if (status == P2T_OK)
        status = proto_secrets(s->proto, buf_view(&s->carry->secrets));
    return status == P2T_OK ? proto_secrets_end(s->proto) : status;
}

int session_carry_place(struct p2t_session *s, struct slice saved)
{
    struct carry_conn *cc = NULL;

    if (!carry_place_load(s->carry, saved, &cc))
        return P2T_ERR_USAGE;
    if (cc == NULL || cc->flow == NULL || cc->used == NULL)
        return P2T_OK;
    flow_tcp_skip(s->flows, cc->flow, &cc->used->flow);
    if (cc->used->number != CARRY_NO_NUMBER)
        proto_skip(cc->flow, cc->used->number);
    return P2T_OK;
}

void session_carry_loaded(struct p2t_session *s)
{
    carry_clock(s->carry, s->carry->loaded_to_ns, packet_ref_of(UINT64_MAX, s->carry->loaded_file));
    carry_loaded(s->carry);
    correlate_loaded(s->correlate);
    if (s->status == P2T_OK)
        s->status = flow_table_skipped(s->flows, s->carry->loaded_flow_ns);
}

struct carry_source session_carry_source(struct p2t_session *s)
{
    return (struct carry_source){s->carry, s->flows};
}
