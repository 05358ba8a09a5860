#include <stdarg.h>
#include <stdio.h>

#include "judge/findings/about.h"

__attribute__((format(printf, 6, 0))) static void add(struct exchange *e, enum p2t_finding_code code,
                                                      enum p2t_severity severity, const struct packet_mark *a,
                                                      const struct packet_mark *b, const char *format, va_list args)
{
    const struct packet_mark *marks[] = {a, b};
    char text[512];

    if (e->finding_count == 0)
        e->findings = arena_alloc(&e->arena, FINDINGS_MAX * sizeof *e->findings);
    if (e->finding_count == FINDINGS_MAX || e->findings == NULL)
        return;
    struct exchange_finding *f = &e->findings[e->finding_count++];
    *f = (struct exchange_finding){.code = code, .severity = severity};
    (void)vsnprintf(text, sizeof text, format, args);
    f->text = arena_copy(&e->arena, slice_str(text));
    for (size_t i = 0; i < 2; i++)
        if (marks[i] != NULL && mark_set(marks[i]))
            f->evidence[f->evidence_count++] = marks[i]->ref;
}

void finding_add(struct exchange *e, enum p2t_finding_code code, const struct packet_mark *a,
                 const struct packet_mark *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(e, code, p2t_finding_info(code)->severity, a, b, format, args);
    va_end(args);
}

void finding_add_as(struct exchange *e, enum p2t_finding_code code, enum p2t_severity severity,
                    const struct packet_mark *a, const struct packet_mark *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(e, code, severity, a, b, format, args);
    va_end(args);
}
