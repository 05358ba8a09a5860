#include "analyze/compare/belong.h"

#include <stdlib.h>

#include "pcap2trace/status.h"

struct finding {
    uint8_t *of;
    const struct join *join;
    const struct record_list *live, *wire;
    const struct belong_config *config;
};

/* ---- retries ---- */

struct named {
    uint64_t id;
    uint32_t record;
};

static int by_id(const void *a, const void *b)
{
    const struct named *x = a, *y = b;

    return (x->id > y->id) - (x->id < y->id);
}

static bool has_call(const struct finding *f, uint32_t wire)
{
    return f->join->live_of[wire] != JOIN_NONE || f->of[wire] == BELONG_RETRY;
}

/* Whichever of the two is joined, the other one is of the same call. */
static void link_retry(const struct finding *f, uint32_t later, uint32_t earlier)
{
    if (has_call(f, later) && !has_call(f, earlier))
        f->of[earlier] = BELONG_RETRY;
    else if (has_call(f, earlier) && !has_call(f, later))
        f->of[later] = BELONG_RETRY;
}

/* There and back, so that a chain is linked from wherever it is joined. */
static int find_retries(const struct finding *f)
{
    struct named *names = malloc((f->wire->n + 1) * sizeof *names);
    size_t n = f->wire->n;

    if (names == NULL)
        return P2T_ERR_MEMORY;
    for (size_t i = 0; i < n; i++)
        names[i] = (struct named){f->wire->records[i].wire.id, (uint32_t)i};
    if (n > 0)
        qsort(names, n, sizeof *names, by_id);
    for (size_t pass = 0; pass < 2 * n; pass++) {
        size_t i = pass < n ? pass : 2 * n - 1 - pass;
        const struct named key = {.id = f->wire->records[i].wire.retry_of};
        const struct named *found = key.id != 0 ? bsearch(&key, names, n, sizeof *names, by_id) : NULL;
        if (found != NULL)
            link_retry(f, (uint32_t)i, found->record);
    }
    free(names);
    return P2T_OK;
}

/* ---- dials ---- */

/* A live ConnectStart, on the wire's clock. */
struct begun {
    int64_t at_ns;
    struct slice to;
};

static int by_time(const void *a, const void *b)
{
    const struct begun *x = a, *y = b;

    return (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
}

static size_t count_begun(const struct finding *f, struct begun *out)
{
    size_t n = 0;

    for (size_t i = 0; i < f->live->n; i++) {
        const struct record *l = &f->live->records[i];
        for (size_t k = 0; k < l->event_count && !l->relative; k++) {
            if (l->events[k].hook != P2T_HOOK_CONNECT_START)
                continue;
            if (out != NULL)
                out[n] = (struct begun){clock_to_wire(&f->join->clock, l->events[k].time_ns), l->events[k].key};
            n++;
        }
    }
    return n;
}

/* Scheduling lies between the hook and the SYN. */
static bool was_begun(const struct finding *f, const struct begun *all, size_t n, const struct record_event *e)
{
    const int64_t slack = f->config->tolerance_ns + 10000000;
    size_t from = 0, to = n;

    while (from < to) {
        size_t mid = (from + to) / 2;
        if (all[mid].at_ns < e->time_ns - slack)
            from = mid + 1;
        else
            to = mid;
    }
    for (; from < n && all[from].at_ns <= e->time_ns + slack; from++)
        if (slice_ieq(all[from].to, e->key))
            return true;
    return false;
}

static int find_dials(const struct finding *f)
{
    size_t n = count_begun(f, NULL);
    struct begun *all = malloc((n + 1) * sizeof *all);

    if (all == NULL)
        return P2T_ERR_MEMORY;
    (void)count_begun(f, all);
    if (n > 0)
        qsort(all, n, sizeof *all, by_time);
    for (size_t i = 0; i < f->wire->n; i++) {
        const struct record *w = &f->wire->records[i];
        const struct record_event *e = record_find(w, P2T_HOOK_CONNECT_START);
        if (!has_call(f, (uint32_t)i) && w->wire.kind == P2T_KIND_CONNECT && e != NULL && was_begun(f, all, n, e))
            f->of[i] = BELONG_DIAL;
    }
    free(all);
    return P2T_OK;
}

/* ---- clients ---- */

static int by_address(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct ip_addr));
}

static void add(struct ip_addr *all, size_t *n, const struct ip_addr *ip)
{
    if (ip->family == 0)
        return;
    memset(&all[*n], 0, sizeof all[*n]);
    all[*n].family = ip->family;
    memcpy(all[(*n)++].bytes, ip->bytes, sizeof ip->bytes);
}

static size_t clients_of(const struct finding *f, struct ip_addr *all)
{
    size_t n = 0;

    for (size_t i = 0; i < f->config->client_count; i++)
        add(all, &n, &f->config->clients[i]);
    for (size_t i = 0; i < f->live->n && f->config->client_count == 0; i++) {
        add(all, &n, &f->live->records[i].client.ip);
        if (f->join->wire_of[i] != JOIN_NONE)
            add(all, &n, &f->wire->records[f->join->wire_of[i]].client.ip);
    }
    if (n > 0)
        qsort(all, n, sizeof *all, by_address);
    return n;
}

/* A host has an address of each family: where none of that family is known, it may be the same. */
static bool knows_family(const struct ip_addr *all, size_t n, uint8_t family)
{
    for (size_t i = 0; i < n; i++)
        if (all[i].family == family)
            return true;
    return false;
}

static int find_other_clients(const struct finding *f)
{
    struct ip_addr *all = malloc((2 * f->live->n + f->config->client_count + 2) * sizeof *all);

    if (all == NULL)
        return P2T_ERR_MEMORY;
    size_t n = clients_of(f, all);
    const bool known[2] = {knows_family(all, n, 4), knows_family(all, n, 6)};
    for (size_t i = 0; i < f->wire->n; i++) {
        size_t one = 0;
        struct ip_addr key[1];
        add(key, &one, &f->wire->records[i].client.ip);
        if (one > 0 && f->of[i] == BELONG_ALONE && known[key->family == 6] &&
            bsearch(key, all, n, sizeof *all, by_address) == NULL)
            f->of[i] = BELONG_OTHER_CLIENT;
    }
    free(all);
    return P2T_OK;
}

int belong_find(uint8_t *of, const struct join *j, const struct record_list *live, const struct record_list *wire,
                const struct belong_config *config)
{
    const struct finding f = {of, j, live, wire, config};
    int status = find_retries(&f);

    if (status == P2T_OK && j->clock.samples > 0) /* else moments cannot be compared */
        status = find_dials(&f);
    return status == P2T_OK ? find_other_clients(&f) : status;
}
