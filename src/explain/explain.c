#include "explain/explain.h"

#include <stdlib.h>

#include "explain/row.h"
#include "extract/pick.h"
#include "pcap2trace/status.h"

struct explain {
    const struct explain_config *config;
    const struct teller_ops *ops;
    struct teller teller;
    struct spool all; /* packets of all subjects */
    struct packet_decoder *decoder;
    struct redact *redact;
    struct buf text;
};

static bool proves(const struct subject *s, const struct row *r, enum p2t_hook hook)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->proof[i].event != UINT32_MAX && s->events[r->proof[i].event].hook == hook)
            return true;
    return false;
}

static void tell_frame(struct explain *x, const struct subject *s, const struct spool *spool,
                       const struct spool_frame *kept, const struct proofs *proofs, struct progress_of *sent)
{
    struct input_frame f = kept->frame;
    struct described d = {.sent = sent, .redact = x->redact};
    struct row r = {.subject = s, .ref = kept->ref, .time_ns = f.ts_ns};

    f.bytes = spool_bytes(spool, kept);
    r.proof = proofs_of(proofs, kept->ref, &r.count);
    d.why = packet_decode(x->decoder, &f, &d.packet);
    d.head = proves(s, &r, P2T_HOOK_WROTE_HEADERS);
    buf_reset(&x->text);
    packet_describe(&x->text, &d, s, &f);
    packet_ends(&d, r.from, r.to);
    r.text = buf_view(&x->text);
    r.from_client = d.from_client;
    r.to_client = d.to_client;
    r.before = f.ts_ns < s->start_ns;
    r.plain = (d.plain || r.before) && r.count == 0;
    r.bytes = d.why == PACKET_DECODED ? d.packet.payload_len : 0;
    x->ops->row(&x->teller, &r);
}

static void tell_frames(struct explain *x, const struct subject *s, const struct spool *spool,
                        const struct proofs *proofs)
{
    struct progress_of sent[SENDERS_MAX] = {0};

    for (size_t i = 0; i < spool->count; i++)
        if (!spool->frames[i].dropped)
            tell_frame(x, s, spool, &spool->frames[i], proofs, sent);
}

/* Its packets out of those of all. */
static int tell_subject(struct explain *x, size_t index)
{
    struct subject *s = &x->config->subjects->items[index];
    struct subjects alone = *x->config->subjects;
    struct proofs proofs = {0};
    struct spool spool = {0};

    alone.items = s;
    alone.count = 1;
    int status = proofs_make(&proofs, &alone);
    const struct pick_config pick = {.input = x->config->session,
                                     .from = &x->all,
                                     .subjects = &alone,
                                     .proofs = &proofs,
                                     .reach = PICK_CONNECTION,
                                     .stop = x->config->stop,
                                     .ctx = x->config->ctx};
    if (status == P2T_OK)
        status = pick_frames(&pick, &spool, NULL);
    if (status == P2T_OK) {
        x->ops->begin(&x->teller, index, s);
        tell_frames(x, s, &spool, &proofs);
        x->ops->end(&x->teller, s);
    }
    proofs_fini(&proofs);
    spool_fini(&spool);
    return status;
}

static int tell_all(struct explain *x)
{
    const struct explain_config *c = x->config;
    struct proofs proofs = {0};
    int status = proofs_make(&proofs, c->subjects);
    const struct pick_config pick = {.input = c->session,
                                     .subjects = c->subjects,
                                     .proofs = &proofs,
                                     .reach = PICK_CONNECTION,
                                     .stop = c->stop,
                                     .ctx = c->ctx};

    if (status == P2T_OK)
        status = pick_frames(&pick, &x->all, NULL);
    for (size_t i = 0; i < c->subjects->count && status == P2T_OK; i++)
        status = tell_subject(x, i);
    x->ops->finish(&x->teller);
    proofs_fini(&proofs);
    return status;
}

static int tell_written(struct explain *x)
{
    for (size_t i = 0; i < x->config->subjects->count; i++) {
        const struct subject *s = &x->config->subjects->items[i];
        x->ops->begin(&x->teller, i, s);
        x->ops->written(&x->teller, s);
        x->ops->end(&x->teller, s);
    }
    x->ops->finish(&x->teller);
    return P2T_OK;
}

int explain_run(const struct explain_config *config, struct buf *out)
{
    const struct p2t_config *c = config->session;
    const struct redact_options redact = {c->show_secrets, c->redact, c->redact_count, c->keep, c->keep_count};
    struct explain x = {.config = config,
                        .ops = config->format == EXPLAIN_JSON ? &teller_json : &teller_text,
                        .teller = {.config = config, .b = out, .many_files = config->subjects->path_count > 1},
                        .decoder = packet_decoder_new(NULL),
                        .redact = redact_new(&redact)};

    int status = P2T_ERR_MEMORY;

    if (x.decoder != NULL && x.redact != NULL)
        status = config->no_captures ? tell_written(&x) : tell_all(&x);
    packet_decoder_free(x.decoder);
    redact_free(x.redact);
    spool_fini(&x.all);
    buf_fini(&x.text);
    buf_fini(&x.teller.held);
    return status == P2T_OK && (out->failed || x.text.failed) ? P2T_ERR_MEMORY : status;
}
