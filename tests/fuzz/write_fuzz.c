/* Any bytes as every text of an exchange, in every format: the output is valid UTF-8 that no terminal obeys, and escaped
 * text can be turned back. */
#include <stdlib.h>

#include "base/utf8.h"
#include "write/escape.h"
#include "write/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
    if (!holds)
        abort();
}

static void expect_harmless(struct slice rest)
{
    while (rest.n > 0) {
        size_t n = utf8_sequence(rest);
        expect(n > 0);
        expect(n > 1 || (rest.p[0] >= 0x20 && rest.p[0] != 0x7f) || rest.p[0] == '\n' || rest.p[0] == '\r');
        expect(n <= 1 || !escape_is_unseen(escape_code_point(rest.p, n)));
        rest = slice_of(rest.p + n, rest.n - n);
    }
}

static int check(void *ctx, const void *bytes, size_t n)
{
    (void)ctx;
    expect_harmless(slice_of(bytes, n));
    return P2T_OK;
}

/* ---- escapes ---- */

static uint32_t hex(const uint8_t *p, size_t digits)
{
    uint32_t v = 0;

    for (size_t i = 0; i < digits; i++)
        v = v << 4 | (uint32_t)(p[i] <= '9' ? p[i] - '0' : p[i] - 'a' + 10);
    return v;
}

static void put_utf8(struct buf *b, uint32_t code)
{
    if (code < 0x800) {
        buf_putc(b, (char)(0xc0 | code >> 6));
    } else if (code < 0x10000) {
        buf_putc(b, (char)(0xe0 | code >> 12));
        buf_putc(b, (char)(0x80 | (code >> 6 & 0x3f)));
    } else {
        buf_putc(b, (char)(0xf0 | code >> 18));
        buf_putc(b, (char)(0x80 | (code >> 12 & 0x3f)));
        buf_putc(b, (char)(0x80 | (code >> 6 & 0x3f)));
    }
    buf_putc(b, (char)(0x80 | (code & 0x3f)));
}

/* Returns the length of the escape at p. */
static size_t undo(struct buf *b, const uint8_t *p)
{
    switch (p[1]) {
    case 'x':
        buf_putc(b, (char)hex(p + 2, 2));
        return 4;
    case 'u':
        put_utf8(b, hex(p + 2, 4));
        return 6;
    case 'U':
        put_utf8(b, hex(p + 2, 8));
        return 10;
    default:
        buf_putc(b, p[1] == 'n' ? '\n' : p[1] == 'r' ? '\r' : p[1] == 't' ? '\t' : '\\');
        return 2;
    }
}

static void check_escapes(struct p2t_text s)
{
    struct buf b = {0}, back = {0};
    size_t i = 0;

    escape_text(&b, s);
    expect_harmless(buf_view(&b));
    while (i < b.n) {
        if (b.p[i] == '\\')
            i += undo(&back, b.p + i);
        else
            buf_putc(&back, (char)b.p[i++]);
    }
    expect(slice_eq(buf_view(&back), slice_of(s.p, s.n)));
    buf_fini(&b);
    buf_fini(&back);
}

/* ---- formats ---- */

static void write_everywhere(const struct p2t_exchange *x)
{
    struct out_options options = {0};
    struct out_sink sink = {NULL, check};

    for (int i = 0; i < OUT_FORMAT_COUNT; i++) {
        struct out_writer *w = out_writer_new((enum out_format)i, &options, &sink);
        if (w == NULL)
            return;
        (void)out_writer_exchange(w, x);
        (void)out_writer_exchange(w, x);
        (void)out_writer_finish(w);
        out_writer_free(w);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct p2t_text s = {(const char *)data, size};
    uint8_t pick = size > 0 ? data[0] : 0;
    struct p2t_value item = {.kind = P2T_VALUE_TEXT, .as.text = s};
    struct p2t_value list = {.kind = P2T_VALUE_LIST, .as.list = {&item, 1}};
    struct p2t_arg args[P2T_ARG_COUNT];
    struct p2t_event events[P2T_HOOK_COUNT];
    struct p2t_connection c = {.client = s, .server = s, .proxy = s, .nat_server = s, .nat_client = s};
    struct p2t_finding finding = {.code = "dns.not_found", .text = s};
    struct p2t_exchange x = {.kind = (enum p2t_kind)(pick % P2T_KIND_COUNT),
                             .outcome = (enum p2t_outcome)(pick / 8 % P2T_OUTCOME_COUNT),
                             .error = s,
                             .trace_id = s,
                             .trace_id_source = s,
                             .method = s,
                             .url = s,
                             .host = s,
                             .request_proto = s,
                             .response_proto = s,
                             .request = {1, 1, s},
                             .response = {1, 1, s},
                             .connection = pick & 1 ? &c : NULL,
                             .end_ns = P2T_HOOK_COUNT * 1000000,
                             .events = events,
                             .event_count = P2T_HOOK_COUNT,
                             .findings = &finding,
                             .finding_count = 1};

    for (int i = 0; i < P2T_HOOK_COUNT; i++)
        events[i] = (struct p2t_event){.hook = (enum p2t_hook)i, .time_ns = i * 1000000};
    for (int i = 0; i < P2T_ARG_COUNT; i++) {
        const struct p2t_hook_arg_info *info = &p2t_hook_args[i];
        struct p2t_event *ev = &events[info->hook];
        args[i] = (struct p2t_arg){{info->name, info->name_bytes}, info->kind == P2T_VALUE_LIST ? list : item};
        if (info->index == 0)
            ev->args = &args[i];
        ev->arg_count++;
    }
    check_escapes(s);
    write_everywhere(&x);
    return 0;
}
