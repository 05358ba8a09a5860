#include "input/format.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

int input_capture_next_after_end(struct input_capture *c, struct input_frame *f)
{
    (void)c;
    (void)f;
    return 0;
}

static void report(struct input_capture *c, uint64_t packet, const char *format, va_list args)
{
    char text[256];

    if (c->events.problem == NULL)
        return;
    (void)vsnprintf(text, sizeof text, format, args);
    c->events.problem(c->events.ctx, text, packet, c->record);
}

int input_capture_stop(struct input_capture *c, uint64_t packet, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report(c, packet, format, args);
    va_end(args);
    c->next = input_capture_next_after_end;
    return 0;
}

void input_capture_warn(struct input_capture *c, uint64_t packet, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report(c, packet, format, args);
    va_end(args);
}

int input_capture_ended(struct input_capture *c, bool is_packet)
{
    const struct input_source *s = &c->source;
    uint64_t packet = c->number + 1;
    bool inside = input_source_offset(s) + input_source_left(s) > c->record;

    c->next = input_capture_next_after_end;
    if (s->state == SOURCE_NO_MEMORY)
        return P2T_ERR_MEMORY;
    if (s->state == SOURCE_FAILED && c->number == 0)
        return input_capture_stop(c, 0, "%s, before the first packet", s->error);
    if (s->state == SOURCE_FAILED)
        return input_capture_stop(c, inside ? packet : 0, "%s, after packet %" PRIu64, s->error, c->number);
    if (!inside)
        return 0;
    if (is_packet)
        return input_capture_stop(c, packet, "cut inside packet %" PRIu64 ", which begins at offset %" PRIu64, packet,
                                  c->record);
    return input_capture_stop(c, 0, "cut after packet %" PRIu64 ", inside the block at offset %" PRIu64, c->number,
                              c->record);
}

uint32_t input_link_type(uint32_t written)
{
    enum { RAW_MOST = 12, RAW_OPENBSD = 14, LINKTYPE_RAW = 101 };
    uint32_t type = written & 0xffff; /* above: the FCS length */

    return type == RAW_MOST || type == RAW_OPENBSD ? LINKTYPE_RAW : type;
}
