/* Calls that never happened: what a service's pace before tells of its silence after. */
#include "summary/prepare.h"
#include "summary/rules/rules.h"

bool calls_ceased(const struct p2t_summary *s, const struct keyed *calls, size_t n, int64_t since_ns,
                  int64_t until_ns, int64_t *pace_ns)
{
    enum { CALLS_MIN = 5 };
    size_t before = 0;

    while (before < n && calls[before].at_ns < since_ns)
        before++;
    if (before < CALLS_MIN || s->level[KEEP_CALLS] > 0 || (before < n && calls[before].at_ns <= until_ns))
        return false;
    *pace_ns = (calls[before - 1].at_ns - calls[0].at_ns) / (int64_t)(before - 1);
    return until_ns - calls[before - 1].at_ns >= CALLS_MIN * *pace_ns;
}
