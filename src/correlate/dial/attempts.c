/* The attempts of a dial. Most dials make one, which needs no memory of its own. */
#include <stdlib.h>

#include "correlate/dial/dial.h"

static size_t cost(size_t cap)
{
    return cap <= 1 ? 0
                    : budget_cost(cap * sizeof(struct exchange_attempt)) + budget_cost(cap * sizeof(struct cconn *));
}

static void free_own(struct dial *d)
{
    if (d->cap <= 1)
        return;
    free(d->attempts);
    free(d->conns);
}

void dial_free_attempts(struct correlate *c, struct dial *d)
{
    budget_sub(c->limits.budget, cost(d->cap));
    free_own(d);
}

static bool grow(struct dial *d, size_t cap)
{
    struct exchange_attempt *attempts = malloc(cap * sizeof *attempts);
    struct cconn **conns = malloc(cap * sizeof(struct cconn *));

    if (attempts == NULL || conns == NULL) {
        free(attempts);
        free(conns);
        return false;
    }
    memcpy(attempts, d->attempts, d->n * sizeof *attempts);
    memcpy(conns, d->conns, d->n * sizeof(struct cconn *));
    free_own(d);
    d->attempts = attempts;
    d->conns = conns;
    return true;
}

bool dial_make_room(struct correlate *c, struct dial *d)
{
    uint32_t cap = d->cap * 2;

    if (d->n < d->cap)
        return true;
    if (d->cap == 0) {
        d->attempts = &d->first_attempt;
        d->conns = &d->first_conn;
        d->cap = 1;
        return true;
    }
    if (!grow(d, cap))
        return false;
    budget_change(c->limits.budget, cost(d->cap), cost(cap));
    d->cap = cap;
    return true;
}

void dial_copy_attempts(const struct dial *d, struct exchange *e)
{
    e->attempts = arena_alloc(&e->arena, d->n * sizeof *e->attempts);
    if (e->attempts == NULL)
        return;
    memcpy(e->attempts, d->attempts, d->n * sizeof *e->attempts);
    e->attempt_count = d->n;
}
