/* Takes frames through the stages: one at a time from the input, or as packets from the intake's batches. */
#include <stdlib.h>

#include "base/thread.h"
#include "session/state.h"

/* What an evicted connection held may stay in memory until its place in the output comes: evict a few at a time. */
enum { EVICTIONS_PER_FRAME = 64 };

int session_note_path(void *ctx, const char *path)
{
    struct p2t_session *s = ctx;
    uint32_t file = s->path_count++;

    if (file / CHUNK_PATHS >= PATH_CHUNKS)
        return P2T_OK;
    const char ***chunk = &s->paths[file / CHUNK_PATHS];
    if (*chunk == NULL)
        *chunk = calloc(CHUNK_PATHS, sizeof **chunk);
    if (*chunk == NULL)
        return P2T_ERR_MEMORY;
    (*chunk)[file % CHUNK_PATHS] = path;
    return P2T_OK;
}

static void make_room(struct p2t_session *s)
{
    for (int i = 0; i < EVICTIONS_PER_FRAME && budget_over(&s->budget) && flow_table_evict(s->flows);)
        i++;
}

static void count_frame(struct p2t_session *s, int64_t ts_ns, uint32_t wire_len)
{
    s->frames++;
    s->bytes += wire_len;
    s->backwards += s->frames > 1 && ts_ns < s->latest_ns;
    if (s->frames == 1 || ts_ns > s->latest_ns)
        s->latest_ns = ts_ns;
    if (s->frames == 1 || ts_ns < s->earliest_ns)
        s->earliest_ns = ts_ns;
}

static int take_packet(struct p2t_session *s, enum packet_drop why, const struct packet *packet,
                       const struct flow_ready *ready)
{
    if (s->carry == NULL || !s->carry->loading)
        correlate_clock(s->correlate, packet->mark.ts_ns);
    if (why != PACKET_DECODED) {
        s->drops[why]++;
        return P2T_OK;
    }
    s->tunnelled += packet->tunnel_depth > 0;
    int status = flow_table_push(s->flows, packet, ready);
    if (budget_over(&s->budget))
        make_room(s);
    return status != P2T_OK ? status : s->status;
}

int session_take_frame(struct p2t_session *s, const struct input_frame *frame)
{
    struct flow_ready ready;
    struct packet packet;

    while (s->name == NULL && s->path_count <= frame->file)
        if (session_note_path(s, input_file(s->input, s->path_count)->path) != P2T_OK)
            return P2T_ERR_MEMORY;
    count_frame(s, frame->ts_ns, frame->wire_len);
    if (s->carry != NULL)
        carry_clock(s->carry, frame->ts_ns, packet_ref_of(frame->number, frame->file));
    enum packet_drop why = packet_decode(s->decoder, frame, &packet);
    if (why == PACKET_DECODED)
        flow_table_prepare(s->flows, &packet, &ready);
    return take_packet(s, why, &packet, &ready);
}

/* No callback runs after this returns. */
static void stop_emitter(struct p2t_session *s)
{
    int status = s->emitter != NULL ? emitter_finish(s->emitter) : P2T_OK;

    if (s->status == P2T_OK)
        s->status = status;
}

int p2t_session_finish(struct p2t_session *s)
{
    bool first = !s->finished;

    if (first) {
        s->finished = true;
        correlate_ending(s->correlate);
        flow_table_finish(s->flows);
        correlate_finish(s->correlate);
        if (s->questions != NULL)
            questions_finish(s->questions);
    }
    stop_emitter(s);
    if (first)
        s->spent_ns = thread_spent_ns() - s->spent_ns;
    return s->status;
}

static int take_item(struct p2t_session *s, const struct intake_item *item)
{
    count_frame(s, item->packet.mark.ts_ns, item->wire_len);
    return take_packet(s, item->why, &item->packet, &item->ready);
}

/* 1: one frame was taken. 0: there are no more. Negative: a p2t_status. */
static int take_next(struct p2t_session *s)
{
    const struct intake_item *item;
    const struct input_frame *frame;
    int got = s->intake != NULL ? intake_next(s->intake, &item) : input_next(s->input, &frame);

    if (got <= 0)
        return got;
    int status = s->intake != NULL ? take_item(s, item) : session_take_frame(s, frame);
    return status == P2T_OK ? 1 : status;
}

int p2t_session_step(struct p2t_session *s, size_t frames)
{
    if (s->finished || s->status != P2T_OK)
        return s->status;
    for (size_t i = 0; i < frames; i++) {
        int took = take_next(s);
        if (took == 0)
            return p2t_session_finish(s);
        s->status = took < 0 ? took : P2T_OK;
        if (s->status != P2T_OK) {
            stop_emitter(s);
            return s->status;
        }
    }
    return 1;
}

int p2t_session_run(struct p2t_session *s)
{
    int more;

    do {
        more = p2t_session_step(s, 65536);
    } while (more > 0);
    return more;
}
