/* Live traces from a text, and what became of them as another. */
#ifndef P2T_TESTS_UNIT_ANALYZE_READING_H
#define P2T_TESTS_UNIT_ANALYZE_READING_H

#include "analyze/live/live.h"

struct reading {
    struct record_pool pool;
    struct record_list records;
    struct live *live;
    struct buf text;       /* of all records; terminated */
    struct buf complaints; /* "LINE: TEXT\n" */
};

/* Feeds the text in pieces of so many bytes. */
void reading_run(struct reading *r, struct slice text, size_t piece);
void reading_free(struct reading *r);
#define READ_TEXT(r)       ((const char *)(r)->text.p)
#define READ_COMPLAINTS(r) ((const char *)(r)->complaints.p)

#endif
