/* What a packet proves, in a line for its comment. */
#ifndef P2T_EXTRACT_COMMENT_H
#define P2T_EXTRACT_COMMENT_H

#include "base/buf.h"
#include "extract/subject.h"

/* How a packet stands to an event. */
enum comment_stand {
    COMMENT_MARKS,      /* the event is at the packet */
    COMMENT_NOT_BEFORE, /* it was not before the packet */
    COMMENT_NOT_AFTER,
    COMMENT_BEARS /* it rests on the packet, whose time is none of its own */
};
enum comment_stand comment_stand(const struct subject_event *ev, int64_t packet_ns);
/* "", "not before ", ... */
const char *comment_stand_text(enum comment_stand stand);

/* Appends "b0832923bfe89266: ConnectStart; ConnectDone; finding conn.refused", one for each subject. */
void comment_put(struct buf *b, const struct subjects *all, const struct proof *proof, size_t count,
                 int64_t packet_ns);

#endif
