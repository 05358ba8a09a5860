/* Plants markers wherever secrets stand in messages, with any bytes around them, and looks for them in everything that
 * comes out: each format of exchanges, what `compare` writes of live traces with the same secrets, and problems.
 *
 * An input is a protocol, and then steps: a place, and text around the marker there. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analyze/compare/compare.h"
#include "base/buf.h"
#include "pcap2trace/session.h"
#include "write/json/json.h"
#include "write/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of letters only, so that no format escapes any of it; not random enough to be hidden by its looks. */
static const char marker[] = "qzmarkerqz";

enum { STEPS_MAX = 12, AROUND_MAX = 40 };

struct input {
    struct slice left;
    bool http2;
    struct buf target, fields, answer, error;
};

static uint8_t next_byte(struct input *in)
{
    uint8_t c = in->left.n > 0 ? in->left.p[0] : 0;

    in->left = slice_from(in->left, 1);
    return c;
}

/* What is around a secret must leave it where it is: no end of a line, and no `stop`, which would end the place. */
static void put_around(struct input *in, struct buf *b, const char *stop)
{
    size_t n = next_byte(in) % AROUND_MAX;

    for (; n > 0 && in->left.n > 0; n--) {
        uint8_t c = next_byte(in);
        if (c >= ' ' && c < 0x7f && c != marker[1] && strchr(stop, c) == NULL) /* nor a marker of its own */
            buf_putc(b, (char)c);
    }
}

/* ---- places ---- */

static void put_encoded(struct buf *b, const char *text, unsigned level)
{
    for (; *text != '\0'; text++) {
        bool letter = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z');
        if (letter || level == 0) {
            buf_putc(b, *text);
            continue;
        }
        buf_putc(b, '%');
        for (unsigned i = 1; i < level; i++)
            buf_lit(b, "25");
        buf_printf(b, "%02X", (unsigned)(uint8_t)*text);
    }
}

static const char *const secret_keys[] = {"token",
                                          "access_token",
                                          "client_secret",
                                          "X-Amz-Signature",
                                          "sig",
                                          "sas",
                                          "PassWord",
                                          "ticket",
                                          "SAMLResponse",
                                          "assertion",
                                          "PHPSESSID",
                                          "jsessionid",
                                          "sid",
                                          "pin",
                                          "hmac",
                                          "apikey",
                                          "api_key",
                                          "key",
                                          "jwt",
                                          "session",
                                          "AWSAccessKeyId",
                                          "code",
                                          "auth",
                                          "user[password]"};

static const char *const secret_fields[] = {"Authorization",
                                            "X-Api-Token",
                                            "apikey",
                                            "DD-API-KEY",
                                            "Ocp-Apim-Subscription-Key",
                                            "Cookie",
                                            "Cookie2",
                                            "X-Auth-Key",
                                            "X-XSRF-TOKEN",
                                            "CF-Access-Client-Secret",
                                            "X-Amzn-Oidc-Data",
                                            "X-Session-Id",
                                            "X-Signature",
                                            "Proxy-Password",
                                            "Sec-WebSocket-Protocol",
                                            "X-Client-Credential",
                                            "x-tenant-bin",
                                            "X-Goog-Iap-Jwt-Assertion",
                                            "X-Functions-Key"};

#define PICK(in, list) list[next_byte(in) % (sizeof(list) / sizeof *(list))]

/* A URL with a secret in one of its places, `level` times encoded. */
static void put_url(struct input *in, struct buf *b, unsigned level)
{
    struct buf url = {0};
    unsigned place = next_byte(in) % 6;

    if (place == 0) {
        buf_lit(&url, "https://user:");
        put_around(in, &url, "/?#&%@\"'<> ");
        buf_printf(&url, "%s@host.test/a", marker);
    } else if (place == 1) {
        buf_printf(&url, "https://host.test/a#%s", marker);
    } else if (place == 2) {
        buf_printf(&url, "https://host.test/a;%s=%s", "jsessionid", marker);
    } else {
        const char *key = PICK(in, secret_keys);
        buf_lit(&url, "https://host.test/a?x=");
        put_around(in, &url, "#%\"'<> &");
        buf_printf(&url, "&%s=", key);
        put_around(in, &url, "#%\"'<> &");
        buf_printf(&url, "%s&%s=1", marker, strcmp(key, "code") == 0 ? "state" : "y");
    }
    buf_putc(&url, '\0');
    put_encoded(b, (const char *)url.p, level);
    buf_fini(&url);
}

static void put_nested_url(struct input *in, struct buf *b)
{
    unsigned level = next_byte(in) % 4;

    if (level == 0) {
        put_url(in, b, 0);
        return;
    }
    buf_lit(b, "https://outer.test/b?next=");
    put_url(in, b, level);
}

/* A text that quotes a secret, as errors and odd fields do. */
static void put_text(struct input *in, struct buf *b)
{
    switch (next_byte(in) % 7) {
    case 0:
        put_around(in, b, "");
        buf_printf(b, " %s=%s", PICK(in, secret_fields), marker);
        break;
    case 1:
        put_around(in, b, "/'\"");
        buf_printf(b, " {\"%s\":\"%s\"}", PICK(in, secret_fields), marker);
        break;
    case 2:
        put_around(in, b, "");
        buf_printf(b, " Bearer %s1", marker);
        break;
    case 3:
        put_around(in, b, "");
        buf_printf(b, " eyJhbGciOiJIUzI1NiJ9.%s.%s", marker, marker);
        break;
    case 4:
        put_around(in, b, "-");
        buf_printf(b, " -----BEGIN PRIVATE KEY----- %s -----END PRIVATE KEY-----", marker);
        break;
    case 5:
        put_around(in, b, "'\"");
        buf_lit(b, " <");
        put_url(in, b, 0);
        buf_lit(b, ">");
        break;
    default:
        put_around(in, b, "/'\"");
        buf_printf(b, " x-api-key: %s", marker);
    }
}

static void put_field_of_url(struct input *in, struct buf *b)
{
    static const char *const names[] = {"Referer",     "Location",        "Content-Location", "Origin",
                                        "Destination", "X-Forwarded-Uri", "X-Original-URL",   "X-Rewrite-Url"};

    buf_printf(b, "%s: ", PICK(in, names));
    put_nested_url(in, b);
    buf_lit(b, "\r\n");
}

static void put_field(struct input *in, struct buf *b)
{
    switch (next_byte(in) % 5) {
    case 0: /* white space before the colon, and a value that goes on in the next line */
        buf_printf(b, "%s%s: ", PICK(in, secret_fields), !in->http2 && next_byte(in) % 4 == 0 ? " " : "");
        put_around(in, b, "");
        buf_printf(b, "%s%s\r\n", !in->http2 && next_byte(in) % 4 == 0 ? "x\r\n " : "", marker);
        break;
    case 1:
        put_field_of_url(in, b);
        break;
    case 2:
        buf_printf(b, "X-Original-Url: %s\r\n", marker);
        break;
    case 3:
        buf_lit(b, "Link: <");
        put_nested_url(in, b);
        buf_lit(b, ">; rel=\"next\"\r\n");
        break;
    default:
        buf_lit(b, "X-Debug: ");
        put_text(in, b);
        buf_lit(b, "\r\n");
    }
}

static void put_target(struct input *in, struct buf *b)
{
    switch (next_byte(in) % 4) {
    case 0:
        put_nested_url(in, b);
        break;
    case 1:
        buf_printf(b, "//user:%s@host.test/", marker);
        break;
    case 2:
        buf_printf(b, "/callback?code=%s", marker);
        break;
    default:
        buf_lit(b, "/b?next=");
        put_url(in, b, 1 + next_byte(in) % 3);
    }
}

/* ---- the messages ---- */

static void take_steps(struct input *in)
{
    put_target(in, &in->target);
    for (unsigned i = 0; i < STEPS_MAX && in->left.n > 0; i++)
        switch (next_byte(in) % 4) {
        case 0:
        case 1:
            put_field(in, &in->fields);
            break;
        case 2:
            put_field_of_url(in, &in->answer);
            break;
        default:
            buf_reset(&in->error);
            put_text(in, &in->error);
        }
}

static struct slice text(const struct buf *b)
{
    return b->n > 0 ? buf_view(b) : SLICE_LIT("");
}

static void http1_request(struct input *in, struct buf *b)
{
    if (next_byte(in) % 8 == 0)
        buf_printf(b, "CONNECT user:%s@host.test:443 HTTP/1.1\r\n", marker);
    else
        buf_printf(b, "GET %.*s HTTP/1.1\r\n", (int)in->target.n, (const char *)in->target.p);
    buf_printf(b, "Host: user:%s@host.test\r\n", marker);
    buf_slice(b, text(&in->fields));
    buf_lit(b, "\r\n");
}

static void http1_response(struct input *in, struct buf *b)
{
    buf_lit(b, "HTTP/1.1 103 Early Hints\r\n");
    buf_slice(b, text(&in->answer));
    buf_lit(b, "\r\n");
    switch (next_byte(in) % 3) {
    case 0:
        buf_printf(b, "HTTP/1.1 200 OK\r\n%s %s\r\n\r\n", PICK(in, secret_fields), marker);
        break;
    case 1:
        buf_lit(b, "HTTP/1.1 503 ");
        buf_slice(b, text(&in->error));
        buf_lit(b, "\r\nContent-Length: 0\r\n\r\n");
        break;
    default:
        buf_printf(b, "HTTP/1.1 2000 %s=%s\r\n\r\n", PICK(in, secret_keys), marker);
    }
}

/* RFC 7541 6.2.2: a literal field without indexing, with a new name. */
static void put_hpack(struct buf *b, struct slice name, struct slice value)
{
    struct slice parts[] = {name, value};

    buf_putc(b, 0);
    for (int i = 0; i < 2; i++) {
        size_t n = parts[i].n;
        if (n < 127) {
            buf_putc(b, (char)n);
        } else {
            buf_putc(b, 127);
            for (n -= 127; n >= 128; n /= 128)
                buf_putc(b, (char)(n % 128 + 128));
            buf_putc(b, (char)n);
        }
        buf_slice(b, parts[i]);
    }
}

static void put_hpack_lines(struct buf *b, struct slice lines)
{
    while (lines.n > 0) {
        size_t end = slice_find(lines, '\r');
        struct slice line = slice_of(lines.p, end);
        size_t colon = slice_find(line, ':');
        uint8_t name[64];
        for (size_t i = 0; i < colon && i < sizeof name; i++)
            name[i] = line.p[i] >= 'A' && line.p[i] <= 'Z' ? (uint8_t)(line.p[i] + 32) : line.p[i];
        put_hpack(b, slice_of(name, colon), slice_trim(slice_from(line, colon + 1)));
        lines = slice_from(lines, end + 2);
    }
}

static void put_frame(struct buf *b, unsigned type, unsigned flags, unsigned stream, struct slice payload)
{
    const uint8_t head[] = {(uint8_t)(payload.n >> 16),
                            (uint8_t)(payload.n >> 8),
                            (uint8_t)payload.n,
                            (uint8_t)type,
                            (uint8_t)flags,
                            0,
                            0,
                            0,
                            (uint8_t)stream};

    buf_put(b, head, sizeof head);
    buf_slice(b, payload);
}

enum { FRAME_HEADERS = 1, FRAME_SETTINGS = 4, END_STREAM = 1, END_HEADERS = 4 };

static void http2_request(struct input *in, struct buf *b)
{
    struct buf block = {0};

    buf_lit(b, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    put_frame(b, FRAME_SETTINGS, 0, 0, slice_of(NULL, 0));
    put_hpack(&block, SLICE_LIT(":method"), SLICE_LIT("POST"));
    put_hpack(&block, SLICE_LIT(":scheme"), SLICE_LIT("http"));
    put_hpack(&block, SLICE_LIT(":path"), text(&in->target));
    put_hpack(&block, SLICE_LIT(":authority"), SLICE_LIT("user:qzmarkerqz@host.test"));
    put_hpack(&block, SLICE_LIT("content-type"), SLICE_LIT("application/grpc"));
    put_hpack_lines(&block, text(&in->fields));
    put_frame(b, FRAME_HEADERS, END_HEADERS | END_STREAM, 1, buf_view(&block));
    buf_fini(&block);
}

static void http2_response(struct input *in, struct buf *b)
{
    struct buf block = {0};

    put_frame(b, FRAME_SETTINGS, 0, 0, slice_of(NULL, 0));
    put_hpack(&block, SLICE_LIT(":status"), SLICE_LIT("103"));
    put_hpack_lines(&block, text(&in->answer));
    put_frame(b, FRAME_HEADERS, END_HEADERS, 1, buf_view(&block));
    buf_reset(&block);
    put_hpack(&block, SLICE_LIT(":status"), SLICE_LIT("200"));
    put_hpack(&block, SLICE_LIT("content-type"), SLICE_LIT("application/grpc"));
    put_frame(b, FRAME_HEADERS, END_HEADERS, 1, buf_view(&block));
    buf_reset(&block);
    put_hpack(&block, SLICE_LIT("grpc-status"), SLICE_LIT("13"));
    put_hpack(&block, SLICE_LIT("grpc-message"), text(&in->error));
    put_hpack_lines(&block, text(&in->answer));
    put_frame(b, FRAME_HEADERS, END_HEADERS | END_STREAM, 1, buf_view(&block));
    buf_fini(&block);
}

/* ---- the capture ---- */

struct wire {
    struct buf pcap;
    uint32_t seq[2], time_us;
};

enum { SYN = 2, PSH = 8, ACK = 16, FIN = 1 };

static void be32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* From side 0, the client, or 1. Ethernet, IPv4 and TCP; nobody asks for checksums. */
static void packet(struct wire *w, int side, unsigned flags, struct slice payload)
{
    uint8_t head[54] = {[12] = 8, [14] = 0x45, [22] = 64, [23] = 6, [46] = 0x50, [48] = 0xff, [49] = 0xff};
    size_t n = 40 + payload.n;

    head[16] = (uint8_t)(n >> 8);
    head[17] = (uint8_t)n;
    be32(head + 26, side == 0 ? 0x0a000001 : 0x0a000002);
    be32(head + 30, side == 0 ? 0x0a000002 : 0x0a000001);
    be32(head + 34, side == 0 ? 0x9c400050 : 0x00509c40);
    be32(head + 38, w->seq[side]);
    be32(head + 42, flags == SYN ? 0 : w->seq[1 - side]);
    head[47] = (uint8_t)flags;
    buf_le32(&w->pcap, 1700000000);
    buf_le32(&w->pcap, w->time_us += 1000);
    buf_le32(&w->pcap, (uint32_t)(14 + n));
    buf_le32(&w->pcap, (uint32_t)(14 + n));
    buf_put(&w->pcap, head, sizeof head);
    buf_slice(&w->pcap, payload);
    w->seq[side] += (uint32_t)payload.n + ((flags & (SYN | FIN)) != 0);
}

static void make_capture(struct input *in, struct wire *w)
{
    static const uint8_t header[] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0,
                                     0,    0,    0,    0,    0, 0, 4, 0, 1, 0, 0, 0};
    struct buf request = {0}, response = {0};

    take_steps(in);
    (in->http2 ? http2_request : http1_request)(in, &request);
    (in->http2 ? http2_response : http1_response)(in, &response);
    buf_put(&w->pcap, header, sizeof header);
    packet(w, 0, SYN, slice_of(NULL, 0));
    packet(w, 1, SYN | ACK, slice_of(NULL, 0));
    packet(w, 0, ACK, slice_of(NULL, 0));
    packet(w, 0, PSH | ACK, buf_view(&request));
    packet(w, 1, PSH | ACK, buf_view(&response));
    packet(w, 1, FIN | ACK, slice_of(NULL, 0));
    packet(w, 0, FIN | ACK, slice_of(NULL, 0));
    buf_fini(&request);
    buf_fini(&response);
}

/* ---- what comes out ---- */

struct run {
    struct out_writer *writers[OUT_FORMAT_COUNT];
    struct compare *compare;
    struct buf out;
    unsigned exchanges;
};

static int keep(void *ctx, const void *bytes, size_t n)
{
    buf_put(ctx, bytes, n);
    return 0;
}

static void say(void *ctx, const char *text_said)
{
    buf_str(&((struct run *)ctx)->out, text_said);
}

static void on_problem(void *ctx, const struct p2t_problem *problem)
{
    say(ctx, problem->text);
}

static void on_live_problem(void *ctx, struct slice file, uint64_t line, const char *problem)
{
    (void)file;
    (void)line;
    say(ctx, problem);
}

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct run *r = ctx;

    r->exchanges++;
    for (int i = 0; i < OUT_FORMAT_COUNT; i++)
        if (out_writer_exchange(r->writers[i], x) != P2T_OK)
            abort();
    return compare_exchange(r->compare, x, true);
}

static int log_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct out_writer *w = out_writer_new(OUT_FORMAT_NDJSON, &(struct out_options){0}, &(struct out_sink){ctx, keep});

    if (out_writer_exchange(w, x) != P2T_OK || out_writer_finish(w) != P2T_OK)
        abort();
    out_writer_free(w);
    return 0;
}

static void run_session(const struct wire *w, struct p2t_config config)
{
    struct p2t_session *session;
    char path[64];
    const char *paths = path;
    int fd = memfd_create("capture", 0);

    if (fd < 0 || write(fd, w->pcap.p, w->pcap.n) != (ssize_t)w->pcap.n)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    config.paths = &paths;
    config.path_count = 1;
    config.all = true;
    if (p2t_session_open(&session, &config, NULL) != P2T_OK || p2t_session_run(session) != P2T_OK)
        abort();
    p2t_session_free(session);
    close(fd);
}

/* A trace that has no exchange, of a URL and an error with secrets. */
static void log_another(struct input *in, struct buf *live)
{
    buf_lit(live, "{\"hooks\":[],\"url\":");
    json_text(live, (struct p2t_text){(const char *)in->target.p, in->target.n});
    buf_lit(live, ",\"error\":");
    json_text(live, (struct p2t_text){(const char *)text(&in->error).p, in->error.n});
    buf_lit(live, ",\"trace_id\":\"eyJhbGciOiJIUzI1NiJ9qzmarkerqz\",\"events\":[{\"hook\":\"GetConn\",\"time\":"
                  "\"2023-11-14T22:13:20Z\",\"args\":{\"hostPort\":\"user:qzmarkerqz@host.test:80\"}},"
                  "{\"hook\":\"WroteRequest\",\"time\":\"2023-11-14T22:13:20Z\",\"args\":{\"Err\":");
    json_text(live, (struct p2t_text){(const char *)text(&in->error).p, in->error.n});
    buf_lit(live, "}}]}\n");
}

static void look_for_markers(const struct run *r, const char *what)
{
    const uint8_t *hit = r->out.n > 0 ? memmem(r->out.p, r->out.n, marker, sizeof marker - 1) : NULL;

    if (hit == NULL)
        return;
    size_t at = (size_t)(hit - r->out.p), from = at > 200 ? at - 200 : 0;
    fprintf(stderr, "%s shows a secret: %.*s\n", what,
            (int)(at - from + 40 < r->out.n - from ? at - from + 40 : r->out.n - from),
            (const char *)r->out.p + from);
    abort();
}

static void check_compare(struct run *r)
{
    if (compare_finish(r->compare, 1700000000000000000, 1700000001000000000) != P2T_OK)
        abort();
    for (int i = COMPARE_TEXT; i <= COMPARE_CSV; i++)
        if (compare_write(r->compare, (enum compare_format)i, &(struct out_sink){&r->out, keep}) != P2T_OK)
            abort();
    look_for_markers(r, "compare");
}

static void check_formats(struct run *r)
{
    for (int i = 0; i < OUT_FORMAT_COUNT; i++) {
        if (out_writer_finish(r->writers[i]) != P2T_OK)
            abort();
        look_for_markers(r, out_format_name((enum out_format)i));
        out_writer_free(r->writers[i]);
    }
}

static void check(struct input *in, const struct wire *w)
{
    struct run r = {0};
    struct buf live = {0};

    for (int i = 0; i < OUT_FORMAT_COUNT; i++)
        r.writers[i] = out_writer_new((enum out_format)i, &(struct out_options){0}, &(struct out_sink){&r.out, keep});
    r.compare = compare_new(&(struct compare_config){.tolerance_ns = 1, .ctx = &r, .problem = on_live_problem});
    run_session(w, (struct p2t_config){.ctx = &live, .show_secrets = true, .exchange = log_exchange});
    log_another(in, &live);
    live_begin_file(compare_live(r.compare), SLICE_LIT("live"));
    live_feed(compare_live(r.compare), buf_view(&live));
    live_end_file(compare_live(r.compare));
    run_session(w, (struct p2t_config){.ctx = &r, .exchange = on_exchange, .problem = on_problem});
    if (r.exchanges == 0 || memmem(live.p, live.n, marker, sizeof marker - 1) == NULL)
        abort(); /* nothing was looked at */
    check_formats(&r);
    check_compare(&r);
    compare_free(r.compare);
    buf_fini(&live);
    buf_fini(&r.out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {.left = {data, size}};
    struct wire w = {.seq = {1000, 5000}};

    in.http2 = next_byte(&in) % 2 == 1;
    make_capture(&in, &w);
    check(&in, &w);
    buf_fini(&in.target);
    buf_fini(&in.fields);
    buf_fini(&in.answer);
    buf_fini(&in.error);
    buf_fini(&w.pcap);
    return 0;
}
