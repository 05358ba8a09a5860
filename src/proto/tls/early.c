/* Early data (RFC 8446 2.3) waits for the server's verdict: what it rejects, the client sends again (4.2.10), and one
 * request is to be reported once. */
#include <openssl/crypto.h>

#include "proto/tls/keys.h"

/* Servers allow 16 KB at most by default; after that it is taken for accepted. */
enum { HELD_MAX = 64 << 10 };

struct held {
    struct packet_mark mark;
    uint32_t n;
};

static void hold(struct tls *t, const struct tls_record *plain)
{
    struct buf *b = &t->keys->early_held;
    struct held h = {plain->last, (uint32_t)plain->payload.n};

    buf_put(b, &h, sizeof h);
    buf_slice(b, plain->payload);
    tls_holds(t->env, 0, sizeof h + plain->payload.n);
    t->keys->early_bytes += sizeof h + plain->payload.n;
}

static bool over_limit(const struct tls *t, size_t more)
{
    return t->keys->early_bytes + more > HELD_MAX || t->env->held_bytes + more > t->env->limits.held_bytes;
}

void tls_early_data(struct tls *t, const struct tls_record *plain)
{
    struct tls_keys *k = t->keys;

    if (k->early == TLS_EARLY_UNDECIDED && over_limit(t, sizeof(struct held) + plain->payload.n)) {
        t->env->counters.limit_hits++;
        tls_early_decide(t, TLS_EARLY_ACCEPTED);
    }
    if (k->early == TLS_EARLY_ACCEPTED)
        tls_decrypt_deliver(t, plain);
    else if (k->early == TLS_EARLY_UNDECIDED)
        hold(t, plain);
}

static void hand_out(struct tls *t, struct slice all)
{
    struct held h;

    while (all.n > sizeof h) {
        memcpy(&h, all.p, sizeof h);
        struct tls_record plain = {.dir = FLOW_C2S,
                                   .type = TLS_APPLICATION_DATA,
                                   .length = h.n,
                                   .payload = slice_of(all.p + sizeof h, h.n),
                                   .whole = true,
                                   .first = h.mark,
                                   .last = h.mark};
        tls_decrypt_deliver(t, &plain);
        all = slice_of(all.p + sizeof h + h.n, all.n - sizeof h - h.n);
    }
}

void tls_early_decide(struct tls *t, enum tls_early verdict)
{
    struct tls_keys *k = t->keys;

    if (k == NULL || k->early != TLS_EARLY_UNDECIDED)
        return;
    k->early = verdict;
    struct buf held = k->early_held;
    k->early_held = (struct buf){0};
    tls_holds(t->env, k->early_bytes, 0);
    k->early_bytes = 0;
    if (verdict == TLS_EARLY_ACCEPTED && !held.failed)
        hand_out(t, buf_view(&held));
    if (held.n > 0)
        OPENSSL_cleanse(held.p, held.n);
    buf_fini(&held);
}

void tls_early_rejected(struct tls *t)
{
    tls_early_decide(t, TLS_EARLY_REJECTED);
}

void tls_early_flush(struct tls *t)
{
    tls_early_decide(t, TLS_EARLY_ACCEPTED);
}
