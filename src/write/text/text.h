/* The parts of the text format that its files share. */
#ifndef P2T_WRITE_TEXT_TEXT_H
#define P2T_WRITE_TEXT_TEXT_H

#include "base/buf.h"
#include "write/writer.h"
#include "pcap2trace/exchange.h"

/* style.c: decoration only; no information is in colour alone. */
enum text_style { TEXT_BOLD, TEXT_DIM, TEXT_RED, TEXT_YELLOW, TEXT_GREEN };
void text_begin(struct buf *b, const struct out_options *o, enum text_style style);
void text_end(struct buf *b, const struct out_options *o);

/* value.c */
/* "0.894 ms", "201.0 ms", "30.02 s" */
void text_duration(struct buf *b, int64_t ns);
/* Milliseconds with three decimals, right-aligned in `width`. */
void text_ms(struct buf *b, int64_t ns, size_t width);
/* At most `max` bytes of s, then "..." if it is longer. */
void text_shortened(struct buf *b, struct p2t_text s, size_t max);
/* "#14", "#14,15"; with `named`, each number's file before it. */
void text_evidence(struct buf *b, const struct p2t_exchange *x, const struct p2t_evidence *e, size_t n, bool named);
const char *text_file_name(const char *path);

/* messages.c: a line for gRPC, one for WebSocket. */
void text_messages(struct buf *b, const struct p2t_exchange *x);
/* rows.c: the timeline, a line for each event. */
void text_rows(struct buf *b, const struct out_options *o, const struct p2t_exchange *x);
/* args.c: the arguments of a hook, in one line. */
void text_args(struct buf *b, const struct p2t_exchange *x, const struct p2t_event *ev, size_t count);
/* gap.c: what the client waited for between two neighbouring events, e.g. "the resolver". P2T_HOOK_COUNT: the end. */
const char *text_gap_name(const struct p2t_exchange *x, enum p2t_hook before, enum p2t_hook after);
/* How long that took, as the phases have it; ns: between the two events. 0: the phases deny it. */
int64_t text_gap_ns(const struct p2t_exchange *x, enum p2t_hook before, enum p2t_hook after, int64_t ns);

#endif
