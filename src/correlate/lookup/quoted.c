/* Questions that nobody captured: they never left, or left elsewhere, and an ICMP error tells of them. */
#include "correlate/lookup/lookup.h"

void lookup_quoted(struct correlate *c, const struct fact *error)
{
    const struct flow_udp_error *e = &error->as.dns_error.error;
    const struct dns_message *m = error->as.dns_error.quoted;
    struct fact question = {.kind = FACT_DNS_MESSAGE, .mark = error->mark};

    if (m == NULL || m->is_response || !m->has_question ||
        lookup_query_of_socket(c, &e->quoted_src, &e->quoted_dst) != NULL)
        return;
    question.as.dns.message = m;
    question.as.dns.src = e->quoted_src;
    question.as.dns.dst = e->quoted_dst;
    question.as.dns.path = e->path;
    lookup_message(c, &question);
}
