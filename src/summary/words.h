/* Texts kept once each: equal texts are the same object, so that they compare as pointers. */
#ifndef P2T_SUMMARY_WORDS_H
#define P2T_SUMMARY_WORDS_H

#include "base/hash.h"
#include "base/slice.h"
#include "pcap2trace/exchange.h"

struct word {
    struct hmap_node node;
    size_t n;
    uint32_t rank; /* its place among all, in the order of their bytes; see words_rank() */
    const struct word
        *known_as;       /* of an address: the name that led to it; of one with a port: the one that most calls
                                    there ask for, where it is another; NULL: none is known */
    uint32_t more_names; /* of an address with a port: calls there ask for as many other names, too */
    uint32_t votes;      /* scratch */
    uint32_t place;      /* 1 + its place among the texts of a state that is being written; 0: it has none */
    bool is_proxy;       /* of an address: it answers calls, and makes others for them */
    char text[];         /* followed by a NUL */
};

enum { WORDS_RECENT = 64 };

struct words {
    struct hmap map;
    struct word *recent[WORDS_RECENT]; /* calls repeat each other's texts: by length and last byte */
    size_t bytes, bytes_max;           /* bytes_max: 0 is WORDS_BYTES_MAX */
    bool overflowed;                   /* a text was left out: words_take() gave `other` for it */
    struct word *other;
};

enum { WORDS_BYTES_MAX = 32 << 20, WORD_MAX = 1024 };

/* The word of a text, of which the first WORD_MAX bytes count; NULL for one that is empty or not there, and when memory
 * ran out. Beyond bytes_max all new ones are one word, "(other)". */
const struct word *words_take(struct words *w, struct slice text);
/* The word of a text that was taken before; NULL: it was not. */
const struct word *words_find(const struct words *w, struct slice text);
static inline const struct word *words_text(struct words *w, struct p2t_text text)
{
    return words_take(w, slice_of(text.p, text.n));
}
/* As much of a text as its word would have. */
static inline struct p2t_text words_kept(struct p2t_text text)
{
    return (struct p2t_text){text.p, text.n < WORD_MAX ? text.n : WORD_MAX};
}
/* What the analysis learns of an address. A name takes the place of a longer one, or of one of the same length and later
 * rank. */
void words_name(const struct word *address, const struct word *name);
void words_mark_proxy(const struct word *address);
/* Of an address with a port; name may be NULL. */
void words_name_service(const struct word *server, const struct word *name, uint32_t more_names);
/* Adds one, or takes all away; gives how many there are then. */
uint32_t words_vote(const struct word *w, bool for_it);
/* Of a word that a state writes: 1 + its place among the state's texts; 0 again when it is done. */
void words_place(const struct word *w, uint32_t place);
/* Gives each word its rank. 0, or -1 when memory ran out. */
int words_rank(struct words *w);
void words_fini(struct words *w);

static inline struct p2t_text word_text(const struct word *w)
{
    return w != NULL ? (struct p2t_text){w->text, w->n} : (struct p2t_text){NULL, 0};
}
/* "" for NULL. */
static inline const char *word_str(const struct word *w)
{
    return w != NULL ? w->text : "";
}

#endif
