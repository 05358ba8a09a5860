/* Checks the order of hooks, as far as net/http fixes it within one attempt. */
#include "analyze/compare/pair.h"

/* Each hook comes before all that follow it in its list. Two lists: net/http writes requests and reads responses on
 * different goroutines. */
static const enum p2t_hook written[] = {
    P2T_HOOK_GET_CONN,           P2T_HOOK_DNS_START,           P2T_HOOK_DNS_DONE,           P2T_HOOK_CONNECT_START,
    P2T_HOOK_CONNECT_DONE,       P2T_HOOK_TLS_HANDSHAKE_START, P2T_HOOK_TLS_HANDSHAKE_DONE, P2T_HOOK_GOT_CONN,
    P2T_HOOK_WROTE_HEADER_FIELD, P2T_HOOK_WROTE_HEADERS,       P2T_HOOK_WAIT_100_CONTINUE,  P2T_HOOK_WROTE_REQUEST,
    P2T_HOOK_PUT_IDLE_CONN,
};
static const enum p2t_hook read[] = {
    P2T_HOOK_GOT_CONN,
    P2T_HOOK_GOT_FIRST_RESPONSE_BYTE,
    P2T_HOOK_GOT_1XX_RESPONSE,
    P2T_HOOK_PUT_IDLE_CONN,
};

/* The first and last times of each hook, on both sides. */
struct spans {
    struct {
        int64_t first, last;
    } live[P2T_HOOK_COUNT], wire[P2T_HOOK_COUNT];
    bool seen[P2T_HOOK_COUNT];
};

/* A failed ConnectDone does not count: an attempt that lost the race may end at any time. */
static bool counts(const struct pair_row *row)
{
    if (row->live == NULL || row->wire == NULL)
        return false;
    return row->wire->hook != P2T_HOOK_CONNECT_DONE ||
           (row->wire->detail->error.n == 0 && row->live->detail->error.n == 0);
}

static void widen(int64_t *first, int64_t *last, int64_t t, bool seen)
{
    if (!seen || t < *first)
        *first = t;
    if (!seen || t > *last)
        *last = t;
}

static void note(struct spans *s, const struct pair_row *row)
{
    uint8_t h = row->wire->hook;

    widen(&s->live[h].first, &s->live[h].last, row->live->time_ns, s->seen[h]);
    widen(&s->wire[h].first, &s->wire[h].last, row->wire->time_ns, s->seen[h]);
    s->seen[h] = true;
}

static bool of_dial(enum p2t_hook h)
{
    return h == P2T_HOOK_DNS_START || h == P2T_HOOK_DNS_DONE || h == P2T_HOOK_CONNECT_START ||
           h == P2T_HOOK_CONNECT_DONE || h == P2T_HOOK_TLS_HANDSHAKE_START || h == P2T_HOOK_TLS_HANDSHAKE_DONE;
}

/* The request was served by another connection while its own dial went on: GotConn was reused, or came before the dial's
 * hooks. */
static bool dial_is_apart(const struct pair *p, const struct spans *s)
{
    for (size_t i = 0; i < p->n; i++)
        if (pair_hook(&p->rows[i]) == P2T_HOOK_GOT_CONN &&
            ((p->rows[i].live != NULL && p->rows[i].live->detail->reused > 0) ||
             (p->rows[i].wire != NULL && p->rows[i].wire->detail->reused > 0)))
            return true;
    for (int h = 0; h < P2T_HOOK_COUNT; h++)
        if (of_dial((enum p2t_hook)h) && s->seen[h] && s->seen[P2T_HOOK_GOT_CONN] &&
            s->live[h].last > s->live[P2T_HOOK_GOT_CONN].first)
            return true;
    return false;
}

static void check(struct pair *p, const struct spans *s, const enum p2t_hook *chain, size_t n)
{
    bool apart = dial_is_apart(p, s);

    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++) {
            enum p2t_hook a = chain[i], b = chain[k];
            if (apart && of_dial(a) && !of_dial(b))
                continue;
            if (!s->seen[a] || !s->seen[b] || (i == 0 && k == n - 1 && chain == read))
                continue;
            bool live = s->live[a].last > s->live[b].first, wire = s->wire[a].last > s->wire[b].first;
            if (live != wire && p->order_count < PAIR_ORDERS_MAX)
                p->orders[p->order_count++] = (struct pair_order){a, b, live};
        }
}

void pair_check_order(struct pair *p)
{
    struct spans s = {0};

    for (size_t i = 0; i < p->n; i++)
        if (counts(&p->rows[i]))
            note(&s, &p->rows[i]);
    check(p, &s, written, sizeof written / sizeof *written);
    check(p, &s, read, sizeof read / sizeof *read);
}
