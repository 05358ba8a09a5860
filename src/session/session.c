/* The stages wired together: input -> packet -> flow -> proto -> correlate -> trace -> the caller. */
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hot.h"
#include "base/thread.h"
#include "judge/judge.h"
#include "session/limits.h"
#include "session/state.h"

/* ---- the stages' callbacks ---- */

static void report_problem(void *ctx, const struct input_problem *p)
{
    struct p2t_session *s = ctx;
    struct p2t_problem problem = {p->path, p->text, p->packet, p->offset};

    if (s->config.problem != NULL)
        s->config.problem(s->config.ctx, &problem);
}

/* On the intake's thread where there is one. */
static void on_problem(void *ctx, const struct input_problem *p)
{
    struct p2t_session *s = ctx;

    if (s->intake != NULL)
        intake_problem(s->intake, p);
    else
        report_problem(s, p);
}

/* While a session is rebuilt from carried frames, correlate already knows most facts. */
static bool is_news(struct p2t_session *s, const struct fact *fact)
{
    if (s->carry == NULL || !s->carry->loading)
        return true;
    /* Unknown to correlate: either finished and lingering, or its first packets were dropped by a limit. */
    if (fact->kind == FACT_CONN_OPEN)
        return !correlate_adopt(s->correlate, fact->conn) && carry_find(s->carry, fact->conn->first.ref) == NULL;
    return fact->kind == FACT_CONN_CLOSE;
}

HOT static void on_fact(void *ctx, const struct fact *fact)
{
    struct p2t_session *s = ctx;

    if (fact->kind == FACT_CONN_EVENT && fact->as.event->kind == FLOW_SYN && !fact->as.event->repeated)
        s->attempts++;
    if (is_news(s, fact))
        correlate_fact(s->correlate, fact);
    if (s->questions != NULL && (s->carry == NULL || !s->carry->loading))
        questions_fact(s->questions, fact);
    if (s->carry == NULL)
        return;
    if (fact->kind == FACT_CONN_OPEN)
        carry_conn_opened(s->carry, fact->conn);
    carry_fact(s->carry, fact);
    if (fact->kind == FACT_CONN_CLOSE)
        carry_conn_closed(s->carry, fact->conn);
}

/* False: it is not wanted. */
static bool judge(const struct p2t_session *s, struct exchange *e)
{
    exchange_judge(e);
    return !e->quiet || s->config.all;
}

/* 1: it was left out. */
static int emit(struct p2t_session *s, struct exchange *e)
{
    if (!judge(s, e))
        return 1;
    const struct p2t_exchange *x = trace_build(s->trace, e);
    if (x == NULL)
        return P2T_ERR_MEMORY;
    return s->config.exchange(s->config.ctx, x) != 0 ? P2T_ERR_STOPPED : P2T_OK;
}

/* These three are called on the emitter's threads. */
static int emit_there(void *ctx, unsigned worker, size_t slot, struct exchange *e)
{
    (void)worker;
    (void)slot;
    return emit(ctx, e);
}

static int prepare(void *ctx, unsigned worker, size_t slot, struct exchange *e)
{
    struct p2t_session *s = ctx;

    if (!judge(s, e))
        return 1;
    const struct p2t_exchange *x = trace_build(s->traces[worker], e);
    if (x == NULL)
        return P2T_ERR_MEMORY;
    return s->config.prepare(s->config.ctx, slot, x) != 0 ? P2T_ERR_STOPPED : P2T_OK;
}

static int prepared(void *ctx, size_t slot)
{
    struct p2t_session *s = ctx;

    return s->config.prepared(s->config.ctx, slot) != 0 ? P2T_ERR_STOPPED : P2T_OK;
}

static int emit_record(void *ctx, const struct conn_record *r)
{
    struct p2t_session *s = ctx;
    const struct p2t_connection_record *x = trace_build_record(s->trace, r);

    if (x == NULL)
        return P2T_ERR_MEMORY;
    return s->config.connection(s->config.ctx, x) != 0 ? P2T_ERR_STOPPED : P2T_OK;
}

static void on_record(void *ctx, struct conn_record *r)
{
    struct p2t_session *s = ctx;

    if (s->status == P2T_OK && s->emitter != NULL) {
        s->status = emitter_put_record(s->emitter, r);
        return;
    }
    if (s->status == P2T_OK)
        s->status = emit_record(s, r);
    free(r);
}

static void give_back(void *ctx, struct exchange *e)
{
    struct p2t_session *s = ctx;

    correlate_give_back(s->correlate, e);
}

static void on_exchange(void *ctx, struct exchange *e)
{
    struct p2t_session *s = ctx;

    if (s->status != P2T_OK)
        return;
    if (s->emitter != NULL) {
        s->status = emitter_put(s->emitter, correlate_keep(s->correlate));
        return;
    }
    int status = emit(s, e);
    s->exchanges += status <= 0 && status != P2T_ERR_MEMORY;
    s->status = status < 0 ? status : P2T_OK;
}

static const char *file_path(void *ctx, uint32_t file)
{
    const struct p2t_session *s = ctx;

    if (s->name != NULL)
        return s->name(s->name_ctx, file);
    return file / CHUNK_PATHS < PATH_CHUNKS ? s->paths[file / CHUNK_PATHS][file % CHUNK_PATHS] : "";
}

static void on_question(void *ctx, const struct p2t_question *question)
{
    struct p2t_session *s = ctx;

    if (s->status == P2T_OK)
        s->config.question(s->config.ctx, question);
}

/* ---- secrets ---- */

/* Decryption Secrets Block, pcapng section 4.7: the text of a key log. */
void session_take_secrets(struct p2t_session *s, const struct input_secrets *secrets)
{
    enum { TLS_KEY_LOG = 0x544c534b };

    if (secrets->type != TLS_KEY_LOG || s->status != P2T_OK)
        return;
    s->status = proto_secrets(s->proto, secrets->data);
    if (s->status == P2T_OK)
        s->status = proto_secrets_end(s->proto);
}

static void take_secrets(void *ctx, const struct input_secrets *secrets)
{
    session_take_secrets(ctx, secrets);
}

/* On the intake's thread where there is one. */
static void on_secrets(void *ctx, const struct input_secrets *secrets)
{
    struct p2t_session *s = ctx;

    if (s->intake != NULL)
        intake_secrets(s->intake, secrets);
    else
        session_take_secrets(s, secrets);
}

static void report_keylog(struct p2t_session *s)
{
    struct p2t_problem problem = {.path = s->config.keylog, .text = strerror(errno)};

    s->own_problems++;
    if (s->config.problem != NULL)
        s->config.problem(s->config.ctx, &problem);
}

int session_read_keylog(struct p2t_session *s, bool half)
{
    int status = keylog_read(&s->keylog, s->proto, half);

    if (status != P2T_ERR_IO)
        return status;
    if (!s->keylog.reported)
        report_keylog(s);
    s->keylog.reported = true;
    return P2T_OK;
}

/* ---- life ---- */

static struct trace *new_trace(struct p2t_session *s)
{
    const struct p2t_config *c = &s->config;
    struct trace_options options = {
        .redact = {c->show_secrets, c->redact, c->redact_count, c->keep, c->keep_count},
        .ctx = s,
        .file_path = file_path,
    };

    return trace_new(&options);
}

static int begin_preparing(struct p2t_session *s, struct emitter_config *config)
{
    unsigned jobs = s->config.jobs;

    config->workers = jobs - 1 < EMITTER_WORKERS_MAX ? jobs - 1 : EMITTER_WORKERS_MAX;
    config->emit = prepare;
    config->pass = prepared;
    s->traces[0] = s->trace;
    for (unsigned i = 1; i < config->workers; i++)
        if ((s->traces[i] = new_trace(s)) == NULL)
            return P2T_ERR_MEMORY;
    return P2T_OK;
}

static int start_emitter(struct p2t_session *s)
{
    struct emitter_config config = {
        .ctx = s, .workers = 1, .emit = emit_there, .emit_record = emit_record, .give_back = give_back};

    if (s->config.jobs < 2)
        return P2T_OK;
    if (s->config.prepare != NULL && s->config.connection == NULL && begin_preparing(s, &config) != P2T_OK)
        return P2T_ERR_MEMORY;
    s->emitter = emitter_new(&config);
    return s->emitter != NULL ? P2T_OK : P2T_ERR_MEMORY;
}

static int build_survey(struct p2t_session *s)
{
    struct questions_config config = {s, file_path, on_question};

    if (s->config.question == NULL)
        return P2T_OK;
    s->questions = questions_new(&config);
    return s->questions != NULL ? P2T_OK : P2T_ERR_MEMORY;
}

static int build_stages(struct p2t_session *s)
{
    struct fact_sink facts = {s, on_fact};
    struct session_limits limits = session_limits_of(s->config.max_memory, &s->budget);

    s->ahead_bytes = limits.ahead_bytes;
    s->trace = new_trace(s);
    s->correlate = correlate_new(&limits.correlate, on_exchange, s);
    if (s->correlate != NULL && s->config.connection != NULL)
        correlate_tell_records(s->correlate, on_record, s);
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

/* On the intake's thread: derives TLS keys before the packets that need them are followed. */
static void look_ahead(void *ctx, const struct intake_item *item)
{
    struct p2t_session *s = ctx;

    if (item->packet.kind == PACKET_TCP && proto_worth_looking(item->packet.payload))
        proto_look_ahead(s->proto, item->ready.lookup.hash, item->packet.payload);
}

/* A pipe is read on the caller's thread, so that its packets are handled as they come. */
static int start_intake(struct p2t_session *s)
{
    struct intake_config config = {.input = s->input,
                                   .decoder = s->decoder,
                                   .flows = s->flows,
                                   .ctx = s,
                                   .problem = report_problem,
                                   .secrets = take_secrets,
                                   .file = session_note_path};

    if (s->config.jobs < 2 || input_may_wait(s->input))
        return P2T_OK;
    if (s->config.keylog != NULL && proto_look_ahead_begin(s->proto) == P2T_OK)
        config.look = look_ahead;
    s->intake = intake_new(&config);
    return s->intake != NULL && intake_start(s->intake) ? P2T_OK : P2T_ERR_MEMORY;
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
        s->spent_ns = thread_spent_ns();
        s->keylog = (struct keylog){.path = config->keylog, .fd = -1};
        status = build_stages(s);
    }
    if (status == P2T_OK)
        status = build_survey(s);
    if (status == P2T_OK)
        status = session_read_keylog(s, true);
    if (status == P2T_OK)
        status = open_input(s, error);
    if (status == P2T_OK)
        status = start_emitter(s);
    if (status == P2T_OK)
        status = start_intake(s);
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
        s->status = P2T_ERR_STOPPED; /* no callback from here on */
    if (s->emitter != NULL)
        emitter_silence(s->emitter);
    if (s->input != NULL)
        (void)p2t_session_finish(s); /* open exchanges go back to their owners the usual way */
    emitter_free(s->emitter);
    intake_free(s->intake);
    flow_table_free(s->flows);
    questions_free(s->questions);
    correlate_free(s->correlate);
    carry_free(s->carry);
    keylog_close(&s->keylog);
    proto_free(s->proto);
    packet_decoder_free(s->decoder);
    trace_free(s->trace);
    for (unsigned i = 1; i < EMITTER_WORKERS_MAX; i++)
        trace_free(s->traces[i]);
    for (size_t i = 0; i < PATH_CHUNKS; i++)
        free(s->paths[i]);
    input_free(s->input);
    free(s);
}
