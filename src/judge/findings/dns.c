/* What the lookup went through. */
#include "judge/findings/about.h"

static const char *rcode_name(uint16_t rcode)
{
    static const char *const names[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};

    return rcode < sizeof names / sizeof *names ? names[rcode] : "another rcode";
}

void about_lookup(struct exchange *e)
{
    const struct exchange_lookup *l = e->lookup;
    int n = (int)(l->host.n > 200 ? 200 : l->host.n);
    const char *host = (const char *)l->host.p;

    if (l->empty)
        finding_add(
            e, P2T_FINDING_DNS_EMPTY_ANSWER, &l->last_answer, &l->last_query,
            "%.*s exists but has no address: the server answered NOERROR with an empty list, so no connection "
            "was tried",
            n, host);
    else if (l->result == LOOKUP_NOT_FOUND)
        finding_add(e, P2T_FINDING_DNS_NOT_FOUND, &l->last_answer, &l->last_query,
                    "%.*s does not exist: the server answered %s", n, host, rcode_name(l->rcode));
    else if (l->result == LOOKUP_MISBEHAVING || l->result == LOOKUP_LAME)
        finding_add(e, P2T_FINDING_DNS_SERVER_FAILURE, &l->last_answer, &l->last_query,
                    "the name server answered %s for %.*s", rcode_name(l->rcode), n, host);
    else if (l->result == LOOKUP_UNREACHABLE)
        finding_add(e, P2T_FINDING_DNS_UNREACHABLE, &l->last_answer, &l->last_query,
                    "nothing listens at the name server (ICMP port unreachable)");
    else if (l->result == LOOKUP_TIMEOUT || l->result == LOOKUP_ABANDONED)
        finding_add(e, P2T_FINDING_DNS_NO_ANSWER, &l->first_query, &l->last_query,
                    "no answer to %u queries for %.*s%s", l->queries, n, host,
                    l->result == LOOKUP_ABANDONED ? "; the client stopped before its retries were used up" : "");
    else if (mark_set(&l->gave_up) || l->last_query.ts_ns - l->first_query.ts_ns > 900000000)
        finding_add(e, P2T_FINDING_DNS_RETRIED, &l->first_query, &l->last_query,
                    "the lookup of %.*s was repeated: %u queries, %u answers", n, host, l->queries, l->answers);
    if (l->names > 1)
        finding_add(e, P2T_FINDING_DNS_SEARCH_LIST, &l->first_query, &l->last_query,
                    "%u names were tried for %.*s (search list): %u queries", l->names, n, host, l->queries);
}
