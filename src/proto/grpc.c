#include "proto/grpc.h"

/* gRPC-Web, "Protocol differences vs gRPC over HTTP2": the flag's highest bit marks trailers. */
enum { FLAG_TRAILERS = 0x80, FLAG_COMPRESSED = 0x01 };

enum grpc_flavour grpc_flavour_of(struct slice type)
{
    if (slice_istarts(type, SLICE_LIT("application/grpc-web-text")))
        return GRPC_WEB_TEXT;
    if (slice_istarts(type, SLICE_LIT("application/grpc-web")))
        return GRPC_WEB;
    return slice_istarts(type, SLICE_LIT("application/grpc")) ? GRPC_PLAIN : GRPC_NONE;
}

void grpc_fini(struct grpc_reader *r)
{
    buf_fini(&r->trailers);
}

void grpc_lose(struct grpc_reader *r, const struct packet_mark *mark, struct message_out *out)
{
    if (r->lost)
        return;
    r->lost = true;
    message_emit_lost(out, mark);
}

/* ---- gRPC-Web's trailers ---- */

/* The last one may lack its end. */
static bool next_line(struct slice *rest, struct slice *line)
{
    size_t n = slice_find(*rest, '\n');

    if (rest->n == 0)
        return false;
    *line = slice_of(rest->p, n);
    *rest = slice_from(*rest, n + 1);
    if (line->n > 0 && line->p[line->n - 1] == '\r')
        line->n--;
    return true;
}

static void tell_trailers(struct grpc_reader *r, const struct packet_mark *last, struct message_out *out)
{
    struct fact_header headers[GRPC_TRAILER_FIELDS_MAX];
    struct fact_http_head head = {.first = r->first, .last = *last, .headers = headers, .version_major = 2};
    struct slice rest = buf_view(&r->trailers), line;

    while (next_line(&rest, &line) && head.header_count < GRPC_TRAILER_FIELDS_MAX) {
        size_t colon = slice_find(line, ':');
        headers[head.header_count++] =
            (struct fact_header){slice_trim(slice_of(line.p, colon)), slice_trim(slice_from(line, colon + 1))};
    }
    head.bytes = r->trailers.n;
    out->fact.kind = FACT_HTTP_TRAILERS;
    out->fact.mark = *last;
    out->fact.as.head = &head;
    fact_emit(out->sink, &out->fact);
}

static void step_trailers(struct grpc_reader *r, struct message_piece *p, struct message_out *out)
{
    size_t n = r->left < p->bytes.n ? (size_t)r->left : p->bytes.n;

    buf_put(&r->trailers, p->bytes.p, n);
    r->left -= n;
    message_take(p, n);
    if (r->left > 0) {
        if (p->len > 0)
            grpc_lose(r, &p->mark, out);
        return;
    }
    if (!r->trailers.failed)
        tell_trailers(r, &p->mark, out);
    r->in_trailers = false;
}

/* ---- messages ---- */

static bool is_trailers(const struct grpc_reader *r)
{
    return r->flavour == GRPC_WEB && (r->prefix[0] & FLAG_TRAILERS) != 0;
}

static void begin_message(struct grpc_reader *r, struct message_out *out)
{
    struct fact_message m = {.kind = FACT_MESSAGE_GRPC};

    r->left =
        (uint64_t)r->prefix[1] << 24 | (uint64_t)r->prefix[2] << 16 | (uint64_t)r->prefix[3] << 8 | r->prefix[4];
    r->prefix_n = 0;
    m.bytes = r->left;
    if (!is_trailers(r)) {
        message_emit(out, &m, &r->first);
        return;
    }
    /* Compressed or beyond the limit they are passed over like a message. */
    r->in_trailers = r->left > 0 && r->left <= GRPC_TRAILERS_MAX && (r->prefix[0] & FLAG_COMPRESSED) == 0;
    buf_reset(&r->trailers);
}

static void step_prefix(struct grpc_reader *r, struct message_piece *p, struct message_out *out)
{
    if (p->bytes.n == 0) {
        grpc_lose(r, &p->mark, out);
        return;
    }
    if (r->prefix_n == 0)
        r->first = p->mark;
    r->prefix[r->prefix_n++] = p->bytes.p[0];
    message_take(p, 1);
    if (r->prefix_n == GRPC_PREFIX_BYTES)
        begin_message(r, out);
}

void grpc_feed(struct grpc_reader *r, struct message_piece piece, struct message_out *out)
{
    if (r->flavour == GRPC_WEB_TEXT)
        grpc_lose(r, &piece.mark, out);
    while (piece.len > 0 && !r->lost) {
        if (r->in_trailers)
            step_trailers(r, &piece, out);
        else if (r->left > 0)
            message_skip(&piece, &r->left);
        else
            step_prefix(r, &piece, out);
    }
}
