#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "judge/findings/about.h"

/* Most findings have one or two packets. */
static bool make_room(struct exchange *e, struct exchange_finding *f)
{
    uint32_t room = f->evidence_room == 0 ? 2 : P2T_FINDING_EVIDENCE_MAX;

    if (f->evidence_count < f->evidence_room)
        return true;
    if (f->evidence_room == P2T_FINDING_EVIDENCE_MAX)
        return false;
    struct packet_ref *more = arena_alloc(&e->arena, room * sizeof *more);
    if (more == NULL)
        return false;
    if (f->evidence_count > 0)
        memcpy(more, f->evidence, f->evidence_count * sizeof *more);
    f->evidence = more;
    f->evidence_room = room;
    return true;
}

void finding_prove(struct exchange *e, enum p2t_finding_code code, const struct packet_mark *m)
{
    struct exchange_finding *f = e->finding_count > 0 ? &e->findings[e->finding_count - 1] : NULL;

    if (f == NULL || f->code != code || m == NULL || !mark_set(m))
        return;
    for (uint32_t i = 0; i < f->evidence_count; i++)
        if (f->evidence[i].number == m->ref.number && f->evidence[i].file == m->ref.file)
            return;
    if (make_room(e, f))
        f->evidence[f->evidence_count++] = m->ref;
    else
        f->evidence_dropped++;
}

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
        finding_prove(e, code, marks[i]);
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
