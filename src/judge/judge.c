#include "judge/judge.h"

#include "judge/findings/findings.h"
#include "judge/words.h"

/* A CONNECT request is a request; a dial that carried none is known by its attempts alone. */
static bool is_dial(const struct exchange *e)
{
    return e->kind == P2T_KIND_CONNECT && !e->request.seen;
}

void exchange_judge(struct exchange *e)
{
    e->outcome = P2T_OUTCOME_OK;
    if (e->kind == P2T_KIND_LOOKUP)
        judge_lookup(e);
    else if (is_dial(e))
        judge_dial(e);
    else
        judge_request(e);
    e->quiet = e->upstream || (e->quiet && e->outcome == P2T_OUTCOME_OK);
    findings_fill(e);
}
