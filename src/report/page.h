/* The report: one HTML page that holds its data, its script and its style, and asks nothing of a network.
 *
 *     page_new(&page, &config);
 *     session callbacks: page_exchange(), page_connection()
 *     page_seal(page), or not, then page_write()
 *
 * Only base64 comes from the captures into the HTML; the script shows it as text. What is held is bounded by the page's size,
 * whatever comes. Exchanges and connections come from one thread at a time. */
#ifndef P2T_REPORT_PAGE_H
#define P2T_REPORT_PAGE_H

#include "pcap2trace/session.h"

enum { PAGE_BYTES_MAX = 25000000 };

struct page_config {
    const char *title; /* NULL: the page has a usual one */
    size_t top;        /* causes and services that are shown at first; 0: ten */
    size_t bytes_max;  /* 0: PAGE_BYTES_MAX; of the data, as it stands in the page */
    size_t plain_max;  /* bytes that may wait to be compressed, twice that of the page at most; 0: that */
    unsigned threads;  /* that may compress at the end; 0: one */
    bool secrets_shown;
    bool filtered; /* by options: not all exchanges of the captures came */
};

/* What is said beside the rows. Borrowed during the call. */
struct page_facts {
    struct p2t_text summary_json, summary_text, doctor_text;
    /* Of each cause, in their order: the calls that it hit. */
    const struct page_hits {
        const uint64_t *ids;
        size_t n;
    } * hits;
    size_t hit_count;
    const struct p2t_counters *counters;
};

/* Where bytes go: returns 0 or a negative p2t_status. */
struct page_sink {
    void *ctx;
    int (*write)(void *ctx, const void *bytes, size_t n);
};

struct page;

/* 0 or P2T_ERR_MEMORY. Texts of the config must outlive the page. */
int page_new(struct page **page, const struct page_config *config);
/* As callbacks of a session want it: 0 or P2T_ERR_MEMORY. */
int page_exchange(struct page *p, const struct p2t_exchange *x);
int page_connection(struct page *p, const struct p2t_connection_record *r);
/* Nothing more comes: compresses what is not yet. page_write() does so, too; another thread may call this one before. */
void page_seal(struct page *p);
/* Writes the whole page. 0, P2T_ERR_MEMORY, or what the sink returned. */
int page_write(struct page *p, const struct page_facts *facts, const struct page_sink *sink);
/* Exchanges that are in the page's table, and all that were given. */
void page_counts(const struct page *p, uint64_t *rows, uint64_t *all);
/* NULL is allowed. */
void page_free(struct page *p);

#endif
