#include "cli/progress.h"

#include <stdio.h>
#include <time.h>

#include "base/buf.h"
#include "cli/terminal.h"

static const int64_t SECOND = 1000000000, INTERVAL = 200000000;

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

static void put_left(struct buf *b, int64_t seconds)
{
    if (seconds < 120)
        buf_printf(b, ", %lld s left", (long long)seconds);
    else
        buf_printf(b, ", %lld min left", (long long)(seconds + 30) / 60);
}

/* "42%, 512 MB read, 100 MB/s, 12345 exchanges, 3 s left" */
static void put_text(struct buf *b, const struct p2t_counters *c, int64_t elapsed_ns)
{
    double read = (double)c->capture_bytes_read, total = (double)c->capture_bytes_total;
    double seconds = (double)elapsed_ns / (double)SECOND;

    if (total > 0)
        buf_printf(b, "%.0f%%, ", read >= total ? 100.0 : 100 * read / total);
    buf_printf(b, "%.0f MB read, ", read / 1e6);
    if (seconds > 0)
        buf_printf(b, "%.0f MB/s, ", read / 1e6 / seconds);
    buf_printf(b, "%llu exchanges", (unsigned long long)c->exchanges);
    if (total > read && read > 0)
        put_left(b, (int64_t)((total - read) / read * seconds + 0.5));
}

static struct buf line_of(const struct progress *p, const struct p2t_session *s)
{
    struct p2t_counters c;
    struct buf b = {0};

    p2t_session_counters(s, &c);
    buf_lit(&b, "pcap2trace: ");
    put_text(&b, &c, now_ns() - p->begun_ns);
    return b;
}

void progress_begin(struct progress *p, bool live)
{
    *p = (struct progress){.live = live, .begun_ns = now_ns()};
    p->next_ns = p->begun_ns + INTERVAL;
}

void progress_tick(struct progress *p, const struct p2t_session *s)
{
    if (!p->live || now_ns() < p->next_ns)
        return;
    struct buf b = line_of(p, s);
    terminal_show(b.p, b.n);
    buf_fini(&b);
    p->next_ns = now_ns() + INTERVAL;
}

void progress_report(const struct progress *p, const struct p2t_session *s)
{
    struct buf b = line_of(p, s);

    buf_putc(&b, '\n');
    terminal_say(b.p, b.n);
    buf_fini(&b);
}
