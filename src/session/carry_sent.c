/* What flow measures of a direction, as bytes of a place. */
#include "base/saved_time.h"
#include "session/carry.h"

void carry_put_mark(struct buf *out, const struct packet_mark *m)
{
    buf_le64(out, (uint64_t)m->ts_ns);
    carry_put_ref(out, m->ref);
}

struct packet_mark carry_get_mark(struct reader *r)
{
    struct packet_mark m;

    m.ts_ns = saved_moment((int64_t)reader_le64(r));
    m.ref = carry_get_ref(r);
    return m;
}

static void put_rtt(struct buf *out, const struct flow_rtt *r)
{
    buf_le32(out, r->samples);
    buf_le32(out, r->min_us);
    buf_le32(out, r->median_us);
    buf_le32(out, r->max_us);
    buf_le32(out, r->stride);
    buf_le32(out, r->n);
    for (uint32_t i = 0; i < FLOW_RTT_KEPT; i++)
        buf_le32(out, r->kept[i]);
}

static void get_rtt(struct reader *in, struct flow_rtt *r)
{
    r->samples = reader_le32(in);
    r->min_us = reader_le32(in);
    r->median_us = reader_le32(in);
    r->max_us = reader_le32(in);
    r->stride = reader_le32(in);
    r->n = reader_le32(in);
    for (uint32_t i = 0; i < FLOW_RTT_KEPT; i++)
        r->kept[i] = reader_le32(in);
    if (r->n > FLOW_RTT_KEPT || (r->samples > 0 && r->stride == 0))
        reader_fail(in, READ_BAD);
}

#if UINTPTR_MAX == UINT64_MAX
_Static_assert(sizeof(struct flow_sent) == 384, "a member without its line here, and CHECKPOINT_VERSION");
#endif
void carry_put_sent(struct buf *out, const struct flow_sent *s)
{
    buf_le32(out, s->segments);
    buf_le32(out, s->dup_acks);
    buf_le32(out, s->keep_alives);
    buf_le32(out, s->keep_alives_open);
    buf_le32(out, s->longest);
    buf_le32(out, s->longest_acked);
    buf_le32(out, s->longest_stuck);
    buf_le32(out, s->dsacks);
    buf_le32(out, s->unseen);
    buf_le32(out, s->sample_len);
    buf_le32(out, s->flights);
    buf_le32(out, s->window);
    buf_le32(out, s->peer_spoke);
    buf_le32(out, s->offload);
    buf_le32(out, s->small_acked_late);
    buf_le32(out, s->first_ts);
    buf_le32(out, s->last_ts);
    buf_le64(out, (uint64_t)s->first_ts_ns);
    buf_le64(out, s->high);
    buf_le64(out, s->acked);
    buf_le64(out, s->longest_end);
    buf_le64(out, s->sample_end);
    buf_le64(out, s->hole);
    buf_le64(out, s->claimed);
    buf_le64(out, s->acked_end);
    carry_put_mark(out, &s->acked_mark);
    carry_put_mark(out, &s->claimed_mark);
    carry_put_mark(out, &s->last);
    carry_put_mark(out, &s->probe_first);
    carry_put_mark(out, &s->probe_last);
    buf_le64(out, (uint64_t)s->sample_ns);
    buf_le64(out, (uint64_t)s->idle_before_ns);
    for (uint32_t i = 0; i < FLOW_FLIGHT_MARKS; i++) {
        buf_le64(out, s->flight[i].off);
        carry_put_mark(out, &s->flight[i].mark);
    }
    put_rtt(out, &s->rtt);
}

void carry_get_sent(struct reader *r, struct flow_sent *s)
{
    s->segments = reader_le32(r);
    s->dup_acks = reader_le32(r);
    s->keep_alives = reader_le32(r);
    s->keep_alives_open = reader_le32(r);
    s->longest = reader_le32(r);
    s->longest_acked = reader_le32(r);
    s->longest_stuck = reader_le32(r);
    s->dsacks = reader_le32(r);
    s->unseen = reader_le32(r);
    s->sample_len = reader_le32(r);
    s->flights = reader_le32(r);
    s->window = reader_le32(r);
    s->peer_spoke = reader_le32(r) != 0;
    s->offload = reader_le32(r) != 0;
    s->small_acked_late = reader_le32(r) != 0;
    s->first_ts = reader_le32(r);
    s->last_ts = reader_le32(r);
    s->first_ts_ns = saved_moment((int64_t)reader_le64(r));
    s->high = reader_le64(r);
    s->acked = reader_le64(r);
    s->longest_end = reader_le64(r);
    s->sample_end = reader_le64(r);
    s->hole = reader_le64(r);
    s->claimed = reader_le64(r);
    s->acked_end = reader_le64(r);
    s->acked_mark = carry_get_mark(r);
    s->claimed_mark = carry_get_mark(r);
    s->last = carry_get_mark(r);
    s->probe_first = carry_get_mark(r);
    s->probe_last = carry_get_mark(r);
    s->sample_ns = saved_moment((int64_t)reader_le64(r));
    s->idle_before_ns = saved_duration((int64_t)reader_le64(r));
    for (uint32_t i = 0; i < FLOW_FLIGHT_MARKS; i++) {
        s->flight[i].off = reader_le64(r);
        s->flight[i].mark = carry_get_mark(r);
    }
    get_rtt(r, &s->rtt);
    if (s->flights > FLOW_FLIGHT_MARKS)
        reader_fail(r, READ_BAD);
}

void carry_put_ring(struct buf *out, const struct flow_ring *r)
{
    for (unsigned i = 0; i < FLOW_RING_SIZE; i++) {
        buf_le64(out, r->print[i]);
        buf_le32(out, r->when[i]);
    }
    buf_le32(out, r->at);
    buf_le32(out, r->now_bits);
    buf_le32(out, r->before_bits);
}

void carry_get_ring(struct reader *in, struct flow_ring *r)
{
    for (unsigned i = 0; i < FLOW_RING_SIZE; i++) {
        r->print[i] = reader_le64(in);
        r->when[i] = reader_le32(in);
    }
    r->at = reader_le32(in);
    r->now_bits = reader_le32(in);
    r->before_bits = reader_le32(in);
}
