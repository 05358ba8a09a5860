#include "proto/http1/lenient.h"

#include "proto/http1/field.h"
#include "proto/http1/line.h"
#include "proto/http1/method.h"

static bool next_line(struct slice *left, struct slice *line)
{
    size_t n = slice_find(*left, '\n');

    if (n == left->n)
        return false;
    *line = slice_of(left->p, n > 0 && left->p[n - 1] == '\r' ? n - 1 : n);
    *left = slice_of(left->p + n + 1, left->n - n - 1);
    return true;
}

static struct slice skip(struct slice s, size_t n)
{
    return slice_of(s.p + n, s.n - n);
}

static size_t last_word_at(struct slice s)
{
    size_t i = s.n;

    while (i > 0 && s.p[i - 1] != ' ')
        i--;
    return i;
}

/* Everything between the method and the version is the target; without a version it is HTTP/0.9's form, which only a
 * known method makes plausible. */
static bool request_line(struct fact_http_head *head, struct slice line)
{
    struct slice method = slice_of(line.p, slice_find(line, ' '));
    struct slice target = slice_trim(skip(line, method.n));
    size_t at = last_word_at(target);

    if (!http1_is_token(method) || target.n == 0)
        return false;
    head->version_minor = 9;
    if (at > 0 && slice_starts(skip(target, at), SLICE_LIT("HTTP/"))) {
        (void)http1_read_version(head, skip(target, at));
        target = slice_trim(slice_of(target.p, at));
    }
    head->method = method;
    head->target = target;
    return head->version_major > 0 || http1_is_method(method);
}

/* RFC 9112 5.2: a line that begins with white space goes on with the value before it. */
static void fold(struct http1_env *env, struct fact_http_head *head, struct slice line)
{
    struct fact_header *h = head->header_count > 0 ? &env->headers[head->header_count - 1] : NULL;
    struct slice more = slice_trim(line);

    if (h == NULL || head->headers_dropped > 0 || more.n == 0)
        return;
    if (h->value.n == 0)
        h->value = more;
    else
        h->value.n = (size_t)(more.p + more.n - h->value.p);
}

/* A line without a colon, the server may have overlooked. */
static void field_line(struct http1_env *env, struct fact_http_head *head, struct slice line)
{
    size_t colon = slice_find(line, ':');

    if (line.p[0] == ' ' || line.p[0] == '\t') {
        fold(env, head, line);
        return;
    }
    if (colon == line.n)
        return;
    if (head->header_count == env->limits.headers) {
        head->headers_dropped++;
        return;
    }
    env->headers[head->header_count++] =
        (struct fact_header){slice_trim(slice_of(line.p, colon)), slice_trim(skip(line, colon + 1))};
}

/* RFC 9112 6.3. False for a length that makes no sense. */
static bool take_framing(struct fact_http_head *head)
{
    const struct fact_header *coding = http1_header(head, SLICE_LIT("transfer-encoding"));
    const struct fact_header *length = http1_header(head, SLICE_LIT("content-length"));

    head->chunked = coding != NULL && slice_list_has(coding->value, SLICE_LIT("chunked"));
    head->has_length = !head->chunked && length != NULL;
    return !head->has_length || slice_u64(length->value, &head->length);
}

enum http1_head_result http1_lenient_parse(struct http1_env *env, struct http1_head_parse *parse, struct slice bytes)
{
    struct fact_http_head *head = parse->head;
    struct slice left = bytes, line;

    *head = (struct fact_http_head){.headers = env->headers};
    if (!next_line(&left, &line))
        return HTTP1_HEAD_MORE;
    if (!request_line(head, line))
        return HTTP1_HEAD_REFUSED;
    while (next_line(&left, &line)) {
        if (line.n == 0) {
            parse->used = bytes.n - left.n;
            return take_framing(head) ? HTTP1_HEAD_DONE : HTTP1_HEAD_REFUSED;
        }
        field_line(env, head, line);
    }
    return HTTP1_HEAD_MORE;
}

void http1_lenient_lines(struct http1_env *env, struct fact_http_head *head, struct slice bytes)
{
    struct slice line;

    head->headers = env->headers;
    if (!next_line(&bytes, &line) || !request_line(head, line))
        return;
    while (next_line(&bytes, &line))
        if (line.n > 0)
            field_line(env, head, line);
    (void)take_framing(head);
}

bool http1_is_request_line(struct slice line)
{
    struct fact_http_head head = {0};

    return request_line(&head, line) && head.version_major > 0;
}
