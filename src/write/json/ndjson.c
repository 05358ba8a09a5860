#include "write/format.h"
#include "write/json/json.h"

static void ndjson_exchange(struct buf *b, const struct out_options *o, const struct p2t_exchange *x)
{
    if (o->compact)
        json_compact(b, x);
    else
        json_exchange(b, x);
    buf_putc(b, '\n');
}

const struct out_format_ops out_ndjson = {.exchange = ndjson_exchange};
