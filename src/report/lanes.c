#include "report/columns.h"

/* After the first packet; unknown where it did not happen. */
static void put_moment(struct pack *p, enum report_lane_column c, const struct p2t_connection_record *r,
                       const struct p2t_moment *m)
{
    uint64_t after = (uint64_t)m->time_ns - (uint64_t)r->first.time_ns;

    pack_known(p, c, m->packet.packet != 0 && after <= INT64_MAX - 1 ? (int64_t)after : -1);
}

static void put_side(struct pack *p, const struct p2t_flow_record *f, unsigned side)
{
    pack_number(p, REPORT_LANE_CLIENT_PACKETS + side, f->packets);
    pack_number(p, REPORT_LANE_CLIENT_BYTES + side, f->bytes);
    pack_number(p, REPORT_LANE_CLIENT_REPEATS + side, f->retransmitted);
    pack_known(p, REPORT_LANE_CLIENT_RTT + side, f->rtt.samples > 0 ? f->rtt.median_us * 1000 : -1);
}

static void put_moments(struct pack *p, const struct p2t_connection_record *r)
{
    put_moment(p, REPORT_LANE_LAST, r, &r->last);
    put_moment(p, REPORT_LANE_SYN, r, &r->syn);
    put_moment(p, REPORT_LANE_SYN_ACK, r, &r->syn_ack);
    put_moment(p, REPORT_LANE_ACK, r, &r->ack);
    put_moment(p, REPORT_LANE_LAST_SYN, r, &r->last_syn);
    put_moment(p, REPORT_LANE_REFUSED, r, &r->refused);
    put_moment(p, REPORT_LANE_ICMP, r, &r->icmp);
    put_moment(p, REPORT_LANE_CLIENT_FIN, r, &r->side[P2T_SIDE_CLIENT].fin);
    put_moment(p, REPORT_LANE_SERVER_FIN, r, &r->side[P2T_SIDE_SERVER].fin);
    put_moment(p, REPORT_LANE_CLIENT_RST, r, &r->side[P2T_SIDE_CLIENT].rst);
    put_moment(p, REPORT_LANE_SERVER_RST, r, &r->side[P2T_SIDE_SERVER].rst);
}

void report_put_lane(struct pack *p, const struct p2t_connection_record *r, int64_t base_ns)
{
    pack_hex(p, REPORT_LANE_ID, r->id);
    pack_str(p, REPORT_LANE_CLIENT, r->client);
    pack_str(p, REPORT_LANE_SERVER, r->server);
    pack_delta(p, REPORT_LANE_FIRST, (int64_t)((uint64_t)r->first.time_ns - (uint64_t)base_ns));
    put_moments(p, r);
    pack_number(p, REPORT_LANE_CLOSER, r->closer);
    pack_number(p, REPORT_LANE_FLAGS, (r->input_ended ? 1u : 0) | (r->one_direction ? 2u : 0));
    pack_number(p, REPORT_LANE_SYNS, r->syns);
    pack_number(p, REPORT_LANE_EXCHANGES, r->exchanges);
    put_side(p, &r->side[P2T_SIDE_CLIENT], 0);
    put_side(p, &r->side[P2T_SIDE_SERVER], 1);
    p->rows++;
}
