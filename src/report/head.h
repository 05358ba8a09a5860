/* What stands before the page's body: title, Content-Security-Policy, style. */
#ifndef P2T_REPORT_HEAD_H
#define P2T_REPORT_HEAD_H

#include "base/buf.h"

/* Appends text so that it is text in HTML: valid UTF-8 without markup, controls or characters that reorder it. */
void head_text(struct buf *out, const char *text);
void head_write(struct buf *out, const char *title);

#endif
