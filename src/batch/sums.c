#include <stdio.h>
#include <stdlib.h>

#include "batch/outputs.h"
#include "batch/state.h"
#include "batch/store.h"

int sums_begin(struct sums *s)
{
    sums_fini(s);
    return p2t_summary_new(&s->summary, &(struct p2t_summary_config){0});
}

void sums_mark(struct point *p)
{
    p2t_session_counters(p->session, &p->sums.before);
}

void sums_packet(struct sums *s, int64_t ts_ns)
{
    if (s->first_ns == 0 || ts_ns < s->first_ns)
        s->first_ns = ts_ns;
    if (ts_ns > s->last_ns)
        s->last_ns = ts_ns;
}

void sums_fini(struct sums *s)
{
    p2t_summary_free(s->summary);
    *s = (struct sums){0};
}

int sums_connection(void *ctx, const struct p2t_connection_record *record)
{
    struct sums *s = &((struct point *)ctx)->sums;

    return s->silent || s->summary == NULL ? 0 : p2t_summary_connection(s->summary, record);
}

void sums_question(void *ctx, const struct p2t_question *question)
{
    struct sums *s = &((struct point *)ctx)->sums;

    if (!s->silent && s->summary != NULL)
        p2t_summary_question(s->summary, question);
}

/* Only what the summary's texts speak of; the window's own share of them. */
static struct p2t_counters counters_of(const struct point *p)
{
    const struct p2t_counters *from = &p->sums.before;
    struct p2t_counters k = {0}, now;

    p2t_session_counters(p->session, &now);
    k.frames = now.frames - from->frames;
    k.connections = now.connections - from->connections;
    k.connection_attempts = now.connection_attempts - from->connection_attempts;
    k.dns_messages = now.dns_messages - from->dns_messages;
    k.http_requests = now.http_requests - from->http_requests;
    k.icmp_errors = now.icmp_errors - from->icmp_errors;
    k.cut_bytes = now.cut_bytes - from->cut_bytes;
    k.lost_bytes = now.lost_bytes - from->lost_bytes;
    k.tls_decrypted = now.tls_decrypted - from->tls_decrypted;
    k.limits_hit = now.limits_hit - from->limits_hit;
    k.earliest_ns = p->sums.first_ns;
    k.latest_ns = p->sums.last_ns;
    return k;
}

static int write_to(const struct point *p, const char *path, const uint8_t *bytes, size_t n)
{
    int error, status = store_piece(path, bytes, n, false, &error);

    return status == P2T_OK ? P2T_OK : point_fail(p, path, status, error);
}

int sums_save(struct point *p)
{
    const struct p2t_counters counters = counters_of(p);
    size_t n;
    uint8_t *bytes = p2t_summary_save(p->sums.summary, &counters, &n);
    char *name = outputs_state_name(p->output), *path = NULL;
    int status =
        bytes == NULL || name == NULL || asprintf(&path, "%s/%s", p->out_dir, name) < 0 ? P2T_ERR_MEMORY : P2T_OK;

    if (status == P2T_OK && p->config->alert != NULL)
        status = alerts_window(p, slice_of(bytes, n));
    if (status == P2T_OK)
        status = write_to(p, path, bytes, n);
    else
        (void)point_fail(p, p->output, status, 0);
    free(path);
    free(name);
    free(bytes);
    return status;
}
