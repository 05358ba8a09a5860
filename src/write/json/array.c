/* One JSON document: an array, written as it comes, valid also when empty. */
#include "write/format.h"
#include "write/json/json.h"

static void array_begin(struct buf *b, const struct out_options *o)
{
    (void)o;
    buf_putc(b, '[');
}

static void array_lead(struct buf *b, uint64_t index)
{
    buf_str(b, index > 0 ? ",\n" : "\n");
}

static void array_exchange(struct buf *b, const struct out_options *o, const struct p2t_exchange *x)
{
    (void)o;
    json_exchange(b, x);
}

static void array_end(struct buf *b, const struct out_options *o, const struct out_seen *seen)
{
    (void)o;
    buf_str(b, seen->count > 0 ? "\n]\n" : "]\n");
}

const struct out_format_ops out_json = {
    .begin = array_begin, .exchange = array_exchange, .lead = array_lead, .end = array_end};
