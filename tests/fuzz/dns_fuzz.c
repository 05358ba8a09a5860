/* The first byte says how much longer the message was on the wire. */
#include <stdlib.h>

#include "proto/dns/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_span(const struct dns_message *m, struct dns_span span)
{
    if (span.at > m->text_used || span.len > m->text_used - span.at)
        abort();
}

static void check(const struct dns_message *m)
{
    if (m->answers > DNS_ANSWERS_MAX || m->text_used > DNS_TEXT_BYTES || m->answers > m->answer_count)
        abort();
    if (m->has_question && (m->qname_len == 0 || strlen(m->qname) != m->qname_len))
        abort();
    for (unsigned i = 0; i < m->answers; i++) {
        check_span(m, m->answer[i].owner);
        check_span(m, m->answer[i].target);
        check_span(m, m->answer[i].alpn);
        if (m->answer[i].owner.len == 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dns_message m;

    if (size == 0)
        return 0;
    struct slice bytes = slice_of(data + 1, size - 1);
    enum read_status status = dns_decode(bytes, (uint32_t)bytes.n + data[0], &m);
    if (status != m.status || (status == READ_SHORT && data[0] == 0))
        abort();
    check(&m);
    (void)dns_plausible_on_port(bytes, (uint32_t)bytes.n + data[0]);
    if (dns_plausible(bytes) && (dns_decode(bytes, (uint32_t)bytes.n, &m) != READ_OK || !m.has_question))
        abort();
    return 0;
}
