/* A libpcap filter expression, compiled for each link type when a frame first needs it. */
#ifndef P2T_INPUT_FILTER_H
#define P2T_INPUT_FILTER_H

#include "input/frame.h"

struct filter;

enum filter_result {
    FILTER_NO,
    FILTER_MATCH,
    FILTER_UNFIT, /* the expression does not compile for the frame's link type: filter_reason() */
    FILTER_NO_MEMORY
};

/* 0, P2T_ERR_MEMORY, or P2T_ERR_USAGE when it compiles for no common link type, with libpcap's text in *error
 * (malloc()ed; NULL when memory ran out). */
int filter_new(struct filter **out, const char *expression, char **error);
enum filter_result filter_run(struct filter *f, const struct input_frame *frame);
/* libpcap's text for a link type that filter_run() found unfit. */
const char *filter_reason(const struct filter *f, uint32_t link_type);
void filter_free(struct filter *f);

#endif
