/* Whether a client has Go's pool. */
#include "correlate/pool/pool.h"

static bool has_go_order(const struct exchange_request *r)
{
    size_t n = r->header_count;

    return n >= 3 && slice_eq(r->headers[0].name, SLICE_LIT("Host")) &&
           slice_eq(r->headers[1].name, SLICE_LIT("User-Agent")) &&
           slice_eq(r->headers[n - 1].name, SLICE_LIT("Accept-Encoding")) &&
           slice_eq(r->headers[n - 1].value, SLICE_LIT("gzip"));
}

static bool has_go_order_h2(const struct exchange_request *r)
{
    static const char *const order[] = {":authority", ":method", ":path", ":scheme"};

    for (size_t i = 0; i < 4; i++)
        if (i >= r->header_count || !slice_eq(r->headers[i].name, slice_str(order[i])))
            return false;
    return true;
}

bool pool_client_is_go(const struct cconn *cc, const struct exchange *e)
{
    if (e->kind == P2T_KIND_TLS)
        return cc->go_resolver;
    return e->stream.id != 0 ? has_go_order_h2(&e->request) : has_go_order(&e->request);
}
