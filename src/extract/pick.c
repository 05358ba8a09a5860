#include "extract/pick.h"

#include <stdlib.h>

#include "base/system.h"
#include "extract/arp.h"
#include "extract/lane.h"
#include "extract/names.h"
#include "input/input.h"
#include "packet/decode.h"

enum { PORT_DNS = 53, STOP_EVERY = 4096, WAITING_MAX = 256, ADDRESSES_MAX = 64 };

/* An answered lookup is looked for that long. */
#define LOOKUP_NS (INT64_C(30) * 1000000000)

/* Fragments whose datagram is not whole: whether they are wanted is not known yet. */
struct waiting {
    struct ip_addr src, dst;
    uint16_t ip_id;
    size_t at; /* in the spool */
};

struct pick {
    const struct pick_config *config;
    struct spool *spool;
    struct pick_extra *extra;
    struct input *in;
    struct packet_decoder *decoder;
    struct lanes lanes;
    struct ip_addr addresses[ADDRESSES_MAX]; /* that were dialled or asked */
    size_t address_count;
    struct waiting waiting[WAITING_MAX];
    size_t waiting_next;
    uint32_t *paths; /* of input's files */
    size_t path_count;
    int64_t start_ns, until_ns; /* of all subjects */
    struct subject_ref ref;     /* of the packet at hand */
    size_t proving;             /* packets so far that something rests on */
};

uint32_t pick_path(const struct subjects *subjects, const char *path)
{
    for (size_t i = 0; i < subjects->path_count; i++)
        if (strcmp(subjects->paths[i], path) == 0)
            return (uint32_t)i;
    return UINT32_MAX;
}

/* ---- what is looked for ---- */

static void add_address(struct pick *p, const struct ip_addr *ip)
{
    for (size_t i = 0; i < p->address_count; i++)
        if (ip_eq(&p->addresses[i], ip))
            return;
    if (p->address_count < ADDRESSES_MAX)
        p->addresses[p->address_count++] = *ip;
}

static void widen(const struct pick *p, struct lane *lane, const struct subject *s)
{
    lane->start_ns = s->start_ns < lane->start_ns ? s->start_ns : lane->start_ns;
    lane->until_ns = s->until_ns > lane->until_ns ? s->until_ns : lane->until_ns;
    lane->whole = p->config->reach >= PICK_LIFE;
}

static int add_subject(struct pick *p, const struct subject *s)
{
    for (size_t i = 0; i < s->pair_count; i++) {
        struct lane *lane = lanes_add(&p->lanes, &s->pairs[i].client, &s->pairs[i].server);
        if (lane == NULL)
            return P2T_ERR_MEMORY;
        widen(p, lane, s);
        add_address(p, &s->pairs[i].server.ip);
    }
    p->start_ns = s->start_ns < p->start_ns ? s->start_ns : p->start_ns;
    p->until_ns = s->until_ns > p->until_ns ? s->until_ns : p->until_ns;
    return P2T_OK;
}

static int add_subjects(struct pick *p)
{
    for (size_t i = 0; i < p->config->subjects->count; i++)
        if (add_subject(p, &p->config->subjects->items[i]) != P2T_OK)
            return P2T_ERR_MEMORY;
    return P2T_OK;
}

/* ---- one packet ---- */

static struct subject_ref ref_of(struct pick *p, const struct input_frame *f)
{
    while (p->path_count <= f->file) {
        uint32_t *paths = reallocarray(p->paths, p->path_count + 1, sizeof *paths);
        if (paths == NULL)
            return (struct subject_ref){UINT32_MAX, 0};
        p->paths = paths;
        const struct input_file *file = input_file(p->in, p->path_count);
        paths[p->path_count++] = file != NULL ? pick_path(p->config->subjects, file->path) : UINT32_MAX;
    }
    return (struct subject_ref){p->paths[f->file], f->number};
}

/* A packet that something rests on shows a dial, or a lookup over TCP: the rest of it is wanted, too. */
static int follow(struct pick *p, const struct packet *packet, const struct proof *proof, size_t count)
{
    if (p->config->reach < PICK_CONNECTION)
        return P2T_OK;
    if (packet->kind == PACKET_UDP || packet->kind == PACKET_TCP) {
        add_address(p, &packet->dst.ip);
        add_address(p, &packet->src.ip);
    }
    if (packet->kind != PACKET_TCP)
        return P2T_OK;
    struct lane *lane = lanes_add(&p->lanes, &packet->src, &packet->dst);
    if (lane == NULL)
        return P2T_ERR_MEMORY;
    for (size_t i = 0; i < count; i++)
        widen(p, lane, &p->config->subjects->items[proof[i].subject]);
    return P2T_OK;
}

static bool is_client(const struct subject *s, const struct ip_addr *ip)
{
    for (size_t i = 0; i < s->client_count; i++)
        if (ip_eq(&s->clients[i], ip))
            return true;
    return false;
}

static bool asks_for(const struct subject *s, struct slice name)
{
    for (size_t i = 0; i < s->name_count; i++)
        if (names_belong(name, s->names[i]))
            return true;
    return false;
}

/* A message of DNS between a client and its resolver, about a name that the exchange needed. */
static bool is_lookup(const struct pick *p, const struct packet *packet, const struct endpoint *a,
                      const struct endpoint *b, struct slice message)
{
    bool tcp = packet->kind == PACKET_TCP;
    bool answered = tcp ? a->port == PORT_DNS : names_is_answer(message),
         asked = tcp ? b->port == PORT_DNS : !answered;
    int64_t before_ns = p->config->reach >= PICK_LIFE ? LOOKUP_NS : 0;
    char text[NAMES_TEXT_MAX];
    size_t n = 0;

    if (!asked && !answered)
        return false;
    bool named = tcp || names_asked(message, text, &n);
    for (size_t i = 0; named && i < p->config->subjects->count; i++) {
        const struct subject *s = &p->config->subjects->items[i];
        if (packet->mark.ts_ns < s->start_ns - before_ns || packet->mark.ts_ns > s->until_ns || s->name_count == 0)
            continue;
        if (!is_client(s, asked ? &a->ip : &b->ip))
            continue;
        if (tcp || before_ns > 0 || asks_for(s, slice_of(text, n)))
            return true;
    }
    return false;
}

static bool is_of_client(const struct pick *p, const struct packet *packet)
{
    for (size_t i = 0; i < p->config->subjects->count; i++) {
        const struct subject *s = &p->config->subjects->items[i];
        if (packet->mark.ts_ns <= s->until_ns && (is_client(s, &packet->src.ip) || is_client(s, &packet->dst.ip)))
            return true;
    }
    return false;
}

static bool is_quoted(struct pick *p, const struct packet *packet)
{
    const struct packet_icmp *icmp = &packet->icmp;
    struct packet quoted = {.mark = packet->mark, .kind = PACKET_UDP};

    if (icmp->quoted_kind == PACKET_UDP)
        return is_lookup(p, &quoted, &icmp->quoted_src, &icmp->quoted_dst, packet->payload);
    const struct lane *lane = lanes_find(&p->lanes, &icmp->quoted_src, &icmp->quoted_dst);
    return lane != NULL && !lane->over && (lane->whole || packet->mark.ts_ns <= lane->until_ns);
}

static bool concerns(struct pick *p, const struct packet *packet, bool proves, uint32_t *lane_number)
{
    if (p->config->reach == PICK_EVIDENCE)
        return proves;
    struct lane_state now = {proves, p->proving >= p->config->proofs->packets};
    struct lane *lane = packet->kind == PACKET_TCP ? lanes_find(&p->lanes, &packet->src, &packet->dst) : NULL;
    if (lane != NULL && lane_wants(lane, p->spool, packet, now)) {
        *lane_number = lane->number;
        return true;
    }
    if (packet->kind == PACKET_ICMP_ERROR ? is_quoted(p, packet)
                                          : is_lookup(p, packet, &packet->src, &packet->dst, packet->payload))
        return true;
    return proves || (p->config->reach >= PICK_CLIENT && is_of_client(p, packet));
}

static bool is_wanted_arp(const struct pick *p, const struct input_frame *f)
{
    struct ip_addr sender, target;

    if (p->config->reach < PICK_CONNECTION || f->ts_ns < p->start_ns || f->ts_ns > p->until_ns ||
        !arp_read(f, &sender, &target))
        return false;
    for (size_t i = 0; i < p->address_count; i++)
        if (ip_eq(&p->addresses[i], &sender) || ip_eq(&p->addresses[i], &target))
            return true;
    return false;
}

/* ---- fragments ---- */

static int keep_waiting(struct pick *p, const struct input_frame *f, const struct packet *packet)
{
    struct spool_frame *kept = spool_add(p->spool, f);

    if (kept == NULL)
        return P2T_ERR_MEMORY;
    kept->ref = p->ref;
    kept->dropped = true;
    p->waiting[p->waiting_next++ % WAITING_MAX] =
        (struct waiting){packet->src.ip, packet->dst.ip, packet->ip_id, p->spool->count - 1};
    return P2T_OK;
}

/* The packet was made of several frames: those before this one are wanted, too. */
static void take_waiting(struct pick *p, const struct input_frame *f, const struct packet *packet)
{
    const uint8_t *payload = packet->payload.p;

    if (payload >= f->bytes && payload <= f->bytes + f->cap_len)
        return;
    for (size_t i = 0; i < WAITING_MAX && i < p->waiting_next; i++) {
        const struct waiting *w = &p->waiting[i];
        if (w->ip_id == packet->ip_id && ip_eq(&w->src, &packet->src.ip) && ip_eq(&w->dst, &packet->dst.ip))
            p->spool->frames[w->at].dropped = false;
    }
}

/* ---- the pass ---- */

static int keep(struct pick *p, const struct input_frame *f, uint32_t lane, bool proves)
{
    struct spool_frame *kept = spool_add(p->spool, f);

    if (kept == NULL)
        return P2T_ERR_MEMORY;
    kept->ref = p->ref;
    kept->lane = lane;
    kept->proves = proves;
    return P2T_OK;
}

static int take_packet(struct pick *p, const struct input_frame *f, const struct packet *packet,
                       const struct proof *proof, size_t count)
{
    uint32_t lane = SPOOL_NO_LANE;

    if (count > 0 && follow(p, packet, proof, count) != P2T_OK)
        return P2T_ERR_MEMORY;
    if (!concerns(p, packet, count > 0, &lane))
        return P2T_OK;
    take_waiting(p, f, packet);
    return keep(p, f, lane, count > 0);
}

static int take_frame(struct pick *p, const struct input_frame *f)
{
    struct packet packet;
    size_t count;
    const struct proof *proof = proofs_of(p->config->proofs, p->ref, &count);

    p->proving += count > 0;
    enum packet_drop why = packet_decode(p->decoder, f, &packet);
    if (why == PACKET_DECODED)
        return take_packet(p, f, &packet, proof, count);
    if (count > 0 || is_wanted_arp(p, f))
        return keep(p, f, SPOOL_NO_LANE, count > 0);
    if (why == PACKET_DROP_FRAGMENT && p->config->reach > PICK_EVIDENCE)
        return keep_waiting(p, f, &packet);
    return P2T_OK;
}

/* A packet of nobody, to nobody: UDP without bytes to the discard port. All that it says is its time. */
static int keep_clock(struct pick *p, int64_t ts_ns)
{
    enum { LINK_RAW_IP = 101 };
    static const uint8_t bytes[] = {0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0x7a, 0xd2, 0, 0,
                                    0,    0, 0, 0,  0, 0, 0, 9, 0,  9,  0,    8,    0, 0};
    const struct input_frame clock = {.ts_ns = ts_ns,
                                      .file = UINT32_MAX,
                                      .link_type = LINK_RAW_IP,
                                      .cap_len = sizeof bytes,
                                      .wire_len = sizeof bytes,
                                      .bytes = bytes};
    struct spool_frame *kept = spool_add(p->spool, &clock);

    if (kept == NULL)
        return P2T_ERR_MEMORY;
    kept->ref = (struct subject_ref){UINT32_MAX, 0};
    kept->clock = true;
    return P2T_OK;
}

/* An exchange may end with another's packet, whose time shows that something was due. */
static bool is_end(const struct pick *p, int64_t ts_ns)
{
    for (size_t i = 0; i < p->config->subjects->count; i++)
        if (p->config->subjects->items[i].end_ns == ts_ns)
            return true;
    return false;
}

static int take_or_note(struct pick *p, const struct input_frame *f)
{
    size_t count = p->spool->count;
    int status = take_frame(p, f);

    if (status == P2T_OK && p->spool->count == count && p->config->latest_ns != 0 && is_end(p, f->ts_ns))
        return keep_clock(p, f->ts_ns);
    return status;
}

static int read_spool(struct pick *p, const struct spool *from)
{
    int status = P2T_OK;

    for (size_t i = 0; i < from->count && status == P2T_OK; i++) {
        struct input_frame f = from->frames[i].frame;
        if (from->frames[i].dropped)
            continue;
        f.bytes = spool_bytes(from, &from->frames[i]);
        p->ref = from->frames[i].ref;
        status = take_or_note(p, &f);
    }
    return status;
}

static int read_input(struct pick *p)
{
    const struct input_frame *frame;
    int more = 1;

    for (uint64_t n = 0; more > 0 && (more = input_next(p->in, &frame)) > 0; n++) {
        p->ref = ref_of(p, frame);
        int status = take_or_note(p, frame);
        if (status != P2T_OK)
            return status;
        if (n % STOP_EVERY == 0 && p->config->stop != NULL && p->config->stop(p->config->ctx))
            return P2T_ERR_STOPPED;
    }
    return more;
}

/* Of several secrets blocks one key log is made. */
static void on_secrets(void *ctx, const struct input_secrets *s)
{
    enum { TLS_KEYLOG = 0x544c534b };
    struct pick *p = ctx;

    if (s->type != TLS_KEYLOG || p->extra == NULL)
        return;
    buf_slice(&p->extra->secrets, s->data);
    if (s->data.n > 0 && s->data.p[s->data.n - 1] != '\n')
        buf_putc(&p->extra->secrets, '\n');
}

/* Who waits in vain is known to have done so by the time that passed: the last packet may be another's. */
static int keep_end(struct pick *p)
{
    const struct spool *s = p->spool;
    size_t last = s->count;

    while (last > 0 && s->frames[last - 1].dropped)
        last--;
    if (last == 0 || s->frames[last - 1].frame.ts_ns >= p->config->latest_ns || p->config->reach == PICK_EVIDENCE)
        return P2T_OK;
    return keep_clock(p, p->config->latest_ns);
}

int pick_frames(const struct pick_config *config, struct spool *spool, struct pick_extra *extra)
{
    struct pick p = {.config = config, .spool = spool, .extra = extra, .start_ns = INT64_MAX, .until_ns = INT64_MIN};
    const struct input_config input = {.paths = config->input->paths,
                                       .path_count = config->input->path_count,
                                       .recursive = config->input->recursive,
                                       .filter = config->input->filter,
                                       .ctx = &p,
                                       .secrets = on_secrets};

    p.decoder = packet_decoder_new(NULL);
    int status = p.decoder != NULL ? P2T_OK : P2T_ERR_MEMORY;
    if (status == P2T_OK && config->from == NULL)
        status = input_open(&p.in, &input, NULL);
    if (status == P2T_OK)
        status = add_subjects(&p);
    if (status == P2T_OK)
        status = config->from != NULL ? read_spool(&p, config->from) : read_input(&p);
    if (status == P2T_OK)
        status = keep_end(&p);
    if (status == P2T_OK)
        status = spool_seal(spool);
    if (p.in != NULL)
        input_free(p.in);
    packet_decoder_free(p.decoder);
    lanes_fini(&p.lanes);
    free(p.paths);
    return status;
}
