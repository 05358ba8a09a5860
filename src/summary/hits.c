#include "summary/model.h"

size_t p2t_summary_cause_calls(const struct p2t_summary *s, size_t n, uint64_t *ids, size_t max)
{
    if (n >= s->cause_count)
        return 0;
    const struct cause *c = &s->causes[n];
    for (size_t i = 0; i < c->hit_count && i < max; i++)
        ids[i] = c->hit[i]->id;
    return c->hit_count;
}
