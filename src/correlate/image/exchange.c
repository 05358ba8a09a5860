/* Exchanges and their parts, member by member. */
#include "correlate/image/image.h"

/* True: *part is there. */
static bool image_part(struct image *m, void *part, size_t bytes)
{
    void *p;

    memcpy(&p, part, sizeof p);
    if (!image_present(m, p != NULL))
        return false;
    if (m->out != NULL)
        return true;
    p = arena_alloc(m->arena, bytes);
    m->failed |= p == NULL;
    if (p != NULL)
        memset(p, 0, bytes);
    memcpy(part, &p, sizeof p);
    return p != NULL;
}

IMAGE_COVERS(struct exchange_lookup, 200);
static void image_names(struct image *m, struct exchange_lookup *l)
{
    if (m->out != NULL || image_ok(m))
        l->tried_count = (uint32_t)image_count(m, l->tried_count, LOOKUP_NAMES_MAX);
    if (m->out == NULL && l->tried_count > 0) {
        l->tried = arena_alloc(m->arena, LOOKUP_NAMES_MAX * sizeof *l->tried);
        m->failed |= l->tried == NULL;
        l->tried_count = l->tried == NULL ? 0 : l->tried_count;
    }
    for (size_t i = 0; i < l->tried_count; i++) {
        struct lookup_name *t = &l->tried[i];
        if (m->out == NULL)
            *t = (struct lookup_name){.rcode = 0};
        image_slice(m, &t->name);
        IMAGE_ENUM(m, t->result, LOOKUP_NAME_SILENT);
        IMAGE(m, t->rcode);
        image_mark(m, &t->answer);
    }
}

static void image_trouble(struct image *m, struct lookup_trouble *t)
{
    image_mark(m, &t->mark);
    image_endpoint(m, &t->server);
    IMAGE(m, t->rcode);
}

IMAGE_COVERS(struct lookup_detours, 160);
static void image_detours(struct image *m, struct lookup_detours *d)
{
    image_mark(m, &d->superseded);
    image_mark(m, &d->partial);
    IMAGE(m, d->partials);
    image_mark(m, &d->asked);
    image_trouble(m, &d->silent);
    image_trouble(m, &d->failed);
    IMAGE(m, d->icmp.family);
    IMAGE(m, d->icmp.type);
    IMAGE(m, d->icmp.code);
    image_mark(m, &d->tcp_refused);
}

static void image_addrs(struct image *m, struct exchange_lookup *l)
{
    size_t n = image_array(m, &l->addrs, l->addrs != NULL ? l->addr_count : 0, sizeof *l->addrs, 1);

    if (n > LOOKUP_ADDRS_MAX)
        reader_fail(&m->in, READ_BAD);
    for (size_t i = 0; i < n; i++)
        image_ip(m, &l->addrs[i]);
    if (m->out == NULL)
        l->addr_count = (uint32_t)n;
}

void image_lookup_info(struct image *m, struct exchange_lookup *l)
{
    image_slice(m, &l->host);
    image_slice(m, &l->last_name);
    image_endpoint(m, &l->client);
    image_endpoint(m, &l->server);
    image_mark(m, &l->first_query);
    image_mark(m, &l->last_query);
    image_mark(m, &l->last_answer);
    image_ns(m, &l->gave_up_ns);
    image_bool(m, &l->gave_up);
    image_addrs(m, l);
    IMAGE(m, l->addrs_dropped);
    IMAGE(m, l->queries);
    IMAGE(m, l->answers);
    IMAGE(m, l->names);
    IMAGE(m, l->repeats);
    IMAGE_ENUM(m, l->result, LOOKUP_ABANDONED);
    IMAGE_ENUM(m, l->resolver, RESOLVER_OTHER);
    IMAGE(m, l->rcode);
    image_bool(m, &l->has_rcode);
    image_bool(m, &l->empty);
    image_bool(m, &l->shared);
    image_bool(m, &l->inferred);
    image_bool(m, &l->over_tcp);
    image_bool(m, &l->forced_out);
    image_bool(m, &l->clock_set_back);
    image_bool(m, &l->useless);
    image_names(m, l);
    if (image_part(m, &l->detours, sizeof *l->detours))
        image_detours(m, l->detours);
}

IMAGE_COVERS(struct exchange_attempt, 216);
void image_attempt(struct image *m, struct exchange_attempt *a)
{
    image_endpoint(m, &a->client);
    image_endpoint(m, &a->server);
    image_endpoint(m, &a->nat_server);
    IMAGE(m, a->conn_id);
    image_mark(m, &a->syn);
    image_mark(m, &a->last_syn);
    image_mark(m, &a->syn_ack);
    image_mark(m, &a->ack);
    image_mark(m, &a->failed);
    image_mark(m, &a->challenged);
    image_duration(m, &a->last_interval_ns);
    image_ns(m, &a->next_slot_ns);
    image_ns(m, &a->gave_up_ns);
    IMAGE(m, a->syns);
    if (a->syns == 0)
        reader_fail(&m->in, READ_BAD);
    IMAGE(m, a->syn_acks);
    IMAGE(m, a->challenges);
    image_bool(m, &a->lost);
    image_bool(m, &a->followed);
    IMAGE_ENUM(m, a->result, ATTEMPT_CANCELED);
    IMAGE(m, a->icmp_family);
    IMAGE(m, a->icmp_type);
    IMAGE(m, a->icmp_code);
}

static void image_headers(struct image *m, const struct fact_header **headers, size_t *count)
{
    struct fact_header *items = NULL;

    *count = image_array(m, &items, *count, sizeof *items, 2);
    for (size_t i = 0; i < *count; i++) {
        struct fact_header h = m->out != NULL ? (*headers)[i] : items[i];
        image_slice(m, &h.name);
        image_slice(m, &h.value);
        if (m->out == NULL)
            items[i] = h;
    }
    if (m->out == NULL)
        *headers = items;
}

IMAGE_COVERS(struct exchange_request, 184);
static void image_request(struct image *m, struct exchange_request *r)
{
    image_bool(m, &r->seen);
    IMAGE_ENUM(m, r->extent, FACT_HEAD_OVER_LIMIT);
    image_mark(m, &r->first);
    image_mark(m, &r->head_end);
    image_mark(m, &r->last);
    image_mark(m, &r->last_body_chunk);
    image_slice(m, &r->method);
    image_slice(m, &r->target);
    image_slice(m, &r->host);
    IMAGE(m, r->version_major);
    IMAGE(m, r->version_minor);
    image_headers(m, &r->headers, &r->header_count);
    IMAGE(m, r->head_bytes);
    IMAGE(m, r->body_bytes);
    IMAGE(m, r->length);
    image_bool(m, &r->chunked);
    image_bool(m, &r->has_length);
    image_bool(m, &r->ended);
    image_bool(m, &r->complete);
    image_bool(m, &r->abandoned);
    image_bool(m, &r->lost);
    image_bool(m, &r->expects_continue);
    image_bool(m, &r->body_in_segment);
    image_bool(m, &r->wants_close);
}

IMAGE_COVERS(struct exchange_interim, 40);
static void image_interims(struct image *m, struct exchange_response *r)
{
    r->interim_count = image_count(m, r->interim_count, INTERIMS_MAX);
    IMAGE(m, r->interims_dropped);
    if (r->interim_count == 0)
        return;
    if (m->out == NULL && (r->interims = arena_alloc(m->arena, INTERIMS_MAX * sizeof *r->interims)) == NULL) {
        m->failed = true;
        r->interim_count = 0;
    }
    for (size_t i = 0; i < r->interim_count; i++) {
        image_mark(m, &r->interims[i].mark);
        IMAGE(m, r->interims[i].status);
        image_headers(m, &r->interims[i].headers, &r->interims[i].header_count);
    }
}

IMAGE_COVERS(struct exchange_response, 256);
static void image_response(struct image *m, struct exchange_response *r)
{
    image_bool(m, &r->seen);
    IMAGE_ENUM(m, r->extent, FACT_HEAD_OVER_LIMIT);
    image_mark(m, &r->first);
    image_mark(m, &r->first_possible);
    image_mark(m, &r->reset_like);
    image_mark(m, &r->head_end);
    image_mark(m, &r->last);
    image_slice(m, &r->reason);
    image_slice(m, &r->content_type);
    image_slice(m, &r->location);
    image_slice(m, &r->server);
    image_slice(m, &r->via);
    IMAGE(m, r->status);
    IMAGE(m, r->version_major);
    IMAGE(m, r->version_minor);
    IMAGE(m, r->head_bytes);
    IMAGE(m, r->body_bytes);
    IMAGE(m, r->length);
    image_bool(m, &r->chunked);
    image_bool(m, &r->has_length);
    image_bool(m, &r->until_close);
    image_bool(m, &r->ended);
    image_bool(m, &r->complete);
    image_bool(m, &r->lost);
    image_bool(m, &r->wants_close);
    image_bool(m, &r->keep_alive);
    image_bool(m, &r->extra_bytes);
    image_bool(m, &r->unread);
    IMAGE_ENUM(m, r->bad, FACT_BAD_EXTRA);
    image_slice(m, &r->bad_line);
    image_interims(m, r);
}

IMAGE_COVERS(struct exchange_stream, 48);
static void image_stream(struct image *m, struct exchange_stream *s)
{
    IMAGE(m, s->id);
    image_bool(m, &s->reset);
    image_bool(m, &s->reset_by_server);
    IMAGE(m, s->error_code);
    image_mark(m, &s->reset_mark);
    IMAGE(m, s->stalls[0]);
    IMAGE(m, s->stalls[1]);
    IMAGE(m, s->max_streams);
}

IMAGE_COVERS(struct exchange_messages, 72);
static void image_messages(struct image *m, struct exchange_messages *x)
{
    IMAGE(m, x->count);
    image_bool(m, &x->lost);
    image_bool(m, &x->complete);
    image_mark(m, &x->first);
    image_mark(m, &x->last);
    x->time_count = image_array(m, &x->times_ns, x->time_count, sizeof *x->times_ns, 1);
    if (x->time_count > MESSAGE_TIMES_MAX) {
        reader_fail(&m->in, READ_BAD);
        x->time_count = 0;
    }
    if (m->out == NULL)
        x->time_cap = x->time_count;
    for (size_t i = 0; i < x->time_count; i++)
        image_ns(m, &x->times_ns[i]);
}

IMAGE_COVERS(struct exchange_grpc, 168);
static void image_grpc(struct image *m, struct exchange_grpc *g)
{
    image_bool(m, &g->present);
    image_bool(m, &g->has_status);
    IMAGE(m, g->status);
    image_slice(m, &g->message);
    image_messages(m, &g->messages[0]);
    image_messages(m, &g->messages[1]);
}

IMAGE_COVERS(struct exchange_websocket, 272);
static void image_websocket(struct image *m, struct exchange_websocket *w)
{
    image_bool(m, &w->present);
    for (int dir = 0; dir < 2; dir++) {
        image_messages(m, &w->messages[dir]);
        IMAGE(m, w->text[dir]);
        IMAGE(m, w->binary[dir]);
        IMAGE(m, w->pings[dir]);
        IMAGE(m, w->pongs[dir]);
        image_mark(m, &w->closed[dir]);
        IMAGE(m, w->close_code[dir]);
    }
    image_mark(m, &w->last);
}

IMAGE_COVERS(struct exchange_conn, 640);
void image_conn_view(struct image *m, struct exchange_conn *v)
{
    image_bool(m, &v->present);
    IMAGE(m, v->id);
    image_endpoint(m, &v->client);
    image_endpoint(m, &v->server);
    image_endpoint(m, &v->nat_server);
    image_endpoint(m, &v->nat_client);
    image_mark(m, &v->first);
    image_mark(m, &v->syn);
    image_mark(m, &v->syn_ack);
    image_mark(m, &v->ack);
    image_mark(m, &v->last_syn_ack);
    IMAGE(m, v->syns);
    IMAGE(m, v->syn_acks);
    IMAGE(m, v->server_ttl);
    IMAGE(m, v->rst_ttl);
    image_bool(m, &v->late_syn_ack);
    image_mark(m, &v->sent_after_rst);
    image_bool(m, &v->handshake_seen);
    IMAGE(m, v->position);
    image_bool(m, &v->pipelined);
    image_bool(m, &v->orphan_dial);
    image_bool(m, &v->pool_full);
    image_bool(m, &v->handed_over);
    IMAGE_ENUM(m, v->proxy, PROXY_SOCKS);
    image_slice(m, &v->dialled_host);
    image_slice(m, &v->proxy_target);
    image_mark(m, &v->tunnel_ready);
    image_mark(m, &v->previous_end);
    image_mark(m, &v->next_head);
    image_mark(m, &v->client_fin);
    image_mark(m, &v->client_rst);
    IMAGE(m, v->rst_untaken[0]);
    IMAGE(m, v->rst_untaken[1]);
    image_mark(m, &v->server_fin);
    image_mark(m, &v->server_rst);
    image_mark(m, &v->preface);
    IMAGE_ENUM(m, v->refused, FACT_BAD_EXTRA);
    image_mark(m, &v->refused_at);
    image_bool(m, &v->goaway);
    IMAGE(m, v->goaway_last);
    IMAGE(m, v->goaway_code);
    image_slice(m, &v->goaway_debug);
    image_mark(m, &v->ping);
    IMAGE(m, v->heard_at_ping);
    image_bool(m, &v->silent_since_ping);
    image_bool(m, &v->input_ended);
    image_ns(m, &v->clock_ahead_ns);
    image_mark(m, &v->clock_back);
    IMAGE_ENUM(m, v->proto, FACT_PROTO_OTHER);
    for (int dir = 0; dir < 2; dir++) {
        image_bool(m, &v->fin_in_order[dir]);
        IMAGE(m, v->lost_bytes[dir]);
        image_mark(m, &v->last_gap[dir]);
        image_mark(m, &v->lost_on_way[dir]);
        IMAGE(m, v->retransmits[dir]);
        image_mark(m, &v->last_retransmit[dir]);
        IMAGE(m, v->payload_bytes[dir]);
    }
}

IMAGE_COVERS(struct tls_agreed, 48);
static void image_agreed(struct image *m, struct tls_agreed *a)
{
    image_bool(m, &a->known);
    IMAGE(m, a->version);
    IMAGE(m, a->cipher);
    image_slice(m, &a->server_name);
    image_slice(m, &a->alpn);
    image_bool(m, &a->resumed);
}

IMAGE_COVERS(struct exchange_tls, 408);
void image_tls(struct image *m, struct exchange_tls *t)
{
    image_mark(m, &t->hello);
    image_mark(m, &t->done);
    image_mark(m, &t->server_hello);
    image_bool(m, &t->done_guessed);
    IMAGE(m, t->version);
    IMAGE(m, t->cipher);
    image_slice(m, &t->server_name);
    image_slice(m, &t->alpn);
    image_slice(m, &t->ja4);
    image_bool(m, &t->resumed);
    image_bool(m, &t->h2);
    image_bool(m, &t->decrypted);
    image_mark(m, &t->decrypted_at);
    image_bool(m, &t->prefixed);
    image_bool(m, &t->outer_name);
    IMAGE_ENUM(m, t->failure, TLS_FAILED_CLOSED);
    image_mark(m, &t->failed);
    for (int dir = 0; dir < 2; dir++) {
        image_mark(m, &t->loss[dir].mark);
        IMAGE_ENUM(m, t->loss[dir].why, FACT_TLS_LOSSES - 1);
        image_mark(m, &t->alert[dir].mark);
        IMAGE(m, t->alert[dir].code);
        image_bool(m, &t->alert[dir].hidden);
    }
    image_bool(m, &t->client_certificate_empty);
    image_slice(m, &t->certificate_problem);
    image_mark(m, &t->certificate);
    image_mark(m, &t->inner_hello);
    image_mark(m, &t->inner_answer);
    image_mark(m, &t->inner_done);
    image_agreed(m, &t->inner);
    image_bool(m, &t->not_tls_is_http);
}

static void image_links(struct image *m, struct exchange *e)
{
    e->link_count = image_count(m, e->link_count, LINKS_MAX);
    for (size_t i = 0; i < e->link_count; i++) {
        static const char *const relations[] = {"retry_of", "redirected_from", "retried_as"};
        unsigned which = 0;
        while (m->out != NULL && which < 2 && strcmp(e->links[i].relation, relations[which]) != 0)
            which++;
        image_enum(m, &which, 2);
        e->links[i].relation = relations[which];
        IMAGE(m, e->links[i].id);
    }
}

IMAGE_COVERS(struct flow_stall, 72);
void image_stall(struct image *m, struct flow_stall *x)
{
    IMAGE_ENUM(m, x->kind, P2T_STALL_COUNT - 1);
    image_bool(m, &x->client);
    image_mark(m, &x->from);
    image_mark(m, &x->to);
    IMAGE(m, x->off);
    IMAGE(m, x->end);
    IMAGE(m, x->repeats);
    IMAGE(m, x->segments);
    IMAGE(m, x->after_us);
    image_bool(m, &x->by_timer);
    image_bool(m, &x->arrived);
    image_bool(m, &x->open);
}

IMAGE_COVERS(struct exchange_carried, 104);
static void image_carried(struct image *m, struct exchange_carried *x)
{
    image_bool(m, &x->begun);
    image_bool(m, &x->ended);
    IMAGE(m, x->begin);
    IMAGE(m, x->end);
    IMAGE(m, x->segments);
    IMAGE(m, x->retransmitted);
    IMAGE(m, x->reordered);
    IMAGE(m, x->probes);
    image_duration(m, &x->stalled_ns);
    image_duration(m, &x->zero_window_ns);
    image_duration(m, &x->idle_ns);
    image_duration(m, &x->nagle_ns);
    IMAGE(m, x->rounds);
    image_bool(m, &x->uneven);
    IMAGE(m, x->flight);
    IMAGE(m, x->flight_begin);
    image_duration(m, &x->rounds_ns);
}

static void image_stalls(struct image *m, struct exchange_transport *t)
{
    if (m->out != NULL || image_ok(m))
        t->stall_count = (uint32_t)image_count(m, t->stall_count, EXCHANGE_STALLS_MAX);
    if (m->out == NULL && t->stall_count > 0 &&
        (t->stalls = arena_alloc(m->arena, EXCHANGE_STALLS_MAX * sizeof *t->stalls)) == NULL) {
        m->failed = true;
        t->stall_count = 0;
    }
    for (uint32_t i = 0; i < t->stall_count; i++) {
        if (m->out == NULL)
            t->stalls[i] = (struct flow_stall){.repeats = 0};
        image_stall(m, &t->stalls[i]);
    }
    IMAGE(m, t->stalls_dropped);
}

IMAGE_COVERS(struct exchange_transport, 448);
static void image_transport(struct image *m, struct exchange_transport *t)
{
    for (int dir = 0; dir < 2; dir++) {
        image_carried(m, &t->message[dir]);
        IMAGE(m, t->rtt[dir].samples);
        IMAGE(m, t->rtt[dir].min_us);
        IMAGE(m, t->rtt[dir].median_us);
        IMAGE(m, t->rtt[dir].max_us);
        IMAGE(m, t->unacked[dir]);
    }
    image_mark(m, &t->acked);
    image_mark(m, &t->answered);
    image_mark(m, &t->heard);
    image_ns(m, &t->counted_to_ns);
    image_stalls(m, t);
    image_bool(m, &t->known);
    image_bool(m, &t->offload);
    image_bool(m, &t->one_direction);
    IMAGE(m, t->tries);
    IMAGE(m, t->try_length);
    image_mark(m, &t->first_try);
    image_mark(m, &t->last_try);
    image_duration(m, &t->idle_before_ns);
    IMAGE(m, t->hole);
    IMAGE(m, t->window[0]);
    IMAGE(m, t->window[1]);
    IMAGE(m, t->acked_length[0]);
    IMAGE(m, t->acked_length[1]);
    IMAGE(m, t->dead_probes);
    image_mark(m, &t->probe_first);
    image_mark(m, &t->probe_last);
}

/* Bytes that an attempt takes at the least: a byte for each of its numbers. */
enum { ATTEMPT_LEAST = 20 };

static void image_dialled(struct image *m, struct exchange *e)
{
    if (image_part(m, &e->lookup, sizeof *e->lookup))
        image_lookup_info(m, e->lookup);
    e->attempt_count = image_array(m, &e->attempts, e->attempt_count, sizeof *e->attempts, ATTEMPT_LEAST);
    for (size_t i = 0; i < e->attempt_count; i++)
        image_attempt(m, &e->attempts[i]);
    if (image_part(m, &e->tls, sizeof *e->tls))
        image_tls(m, e->tls);
    if (image_part(m, &e->dial_tls, sizeof *e->dial_tls))
        image_tls(m, e->dial_tls);
    image_bool(m, &e->handshakes);
    image_bool(m, &e->by_go);
    image_bool(m, &e->upstream);
}

/* Its places in lists are those lists'. */
static void image_own(struct image *m, struct exchange *e)
{
    bool pool = e->timer.kind == TIMER_POOL;
    image_bool(m, &pool);
    if (m->out == NULL)
        e->timer.kind = pool ? TIMER_POOL : TIMER_EXCHANGE;
    image_timer(m, &e->timer);
    image_bool(m, &e->may_have_ended);
    image_bool(m, &e->late);
    image_link(m, IMAGE_CONN, &e->owner);
    IMAGE(m, e->number);
    IMAGE(m, e->lost_before[0]);
    IMAGE(m, e->lost_before[1]);
    IMAGE(m, e->heard_before);
    IMAGE(m, e->retransmits_before[0]);
    IMAGE(m, e->retransmits_before[1]);
    image_link(m, IMAGE_DIAL, &e->claims);
    image_link(m, IMAGE_POOL, &e->pool);
    image_ns(m, &e->free_ns);
}

IMAGE_COVERS(struct exchange_link, 16);
IMAGE_COVERS(struct exchange, 2448);
/* Outcome, errors and findings are the judge's: they come when it is handed over. */
void image_exchange(struct image *m, struct exchange *e)
{
    m->arena = &e->arena;
    IMAGE(m, e->id);
    IMAGE_ENUM(m, e->kind, P2T_KIND_CONNECT);
    image_bool(m, &e->quiet);
    image_bool(m, &e->retried);
    image_conn_view(m, &e->conn);
    image_request(m, &e->request);
    image_response(m, &e->response);
    image_stream(m, &e->stream);
    image_transport(m, &e->transport);
    image_grpc(m, &e->grpc);
    image_websocket(m, &e->websocket);
    image_dialled(m, e);
    image_slice(m, &e->socks_error);
    image_ns(m, &e->end_ns);
    image_mark(m, &e->start);
    image_ns(m, &e->clock_ahead_ns);
    image_links(m, e);
    image_own(m, e);
}
