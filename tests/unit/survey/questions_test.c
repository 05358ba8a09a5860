#include "support/cmocka_all.h"

#include "survey/questions.h"

#define MS INT64_C(1000000)

struct told {
    int n;
    uint32_t tries, addresses;
    int rcode;
    int64_t asked_ns, answered_ns;
    char server[ENDPOINT_TEXT_MAX];
};

static const char *path(void *ctx, uint32_t file)
{
    (void)ctx;
    (void)file;
    return "a.pcap";
}

static void on_question(void *ctx, const struct p2t_question *q)
{
    struct told *t = ctx;

    t->n++;
    t->tries = q->tries;
    t->addresses = q->addresses;
    t->rcode = q->rcode;
    t->asked_ns = q->asked_ns;
    t->answered_ns = q->answered_ns;
    assert_int_equal(q->name.n, 6);
    assert_memory_equal(q->name.p, "a.test", 6);
    memcpy(t->server, q->server.p, q->server.n);
    t->server[q->server.n] = '\0';
}

static struct dns_message message;

/* At that time, by the client's port, to or from the server's last byte of address. */
static void say(struct questions *q, int64_t at_ns, bool answer, uint16_t id, uint8_t server, bool address)
{
    struct endpoint c = {ip_from_v4((const uint8_t[]){10, 0, 0, 1}), 4000},
                    s = {ip_from_v4((const uint8_t[]){10, 0, 0, server}), 53};
    struct fact f = {.kind = FACT_DNS_MESSAGE, .mark = {at_ns, {1, 0}}};

    memset(&message, 0, sizeof message);
    message.has_header = message.has_question = true;
    message.is_response = answer;
    message.id = id;
    message.qtype = DNS_A;
    message.qname_len = 6;
    memcpy(message.qname, "A.Test", 6);
    message.answers = answer && address;
    message.answer[0].addr = c.ip;
    f.as.dns.message = &message;
    f.as.dns.src = answer ? s : c;
    f.as.dns.dst = answer ? c : s;
    questions_fact(q, &f);
}

static struct questions *fresh(struct told *t)
{
    *t = (struct told){0};
    struct questions *q = questions_new(&(struct questions_config){t, path, on_question});
    assert_non_null(q);
    return q;
}

static void an_answer_ends_its_question(void **state)
{
    struct told t;
    struct questions *q = fresh(&t);

    (void)state;
    say(q, 1 * MS, false, 7, 2, false);
    say(q, 2 * MS, true, 8, 2, true); /* another one's */
    assert_int_equal(t.n, 0);
    say(q, 3 * MS, true, 7, 2, true);
    assert_int_equal(t.n, 1);
    assert_int_equal(t.addresses, 1);
    assert_int_equal(t.asked_ns, 1 * MS);
    assert_int_equal(t.answered_ns, 3 * MS);
    assert_string_equal(t.server, "10.0.0.2:53");
    questions_free(q);
}

static void a_repeat_is_a_try_and_a_copy_is_none(void **state)
{
    struct told t;
    struct questions *q = fresh(&t);

    (void)state;
    say(q, 1 * MS, false, 7, 2, false);
    say(q, 2 * MS, false, 7, 2, false); /* the same packet on another interface */
    say(q, 5001 * MS, false, 7, 2, false);
    questions_finish(q);
    assert_int_equal(t.n, 1);
    assert_int_equal(t.tries, 2);
    assert_int_equal(t.answered_ns, 0);
    questions_free(q);
}

static void silence_is_told_after_30_seconds(void **state)
{
    struct told t;
    struct questions *q = fresh(&t);

    (void)state;
    say(q, 1 * MS, false, 7, 2, false);
    say(q, 29000 * MS, false, 8, 3, false);
    assert_int_equal(t.n, 0);
    say(q, 31000 * MS, false, 9, 3, false);
    assert_int_equal(t.n, 1);
    assert_string_equal(t.server, "10.0.0.2:53");
    questions_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_ends_its_question),
        cmocka_unit_test(a_repeat_is_a_try_and_a_copy_is_none),
        cmocka_unit_test(silence_is_told_after_30_seconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
