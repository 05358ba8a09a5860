/* To which family of addresses a client connected after it had looked a name up: an answer without that is of no use to it,
 * and the request ends without a packet. */
#include "correlate/lookup/lookup.h"

static uint64_t *slot_of(struct correlate *c, uint64_t key)
{
    return &c->followed[key % FOLLOWED_MAX];
}

static uint64_t key_of(const struct lookup *l, uint8_t family)
{
    uint64_t h = hash_stable(HASH_STABLE_SEED, l->client_ip.bytes, sizeof l->client_ip.bytes);

    h = hash_stable(h, &family, 1);
    return hash_stable_finish(hash_stable(h, l->info.host.p, l->info.host.n));
}

void lookup_note_followed(struct correlate *c, const struct lookup *l, uint8_t family)
{
    uint64_t key = key_of(l, family);

    *slot_of(c, key) = key;
}

static bool was_followed(struct correlate *c, const struct lookup *l, uint8_t family)
{
    uint64_t key = key_of(l, family);

    return *slot_of(c, key) == key;
}

/* 0: none, or both. */
static uint8_t only_family(const struct lookup *l)
{
    uint8_t family = 0;

    for (const struct lookup_addr *a = l->addrs; a != NULL; a = a->next) {
        if (family != 0 && a->addr.family != family)
            return 0;
        family = a->addr.family;
    }
    return family;
}

bool lookup_is_useless(struct correlate *c, const struct lookup *l)
{
    uint8_t family = only_family(l);

    return family != 0 && l->info.result == LOOKUP_OK && c->now_ns - l->info.last_answer.ts_ns > LOOKUP_FRESH_NS &&
           was_followed(c, l, family == 4 ? 6 : 4) && !was_followed(c, l, family);
}
