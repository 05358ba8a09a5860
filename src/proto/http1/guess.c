/* Whether bytes begin like an HTTP/1 message. */
#include "proto/http1/lenient.h"
#include "proto/http1/method.h"

enum { METHOD_MAX = 16 };

static bool is_upper(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_visible(uint8_t c)
{
    return c > ' ' && c != 0x7f;
}

/* A method that llhttp does not know: only a whole request line that names its version tells. */
static enum http1_guess unknown_method(struct slice s)
{
    enum { LINE_WAIT_MAX = 32 }; /* as long as a caller may wait for a line that comes in pieces */
    size_t n = slice_find(s, '\n');

    if (n == s.n)
        return s.n <= LINE_WAIT_MAX ? HTTP1_MAYBE : HTTP1_NO;
    return http1_is_request_line(slice_of(s.p, n > 0 && s.p[n - 1] == '\r' ? n - 1 : n)) ? HTTP1_YES : HTTP1_NO;
}

/* SIP, RTSP and ICAP share HTTP's methods and end the line with their own version. */
static bool names_other_protocol(struct slice s)
{
    size_t n = slice_find(s, '\n');
    struct slice line = slice_of(s.p, n < s.n && n > 0 && s.p[n - 1] == '\r' ? n - 1 : n);

    if (n == s.n || line.n < 8)
        return false;
    struct slice last = slice_of(line.p + line.n - 8, 8);
    return slice_eq(slice_of(last.p, 5), SLICE_LIT(" SIP/")) || slice_eq(slice_of(last.p, 5), SLICE_LIT("RTSP/")) ||
           slice_eq(slice_of(last.p, 5), SLICE_LIT("ICAP/"));
}

enum http1_guess http1_looks_like_request(struct slice s)
{
    struct slice head = slice_of(s.p, s.n < METHOD_MAX + 1 ? s.n : METHOD_MAX + 1);
    size_t space = slice_find(head, ' ');

    if (s.n == 0)
        return HTTP1_MAYBE;
    if (!is_upper(s.p[0]))
        return HTTP1_NO;
    if (space == head.n)
        return head.n <= METHOD_MAX && http1_begins_method(head) ? HTTP1_MAYBE : HTTP1_NO;
    if (!http1_is_method(slice_of(s.p, space)))
        return unknown_method(s);
    while (space < s.n && s.p[space] == ' ')
        space++;
    if (space == s.n)
        return HTTP1_MAYBE;
    return is_visible(s.p[space]) && !names_other_protocol(s) ? HTTP1_YES : HTTP1_NO;
}

/* "HTTP/", a digit, "." */
enum http1_guess http1_looks_like_response(struct slice s)
{
    static const struct slice prefix = {(const uint8_t *)"HTTP/", 5};

    if (s.n < 7)
        return slice_starts(prefix, slice_of(s.p, s.n < 5 ? s.n : 5)) || slice_starts(s, prefix) ? HTTP1_MAYBE
                                                                                                 : HTTP1_NO;
    return slice_starts(s, prefix) && s.p[5] >= '0' && s.p[5] <= '9' && s.p[6] == '.' ? HTTP1_YES : HTTP1_NO;
}
