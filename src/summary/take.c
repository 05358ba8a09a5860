/* From what the session hands over to the summary's own records. */
#include <stdlib.h>

#include "summary/keep.h"
#include "summary/route.h"
#include "summary/saved.h"

static struct proof proof_of(struct p2t_summary *s, const char *const *files, size_t n, struct p2t_evidence e)
{
    if (e.packet == 0 || e.file >= n)
        return (struct proof){0};
    return (struct proof){words_take(&s->words, slice_str(files[e.file])), e.packet};
}

/* "10.0.0.1:80" and "[fd00::1]:80" without the port. */
static const struct word *without_port(struct p2t_summary *s, struct slice endpoint)
{
    size_t colon = endpoint.n;

    while (colon > 0 && endpoint.p[colon - 1] != ':')
        colon--;
    if (colon == 0)
        return words_take(&s->words, endpoint);
    struct slice host = slice_of(endpoint.p, colon - 1);
    if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
        host = slice_of(host.p + 1, host.n - 2);
    return words_take(&s->words, host);
}

/* ---- exchanges ---- */

static struct p2t_text arg_text(const struct p2t_event *ev, enum p2t_hook_arg arg)
{
    unsigned i = p2t_hook_args[arg].index;

    if (i >= ev->arg_count || ev->args[i].value.kind != P2T_VALUE_TEXT)
        return (struct p2t_text){NULL, 0};
    return ev->args[i].value.as.text;
}

static void take_field(struct p2t_summary *s, struct call *c, const struct p2t_event *ev)
{
    struct p2t_text key = arg_text(ev, P2T_ARG_WROTE_HEADER_FIELD_KEY);
    struct slice name = slice_of(key.p, key.n);
    unsigned at = p2t_hook_args[P2T_ARG_WROTE_HEADER_FIELD_VALUE].index;

    if (slice_ieq(name, SLICE_LIT("expect")))
        c->expects = true;
    if (!slice_ieq(name, SLICE_LIT("user-agent")) || ev->arg_count <= at)
        return;
    const struct p2t_value *list = &ev->args[at].value;
    if (list->kind != P2T_VALUE_LIST || list->as.list.n == 0 || list->as.list.items[0].kind != P2T_VALUE_TEXT)
        return;
    struct p2t_text v = list->as.list.items[0].as.text;
    struct slice agent = slice_of(v.p, v.n);
    agent.n = slice_find(agent, '/');
    agent.n = slice_find(agent, ' ');
    c->agent = words_take(&s->words, agent);
}

static void take_dial(struct p2t_summary *s, struct call *c, const struct p2t_event *ev)
{
    struct p2t_text addr = arg_text(ev, P2T_ARG_CONNECT_DONE_ADDR), err = arg_text(ev, P2T_ARG_CONNECT_DONE_ERR);

    for (size_t i = 0; err.p != NULL && i < sizeof c->dialled / sizeof *c->dialled; i++)
        if (c->dialled[i] == NULL) {
            c->dialled[i] = words_text(&s->words, addr);
            return;
        }
}

static struct proof evidence_of(struct p2t_summary *s, const struct p2t_exchange *x, const struct p2t_event *ev)
{
    return ev->evidence_count > 0 ? proof_of(s, x->files, x->file_count, ev->evidence[0]) : (struct proof){0};
}

static void take_event(struct p2t_summary *s, struct call *c, const struct p2t_exchange *x,
                       const struct p2t_event *ev)
{
    switch (ev->hook) {
    case P2T_HOOK_DNS_START:
        c->lookup_ns = ev->time_ns;
        break;
    case P2T_HOOK_DNS_DONE:
        c->looked_up_ns = ev->time_ns;
        if (c->client == NULL)
            c->client = words_text(&s->words, arg_text(ev, P2T_ARG_DNS_DONE_CLIENT));
        break;
    case P2T_HOOK_CONNECT_DONE:
        take_dial(s, c, ev);
        break;
    case P2T_HOOK_WROTE_HEADER_FIELD:
        /* A head that the snapshot length cut has no end. */
        if (c->request_ns == 0 && x->method.n > 0)
            c->request_ns = ev->time_ns;
        take_field(s, c, ev);
        break;
    case P2T_HOOK_WROTE_HEADERS:
        c->request_ns = ev->time_ns;
        break;
    case P2T_HOOK_WROTE_REQUEST:
        c->sent_ns = ev->time_ns;
        c->asked = evidence_of(s, x, ev);
        break;
    case P2T_HOOK_GOT_100_CONTINUE:
        c->continued = true;
        break;
    case P2T_HOOK_GOT_FIRST_RESPONSE_BYTE:
        c->answer_ns = ev->time_ns;
        c->answered = evidence_of(s, x, ev);
        break;
    default:
        break;
    }
}

static void take_proofs(struct p2t_summary *s, struct call *c, const struct p2t_exchange *x)
{
    for (size_t i = 0; i < x->event_count && c->proof.packet == 0; i++)
        if (x->events[i].evidence_count > 0)
            c->proof = proof_of(s, x->files, x->file_count, x->events[i].evidence[0]);
    for (size_t i = 0; i < x->finding_count; i++) {
        const struct p2t_finding *f = &x->findings[i];
        c->findings[f->id / 64] |= UINT64_C(1) << (f->id % 64);
        if (i == 0 && f->evidence_count > 0 && x->outcome == P2T_OUTCOME_TLS_ERROR)
            c->answered = proof_of(s, x->files, x->file_count, f->evidence[0]);
        if (i == 0 && f->evidence_count > 0)
            c->last_proof = proof_of(s, x->files, x->file_count, f->evidence[f->evidence_count - 1]);
    }
}

static int64_t positive(int64_t ns)
{
    return ns > 0 ? ns : 0;
}

/* Microseconds of a duration; a forged one is cut at a hundred years. */
static int64_t ns_of(int64_t us)
{
    return positive(min_ns(us, INT64_C(100) * 366 * 86400 * 1000000)) * 1000;
}

static void take_phases(struct call *c, const struct p2t_phases *p)
{
    c->dns_ns = positive(p->dns_ns);
    c->connect_ns = positive(p->connect_ns);
    c->tls_ns = positive(p->tls_ns);
    c->send_ns = positive(p->send_ns);
    c->wait_ns = positive(p->wait_ns);
    c->receive_ns = positive(p->receive_ns);
    c->total_ns = positive(p->total_ns);
}

/* How much of the stalls lay before the first byte of the answer. */
static int64_t stalled_before(const struct p2t_transport *t, int64_t answer_ns)
{
    int64_t ns = 0;

    for (size_t i = 0; i < t->stall_count; i++) {
        const struct p2t_stall *x = &t->stalls[i];
        if ((x->kind == P2T_STALL_LOST_AFTER || x->kind == P2T_STALL_LOST_BEFORE) && x->from.time_ns < answer_ns)
            add_ns(&ns, positive(min_ns(x->to.time_ns, answer_ns) - x->from.time_ns));
    }
    return ns;
}

/* After the events: it asks when the answer began. */
static void take_stalls(struct call *c, const struct p2t_transport *t)
{
    c->stalled_ns = ns_of(t->request.stalled_us) + ns_of(t->response.stalled_us);
    c->shut_by_server_ns = ns_of(t->request.zero_window_us);
    c->shut_by_client_ns = ns_of(t->response.zero_window_us);
    c->acked_ns = t->acked_us >= 0 ? ns_of(t->acked_us) : -1;
    c->window = t->limit_window;
    c->idle_client_ns = ns_of(t->idle_client_us);
    c->idle_server_ns = ns_of(t->idle_server_us);
    if (c->answer_ns != 0 && t->stalls_dropped == 0)
        c->stalled_later_ns = positive(c->stalled_ns - stalled_before(t, c->answer_ns));
    for (size_t i = 0; i < t->stall_count; i++)
        if (t->stalls[i].kind == P2T_STALL_NAGLE) {
            add_ns(&c->nagle_ns, positive(t->stalls[i].to.time_ns - t->stalls[i].from.time_ns));
            c->nagle_by_server = t->stalls[i].sender == P2T_SIDE_SERVER;
        }
}

static void take_connection(struct p2t_summary *s, struct call *c, const struct p2t_connection *k)
{
    struct slice client = slice_of(k->client.p, k->client.n), server = slice_of(k->server.p, k->server.n);

    c->conn_id = k->id;
    c->client = without_port(s, client);
    c->server = words_take(&s->words, server);
    c->server_ip = without_port(s, server);
    c->reused = k->reused == 1;
    c->proxied = k->proxy.p != NULL;
    if (k->tls != NULL) {
        c->certificate_ns = k->tls->certificate_ns;
        c->alerted = k->tls->alert_ns != 0;
        c->resumed = k->tls->resumed;
        c->tls_13 = slice_eq(slice_of(k->tls->version.p, k->tls->version.n), SLICE_LIT("TLS 1.3"));
    }
    c->rtt_ns = positive(k->rtt_ns);
    c->stream = k->stream > 0 ? (uint64_t)k->stream : 0;
}

static void take_handshake(struct call *c, const struct p2t_exchange *x)
{
    const struct p2t_tls *tls = x->connection != NULL ? x->connection->tls : NULL;

    if (tls == NULL || tls->server_hello_ns == 0 || c->tls_ns == 0)
        return;
    for (size_t i = 0; i < x->event_count; i++)
        if (x->events[i].hook == P2T_HOOK_TLS_HANDSHAKE_START)
            c->hello_ns = min_ns(c->tls_ns, positive(tls->server_hello_ns - x->events[i].time_ns));
}

/* A client that resets its stream before the answer has given up. */
static void take_stream(struct call *c, const struct p2t_http2 *h)
{
    c->flow_stalled[0] = h->request_stalls > 0;
    c->flow_stalled[1] = h->response_stalls > 0;
    c->max_streams = h->max_streams;
    c->reset_by_server = h->reset_by_server;
    c->left |= h->reset_code >= 0 && !h->reset_by_server && c->answer_ns == 0;
}

static bool has_finding(const struct p2t_exchange *x, enum p2t_finding_code code)
{
    for (size_t i = 0; i < x->finding_count; i++)
        if (x->findings[i].id == code)
            return true;
    return false;
}

static void take_texts(struct p2t_summary *s, struct call *c, const struct p2t_exchange *x)
{
    struct buf route = {0};

    c->method = words_text(&s->words, x->method);
    c->host = words_text(&s->words, x->host);
    c->name = x->host.n > 0 ? without_port(s, slice_of(x->host.p, x->host.n)) : NULL;
    route_of(&route, slice_of(x->url.p, x->url.n));
    c->route = words_take(&s->words, buf_view(&route));
    c->url = hash_stable(hash_stable(HASH_STABLE_SEED, x->method.p, x->method.n), x->url.p, x->url.n);
    c->query = x->url.n > 0 && memchr(x->url.p, '?', x->url.n) != NULL;
    c->software = words_text(&s->words, x->server);
    c->error = words_text(&s->words, x->error);
    c->trace = x->trace_id.n > 0 ? hash_stable(HASH_STABLE_SEED, x->trace_id.p, x->trace_id.n) : 0;
    c->streams = x->websocket != NULL || x->status == 101 ||
                 slice_istarts(slice_of(x->response.content_type.p, x->response.content_type.n),
                               SLICE_LIT("text/event-stream"));
    buf_fini(&route);
}

static void fill_call(struct p2t_summary *s, struct call *c, const struct p2t_exchange *x)
{
    c->id = x->id;
    c->kind = x->kind;
    c->outcome = x->outcome;
    c->status = x->status;
    c->grpc_status = x->grpc != NULL ? (int)x->grpc->status : -1;
    c->start_ns = x->start_ns;
    c->end_ns = max_ns(x->start_ns, x->end_ns);
    c->request_bytes = x->request.body_bytes > 0 ? (uint64_t)x->request.body_bytes : 0;
    c->response_bytes = x->response.body_bytes > 0 ? (uint64_t)x->response.body_bytes : 0;
    c->failed = p2t_exchange_failed(x);
    c->quiet = x->quiet;
    c->by_go = x->by_go;
    c->open = p2t_exchange_open(x);
    c->head_open = x->response.header_bytes < 0;
    c->via = x->via.p != NULL;
    c->request_closes = x->request_closes;
    c->response_closes = x->response_closes;
    c->left = has_finding(x, P2T_FINDING_CONN_CLOSED_BY_CLIENT);
    c->walked = has_finding(x, P2T_FINDING_DNS_SEARCH_LIST);
    c->acked_ns = -1;
    take_texts(s, c, x);
    take_phases(c, &x->phases);
    if (x->connection != NULL)
        take_connection(s, c, x->connection);
    for (size_t i = 0; i < x->event_count; i++)
        take_event(s, c, x, &x->events[i]);
    take_proofs(s, c, x);
    take_handshake(c, x);
    if (x->http2 != NULL)
        take_stream(c, x->http2);
    else
        c->reset_by_server = x->kind == P2T_KIND_TLS && has_finding(x, P2T_FINDING_HTTP2_STREAM_RESET);
    for (size_t i = 0; i < x->link_count; i++)
        if (strcmp(x->links[i].relation, "redirected_from") == 0)
            c->redirected_from = x->links[i].id;
    if (x->transport != NULL)
        take_stalls(c, x->transport);
    if (c->agent == NULL)
        c->agent = words_take(&s->words, slice_str(p2t_kind_name(x->kind)));
}

/* Only what keep_wants_call() asks for: most of very many calls need no more. */
static struct call glance(const struct p2t_exchange *x)
{
    struct call c = {.id = x->id, .start_ns = x->start_ns, .failed = p2t_exchange_failed(x)};

    c.left = has_finding(x, P2T_FINDING_CONN_CLOSED_BY_CLIENT);
    c.total_ns = positive(x->phases.total_ns);
    c.conn_id = x->connection != NULL ? x->connection->id : 0;
    if (x->transport != NULL)
        take_stalls(&c, x->transport);
    for (size_t i = 0; i < x->event_count; i++)
        if (x->events[i].hook == P2T_HOOK_GOT_FIRST_RESPONSE_BYTE)
            c.answer_ns = x->events[i].time_ns;
    if (x->http2 != NULL)
        take_stream(&c, x->http2);
    return c;
}

static int add_call(struct p2t_summary *s, const struct p2t_exchange *x)
{
    struct call c = {0};

    fill_call(s, &c, x);
    return keep_call(s, &c);
}

/* Whoever holds it is done within a microsecond or two, nearly always: to sleep and be woken takes longer. */
static void lock(struct p2t_summary *s)
{
    enum { TRIES = 100 };

    for (int i = 0; i < TRIES; i++)
        if (pthread_mutex_trylock(&s->lock) == 0)
            return;
    pthread_mutex_lock(&s->lock);
}

int p2t_summary_exchange(struct p2t_summary *s, const struct p2t_exchange *x)
{
    const struct call seen = glance(x);

    s->calls_seen += summary_counts(x);
    s->calls_failed += seen.failed;
    if (!keep_wants_call(s, &seen))
        return P2T_OK;
    lock(s);
    int status = add_call(s, x);
    pthread_mutex_unlock(&s->lock);
    return status;
}

/* ---- questions ---- */

static const struct word *path_word(struct p2t_summary *s, const char *path)
{
    return words_take(&s->words, slice_str(path));
}

static void fill_question(struct p2t_summary *s, struct question *q, const struct p2t_question *x)
{
    q->client = words_text(&s->words, x->client);
    q->server = words_text(&s->words, x->server);
    q->name = words_text(&s->words, x->name);
    q->client_port = x->client_port;
    q->type = x->type;
    q->tries = x->tries;
    q->ttl = x->ttl;
    q->rcode = x->rcode;
    q->asked_ns = x->asked_ns;
    q->last_asked_ns = x->last_asked_ns;
    q->answered_ns = x->answered_ns;
    q->unreachable_ns = x->unreachable_ns;
    q->truncated = x->truncated;
    q->cut = x->cut;
    q->referral = x->referral;
    q->over_tcp = x->over_tcp;
    q->addresses = x->addresses;
    for (size_t i = 0; i < x->addresses && i < P2T_QUESTION_ADDRESSES_MAX; i++)
        q->address[i] = words_text(&s->words, x->address[i]);
    q->asked = (struct proof){path_word(s, x->asked.path), x->asked.number};
    if (x->answered_ns != 0)
        q->answered = (struct proof){path_word(s, x->answered.path), x->answered.number};
}

static void add_question(struct p2t_summary *s, const struct p2t_question *x)
{
    struct question q = {0};

    fill_question(s, &q, x);
    s->failed |= keep_question(s, &q) != P2T_OK;
}

void p2t_summary_question(struct p2t_summary *s, const struct p2t_question *x)
{
    s->questions_seen++;
    if (!keep_wants_question(s, x))
        return;
    lock(s);
    add_question(s, x);
    pthread_mutex_unlock(&s->lock);
}

/* ---- connections ---- */

static void take_stall_records(struct p2t_summary *s, struct conn *k, const struct p2t_connection_record *r)
{
    k->stalls_dropped = (uint32_t)r->stalls_dropped;
    if (r->stall_count == 0)
        return;
    k->stalls = calloc(r->stall_count, sizeof *k->stalls);
    if (k->stalls == NULL)
        return;
    k->stall_count = r->stall_count;
    for (size_t i = 0; i < r->stall_count; i++) {
        const struct p2t_stall *from = &r->stalls[i];
        k->stalls[i] = (struct stall){.kind = from->kind,
                                      .by_server = from->sender == P2T_SIDE_SERVER,
                                      .open = from->open,
                                      .by_timer = from->by_timer,
                                      .from_ns = from->from.time_ns,
                                      .to_ns = from->to.time_ns,
                                      .bytes = from->bytes,
                                      .repeats = from->repeats,
                                      .proof = proof_of(s, r->files, r->file_count, from->to.packet)};
    }
}

static int64_t moment_of(struct p2t_summary *s, const struct p2t_connection_record *r, struct p2t_moment m,
                         struct proof *proof)
{
    if (m.packet.packet == 0)
        return 0;
    if (proof != NULL)
        *proof = proof_of(s, r->files, r->file_count, m.packet);
    return m.time_ns;
}

static void take_moments(struct p2t_summary *s, struct conn *k, const struct p2t_connection_record *r)
{
    k->first_ns = moment_of(s, r, r->first, NULL);
    k->last_ns = moment_of(s, r, r->last, NULL);
    k->syn_ns = moment_of(s, r, r->syn, &k->syn);
    k->last_syn_ns = moment_of(s, r, r->last_syn, &k->last_syn);
    k->syn_ack_ns = moment_of(s, r, r->syn_ack, &k->syn_ack);
    k->ack_ns = moment_of(s, r, r->ack, NULL);
    k->late_syn_ack_ns = moment_of(s, r, r->last_late_syn_ack, &k->late_syn_ack);
    k->refused_ns = moment_of(s, r, r->refused, &k->refused);
    k->icmp_ns = moment_of(s, r, r->icmp, &k->icmp);
    k->challenged_ns = moment_of(s, r, r->challenged, NULL);
    for (int i = 0; i < 2; i++) {
        k->fin_ns[i] = moment_of(s, r, r->side[i].fin, NULL);
        k->last_bytes_ns[i] = moment_of(s, r, r->side[i].last_bytes, NULL);
        k->rst_ns[i] = moment_of(s, r, r->side[i].rst, &k->rst[i]);
        k->side[i] = r->side[i];
    }
}

static uint16_t port_of(struct slice endpoint)
{
    size_t colon = endpoint.n;
    uint64_t port;

    while (colon > 0 && endpoint.p[colon - 1] != ':')
        colon--;
    return slice_u64(slice_from(endpoint, colon), &port) ? (uint16_t)port : 0;
}

static void fill_conn(struct p2t_summary *s, struct conn *k, const struct p2t_connection_record *r)
{
    k->id = r->id;
    k->server = words_take(&s->words, slice_str(r->server));
    k->client_ip = without_port(s, slice_str(r->client));
    k->server_ip = without_port(s, slice_str(r->server));
    k->client_port = port_of(slice_str(r->client));
    k->server_port = port_of(slice_str(r->server));
    k->vantage = r->vantage;
    k->syns = r->syns;
    k->syn_acks = r->syn_acks;
    k->late_syn_acks = r->late_syn_acks;
    k->exchanges = r->exchanges;
    k->refused_ttl = r->refused_ttl;
    k->icmp_family = r->icmp_family;
    k->icmp_type = r->icmp_type;
    k->icmp_code = r->icmp_code;
    k->icmp_sender = words_take(&s->words, slice_str(r->icmp_sender));
    k->closer = r->closer;
    k->input_ended = r->input_ended;
    k->one_direction = r->one_direction;
    k->idle_before_unacked_us = r->idle_before_unacked_us;
    k->clock_back_us = r->clock_back_us;
    k->clock_back_ns = moment_of(s, r, r->clock_back, &k->clock_back);
    k->clock_jump_us = r->clock_jump_us;
    k->clock_jumped_ns = moment_of(s, r, r->clock_jumped, &k->clock_jumped);
    take_moments(s, k, r);
    take_stall_records(s, k, r);
}

static int add_conn(struct p2t_summary *s, const struct p2t_connection_record *r)
{
    struct conn k = {0};

    s->conns_seen++;
    fill_conn(s, &k, r);
    return keep_conn(s, &k);
}

int p2t_summary_connection(struct p2t_summary *s, const struct p2t_connection_record *r)
{
    lock(s);
    int status = add_conn(s, r);
    pthread_mutex_unlock(&s->lock);
    return status;
}
