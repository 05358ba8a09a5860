#include "proto/tls/handshake.h"

enum { MESSAGE_HEADER = 4 };

void tls_messages_fini(struct tls_messages *m)
{
    buf_fini(&m->held);
}

static struct slice cut(struct slice *s, size_t n)
{
    struct slice front = slice_of(s->p, n < s->n ? n : s->n);

    *s = slice_of(s->p + front.n, s->n - front.n);
    return front;
}

static size_t message_bytes(const uint8_t *header)
{
    return MESSAGE_HEADER + ((size_t)header[1] << 16 | (size_t)header[2] << 8 | header[3]);
}

static void hand_out(struct slice bytes, bool whole, struct tls_message *message)
{
    message->type = bytes.p[0];
    message->body = slice_of(bytes.p + MESSAGE_HEADER, bytes.n - MESSAGE_HEADER);
    message->whole = whole;
}

static void skip(struct tls_messages *m, struct slice *payload)
{
    m->skip_left -= cut(payload, m->skip_left).n;
}

/* What is held so far goes on with the front of *payload; true when that is all of the message. */
static bool complete(struct tls_messages *m, struct slice *payload, size_t limit)
{
    if (m->held.n < MESSAGE_HEADER)
        buf_slice(&m->held, cut(payload, MESSAGE_HEADER - m->held.n));
    if (m->held.n < MESSAGE_HEADER)
        return false;
    size_t total = message_bytes(m->held.p);
    if (total > limit) {
        m->skip_left = total - m->held.n;
        buf_reset(&m->held);
        return false;
    }
    buf_slice(&m->held, cut(payload, total - m->held.n));
    return m->held.n == total && !m->held.failed;
}

static bool next_held(struct tls_messages *m, struct slice *payload, bool last, size_t limit,
                      struct tls_message *message)
{
    bool whole = complete(m, payload, limit);
    bool start = last && payload->n == 0 && m->held.n > MESSAGE_HEADER;

    if (!whole && !start)
        return false;
    hand_out(buf_view(&m->held), whole, message);
    m->held.n = 0; /* the bytes stay for the caller until the next call */
    return true;
}

bool tls_messages_next(struct tls_messages *m, struct slice *payload, bool last, size_t limit,
                       struct tls_message *message)
{
    while (payload->n > 0) {
        if (m->skip_left > 0) {
            skip(m, payload);
            continue;
        }
        size_t total = m->held.n == 0 && payload->n >= MESSAGE_HEADER ? message_bytes(payload->p) : 0;
        if (total > 0 && total <= payload->n) {
            hand_out(cut(payload, total), true, message);
            return true;
        }
        if (next_held(m, payload, last, limit, message))
            return true;
    }
    if (last)
        buf_reset(&m->held);
    return false;
}
