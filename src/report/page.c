#include "report/page.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/assets.h"
#include "report/bins.h"
#include "report/head.h"
#include "report/squeeze.h"
#include "report/keep.h"
#include "write/json/json.h"

struct page {
    struct page_config config;
    struct keep keep;
    struct tiers *tiers;
    struct squeezer *squeezer;
    struct bins bins;
    uint64_t all;
    struct buf out;
};

int page_new(struct page **page, const struct page_config *config)
{
    struct page *p = calloc(1, sizeof *p);

    *page = NULL;
    if (p == NULL)
        return P2T_ERR_MEMORY;
    p->tiers = tiers_new();
    p->squeezer = squeezer_new();
    if (p->tiers == NULL || p->squeezer == NULL) {
        page_free(p);
        return P2T_ERR_MEMORY;
    }
    p->config = *config;
    keep_init(&p->keep, (config->bytes_max > 0 ? config->bytes_max : PAGE_BYTES_MAX) / 4 * 3,
              config->plain_max > 0 ? config->plain_max : SIZE_MAX, p->squeezer);
    *page = p;
    return P2T_OK;
}

int page_exchange(struct page *p, const struct p2t_exchange *x)
{
    keep_exchange(&p->keep, tiers_of(p->tiers, x), x);
    if (!x->quiet) {
        bins_add(&p->bins, x->start_ns, bin_class_of(x));
        p->all++;
    }
    return p->keep.failed ? P2T_ERR_MEMORY : P2T_OK;
}

int page_connection(struct page *p, const struct p2t_connection_record *r)
{
    keep_lane(&p->keep, r);
    return p->keep.failed ? P2T_ERR_MEMORY : P2T_OK;
}

/* ---- the data ---- */

/* A data block: a script element of a type that is none to run. */
static void put_bytes(struct buf *out, const char *id, const uint8_t *bytes, size_t n)
{
    buf_printf(out, "<script type=\"application/gzip\" id=\"%s\">", id);
    if (buf_reserve(out, n / 3 * 4 + 8))
        out->n += (size_t)EVP_EncodeBlock(out->p + out->n, bytes, (int)n);
    buf_lit(out, "</script>\n");
}

static void put_block(struct page *p, const char *id, struct slice plain)
{
    size_t n = 0;
    uint8_t *bytes = squeeze(p->squeezer, plain, &n);

    p->out.failed |= bytes == NULL;
    if (bytes != NULL)
        put_bytes(&p->out, id, bytes, n);
    free(bytes);
}

static void put_text_block(struct page *p, const char *id, struct p2t_text text)
{
    put_block(p, id, slice_of(text.n > 0 ? text.p : "", text.n));
}

static void put_hits(struct page *p, const struct page_facts *facts)
{
    struct buf plain = {0};

    for (size_t i = 0; i < facts->hit_count; i++) {
        buf_le32(&plain, (uint32_t)facts->hits[i].n);
        for (size_t k = 0; k < facts->hits[i].n; k++)
            buf_le64(&plain, facts->hits[i].ids[k]);
    }
    p->out.failed |= plain.failed;
    put_block(p, "hits", plain.n > 0 ? buf_view(&plain) : slice_str(""));
    buf_fini(&plain);
}

/* ---- what the data is ---- */

#define X(id, name, kind) "[\"" #name "\",\"" #kind "\"],"
static const char row_columns[] = REPORT_ROW_LIST(X);
static const char detail_columns[] = REPORT_DETAIL_LIST(X);
static const char lane_columns[] = REPORT_LANE_LIST(X);
#undef X

static void put_columns(struct buf *b, const char *name, const char *columns, size_t n)
{
    buf_printf(b, ",\"%s\":[", name);
    buf_put(b, columns, n - 2); /* without the last comma and the NUL */
    buf_putc(b, ']');
}

static void put_names(struct buf *b)
{
#define X(id, name) "\"" name "\","
#define PUT_NAMES(key, list)                                                                                         \
    do {                                                                                                             \
        static const char names[] = list(X);                                                                         \
        put_columns(b, key, names, sizeof names);                                                                    \
    } while (0)
    PUT_NAMES("hooks", P2T_HOOK_LIST);
    PUT_NAMES("kinds", P2T_KIND_LIST);
    PUT_NAMES("outcomes", P2T_OUTCOME_LIST);
    PUT_NAMES("classes", BIN_CLASS_LIST);
#undef PUT_NAMES
#undef X
    put_columns(b, "row_columns", row_columns, sizeof row_columns);
    put_columns(b, "detail_columns", detail_columns, sizeof detail_columns);
    put_columns(b, "lane_columns", lane_columns, sizeof lane_columns);
}

static uint64_t sum_kept(const struct keep_table *t, size_t n)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += t[i].kept;
    return sum;
}

static uint64_t sum_seen(const struct keep_table *t, size_t n)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += t[i].seen;
    return sum;
}

static void put_counters(struct buf *b, const struct p2t_counters *c)
{
    buf_printf(b,
               ",\"counters\":{\"packets\":%llu,\"bytes\":%llu,\"files\":%llu,\"problems\":%llu,\"connections\":%llu,"
               "\"connection_attempts\":%llu,\"dns_messages\":%llu,\"http_requests\":%llu,\"http_responses\":%llu,"
               "\"icmp_errors\":%llu,\"duplicate_packets\":%llu,\"retransmitted_segments\":%llu,"
               "\"out_of_order_segments\":%llu,\"lost_bytes\":%llu,\"cut_bytes\":%llu,\"limits_hit\":%llu,"
               "\"tls_secrets\":%llu,\"tls_decrypted\":%llu}",
               (unsigned long long)c->frames, (unsigned long long)c->bytes, (unsigned long long)c->files,
               (unsigned long long)c->problems, (unsigned long long)c->connections,
               (unsigned long long)c->connection_attempts, (unsigned long long)c->dns_messages,
               (unsigned long long)c->http_requests, (unsigned long long)c->http_responses,
               (unsigned long long)c->icmp_errors, (unsigned long long)c->duplicate_packets,
               (unsigned long long)c->retransmitted_segments, (unsigned long long)c->out_of_order_segments,
               (unsigned long long)c->lost_bytes, (unsigned long long)c->cut_bytes, (unsigned long long)c->limits_hit,
               (unsigned long long)c->tls_secrets, (unsigned long long)c->tls_decrypted);
}

static void put_groups(struct buf *b, const char *name, const struct keep_table *t, size_t n, const char *letter)
{
    const char *comma = "";

    buf_printf(b, ",\"%s\":[", name);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < t[i].count; k++)
            if (t[i].block[k].p != NULL) {
                buf_printf(b, "%s[\"%s%zu-%zu\",%zu]", comma, letter, i, k, t[i].block[k].rows);
                comma = ",";
            }
    buf_putc(b, ']');
}

static void put_contents(struct page *p, const struct page_facts *facts)
{
    const struct keep *s = &p->keep;
    struct buf b = {0};

    buf_lit(&b, "{\"schema\":\"pcap2trace.report/1\",\"version\":");
    json_string(&b, (struct p2t_text){p2t_version(), strlen(p2t_version())});
    buf_printf(&b, ",\"base_ns\":\"%lld\",\"first_ns\":\"%lld\",\"last_ns\":\"%lld\",\"top\":%zu,\"filtered\":%s",
               (long long)s->base_ns, (long long)facts->counters->earliest_ns, (long long)facts->counters->latest_ns,
               p->config.top > 0 ? p->config.top : 10, p->config.filtered ? "true" : "false");
    buf_printf(&b, ",\"secrets_shown\":%s,\"exchanges\":%llu,\"rows\":%llu,\"details\":%llu",
               p->config.secrets_shown ? "true" : "false", (unsigned long long)p->all,
               (unsigned long long)sum_kept(s->rows, TIER_QUIET),
               (unsigned long long)sum_kept(s->details, TIER_QUIET));
    buf_printf(&b, ",\"connections\":%llu,\"lanes\":%llu", (unsigned long long)sum_seen(s->lanes, KEEP_LANE_TIERS),
               (unsigned long long)sum_kept(s->lanes, KEEP_LANE_TIERS));
    put_names(&b);
    put_counters(&b, facts->counters);
    buf_lit(&b, ",\"bins\":");
    bins_json(&p->bins, &b);
    put_groups(&b, "row_groups", s->rows, TIER_COUNT, "r");
    put_groups(&b, "lane_groups", s->lanes, KEEP_LANE_TIERS, "l");
    buf_putc(&b, '}');
    p->out.failed |= b.failed;
    put_block(p, "contents", buf_view(&b));
    buf_fini(&b);
}

/* ---- writing ---- */

static int flush(struct page *p, const struct page_sink *sink)
{
    int status = p->out.failed ? P2T_ERR_MEMORY : sink->write(sink->ctx, p->out.p, p->out.n);

    buf_reset(&p->out);
    return status;
}

static int write_table(struct page *p, const struct keep_table *t, size_t n, const char *letter,
                       const struct page_sink *sink)
{
    int status = P2T_OK;
    char id[64];

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < t[i].count && status == P2T_OK; k++) {
            const struct keep_block *block = &t[i].block[k];
            if (block->p == NULL)
                continue;
            snprintf(id, sizeof id, "%s%zu-%zu", letter, i, k);
            put_bytes(&p->out, id, block->p, block->n);
            status = flush(p, sink);
        }
    return status;
}

static int write_data(struct page *p, const struct page_facts *facts, const struct page_sink *sink)
{
    put_contents(p, facts);
    put_text_block(p, "summary", facts->summary_json);
    put_text_block(p, "verdict-text", facts->summary_text);
    put_text_block(p, "doctor-text", facts->doctor_text);
    put_hits(p, facts);
    int status = flush(p, sink);
    if (status == P2T_OK)
        status = write_table(p, p->keep.rows, TIER_COUNT, "r", sink);
    if (status == P2T_OK)
        status = write_table(p, p->keep.lanes, KEEP_LANE_TIERS, "l", sink);
    return status == P2T_OK ? write_table(p, p->keep.details, TIER_COUNT, "d", sink) : status;
}

void page_seal(struct page *p)
{
    keep_finish(&p->keep, p->config.threads);
}

int page_write(struct page *p, const struct page_facts *facts, const struct page_sink *sink)
{
    const char *title = p->config.title != NULL ? p->config.title : "pcap2trace report";

    page_seal(p);
    if (p->keep.failed)
        return P2T_ERR_MEMORY;
    head_write(&p->out, title);
    buf_lit(&p->out, "<body>\n<h1 id=\"title\">");
    head_text(&p->out, title);
    buf_lit(&p->out, "</h1>\n");
    buf_put(&p->out, report_html, report_html_bytes);
    int status = write_data(p, facts, sink);
    if (status != P2T_OK)
        return status;
    buf_lit(&p->out, "<script>");
    buf_put(&p->out, report_script, report_script_bytes);
    buf_lit(&p->out, "</script>\n</body>\n</html>\n");
    return flush(p, sink);
}

void page_counts(const struct page *p, uint64_t *rows, uint64_t *all)
{
    *rows = sum_kept(p->keep.rows, TIER_QUIET);
    *all = p->all;
}

void page_free(struct page *p)
{
    if (p == NULL)
        return;
    keep_fini(&p->keep);
    tiers_free(p->tiers);
    squeezer_free(p->squeezer);
    buf_fini(&p->out);
    free(p);
}
