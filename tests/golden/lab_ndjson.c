#include "lab_ndjson.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/timefmt.h"
#include "pcap2trace/exchange.h"
#include "support/cmocka_all.h"

enum { REQUESTS_MAX = 256, LINE_MAX_BYTES = 1 << 20 };

struct request {
    char tag[64];
    struct buf head, error, events;
};

struct log {
    struct request requests[REQUESTS_MAX];
    size_t n;
    bool header_fields; /* some scenarios' clients did not log this hook at all */
};

/* What stands between the quotes behind the label, as it is: Go quotes much as JSON does. */
static bool quoted(const char *text, const char *label, struct buf *out)
{
    const char *at = strstr(text, label);

    buf_reset(out);
    if (at == NULL)
        return false;
    for (at += strlen(label); *at != '\0' && *at != '"'; at++) {
        buf_putc(out, *at);
        if (*at == '\\' && at[1] != '\0')
            buf_putc(out, *++at);
    }
    return true;
}

static void put_word(struct buf *b, const char *text, const char *label, const char *stops)
{
    const char *at = strstr(text, label);

    assert_non_null(at);
    at += strlen(label);
    buf_putc(b, '"');
    buf_put(b, at, strcspn(at, stops));
    buf_putc(b, '"');
}

static void put_error(struct buf *b, const char *name, const char *label, const char *args)
{
    struct buf error = {0};

    buf_printf(b, "\"%s\":", name);
    if (quoted(args, label, &error)) {
        buf_putc(b, '"');
        buf_slice(b, buf_view(&error));
        buf_putc(b, '"');
    } else
        buf_lit(b, "null");
    buf_fini(&error);
}

/* addrs=[{127.0.0.1 } {::1 }](nil=false) */
static void put_addresses(struct buf *b, const char *args)
{
    const char *at = strstr(args, "addrs=["), *end = at != NULL ? strchr(at, ']') : NULL;

    assert_non_null(end);
    buf_lit(b, "\"Addrs\":[");
    for (bool first = true; (at = strchr(at, '{')) != NULL && at < end; first = false) {
        buf_str(b, first ? "" : ",");
        put_word(b, at, "{", " ");
        at++;
    }
    buf_lit(b, "],");
}

static void put_args(struct buf *b, enum p2t_hook hook, const char *args)
{
    switch (hook) {
    case P2T_HOOK_GET_CONN:
        buf_lit(b, "\"hostPort\":");
        put_word(b, args, "", " \n");
        break;
    case P2T_HOOK_DNS_START:
        buf_lit(b, "\"Host\":");
        put_word(b, args, "host=\"", "\"");
        break;
    case P2T_HOOK_DNS_DONE:
        put_addresses(b, args);
        put_error(b, "Err", "err=\"", args);
        break;
    case P2T_HOOK_CONNECT_DONE:
        put_error(b, "err", "err=\"", args);
        buf_putc(b, ',');
        /* fall through */
    case P2T_HOOK_CONNECT_START:
        buf_lit(b, "\"network\":\"tcp\",\"addr\":");
        put_word(b, args, "tcp ", " \n");
        break;
    case P2T_HOOK_TLS_HANDSHAKE_DONE:
        put_error(b, "err", "err=\"", args);
        break;
    case P2T_HOOK_WROTE_REQUEST:
        put_error(b, "Err", "err=\"", args);
        break;
    case P2T_HOOK_PUT_IDLE_CONN:
        put_error(b, "err", "\"", args);
        break;
    case P2T_HOOK_GOT_CONN:
        buf_printf(b, "\"Reused\":%s,\"LocalAddr\":", strstr(args, "reused=true") != NULL ? "true" : "false");
        put_word(b, args, "local=", " \n");
        buf_lit(b, ",\"RemoteAddr\":");
        put_word(b, args, "remote=", " \n");
        break;
    case P2T_HOOK_WROTE_HEADER_FIELD:
        buf_lit(b, "\"key\":");
        put_word(b, args, "", "=\n");
        break;
    case P2T_HOOK_GOT_1XX_RESPONSE:
        buf_printf(b, "\"code\":%d", atoi(args));
        break;
    default:
        break;
    }
}

/* The latest request of that name. */
static struct request *request_of(struct log *log, const char *tag)
{
    for (size_t i = log->n; i-- > 0;)
        if (strcmp(log->requests[i].tag, tag) == 0)
            return &log->requests[i];
    return NULL;
}

static void begin_request(struct log *log, const char *tag, const char *method, const char *url)
{
    assert_true(log->n < REQUESTS_MAX);
    struct request *r = &log->requests[log->n++];
    snprintf(r->tag, sizeof r->tag, "%s", tag);
    buf_printf(&r->head, "{\"schema\":\"pcap2trace.live/1\",\"trace_id\":\"%s#%zu\",\"method\":\"%s\",\"url\":\"%s\"",
               tag, log->n, method, url);
}

/* "Do GET url", "Do err=...", "body n=5 err=..." */
static void take_mark(struct log *log, const char *tag, const char *args)
{
    char method[16], url[512];
    struct request *r = request_of(log, tag);

    if (sscanf(args, "Do %15[A-Z] %511s", method, url) == 2)
        begin_request(log, tag, method, url);
    else if (r != NULL && (strncmp(args, "Do err", 6) == 0 || strncmp(args, "body ", 5) == 0) && r->error.n == 0)
        (void)quoted(args, "err=\"", &r->error);
}

static void take_hook(struct log *log, const char *tag, int64_t ns, enum p2t_hook hook, const char *args)
{
    struct request *r = request_of(log, tag);
    char time[TIME_TEXT_BYTES];

    assert_non_null(r);
    log->header_fields |= hook == P2T_HOOK_WROTE_HEADER_FIELD;
    time_rfc3339(ns, time);
    buf_printf(&r->events, "%s{\"hook\":\"%s\",\"time\":\"%.30s\",\"args\":{", r->events.n > 0 ? "," : "",
               p2t_hook_name(hook), time);
    put_args(&r->events, hook, args);
    buf_lit(&r->events, "}}");
}

static void take_line(struct log *log, const char *line)
{
    long long seconds, micros;
    char goroutine[16], tag[64], word[32];
    int at = 0;

    if (sscanf(line, "%lld.%lld EV %15s %63s %31s%n", &seconds, &micros, goroutine, tag, word, &at) != 5)
        return;
    const char *args = line[at] == ' ' ? line + at + 1 : line + at;
    if (strcmp(word, "---") == 0)
        take_mark(log, tag, args);
    for (int h = 0; h < P2T_HOOK_COUNT; h++)
        if (strcmp(word, p2t_hook_name((enum p2t_hook)h)) == 0)
            take_hook(log, tag, seconds * 1000000000 + micros * 1000, (enum p2t_hook)h, args);
}

static void write_request(FILE *f, const struct log *log, struct request *r)
{
    buf_printf(&r->head, ",\"error\":%s%.*s%s,\"hooks\":[", r->error.n > 0 ? "\"" : "null", (int)r->error.n,
               r->error.n > 0 ? (const char *)r->error.p : "", r->error.n > 0 ? "\"" : "");
    for (int h = 0; h < P2T_HOOK_COUNT; h++)
        if (h != P2T_HOOK_WROTE_HEADER_FIELD || log->header_fields)
            buf_printf(&r->head, "%s\"%s\"", h > 0 ? "," : "", p2t_hook_name((enum p2t_hook)h));
    buf_printf(&r->head, "],\"events\":[%.*s]}\n", (int)r->events.n, (const char *)r->events.p);
    assert_false(r->head.failed || r->events.failed);
    assert_int_equal(fwrite(r->head.p, 1, r->head.n, f), r->head.n);
}

void lab_write_live(const char *ev_path, const char *out_path)
{
    struct log *log = calloc(1, sizeof *log);
    char *line = malloc(LINE_MAX_BYTES);
    FILE *in = fopen(ev_path, "r"), *out = fopen(out_path, "w");

    assert_true(log != NULL && line != NULL && in != NULL && out != NULL);
    while (fgets(line, LINE_MAX_BYTES, in) != NULL)
        take_line(log, line);
    for (size_t i = 0; i < log->n; i++) {
        if (log->requests[i].events.n > 0)
            write_request(out, log, &log->requests[i]);
        buf_fini(&log->requests[i].head);
        buf_fini(&log->requests[i].error);
        buf_fini(&log->requests[i].events);
    }
    fclose(in);
    assert_int_equal(fclose(out), 0);
    free(line);
    free(log);
}
