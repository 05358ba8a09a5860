/* What the lookup went through. */
#include <stdio.h>
#include <string.h>

#include "judge/findings/about.h"

/* Of a name in a text. */
enum { NAME_SHOWN_MAX = 200 };

static int shown(struct slice name)
{
    return (int)(name.n > NAME_SHOWN_MAX ? NAME_SHOWN_MAX : name.n);
}

static const char *rcode_name(uint16_t rcode)
{
    static const char *const names[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};

    return rcode < sizeof names / sizeof *names ? names[rcode] : "another rcode";
}

static const char *name_result(const struct lookup_name *t)
{
    switch (t->result) {
    case LOOKUP_NAME_OK:
        return "has addresses";
    case LOOKUP_NAME_CUT:
        return "was answered";
    case LOOKUP_NAME_EMPTY:
        return "has no address";
    case LOOKUP_NAME_NXDOMAIN:
        return "does not exist";
    case LOOKUP_NAME_FAILED:
        return rcode_name(t->rcode);
    default:
        return "was not answered";
    }
}

/* A name without a dot is asked for to be completed from the search list: that it does not exist itself says nothing, where one
 * made of it exists or was not served. NULL: none. */
static const struct lookup_name *completed(const struct exchange_lookup *l, enum lookup_name_result result)
{
    if (l->empty || memchr(l->host.p, '.', l->host.n) != NULL)
        return NULL;
    for (size_t i = 0; i < l->tried_count; i++)
        if (l->tried[i].result == result && !slice_ieq(l->tried[i].name, l->host))
            return &l->tried[i];
    return NULL;
}

/* "; of its search list, NAME has no address, NAME does not exist": what names other than the one that is told got. Empty where
 * there are none. */
static const char *others_text(const struct exchange_lookup *l, struct slice told, char *text, size_t size)
{
    size_t n = 0;

    text[0] = '\0';
    for (size_t i = 0; i < l->tried_count && n < size; i++) {
        const struct lookup_name *t = &l->tried[i];
        if (slice_ieq(t->name, told))
            continue;
        int wrote = snprintf(text + n, size - n, "%s%.*s %s", n == 0 ? "; of its search list, " : ", ",
                             shown(t->name), (const char *)t->name.p, name_result(t));
        n += wrote > 0 ? (size_t)wrote : 0;
    }
    return text;
}

static const struct packet_mark *deciding(const struct exchange_lookup *l)
{
    const struct packet_mark *asked = &lookup_detours(l)->asked;

    return mark_set(asked) ? asked : &l->last_answer;
}

static void exists_without_address(struct exchange *e, struct slice name, const struct packet_mark *answer)
{
    const struct exchange_lookup *l = e->lookup;
    char others[400];

    finding_add(e, P2T_FINDING_DNS_EMPTY_ANSWER, answer, &l->last_query,
                "%.*s exists but has no address: the server answered NOERROR with an empty list, so no connection "
                "was tried%s",
                shown(name), (const char *)name.p, others_text(l, name, others, sizeof others));
}

static void not_found(struct exchange *e)
{
    const struct exchange_lookup *l = e->lookup;
    const struct lookup_name *empty = completed(l, LOOKUP_NAME_EMPTY), *failed = completed(l, LOOKUP_NAME_FAILED);
    char others[400];

    if (l->empty)
        exists_without_address(e, l->host, deciding(l));
    else if (empty != NULL)
        exists_without_address(e, empty->name, &empty->answer);
    else if (failed != NULL)
        finding_add(e, P2T_FINDING_DNS_SERVER_FAILURE, &failed->answer, &l->last_query,
                    "the name server answered %s for %.*s%s", rcode_name(failed->rcode), shown(failed->name),
                    (const char *)failed->name.p, others_text(l, failed->name, others, sizeof others));
    else
        finding_add(e, P2T_FINDING_DNS_NOT_FOUND, deciding(l), &l->last_query,
                    "%.*s does not exist: the server answered %s%s", shown(l->host), (const char *)l->host.p,
                    rcode_name(l->rcode), others_text(l, l->host, others, sizeof others));
}

/* RFC 792, RFC 4443 3.1: what kept the question from its server. */
static const char *icmp_name(const struct lookup_icmp *i)
{
    if ((i->family == 4 && i->type == 3 && i->code == 1) || (i->family == 6 && i->type == 1 && i->code == 3))
        return "host unreachable";
    if (i->code == 0)
        return i->family == 6 ? "no route" : "network unreachable";
    return "prohibited or unreachable";
}

static bool is_port_unreachable(const struct lookup_icmp *i)
{
    return i->family == 0 || (i->family == 4 && i->code == 3) || (i->family == 6 && i->code == 4);
}

static void unreachable(struct exchange *e)
{
    const struct exchange_lookup *l = e->lookup;
    const struct lookup_detours *d = lookup_detours(l);

    if (mark_set(&d->tcp_refused))
        finding_add(e, P2T_FINDING_DNS_UNREACHABLE, &d->tcp_refused, &l->last_query,
                    "the answer was truncated, and the name server refused the TCP connection to port 53");
    else if (is_port_unreachable(&d->icmp))
        finding_add(e, P2T_FINDING_DNS_UNREACHABLE, &l->last_answer, &l->last_query,
                    "nothing listens at the name server (ICMP port unreachable)");
    else
        finding_add(e, P2T_FINDING_DNS_UNREACHABLE, &l->last_answer, &l->last_query,
                    "the name server cannot be reached (ICMP %s)", icmp_name(&d->icmp));
}

static const char *queries_word(const struct exchange_lookup *l)
{
    return l->queries == 1 ? "query" : "queries";
}

static void unanswered(struct exchange *e)
{
    const struct exchange_lookup *l = e->lookup;
    char of_all[32] = "";

    if (l->answers > 0) /* other names of its search list had answers */
        snprintf(of_all, sizeof of_all, "%u of ", l->answers < l->queries ? l->queries - l->answers : 1);
    finding_add(e, P2T_FINDING_DNS_NO_ANSWER, &l->first_query, &l->last_query, "no answer to %s%u %s for %.*s%s",
                of_all, l->queries, queries_word(l), shown(l->host), (const char *)l->host.p,
                l->result == LOOKUP_ABANDONED ? "; the client stopped before its retries were used up" : "");
}

static void still_open(struct exchange *e)
{
    const struct exchange_lookup *l = e->lookup;

    finding_add(e, P2T_FINDING_DNS_OPEN, &l->first_query, &l->last_query,
                "%u %s for %.*s had no answer when %s, %.1f s after the first", l->queries, queries_word(l),
                shown(l->host), (const char *)l->host.p,
                l->forced_out ? "the lookup was given up for lack of memory" : "the capture ended",
                (double)(e->end_ns - l->first_query.ts_ns) / 1e9);
}

static void about_result(struct exchange *e)
{
    const struct exchange_lookup *l = e->lookup;

    switch (l->result) {
    case LOOKUP_NOT_FOUND:
        not_found(e);
        break;
    case LOOKUP_MISBEHAVING:
    case LOOKUP_LAME:
        finding_add(e, P2T_FINDING_DNS_SERVER_FAILURE, deciding(l), &l->last_query,
                    "the name server answered %s for %.*s", rcode_name(l->rcode), shown(l->host),
                    (const char *)l->host.p);
        break;
    case LOOKUP_UNREACHABLE:
        unreachable(e);
        break;
    case LOOKUP_TIMEOUT:
    case LOOKUP_ABANDONED:
        unanswered(e);
        break;
    case LOOKUP_PENDING:
        still_open(e);
        break;
    case LOOKUP_CUT:
        finding_add(
            e, P2T_FINDING_DNS_CUT, &l->last_answer, &l->last_query,
            "the name server answered for %.*s, but the addresses are not in the capture: snapshot length, or "
            "a fragment is missing",
            shown(l->host), (const char *)l->host.p);
        break;
    case LOOKUP_OK:
        break;
    }
}

/* What went wrong on the way to an answer. */
static void about_detours(struct exchange *e)
{
    const struct exchange_lookup *l = e->lookup;
    const struct lookup_detours *d = lookup_detours(l);
    uint32_t answers = l->answers + d->partials;
    char silent[ENDPOINT_TEXT_MAX], failed[ENDPOINT_TEXT_MAX];

    (void)endpoint_format(&d->silent.server, silent);
    (void)endpoint_format(&d->failed.server, failed);
    if (l->repeats > 0)
        finding_add(e, P2T_FINDING_DNS_RETRIED, &l->first_query, &l->last_query,
                    "the lookup of %.*s was repeated: %u queries, %u %s%s%s", shown(l->host), (const char *)l->host.p,
                    l->queries, answers, answers == 1 ? "answer" : "answers",
                    mark_set(&d->silent.mark) ? "; no answer from " : "", mark_set(&d->silent.mark) ? silent : "");
    if (mark_set(&d->failed.mark))
        finding_add(e, P2T_FINDING_DNS_SERVER_FAILED, &d->failed.mark, &l->last_answer,
                    "the name server %s answered %s before another one knew the name", failed,
                    rcode_name(d->failed.rcode));
}

void about_lookup(struct exchange *e)
{
    const struct exchange_lookup *l = e->lookup;

    about_result(e);
    if (l->result == LOOKUP_OK || l->result == LOOKUP_CUT)
        about_detours(e);
    if (l->useless && l->addr_count > 0)
        finding_add(
            e, P2T_FINDING_DNS_NOT_FOLLOWED, &l->first_query, &l->last_answer,
            "%.*s has only IPv%c addresses now, and the client opened no connection: after its earlier lookups of "
            "this name it connected over IPv%c",
            shown(l->host), (const char *)l->host.p, l->addrs[0].family == 6 ? '6' : '4',
            l->addrs[0].family == 6 ? '4' : '6');
    if (l->names > 1)
        finding_add(e, P2T_FINDING_DNS_SEARCH_LIST, &l->first_query, &l->last_query,
                    "%u names were tried for %.*s (search list): %u queries", l->names, shown(l->host),
                    (const char *)l->host.p, l->queries);
}
