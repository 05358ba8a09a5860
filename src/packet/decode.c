#include "packet/decode.h"

#include <stdlib.h>

#include "packet/usual.h"
#include "packet/walk.h"

const struct packet_limits packet_limits_default = {
    .fragment_bytes = (size_t)8 << 20,
    .fragment_sets = 4096,
    .fragment_age_ns = INT64_C(30000000000),
};

struct packet_decoder {
    struct fragment_table fragments;
};

typedef void layer_function(struct packet_walk *w);

static layer_function *const layers[LAYER_COUNT] = {
#define X(id, function) [LAYER_##id] = packet_layer_##function,
    PACKET_LAYER_LIST(X)
#undef X
};

struct packet_decoder *packet_decoder_new(const struct packet_limits *limits)
{
    struct packet_decoder *d = calloc(1, sizeof *d);

    if (d != NULL)
        fragment_table_init(&d->fragments, limits != NULL ? limits : &packet_limits_default);
    return d;
}

void packet_decoder_free(struct packet_decoder *d)
{
    if (d == NULL)
        return;
    fragment_table_fini(&d->fragments);
    free(d);
}

/* A datagram to a tunnel's port in which no IP header was found is an ordinary datagram. */
static enum packet_drop fall_back(const struct packet_walk *w)
{
    if (!w->has_plain || w->drop == PACKET_DROP_SHORT || w->ip_headers > w->plain.tunnel_depth + 1)
        return w->drop;
    *w->out = w->plain;
    return PACKET_DECODED;
}

static enum packet_drop walk(struct packet_decoder *d, const struct input_frame *frame, struct packet *out)
{
    struct packet_walk w;

    w.fragments = &d->fragments;
    w.out = out;
    out->partial = false;
    w.r = reader_of(frame->bytes, frame->cap_len);
    w.wire = frame->wire_len > frame->cap_len ? frame->wire_len : frame->cap_len;
    w.next = frame->link_type == 1 ? LAYER_ETHERNET : LAYER_LINK;
    w.drop = PACKET_DECODED;
    w.link_type = frame->link_type;
    w.path = 0;
    w.ip_headers = 0;
    w.wifi_padded = false;
    w.has_plain = false;
    for (unsigned headers = 0; w.next != LAYER_END; headers++) {
        if (headers == PACKET_MAX_HEADERS)
            return PACKET_DROP_TOO_DEEP;
        layers[w.next](&w);
    }
    if (w.drop != PACKET_DECODED)
        return fall_back(&w);
    out->path = walk_path_hash(&w);
    out->tunnel_depth = (uint8_t)(w.ip_headers - 1);
    return PACKET_DECODED;
}

enum packet_drop packet_decode(struct packet_decoder *d, const struct input_frame *frame, struct packet *out)
{
    out->mark = (struct packet_mark){frame->ts_ns, packet_ref_of(frame->number, frame->file)};
    fragment_release(&d->fragments);
    return packet_usual(frame, out) ? PACKET_DECODED : walk(d, frame, out);
}

static const char *const drop_keys[PACKET_DROP_COUNT] = {[PACKET_DECODED] = "decoded",
#define X(id, key, text) [PACKET_DROP_##id] = key,
                                                         PACKET_DROP_LIST(X)
#undef X
};

static const char *const drop_texts[PACKET_DROP_COUNT] = {[PACKET_DECODED] = "decoded",
#define X(id, key, text) [PACKET_DROP_##id] = text,
                                                          PACKET_DROP_LIST(X)
#undef X
};

const char *packet_drop_key(enum packet_drop why)
{
    return drop_keys[why];
}

const char *packet_drop_text(enum packet_drop why)
{
    return drop_texts[why];
}
