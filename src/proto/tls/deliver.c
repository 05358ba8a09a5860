/* Decrypted application data on its way to whoever reads what is inside. */
#include "proto/tls/keys.h"

static void report_decrypted(struct tls *t, const struct tls_record *r)
{
    struct fact f = {.kind = FACT_TLS_DECRYPTED, .conn = t->flow, .dir = r->dir, .mark = r->last};

    if (t->keys->decrypted)
        return;
    t->keys->decrypted = true;
    t->env->counters.decrypted++;
    tls_emit(t, &f);
}

static void deliver(struct tls *t, const struct tls_record *r, struct slice bytes, uint64_t len)
{
    struct tls_side *side = &t->keys->side[r->dir];
    struct flow_chunk chunk = {.dir = r->dir,
                               .offset = side->offset,
                               .bytes = bytes,
                               .len = len,
                               .lost = bytes.n < len,
                               .seen = r->last,
                               .deliverable = r->last};

    side->offset += len;
    if (len > 0)
        t->env->plain_sink.chunk(t->env->plain_sink.ctx, t->owner, &chunk);
}

void tls_decrypt_deliver(struct tls *t, const struct tls_record *plain)
{
    report_decrypted(t, plain);
    deliver(t, plain, plain->payload, plain->payload.n);
}

void tls_deliver_hole(struct tls *t, const struct tls_record *r)
{
    t->env->counters.unopened++;
    deliver(t, r, slice_of(NULL, 0), tls_plain_bytes(t->version, t->cipher, r->length));
}

void tls_deliver_missing(struct tls *t, const struct tls_record *r, uint64_t missing)
{
    uint32_t around = TLS_HEADER_BYTES + TLS_RECORD_MAX - tls_plain_bytes(t->version, t->cipher, TLS_RECORD_MAX);

    if (r->gap_bytes > missing * around && missing > 0)
        deliver(t, r, slice_of(NULL, 0), r->gap_bytes - missing * around);
}
