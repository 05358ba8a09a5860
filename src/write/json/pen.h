/* Where JSON is written most: a pointer into a buffer's free room, which is looked at once for many members of bounded
 * length. What is behind the buffer's contents becomes part of them at pen_end(). */
#ifndef P2T_WRITE_JSON_PEN_H
#define P2T_WRITE_JSON_PEN_H

#include <string.h>

#include "write/json/json.h"

/* At least so much room is there after each of these, and so much may be written without asking: the head of an event, the
 * phases, or some members. */
enum { PEN_ROOM = 1024 };

/* A literal, without its NUL: inlined, so that its length is a constant. */
static inline __attribute__((always_inline)) char *pen_literal(char *w, const char *s)
{
    size_t n = strlen(s);

    memcpy(w, s, n);
    return w + n;
}
#define PEN_PUT(w, s) pen_literal((w), "" s)

/* Text that is always the same, in more room than it needs: all of that is copied, which takes no call and no branch. */
enum { PEN_LABEL_ROOM = 48 };

struct pen_label {
    char text[PEN_LABEL_ROOM];
    size_t n;
};

#define PEN_LABEL(s)                                                                                                 \
    {                                                                                                                \
        s, sizeof(s) - 1                                                                                             \
    }

static inline char *pen_label(char *w, const struct pen_label *l)
{
    memcpy(w, l->text, sizeof l->text);
    return w + l->n;
}

/* Where to write; NULL when memory ran out. */
static inline char *pen_begin(struct buf *b)
{
    return buf_reserve(b, PEN_ROOM) ? (char *)b->p + b->n : NULL;
}

static inline void pen_end(struct buf *b, const char *w)
{
    b->n = (size_t)((const uint8_t *)w - b->p);
}

/* Room for `need` more bytes at w, and PEN_ROOM behind them. When memory ran out, the place of pen_begin() is returned, where
 * there is room: what comes is written there, and the owner sees that the buffer has failed. */
char *pen_more_room(struct buf *b, char *w, size_t need);
static inline char *pen_room(struct buf *b, char *w, size_t need)
{
    size_t left = (size_t)(b->p + b->cap - (uint8_t *)w);

    return left >= need + PEN_ROOM ? w : pen_more_room(b, w, need);
}

/* json_string() and json_text(). */
char *pen_string(struct buf *b, char *w, struct p2t_text s);
/* Goes on with the string whose closing quote is before w. */
char *pen_string_more(struct buf *b, char *w, struct p2t_text s);
static inline char *pen_text(struct buf *b, char *w, struct p2t_text s)
{
    return s.p == NULL ? PEN_PUT(w, "null") : pen_string(b, w, s);
}

/* json_value() */
char *pen_value(struct buf *b, char *w, const struct p2t_value *v);

/* Into memory that has room. */
char *pen_id(char *w, uint64_t id);
char *pen_time(char *w, int64_t ts_ns);
static inline char *pen_i64(char *w, int64_t v)
{
    if (v < 0)
        *w++ = '-';
    return u64_text(w, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

/* For what is rare: the text of fn() at w. */
char *pen_apart(struct buf *b, char *w, void (*fn)(struct buf *, const struct p2t_exchange *),
                const struct p2t_exchange *x);

/* events.c: the member "events", after a comma. */
char *pen_events(struct buf *b, char *w, const struct p2t_exchange *x);

#endif
