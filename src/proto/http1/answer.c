#include "proto/http1/answer.h"

#include "proto/http1/line.h"

/* ---- a line ---- */

static struct slice without_cr(struct slice line)
{
    return slice_of(line.p, line.n > 0 && line.p[line.n - 1] == '\r' ? line.n - 1 : line.n);
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* The lines of a folded field, with a space for each fold (RFC 9112 5.2), appended to *out. */
static void unfold(struct buf *out, struct slice field)
{
    for (bool first = true; field.p != NULL; first = false) {
        size_t end = slice_find(field, '\n');
        struct slice line = slice_of(field.p, end);
        if (!first)
            buf_putc(out, ' ');
        buf_slice(out, slice_trim(end < field.n ? without_cr(line) : line));
        field = end < field.n ? slice_of(field.p + end + 1, field.n - end - 1) : slice_of(NULL, 0);
    }
}

static struct slice joined(struct http1_env *env, struct slice field)
{
    if (slice_find(field, '\n') == field.n)
        return slice_trim(field);
    buf_reset(&env->scratch);
    unfold(&env->scratch, field);
    return buf_view(&env->scratch);
}

static bool refuse(struct http1_problem *problem, enum fact_bad why, struct slice line)
{
    problem->why = why;
    problem->line = line;
    return false;
}

/* ---- the status line ---- */

struct status_line {
    struct slice protocol, status, reason;
};

static bool cut_status_line(struct slice line, struct status_line *out)
{
    size_t space = slice_find(line, ' ');

    out->protocol = slice_of(line.p, space);
    while (space < line.n && line.p[space] == ' ')
        space++;
    out->status = slice_of(line.p + space, line.n - space);
    size_t n = slice_find(out->status, ' ');
    out->reason = slice_from(out->status, n + 1);
    out->status.n = n;
    return out->protocol.n < line.n;
}

/* strconv.Atoi takes a sign. */
static bool read_status(struct slice s, uint16_t *status)
{
    uint64_t value;
    bool sign = s.n == 3 && s.p[0] == '+';

    if (s.n != 3 || !slice_u64(sign ? slice_from(s, 1) : s, &value)) {
        *status = 0;
        return s.n == 3 && slice_eq(s, SLICE_LIT("-00"));
    }
    *status = (uint16_t)value;
    return true;
}

static bool check_status_line(struct slice line, uint16_t *status, struct http1_problem *problem)
{
    struct status_line s;
    struct fact_http_head head = {0};

    if (!cut_status_line(line, &s))
        return refuse(problem, FACT_BAD_LINE, line);
    if (!read_status(s.status, status))
        return refuse(problem, FACT_BAD_STATUS, s.status);
    return http1_read_version(&head, s.protocol) || refuse(problem, FACT_BAD_VERSION, s.protocol);
}

static bool take_status_line(struct fact_http_head *head, struct slice line)
{
    struct status_line s;

    if (!cut_status_line(line, &s) || !read_status(s.status, &head->status))
        return false;
    head->reason = s.reason;
    return http1_read_version(head, s.protocol);
}

/* ---- fields ---- */

/* RFC 9110 5.5 */
static bool is_value_byte(uint8_t c)
{
    return c == '\t' || (c >= ' ' && c != 0x7f);
}

/* Go has brought the name into its usual form by the time it looks at the value. */
static struct slice with_canonical_name(struct http1_env *env, struct slice line, size_t colon)
{
    if (line.p != env->scratch.p) {
        buf_reset(&env->scratch);
        buf_slice(&env->scratch, line);
    }
    for (size_t i = 0; i < colon && !env->scratch.failed && slice_find(slice_of(line.p, colon), ' ') == colon; i++) {
        uint8_t *c = &env->scratch.p[i];
        bool upper = i == 0 || c[-1] == '-';
        if (upper && *c >= 'a' && *c <= 'z')
            *c -= 'a' - 'A';
        else if (!upper && *c >= 'A' && *c <= 'Z')
            *c += 'a' - 'A';
    }
    return buf_view(&env->scratch);
}

/* Go takes spaces in a name, which then is that of no field it knows. */
static bool check_field(struct http1_env *env, struct slice field, struct http1_problem *problem)
{
    struct slice line = joined(env, field);
    size_t colon = slice_find(line, ':');
    bool good = colon > 0;

    for (size_t i = 0; i < colon && good; i++)
        good = line.p[i] == ' ' || http1_is_token(slice_of(line.p + i, 1));
    if (!good)
        return refuse(problem, FACT_BAD_FIELD, line);
    for (size_t i = colon; i < line.n && good; i++)
        good = is_value_byte(line.p[i]);
    return good || refuse(problem, FACT_BAD_FIELD, with_canonical_name(env, line, colon));
}

/* Where a line ends in the bytes; at their end: not yet, or without an end. */
struct line_end {
    size_t at;
    bool whole, ended;
};

static void next_line(struct http1_scan *scan, const struct line_end *end)
{
    scan->line = scan->looked = end->at + end->whole;
    scan->folding = false;
}

/* What Go quotes of a first field that goes on with nothing. */
enum { FIRST_FIELD_LINE_MAX = 80 };

/* Go looks at a field when the next line has begun and does not go on with it. */
static enum http1_head_result scan_field(struct http1_env *env, struct http1_scan *scan, struct slice bytes,
                                         struct slice line, const struct line_end *end, struct http1_problem *problem)
{
    size_t next = end->at + 1;

    if (!scan->folding && slice_find(line, ':') == line.n) {
        (void)refuse(problem, FACT_BAD_NO_COLON, line);
        return HTTP1_HEAD_REFUSED;
    }
    if (next == bytes.n && !end->ended) {
        scan->looked = end->at;
        return HTTP1_HEAD_MORE;
    }
    scan->folding = next < bytes.n && is_blank(bytes.p[next]);
    if (scan->folding) {
        scan->looked = next;
        return HTTP1_HEAD_DONE;
    }
    if (!check_field(env, line, problem))
        return HTTP1_HEAD_REFUSED;
    next_line(scan, end);
    return HTTP1_HEAD_DONE;
}

/* DONE: on to the next line. */
static enum http1_head_result scan_line(struct http1_env *env, struct http1_scan *scan, struct slice bytes,
                                        const struct line_end *end, struct http1_problem *problem)
{
    struct slice line = slice_of(bytes.p + scan->line, end->at - scan->line);

    if (end->whole)
        line = without_cr(line);
    switch (scan->stage) {
    case SCAN_STATUS:
        if (!check_status_line(line, &scan->status, problem))
            return HTTP1_HEAD_REFUSED;
        next_line(scan, end);
        scan->stage = SCAN_FIRST_FIELD;
        return HTTP1_HEAD_DONE;
    case SCAN_FIRST_FIELD:
        scan->stage = SCAN_FIELDS;
        if (line.n == 0 || !is_blank(line.p[0]))
            return HTTP1_HEAD_DONE;
        (void)refuse(problem, line.n > FIRST_FIELD_LINE_MAX ? FACT_BAD_FIRST_LONG : FACT_BAD_FIRST_FIELD, line);
        return HTTP1_HEAD_REFUSED;
    default:
        return scan_field(env, scan, bytes, line, end, problem);
    }
}

enum http1_head_result http1_scan(struct http1_env *env, struct http1_scan *scan, struct slice bytes, bool ended,
                                  struct http1_problem *problem)
{
    while (scan->line < bytes.n) {
        size_t left = bytes.n - scan->looked;
        size_t n = slice_find(slice_of(bytes.p + scan->looked, left), '\n');
        const struct line_end end = {scan->looked + n, n < left, ended};

        if (!end.whole && !ended) {
            scan->looked = bytes.n;
            return HTTP1_HEAD_MORE;
        }
        if (scan->stage != SCAN_STATUS && !scan->folding && end.whole &&
            without_cr(slice_of(bytes.p + scan->line, end.at - scan->line)).n == 0) {
            next_line(scan, &end);
            return HTTP1_HEAD_DONE;
        }
        enum http1_head_result result = scan_line(env, scan, bytes, &end, problem);
        problem->status = scan->status;
        if (result != HTTP1_HEAD_DONE)
            return result;
    }
    return HTTP1_HEAD_MORE;
}

/* ---- a whole head ---- */

/* The next field, over all its lines; false at the blank line. */
static bool next_field(struct slice *left, struct slice *field)
{
    size_t end = 0;

    do {
        size_t n = slice_find(slice_from(*left, end), '\n');
        if (end + n >= left->n)
            return false;
        end += n + 1;
    } while (end < left->n && is_blank(left->p[end]));
    *field = without_cr(slice_of(left->p, end - 1));
    *left = slice_of(left->p + end, left->n - end);
    return field->n > 0;
}

/* Blank lines that a value begins with tell nothing. */
static struct slice value_of(struct slice field, size_t colon)
{
    struct slice value = slice_from(field, colon + 1);

    while (value.n > 0 && (is_blank(value.p[0]) || value.p[0] == '\r' || value.p[0] == '\n'))
        value = slice_of(value.p + 1, value.n - 1);
    return slice_trim(value);
}

static void take_fields(struct http1_env *env, struct fact_http_head *head, struct slice fields)
{
    struct slice field;

    head->headers = env->headers;
    while (next_field(&fields, &field)) {
        size_t colon = slice_find(field, ':');
        if (colon == field.n)
            continue;
        if (head->header_count == env->limits.headers) {
            head->headers_dropped++;
            continue;
        }
        env->headers[head->header_count++] = (struct fact_header){slice_of(field.p, colon), value_of(field, colon)};
    }
}

/* The values of that name, a line each, in env->scratch; false: there is none. */
static bool values_of(struct http1_env *env, const struct fact_http_head *head, struct slice name,
                      struct slice *values)
{
    size_t count = 0;

    buf_reset(&env->scratch);
    for (size_t i = 0; i < head->header_count; i++) {
        if (!slice_ieq(head->headers[i].name, name))
            continue;
        if (count++ > 0)
            buf_putc(&env->scratch, '\n');
        unfold(&env->scratch, head->headers[i].value);
    }
    *values = buf_view(&env->scratch);
    return count > 0;
}

static bool speaks_11(const struct fact_http_head *head)
{
    bool none = head->version_major == 0 && head->version_minor == 0; /* Go then takes it for 1.1 */

    return head->version_major > 1 || (head->version_major == 1 && head->version_minor > 0) || none;
}

/* net/http's parseTransferEncoding: chunked, alone, or nothing; and nothing at all in HTTP/1.0. */
static bool take_coding(struct http1_env *env, struct fact_http_head *head, struct http1_problem *problem)
{
    struct slice codings;

    if (!speaks_11(head) || !values_of(env, head, SLICE_LIT("transfer-encoding"), &codings))
        return true;
    if (slice_find(codings, '\n') < codings.n)
        return refuse(problem, FACT_BAD_CODINGS, codings);
    head->chunked = slice_ieq(codings, SLICE_LIT("chunked"));
    return head->chunked || refuse(problem, FACT_BAD_CODING, codings);
}

static bool all_same(struct slice lines)
{
    struct slice first = slice_trim(slice_of(lines.p, slice_find(lines, '\n')));

    for (struct slice left = lines; left.n > 0;) {
        size_t n = slice_find(left, '\n');
        if (!slice_eq(slice_trim(slice_of(left.p, n)), first))
            return false;
        left = slice_from(left, n + 1);
    }
    return lines.n == 0 || lines.p[lines.n - 1] != '\n' || first.n == 0;
}

/* net/http's fixLength. */
static bool take_length(struct http1_env *env, struct fact_http_head *head, struct http1_problem *problem)
{
    struct slice lengths;

    if (!values_of(env, head, SLICE_LIT("content-length"), &lengths))
        return true;
    if (!all_same(lengths))
        return refuse(problem, FACT_BAD_LENGTHS, lengths);
    struct slice length = slice_trim(slice_of(lengths.p, slice_find(lengths, '\n')));
    if (!slice_u64(length, &head->length) || head->length > INT64_MAX)
        return refuse(problem, FACT_BAD_LENGTH, length);
    head->has_length = !head->chunked;
    head->length = head->chunked ? 0 : head->length;
    return true;
}

/* net/http's fixTrailer: framing does not belong into a trailer. */
static bool check_trailer(struct http1_env *env, const struct fact_http_head *head, struct http1_problem *problem)
{
    static const struct slice never[] = {SLICE_INIT("Transfer-Encoding"), SLICE_INIT("Trailer"),
                                         SLICE_INIT("Content-Length")};
    struct slice left;

    if (!head->chunked || !values_of(env, head, SLICE_LIT("trailer"), &left))
        return true;
    for (size_t i = 0; i < left.n; i++)
        if (env->scratch.p[i] == '\n')
            env->scratch.p[i] = ',';
    while (left.n > 0) {
        size_t n = slice_find(left, ',');
        for (size_t i = 0; i < sizeof never / sizeof *never; i++)
            if (slice_ieq(slice_trim(slice_of(left.p, n)), never[i]))
                return refuse(problem, FACT_BAD_TRAILER_KEY, never[i]);
        left = slice_from(left, n + 1);
    }
    return true;
}

static bool take_framing(struct http1_env *env, struct fact_http_head *head, struct http1_problem *problem)
{
    return take_coding(env, head, problem) && take_length(env, head, problem) && check_trailer(env, head, problem);
}

void http1_answer_lines(struct http1_env *env, struct fact_http_head *head, struct slice bytes)
{
    struct http1_problem problem;
    size_t end = slice_find(bytes, '\n');

    head->headers = env->headers;
    if (end == bytes.n || !take_status_line(head, without_cr(slice_of(bytes.p, end))))
        return;
    take_fields(env, head, slice_from(bytes, end + 1));
    (void)take_framing(env, head, &problem);
}

enum http1_head_result http1_answer_parse(struct http1_env *env, struct http1_head_parse *parse, struct slice bytes)
{
    struct http1_scan scan = {0};
    enum http1_head_result result = http1_scan(env, &scan, bytes, false, &parse->problem);
    struct fact_http_head *head = parse->head;
    size_t end = slice_find(bytes, '\n');

    if (result != HTTP1_HEAD_DONE)
        return result;
    parse->used = scan.line;
    *head = (struct fact_http_head){0};
    (void)take_status_line(head, without_cr(slice_of(bytes.p, end)));
    take_fields(env, head, slice_of(bytes.p + end + 1, scan.line - end - 1));
    return take_framing(env, head, &parse->problem) ? HTTP1_HEAD_DONE : HTTP1_HEAD_REFUSED;
}
