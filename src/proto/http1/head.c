#include "proto/http1/head.h"

#include "proto/http1/lenient.h"
#include "proto/http1/usual.h"

/* What the callbacks of one run need; hung on llhttp_t.data. */
struct head_run {
    struct http1_env *env;
    struct fact_http_head *head;
    uint64_t body_bytes;
    bool done;
};

static struct head_run *run_of(llhttp_t *p)
{
    return p->data;
}

/* llhttp hands a value over in pieces only where a line is folded: they follow each other in memory. */
static void extend(struct slice *s, const char *at, size_t n)
{
    if (s->p == NULL)
        *s = slice_of(at, n);
    else
        s->n = (size_t)((const uint8_t *)at + n - s->p);
}

static int on_url(llhttp_t *p, const char *at, size_t n)
{
    extend(&run_of(p)->head->target, at, n);
    return 0;
}

static int on_status(llhttp_t *p, const char *at, size_t n)
{
    extend(&run_of(p)->head->reason, at, n);
    return 0;
}

static struct fact_header *current(struct head_run *run)
{
    struct fact_http_head *head = run->head;
    return head->header_count < run->env->limits.headers ? &run->env->headers[head->header_count] : NULL;
}

static int on_field(llhttp_t *p, const char *at, size_t n)
{
    struct fact_header *h = current(run_of(p));
    if (h != NULL && h->name.p == NULL)
        *h = (struct fact_header){slice_of(at, n), {(const uint8_t *)at + n, 0}};
    else if (h != NULL)
        extend(&h->name, at, n);
    return 0;
}

static int on_value(llhttp_t *p, const char *at, size_t n)
{
    struct fact_header *h = current(run_of(p));
    if (h == NULL)
        return 0;
    if (h->value.n == 0)
        h->value = slice_of(at, n);
    else
        extend(&h->value, at, n);
    return 0;
}

static int on_value_complete(llhttp_t *p)
{
    struct head_run *run = run_of(p);
    struct fact_header *h = current(run);
    if (h == NULL) {
        run->head->headers_dropped++;
        return 0;
    }
    h->value = slice_trim(h->value);
    run->head->header_count++;
    if ((h = current(run)) != NULL)
        h->name.p = NULL;
    return 0;
}

/* Stops llhttp after the head: bodies of known length are none of its business here. 2 means "no body follows",
 * which llhttp answers with HPE_PAUSED_UPGRADE. */
static int on_headers_complete(llhttp_t *p)
{
    run_of(p)->done = true;
    return p->flags & F_CHUNKED ? HPE_PAUSED : 2;
}

static int on_body(llhttp_t *p, const char *at, size_t n)
{
    (void)at;
    run_of(p)->body_bytes += n;
    return 0;
}

static int on_message_complete(llhttp_t *p)
{
    run_of(p)->done = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t head_settings = {
    .on_url = on_url,
    .on_status = on_status,
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_header_value_complete = on_value_complete,
    .on_headers_complete = on_headers_complete,
};

static const llhttp_settings_t body_settings = {
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

/* Real servers send forms that the RFC forbids; an observer takes what a client would have taken. */
static void be_lenient(llhttp_t *p)
{
    llhttp_set_lenient_headers(p, 1);
    llhttp_set_lenient_chunked_length(p, 1);
    llhttp_set_lenient_keep_alive(p, 1);
    llhttp_set_lenient_transfer_encoding(p, 1);
#if LLHTTP_VERSION_MAJOR >= 9
    llhttp_set_lenient_version(p, 1);
    llhttp_set_lenient_data_after_close(p, 1);
    llhttp_set_lenient_optional_lf_after_cr(p, 1);
    llhttp_set_lenient_optional_crlf_after_chunk(p, 1);
    llhttp_set_lenient_optional_cr_before_lf(p, 1);
    llhttp_set_lenient_spaces_after_chunk_size(p, 1);
#endif
}

static void take_framing(struct fact_http_head *head, const llhttp_t *p, enum flow_dir dir)
{
    head->version_major = p->http_major;
    head->version_minor = p->http_minor;
    if (dir == FLOW_C2S)
        head->method = slice_str(llhttp_method_name((llhttp_method_t)p->method));
    else
        head->status = p->status_code;
    head->chunked = (p->flags & F_CHUNKED) != 0;
    head->has_length = !head->chunked && (p->flags & F_CONTENT_LENGTH) != 0;
    head->length = head->has_length ? p->content_length : 0;
}

static struct head_run start(struct http1_env *env, llhttp_t *p, struct fact_http_head *head, enum flow_dir dir)
{
    llhttp_init(p, dir == FLOW_C2S ? HTTP_REQUEST : HTTP_RESPONSE, &head_settings);
    be_lenient(p);
    head->headers = env->headers;
    env->headers[0].name.p = NULL;
    return (struct head_run){.env = env, .head = head};
}

enum http1_head_result http1_strict_parse(struct http1_env *env, struct http1_head_parse *parse, enum flow_dir dir,
                                          struct slice bytes)
{
    llhttp_t *p = &parse->parser;
    struct head_run run = start(env, p, parse->head, dir);

    p->data = &run;
    llhttp_errno_t err = llhttp_execute(p, (const char *)bytes.p, bytes.n);
    if (!run.done)
        return err == HPE_OK ? HTTP1_HEAD_MORE : HTTP1_HEAD_REFUSED;
    parse->used = (size_t)((const uint8_t *)llhttp_get_error_pos(p) - bytes.p);
    /* llhttp before 8.1.1 takes a carriage return alone for the blank line (CVE-2023-30589). */
    if (parse->used == 0 || bytes.p[parse->used - 1] != '\n')
        return HTTP1_HEAD_REFUSED;
    take_framing(parse->head, p, dir);
    if (err == HPE_PAUSED_UPGRADE)
        llhttp_resume_after_upgrade(p);
    else
        llhttp_resume(p);
    return HTTP1_HEAD_DONE;
}

/* A parser that stands after the head of a chunked message. */
static void prepare_chunked(llhttp_t *parser)
{
    struct fact_header header;
    struct http1_env env = {.headers = &header, .limits.headers = 1};
    struct fact_http_head head = {0};
    struct http1_head_parse parse = {.head = &head};

    (void)http1_strict_parse(&env, &parse, FLOW_C2S,
                             SLICE_LIT("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"));
    *parser = parse.parser;
}

enum http1_head_result http1_head_parse(struct http1_env *env, struct http1_head_parse *parse, enum flow_dir dir,
                                        struct slice bytes)
{
    if (http1_usual_parse(env, parse, dir, bytes)) {
        if (parse->head->chunked)
            prepare_chunked(&parse->parser);
        return HTTP1_HEAD_DONE;
    }
    enum http1_head_result result = http1_strict_parse(env, parse, dir, bytes);

    if (result != HTTP1_HEAD_REFUSED)
        return result;
    prepare_chunked(&parse->parser);
    return http1_lenient_parse(env, parse, dir, bytes);
}

static struct slice first_word(struct slice line)
{
    return slice_of(line.p, slice_find(line, ' '));
}

/* A first line that is cut itself never reaches llhttp's callbacks as a whole: method and target as far as they
 * go are worth more than nothing. */
static void partial_first_line(struct fact_http_head *head, enum flow_dir dir, struct slice line)
{
    struct slice word = first_word(line);
    struct slice rest = slice_of(line.p + word.n, line.n - word.n);

    rest = slice_trim(rest);
    if (dir == FLOW_C2S) {
        head->method = word;
        head->target = first_word(rest);
        return;
    }
    uint64_t status;
    if (slice_u64(first_word(rest), &status) && status < 1000)
        head->status = (uint16_t)status;
}

void http1_head_partial(struct http1_env *env, struct fact_http_head *head, enum flow_dir dir, struct slice bytes)
{
    size_t whole = bytes.n;

    while (whole > 0 && bytes.p[whole - 1] != '\n')
        whole--;
    size_t rest = bytes.n - whole;
    head->rest = slice_of(bytes.p + whole, rest > 128 ? 128 : rest);
    if (whole == 0) {
        partial_first_line(head, dir, bytes);
        return;
    }
    http1_lenient_lines(env, head, dir, slice_of(bytes.p, whole));
}

struct http1_chunk_result http1_chunked_feed(llhttp_t *p, struct slice bytes)
{
    struct head_run run = {0};

    p->data = &run;
    p->settings = (void *)(uintptr_t)&body_settings;
    llhttp_errno_t err = llhttp_execute(p, (const char *)bytes.p, bytes.n);
    struct http1_chunk_result result = {bytes.n, run.body_bytes, run.done, !run.done && err != HPE_OK};
    if (run.done)
        result.used = (uint64_t)((const uint8_t *)llhttp_get_error_pos(p) - bytes.p);
    return result;
}

/* llhttp counts content_length down while it is inside a chunk's data; any bytes will do there. */
bool http1_chunked_skip(llhttp_t *p, uint64_t missing)
{
    static const uint8_t zeros[4096];

    if (p->content_length < missing)
        return false;
    while (missing > 0) {
        size_t n = missing < sizeof zeros ? (size_t)missing : sizeof zeros;
        if (http1_chunked_feed(p, slice_of(zeros, n)).bad)
            return false;
        missing -= n;
    }
    return true;
}
