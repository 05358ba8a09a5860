#include "proto/http1/lenient.h"

#include "proto/http1/field.h"
#include "proto/http1/method.h"

static const struct slice version_prefix = {(const uint8_t *)"HTTP/", 5};

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

/* RFC 9110 5.6.2 */
static bool is_token(struct slice s)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i], letter = c | 0x20;
        if (!(letter >= 'a' && letter <= 'z') && !(c >= '0' && c <= '9') && (c == '\0' || strchr(others, c) == NULL))
            return false;
    }
    return s.n > 0;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool read_version(struct fact_http_head *head, struct slice word)
{
    if (word.n != 8 || !slice_starts(word, version_prefix) || !is_digit(word.p[5]) || word.p[6] != '.' ||
        !is_digit(word.p[7]))
        return false;
    head->version_major = (uint8_t)(word.p[5] - '0');
    head->version_minor = (uint8_t)(word.p[7] - '0');
    return true;
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

    if (!is_token(method) || target.n == 0)
        return false;
    head->version_minor = 9;
    if (at > 0 && slice_starts(skip(target, at), version_prefix)) {
        (void)read_version(head, skip(target, at));
        target = slice_trim(slice_of(target.p, at));
    }
    head->method = method;
    head->target = target;
    return head->version_major > 0 || http1_is_method(method);
}

/* ReadResponse: a version of one digit each, a status of three digits. */
static bool status_line(struct fact_http_head *head, struct slice line)
{
    size_t space = slice_find(line, ' ');
    struct slice rest = slice_trim(skip(line, space));
    struct slice status = slice_of(rest.p, slice_find(rest, ' '));
    uint64_t value;

    if (!read_version(head, slice_of(line.p, space)) || status.n != 3 || !slice_u64(status, &value))
        return false;
    head->status = (uint16_t)value;
    head->reason = slice_trim(skip(rest, status.n));
    return true;
}

static bool first_line(struct fact_http_head *head, enum flow_dir dir, struct slice line)
{
    return dir == FLOW_C2S ? request_line(head, line) : status_line(head, line);
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

static bool field_line(struct http1_env *env, struct fact_http_head *head, struct slice line)
{
    size_t colon = slice_find(line, ':');

    if (line.p[0] == ' ' || line.p[0] == '\t') {
        fold(env, head, line);
        return true;
    }
    if (colon == line.n)
        return false;
    if (head->header_count == env->limits.headers) {
        head->headers_dropped++;
        return true;
    }
    env->headers[head->header_count++] =
        (struct fact_header){slice_trim(slice_of(line.p, colon)), slice_trim(skip(line, colon + 1))};
    return true;
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

enum http1_head_result http1_lenient_parse(struct http1_env *env, struct http1_head_parse *parse, enum flow_dir dir,
                                           struct slice bytes)
{
    struct fact_http_head *head = parse->head;
    struct slice left = bytes, line;

    *head = (struct fact_http_head){.headers = env->headers};
    if (!next_line(&left, &line))
        return HTTP1_HEAD_MORE;
    if (!first_line(head, dir, line))
        return HTTP1_HEAD_REFUSED;
    while (next_line(&left, &line)) {
        if (line.n == 0) {
            parse->used = bytes.n - left.n;
            return take_framing(head) ? HTTP1_HEAD_DONE : HTTP1_HEAD_REFUSED;
        }
        /* Go gives a response with such a line up; a server may have overlooked it in a request. */
        if (!field_line(env, head, line) && dir == FLOW_S2C)
            return HTTP1_HEAD_REFUSED;
    }
    return HTTP1_HEAD_MORE;
}

void http1_lenient_lines(struct http1_env *env, struct fact_http_head *head, enum flow_dir dir, struct slice bytes)
{
    struct slice line;

    head->headers = env->headers;
    if (!next_line(&bytes, &line) || !first_line(head, dir, line))
        return;
    while (next_line(&bytes, &line))
        if (line.n > 0)
            (void)field_line(env, head, line);
    (void)take_framing(head);
}

bool http1_is_request_line(struct slice line)
{
    struct fact_http_head head = {0};

    return request_line(&head, line) && head.version_major > 0;
}
