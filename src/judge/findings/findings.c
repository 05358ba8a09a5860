#include "judge/findings/findings.h"

#include "judge/findings/about.h"

static void sort_by_severity(struct exchange *e)
{
    for (size_t i = 1; i < e->finding_count; i++)
        for (size_t k = i; k > 0 && e->findings[k].severity < e->findings[k - 1].severity; k--) {
            struct exchange_finding f = e->findings[k];
            e->findings[k] = e->findings[k - 1];
            e->findings[k - 1] = f;
        }
}

void findings_fill(struct exchange *e)
{
    if (e->lookup != NULL)
        about_lookup(e);
    about_attempts(e);
    about_transport(e);
    about_closing(e);
    about_reuse(e);
    about_messages(e);
    about_capture(e);
    about_stream(e);
    about_websocket(e);
    about_tls(e);
    sort_by_severity(e);
}
