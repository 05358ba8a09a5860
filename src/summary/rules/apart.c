#include "summary/rules/apart.h"

/* Fewer prove nothing; and of those that have it nearly all are bad, of the others hardly any. */
enum { SIDE_MIN = 8, SHARP_PERCENT = 90 };

struct split {
    size_t with, bad_with, others, bad_others;
};

/* An attribute, as it is for one set of calls. */
struct attribute {
    bool (*has)(const struct attribute *a, const struct call *c);
    void (*say)(const struct attribute *a, struct buf *b);
    const char *text;
    const struct word *word;
    uint64_t bytes;
    int status;
};

static void add(struct split *s, bool has, bool bad)
{
    s->with += has;
    s->bad_with += has && bad;
    s->others += !has;
    s->bad_others += !has && bad;
}

static bool is_sharp(const struct split *s)
{
    return s->with >= SIDE_MIN && s->others >= SIDE_MIN && s->bad_with * 100 >= s->with * SHARP_PERCENT &&
           s->bad_others * 100 <= s->others * (100 - SHARP_PERCENT);
}

/* The share of bad ones among those that have it over that among the others, in thousandths. */
static size_t contrast(const struct split *s)
{
    return s->bad_with * 1000 / s->with - s->bad_others * 1000 / s->others;
}

/* ---- yes or no ---- */

static bool is_new(const struct attribute *a, const struct call *c)
{
    (void)a;
    return !c->reused;
}

static bool is_reused(const struct attribute *a, const struct call *c)
{
    (void)a;
    return c->reused;
}

static bool is_http2(const struct attribute *a, const struct call *c)
{
    (void)a;
    return c->kind == P2T_KIND_HTTP2;
}

static bool is_http1(const struct attribute *a, const struct call *c)
{
    (void)a;
    return c->kind == P2T_KIND_HTTP1;
}

static bool has_query(const struct attribute *a, const struct call *c)
{
    (void)a;
    return c->query;
}

static bool has_no_query(const struct attribute *a, const struct call *c)
{
    (void)a;
    return !c->query && c->kind != P2T_KIND_TLS;
}

static bool is_traced(const struct attribute *a, const struct call *c)
{
    (void)a;
    return c->trace != 0;
}

static bool resumes(const struct attribute *a, const struct call *c)
{
    (void)a;
    return c->resumed;
}

static void say_text(const struct attribute *a, struct buf *b)
{
    buf_str(b, a->text);
}

/* ---- the value that most bad ones have ---- */

static bool has_method(const struct attribute *a, const struct call *c)
{
    return c->method == a->word;
}

static bool has_name(const struct attribute *a, const struct call *c)
{
    return c->name == a->word;
}

static bool has_route(const struct attribute *a, const struct call *c)
{
    return c->route == a->word;
}

static bool has_agent(const struct attribute *a, const struct call *c)
{
    return c->agent == a->word;
}

static bool has_client(const struct attribute *a, const struct call *c)
{
    return c->client == a->word;
}

static void say_word(const struct attribute *a, struct buf *b)
{
    buf_str(b, a->text);
    buf_str(b, word_str(a->word));
}

static bool has_status(const struct attribute *a, const struct call *c)
{
    return c->status == a->status;
}

static void say_status(const struct attribute *a, struct buf *b)
{
    buf_printf(b, "answered with %d", a->status);
}

/* ---- sizes ---- */

static bool has_long_answer(const struct attribute *a, const struct call *c)
{
    return c->response_bytes >= a->bytes;
}

static bool has_long_request(const struct attribute *a, const struct call *c)
{
    return c->request_bytes >= a->bytes;
}

static void say_bytes(const struct attribute *a, struct buf *b)
{
    buf_printf(b, "%s of %llu bytes or more", a->text, (unsigned long long)a->bytes);
}

/* Bad ones are at least twice as long as others; else more than any. */
static uint64_t least_bytes(struct p2t_summary *s, const struct apart *a, bool answer)
{
    struct sample bad = {0}, good = {0};

    for (size_t i = 0; i < a->n; i++) {
        const struct call *c = a->calls[i].item;
        uint64_t bytes = answer ? c->response_bytes : c->request_bytes;
        sample_add(a->bad(c) ? &bad : &good, bytes < INT64_MAX ? (int64_t)bytes : INT64_MAX);
    }
    int64_t least = sample_at(&bad, 50), most = sample_at(&good, 950);
    s->failed |= bad.failed || good.failed;
    sample_fini(&bad);
    sample_fini(&good);
    return least > 0 && most <= least / 2 ? (uint64_t)least : UINT64_MAX;
}

/* ---- all ---- */

static const struct call *first_bad(const struct apart *a)
{
    for (size_t i = 0; i < a->n; i++)
        if (a->bad(a->calls[i].item))
            return a->calls[i].item;
    return NULL;
}

static struct split split_by(const struct apart *a, const struct attribute *t)
{
    struct split s = {0};

    for (size_t i = 0; i < a->n; i++)
        add(&s, t->has(t, a->calls[i].item), a->bad(a->calls[i].item));
    return s;
}

void say_apart(struct p2t_summary *s, struct buf *b, const struct apart *a)
{
    const struct call *of = first_bad(a);
    size_t best = 0;

    if (a->n < 2 * SIDE_MIN || of == NULL)
        return;
    const struct attribute all[] = {
        {is_new, say_text, "on a new connection", NULL, 0, 0},
        {is_reused, say_text, "on a connection used before", NULL, 0, 0},
        {resumes, say_text, "on a resumed TLS session", NULL, 0, 0},
        {is_http2, say_text, "over HTTP/2", NULL, 0, 0},
        {is_http1, say_text, "over HTTP/1", NULL, 0, 0},
        {has_query, say_text, "with a query", NULL, 0, 0},
        {has_no_query, say_text, "without a query", NULL, 0, 0},
        {has_name, say_word, "to ", of->name, 0, 0},
        {has_route, say_word, "of ", of->route, 0, 0},
        {has_agent, say_word, "of ", of->agent, 0, 0},
        {has_client, say_word, "from ", of->client, 0, 0},
        {has_method, say_word, "of the method ", of->method, 0, 0},
        {is_traced, say_text, "with a trace header", NULL, 0, 0},
        {has_status, say_status, NULL, NULL, 0, of->status},
        {has_long_request, say_bytes, "with a body", NULL, least_bytes(s, a, false), 0},
        {has_long_answer, say_bytes, "with an answer", NULL, least_bytes(s, a, true), 0},
    };
    const struct attribute *said = NULL;
    struct split of_said = {0};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct split x = split_by(a, &all[i]);
        bool of_answer = all[i].has == has_status || all[i].has == has_long_answer;
        if (!is_sharp(&x) || contrast(&x) <= best || (of_answer && a->of_answers))
            continue;
        best = contrast(&x);
        said = &all[i];
        of_said = x;
    }
    if (said == NULL)
        return;
    buf_printf(b, "; it hits %zu of %zu calls ", of_said.bad_with, of_said.with);
    said->say(said, b);
    buf_printf(b, ", and %zu of %zu others", of_said.bad_others, of_said.others);
}
