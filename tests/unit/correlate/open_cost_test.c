/* What floods are made of: the memory of one more open lookup, and of one more open dial. */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/budget.h"
#include "correlate/dial/dial.h"
#include "correlate/lookup/lookup.h"

enum { STORIES = 2000 };

struct flood {
    struct budget budget;
    struct correlate *correlate;
    struct flow_conn flows[STORIES];
};

static void ignore(void *ctx, struct exchange *e)
{
    (void)ctx;
    (void)e;
}

static struct flood *flood_new(void)
{
    struct flood *f = calloc(1, sizeof *f);
    struct correlate_limits limits = correlate_limits_default;

    assert_non_null(f);
    limits.budget = &f->budget;
    f->correlate = correlate_new(&limits, ignore, NULL);
    assert_non_null(f->correlate);
    return f;
}

static void flood_free(struct flood *f)
{
    correlate_finish(f->correlate);
    correlate_free(f->correlate);
    assert_int_equal(f->budget.used, 0);
    free(f);
}

static struct endpoint at(const char *ip, size_t port)
{
    return (struct endpoint){ip_parse(slice_str(ip)), (uint16_t)port};
}

static struct packet_mark mark_of(size_t i)
{
    return (struct packet_mark){(int64_t)i * 1000, packet_ref_of(i + 1, 0)};
}

static void ask(struct flood *flood, size_t i)
{
    struct dns_message m = {.has_header = true, .has_question = true, .id = (uint16_t)i, .qtype = DNS_A, .qclass = 1};
    struct fact f = {.kind = FACT_DNS_MESSAGE, .mark = mark_of(i)};

    m.qname_len = (uint16_t)snprintf(m.qname, sizeof m.qname, "host-%zu.service.test", i);
    f.as.dns.message = &m;
    f.as.dns.src = at("10.0.0.1", 1024 + i);
    f.as.dns.dst = at("10.0.0.53", 53);
    correlate_fact(flood->correlate, &f);
}

static void dial(struct flood *flood, size_t i)
{
    struct flow_conn *c = &flood->flows[i];
    struct fact f = {.kind = FACT_CONN_OPEN, .conn = c, .mark = mark_of(i)};
    struct flow_event syn = {.kind = FLOW_SYN, .dir = FLOW_C2S, .mark = f.mark};

    c->number = i + 1;
    c->client = at("10.0.0.1", 1024 + i);
    c->server = at("10.0.0.2", 80);
    c->first = f.mark;
    correlate_fact(flood->correlate, &f);
    f.kind = FACT_CONN_EVENT;
    f.as.event = &syn;
    correlate_fact(flood->correlate, &f);
}

/* The first ones make room for others, too. */
static size_t cost_of_each(struct flood *f, void (*one)(struct flood *, size_t))
{
    one(f, 0);
    size_t before = f->budget.used;

    for (size_t i = 1; i < STORIES; i++)
        one(f, i);
    return (f->budget.used - before) / (STORIES - 1);
}

static void an_open_lookup_is_its_question_and_little_more(void **state)
{
    size_t said = sizeof(struct exchange_lookup) + sizeof(struct lookup_query) + 2 * sizeof(struct lookup_lane);
    struct flood *f = flood_new();
    size_t cost = cost_of_each(f, ask);

    (void)state;
    print_message("%zu bytes, of which %zu say what was asked\n", cost, said);
    assert_in_range(cost, said, said + 400);
    flood_free(f);
}

static void an_open_dial_is_its_connection_and_little_more(void **state)
{
    size_t said = sizeof(struct cconn) + sizeof(struct exchange_attempt);
    struct flood *f = flood_new();
    size_t cost = cost_of_each(f, dial);

    (void)state;
    print_message("%zu bytes, of which %zu are its connection and attempt\n", cost, said);
    assert_in_range(cost, said, said + 256);
    for (size_t i = 0; i < STORIES; i++) {
        struct fact end = {.kind = FACT_CONN_CLOSE, .conn = &f->flows[i]};
        end.as.end = FLOW_END_INPUT;
        correlate_fact(f->correlate, &end);
    }
    flood_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_open_lookup_is_its_question_and_little_more),
        cmocka_unit_test(an_open_dial_is_its_connection_and_little_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
