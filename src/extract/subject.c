#include "extract/subject.h"

#include <stdlib.h>

#include "base/system.h"
#include "pcap2trace/status.h"
#include "write/args.h"

/* ---- copies ---- */

static struct slice copy(struct subjects *all, struct p2t_text s)
{
    return s.p != NULL ? arena_copy(&all->arena, slice_of(s.p, s.n)) : slice_of(NULL, 0);
}

/* Paths come from few files, and the last one named is named again. */
static int path_index(struct subjects *all, const char *path, uint32_t *index)
{
    for (size_t i = all->path_count; i > 0; i--)
        if (strcmp(all->paths[i - 1], path) == 0) {
            *index = (uint32_t)(i - 1);
            return P2T_OK;
        }
    if (all->path_count == all->path_cap) {
        size_t cap = all->path_cap < 8 ? 8 : all->path_cap * 2;
        const char **paths = reallocarray(all->paths, cap, sizeof *paths);
        if (paths == NULL)
            return P2T_ERR_MEMORY;
        all->paths = paths;
        all->path_cap = cap;
    }
    *index = (uint32_t)all->path_count;
    all->paths[all->path_count++] = (const char *)arena_copy(&all->arena, slice_str(path)).p;
    return P2T_OK;
}

static int copy_refs(struct subjects *all, struct subject_refs *to, const struct p2t_exchange *x,
                     const struct p2t_evidence *e, size_t n)
{
    to->ref = arena_alloc(&all->arena, (n + 1) * sizeof *to->ref);
    if (to->ref == NULL)
        return P2T_ERR_MEMORY;
    for (size_t i = 0; i < n; i++) {
        struct subject_ref *ref = &to->ref[to->count];
        if (e[i].file >= x->file_count)
            continue;
        if (path_index(all, x->files[e[i].file], &ref->path) != P2T_OK)
            return P2T_ERR_MEMORY;
        ref->packet = e[i].packet;
        to->count++;
    }
    return P2T_OK;
}

/* What says most of an event in a line of its own. */
static struct p2t_text value_of(const struct p2t_event *ev)
{
    switch (ev->hook) {
    case P2T_HOOK_GET_CONN:
        return args_text(ev, P2T_ARG_GET_CONN_HOST_PORT);
    case P2T_HOOK_DNS_START:
        return args_text(ev, P2T_ARG_DNS_START_HOST);
    case P2T_HOOK_DNS_DONE:
        return args_text(ev, P2T_ARG_DNS_DONE_ERR);
    case P2T_HOOK_CONNECT_START:
        return args_text(ev, P2T_ARG_CONNECT_START_ADDR);
    case P2T_HOOK_CONNECT_DONE:
        return args_text(ev, P2T_ARG_CONNECT_DONE_ERR);
    case P2T_HOOK_TLS_HANDSHAKE_DONE:
        return args_text(ev, P2T_ARG_TLS_HANDSHAKE_DONE_ERR);
    case P2T_HOOK_WROTE_HEADER_FIELD:
        return args_text(ev, P2T_ARG_WROTE_HEADER_FIELD_KEY);
    case P2T_HOOK_WROTE_REQUEST:
        return args_text(ev, P2T_ARG_WROTE_REQUEST_ERR);
    default:
        return (struct p2t_text){NULL, 0};
    }
}

static int copy_events(struct subjects *all, struct subject *s, const struct p2t_exchange *x)
{
    s->events = arena_alloc(&all->arena, (x->event_count + 1) * sizeof *s->events);
    if (s->events == NULL)
        return P2T_ERR_MEMORY;
    for (; s->event_count < x->event_count; s->event_count++) {
        const struct p2t_event *ev = &x->events[s->event_count];
        struct subject_event *to = &s->events[s->event_count];
        *to = (struct subject_event){.hook = ev->hook,
                                     .basis = ev->basis,
                                     .time_ns = ev->time_ns,
                                     .has_earliest = ev->has_earliest,
                                     .has_latest = ev->has_latest,
                                     .earliest_ns = ev->earliest_ns,
                                     .latest_ns = ev->latest_ns,
                                     .value = copy(all, value_of(ev))};
        if (copy_refs(all, &to->evidence, x, ev->evidence, ev->evidence_count) != P2T_OK)
            return P2T_ERR_MEMORY;
        int64_t last_ns = ev->has_latest ? ev->latest_ns : ev->time_ns;
        if (last_ns > s->until_ns)
            s->until_ns = last_ns;
    }
    return P2T_OK;
}

static int copy_findings(struct subjects *all, struct subject *s, const struct p2t_exchange *x)
{
    s->findings = arena_alloc(&all->arena, (x->finding_count + 1) * sizeof *s->findings);
    if (s->findings == NULL)
        return P2T_ERR_MEMORY;
    for (; s->finding_count < x->finding_count; s->finding_count++) {
        const struct p2t_finding *f = &x->findings[s->finding_count];
        struct subject_finding *to = &s->findings[s->finding_count];
        *to = (struct subject_finding){.code = f->code, .severity = f->severity, .text = copy(all, f->text)};
        if (copy_refs(all, &to->evidence, x, f->evidence, f->evidence_count) != P2T_OK)
            return P2T_ERR_MEMORY;
    }
    return P2T_OK;
}

/* ---- who spoke with whom, and about which names ---- */

/* "10.0.0.1:80", "[2001:db8::1]:80" */
static struct endpoint endpoint_of(struct p2t_text text)
{
    struct slice s = slice_of(text.p, text.n);
    size_t colon = s.n;
    uint64_t port = 0;

    while (colon > 0 && s.p[colon - 1] != ':')
        colon--;
    if (colon == 0 || !slice_u64(slice_from(s, colon), &port) || port > UINT16_MAX)
        return (struct endpoint){0};
    struct slice ip = slice_of(s.p, colon - 1);
    if (ip.n >= 2 && ip.p[0] == '[')
        ip = slice_of(ip.p + 1, ip.n - 2);
    return (struct endpoint){ip_parse(ip), (uint16_t)port};
}

static void add_client(struct subject *s, struct ip_addr ip)
{
    for (size_t i = 0; i < s->client_count; i++)
        if (ip_eq(&s->clients[i], &ip))
            return;
    if (ip.family != 0 && s->client_count < SUBJECT_PAIRS)
        s->clients[s->client_count++] = ip;
}

static void add_pair(struct subject *s, struct endpoint client, struct endpoint server)
{
    if (client.ip.family == 0 || server.ip.family == 0)
        return;
    add_client(s, client.ip);
    s->pairs[s->pair_count++] = (struct subject_pair){client, server};
}

static void copy_connection(struct subjects *all, struct subject *s, const struct p2t_connection *c)
{
    struct endpoint client = endpoint_of(c->client), server = endpoint_of(c->server);
    struct endpoint nat_client = endpoint_of(c->nat_client), nat_server = endpoint_of(c->nat_server);

    s->connection = c->id;
    s->client = copy(all, c->client);
    s->server = copy(all, c->server);
    s->rtt_ns = c->rtt_ns;
    s->encrypted = c->tls != NULL && !c->tls->decrypted;
    add_pair(s, client, server);
    add_pair(s, client, nat_server);
    add_pair(s, nat_client, server);
    add_pair(s, nat_client, nat_server);
}

static void add_name(struct subjects *all, struct subject *s, struct p2t_text host)
{
    struct slice name = copy(all, host);

    if (name.n == 0)
        return;
    for (size_t i = 0; i < name.n; i++)
        ((uint8_t *)name.p)[i] |= name.p[i] >= 'A' && name.p[i] <= 'Z' ? 0x20 : 0;
    for (size_t i = 0; i < s->name_count; i++)
        if (slice_eq(s->names[i], name))
            return;
    if (s->name_count < SUBJECT_NAMES)
        s->names[s->name_count++] = name;
}

static void copy_lookups(struct subjects *all, struct subject *s, const struct p2t_exchange *x)
{
    for (size_t i = 0; i < x->event_count; i++) {
        const struct p2t_event *ev = &x->events[i];
        struct p2t_text client = args_text(ev, P2T_ARG_DNS_DONE_CLIENT);
        if (ev->hook == P2T_HOOK_DNS_START && ev->evidence_count > 0)
            add_name(all, s, args_text(ev, P2T_ARG_DNS_START_HOST));
        if (client.n > 0)
            add_client(s, ip_parse(slice_of(client.p, client.n)));
    }
}

/* ---- the list ---- */

static struct subject *next_subject(struct subjects *all)
{
    if (all->count == all->cap) {
        size_t cap = all->cap < 8 ? 8 : all->cap * 2;
        struct subject *items = reallocarray(all->items, cap, sizeof *items);
        if (items == NULL)
            return NULL;
        all->items = items;
        all->cap = cap;
    }
    all->items[all->count] = (struct subject){.rtt_ns = -1};
    return &all->items[all->count];
}

int subjects_add(struct subjects *all, const struct p2t_exchange *x)
{
    struct subject *s = next_subject(all);

    if (s == NULL)
        return P2T_ERR_MEMORY;
    s->id = x->id;
    s->kind = x->kind;
    s->outcome = x->outcome;
    s->error = copy(all, x->error);
    s->method = copy(all, x->method);
    s->url = copy(all, x->url);
    s->host = copy(all, x->host);
    s->status = x->status;
    s->start_ns = x->start_ns;
    s->end_ns = s->until_ns = x->end_ns;
    s->phases = x->phases;
    if (x->connection != NULL)
        copy_connection(all, s, x->connection);
    copy_lookups(all, s, x);
    if (copy_events(all, s, x) != P2T_OK || copy_findings(all, s, x) != P2T_OK)
        return P2T_ERR_MEMORY;
    all->count++;
    return P2T_OK;
}

void subjects_fini(struct subjects *all)
{
    arena_fini(&all->arena);
    free(all->items);
    free(all->paths);
    *all = (struct subjects){0};
}

/* ---- proofs ---- */

static bool is_before(struct subject_ref a, struct subject_ref b)
{
    return a.path != b.path ? a.path < b.path : a.packet < b.packet;
}

static int by_packet(const void *a, const void *b)
{
    const struct proof *x = a, *y = b;

    if (x->ref.path != y->ref.path)
        return x->ref.path < y->ref.path ? -1 : 1;
    if (x->ref.packet != y->ref.packet)
        return x->ref.packet < y->ref.packet ? -1 : 1;
    if (x->subject != y->subject)
        return x->subject < y->subject ? -1 : 1;
    if (x->event != y->event)
        return x->event < y->event ? -1 : 1;
    return (x->finding > y->finding) - (x->finding < y->finding);
}

static size_t count_proofs(const struct subjects *all)
{
    size_t n = 1;

    for (size_t i = 0; i < all->count; i++)
        n += all->items[i].event_count * P2T_EVIDENCE_MAX + all->items[i].finding_count * P2T_FINDING_EVIDENCE_MAX;
    return n;
}

static void add_proofs(struct proofs *p, const struct subject_refs *refs, struct proof proof)
{
    for (size_t i = 0; i < refs->count; i++) {
        proof.ref = refs->ref[i];
        p->items[p->count++] = proof;
    }
}

int proofs_make(struct proofs *p, const struct subjects *all)
{
    p->items = reallocarray(NULL, count_proofs(all), sizeof *p->items);
    if (p->items == NULL)
        return P2T_ERR_MEMORY;
    for (uint32_t i = 0; i < all->count; i++) {
        const struct subject *s = &all->items[i];
        for (uint32_t k = 0; k < s->event_count; k++)
            add_proofs(p, &s->events[k].evidence, (struct proof){.subject = i, .event = k, .finding = UINT32_MAX});
        for (uint32_t k = 0; k < s->finding_count; k++)
            add_proofs(p, &s->findings[k].evidence, (struct proof){.subject = i, .event = UINT32_MAX, .finding = k});
    }
    qsort(p->items, p->count, sizeof *p->items, by_packet);
    for (size_t i = 0; i < p->count; i++)
        p->packets += i == 0 || is_before(p->items[i - 1].ref, p->items[i].ref);
    return P2T_OK;
}

const struct proof *proofs_of(const struct proofs *p, struct subject_ref ref, size_t *count)
{
    size_t low = 0, high = p->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (is_before(p->items[middle].ref, ref))
            low = middle + 1;
        else
            high = middle;
    }
    *count = 0;
    while (low + *count < p->count && !is_before(ref, p->items[low + *count].ref))
        ++*count;
    return *count > 0 ? &p->items[low] : NULL;
}

void proofs_fini(struct proofs *p)
{
    free(p->items);
    *p = (struct proofs){0};
}

/* ---- the same? ---- */

static bool same_bound(bool has, int64_t ns, bool other_has, int64_t other_ns)
{
    return has == other_has && (!has || ns == other_ns);
}

static bool same_event(const struct subject_event *a, const struct subject_event *b)
{
    return a->hook == b->hook && a->basis == b->basis && a->time_ns == b->time_ns && slice_eq(a->value, b->value) &&
           same_bound(a->has_earliest, a->earliest_ns, b->has_earliest, b->earliest_ns) &&
           same_bound(a->has_latest, a->latest_ns, b->has_latest, b->latest_ns);
}

static bool same_phases(const struct p2t_phases *a, const struct p2t_phases *b)
{
    return a->blocked_ns == b->blocked_ns && a->dns_ns == b->dns_ns && a->connect_ns == b->connect_ns &&
           a->tls_ns == b->tls_ns && a->send_ns == b->send_ns && a->wait_ns == b->wait_ns &&
           a->receive_ns == b->receive_ns && a->total_ns == b->total_ns;
}

const char *subject_differs(const struct subject *a, const struct subject *b)
{
    if (a->kind != b->kind)
        return "kind";
    if (a->outcome != b->outcome)
        return "outcome";
    if (!slice_eq(a->error, b->error))
        return "error";
    if (a->status != b->status)
        return "status";
    if (a->event_count != b->event_count)
        return "hooks";
    for (size_t i = 0; i < a->event_count; i++)
        if (!same_event(&a->events[i], &b->events[i]))
            return p2t_hook_name(a->events[i].hook);
    return same_phases(&a->phases, &b->phases) ? NULL : "phases";
}
