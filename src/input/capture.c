#include "input/capture.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static int next_after_end(struct capture *c, struct input_frame *f)
{
    (void)c;
    (void)f;
    return 0;
}

static void report(struct capture *c, uint64_t packet, const char *format, va_list args)
{
    char text[256];

    if (c->events.problem == NULL)
        return;
    (void)vsnprintf(text, sizeof text, format, args);
    c->events.problem(c->events.ctx, text, packet, c->record);
}

int capture_stop(struct capture *c, uint64_t packet, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report(c, packet, format, args);
    va_end(args);
    c->next = next_after_end;
    return 0;
}

void capture_warn(struct capture *c, uint64_t packet, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report(c, packet, format, args);
    va_end(args);
}

int capture_ended(struct capture *c, bool is_packet)
{
    const struct source *s = &c->source;
    uint64_t packet = c->number + 1;
    bool inside = source_offset(s) + source_left(s) > c->record;

    c->next = next_after_end;
    if (s->state == SOURCE_NO_MEMORY)
        return P2T_ERR_MEMORY;
    if (s->state == SOURCE_FAILED && c->number == 0)
        return capture_stop(c, 0, "%s, before the first packet", s->error);
    if (s->state == SOURCE_FAILED)
        return capture_stop(c, inside ? packet : 0, "%s, after packet %" PRIu64, s->error, c->number);
    if (!inside)
        return 0;
    if (is_packet)
        return capture_stop(c, packet, "cut inside packet %" PRIu64 ", which begins at offset %" PRIu64, packet,
                            c->record);
    return capture_stop(c, 0, "cut after packet %" PRIu64 ", inside the block at offset %" PRIu64, c->number,
                        c->record);
}

uint32_t capture_link_type(uint32_t written)
{
    enum { RAW_MOST = 12, RAW_OPENBSD = 14, LINKTYPE_RAW = 101 };
    uint32_t type = written & 0xffff; /* above: the FCS length */

    return type == RAW_MOST || type == RAW_OPENBSD ? LINKTYPE_RAW : type;
}

static int nothing_found(struct capture *c)
{
    struct source *s = &c->source;

    if (s->state == SOURCE_NO_MEMORY)
        return P2T_ERR_MEMORY;
    if (s->state == SOURCE_FAILED) {
        (void)capture_ended(c, false);
        return CAPTURE_DAMAGED;
    }
    return source_left(s) == 0 ? CAPTURE_EMPTY_FILE : CAPTURE_FOREIGN;
}

int capture_open(struct capture *c, input_read_fn *read, void *ctx, const struct capture_events *events)
{
    *c = (struct capture){.events = *events, .next = next_after_end};
    source_open(&c->source, read, ctx);
    int found = pcap_file_open(c);
    if (found == CAPTURE_FOREIGN)
        found = pcapng_file_open(c);
    return found == CAPTURE_FOREIGN ? nothing_found(c) : found;
}

void capture_close(struct capture *c)
{
    source_close(&c->source);
    pcapng_interfaces_fini(&c->interfaces);
}
