#include "correlate/dial/schedule.h"

#include "correlate/times.h"

/* Milliseconds from the first SYN to each repetition; the last is when the kernel gives up. */
static const int32_t linux_linear[] = {0, 1000, 2000, 3000, 4000, 5000, 7000, 11000, 19000, 35000, 67000, 131000};
static const int32_t linux_doubling[] = {0, 1000, 3000, 7000, 15000, 31000, 63000, 127000};
static const int32_t windows[] = {0, 3000, 9000, 21000};

struct schedule {
    const int32_t *at_ms;
    uint32_t n;
};

static const struct schedule schedules[] = {
    {linux_linear, sizeof linux_linear / sizeof *linux_linear},       /* 6.5 and later: tcp_syn_linear_timeouts */
    {linux_doubling, sizeof linux_doubling / sizeof *linux_doubling}, /* RFC 6298 2.1, 5.5 */
    {windows, sizeof windows / sizeof *windows},
};

/* A SYN may be off by a timer's grain. Where the capture lost a SYN, no schedule fits any more. */
static bool fits(const struct schedule *s, const struct exchange_attempt *a)
{
    if (a->syns >= s->n)
        return false;
    int64_t due = (int64_t)s->at_ms[a->syns - 1] * 1000000, took = a->last_syn.ts_ns - a->syn.ts_ns;
    int64_t late = due / 10 + 100000000;

    return took >= due - late && took <= due + late;
}

/* No kernel waits for longer between two SYNs; a clock that was set says anything. */
static const int64_t INTERVAL_MAX_NS = INT64_C(3600000000000);

static int64_t doubled(int64_t interval_ns)
{
    return 2 * (interval_ns < INTERVAL_MAX_NS ? interval_ns : INTERVAL_MAX_NS);
}

int64_t schedule_next_syn_ns(const struct exchange_attempt *a)
{
    int64_t latest = a->last_syn.ts_ns + (a->syns > 1 ? doubled(a->last_interval_ns) : SYN_FIRST_REPEAT_NS);

    for (size_t i = 0; i < sizeof schedules / sizeof *schedules; i++) {
        if (!fits(&schedules[i], a))
            continue;
        int64_t at = a->syn.ts_ns + (int64_t)schedules[i].at_ms[a->syns] * 1000000;
        latest = later_ns(latest, at);
    }
    return latest;
}

/* Dialers give up after round times. 30 s is Go's default; the others are what people configure. */
int64_t schedule_gave_up_ns(const struct exchange_attempt *a)
{
    static const int64_t usual_ms[] = {30000, 10000, 5000, 60000, 20000, 15000, 3000, 2000, 1000, 500};

    if (attempt_hit_kernel_limit(a))
        return a->next_slot_ns;
    for (size_t i = 0; i < sizeof usual_ms / sizeof *usual_ms; i++) {
        int64_t at = a->syn.ts_ns + usual_ms[i] * 1000000;
        if (at > a->last_syn.ts_ns && at <= a->next_slot_ns)
            return at;
    }
    return a->last_syn.ts_ns + (a->next_slot_ns - a->last_syn.ts_ns) / 2;
}
