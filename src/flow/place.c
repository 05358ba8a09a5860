/* Where a connection stands: its holes, and what it takes to leave out packets that nobody needs any more. */
#include "flow/measure.h"

#include <stdlib.h>

#include "pcap2trace/status.h"

static const struct flow_tcp *conn_of(const struct flow_conn *conn)
{
    return (const struct flow_tcp *)(const void *)((const char *)conn - offsetof(struct flow_tcp, head));
}

bool flow_tcp_hole(const struct flow_conn *conn, enum flow_dir dir, struct packet_mark *shown)
{
    const struct flow_tcp *c = conn_of(conn);

    for (unsigned side = 0; side < 2; side++) {
        const struct flow_half *h = &c->half[side];
        if (flow_dir_of(c, side) != dir || h->acked <= h->next)
            continue;
        *shown = h->acked_at;
        return true;
    }
    return false;
}

/* Of a direction: false while something stands still. */
static bool place_sent(const struct flow_conn *conn, unsigned dir, struct flow_sent *sent)
{
    if (conn->transport == NULL)
        return true;
    *sent = conn->transport->sent[dir];
    sent->trouble = NULL;
    return !flow_stall_now(&conn->transport->sent[dir]);
}

bool flow_tcp_place(const struct flow_conn *conn, struct flow_place *place)
{
    const struct flow_tcp *c = conn_of(conn);

    *place = (struct flow_place){.client = conn->client,
                                 .last_ns = c->last_ns,
                                 .newest_ns = c->newest_ns,
                                 .clock_ahead_ns = conn->clock_ahead_ns,
                                 .clock_back = conn->clock_back,
                                 .clock_jump_ns = conn->clock_jump_ns,
                                 .clock_jumped = conn->clock_jumped,
                                 .last = conn->last,
                                 .measured = conn->transport != NULL};
    for (unsigned side = 0; side < 2; side++) {
        const struct flow_half *h = &c->half[side];
        enum flow_dir dir = flow_dir_of(c, side);
        if (h->held != NULL || h->data_after_close)
            return false;
        place->half[dir] = (struct flow_place_half){
            .next = h->next,
            .high = h->high,
            .acked = h->acked,
            .watch_to = h->watch_to,
            .deliverable = h->deliverable,
            .watch = h->watch,
            .acked_at = h->acked_at,
            .base = h->base,
            .retransmits = conn->retransmits[dir],
            .out_of_order = conn->out_of_order[dir],
            .payload_bytes = conn->payload_bytes[dir],
            .lost_bytes = conn->lost_bytes[dir],
            .window = h->window,
            .zero_window = h->zero_window,
            .ack_seen = h->ack_seen,
            .base_from = h->base_from,
            .ring = h->ring,
        };
        if (!place_sent(conn, dir, &place->half[dir].sent))
            return false;
    }
    return true;
}

bool flow_tcp_is_closing(const struct flow_conn *conn)
{
    const struct flow_half *h = conn_of(conn)->half;

    return h[0].fin_seen || h[1].fin_seen || h[0].rst_seen || h[1].rst_seen;
}

static void skip_half(struct flow_half *h, const struct flow_place_half *to)
{
    if (to->base_from == FLOW_BASE_NONE)
        return;
    h->base = to->base;
    h->base_from = to->base_from;
    h->next = to->next;
    h->high = to->high;
    h->acked = to->acked;
    h->watch_to = to->watch_to;
    h->deliverable = to->deliverable;
    h->watch = to->watch;
    h->acked_at = to->acked_at;
    h->window = to->window;
    h->zero_window = to->zero_window;
    h->ack_seen = to->ack_seen;
    h->ring = to->ring;
}

/* Without memory it is measured no more. */
static void skip_sent(struct flow_table *t, struct flow_tcp *c, const struct flow_place *place)
{
    flow_measure_free(t, c);
    for (unsigned side = 0; place->measured && side < 2; side++) {
        struct flow_sent *sent = flow_measure_begin(t, c, side);
        if (sent != NULL)
            *sent = place->half[flow_dir_of(c, side)].sent;
    }
}

void flow_tcp_skip(struct flow_table *t, struct flow_conn *conn, const struct flow_place *place)
{
    struct flow_tcp *c = hmap_entry(conn, struct flow_tcp, head);

    if (!endpoint_eq(&conn->client, &place->client))
        flow_tcp_swap_roles(conn);
    if (place->last_ns > c->last_ns)
        c->last_ns = place->last_ns;
    c->newest_ns = place->newest_ns;
    conn->clock_ahead_ns = place->clock_ahead_ns;
    conn->clock_back = place->clock_back;
    conn->clock_jump_ns = place->clock_jump_ns;
    conn->clock_jumped = place->clock_jumped;
    conn->last = place->last;
    skip_sent(t, c, place);
    for (unsigned side = 0; side < 2; side++) {
        enum flow_dir dir = flow_dir_of(c, side);
        skip_half(&c->half[side], &place->half[dir]);
        conn->retransmits[dir] = place->half[dir].retransmits;
        conn->out_of_order[dir] = place->half[dir].out_of_order;
        conn->payload_bytes[dir] = place->half[dir].payload_bytes;
        conn->lost_bytes[dir] = place->half[dir].lost_bytes;
        conn->delivered[dir] = c->half[side].next;
    }
}

int64_t flow_tcp_last_ns(const struct flow_conn *conn)
{
    return conn_of(conn)->last_ns;
}

void flow_tcp_used(struct flow_conn *conn, int64_t last_ns)
{
    hmap_entry(conn, struct flow_tcp, head)->last_ns = last_ns;
}

static int by_use(const void *a, const void *b)
{
    const struct flow_tcp *const *x = a, *const *y = b;

    if ((*x)->last_ns != (*y)->last_ns)
        return (*x)->last_ns < (*y)->last_ns ? -1 : 1;
    return (*x)->head.number < (*y)->head.number ? -1 : 1;
}

static void sort_class(struct list_link *list, struct flow_tcp **room)
{
    size_t n = 0;

    for (struct list_link *link = list->next; link != list; link = link->next)
        room[n++] = hmap_entry(link, struct flow_tcp, lru);
    qsort(room, n, sizeof(struct flow_tcp *), by_use);
    list_init(list);
    for (size_t i = 0; i < n; i++)
        list_append(list, &room[i]->lru);
}

int64_t flow_table_clock(const struct flow_table *t)
{
    return t->now_ns;
}

int flow_table_skipped(struct flow_table *t, int64_t now_ns)
{
    struct flow_tcp **room = malloc((t->conns.in_use + 1) * sizeof(struct flow_tcp *));

    if (room == NULL)
        return P2T_ERR_MEMORY;
    for (struct flow_tcp *c; (c = flow_least_recent(t, FLOW_GONE)) != NULL;)
        flow_tcp_set_class(t, c, FLOW_CLOSED); /* its last use may be later than it was taken for */
    for (unsigned class = 0; class < FLOW_CLASSES; class ++) {
        sort_class(&t->lru[class], room);
        t->next_deadline_ns = INT64_MIN;
        t->deadline_ns[class] = list_empty(&t->lru[class]) ? INT64_MAX : INT64_MIN;
    }
    if (now_ns > t->now_ns)
        t->now_ns = now_ns;
    free(room);
    return P2T_OK;
}
