/* The page's parts that are the same in each: src/report/page/, as the build embeds it. Not terminated. */
#ifndef P2T_REPORT_ASSETS_H
#define P2T_REPORT_ASSETS_H

#include <stddef.h>

extern const unsigned char report_html[], report_style[], report_script[];
extern const size_t report_html_bytes, report_style_bytes, report_script_bytes;

#endif
