/* Times of day, as --time asks for them. */
#include "base/timefmt.h"
#include "write/text/text.h"

#include <stdio.h>
#include <time.h>

enum { DAY_BYTES = 10, SECOND_BYTES = 19 }; /* "2026-01-02", and with "T03:04:05" */
static const int64_t SECOND = 1000000000;

/* "-0.000075": with so many digits, cut off, after the point; `sign` before what is not negative. */
static void put_seconds(struct buf *b, int64_t ns, int digits, const char *sign)
{
    uint64_t magnitude = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    char fraction[16];

    if (magnitude / 1000000 == 0 && digits == 3)
        ns = 0; /* no "-0.000" */
    (void)snprintf(fraction, sizeof fraction, "%09llu", (unsigned long long)(magnitude % (uint64_t)SECOND));
    buf_printf(b, "%s%llu.%.*s", ns < 0 ? "-" : sign, (unsigned long long)(magnitude / (uint64_t)SECOND), digits,
               fraction);
}

static int64_t since_first_packet(const struct out_options *o, int64_t ns)
{
    int64_t elapsed;

    return __builtin_sub_overflow(ns, o->first_packet_ns, &elapsed) ? INT64_MAX : elapsed;
}

/* How far local time is ahead of UTC then, in seconds; 0 where that is not known. */
static int64_t ahead_of_utc(int64_t ns)
{
    time_t second = (time_t)(ns / SECOND - (ns % SECOND < 0));
    struct tm local;

    return localtime_r(&second, &local) != NULL ? local.tm_gmtoff : 0;
}

static void put_zone(struct buf *b, const struct out_options *o, int64_t ahead)
{
    long long minutes = (ahead < 0 ? -ahead : ahead) / 60;

    if (o->time == OUT_TIME_LOCAL)
        buf_printf(b, "%c%02lld:%02lld", ahead < 0 ? '-' : '+', minutes / 60, minutes % 60);
    else
        buf_putc(b, 'Z');
}

static int64_t shown_ns(const struct out_options *o, int64_t ns, int64_t *ahead)
{
    int64_t shown;

    *ahead = o->time == OUT_TIME_LOCAL ? ahead_of_utc(ns) : 0;
    return __builtin_add_overflow(ns, *ahead * SECOND, &shown) ? ns : shown;
}

/* RFC 3339 with a space for T, from one of its bytes on. */
static void put_calendar(struct buf *b, const struct out_options *o, int64_t ns, size_t from, int digits, bool zone)
{
    char text[TIME_TEXT_BYTES];
    int64_t ahead;

    time_rfc3339(shown_ns(o, ns, &ahead), text);
    text[DAY_BYTES] = ' ';
    buf_put(b, text + from, SECOND_BYTES - from + 1 + (size_t)digits);
    if (zone)
        put_zone(b, o, ahead);
}

void text_time(struct buf *b, const struct out_options *o, int64_t ns)
{
    int digits = ns % 1000 == 0 ? 6 : 9;

    if (o->time == OUT_TIME_EPOCH)
        put_seconds(b, ns, digits, "");
    else if (o->time == OUT_TIME_RELATIVE)
        put_seconds(b, since_first_packet(o, ns), 9, "+");
    else
        put_calendar(b, o, ns, 0, digits, true);
}

/* Captures may go on over midnight. */
static bool is_another_day(const struct out_options *o, int64_t ns)
{
    char first[TIME_TEXT_BYTES], now[TIME_TEXT_BYTES];
    int64_t ahead;

    if (o->first_packet_ns == 0)
        return false;
    time_rfc3339(shown_ns(o, o->first_packet_ns, &ahead), first);
    time_rfc3339(shown_ns(o, ns, &ahead), now);
    return memcmp(first, now, DAY_BYTES) != 0;
}

void text_clock(struct buf *b, const struct out_options *o, int64_t ns)
{
    enum { CLOCK_BYTES = 12 }; /* "03:04:05.678" */
    size_t from = b->n;

    if (o->time == OUT_TIME_UTC || o->time == OUT_TIME_LOCAL) {
        put_calendar(b, o, ns, o->full || is_another_day(o, ns) ? 0 : DAY_BYTES + 1, 3, o->full);
        return;
    }
    if (o->time == OUT_TIME_EPOCH)
        put_seconds(b, ns, 3, "");
    else
        put_seconds(b, since_first_packet(o, ns), 3, "+");
    text_align_right(b, from, CLOCK_BYTES);
}
