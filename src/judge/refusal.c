/* Why Go's client refuses a response, as its net/http, net/textproto and net/http/internal say it. */
#include "base/buf.h"
#include "base/utf8.h"
#include "judge/words.h"

/* What follows the words. */
enum quoting { QUOTE_NOTHING, QUOTE_LINE, QUOTE_LIST };

static const struct {
    const char *words;
    enum quoting quoting;
} refusals[] = {
    [FACT_BAD_LINE] = {"malformed HTTP response ", QUOTE_LINE},
    [FACT_BAD_STATUS] = {"malformed HTTP status code ", QUOTE_LINE},
    [FACT_BAD_VERSION] = {"malformed HTTP version ", QUOTE_LINE},
    [FACT_BAD_FIRST_FIELD] = {"malformed MIME header initial line: ", QUOTE_LINE},
    [FACT_BAD_FIRST_LONG] = {"message too large", QUOTE_NOTHING},
    [FACT_BAD_NO_COLON] = {"malformed MIME header: missing colon: ", QUOTE_LINE},
    [FACT_BAD_FIELD] = {"malformed MIME header line: ", QUOTE_LINE},
    [FACT_BAD_CODINGS] = {"too many transfer encodings: ", QUOTE_LIST},
    [FACT_BAD_CODING] = {"unsupported transfer encoding: ", QUOTE_LINE},
    [FACT_BAD_LENGTHS] = {"http: message cannot contain multiple Content-Length headers; got ", QUOTE_LIST},
    [FACT_BAD_LENGTH] = {"bad Content-Length ", QUOTE_LINE},
    [FACT_BAD_TRAILER_KEY] = {"bad trailer key ", QUOTE_LINE},
    [FACT_BAD_CHUNK_BARE_LF] = {"chunked line ends with bare LF", QUOTE_NOTHING},
    [FACT_BAD_CHUNK_BARE_CR] = {"invalid CR in chunked line", QUOTE_NOTHING},
    [FACT_BAD_CHUNK_LINE] = {"header line too long", QUOTE_NOTHING},
    [FACT_BAD_CHUNK_EMPTY] = {"empty hex number for chunk length", QUOTE_NOTHING},
    [FACT_BAD_CHUNK_BYTE] = {"invalid byte in chunk length", QUOTE_NOTHING},
    [FACT_BAD_CHUNK_SIZE] = {"http chunk length too large", QUOTE_NOTHING},
    [FACT_BAD_CHUNK_END] = {"malformed chunked encoding", QUOTE_NOTHING},
    [FACT_BAD_CHUNK_EXCESS] = {"chunked encoding contains too much non-data", QUOTE_NOTHING},
    [FACT_BAD_TRAILER_LONG] = {"http: suspiciously long trailer after chunked body", QUOTE_NOTHING},
    [FACT_BAD_TRAILER_END] = {"http: unexpected EOF reading trailer", QUOTE_NOTHING},
    [FACT_BAD_GZIP] = {"gzip: invalid header", QUOTE_NOTHING},
    [FACT_BAD_FRAME] = {"http2: frame too large", QUOTE_NOTHING},
    [FACT_BAD_FRAME_HTTP1] = {"http2: failed reading the frame payload: http2: frame too large, note that the frame "
                              "header looked like an HTTP/1.1 header",
                              QUOTE_NOTHING},
    [FACT_BAD_FRAME_FIRST] = {"connection error: PROTOCOL_ERROR", QUOTE_NOTHING},
    [FACT_BAD_EXTRA] = {"", QUOTE_NOTHING},
};

/* ---- strconv.Quote ---- */

static uint32_t code_point(struct slice sequence)
{
    static const uint8_t first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t c = sequence.p[0] & first_bits[sequence.n];

    for (size_t i = 1; i < sequence.n; i++)
        c = c << 6 | (sequence.p[i] & 0x3f);
    return c;
}

/* Controls, spaces other than ASCII's, and what is not to be seen; Go's tables know more of it. */
static bool is_printable(uint32_t c)
{
    return c > 0xa0 && c != 0xad && c != 0x1680 && !(c >= 0x2000 && c <= 0x200f) && !(c >= 0x2028 && c <= 0x202f) &&
           !(c >= 0x205f && c <= 0x206f) && c != 0x3000 && !(c >= 0xe000 && c <= 0xf8ff) && c != 0xfeff &&
           c < 0xe0000 && !(c >= 0xfff0 && c <= 0xfffb) && (c & 0xfffe) != 0xfffe;
}

static void quote_ascii(struct buf *b, uint8_t c)
{
    static const char escaped[] = "\a\b\f\n\r\t\v\\\"", letters[] = "abfnrtv\\\"";
    const char *at = c != 0 ? strchr(escaped, c) : NULL;

    if (at != NULL)
        buf_printf(b, "\\%c", letters[at - escaped]);
    else if (c < ' ' || c >= 0x7f)
        buf_printf(b, "\\x%02x", c);
    else
        buf_putc(b, (char)c);
}

static void quote(struct buf *b, struct slice s)
{
    buf_putc(b, '"');
    while (s.n > 0) {
        size_t n = utf8_sequence(s);
        uint32_t c = n > 1 ? code_point(slice_of(s.p, n)) : 0;
        if (n <= 1)
            quote_ascii(b, s.p[0]);
        else if (is_printable(c))
            buf_put(b, s.p, n);
        else
            buf_printf(b, c > 0xffff ? "\\U%08x" : "\\u%04x", c);
        s = slice_from(s, n == 0 ? 1 : n);
    }
    buf_putc(b, '"');
}

static void quote_list(struct buf *b, struct slice lines)
{
    buf_putc(b, '[');
    for (;;) {
        size_t n = slice_find(lines, '\n');
        quote(b, slice_of(lines.p, n));
        if (n == lines.n)
            break;
        buf_putc(b, ' ');
        lines = slice_of(lines.p + n + 1, lines.n - n - 1);
    }
    buf_putc(b, ']');
}

struct slice refusal_quote(struct arena *a, struct slice s)
{
    struct buf b = {0};

    quote(&b, s);
    struct slice text = arena_copy(a, buf_view(&b));
    buf_fini(&b);
    return text;
}

/* ---- the words ---- */

struct slice refusal_text(struct exchange *e)
{
    const struct exchange_response *r = &e->response;
    bool empty = r->bad == FACT_BAD_LENGTH && r->bad_line.n == 0;
    struct buf b = {0};

    if (!r->seen)
        buf_str(&b, REFUSAL_BROKEN);
    buf_str(&b, empty ? "invalid empty Content-Length " : refusals[r->bad].words);
    if (refusals[r->bad].quoting == QUOTE_LINE)
        quote(&b, r->bad_line);
    else if (refusals[r->bad].quoting == QUOTE_LIST)
        quote_list(&b, r->bad_line);
    struct slice text = arena_copy(&e->arena, buf_view(&b));
    buf_fini(&b);
    return text;
}

struct slice refused_frame_text(const struct exchange *e)
{
    return slice_str(refusals[e->conn.refused].words);
}
