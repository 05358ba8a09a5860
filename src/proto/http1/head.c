#include "proto/http1/head.h"

#include <llhttp.h>

#include "proto/http1/answer.h"
#include "proto/http1/lenient.h"
#include "proto/http1/usual.h"

/* What the callbacks of one run need; hung on llhttp_t.data. */
struct head_run {
    struct http1_env *env;
    struct fact_http_head *head;
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

/* Stops llhttp after the head: bodies are none of its business here. 2 means "no body follows", which llhttp answers
 * with HPE_PAUSED_UPGRADE. */
static int on_headers_complete(llhttp_t *p)
{
    run_of(p)->done = true;
    return p->flags & F_CHUNKED ? HPE_PAUSED : 2;
}

static const llhttp_settings_t head_settings = {
    .on_url = on_url,
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_header_value_complete = on_value_complete,
    .on_headers_complete = on_headers_complete,
};

/* Real clients send forms that the RFC forbids; an observer takes what a server would have taken. */
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

static void take_framing(struct fact_http_head *head, const llhttp_t *p)
{
    head->version_major = p->http_major;
    head->version_minor = p->http_minor;
    head->method = slice_str(llhttp_method_name((llhttp_method_t)p->method));
    head->chunked = (p->flags & F_CHUNKED) != 0;
    head->has_length = !head->chunked && (p->flags & F_CONTENT_LENGTH) != 0;
    head->length = head->has_length ? p->content_length : 0;
}

static struct head_run start(struct http1_env *env, llhttp_t *p, struct fact_http_head *head)
{
    llhttp_init(p, HTTP_REQUEST, &head_settings);
    be_lenient(p);
    head->headers = env->headers;
    env->headers[0].name.p = NULL;
    return (struct head_run){.env = env, .head = head};
}

enum http1_head_result http1_strict_parse(struct http1_env *env, struct http1_head_parse *parse, struct slice bytes)
{
    llhttp_t parser, *p = &parser;
    struct head_run run = start(env, p, parse->head);

    p->data = &run;
    llhttp_errno_t err = llhttp_execute(p, (const char *)bytes.p, bytes.n);
    if (!run.done)
        return err == HPE_OK ? HTTP1_HEAD_MORE : HTTP1_HEAD_REFUSED;
    parse->used = (size_t)((const uint8_t *)llhttp_get_error_pos(p) - bytes.p);
    /* llhttp before 8.1.1 takes a carriage return alone for the blank line (CVE-2023-30589). */
    if (parse->used == 0 || bytes.p[parse->used - 1] != '\n')
        return HTTP1_HEAD_REFUSED;
    take_framing(parse->head, p);
    return HTTP1_HEAD_DONE;
}

enum http1_head_result http1_head_parse(struct http1_env *env, struct http1_head_parse *parse, enum flow_dir dir,
                                        struct slice bytes)
{
    if (http1_usual_parse(env, parse, dir, bytes))
        return HTTP1_HEAD_DONE;
    if (dir == FLOW_S2C)
        return http1_answer_parse(env, parse, bytes);
    enum http1_head_result result = http1_strict_parse(env, parse, bytes);

    return result == HTTP1_HEAD_REFUSED ? http1_lenient_parse(env, parse, bytes) : result;
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
    if (whole == 0) {
        partial_first_line(head, dir, bytes);
        return;
    }
    if (dir == FLOW_S2C)
        http1_answer_lines(env, head, slice_of(bytes.p, whole));
    else
        http1_lenient_lines(env, head, slice_of(bytes.p, whole));
}
