#include "session/intake.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#include "base/relay.h"
#include "base/thread.h"
#include "pcap2trace/status.h"

/* The whole ring fits a cache, so that what one thread wrote the other reads from there. */
enum { BATCHES = 16, WAKE_BATCHES = BATCHES / 2, BATCH_ITEMS = 256, BATCH_BYTES = 64 << 10 };

enum notice_kind { NOTICE_NONE, NOTICE_FILE, NOTICE_PROBLEM, NOTICE_SECRETS, NOTICE_END };

/* Reported after its batch's packets. */
struct notice {
    enum notice_kind kind;
    struct input_problem problem; /* of NOTICE_FILE, only the path */
    uint32_t secrets_type;
    uint8_t *bytes; /* the secrets, or the problem's text; owned by the notice */
    size_t n;
    int status; /* of NOTICE_END */
};

struct batch {
    struct intake_item items[BATCH_ITEMS];
    size_t n;
    struct notice notice;
    struct intake_state state;
    uint8_t bytes[BATCH_BYTES]; /* the packets' payloads */
    size_t used;
};

struct intake {
    struct intake_config config;
    struct relay relay;
    struct batch *ring; /* of BATCHES */
    pthread_t thread;
    bool started;
    /* The thread's own. */
    struct batch *filling; /* NULL: none, or the taker has closed */
    uint32_t files_noted;
    bool no_memory;
    int64_t spent_ns; /* set before the last batch is put */
    /* The taker's own. */
    struct batch *taking;
    size_t at;
    struct intake_state state;
    int ended; /* 1: not yet; else what intake_next returns from now on */
};

/* ---- the intake's thread ---- */

static void free_notice(struct notice *n)
{
    if (n->bytes != NULL && n->kind == NOTICE_SECRETS)
        OPENSSL_cleanse(n->bytes, n->n);
    free(n->bytes);
    *n = (struct notice){.kind = NOTICE_NONE};
}

static bool begin_batch(struct intake *i)
{
    size_t slot;

    if (i->filling == NULL && relay_room(&i->relay, &slot)) {
        i->filling = &i->ring[slot];
        i->filling->n = i->filling->used = 0;
        i->filling->notice = (struct notice){.kind = NOTICE_NONE};
    }
    return i->filling != NULL;
}

static void put_batch(struct intake *i)
{
    i->filling->state = (struct intake_state){input_progress(i->config.input), input_file_count(i->config.input),
                                              input_problem_count(i->config.input), input_sorted(i->config.input)};
    i->filling = NULL;
    relay_put(&i->relay);
}

static void put_notice(struct intake *i, struct notice notice)
{
    if (!begin_batch(i)) {
        free_notice(&notice);
        return;
    }
    i->filling->notice = notice;
    put_batch(i);
}

static void put_notice_with(struct intake *i, struct notice notice, struct slice bytes)
{
    notice.bytes = malloc(bytes.n + 1);
    notice.n = bytes.n;
    if (notice.bytes == NULL) {
        i->no_memory = true;
        return;
    }
    if (bytes.n > 0)
        memcpy(notice.bytes, bytes.p, bytes.n);
    notice.bytes[bytes.n] = '\0';
    put_notice(i, notice);
}

void intake_problem(struct intake *i, const struct input_problem *p)
{
    put_notice_with(i, (struct notice){.kind = NOTICE_PROBLEM, .problem = *p}, slice_str(p->text));
}

void intake_secrets(struct intake *i, const struct input_secrets *s)
{
    put_notice_with(i, (struct notice){.kind = NOTICE_SECRETS, .secrets_type = s->type}, s->data);
}

static void note_files(struct intake *i, uint32_t file)
{
    for (; i->files_noted <= file; i->files_noted++) {
        const char *path = input_file(i->config.input, i->files_noted)->path;
        put_notice(i, (struct notice){.kind = NOTICE_FILE, .problem.path = path});
    }
}

static size_t room_in(const struct batch *b)
{
    return BATCH_BYTES - b->used;
}

/* Moves the last item to a new batch. */
static bool start_next_batch(struct intake *i)
{
    struct intake_item item = i->filling->items[--i->filling->n];

    put_batch(i);
    if (!begin_batch(i))
        return false;
    i->filling->items[i->filling->n++] = item;
    return true;
}

/* The input reuses the payload's memory for the next frame: copy it. If it is too large for that, wait until it was taken. */
static bool keep_payload(struct intake *i, struct slice payload)
{
    if (payload.n > BATCH_BYTES) {
        put_batch(i);
        return relay_empty(&i->relay);
    }
    if (payload.n > room_in(i->filling) && !start_next_batch(i))
        return false;
    struct batch *b = i->filling;
    if (payload.n > 0)
        memcpy(b->bytes + b->used, payload.p, payload.n);
    b->items[b->n - 1].packet.payload.p = b->bytes + b->used;
    b->used += payload.n;
    return true;
}

static bool take_frame(struct intake *i, const struct input_frame *frame)
{
    if (frame->file >= i->files_noted)
        note_files(i, frame->file);
    if (i->filling != NULL && i->filling->n == BATCH_ITEMS)
        put_batch(i);
    if (!begin_batch(i))
        return false;
    struct intake_item *item = &i->filling->items[i->filling->n++];
    item->wire_len = frame->wire_len;
    item->why = packet_decode(i->config.decoder, frame, &item->packet);
    if (item->why != PACKET_DECODED)
        return true;
    flow_table_prepare(i->config.flows, &item->packet, &item->ready);
    if (i->config.look != NULL && item->packet.payload.n > 0)
        i->config.look(i->config.ctx, item);
    return keep_payload(i, item->packet.payload);
}

static void *run(void *arg)
{
    struct intake *i = arg;
    const struct input_frame *frame;
    int got;

    while ((got = input_next(i->config.input, &frame)) == 1 && !i->no_memory && take_frame(i, frame))
        ;
    i->spent_ns = thread_spent_ns();
    put_notice(i, (struct notice){.kind = NOTICE_END, .status = i->no_memory ? P2T_ERR_MEMORY : got});
    relay_end(&i->relay);
    return NULL;
}

/* ---- the taker's side ---- */

struct intake *intake_new(const struct intake_config *config)
{
    struct intake *i = calloc(1, sizeof *i);

    if (i == NULL)
        return NULL;
    i->config = *config;
    i->ended = 1;
    i->ring = calloc(BATCHES, sizeof *i->ring);
    relay_init(&i->relay, BATCHES, WAKE_BATCHES);
    if (i->ring != NULL)
        return i;
    intake_free(i);
    return NULL;
}

bool intake_start(struct intake *i)
{
    i->started = thread_start(&i->thread, run, i) == 0;
    return i->started;
}

static void report_notice(struct intake *i, struct notice *n)
{
    struct input_problem problem = n->problem;
    struct input_secrets secrets = {n->secrets_type, slice_of(n->bytes, n->n)};
    int status = P2T_OK;

    problem.text = (const char *)n->bytes;
    if (n->kind == NOTICE_PROBLEM)
        i->config.problem(i->config.ctx, &problem);
    else if (n->kind == NOTICE_SECRETS)
        i->config.secrets(i->config.ctx, &secrets);
    else if (n->kind == NOTICE_FILE)
        status = i->config.file(i->config.ctx, n->problem.path);
    if (n->kind == NOTICE_END || status != P2T_OK)
        i->ended = n->kind == NOTICE_END ? n->status : status;
    free_notice(n);
}

/* Reports the finished batch's notice and goes on to the next batch. */
static void next_batch(struct intake *i)
{
    size_t slot;

    if (i->taking != NULL) {
        report_notice(i, &i->taking->notice);
        relay_took(&i->relay);
    }
    i->taking = i->ended == 1 && relay_next(&i->relay, &slot) ? &i->ring[slot] : NULL;
    i->at = 0;
    if (i->taking != NULL)
        i->state = i->taking->state;
}

int intake_next(struct intake *i, const struct intake_item **item)
{
    while (i->ended == 1 && (i->taking == NULL || i->at == i->taking->n))
        next_batch(i);
    if (i->ended != 1)
        return i->ended;
    *item = &i->taking->items[i->at++];
    return 1;
}

struct intake_state intake_state(const struct intake *i)
{
    return i->state;
}

int64_t intake_spent_ns(const struct intake *i)
{
    return i->ended != 1 ? i->spent_ns : 0;
}

void intake_free(struct intake *i)
{
    if (i == NULL)
        return;
    relay_close(&i->relay);
    if (i->started)
        pthread_join(i->thread, NULL);
    for (size_t n = 0; i->ring != NULL && n < BATCHES; n++)
        free_notice(&i->ring[n].notice);
    relay_fini(&i->relay);
    free(i->ring);
    free(i);
}
