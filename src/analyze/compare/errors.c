#include "analyze/compare/errors.h"

static bool is_letter(uint8_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool ends_with(struct slice s, struct slice tail)
{
    return s.n >= tail.n && slice_eq(slice_of(s.p + (s.n - tail.n), tail.n), tail);
}

/* net/url.Error: Op, a quoted URL, the error. */
struct slice error_unwrapped(struct slice text)
{
    size_t i = 0;

    while (i < text.n && is_letter(text.p[i]))
        i++;
    if (i == 0 || i + 1 >= text.n || text.p[i] != ' ' || text.p[i + 1] != '"')
        return text;
    for (i += 2; i + 2 < text.n; i++)
        if (text.p[i] == '\\')
            i++;
        else if (text.p[i] == '"')
            return text.p[i + 1] == ':' ? slice_from(text, i + 3) : text;
    return text;
}

/* The whole of it, or its end behind ": ". */
static bool is_wrapped_in(struct slice inner, struct slice outer)
{
    if (inner.n == 0 || !ends_with(outer, inner))
        return false;
    size_t before = outer.n - inner.n;
    return before == 0 || (before > 2 && outer.p[before - 1] == ' ' && outer.p[before - 2] == ':');
}

bool error_same(struct slice live, struct slice wire)
{
    live = error_unwrapped(live);
    wire = error_unwrapped(wire);
    if (live.n == 0 || wire.n == 0)
        return live.n == wire.n;
    return is_wrapped_in(live, wire) || is_wrapped_in(wire, live);
}

static bool contains(struct slice text, struct slice part)
{
    for (size_t i = 0; i + part.n <= text.n; i++)
        if (slice_eq(slice_of(text.p + i, part.n), part))
            return true;
    return false;
}

bool error_is_hidden(struct slice wire)
{
    return contains(wire, SLICE_LIT("an encrypted alert")) || contains(wire, SLICE_LIT("the alert is encrypted"));
}

static bool contains_any(struct slice text, const char *const *parts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (contains(text, slice_str(parts[i])))
            return true;
    return false;
}

bool error_is_foreign(struct slice text)
{
    static const char *const parts[] = {"Exception",
                                        "Error:",
                                        "Errno",
                                        "ECONN",
                                        "ENOTFOUND",
                                        "EAI_",
                                        "ETIMEDOUT",
                                        "EPIPE",
                                        "EHOSTUNREACH",
                                        "os error",
                                        "socket hang up",
                                        "Max retries",
                                        "fetch failed",
                                        "Connection refused",
                                        "Connection reset",
                                        "Name or service not known",
                                        "nodename nor servname"};

    return contains_any(text, parts, sizeof parts / sizeof *parts);
}

bool error_is_giving_up(struct slice text)
{
    static const char *const parts[] = {"context canceled",
                                        "context deadline exceeded",
                                        "Client.Timeout",
                                        "timeout awaiting response headers",
                                        "request canceled",
                                        "operation was canceled",
                                        "i/o timeout",
                                        "TLS handshake timeout",
                                        "use of closed network connection",
                                        "read on closed response body"};

    return contains_any(text, parts, sizeof parts / sizeof *parts);
}
