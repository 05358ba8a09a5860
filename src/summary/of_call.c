/* Which causes a single call belongs to. */
#include "pcap2trace/summary.h"
#include "summary/model.h"

static bool hits(const struct cause *c, uint64_t id)
{
    for (size_t i = 0; i < c->hit_count; i++)
        if (c->hit[i]->id == id)
            return true;
    return false;
}

static struct p2t_call_cause brief(const struct cause *c)
{
    return (struct p2t_call_cause){.code = c->code,
                                   .side = c->side,
                                   .confidence = c->confidence,
                                   .text = {(const char *)c->text.p, c->text.n},
                                   .calls = c->calls};
}

bool p2t_summary_cause_of(const struct p2t_summary *s, uint64_t id, size_t n, struct p2t_call_cause *cause)
{
    for (size_t i = 0; i < s->cause_count; i++) {
        const struct cause *c = &s->causes[i];
        if (c->gone || !hits(c, id) || n-- > 0)
            continue;
        *cause = brief(c);
        return true;
    }
    return false;
}

bool p2t_summary_cause(const struct p2t_summary *s, size_t n, struct p2t_call_cause *cause)
{
    for (size_t i = 0; i < s->cause_count; i++)
        if (!s->causes[i].gone && n-- == 0) {
            *cause = brief(&s->causes[i]);
            return true;
        }
    return false;
}
