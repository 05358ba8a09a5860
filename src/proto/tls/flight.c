/* Where encrypted handshakes end, judged by the sizes and directions of their records (hooks.md 2.3). */
#include "proto/tls/state.h"

enum { ALERT_BYTES = 2, END_OF_EARLY_DATA = 4, CERTIFICATE_EMPTY = 8 };

bool tls_is_alert_by_size(const struct tls *t, const struct tls_record *r)
{
    return (t->version >= TLS_VERSION_1_3 || t->version == 0) &&
           tls_text_bytes(&t->shape, r->dir, r->length) == ALERT_BYTES;
}

bool tls_is_padded_finished(const struct tls *t, const struct tls_record *r)
{
    return r->length == tls_finished_bytes(t->cipher) + TLS_JAVA_PADDING;
}

static bool in_gap(const struct tls_stream *s)
{
    return s->gap || s->state == TLS_STREAM_LOST;
}

/* Where records are missing, the handshake may have been over: close_notify is as long as any other alert. */
static void emit_alert(struct tls *t, const struct tls_record *r)
{
    if (t->gap || in_gap(&t->stream[FLOW_C2S]) || in_gap(&t->stream[FLOW_S2C]))
        tls_emit_done(t, t->in_client_flight ? &t->client_flight : &r->first, true);
    tls_emit_alert(t, r, 0, 0, true);
}

static void on_server_flight(struct tls *t, const struct tls_record *r)
{
    if (tls_is_alert_by_size(t, r)) {
        emit_alert(t, r);
        return;
    }
    if (t->in_client_flight) { /* it has been answered */
        tls_emit_done(t, &t->client_flight, true);
        tls_add_records(t, r, false);
        return;
    }
    if (t->early_data && t->server_finished) { /* RFC 8446 2.3: it may answer early data at once */
        tls_add_records(t, r, false);
        return;
    }
    if (!t->server_flight && t->outcome.alpn.p == NULL) {
        t->outcome.alpn = tls_alpn_by_size(&t->shape, r->length);
        t->shape.h2 = slice_eq(t->outcome.alpn, SLICE_LIT("h2"));
        t->shape.offers_h2 &= t->outcome.alpn.p == NULL;
    }
    if (t->server_finished) /* tickets before the client's Finished: none will come later */
        t->shape.tickets_possible = false;
    t->server_flight = true;
    t->server_finished |= r->length == tls_finished_bytes(t->cipher);
}

static void join_client_flight(struct tls *t, const struct tls_record *r)
{
    if (!t->in_client_flight) {
        t->outcome.client_certificate = true;
        t->outcome.certificate_empty = tls_plain_bytes(t->version, t->cipher, r->length) == CERTIFICATE_EMPTY;
    }
    t->in_client_flight = true;
    t->client_flight = r->last;
}

/* RFC 8446 4.4: [Certificate, CertificateVerify,] Finished. A flight whose last record is not as long as a Finished
 * was written as one record; it is over where the next write begins. */
static void on_client_flight(struct tls *t, const struct tls_record *r)
{
    bool padded = tls_is_padded_finished(t, r);
    bool finished = r->length == tls_finished_bytes(t->cipher) || padded;
    bool next_write = t->in_client_flight && !packet_ref_eq(r->first.ref, t->client_flight.ref);

    if (t->early_data && !finished) {
        if (tls_plain_bytes(t->version, t->cipher, r->length) != END_OF_EARLY_DATA)
            tls_add_records(t, r, true);
    } else if (tls_is_alert_by_size(t, r)) {
        emit_alert(t, r);
    } else if (finished) {
        t->shape.client_padding = padded ? TLS_JAVA_PADDING : 0;
        t->outcome.padded = padded;
        tls_emit_done(t, &r->last, r->gap_before);
    } else if (next_write || r->gap_before) {
        tls_emit_done(t, t->in_client_flight ? &t->client_flight : &r->first, true);
        tls_add_records(t, r, false);
    } else {
        join_client_flight(t, r);
    }
}

/* In TLS 1.2 a handshake record, the Finished, is the first behind ChangeCipherSpec. */
static void find_version(struct tls *t, const struct tls_record *r)
{
    if (!t->version_cut || t->finished[r->dir].ref.number != 0 || (r->dir == FLOW_C2S && !t->ccs[FLOW_C2S]))
        return;
    t->version_cut = false;
    t->version = t->shape.version = TLS_VERSION_1_3;
}

/* TLS 1.2: a client that does not wait for the server's Finished (RFC 7918), or a Finished that was not seen. */
void tls_on_data_before_done(struct tls *t, const struct tls_record *r)
{
    find_version(t, r);
    if (t->version < TLS_VERSION_1_3 && t->hello[FLOW_S2C]) {
        if (r->gap_before || t->finished[FLOW_S2C].ref.number != 0)
            tls_emit_done(t, &r->first, true);
        tls_add_records(t, r, !t->done);
    } else if (t->version >= TLS_VERSION_1_3 && r->dir == FLOW_S2C) {
        on_server_flight(t, r);
    } else if (t->version >= TLS_VERSION_1_3 || t->early_data) {
        on_client_flight(t, r);
    }
}
