/* HTTP/2's answers by their records alone: a server mostly answers in the order of the requests, no answer comes sooner
 * than a round trip after its request, and an answer begins with a short record, or after a pause. */
#include "correlate/tls/answers.h"

#include "correlate/conn_tls.h"
#include "correlate/settle.h"

/* How long servers may take that is nothing to wonder at. */
static const int64_t SERVED_NS = 3000000;
/* A record of HEADERS alone. */
enum { HEAD_MAX = 100 };
/* A DATA frame as long as this is mostly followed by more of its body: Go sends 4 KB, nginx 8 KB. */
enum { FULL_BYTES = 4000 };
/* More is an upload. */
enum { SHORT_REQUEST_BYTES = 1024 };

/* As the capture sees it: next to nothing at the server. 0: not known. */
static int64_t round_trip_ns(const struct cconn *cc)
{
    const struct exchange_conn *v = &cc->view;
    bool clean = mark_set(&v->syn) && mark_set(&v->syn_ack) && v->syns <= 1 && !v->late_syn_ack;
    int64_t ns = clean ? v->syn_ack.ts_ns - v->syn.ts_ns : 0, least = cc->tls->least_wait_ns;

    return least > 0 && least < ns ? least : ns;
}

/* With a quarter for the handshake's own delays. */
bool answers_had_time(const struct cconn *cc, const struct exchange *e, int64_t now_ns)
{
    return e->request.seen && now_ns - e->request.head_end.ts_ns >= round_trip_ns(cc) / 4 * 3;
}

/* The answers before it were over when it was asked, and a busy host made the handshake look longer than the path. */
static bool asked_alone(const struct cconn *cc, const struct exchange *answered, const struct exchange *e,
                        int64_t now_ns)
{
    return e->open.next == &cc->open && cc->tls->answer_last_bytes < FULL_BYTES &&
           (answered == NULL || e->open.prev == &answered->open) &&
           (answered == NULL || e->request.head_end.ts_ns - answered->response.last.ts_ns > CADENCE_NS) &&
           now_ns - e->request.head_end.ts_ns >= round_trip_ns(cc) / 8;
}

/* The one whose answer comes in, or NULL. */
static struct exchange *being_answered(const struct cconn *cc)
{
    for (struct list_link *at = cc->open.next; at != &cc->open; at = at->next)
        if (list_entry(at, struct exchange, open)->response.seen)
            return list_entry(at, struct exchange, open);
    return NULL;
}

static bool is_alone(const struct cconn *cc)
{
    return cc->open.next == cc->open.prev;
}

static int64_t usual_wait_ns(const struct cconn *cc)
{
    int64_t least = round_trip_ns(cc) + SERVED_NS;
    return cc->tls->usual_wait_ns > least ? cc->tls->usual_wait_ns : least;
}

/* How many of the waits that are known were as long. */
static unsigned likely(const struct cconn *cc, int64_t wait_ns)
{
    const struct conn_tls *t = cc->tls;
    static const int64_t least_ns = 1000000;
    enum { SHARE = 32 };
    int64_t about_ns = later_ns(least_ns, wait_ns / SHARE);
    int64_t at_once_ns = round_trip_ns(cc);
    unsigned n = at_once_ns != 0 && wait_ns >= at_once_ns && wait_ns <= at_once_ns + about_ns;

    for (size_t i = 0; i < TLS_WAITS_KEPT; i++)
        n += t->waits_ns[i] != 0 && t->waits_ns[i] <= wait_ns + about_ns && wait_ns <= t->waits_ns[i] + about_ns;
    return n;
}

/* Longer than is usual by half, and than all waits that are known by a quarter, is none. */
static int64_t plausible_wait_ns(const struct cconn *cc)
{
    int64_t longest = 0;

    for (size_t i = 0; i < TLS_WAITS_KEPT; i++)
        longest = later_ns(longest, cc->tls->waits_ns[i]);
    return later_ns(usual_wait_ns(cc) / 2 * 3, longest / 4 * 5);
}

/* The one that waited as long as most do, else the oldest that waits no longer than is usual, else the oldest. */
static struct exchange *next_to_answer(const struct cconn *cc, int64_t now_ns)
{
    struct exchange *oldest = NULL, *usual = NULL, *best = NULL;
    int64_t plausible_ns = plausible_wait_ns(cc);
    unsigned most = 0;

    for (struct list_link *at = cc->open.next; at != &cc->open; at = at->next) {
        struct exchange *e = list_entry(at, struct exchange, open);
        if (e->response.seen || !answers_had_time(cc, e, now_ns))
            continue;
        unsigned n = likely(cc, now_ns - e->request.last.ts_ns);
        if (n > most) {
            most = n;
            best = e;
        }
        if (usual == NULL && now_ns - e->request.last.ts_ns <= plausible_ns)
            usual = e;
        if (oldest == NULL)
            oldest = e;
    }
    if (best != NULL)
        return best;
    return usual != NULL ? usual : oldest;
}

/* One server's heads differ by little; where its bodies are as short, that tells nothing. */
static bool like_last_answer_head(const struct conn_tls *t, const struct fact_tls_records *r)
{
    enum { ALIKE_BYTES = 2 };

    return !t->bodies_like_heads && r->first_bytes <= t->answer_head_bytes + ALIKE_BYTES &&
           t->answer_head_bytes <= r->first_bytes + ALIKE_BYTES;
}

/* Several heads were one record: the second body behind it is the second answer's. */
static bool head_was_hidden(const struct conn_tls *t, const struct fact_tls_records *r, int64_t pause)
{
    return t->heads_apart > 0 && t->heads_hidden > 0 && pause < CADENCE_NS && r->first_bytes > HEAD_MAX &&
           t->answer_last_bytes > HEAD_MAX && t->answer_last_bytes < FULL_BYTES;
}

/* Not part of the answer that came before it. */
static bool begins_answer(const struct cconn *cc, const struct exchange *e, const struct exchange *next,
                          const struct fact_tls_records *r)
{
    const struct conn_tls *t = cc->tls;
    int64_t pause = r->first.ts_ns - e->response.last.ts_ns;
    bool full = t->answer_last_bytes >= FULL_BYTES, apart = t->heads_apart >= 0;

    /* a body that goes on leaves no gap of a round trip */
    if (next->request.head_end.ts_ns > e->response.last.ts_ns || t->answer_ended)
        return true;
    if (t->frames_end)
        return false;
    if (mark_set(&t->head_like) && t->head_like.ts_ns >= e->response.last.ts_ns && !full)
        return true;
    if (pause < CADENCE_NS && t->answer_records == 1 && t->answer_head_bytes <= HEAD_MAX && apart &&
        !like_last_answer_head(t, r))
        return false;
    if (r->first_bytes <= HEAD_MAX)
        return pause >= CADENCE_NS || !full;
    if (head_was_hidden(t, r, pause))
        return true;
    if (full || t->heads_apart > 0 || (apart && pause < CADENCE_NS))
        return pause >= round_trip_ns(cc) + CADENCE_NS;
    return true;
}

/* The answers to those before it hid in others': the server sent something when they may have come, and answers what
 * was asked much later. */
static void suppose_older(struct correlate *c, struct cconn *cc, const struct exchange *e, int64_t now_ns)
{
    enum { LONG = 4 };

    for (struct list_link *at = cc->open.next, *next; at != &e->open; at = next) {
        struct exchange *older = list_entry(at, struct exchange, open);
        next = at->next;
        if (mark_set(&older->response.first_possible) &&
            now_ns - older->request.last.ts_ns > LONG * usual_wait_ns(cc)) {
            exchange_suppose_answer(older);
            settle_ended(c, older, older->response.last.ts_ns);
        }
    }
}

static void next_answer(struct cconn *cc)
{
    cc->tls->answered = false;
    cc->tls->answer_records = 0;
}

void answers_possible(struct cconn *cc, const struct fact_tls_records *r)
{
    for (struct list_link *at = cc->open.next; at != &cc->open; at = at->next) {
        struct exchange *e = list_entry(at, struct exchange, open);
        if (answers_had_time(cc, e, r->first.ts_ns) && !mark_set(&e->response.first_possible))
            e->response.first_possible = r->first_whole;
    }
}

static void learn_apart(struct conn_tls *t, bool apart)
{
    enum { SURE = 3 };

    if (apart && t->heads_apart < SURE)
        t->heads_apart++;
    else if (!apart && t->heads_apart > -SURE)
        t->heads_apart--;
}

/* Behind a short record at once, what is long is its body; after a pause it has its head in it, unless what came before
 * goes on. */
static void learn_from_long(struct conn_tls *t, const struct fact_tls_records *r)
{
    bool behind_shortest = mark_set(&t->head_like) && r->first.ts_ns - t->head_like.ts_ns < CADENCE_NS;
    bool at_once = r->first.ts_ns - t->answer_ns < CADENCE_NS;

    if (t->answer_ns == 0 || r->first_bytes <= HEAD_MAX)
        return;
    if (behind_shortest || (at_once && t->answer_last_bytes <= HEAD_MAX))
        learn_apart(t, true);
    else if (!at_once && t->answer_last_bytes < FULL_BYTES)
        learn_apart(t, false);
}

struct exchange *answers_find(struct correlate *c, struct cconn *cc, const struct fact_tls_records *r)
{
    struct exchange *e = being_answered(cc), *next = next_to_answer(cc, r->first.ts_ns);

    learn_from_long(cc->tls, r);
    struct exchange *newest = conn_newest_open(cc);
    if (next == NULL && newest != NULL && newest != e && newest->request.seen &&
        asked_alone(cc, e, newest, r->first.ts_ns))
        next = newest;
    if (e == NULL || (next != NULL && begins_answer(cc, e, next, r))) {
        if (e != NULL)
            settle_ended(c, e, e->response.last.ts_ns);
        next_answer(cc);
        e = next;
        if (e != NULL)
            suppose_older(c, cc, e, r->first.ts_ns);
    }
    answers_possible(cc, r);
    cc->tls->settings_acked = true;
    cc->tls->answer_ns = r->last.ts_ns;
    return e;
}

/* The request was open alone: what came is its answer. */
static void learn_wait(struct conn_tls *t, int64_t wait_ns)
{
    enum { SHARE = 8 };

    t->usual_wait_ns = t->usual_wait_ns == 0 ? wait_ns : t->usual_wait_ns + (wait_ns - t->usual_wait_ns) / SHARE;
    if (t->least_wait_ns == 0 || wait_ns < t->least_wait_ns)
        t->least_wait_ns = wait_ns;
}

/* No other one may have been answered. */
static bool only_one(const struct cconn *cc, const struct exchange *e, int64_t now_ns)
{
    for (struct list_link *at = cc->open.next; at != &cc->open; at = at->next) {
        const struct exchange *other = list_entry(at, struct exchange, open);
        if (other != e && !other->response.seen && answers_had_time(cc, other, now_ns))
            return false;
    }
    return true;
}

/* How many heads its first record has, by the shortest that was seen. */
static void count_heads(struct conn_tls *t, const struct fact_tls_records *r)
{
    uint32_t n = r->first_bytes;

    if (n > HEAD_MAX) {
        t->heads_hidden -= t->heads_hidden > 0;
        return;
    }
    if (t->answer_head_least == 0 || n < t->answer_head_least)
        t->answer_head_least = n;
    t->heads_hidden = n > 0 ? n / t->answer_head_least - 1 : 0; /* an empty record is no head */
}

void answers_note(struct cconn *cc, struct exchange *e, const struct fact_tls_records *r)
{
    struct conn_tls *t = cc->tls;
    bool alone = is_alone(cc), begins = e->response.body_bytes == 0;

    if (begins) {
        t->answer_head_bytes = r->first_bytes;
        count_heads(t, r);
    }
    if (begins && (alone || t->usual_wait_ns == 0))
        learn_wait(t, r->first.ts_ns - e->request.last.ts_ns);
    if (begins && only_one(cc, e, r->first.ts_ns))
        t->waits_ns[t->waits++ % TLS_WAITS_KEPT] = r->first.ts_ns - e->request.last.ts_ns;
    if (!begins && alone && t->answer_records == 1 && t->answer_head_bytes <= HEAD_MAX)
        t->bodies_like_heads |= like_last_answer_head(t, r);
    t->answer_last_bytes = r->last_bytes;
    t->answer_ended = false;
}

/* What a server gives back window for. */
static bool has_body(const struct exchange *e)
{
    return e->request.last.ts_ns != e->request.head_end.ts_ns || e->request.body_bytes > SHORT_REQUEST_BYTES;
}

/* NULL: none waits for its answer, or several do. */
static struct exchange *only_waiting(const struct cconn *cc)
{
    struct exchange *only = NULL;

    for (struct list_link *at = cc->open.next; at != &cc->open; at = at->next) {
        struct exchange *e = list_entry(at, struct exchange, open);
        if (e->response.seen)
            continue;
        if (only != NULL)
            return NULL;
        only = e;
    }
    return only;
}

void answers_reset_like(struct cconn *cc, const struct fact_tls_records *r, bool again)
{
    struct exchange *e = only_waiting(cc);

    answers_reset_passed(cc);
    if (e == NULL || again || has_body(e) || !answers_had_time(cc, e, r->first.ts_ns))
        return;
    e->response.reset_like = r->last;
    cc->tls->reset_marked = true;
}

void answers_reset_passed(struct cconn *cc)
{
    if (!cc->tls->reset_marked)
        return;
    for (struct list_link *at = cc->open.next; at != &cc->open; at = at->next)
        list_entry(at, struct exchange, open)->response.reset_like = (struct packet_mark){0};
    cc->tls->reset_marked = false;
}

uint32_t answers_ended_by(const struct cconn *cc, const struct fact_tls_records *r, struct packet_mark *before)
{
    enum { EMPTY_BYTES = 9, SEVERAL = 8 };
    const struct conn_tls *t = cc->tls;
    const struct exchange *e = being_answered(cc);
    bool ends = t->info.h2 && t->ends_seen >= TLS_ENDS_SURE && e != NULL && r->records == 1 &&
                r->bytes % EMPTY_BYTES == 0 && r->bytes <= SEVERAL * EMPTY_BYTES &&
                r->first.ts_ns - e->response.last.ts_ns < CADENCE_NS;

    if (!ends)
        return 0;
    *before = e->response.last;
    return (uint32_t)(r->bytes / EMPTY_BYTES);
}

bool answers_short_frame(const struct cconn *cc, const struct fact_tls_records *r)
{
    bool any = false;

    if (!cc->tls->settings_acked || !cc->tls->heads_short)
        return false;
    for (const struct list_link *at = cc->open.next; at != &cc->open; at = at->next) {
        const struct exchange *e = list_entry(at, struct exchange, open);
        if (e->response.seen || !answers_had_time(cc, e, r->first.ts_ns))
            continue;
        if (has_body(e))
            return false;
        any = true;
    }
    return any;
}
