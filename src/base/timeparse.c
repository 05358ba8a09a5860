#include "base/timeparse.h"

static const int64_t SECOND_NS = 1000000000;

/* The text still to be read, and whether all text so far was well-formed. */
struct scan {
    struct slice rest;
    bool ok;
};

static bool next_is(const struct scan *s, uint8_t c)
{
    return s->rest.n > 0 && s->rest.p[0] == c;
}

static bool next_is_digit(const struct scan *s)
{
    return s->rest.n > 0 && s->rest.p[0] >= '0' && s->rest.p[0] <= '9';
}

static int digits(struct scan *s, size_t n)
{
    int v = 0;

    for (size_t i = 0; i < n; i++) {
        s->ok = s->ok && next_is_digit(s);
        if (!s->ok)
            return 0;
        v = v * 10 + (s->rest.p[0] - '0');
        s->rest = slice_from(s->rest, 1);
    }
    return v;
}

static bool skip(struct scan *s, uint8_t c)
{
    if (!next_is(s, c))
        return false;
    s->rest = slice_from(s->rest, 1);
    return true;
}

static void expect(struct scan *s, uint8_t c)
{
    s->ok = skip(s, c) && s->ok;
}

/* Days since 1970 of a civil date, proleptic Gregorian. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400, mp = (month + 9) % 12;

    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + (153 * mp + 2) / 5 + day - 1 - 719468;
}

static int64_t date(struct scan *s)
{
    int year = digits(s, 4);

    expect(s, '-');
    int month = digits(s, 2);
    expect(s, '-');
    int day = digits(s, 2);
    s->ok = s->ok && month >= 1 && month <= 12 && day >= 1 && day <= 31;
    return days_of(year, month, day);
}

static int64_t clock_of(struct scan *s)
{
    int hour = digits(s, 2);

    expect(s, ':');
    int minute = digits(s, 2);
    expect(s, ':');
    int second = digits(s, 2);
    s->ok = s->ok && hour < 24 && minute < 60 && second <= 60;
    return (hour * 60 + minute) * 60 + second;
}

static int64_t fraction(struct scan *s)
{
    int64_t unit = SECOND_NS, ns = 0;

    if (!skip(s, '.') && !skip(s, ','))
        return 0;
    s->ok = s->ok && next_is_digit(s);
    while (next_is_digit(s)) {
        unit /= 10;
        ns += (s->rest.p[0] - '0') * unit;
        s->rest = slice_from(s->rest, 1);
    }
    return ns;
}

/* Seconds east of UTC. Go's layout has a space before it. */
static int64_t zone(struct scan *s)
{
    struct scan ahead = *s;

    (void)skip(&ahead, ' ');
    if (skip(&ahead, 'Z') || skip(&ahead, 'z')) {
        *s = ahead;
        return 0;
    }
    bool west = next_is(&ahead, '-');
    if (!west && !next_is(&ahead, '+'))
        return 0;
    ahead.rest = slice_from(ahead.rest, 1);
    int hours = digits(&ahead, 2);
    (void)skip(&ahead, ':');
    int minutes = digits(&ahead, 2);
    if (!ahead.ok || hours > 24 || minutes > 59)
        return 0;
    *s = ahead;
    return (west ? -1 : 1) * (hours * 60 + minutes) * 60;
}

bool time_parse_prefix(struct slice text, int64_t *ns, size_t *taken)
{
    struct scan s = {text, true};
    int64_t seconds = date(&s) * 86400;

    s.ok = (skip(&s, 'T') || skip(&s, 't') || skip(&s, ' ')) && s.ok;
    seconds += clock_of(&s);
    int64_t part = fraction(&s);
    if (!s.ok)
        return false;
    seconds -= zone(&s);
    if (seconds <= INT64_MIN / SECOND_NS || seconds >= INT64_MAX / SECOND_NS)
        return false;
    *ns = seconds * SECOND_NS + part;
    *taken = text.n - s.rest.n;
    return true;
}

bool time_parse(struct slice s, int64_t *ns)
{
    size_t taken;

    return time_parse_prefix(s, ns, &taken);
}

/* A double of that size resolves a quarter of a microsecond: round to microseconds. */
bool time_from_number(double v, int64_t *ns)
{
    static const struct {
        double from, below;
        int64_t ns;
    } units[] = {{1e8, 1e11, 1000000000}, {1e11, 1e14, 1000000}, {1e14, 1e17, 1000}, {1e17, 9.2e18, 1}};

    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (!(v >= units[i].from && v < units[i].below))
            continue;
        int64_t whole = (int64_t)v;
        double us = (v - (double)whole) * (double)units[i].ns / 1000;
        if (whole >= INT64_MAX / units[i].ns)
            return false;
        *ns = whole * units[i].ns + (int64_t)(us + 0.5) * 1000;
        return true;
    }
    return false;
}
