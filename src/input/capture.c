#include "input/capture.h"

#include "input/format.h"

static int nothing_found(struct input_capture *c)
{
    struct input_source *s = &c->source;

    if (s->state == SOURCE_NO_MEMORY)
        return P2T_ERR_MEMORY;
    if (s->state == SOURCE_FAILED && input_source_left(s) < INPUT_MAGIC_BYTES) {
        (void)input_capture_ended(c, false);
        return INPUT_CAPTURE_DAMAGED;
    }
    return input_source_left(s) == 0 ? INPUT_CAPTURE_EMPTY_FILE : INPUT_CAPTURE_FOREIGN;
}

static int open_format(struct input_capture *c)
{
    static int (*const formats[])(struct input_capture *) = {input_pcap_file_open, input_pcapng_file_open};

    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        int found = formats[i](c);
        if (found != INPUT_CAPTURE_FOREIGN)
            return found;
    }
    return nothing_found(c);
}

int input_capture_open(struct input_capture *c, input_read_fn *read, void *ctx,
                       const struct input_capture_events *events)
{
    *c = (struct input_capture){.events = *events, .next = input_capture_next_after_end};
    input_source_open(&c->source, read, ctx);
    return open_format(c);
}

int input_capture_open_ahead(struct input_capture *c, struct input_ahead_file *file,
                             const struct input_capture_events *events)
{
    *c = (struct input_capture){.events = *events, .next = input_capture_next_after_end};
    input_source_open_ahead(&c->source, file);
    return open_format(c);
}

void input_capture_close(struct input_capture *c)
{
    input_source_close(&c->source);
    input_pcapng_interfaces_fini(&c->interfaces);
}
