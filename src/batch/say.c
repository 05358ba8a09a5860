/* How a capture point reports trouble. */
#include <string.h>

#include "batch/state.h"

int point_fail(const struct point *p, const char *subject, int status, int error)
{
    const char *text = "out of memory";

    if (status == P2T_ERR_IO)
        text = error != 0 ? strerror(error) : "cannot be read or written";
    else if (status == P2T_ERR_USAGE)
        text = "this checkpoint is damaged; what was written before is safe. Remove it to start again, with another "
               "--out";
    p->config->say(p->config->ctx, subject, text);
    return status;
}

void point_problem(struct point *p, const char *subject, const char *text)
{
    p->problems++;
    p->config->say(p->config->ctx, subject, text);
}
