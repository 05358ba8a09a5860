/* Lookups. */
#include "findings/story.h"

enum { NOERROR = 0, SERVFAIL = 2 };

static void query(struct story *s, const char *name)
{
    wire_query(&s->wire, &s->dns, 1, name);
}

static void answers(struct story *s, const char *name, int status, size_t addresses)
{
    const struct answer a = {.status = status, .addresses = addresses, .address = {SERVER}};

    wait_ms(s, 1);
    wire_answer(&s->wire, &s->dns, 1, name, &a);
}

/* NXDOMAIN instead. */
static void empty_answer(struct story *s)
{
    query(s, "a.test");
    answers(s, "a.test", s->nearly ? NXDOMAIN : NOERROR, 0);
}

/* NOERROR without an address instead. */
static void not_found(struct story *s)
{
    query(s, "a.test");
    answers(s, "a.test", s->nearly ? NOERROR : NXDOMAIN, 0);
}

/* NXDOMAIN instead. */
static void server_failure(struct story *s)
{
    query(s, "a.test");
    answers(s, "a.test", s->nearly ? NXDOMAIN : SERVFAIL, 0);
}

/* The ICMP error is about a query from another port. */
static void unreachable(struct story *s)
{
    struct talk about = s->dns;

    query(s, "a.test");
    about.port[UP] += s->nearly;
    wait_ms(s, 1);
    wire_unreachable(&s->wire, &about, PROTOCOL_UDP, PORT_UNREACHABLE);
}

/* The second query is answered. */
static void no_answer(struct story *s)
{
    query(s, "a.test");
    wait_ms(s, 5000);
    query(s, "a.test");
    if (s->nearly)
        answers(s, "a.test", NOERROR, 1);
    goes_on(s, 60000);
}

/* The answer comes as late, but to the first query. */
static void retried(struct story *s)
{
    query(s, "a.test");
    wait_ms(s, 5000);
    if (!s->nearly)
        query(s, "a.test");
    answers(s, "a.test", NOERROR, 1);
}

/* The capture goes on until the client must have given up. */
static void open_lookup(struct story *s)
{
    query(s, "a.test");
    goes_on(s, s->nearly ? 60000 : 2000);
}

/* The snapshot length holds the whole answer: Ethernet, IP and UDP are 42 bytes, question and answer 24 and 16 more. */
static void cut(struct story *s)
{
    query(s, "a.test");
    s->wire.snap = s->nearly ? 82 : 81;
    answers(s, "a.test", NOERROR, 1);
    s->wire.snap = 0;
}

/* The first server says nothing at all. */
static void server_failed(struct story *s)
{
    query(s, "a.test");
    if (!s->nearly)
        answers(s, "a.test", SERVFAIL, 0);
    wait_ms(s, 1);
    s->dns.ip[DOWN] = RESOLVER_2;
    query(s, "a.test");
    answers(s, "a.test", NOERROR, 1);
}

/* Between the first name's answer and the second name's query, the client took the time of another lookup. */
static void search_list(struct story *s)
{
    query(s, "a.test.ns.svc.cluster.local");
    answers(s, "a.test.ns.svc.cluster.local", NXDOMAIN, 0);
    wait_ms(s, s->nearly ? 30 : 1);
    s->dns.port[UP]++;
    query(s, "a.test");
    answers(s, "a.test", NOERROR, 1);
}

/* The client's earlier connection was to another name. */
static void not_followed(struct story *s)
{
    const char *name = s->nearly ? "b.test" : "a.test";

    resolve(s);
    dial(s);
    ask(s);
    answer(s);
    hang_up(s);
    s->dns.port[UP]++;
    wire_query_6(&s->wire, &s->dns, 2, name);
    wait_ms(s, 1);
    wire_answer_6(&s->wire, &s->dns, 2, name, 1);
    goes_on(s, 60000);
}

const struct finding_capture dns_captures[] = {
    {"dns.empty_answer", empty_answer, .recorded = "golden/lab/dnserr.pcap"},
    {"dns.not_found", not_found, .recorded = "golden/lab/dnserr.pcap"},
    {"dns.server_failure", server_failure, .recorded = "golden/lab/dnserr.pcap"},
    {"dns.unreachable", unreachable, .recorded = "golden/lab/icmp.pcap"},
    {"dns.no_answer", no_answer, .recorded = "golden/lab/dnsdrop-two.pcap"},
    {"dns.retried", retried, .recorded = "golden/lab/dnsmisc-two.pcap"},
    {"dns.open", open_lookup, .recorded = "golden/lab/coalesce.pcap"},
    {"dns.cut", cut, .recorded = "golden/field/27-dns-answer-second-fragment-lost.pcap.zst"},
    {"dns.server_failed", server_failed, .recorded = "incidents/captures/02-servfail-of-one-resolver.pcap.zst"},
    {"dns.not_followed", not_followed, .recorded = NULL},
    {"dns.search_list", search_list, .recorded = "golden/lab/search-k8s.pcap"},
    {NULL},
};
