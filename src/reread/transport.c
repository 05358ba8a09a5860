/* `transport`: what is left out is zero, or not known. */
#include "reread/fields.h"

static int64_t micros(struct fields *f, const cJSON *object, const char *name, int64_t missing)
{
    return fields_int(f, object, name, 0, INT64_MAX, missing);
}

static void take_rtt(struct fields *f, const cJSON *rtts, const char *name, struct p2t_rtt *r)
{
    const cJSON *object = fields_object(f, rtts, name);

    *r = (struct p2t_rtt){0, -1, -1, -1};
    if (object == NULL)
        return;
    r->samples = fields_count(f, object, "samples");
    r->min_us = micros(f, object, "min", -1);
    r->median_us = micros(f, object, "median", -1);
    r->max_us = micros(f, object, "max", -1);
}

static void take_message(struct fields *f, const cJSON *transport, const char *name, struct p2t_transport_message *m)
{
    const cJSON *object = fields_object(f, transport, name);

    m->segments = fields_count(f, object, "segments");
    m->retransmitted = fields_count(f, object, "retransmitted");
    m->reordered = fields_count(f, object, "reordered");
    m->stalled_us = micros(f, object, "stalled_us", 0);
    m->zero_window_us = micros(f, object, "zero_window_us", 0);
    m->probes = fields_count(f, object, "probes");
}

static void take_server(struct fields *f, const cJSON *transport, struct p2t_transport *t)
{
    const cJSON *object = fields_object(f, transport, "server_us");

    t->server_us = micros(f, object, "value", -1);
    t->server_low_us = micros(f, object, "low", t->server_us);
    t->server_high_us = micros(f, object, "high", t->server_us);
}

static const char *limit_name(int i)
{
    return p2t_limit_name((enum p2t_limit)i);
}

void reread_transport(struct fields *f, const cJSON *root, struct p2t_exchange *x)
{
    const cJSON *object = fields_object(f, root, "transport"), *rtts = fields_object(f, object, "rtt_us");
    struct p2t_transport *t = object != NULL ? fields_list(f, 1, sizeof *t) : NULL;

    if (t == NULL)
        return;
    x->transport = t;
    take_rtt(f, rtts, "client", &t->client_rtt);
    take_rtt(f, rtts, "server", &t->server_rtt);
    take_message(f, object, "request", &t->request);
    take_message(f, object, "response", &t->response);
    t->acked_us = micros(f, object, "acked_us", -1);
    take_server(f, object, t);
    t->idle_client_us = micros(f, object, "idle_client_us", 0);
    t->idle_server_us = micros(f, object, "idle_server_us", 0);
    if (fields_get(object, "limit") != NULL)
        t->limit = (enum p2t_limit)fields_name(f, object, "limit", P2T_LIMIT_COUNT, limit_name);
    t->limit_window = fields_count(f, object, "limit_window");
    t->offload = fields_bool(f, object, "offload");
    t->unacked_bytes = micros(f, object, "unacked_bytes", -1);
    t->unheard_bytes = micros(f, object, "unheard_bytes", -1);
    t->dead_probes = fields_count(f, object, "dead_probes");
    t->one_direction = fields_bool(f, object, "one_direction");
}
