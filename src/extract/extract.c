#include "extract/extract.h"

#include <stdlib.h>

#include "base/system.h"
#include "extract/again.h"
#include "extract/comment.h"
#include "extract/pcapng.h"
#include "extract/pick.h"
#include "extract/scrub/scrub.h"
#include "extract/secrets.h"

enum { WRITE_BYTES = 1 << 20 };

struct extract {
    const struct extract_config *config;
    struct proofs proofs;
    struct spool spool;
    struct pick_extra extra;
    struct pcapng_interface *interfaces;
    uint64_t *interface_of; /* file << 32 | number, in the order of `interfaces` */
    size_t interface_count;
    struct buf out, text;
};

/* ---- writing ---- */

static int flush(struct extract *x, size_t least)
{
    if (x->out.failed)
        return P2T_ERR_MEMORY;
    if (x->out.n < least)
        return P2T_OK;
    int status = x->config->write(x->config->write_ctx, x->out.p, x->out.n);
    buf_reset(&x->out);
    return status;
}

static void write_head(struct extract *x)
{
    const struct extract_config *c = x->config;

    buf_reset(&x->text);
    buf_str(&x->text, c->minimal ? "The packets on which pcap2trace bases the exchanges" : "The exchanges");
    for (size_t i = 0; i < c->subjects->count && i < 16; i++)
        buf_printf(&x->text, " %016llx", (unsigned long long)c->subjects->items[i].id);
    if (c->subjects->count > 16)
        buf_printf(&x->text, " and %zu more", c->subjects->count - 16);
    buf_str(&x->text, c->session->show_secrets ? ", as they were captured" : ", secrets and bodies overwritten");
    pcapng_section(&x->out, buf_view(&x->text));
}

/* An interface of a file is described before the first packet of it. Few captures have more than a handful. */
static int interface_of(struct extract *x, const struct input_frame *f, uint32_t *index)
{
    uint64_t key = (uint64_t)f->file << 32 | f->interface;

    for (size_t i = x->interface_count; i > 0; i--)
        if (x->interface_of[i - 1] == key && x->interfaces[i - 1].link_type == f->link_type &&
            x->interfaces[i - 1].snaplen == f->snaplen) {
            *index = (uint32_t)(i - 1);
            return P2T_OK;
        }
    size_t n = x->interface_count + 1;
    struct pcapng_interface *interfaces = reallocarray(x->interfaces, n, sizeof *interfaces);
    x->interfaces = interfaces != NULL ? interfaces : x->interfaces;
    uint64_t *keys = interfaces != NULL ? reallocarray(x->interface_of, n, sizeof *keys) : NULL;
    if (keys == NULL)
        return P2T_ERR_MEMORY;
    x->interface_of = keys;
    keys[n - 1] = key;
    interfaces[n - 1] = (struct pcapng_interface){.link_type = f->link_type, .snaplen = f->snaplen};
    pcapng_interface(&x->out, &interfaces[n - 1]);
    *index = (uint32_t)x->interface_count++;
    return P2T_OK;
}

static int write_frame(struct extract *x, const struct spool_frame *kept)
{
    struct input_frame f = kept->frame;
    uint32_t interface;
    size_t count = 0;

    f.bytes = spool_bytes(&x->spool, kept);
    int status = interface_of(x, &f, &interface);
    if (status != P2T_OK)
        return status;
    buf_reset(&x->text);
    const struct proof *proof = proofs_of(&x->proofs, kept->ref, &count);
    comment_put(&x->text, x->config->subjects, proof, count, f.ts_ns);
    if (kept->clock)
        buf_lit(&x->text, "not in the original capture, which went on until here");
    pcapng_packet(&x->out, interface, &f, buf_view(&x->text));
    return flush(x, WRITE_BYTES);
}

static int write_secrets(struct extract *x)
{
    const struct extract_config *c = x->config;
    struct buf keylog = {0};

    if (!c->with_secrets)
        return P2T_OK;
    int status = secrets_of(&x->spool, c->subjects, c->session->keylog, buf_view(&x->extra.secrets), &keylog);
    if (status == P2T_OK && keylog.n > 0)
        pcapng_tls_secrets(&x->out, buf_view(&keylog));
    buf_fini(&keylog);
    return status;
}

static int write_all(struct extract *x, struct extract_result *result)
{
    write_head(x);
    int status = write_secrets(x);
    for (size_t i = 0; i < x->spool.count && status == P2T_OK; i++) {
        if (x->spool.frames[i].dropped)
            continue;
        status = write_frame(x, &x->spool.frames[i]);
        result->frames++;
    }
    return status == P2T_OK ? flush(x, 0) : status;
}

/* ---- choosing ---- */

static int choose(struct extract *x, enum pick_reach reach)
{
    const struct extract_config *c = x->config;
    struct pick_config pick = {.input = c->session,
                               .subjects = c->subjects,
                               .proofs = &x->proofs,
                               .reach = reach,
                               .latest_ns = c->latest_ns,
                               .stop = c->stop,
                               .ctx = c->ctx};

    spool_fini(&x->spool);
    buf_reset(&x->extra.secrets);
    return pick_frames(&pick, &x->spool, &x->extra);
}

static int scrub(struct extract *x)
{
    const struct p2t_config *c = x->config->session;
    const struct redact_options options = {c->show_secrets, c->redact, c->redact_count, c->keep, c->keep_count};

    return c->show_secrets ? P2T_OK : scrub_frames(&x->spool, &options);
}

/* Takes as little around the exchanges as lets the same be told of them, and all there is where that does not help. */
static int choose_enough(struct extract *x, struct extract_result *result)
{
    const struct extract_config *c = x->config;
    int status = P2T_OK;

    for (int reach = PICK_CONNECTION; reach < PICK_REACHES; reach++) {
        status = choose(x, c->minimal ? PICK_EVIDENCE : (enum pick_reach)reach);
        if (status == P2T_OK)
            status = scrub(x);
        if (status == P2T_OK)
            status = again_compare(c, &x->spool, buf_view(&x->extra.secrets), result);
        if (status != P2T_OK || c->minimal || result->same == c->subjects->count)
            return status;
    }
    return status;
}

int extract_run(const struct extract_config *config, struct extract_result *result)
{
    struct extract x = {.config = config};

    *result = (struct extract_result){0};
    int status = proofs_make(&x.proofs, config->subjects);
    if (status == P2T_OK)
        status = choose_enough(&x, result);
    if (status == P2T_OK)
        status = write_all(&x, result);
    proofs_fini(&x.proofs);
    spool_fini(&x.spool);
    buf_fini(&x.extra.secrets);
    buf_fini(&x.out);
    buf_fini(&x.text);
    free(x.interfaces);
    free(x.interface_of);
    return status;
}
