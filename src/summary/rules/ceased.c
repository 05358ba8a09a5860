/* Calls that never happened: what a service's pace before tells of its silence after. */
#include "summary/prepare.h"
#include "summary/rules/rules.h"

bool calls_ceased(const struct p2t_summary *s, const struct word *name, int64_t since_ns, int64_t until_ns,
                  int64_t *pace_ns)
{
    enum { CALLS_MIN = 5 };
    int64_t first_ns = 0, last_ns = 0;
    size_t before = 0;

    for (size_t i = 0; i < s->call_count; i++) {
        const struct call *x = &s->calls[i];
        if (x->request_ns == 0 || !is_name_of(name, x->name) || x->start_ns > until_ns)
            continue;
        if (x->start_ns >= since_ns)
            return false;
        first_ns = before++ == 0 ? x->start_ns : first_ns;
        last_ns = x->start_ns;
    }
    *pace_ns = before > 1 ? (last_ns - first_ns) / (int64_t)(before - 1) : 0;
    return before >= CALLS_MIN && s->level[KEEP_CALLS] == 0 && until_ns - last_ns >= CALLS_MIN * *pace_ns;
}
