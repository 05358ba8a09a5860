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
/* The part after the last slash; points into path. */
const char *text_file_name(const char *path);

/* " in FILE", " in FILE and FILE": the captures that hold its packets. Nothing where there is none. */
void text_files(struct buf *b, const struct p2t_exchange *x);
/* What b has from `from` on, with spaces before it up to so many columns; plain ASCII. */
void text_align_right(struct buf *b, size_t from, size_t columns);

/* time.c */
/* "2026-01-02 03:04:05.123456789Z", or as o->time says; without the last three digits where they are zero. */
void text_time(struct buf *b, const struct out_options *o, int64_t ns);
/* "03:04:05.123"; with the day where o->full or it is another one than the first packet's, and with the zone where o->full. */
void text_clock(struct buf *b, const struct out_options *o, int64_t ns);

/* fold.c. A line may hold escapes of style.c, but no line break. */
/* The columns that it takes on a terminal. */
size_t text_columns(const uint8_t *p, size_t n);
/* Columns that a line may take: the terminal's, or 100. */
size_t text_width(const struct out_options *o);
void text_spaces(struct buf *b, size_t n);
/* Breaks the line that begins at `from` between words, where it is too long; what follows is indented. */
void text_fold(struct buf *b, const struct out_options *o, size_t from, size_t indent);
/* The same with the text format's indent, and ends the line. */
void text_end_line(struct buf *b, const struct out_options *o, size_t from);
/* Where o->cut: shortens what the line has from `from` on, with an ellipsis, so that `after` more columns fit behind it. line: where
 * the line begins. */
void text_cut(struct buf *b, const struct out_options *o, size_t line, size_t from, size_t after);
/* Where o->cut: the same for each line from `from` on, whatever is in it. */
void text_fit(struct buf *b, const struct out_options *o, size_t from);

/* messages.c: a line for gRPC, one for WebSocket. */
void text_messages(struct buf *b, const struct out_options *o, const struct p2t_exchange *x);
/* rows.c: the timeline, a line for each event. */
void text_rows(struct buf *b, const struct out_options *o, const struct p2t_exchange *x);
/* args.c: the arguments of a hook, in one line. */
void text_args(struct buf *b, const struct p2t_exchange *x, const struct p2t_event *ev);
/* gap.c: what the client waited for between two neighbouring events, e.g. "the resolver". P2T_HOOK_COUNT: the end. */
const char *text_gap_name(const struct p2t_exchange *x, enum p2t_hook before, enum p2t_hook after);
/* How long that took, as the phases have it; ns: between the two events. 0: the phases deny it. */
int64_t text_gap_ns(const struct p2t_exchange *x, enum p2t_hook before, enum p2t_hook after, int64_t ns);

#endif
