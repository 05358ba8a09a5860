/* Emits the facts of a TLS connection; encrypted records that are alike go out as one run. */
#include "proto/tls/state.h"

struct fact tls_fact_of(const struct tls *t, enum fact_kind kind, enum flow_dir dir, const struct packet_mark *mark)
{
    return (struct fact){.kind = kind, .conn = t->flow, .dir = dir, .mark = *mark};
}

void tls_flush_run(struct tls *t)
{
    if (t->run.records == 0)
        return;
    struct fact f = tls_fact_of(t, FACT_TLS_RECORDS, t->run_dir, &t->run.last);
    t->run.h2 = t->shape.h2;
    f.as.tls_records = &t->run;
    fact_emit(&t->env->sink, &f);
    t->run.records = 0;
}

void tls_emit(struct tls *t, const struct fact *f)
{
    tls_flush_run(t);
    fact_emit(&t->env->sink, f);
}

void tls_emit_alert(struct tls *t, const struct tls_record *r, uint8_t level, uint8_t code, bool encrypted)
{
    struct fact f = tls_fact_of(t, FACT_TLS_ALERT, r->dir, &r->last);

    f.as.tls_alert.level = level;
    f.as.tls_alert.code = code;
    f.as.tls_alert.encrypted = encrypted;
    tls_emit(t, &f);
}

void tls_emit_done(struct tls *t, const struct packet_mark *mark, bool guessed)
{
    struct fact f = tls_fact_of(t, FACT_TLS_DONE, FLOW_C2S, mark);

    t->done = true;
    t->env->counters.handshakes++;
    t->outcome.version = t->version;
    t->outcome.cipher = t->cipher;
    t->outcome.resumed = t->resumed;
    t->outcome.guessed = guessed;
    f.as.tls_done = &t->outcome;
    tls_emit(t, &f);
}

/* HTTP/2: a short record may begin the next answer, and a record behind one that is not full; a short record of the client
 * may be the next request, but for what a full one left of its frame. */
static bool may_begin_message(const struct tls *t, enum flow_dir dir, enum fact_tls_shape shape, uint32_t plain)
{
    enum { HEAD_MAX = 100, FULL_BYTES = 4000, CLIENT_FULL_BYTES = 16000 };

    if (!t->shape.h2 || shape != FACT_TLS_DATA)
        return false;
    if (dir == FLOW_C2S)
        return plain <= HEAD_MAX && t->run.last_bytes < CLIENT_FULL_BYTES;
    return plain <= HEAD_MAX || t->run.last_bytes < FULL_BYTES;
}

void tls_add_records(struct tls *t, const struct tls_record *r, bool early)
{
    struct fact_tls_records *run = &t->run;

    if (t->keys != NULL) /* decrypted: nobody needs to guess from sizes */
        return;
    bool offered = t->shape.offers_h2;
    enum fact_tls_shape shape = early ? FACT_TLS_DATA : tls_shape_of(&t->shape, r->dir, r->length, r->last.ts_ns);

    if (offered && !t->shape.offers_h2 && t->shape.h2)
        t->outcome.alpn = SLICE_LIT("h2");
    uint32_t plain = tls_text_bytes(&t->shape, r->dir, r->length);
    if (run->records > 0 &&
        (t->run_dir != r->dir || run->shape != shape || r->gap_before || may_begin_message(t, r->dir, shape, plain)))
        tls_flush_run(t);
    if (run->records == 0) {
        *run = (struct fact_tls_records){
            .shape = shape, .first = r->first, .first_whole = r->last, .early = early, .lost = r->gap_before};
        run->first_bytes = plain;
        t->run_dir = r->dir;
    }
    run->last = r->last;
    run->records++;
    run->bytes += plain;
    run->last_bytes = plain;
}
