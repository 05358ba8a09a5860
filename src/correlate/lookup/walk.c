/* Search lists: one application's name, tried with one suffix after the other. */
#include "correlate/lookup/lookup.h"

/* How much of two names is the same, in whole labels from the left. */
static size_t common_labels(struct slice a, struct slice b)
{
    size_t i = 0, whole = 0;

    for (; i < a.n && i < b.n && slice_ieq(slice_of(a.p + i, 1), slice_of(b.p + i, 1)); i++)
        if (a.p[i] == '.')
            whole = i;
    bool ends = (i == a.n && (i == b.n || b.p[i] == '.')) || (i == b.n && a.p[i] == '.');
    return ends ? i : whole;
}

/* What follows the first n bytes and their dot. */
static struct slice suffix_after(struct slice name, size_t n)
{
    return n < name.n ? slice_of(name.p + n + 1, name.n - n - 1) : (struct slice){NULL, 0};
}

static bool ends_with_labels(struct slice name, struct slice suffix)
{
    if (name.n <= suffix.n || name.p[name.n - suffix.n - 1] != '.')
        return false;
    return slice_ieq(slice_of(name.p + name.n - suffix.n, suffix.n), suffix);
}

/* ---- the suffixes that a client is known to use, and which of them follows which ---- */

static uint64_t hash_name(uint64_t h, struct slice name)
{
    for (size_t i = 0; i < name.n; i++) {
        uint8_t b = (uint8_t)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] + 32 : name.p[i]);
        h = hash_stable(h, &b, 1);
    }
    return h;
}

static uint64_t suffix_key(const struct ip_addr *client, struct slice suffix)
{
    uint64_t h = hash_stable(HASH_STABLE_SEED, client->bytes, sizeof client->bytes);

    return hash_stable_finish(hash_name(h, suffix));
}

/* No name has such a byte. */
static uint64_t step_key(const struct lookup *l, struct slice next)
{
    static const uint8_t between = 0xff;
    size_t n = common_labels(l->name, next);
    uint64_t h = hash_stable(HASH_STABLE_SEED, l->client_ip.bytes, sizeof l->client_ip.bytes);

    h = hash_stable(hash_name(h, suffix_after(l->name, n)), &between, 1);
    return hash_stable_finish(hash_name(h, suffix_after(next, n)));
}

static bool is_known(const struct correlate *c, uint64_t key)
{
    for (size_t i = 0; i < SUFFIXES_MAX; i++)
        if (c->suffixes[i] == key)
            return true;
    return false;
}

static void learn_key(struct correlate *c, uint64_t key)
{
    if (is_known(c, key))
        return;
    c->suffixes[c->suffix_next] = key;
    c->suffix_next = (c->suffix_next + 1) % SUFFIXES_MAX;
}

static void learn(struct correlate *c, const struct ip_addr *client, struct slice suffix)
{
    if (suffix.n > 0)
        learn_key(c, suffix_key(client, suffix));
}

bool walk_step_is_known(const struct correlate *c, const struct lookup *l, struct slice next)
{
    return is_known(c, step_key(l, next));
}

void walk_learn_step(struct correlate *c, const struct lookup *l, struct slice next)
{
    learn_key(c, step_key(l, next));
}

/* A walk that is under way shows what was asked for. */
static bool has_one_more_suffix(const struct lookup *l, struct slice next)
{
    return l->info.names > 1 && next.n > l->info.host.n && common_labels(l->info.host, next) == l->info.host.n;
}

/* A walk does not come back to a name, but for the other type. */
static bool has_tried(const struct lookup *l, struct slice name, int lane)
{
    for (size_t i = 0; i < l->info.tried_count && l->asked_type[lane]; i++)
        if (slice_ieq(l->info.tried[i].name, name))
            return true;
    return false;
}

bool walk_goes_on(const struct correlate *c, const struct lookup *l, struct slice next, int lane)
{
    size_t n = common_labels(l->name, next);
    struct slice a = suffix_after(l->name, n), b = suffix_after(next, n);

    if (n == 0 || has_tried(l, next, lane))
        return false;
    return a.n == 0 || b.n == 0 || ends_with_labels(a, b) || has_one_more_suffix(l, next) ||
           (is_known(c, suffix_key(&l->client_ip, a)) && is_known(c, suffix_key(&l->client_ip, b)));
}

/* ---- going on ---- */

/* One of them asked for a name that the other has asked for, too: for the same type. */
static bool repeats(const struct lookup *earlier, const struct lookup *l)
{
    for (int lane = 0; lane < 2; lane++) {
        if (!earlier->asked_type[lane] || !l->asked_type[lane])
            continue;
        bool again = has_tried(l, earlier->name, lane);
        for (size_t i = 0; i < earlier->info.tried_count && !again; i++)
            again = has_tried(l, earlier->info.tried[i].name, lane);
        if (again)
            return true;
    }
    return false;
}

/* It failed right before the walk went on with l's first name, and is a part of it, as `next` shows. */
static bool belongs(const struct lookup *earlier, const struct lookup *l, struct slice base)
{
    int64_t pause = l->info.first_query.ts_ns - earlier->info.last_answer.ts_ns;

    return earlier != l && earlier->info.resolver == l->info.resolver && !repeats(earlier, l) &&
           earlier->info.addr_count == 0 && !lookup_outstanding(earlier) &&
           ip_eq(&earlier->client_ip, &l->client_ip) && lookup_answers_host(earlier, base) && pause >= 0 &&
           pause <= WALK_NS;
}

static bool follows_at_once(const struct packet_mark *answer, int64_t query_ns)
{
    return query_ns >= answer->ts_ns && query_ns - answer->ts_ns <= WALK_NS;
}

/* It was asked for when l's last name had failed, and failed right before the name that l goes on with now. */
static bool lies_between(const struct correlate *c, const struct lookup *middle, const struct lookup *l,
                         struct slice base)
{
    return middle != l && middle->info.addr_count == 0 && !lookup_outstanding(middle) && !lookup_used(middle) &&
           middle->info.resolver == l->info.resolver && !repeats(middle, l) &&
           ip_eq(&middle->client_ip, &l->client_ip) && lookup_answers_host(middle, base) &&
           follows_at_once(&l->info.last_answer, middle->info.first_query.ts_ns) &&
           follows_at_once(&middle->info.last_answer, c->now_ns);
}

static void take_in(struct correlate *c, struct lookup *l, struct lookup *earlier)
{
    struct exchange_lookup *info = &l->info, *from = &earlier->info;

    lookup_note_name(earlier);
    for (size_t i = 0; i < from->tried_count; i++) {
        struct lookup_name name = from->tried[i];
        name.name = arena_copy(&l->arena, name.name);
        lookup_keep_name(l, &name);
    }
    if (from->first_query.ts_ns < info->first_query.ts_ns)
        info->first_query = from->first_query;
    info->queries += from->queries;
    info->answers += from->answers;
    info->names += from->names;
    for (int lane = 0; lane < 2; lane++)
        l->asked_type[lane] |= earlier->asked_type[lane];
    earlier->reported = true;
    learn(c, &l->client_ip, suffix_after(earlier->name, info->host.n));
    lookup_close(c, earlier);
}

/* A name that failed before l's first one, or between its last two. */
static struct lookup *other_part(struct correlate *c, const struct lookup *l)
{
    struct hmap_node *n = hmap_first(&c->lookups_by_label, lookup_label_hash(&l->client_ip, l->name));

    for (int looked_at = 0; n != NULL && looked_at < LOOKUP_LOOKED_AT_MAX; n = hmap_next(n), looked_at++) {
        struct lookup *earlier = hmap_entry(n, struct lookup, by_label);
        if (belongs(earlier, l, l->info.host) || lies_between(c, earlier, l, l->info.host))
            return earlier;
    }
    return NULL;
}

void walk_next(struct correlate *c, struct lookup *l, struct slice next)
{
    struct lookup *earlier;

    lookup_note_name(l);
    lookup_forget_queries(c, l);
    size_t n = common_labels(l->info.host, next);
    learn(c, &l->client_ip, suffix_after(l->name, n));
    learn(c, &l->client_ip, suffix_after(next, n));
    l->info.host.n = n;
    l->name = arena_copy(&l->arena, next);
    for (struct lookup_addr *a = l->addrs; a != NULL; a = a->next)
        a->label = lookup_label(next);
    l->info.names++;
    l->lane[0] = l->lane[1] = (struct lookup_lane){0};
    while ((earlier = other_part(c, l)) != NULL)
        take_in(c, l, earlier);
}
