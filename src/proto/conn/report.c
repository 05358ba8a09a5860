#include "proto/conn/decoder.h"

void conn_set_decoder(struct proto *p, struct conn *c, const struct decoder *d, const struct packet_mark *mark)
{
    struct fact f = {.kind = FACT_CONN_PROTO, .conn = c->flow, .mark = *mark};

    c->decoder = d;
    c->other = d == NULL;
    f.as.proto = d != NULL ? d->proto : FACT_PROTO_OTHER;
    p->counters.tls_connections += f.as.proto == FACT_PROTO_TLS;
    p->counters.http2_connections += f.as.proto == FACT_PROTO_HTTP2;
    p->counters.other_connections += f.as.proto == FACT_PROTO_OTHER;
    proto_emit(p, &f);
}
