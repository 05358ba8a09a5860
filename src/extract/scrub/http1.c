/* HTTP/1: heads are kept but for their secrets, bodies only by their framing (RFC 9112). */
#include "base/buf.h"
#include "extract/scrub/talk.h"

enum { HEAD_MAX = 1 << 20, LINE_MAX_BYTES = 4096, ASKED_MAX = 65536 };

enum state {
    STATE_HEAD,
    STATE_BODY,
    STATE_CHUNK,
    STATE_CHUNK_END,
    STATE_TRAILER,
    STATE_UNTIL_CLOSE,
    STATE_WAIT, /* of the client: what the answer makes of the connection */
    STATE_LOST, /* where the next message begins is not known */
    STATE_OVER  /* what follows is not understood */
};

/* What a request's answer depends on. */
enum asked { ASKED_USUAL, ASKED_HEAD, ASKED_CONNECT, ASKED_UPGRADE };

struct head {
    struct slice method;
    unsigned status;
    bool has_length, chunked, upgrade, websocket, h2c, gzip;
    uint64_t length;
};

struct http1 {
    struct talk *talk;
    enum state state[2];
    uint64_t left[2]; /* of a body or chunk */
    bool gzip[2];     /* the body that begins is said to be of gzip */
    struct buf asked; /* enum asked of each request without an answer */
    size_t answered;
    struct buf bytes; /* one head */
    enum talk_found found;
    bool done;
};

/* ---- first lines ---- */

static bool is_token(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

bool talk_is_request(struct slice s)
{
    size_t n = 0;

    while (n < s.n && n < 24 && is_token(s.p[n]))
        n++;
    return n >= 3 && n + 1 < s.n && s.p[n] == ' ' && s.p[n + 1] > ' ' && s.p[n + 1] < 0x7f &&
           !slice_starts(s, SLICE_LIT("PRI * HTTP/2"));
}

bool talk_is_response(struct slice s)
{
    return slice_starts(s, SLICE_LIT("HTTP/"));
}

static size_t line_end(struct slice s)
{
    size_t n = slice_find(s, '\n');

    return n < s.n && n > 0 && s.p[n - 1] == '\r' ? n - 1 : n;
}

/* METHOD TARGET VERSION; a target may hold spaces where its client is careless. */
static void scrub_request_line(struct http1 *h, uint8_t *p, size_t n, struct head *head)
{
    struct slice line = slice_of(p, n);
    size_t from = slice_find(line, ' '), to = n;

    head->method = slice_of(p, from);
    while (to > from + 1 && p[to - 1] != ' ')
        to--;
    if (to <= from + 1 || !slice_istarts(slice_from(line, to), SLICE_LIT("HTTP/")))
        to = n + 1;
    if (from + 1 < to)
        scrub_text(h->talk->text, slice_eq(head->method, SLICE_LIT("CONNECT")) ? REDACT_HOST : REDACT_URL,
                   p + from + 1, to - from - 2);
}

static void scrub_status_line(struct http1 *h, uint8_t *p, size_t n, struct head *head)
{
    struct slice line = slice_of(p, n), rest = slice_from(line, slice_find(line, ' ') + 1);
    uint64_t status = 0;

    if (rest.n >= 3 && slice_u64(slice_of(rest.p, 3), &status))
        head->status = (unsigned)status;
    scrub_text(h->talk->text, REDACT_TEXT, p, n);
}

/* ---- fields that say where a message ends ---- */

static void note_field(struct head *head, struct slice name, struct slice value)
{
    uint64_t length;

    if (slice_ieq(name, SLICE_LIT("content-length")) && slice_u64(value, &length)) {
        head->has_length = true;
        head->length = length;
    } else if (slice_ieq(name, SLICE_LIT("transfer-encoding"))) {
        head->chunked |= slice_list_has(value, SLICE_LIT("chunked"));
    } else if (slice_ieq(name, SLICE_LIT("upgrade"))) {
        head->upgrade = true;
        head->websocket |= slice_list_has(value, SLICE_LIT("websocket"));
        head->h2c |= slice_list_has(value, SLICE_LIT("h2c"));
    } else if (slice_ieq(name, SLICE_LIT("content-encoding"))) {
        head->gzip |= slice_list_has(value, SLICE_LIT("gzip"));
    }
}

static void note_fields(struct head *head, struct slice s)
{
    while (s.n > 0) {
        struct slice line = slice_of(s.p, line_end(s));
        size_t colon = slice_find(line, ':');
        if (colon < line.n)
            note_field(head, slice_trim(slice_of(s.p, colon)), slice_trim(slice_from(line, colon + 1)));
        s = slice_from(s, slice_find(s, '\n') + 1);
    }
}

/* ---- heads ---- */

/* Bytes up to and with the blank line; 0: there is none in them. *at: where the line begins that is not whole. */
static size_t head_bytes(struct slice s, size_t *at)
{
    while (*at < s.n) {
        size_t end = *at + slice_find(slice_from(s, *at), '\n') + 1;
        size_t line = end - *at;
        if (end > s.n)
            return 0;
        if (line == 1 || (line == 2 && s.p[*at] == '\r'))
            return end;
        *at = end;
    }
    return 0;
}

/* Fills h->bytes with what there is without a hole, up to a whole head. True: it is whole. */
static bool gather(struct http1 *h, const struct talk_side *s)
{
    size_t n = 0, at = 0;

    buf_reset(&h->bytes);
    while (h->bytes.n < HEAD_MAX && n == 0) {
        struct slice piece = stream_piece(s->stream, s->pos + h->bytes.n);
        if (piece.n == 0)
            break;
        size_t room = HEAD_MAX - h->bytes.n;
        buf_put(&h->bytes, piece.p, piece.n < room ? piece.n : room);
        n = head_bytes(buf_view(&h->bytes), &at);
    }
    if (h->bytes.failed)
        h->bytes.n = 0;
    else if (n > 0)
        h->bytes.n = n;
    return n > 0;
}

static void store(struct http1 *h, struct talk_side *s)
{
    stream_write(s->stream, s->pos, h->bytes.p, h->bytes.n);
    s->pos += h->bytes.n;
}

static void skip_blank_lines(struct talk_side *s)
{
    uint8_t c;

    while (stream_read(s->stream, s->pos, &c, 1) == 1 && (c == '\r' || c == '\n'))
        s->pos++;
}

static enum asked kind_asked(const struct head *head)
{
    if (slice_eq(head->method, SLICE_LIT("CONNECT")))
        return ASKED_CONNECT;
    if (head->upgrade)
        return ASKED_UPGRADE;
    return slice_eq(head->method, SLICE_LIT("HEAD")) ? ASKED_HEAD : ASKED_USUAL;
}

/* RFC 9112 6.3 */
static void begin_body(struct http1 *h, int who, const struct head *head, bool none, bool until_close)
{
    h->gzip[who] = head->gzip;
    h->left[who] = 0;
    if (none)
        h->state[who] = STATE_HEAD;
    else if (head->chunked)
        h->state[who] = STATE_CHUNK;
    else if (head->has_length)
        h->state[who] = STATE_BODY;
    else
        h->state[who] = until_close ? STATE_UNTIL_CLOSE : STATE_HEAD;
    if (h->state[who] == STATE_BODY)
        h->left[who] = head->length;
}

static void end_tunnel(struct http1 *h, enum talk_found found)
{
    h->found = found;
    h->done = true;
}

static void take_response(struct http1 *h, const struct head *head)
{
    bool has_asked = h->answered < h->asked.n;
    enum asked asked = has_asked ? (enum asked)h->asked.p[h->answered] : ASKED_USUAL;
    bool interim = head->status >= 100 && head->status < 200 && head->status != 101;
    bool upgraded = head->status == 101 && asked == ASKED_UPGRADE;

    if (upgraded || (asked == ASKED_CONNECT && head->status >= 200 && head->status < 300)) {
        end_tunnel(h, !upgraded         ? TALK_TUNNEL
                      : head->websocket ? TALK_WEBSOCKET
                      : head->h2c       ? TALK_HTTP2
                                        : TALK_OVER);
        return;
    }
    if (!interim && has_asked) {
        h->answered++;
        if (h->state[TALK_CLIENT] == STATE_WAIT && h->answered == h->asked.n)
            h->state[TALK_CLIENT] = STATE_HEAD;
    }
    bool none = interim || head->status == 204 || head->status == 304 || asked == ASKED_HEAD;
    begin_body(h, TALK_SERVER, head, none, true);
}

static void take_request(struct http1 *h, const struct head *head)
{
    enum asked asked = kind_asked(head);

    buf_putc(&h->asked, (char)asked);
    begin_body(h, TALK_CLIENT, head, false, false);
    if (h->asked.failed || h->asked.n > ASKED_MAX)
        h->state[TALK_CLIENT] = STATE_OVER;
}

/* What Go quotes of a response that is none: its first line. */
static void take_no_response(struct http1 *h, struct talk_side *s)
{
    size_t text = line_end(buf_view(&h->bytes)), n = slice_find(buf_view(&h->bytes), '\n') + 1;

    n = n < h->bytes.n ? n : h->bytes.n;
    h->bytes.n = n < LINE_MAX_BYTES ? n : LINE_MAX_BYTES;
    scrub_text(h->talk->text, REDACT_TEXT, h->bytes.p, text < h->bytes.n ? text : h->bytes.n);
    store(h, s);
    h->state[TALK_SERVER] = STATE_OVER;
}

static bool step_head(struct http1 *h, int who)
{
    struct talk_side *s = &h->talk->side[who];
    struct head head = {0};

    skip_blank_lines(s);
    bool whole = gather(h, s);
    if (h->bytes.n == 0) {
        if (stream_next(s->stream, s->pos) == UINT64_MAX)
            return false;
        h->state[who] = STATE_LOST;
        return true;
    }
    if (who == TALK_SERVER && !talk_is_response(buf_view(&h->bytes))) {
        take_no_response(h, s);
        return true;
    }
    if (who == TALK_CLIENT && !talk_is_request(buf_view(&h->bytes))) {
        h->state[who] = STATE_LOST;
        return true;
    }
    struct slice all = buf_view(&h->bytes);
    size_t first = line_end(all), rest = slice_find(all, '\n') + 1;
    rest = rest < all.n ? rest : all.n;
    note_fields(&head, slice_from(all, rest));
    if (who == TALK_CLIENT)
        scrub_request_line(h, h->bytes.p, first, &head);
    else
        scrub_status_line(h, h->bytes.p, first, &head);
    scrub_text_fields(h->talk->text, h->bytes.p + rest, h->bytes.n - rest);
    store(h, s);
    if (!whole)
        h->state[who] = STATE_LOST;
    else if (who == TALK_CLIENT)
        take_request(h, &head);
    else
        take_response(h, &head);
    return true;
}

/* ---- bodies ---- */

/* Go looks at the first bytes of what is said to be of gzip (RFC 1952 2.3): they hold nothing else. */
static uint64_t gzip_header(struct http1 *h, int who, const struct talk_side *s)
{
    enum { HEADER_BYTES = 10 };
    uint8_t b[HEADER_BYTES];
    bool first = h->gzip[who];

    h->gzip[who] = false;
    if (!first || stream_read(s->stream, s->pos, b, HEADER_BYTES) < HEADER_BYTES || b[0] != 0x1f || b[1] != 0x8b)
        return 0;
    return HEADER_BYTES;
}

static void drop_body(struct http1 *h, int who, uint64_t n)
{
    struct talk_side *s = &h->talk->side[who];
    uint64_t kept = gzip_header(h, who, s), end = n < UINT64_MAX - s->pos ? s->pos + n : UINT64_MAX;

    s->pos += kept < n ? kept : n;
    talk_drop(s, end);
}

static void after_message(struct http1 *h, int who)
{
    bool waits = who == TALK_CLIENT && h->asked.n > h->answered &&
                 (h->asked.p[h->asked.n - 1] == ASKED_CONNECT || h->asked.p[h->asked.n - 1] == ASKED_UPGRADE);

    h->state[who] = waits ? STATE_WAIT : STATE_HEAD;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The line of a chunk's size stays; what is behind a ';' does not, nor does a line that is none. */
static bool step_chunk(struct http1 *h, int who)
{
    struct talk_side *s = &h->talk->side[who];
    uint8_t line[64];
    size_t n = stream_read(s->stream, s->pos, line, sizeof line), digits = 0;
    uint64_t size = 0;

    size_t end = slice_find(slice_of(line, n), '\n');
    while (digits < end && digits < 16 && hex_digit(line[digits]) >= 0)
        size = size << 4 | (uint64_t)hex_digit(line[digits++]);
    bool good = end < n && digits > 0;
    if (n == 0) {
        h->state[who] = stream_next(s->stream, s->pos) == UINT64_MAX ? STATE_OVER : STATE_LOST;
        return true;
    }
    /* What may be wrong with it is the first byte that is no digit. */
    uint64_t begin = s->pos;
    size_t shown = digits < end ? digits + 1 : digits, text = end > 0 && line[end - 1] == '\r' ? end - 1 : end;
    s->pos += shown;
    if (text > shown)
        talk_drop(s, begin + text);
    s->pos = begin + (end < n ? end + 1 : n);
    if (!good) {
        h->state[who] = STATE_LOST;
        return true;
    }
    h->left[who] = size;
    h->state[who] = size > 0 ? STATE_CHUNK_END : STATE_TRAILER;
    return true;
}

static bool step_chunk_end(struct http1 *h, int who)
{
    struct talk_side *s = &h->talk->side[who];
    uint8_t c;

    drop_body(h, who, h->left[who]);
    if (stream_read(s->stream, s->pos, &c, 1) == 1 && c == '\r')
        s->pos++;
    if (stream_read(s->stream, s->pos, &c, 1) == 1 && c == '\n')
        s->pos++;
    h->state[who] = STATE_CHUNK;
    return true;
}

static bool step_trailer(struct http1 *h, int who)
{
    struct talk_side *s = &h->talk->side[who];
    bool whole = gather(h, s);

    scrub_text_fields(h->talk->text, h->bytes.p, h->bytes.n);
    store(h, s);
    if (whole)
        after_message(h, who);
    else
        h->state[who] = STATE_LOST;
    return true;
}

/* A message that begins with a segment, as most do. */
static bool step_lost(struct http1 *h, int who)
{
    struct talk_side *s = &h->talk->side[who];
    uint64_t pos = stream_next(s->stream, s->pos);

    while (pos != UINT64_MAX) {
        struct slice piece = stream_piece(s->stream, pos);
        if (who == TALK_CLIENT ? talk_is_request(piece) : talk_is_response(piece)) {
            talk_drop(s, pos);
            h->state[who] = STATE_HEAD;
            return true;
        }
        pos = stream_next(s->stream, pos + piece.n);
    }
    h->state[who] = STATE_OVER;
    return true;
}

/* False: it cannot go on, for now or for good. */
static bool step(struct http1 *h, int who)
{
    switch (h->state[who]) {
    case STATE_HEAD:
        return step_head(h, who);
    case STATE_BODY:
        drop_body(h, who, h->left[who]);
        after_message(h, who);
        return true;
    case STATE_CHUNK:
        return step_chunk(h, who);
    case STATE_CHUNK_END:
        return step_chunk_end(h, who);
    case STATE_TRAILER:
        return step_trailer(h, who);
    case STATE_UNTIL_CLOSE:
        drop_body(h, who, UINT64_MAX);
        h->state[who] = STATE_OVER;
        return true;
    case STATE_LOST:
        return step_lost(h, who);
    default:
        return false;
    }
}

enum talk_found talk_http1(struct talk *t)
{
    struct http1 h = {.talk = t, .found = TALK_OVER};

    for (int who = 0; who < 2; who++)
        if (t->side[who].mid_stream)
            h.state[who] = STATE_LOST;
    /* What an answer ends with depends on its request, so that the client is read first, as far as it goes. */
    do {
        while (step(&h, TALK_CLIENT))
            continue;
    } while (step(&h, TALK_SERVER) && !h.done);
    buf_fini(&h.asked);
    buf_fini(&h.bytes);
    return h.found;
}
