/* A libpcap filter expression, compiled for each link type when a frame first needs it. */
#ifndef P2T_INPUT_FILTER_H
#define P2T_INPUT_FILTER_H

#include "input/frame.h"

struct input_filter;

enum filter_result {
    FILTER_NO,
    FILTER_MATCH,
    FILTER_UNFIT, /* the expression does not compile for the frame's link type: input_filter_reason() */
    FILTER_NO_MEMORY
};

/* 0, P2T_ERR_MEMORY, or P2T_ERR_USAGE when it compiles for no common link type, with libpcap's text in *error
 * (malloc()ed; NULL when memory ran out); error may be NULL. */
int input_filter_new(struct input_filter **out, const char *expression, char **error);
enum filter_result input_filter_run(struct input_filter *f, const struct input_frame *frame);
/* libpcap's text for a link type that input_filter_run() found unfit. */
const char *input_filter_reason(const struct input_filter *f, uint32_t link_type);
void input_filter_free(struct input_filter *f);

#endif
