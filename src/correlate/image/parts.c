/* What stands around exchanges: pools, connections, lookups and dials, member by member. */
#include "correlate/conn_tls.h"
#include "correlate/image/image.h"

/* ---- pools ---- */

IMAGE_COVERS(struct pool, 104);
/* Its users are counted when all is read. */
void image_pool(struct image *m, struct pool *p)
{
    image_ip(m, &p->client);
    IMAGE(m, p->port);
    image_bool(m, &p->tls);
    image_bool(m, &p->h2);
    (void)image_list(m, &p->dials, IMAGE_DIAL, offsetof(struct dial, waiting), IMAGE_WAITING);
    (void)image_list(m, &p->idle, IMAGE_CONN, offsetof(struct cconn, idle), IMAGE_IDLE);
    p->unplaced_count =
        (uint32_t)image_list(m, &p->unplaced, IMAGE_EXCHANGE, offsetof(struct exchange, unplaced), IMAGE_UNPLACED);
}

/* ---- connections ---- */

IMAGE_COVERS(struct conn_tls, 856);
static void image_conn_tls(struct image *m, struct conn_tls *t)
{
    image_tls(m, &t->info);
    image_bool(m, &t->padded);
    image_bool(m, &t->reported);
    image_bool(m, &t->asked);
    IMAGE(m, t->early_bytes);
    IMAGE(m, t->tickets);
    image_bool(m, &t->answered);
    IMAGE(m, t->answer_records);
    IMAGE(m, t->record_bytes);
    IMAGE(m, t->sent_last_bytes);
    for (size_t i = 0; i < TLS_MAYBE_HEADS; i++) {
        image_mark(m, &t->maybe_head[i]);
        IMAGE(m, t->maybe_head_bytes[i]);
    }
    IMAGE(m, t->maybe_heads);
    image_mark(m, &t->ping_like);
    image_bool(m, &t->pinged);
    IMAGE(m, t->head_bytes);
    IMAGE(m, t->least_head_bytes);
    IMAGE(m, t->short_bodies);
    image_bool(m, &t->heads_with_bodies);
    IMAGE(m, t->answer_head_bytes);
    IMAGE(m, t->answer_last_bytes);
    IMAGE(m, t->heads_apart);
    image_bool(m, &t->bodies_like_heads);
    IMAGE(m, t->answer_head_least);
    IMAGE(m, t->heads_hidden);
    IMAGE(m, t->ends_seen);
    image_bool(m, &t->frames_end);
    image_bool(m, &t->answer_ended);
    image_bool(m, &t->settings_acked);
    image_bool(m, &t->heads_short);
    IMAGE(m, t->answer_ns);
    IMAGE(m, t->usual_wait_ns);
    IMAGE(m, t->least_wait_ns);
    for (size_t i = 0; i < TLS_WAITS_KEPT; i++)
        image_duration(m, &t->waits_ns[i]);
    IMAGE(m, t->waits);
    image_mark(m, &t->head_like);
    image_bool(m, &t->resets_seen);
    image_bool(m, &t->reset_like);
    image_bool(m, &t->reset_marked);
    image_bool(m, &t->control_seen);
    IMAGE_ENUM(m, t->tunnel, TUNNEL_READY);
}

IMAGE_COVERS(struct conn_notes, 128);
static void image_notes(struct image *m, struct conn_notes *n)
{
    image_mark(m, &n->last_syn);
    image_mark(m, &n->last_late_syn_ack);
    image_mark(m, &n->challenged);
    image_mark(m, &n->icmp);
    image_ip(m, &n->icmp_sender);
    IMAGE(m, n->icmp_family);
    IMAGE(m, n->icmp_type);
    IMAGE(m, n->icmp_code);
    IMAGE(m, n->late_syn_acks);
    for (int dir = 0; dir < 2; dir++) {
        IMAGE(m, n->filled[dir]);
        IMAGE(m, n->reordered[dir]);
    }
    n->stall_count = (uint32_t)image_array(m, &n->stalls, n->stall_count, sizeof *n->stalls, 1);
    if (n->stall_count > P2T_STALLS_MAX) {
        reader_fail(&m->in, READ_BAD);
        n->stall_count = 0;
    }
    if (m->out == NULL)
        n->stall_cap = n->stall_count;
    for (uint32_t i = 0; i < n->stall_count; i++)
        image_stall(m, &n->stalls[i]);
    IMAGE(m, n->stalls_dropped);
}

IMAGE_COVERS(struct cconn, 1016);
void image_conn(struct image *m, struct cconn *cc)
{
    m->arena = &cc->arena;
    image_conn_view(m, &cc->view);
    image_link(m, IMAGE_DIAL, &cc->dial);
    IMAGE(m, cc->attempt);
    (void)image_list(m, &cc->open, IMAGE_EXCHANGE, offsetof(struct exchange, open), IMAGE_OPEN);
    if (image_present(m, cc->settling != NULL))
        (void)image_member(m, IMAGE_EXCHANGE, &cc->settling, IMAGE_SETTLING);
    IMAGE(m, cc->positions);
    if (image_present(m, cc->tls != NULL)) {
        if (cc->tls == NULL && (cc->tls = slab_take(&m->correlate->tls_slab)) == NULL)
            m->failed = true;
        else
            image_conn_tls(m, cc->tls);
    }
    image_bool(m, &cc->is_dns);
    image_bool(m, &cc->go_resolver);
    image_link(m, IMAGE_POOL, &cc->pool);
    image_link(m, IMAGE_DIAL, &cc->promised);
    image_bool(m, &cc->is_idle);
    image_ns(m, &cc->free_ns);
    image_notes(m, &cc->notes);
    for (int dir = 0; dir < 2; dir++) {
        IMAGE(m, cc->told[dir]);
        IMAGE(m, cc->told_segments[dir]);
    }
    image_slice(m, &cc->socks_error);
}

/* ---- lookups ---- */

static void image_servers(struct image *m, struct lookup *l)
{
    struct lookup_server *s = l->servers;
    size_t n = 0;

    IMAGE(m, l->server_count);
    if (l->server_count > LOOKUP_SERVERS_MAX)
        reader_fail(&m->in, READ_BAD);
    for (const struct lookup_server *at = s; at != NULL; at = at->next)
        n++;
    n = image_count(m, n, LOOKUP_SERVERS_MAX);
    for (; n > 0 && image_ok(m); n--) {
        struct endpoint at = s != NULL ? s->at : (struct endpoint){.port = 0};
        image_endpoint(m, &at);
        if (s != NULL)
            s = s->next;
        else
            lookup_add_server(l, &at);
    }
}

IMAGE_COVERS(struct lookup_lane, 48);
IMAGE_COVERS(struct lookup, 536);
/* Users and holders are counted when all is read. */
void image_lookup(struct image *m, struct lookup *l)
{
    m->arena = &l->arena;
    image_lookup_info(m, &l->info);
    if (m->out == NULL && l->info.addrs != NULL) /* they come with the index */
        reader_fail(&m->in, READ_BAD);
    image_ip(m, &l->client_ip);
    image_timer(m, &l->timer);
    for (int i = 0; i < 2; i++) {
        IMAGE_ENUM(m, l->lane[i].state, LANE_REFUSED);
        IMAGE(m, l->lane[i].tries);
        IMAGE(m, l->lane[i].rcode);
        IMAGE(m, l->lane[i].port);
        image_bool(m, &l->lane[i].same_id);
        image_mark(m, &l->lane[i].last_query);
        image_mark(m, &l->lane[i].last_answer);
    }
    image_bool(m, &l->reported);
    image_bool(m, &l->one_socket);
    image_bool(m, &l->asked_type[0]);
    image_bool(m, &l->asked_type[1]);
    IMAGE(m, l->upstream_of);
    image_bool(m, &l->answer_cut);
    image_bool(m, &l->closed);
    image_bool(m, &l->is_open);
    image_duration(m, &l->retry_gap_ns);
    image_slice(m, &l->name);
    image_servers(m, l);
    (void)image_list(m, &l->dials, IMAGE_DIAL, offsetof(struct dial, of_lookup), IMAGE_OF_LOOKUP);
}

/* ---- dials ---- */

static void image_attempts(struct image *m, struct dial *d)
{
    size_t n = image_count(m, d->n, UINT32_MAX);

    for (size_t i = 0; i < n && image_ok(m); i++) {
        if (m->out == NULL && !dial_make_room(m->correlate, d)) {
            m->failed = true;
            return;
        }
        if (m->out == NULL) {
            d->attempts[i] = (struct exchange_attempt){.syns = 0};
            d->conns[i] = NULL;
            d->n++;
        }
        image_attempt(m, &d->attempts[i]);
        image_link(m, IMAGE_CONN, &d->conns[i]);
    }
}

IMAGE_COVERS(struct dial, 360);
void image_dial(struct image *m, struct dial *d)
{
    image_link(m, IMAGE_LOOKUP, &d->lookup);
    image_bool(m, &d->cached);
    image_attempts(m, d);
    IMAGE(m, d->winner);
    if (d->n == 0 || d->winner < -1 || d->winner >= (int)d->n)
        reader_fail(&m->in, READ_BAD);
    if (m->out == NULL)
        d->timer.kind = TIMER_DIAL;
    image_timer(m, &d->timer);
    image_link(m, IMAGE_POOL, &d->pool);
    image_ns(m, &d->miss_ns);
    image_link(m, IMAGE_CONN, &d->served_on);
    image_link(m, IMAGE_EXCHANGE, &d->claimed_by);
}
