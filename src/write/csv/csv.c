/* RFC 4180: a header line, then a line per exchange with what people sort and filter by. */
#include <string.h>

#include "base/timefmt.h"
#include "write/csv/cell.h"
#include "write/format.h"

static void text_cell(struct buf *b, struct p2t_text s)
{
    buf_putc(b, ',');
    csv_text(b, s);
}

static void number_cell(struct buf *b, int64_t v)
{
    buf_putc(b, ',');
    if (v >= 0)
        buf_i64(b, v);
}

static void us_cell(struct buf *b, int64_t ns)
{
    buf_putc(b, ',');
    if (ns >= 0)
        buf_printf(b, "%lld.%03d", (long long)(ns / 1000), (int)(ns % 1000));
}

static void time_cell(struct buf *b, int64_t ns)
{
    char text[TIME_TEXT_BYTES];

    time_rfc3339(ns, text);
    buf_putc(b, ',');
    buf_put(b, text, sizeof text);
}

static void findings_cell(struct buf *b, const struct p2t_exchange *x)
{
    buf_putc(b, ',');
    for (size_t i = 0; i < x->finding_count; i++) {
        if (i > 0)
            buf_putc(b, ' ');
        buf_str(b, x->findings[i].code);
    }
}

static void subject_cells(struct buf *b, const struct p2t_exchange *x)
{
    buf_printf(b, "%016llx,%s,%s", (unsigned long long)x->id, p2t_kind_name(x->kind), p2t_outcome_name(x->outcome));
    text_cell(b, x->error);
    text_cell(b, x->method);
    text_cell(b, x->url);
    text_cell(b, x->host);
    number_cell(b, x->status > 0 ? x->status : -1);
    text_cell(b, x->trace_id);
}

static void connection_cells(struct buf *b, const struct p2t_connection *c)
{
    static const struct p2t_connection unknown = {.reused = -1, .exchange = -1, .rtt_ns = -1};

    if (c == NULL)
        c = &unknown;
    text_cell(b, c->client);
    text_cell(b, c->server);
    buf_str(b, c->reused < 0 ? "," : c->reused ? ",true" : ",false");
    number_cell(b, c->exchange);
    us_cell(b, c->rtt_ns);
}

/* gRPC's, or a WebSocket's. */
static void message_cells(struct buf *b, const struct p2t_exchange *x)
{
    const struct p2t_messages *sent = x->grpc != NULL        ? &x->grpc->request
                                      : x->websocket != NULL ? &x->websocket->client.messages
                                                             : NULL;
    const struct p2t_messages *received = x->grpc != NULL        ? &x->grpc->response
                                          : x->websocket != NULL ? &x->websocket->server.messages
                                                                 : NULL;

    number_cell(b, x->grpc != NULL ? x->grpc->status : -1);
    number_cell(b, sent != NULL ? (int64_t)sent->count : -1);
    number_cell(b, received != NULL ? (int64_t)received->count : -1);
}

static void csv_begin(struct buf *b, const struct out_options *o)
{
    (void)o;
    buf_lit(b,
            "id,kind,outcome,error,method,url,host,status,trace_id,client,server,reused,connection_exchange,rtt_us,"
            "start,end,total_us,blocked_us,dns_us,connect_us,tls_us,send_us,wait_us,receive_us,"
            "request_header_bytes,request_body_bytes,response_header_bytes,response_body_bytes,content_type,"
            "findings,grpc_status,request_messages,response_messages\r\n");
}

static void csv_exchange(struct buf *b, const struct out_options *o, const struct p2t_exchange *x)
{
    const struct p2t_phases *p = &x->phases;
    const int64_t phases[] = {p->total_ns, p->blocked_ns, p->dns_ns,  p->connect_ns,
                              p->tls_ns,   p->send_ns,    p->wait_ns, p->receive_ns};

    (void)o;
    subject_cells(b, x);
    connection_cells(b, x->connection);
    time_cell(b, x->start_ns);
    time_cell(b, x->end_ns);
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++)
        us_cell(b, phases[i]);
    number_cell(b, x->request.header_bytes);
    number_cell(b, x->request.body_bytes);
    number_cell(b, x->response.header_bytes);
    number_cell(b, x->response.body_bytes);
    text_cell(b, x->response.content_type);
    findings_cell(b, x);
    message_cells(b, x);
    buf_lit(b, "\r\n");
}

const struct out_format_ops out_csv = {.begin = csv_begin, .exchange = csv_exchange};
