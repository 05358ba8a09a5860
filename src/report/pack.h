/* A table of one row group, column by column, as src/report/page/data.js reads it: numbers as varints (LEB128), texts kept
 * once each, but for those of columns where hardly one comes again. */
#ifndef P2T_REPORT_PACK_H
#define P2T_REPORT_PACK_H

#include "base/buf.h"
#include "pcap2trace/exchange.h"

enum { PACK_COLUMNS_MAX = 48, PACK_STREAMS = PACK_COLUMNS_MAX + 64 };

/* Texts of which the next is often the same as the last: a column, or a part of one. */
struct pack_stream {
    size_t at, n;        /* the last one, in texts */
    uint32_t number;     /* its; 0: there is none */
    uint32_t put, fresh; /* texts so far, and those that were new: where nearly all are, none is sought any more */
};

/* A zeroed one is empty and ready. */
struct pack {
    struct buf column[PACK_COLUMNS_MAX];
    int64_t last[PACK_COLUMNS_MAX]; /* of columns of differences */
    struct pack_stream stream[PACK_STREAMS];
    struct buf texts, lengths, scratch;
    uint32_t *begin; /* of each text, by number - 1, in texts */
    size_t begin_room;
    struct pack_slot {
        uint32_t hash, number; /* number: 0: free */
    } * slot; /* texts by hash, with linear probing: small, so that it stays in the processor's cache */
    size_t slots, slots_used;
    uint32_t text_count;
    size_t rows;
    bool failed; /* memory ran out */
};

/* Each adds one value to a column. */
void pack_number(struct pack *p, unsigned column, uint64_t v);
/* v + 1; 0 for a negative one: unknown. */
void pack_known(struct pack *p, unsigned column, int64_t v);
/* Its difference to the column's last one; they may wrap around. */
void pack_delta(struct pack *p, unsigned column, int64_t v);
/* Eight bytes, little-endian. */
void pack_id(struct pack *p, unsigned column, uint64_t id);
/* A text as its number, from 1; 0 where text.p is NULL. Bytes that are no UTF-8 become U+FFFD, and of a long text its end
 * is left out, and that is said in it. */
void pack_text(struct pack *p, unsigned column, struct p2t_text text);
/* The same without a limit, for text that is made here and valid. */
void pack_made_text(struct pack *p, unsigned column, struct slice text);
/* The same; texts of one `part` of the column, any number, are alike. */
void pack_part_text(struct pack *p, unsigned column, unsigned part, struct slice text);
void pack_str(struct pack *p, unsigned column, const char *text);
/* An id as a text of sixteen digits. */
void pack_hex(struct pack *p, unsigned column, uint64_t id);

enum { PACK_TEXT_MAX = 2048 };
/* Appends text as pack_text() keeps it. */
void pack_show(struct buf *out, struct p2t_text text);

/* Bytes so far. */
size_t pack_bytes(const struct pack *p);
/* Appends the table: rows, texts, then the first `columns` columns, each with its length before it. */
void pack_write(struct pack *p, unsigned columns, struct buf *out);
/* Empty again; keeps its memory. */
void pack_reset(struct pack *p);
void pack_fini(struct pack *p);

#endif
