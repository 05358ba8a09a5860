/* Overwrites what of a text may not be shown (trace/redact.h), in place: the length stays. */
#ifndef P2T_EXTRACT_SCRUB_TEXT_H
#define P2T_EXTRACT_SCRUB_TEXT_H

#include "base/buf.h"
#include "trace/redact.h"

struct scrub_text {
    struct redact *redact;
    struct buf ranges, before, after, original; /* for one text at a time */
};

/* 0 or P2T_ERR_MEMORY. */
int scrub_text_init(struct scrub_text *t, const struct redact_options *options);
void scrub_text_fini(struct scrub_text *t);

void scrub_text(struct scrub_text *t, enum redact_as as, uint8_t *p, size_t n);
/* One value of a field. */
void scrub_text_field(struct scrub_text *t, struct redact_field field, uint8_t *p, size_t n);
/* Lines of a message's head, from the first field's on, each with its end; the last may be cut. */
void scrub_text_fields(struct scrub_text *t, uint8_t *p, size_t n);
/* All but the ends of lines. */
void scrub_text_all(uint8_t *p, size_t n);

#endif
