#include "http1_play.h"

#include <stdlib.h>

static const char *const extents[] = {
    [FACT_HEAD_WHOLE] = "",
    [FACT_HEAD_CUT] = " cut",
    [FACT_HEAD_UNFINISHED] = " unfinished",
    [FACT_HEAD_OVER_LIMIT] = " over-limit",
};

static const char *const reasons[] = {
    [FACT_BAD_LINE] = "line",
    [FACT_BAD_STATUS] = "status",
    [FACT_BAD_VERSION] = "version",
    [FACT_BAD_FIRST_FIELD] = "first-field",
    [FACT_BAD_FIRST_LONG] = "first-long",
    [FACT_BAD_NO_COLON] = "no-colon",
    [FACT_BAD_FIELD] = "field",
    [FACT_BAD_CODINGS] = "codings",
    [FACT_BAD_CODING] = "coding",
    [FACT_BAD_LENGTHS] = "lengths",
    [FACT_BAD_LENGTH] = "length",
    [FACT_BAD_TRAILER_KEY] = "trailer-key",
    [FACT_BAD_CHUNK_BARE_LF] = "bare-lf",
    [FACT_BAD_CHUNK_BARE_CR] = "bare-cr",
    [FACT_BAD_CHUNK_LINE] = "chunk-line",
    [FACT_BAD_CHUNK_EMPTY] = "chunk-empty",
    [FACT_BAD_CHUNK_BYTE] = "chunk-byte",
    [FACT_BAD_CHUNK_SIZE] = "chunk-size",
    [FACT_BAD_CHUNK_END] = "chunk-end",
    [FACT_BAD_CHUNK_EXCESS] = "chunk-excess",
    [FACT_BAD_TRAILER_LONG] = "trailer-long",
    [FACT_BAD_TRAILER_END] = "trailer-end",
    [FACT_BAD_EXTRA] = "extra",
};

/* A line each, as one. */
static void put_bad(struct buf *out, const struct fact *f)
{
    struct slice line = f->as.bad.line;

    buf_printf(out, "bad %s", reasons[f->as.bad.why]);
    if (f->as.bad.status != 0)
        buf_printf(out, " of %u", f->as.bad.status);
    if (f->as.bad.why == FACT_BAD_EXTRA || f->as.bad.why >= FACT_BAD_CHUNK_BARE_LF || f->dir == FLOW_C2S)
        return;
    buf_str(out, " '");
    for (size_t i = 0; i < line.n; i++)
        buf_putc(out, line.p[i] == '\n' ? '|' : (char)line.p[i]);
    buf_str(out, "'");
}

struct recorder {
    struct buf out;
    bool show_headers;
};

static void put_head(struct recorder *r, const struct fact *f)
{
    const struct fact_http_head *h = f->as.head;

    if (f->kind == FACT_HTTP_REQUEST_HEAD)
        buf_printf(&r->out, "%.*s %.*s", (int)h->method.n, (const char *)h->method.p, (int)h->target.n,
                   (const char *)h->target.p);
    else
        buf_printf(&r->out, "%u", h->status);
    buf_str(&r->out, h->chunked ? " chunked" : "");
    if (h->has_length)
        buf_printf(&r->out, " length=%llu", (unsigned long long)h->length);
    buf_str(&r->out, h->until_close ? " until-close" : "");
    buf_str(&r->out, extents[h->extent]);
    buf_str(&r->out, h->without_request ? " without-request" : "");
    if (h->headers_dropped > 0)
        buf_printf(&r->out, " dropped=%u", h->headers_dropped);
    for (size_t i = 0; r->show_headers && i < h->header_count; i++)
        buf_printf(&r->out, " [%.*s=%.*s]", (int)h->headers[i].name.n, (const char *)h->headers[i].name.p,
                   (int)h->headers[i].value.n, (const char *)h->headers[i].value.p);
}

static void put_end(struct recorder *r, const struct fact *f, const char *verb)
{
    buf_printf(&r->out, "%s %llu", verb, (unsigned long long)f->as.http_end.body_bytes);
    buf_str(&r->out, f->as.http_end.complete ? "" : " incomplete");
    buf_str(&r->out, f->as.http_end.lost ? " lost" : "");
    buf_str(&r->out, f->as.http_end.abandoned ? " abandoned" : "");
}

static void record(void *ctx, const struct fact *f)
{
    struct recorder *r = ctx;

    buf_printf(&r->out, "%u ", f->exchange);
    switch (f->kind) {
    case FACT_HTTP_REQUEST_HEAD:
    case FACT_HTTP_RESPONSE_HEAD:
        put_head(r, f);
        break;
    case FACT_HTTP_REQUEST_END:
        put_end(r, f, "sent");
        break;
    case FACT_HTTP_RESPONSE_END:
        put_end(r, f, "got");
        break;
    case FACT_HTTP_BAD:
        put_bad(&r->out, f);
        break;
    case FACT_HTTP_TUNNEL:
        buf_str(&r->out, "tunnel");
        break;
    case FACT_HTTP_MESSAGE:
        buf_printf(&r->out, "message %d of %llu %s", f->as.message.kind, (unsigned long long)f->as.message.bytes,
                   f->dir == FLOW_C2S ? "up" : "down");
        break;
    default:
        abort();
    }
    buf_putc(&r->out, '\n');
}

/* ---- the script ---- */

struct stage {
    struct play *play;
    struct http1 *http1;
    int at; /* bytes played so far */
    uint64_t offset[2];
    struct packet_mark mark;
};

static void give(struct stage *s, enum flow_dir dir, const char *p, size_t n, size_t uncaptured, bool lost)
{
    struct flow_chunk chunk = {
        .dir = dir,
        .offset = s->offset[dir],
        .bytes = slice_of(n > 0 ? p : NULL, n),
        .len = n + uncaptured,
        .lost = lost,
        .seen = s->mark,
        .deliverable = s->mark,
    };

    s->offset[dir] += chunk.len;
    s->play->tunnelled += chunk.len - http1_chunk(s->http1, &chunk);
}

/* Copies, so that a read beyond a piece is a read beyond an allocation. */
static void give_copy(struct stage *s, enum flow_dir dir, const char *p, size_t n, size_t uncaptured)
{
    char *copy = malloc(n);

    memcpy(copy, p, n);
    give(s, dir, copy, n, uncaptured, false);
    free(copy);
}

static void play_text(struct stage *s, const struct step *step)
{
    size_t n = strlen(step->text);

    for (size_t from = 0, to; from < n; from = to) {
        to = s->play->split == SPLIT_EVERYWHERE ? from + 1 : n;
        if (s->play->split > s->at && s->play->split < s->at + (int)(n - from))
            to = from + (size_t)(s->play->split - s->at);
        give_copy(s, step->dir, step->text + from, to - from, to == n ? step->n : 0);
        s->at += (int)(to - from);
    }
}

static void play_step(struct stage *s, const struct step *step)
{
    s->mark.ts_ns += s->play->step_ns;
    s->mark.ref.number++;
    switch (step->kind) {
    case STEP_BYTES:
    case STEP_CUT:
        play_text(s, step);
        break;
    case STEP_HOLE:
        give(s, step->dir, NULL, 0, step->n, true);
        break;
    case STEP_FIN:
        http1_fin(s->http1, step->dir, &s->mark);
        break;
    case STEP_RESET:
        http1_reset(s->http1, step->dir, &s->mark);
        break;
    default:
        http1_close(s->http1);
        break;
    }
}

struct buf play(struct play *p)
{
    struct recorder recorder = {.show_headers = p->show_headers};
    struct fact_sink sink = {&recorder, record};
    struct flow_conn conn = {.number = 1};
    struct stage stage = {.play = p};
    struct http1_env env;

    if (http1_env_init(&env, &p->limits, &sink) != P2T_OK ||
        (stage.http1 = http1_new(&env, &conn, p->mid_stream, 0)) == NULL)
        abort();
    p->tunnelled = 0;
    for (const struct step *step = p->steps; step->kind != STEP_END; step++)
        play_step(&stage, step);
    http1_free(stage.http1);
    if (env.head_bytes_held != 0)
        abort();
    p->counters = env.counters;
    http1_env_fini(&env);
    buf_putc(&recorder.out, '\0');
    return recorder.out;
}

int play_bytes(const struct step *steps)
{
    size_t n = 0;

    for (; steps->kind != STEP_END; steps++)
        n += strlen(steps->text);
    return (int)n;
}
