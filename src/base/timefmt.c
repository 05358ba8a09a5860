#include "base/timefmt.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"

#define SECOND_NS INT64_C(1000000000)

static void put2(char *out, unsigned v)
{
    memcpy(out, decimal_pairs[v], 2);
}

static void put_six(char *out, unsigned v)
{
    put2(out, v / 10000);
    put2(out + 2, v / 100 % 100);
    put2(out + 4, v % 100);
}

/* Days since 1970 to a civil date, proleptic Gregorian, by counting years of 365.2425 days from March. */
static void civil(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;

    *day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
    *month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
    *year = yoe + era * 400 + (*month <= 2);
}

static void put_second(int64_t s, char *out)
{
    int64_t days = (s >= 0 ? s : s - 86399) / 86400, rest = s - days * 86400, year;
    unsigned month, day;

    civil(days, &year, &month, &day);
    put2(out, (unsigned)(year / 100));
    put2(out + 2, (unsigned)(year % 100));
    out[4] = out[7] = '-';
    put2(out + 5, month);
    put2(out + 8, day);
    out[10] = 'T';
    put2(out + 11, (unsigned)(rest / 3600));
    put2(out + 14, (unsigned)(rest / 60 % 60));
    put2(out + 17, (unsigned)(rest % 60));
    out[13] = out[16] = ':';
    out[19] = '.';
}

/* Neighbouring events mostly share their second: its text is cached. */
struct second_text {
    uint64_t begin_ns; /* wraps where the first second of all begins before what 64 bits hold */
    bool valid;
    char text[20];
};

static struct second_text text_of_second(int64_t ts_ns)
{
    struct second_text t = {.valid = true};
    int64_t s = ts_ns / SECOND_NS - (ts_ns % SECOND_NS < 0);

    put_second(s, t.text);
    t.begin_ns = (uint64_t)s * SECOND_NS;
    return t;
}

void time_rfc3339(int64_t ts_ns, char out[TIME_TEXT_BYTES])
{
    static _Thread_local struct second_text last;
    uint64_t since = (uint64_t)ts_ns - last.begin_ns;

    if (since >= SECOND_NS || !last.valid) {
        last = text_of_second(ts_ns);
        since = (uint64_t)ts_ns - last.begin_ns;
    }
    uint32_t ns = (uint32_t)since;
    memcpy(out, last.text, sizeof last.text);
    if (ns % 1000 == 0) { /* most captures count in microseconds */
        put_six(out + 20, ns / 1000);
        memcpy(out + 26, "000Z", 4);
        return;
    }
    out[20] = (char)('0' + ns / 100000000);
    eight_digits_text(out + 21, ns % 100000000);
    out[29] = 'Z';
}
