/* What is told of one packet, for the writers of both formats. */
#ifndef P2T_EXPLAIN_ROW_H
#define P2T_EXPLAIN_ROW_H

#include "explain/explain.h"
#include "explain/packet.h"

struct row {
    const struct subject *subject;
    struct subject_ref ref;
    int64_t time_ns;
    struct slice text; /* what the packet is */
    char from[ENDPOINT_TEXT_MAX], to[ENDPOINT_TEXT_MAX];
    bool from_client, to_client;
    bool before;    /* the exchange had not begun */
    bool plain;     /* it neither says nor proves anything */
    uint64_t bytes; /* of payload */
    const struct proof *proof;
    size_t count;
};

/* How one exchange is told, in this order. Everything is appended to b. */
struct teller {
    const struct explain_config *config;
    struct buf *b;
    /* The writer's own. */
    struct buf held;   /* text: one plain row, while it is alone */
    size_t plain;      /* text: so many follow each other ... */
    uint64_t bytes[2]; /* ... with so many bytes from the client and to it */
    bool before;       /* ... of what the connection was before */
    size_t rows;       /* so far */
    bool many_files;
};

struct teller_ops {
    void (*begin)(struct teller *t, size_t index, const struct subject *s);
    void (*row)(struct teller *t, const struct row *r);
    void (*written)(struct teller *t, const struct subject *s); /* instead of rows: there are no captures */
    void (*end)(struct teller *t, const struct subject *s);
    void (*finish)(struct teller *t);
};

extern const struct teller_ops teller_text, teller_json;

#endif
