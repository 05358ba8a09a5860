/* The stages wired together: input -> packet -> flow -> proto -> correlate -> trace -> the caller. */
#include "pcap2trace/session.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/correlate.h"
#include "flow/table.h"
#include "input/input.h"
#include "packet/decode.h"
#include "proto/conn.h"
#include "session/carry.h"
#include "session/feed.h"
#include "session/keylog.h"
#include "session/limits.h"
#include "session/teller.h"
#include "trace/trace.h"

enum { PATH_CHUNKS = 1024, CHUNK_PATHS = 1024 };
/* Some of what an evicted connection held may wait for its place in the output: no use in evicting all at once. */
enum { EVICTIONS_PER_FRAME = 64 };

struct p2t_session {
    struct p2t_config config;
    /* With the config, all that the teller's thread reads: away from what changes with each packet. */
    struct trace *trace;
    const char **paths[PATH_CHUNKS]; /* of the files; a chunk stays where it is */
    struct input *input;
    struct packet_decoder *decoder;
    struct flow_table *flows;
    struct budget budget;
    size_t ahead_bytes;
    struct proto *proto;
    struct correlate *correlate;
    struct keylog keylog;
    struct carry *carry;   /* NULL: nothing is carried over to another session */
    session_name_fn *name; /* NULL: input knows the files */
    void *name_ctx;
    uint32_t path_count;
    struct teller *teller; /* NULL: exchanges are told on the caller's thread */
    uint64_t frames, bytes, tunnelled, exchanges, attempts;
    int64_t earliest_ns, latest_ns; /* of the frames so far */
    uint64_t backwards;
    uint64_t drops[PACKET_DROP_COUNT];
    uint64_t own_problems; /* not the input's */
    int status;            /* the first failure; later steps return it */
    bool finished;
};

/* ---- the stages' callbacks ---- */

static void on_problem(void *ctx, const struct input_problem *p)
{
    struct p2t_session *s = ctx;
    struct p2t_problem problem = {p->path, p->text, p->packet, p->offset};

    if (s->config.problem != NULL)
        s->config.problem(s->config.ctx, &problem);
}

/* While a session is rebuilt, correlate knows already what most facts say. */
static bool is_news(struct p2t_session *s, const struct fact *fact)
{
    if (s->carry == NULL || !s->carry->loading)
        return true;
    /* One that correlate was done with lingers; one that is not known lost its first packets to a limit. */
    if (fact->kind == FACT_CONN_OPEN)
        return !correlate_adopt(s->correlate, fact->conn) && carry_find(s->carry, fact->conn->first.ref) == NULL;
    return fact->kind == FACT_CONN_CLOSE;
}

static void on_fact(void *ctx, const struct fact *fact)
{
    struct p2t_session *s = ctx;

    if (fact->kind == FACT_CONN_EVENT && fact->as.event->kind == FLOW_SYN && !fact->as.event->repeated)
        s->attempts++;
    if (is_news(s, fact))
        correlate_fact(s->correlate, fact);
    if (s->carry == NULL)
        return;
    if (fact->kind == FACT_CONN_OPEN)
        carry_conn_opened(s->carry, fact->conn);
    carry_fact(s->carry, fact);
    if (fact->kind == FACT_CONN_CLOSE)
        carry_conn_closed(s->carry, fact->conn);
}

/* On the teller's thread where there is one. */
static int tell(void *ctx, const struct exchange *e)
{
    struct p2t_session *s = ctx;
    const struct p2t_exchange *x = trace_build(s->trace, e);

    if (x == NULL)
        return P2T_ERR_MEMORY;
    return s->config.exchange(s->config.ctx, x) != 0 ? P2T_ERR_STOPPED : P2T_OK;
}

static void give_back(void *ctx, struct exchange *e)
{
    struct p2t_session *s = ctx;

    correlate_give_back(s->correlate, e);
}

static void on_exchange(void *ctx, const struct exchange *e)
{
    struct p2t_session *s = ctx;

    if (s->status != P2T_OK || (e->quiet && !s->config.all))
        return;
    if (s->teller != NULL) {
        s->status = teller_put(s->teller, correlate_keep(s->correlate));
        return;
    }
    s->status = tell(s, e);
    s->exchanges += s->status != P2T_ERR_MEMORY;
}

static const char *file_path(void *ctx, uint32_t file)
{
    const struct p2t_session *s = ctx;

    if (s->name != NULL)
        return s->name(s->name_ctx, file);
    return file / CHUNK_PATHS < PATH_CHUNKS ? s->paths[file / CHUNK_PATHS][file % CHUNK_PATHS] : "";
}

/* ---- secrets ---- */

/* Decryption Secrets Block, pcapng section 4.7: the text of a key log. */
static void on_secrets(void *ctx, const struct input_secrets *secrets)
{
    enum { TLS_KEY_LOG = 0x544c534b };
    struct p2t_session *s = ctx;

    if (secrets->type != TLS_KEY_LOG || s->status != P2T_OK)
        return;
    s->status = proto_secrets(s->proto, secrets->data);
    if (s->status == P2T_OK)
        s->status = proto_secrets_end(s->proto);
}

static void keylog_problem(struct p2t_session *s)
{
    struct p2t_problem problem = {.path = s->config.keylog, .text = strerror(errno)};

    s->own_problems++;
    if (s->config.problem != NULL)
        s->config.problem(s->config.ctx, &problem);
}

static int read_keylog(struct p2t_session *s, bool half)
{
    int status = keylog_read(&s->keylog, s->proto, half);

    if (status != P2T_ERR_IO)
        return status;
    if (!s->keylog.told)
        keylog_problem(s);
    s->keylog.told = true;
    return P2T_OK;
}

/* ---- life ---- */

static int start_teller(struct p2t_session *s)
{
    struct teller_config config = {s, tell, give_back};

    if (s->config.jobs > 1)
        s->teller = teller_new(&config);
    return s->config.jobs > 1 && s->teller == NULL ? P2T_ERR_MEMORY : P2T_OK;
}

static int build_stages(struct p2t_session *s)
{
    struct trace_options trace = {.show_secrets = s->config.show_secrets, .ctx = s, .file_path = file_path};
    struct fact_sink facts = {s, on_fact};
    struct session_limits limits = session_limits_of(s->config.max_memory, &s->budget);

    s->ahead_bytes = limits.ahead_bytes;
    s->trace = trace_new(&trace);
    s->correlate = correlate_new(&limits.correlate, on_exchange, s);
    s->proto = proto_new(&limits.proto, &facts);
    if (s->proto == NULL)
        return P2T_ERR_MEMORY;
    struct flow_sink sink = proto_flow_sink(s->proto);
    s->flows = flow_table_new(&limits.flow, &sink);
    s->decoder = packet_decoder_new(&limits.packet);
    return s->trace != NULL && s->correlate != NULL && s->flows != NULL && s->decoder != NULL ? P2T_OK
                                                                                              : P2T_ERR_MEMORY;
}

static int open_input(struct p2t_session *s, char **error)
{
    struct input_config config = {
        .paths = s->config.paths,
        .path_count = s->config.path_count,
        .recursive = s->config.recursive,
        .filter = s->config.filter,
        .ahead = s->config.jobs > 1 ? s->config.jobs - 1 : 0,
        .ahead_bytes = s->ahead_bytes,
        .ctx = s,
        .problem = on_problem,
        .secrets = on_secrets,
    };
    char *text = NULL;
    int status = input_open(&s->input, &config, &text);

    if (error != NULL)
        *error = text;
    else
        free(text);
    return status;
}

int p2t_session_open(struct p2t_session **session, const struct p2t_config *config, char **error)
{
    struct p2t_session *s = calloc(1, sizeof *s);
    int status = P2T_ERR_MEMORY;

    *session = NULL;
    if (error != NULL)
        *error = NULL;
    if (s != NULL) {
        s->config = *config;
        s->keylog = (struct keylog){.path = config->keylog, .fd = -1};
        status = build_stages(s);
    }
    if (status == P2T_OK)
        status = read_keylog(s, true);
    if (status == P2T_OK)
        status = open_input(s, error);
    if (status == P2T_OK)
        status = start_teller(s);
    if (status != P2T_OK) {
        p2t_session_free(s);
        return status;
    }
    *session = s;
    return P2T_OK;
}

void p2t_session_free(struct p2t_session *s)
{
    if (s == NULL)
        return;
    if (s->status == P2T_OK)
        s->status = P2T_ERR_STOPPED; /* nobody is to be called from here on */
    if (s->teller != NULL)
        teller_silence(s->teller);
    if (s->input != NULL)
        (void)p2t_session_finish(s); /* what is open is given back along the way on which it came */
    teller_free(s->teller);
    flow_table_free(s->flows);
    correlate_free(s->correlate);
    carry_free(s->carry);
    keylog_close(&s->keylog);
    proto_free(s->proto);
    packet_decoder_free(s->decoder);
    trace_free(s->trace);
    for (size_t i = 0; i < PATH_CHUNKS; i++)
        free(s->paths[i]);
    input_free(s->input);
    free(s);
}

/* ---- reading ---- */

/* Before anything tells of the file: input's own list changes while the teller's thread reads this one. */
static int note_path(struct p2t_session *s)
{
    uint32_t file = s->path_count++;

    if (file / CHUNK_PATHS >= PATH_CHUNKS)
        return P2T_OK;
    const char ***chunk = &s->paths[file / CHUNK_PATHS];
    if (*chunk == NULL)
        *chunk = calloc(CHUNK_PATHS, sizeof **chunk);
    if (*chunk == NULL)
        return P2T_ERR_MEMORY;
    (*chunk)[file % CHUNK_PATHS] = input_file(s->input, file)->path;
    return P2T_OK;
}

static void make_room(struct p2t_session *s)
{
    for (int i = 0; i < EVICTIONS_PER_FRAME && budget_over(&s->budget) && flow_table_evict(s->flows);)
        i++;
}

static int take_frame(struct p2t_session *s, const struct input_frame *frame)
{
    struct packet packet;

    while (s->name == NULL && s->path_count <= frame->file)
        if (note_path(s) != P2T_OK)
            return P2T_ERR_MEMORY;

    s->frames++;
    s->bytes += frame->wire_len;
    s->backwards += s->frames > 1 && frame->ts_ns < s->latest_ns;
    if (s->frames == 1 || frame->ts_ns > s->latest_ns)
        s->latest_ns = frame->ts_ns;
    if (s->frames == 1 || frame->ts_ns < s->earliest_ns)
        s->earliest_ns = frame->ts_ns;
    if (s->carry != NULL)
        carry_clock(s->carry, frame->ts_ns, frame->file);
    if (s->carry == NULL || !s->carry->loading)
        correlate_clock(s->correlate, frame->ts_ns);
    enum packet_drop why = packet_decode(s->decoder, frame, &packet);
    if (why != PACKET_DECODED) {
        s->drops[why]++;
        return P2T_OK;
    }
    s->tunnelled += packet.tunnel_depth > 0;
    int status = flow_table_push(s->flows, &packet);
    if (budget_over(&s->budget))
        make_room(s);
    return status != P2T_OK ? status : s->status;
}

/* Nobody is called behind this. */
static void rest(struct p2t_session *s)
{
    int status = s->teller != NULL ? teller_finish(s->teller) : P2T_OK;

    if (s->status == P2T_OK)
        s->status = status;
}

int p2t_session_finish(struct p2t_session *s)
{
    if (!s->finished) {
        s->finished = true;
        correlate_ending(s->correlate);
        flow_table_finish(s->flows);
        correlate_finish(s->correlate);
    }
    rest(s);
    return s->status;
}

int p2t_session_step(struct p2t_session *s, size_t frames)
{
    const struct input_frame *frame;

    if (s->finished || s->status != P2T_OK)
        return s->status;
    for (size_t i = 0; i < frames; i++) {
        int got = input_next(s->input, &frame);
        if (got <= 0) {
            s->status = got;
            return p2t_session_finish(s);
        }
        s->status = take_frame(s, frame);
        if (s->status != P2T_OK) {
            rest(s);
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

/* ---- being fed ---- */

int session_feed_begin(struct p2t_session *s, session_name_fn *name, void *ctx)
{
    s->name = name;
    s->name_ctx = ctx;
    s->carry = carry_new(&s->budget);
    return s->carry != NULL ? P2T_OK : P2T_ERR_MEMORY;
}

int session_feed(struct p2t_session *s, const struct input_frame *frame)
{
    if (s->status == P2T_OK)
        s->status = take_frame(s, frame);
    if (s->status == P2T_OK && s->carry->failed)
        s->status = P2T_ERR_MEMORY;
    return s->status;
}

void session_feed_secrets(struct p2t_session *s, const struct input_secrets *secrets)
{
    on_secrets(s, secrets);
    carry_secrets(s->carry, secrets);
}

int session_feed_keylog(struct p2t_session *s, const char *path, bool half)
{
    s->config.keylog = s->keylog.path = path;
    if (s->status == P2T_OK)
        s->status = read_keylog(s, half);
    return s->status;
}

static void save_secrets(const struct p2t_session *s, struct buf *out)
{
    enum { SESSIONS_BYTES = 16 << 20 };
    struct buf b = {0};

    proto_save_sessions(s->proto, SESSIONS_BYTES, &b);
    carry_save_secrets(s->carry, &b);
    carry_put64(out, b.n);
    buf_slice(out, buf_view(&b));
    out->failed |= b.failed;
    if (b.p != NULL)
        OPENSSL_cleanse(b.p, b.cap);
    buf_fini(&b);
}

void session_carry_save(struct p2t_session *s, struct buf *out, session_uses_fn *uses, void *ctx)
{
    save_secrets(s, out);
    carry_save(s->carry, flow_table_clock(s->flows), out, uses, ctx);
    correlate_save(s->correlate, out, uses, ctx);
}

int session_carry_load(struct p2t_session *s, struct slice saved)
{
    struct reader r = reader_of_slice(saved);
    uint64_t n = carry_get64(&r);

    if (n > r.left)
        return P2T_ERR_USAGE;
    int status = proto_load_secrets(s->proto, reader_slice(&r, (size_t)n));
    if (status == P2T_OK)
        status = carry_load(s->carry, &r);
    if (status == P2T_OK)
        status = correlate_load(s->correlate, slice_of(r.p, r.left));
    if (status == P2T_OK)
        status = proto_secrets(s->proto, buf_view(&s->carry->secrets));
    return status == P2T_OK ? proto_secrets_end(s->proto) : status;
}

int session_carry_place(struct p2t_session *s, struct slice saved)
{
    struct carry_conn *cc = NULL;

    if (!carry_place_load(s->carry, saved, &cc))
        return P2T_ERR_USAGE;
    if (cc == NULL || cc->flow == NULL || cc->used == NULL)
        return P2T_OK;
    flow_tcp_skip(cc->flow, &cc->used->flow);
    if (cc->used->number != CARRY_NO_NUMBER)
        proto_skip(cc->flow, cc->used->number);
    return P2T_OK;
}

void session_carry_loaded(struct p2t_session *s)
{
    carry_clock(s->carry, s->carry->loaded_to_ns, s->carry->loaded_file);
    carry_loaded(s->carry);
    correlate_loaded(s->correlate);
    if (s->status == P2T_OK)
        s->status = flow_table_skipped(s->flows, s->carry->loaded_flow_ns);
}

struct carry_source session_carry_source(struct p2t_session *s)
{
    return (struct carry_source){s->carry, s->flows};
}

/* ---- counters ---- */

void p2t_session_counters(const struct p2t_session *s, struct p2t_counters *out)
{
    const struct flow_counters *f = flow_table_counters(s->flows);
    const struct proto_counters *p = proto_counters(s->proto);
    const struct http1_counters *h = proto_http1_counters(s->proto);
    const struct correlate_counters *c = correlate_counters(s->correlate);
    struct input_progress progress = input_progress(s->input);

    *out = (struct p2t_counters){
        .frames = s->frames,
        .bytes = s->bytes,
        .earliest_ns = s->earliest_ns,
        .latest_ns = s->latest_ns,
        .capture_bytes_read = progress.bytes_read,
        .capture_bytes_total = progress.bytes_total,
        .files = input_file_count(s->input),
        .problems = input_problem_count(s->input) + s->own_problems,
        .tcp_packets = f->tcp_packets,
        .udp_packets = f->udp_packets,
        .icmp_errors = f->icmp_errors,
        .tunnelled_packets = s->tunnelled,
        .connections = f->connections,
        .connection_attempts = s->attempts,
        .syn_packets = f->syns,
        .dns_messages = p->dns_messages,
        .http_requests = h->requests,
        .http_responses = h->responses,
        .tls_secrets = proto_keylog_counters(s->proto)->secrets,
        .tls_decrypted = proto_tls_counters(s->proto)->decrypted,
        .exchanges = s->teller != NULL ? teller_told(s->teller) : s->exchanges,
        .duplicate_packets = f->duplicates,
        .retransmitted_segments = f->retransmits,
        .out_of_order_segments = f->out_of_order,
        .lost_bytes = f->hole_bytes,
        .cut_bytes = f->cut_bytes,
        .limits_hit = f->connections_evicted + f->reorder_limit_hits + h->limit_hits + c->lookups_evicted +
                      c->queries_evicted + proto_tls_counters(s->proto)->limit_hits +
                      proto_http2_counters(s->proto)->limit_hits + proto_keylog_counters(s->proto)->limit_hits,
    };
}

bool p2t_session_reason(const struct p2t_session *s, size_t n, struct p2t_reason *reason)
{
    const struct flow_counters *f = flow_table_counters(s->flows);
    const struct proto_counters *p = proto_counters(s->proto);
    const struct http1_counters *h = proto_http1_counters(s->proto);
    const struct correlate_counters *c = correlate_counters(s->correlate);
    const struct tls_counters *t = proto_tls_counters(s->proto);
    const struct p2t_reason others[] = {
        {"capture.backwards", "packets with a time before that of an earlier packet", s->backwards},
        {"tcp.holes", "holes in TCP streams that were never filled", f->holes},
        {"tcp.out_of_window", "TCP segments, resets and ICMP quotes that fit no connection", f->out_of_window},
        {"tcp.conflicting_overlaps", "TCP segments that overlap with other bytes", f->overlaps_conflicting},
        {"limit.connections", "connections given up: too many at once, or too much memory with them",
         f->connections_evicted},
        {"limit.reorder", "reassembly buffers given up: too much behind a hole", f->reorder_limit_hits},
        {"http.bad", "bytes that were to be HTTP/1 and were not", h->bad},
        {"http.resynchronised", "HTTP/1 parsers that found their way again", h->resyncs},
        {"limit.http", "HTTP/1 heads or pipelines beyond their limit", h->limit_hits},
        {"tls.keylog_junk", "key log lines that make no sense, or give a premaster secret of more than 48 bytes",
         proto_keylog_counters(s->proto)->junk},
        {"tls.unopened", "TLS records that their key does not open, or that the capture lacks a part of",
         proto_tls_counters(s->proto)->unopened},
        {"tls.lost_key", "directions of TLS connections that their logged secret does not open",
         t->lost[FACT_TLS_LOSS_KEY]},
        {"tls.lost_missing", "directions of TLS connections not decrypted behind missing packets",
         t->lost[FACT_TLS_LOSS_MISSING]},
        {"tls.lost_cipher", "directions of TLS connections whose cipher libcrypto here does not offer",
         t->lost[FACT_TLS_LOSS_CIPHER]},
        {"tls.lost_secret", "directions of TLS connections that the key log lacks a secret of",
         t->lost[FACT_TLS_LOSS_SECRET]},
        {"limit.secrets", "TLS secrets forgotten, the oldest first: beyond their limit",
         proto_keylog_counters(s->proto)->limit_hits},
        {"tls.gaps", "TLS records that others may be missing before", t->gaps},
        {"tls.not_tls", "answers to a TLS handshake that were something else", t->not_tls},
        {"limit.tls", "TLS messages given up: too much of them at once", t->limit_hits},
        {"http2.lost", "directions of HTTP/2 connections that lost their place",
         proto_http2_counters(s->proto)->losses},
        {"http2.unknown_headers", "HTTP/2 header blocks not wholly known: loss, or a late start",
         proto_http2_counters(s->proto)->unknown_headers},
        {"limit.http2", "HTTP/2 streams or header blocks beyond their limit",
         proto_http2_counters(s->proto)->limit_hits},
        {"dns.malformed", "DNS messages that make no sense", p->dns_malformed},
        {"dns.cut", "DNS messages cut by the snapshot length", p->dns_cut},
        {"dns.unsolicited", "DNS answers nobody asked for, late or forged", c->dns_unsolicited},
        {"limit.lookups", "lookups and queries given up: too many at once", c->lookups_evicted + c->queries_evicted},
        {"limit.order",
         "exchanges written out of order: too many waited, clocks stepped back, or missing packets hid them",
         c->order_relaxed},
    };

    if (n + 1 < PACKET_DROP_COUNT) {
        enum packet_drop why = (enum packet_drop)(n + 1);
        *reason = (struct p2t_reason){packet_drop_key(why), packet_drop_text(why), s->drops[why]};
        return true;
    }
    n -= PACKET_DROP_COUNT - 1;
    if (n >= sizeof others / sizeof *others)
        return false;
    *reason = others[n];
    return true;
}

#define P2T_STRING_(x) #x
#define P2T_STRING(x)  P2T_STRING_(x)

const char *p2t_version(void)
{
    return P2T_STRING(P2T_VERSION);
}
