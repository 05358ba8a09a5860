#include "cli/report.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/counters.h"
#include "cli/stages.h"
#include "cli/terminal.h"
#include "write/escape.h"

static struct buf *said;

void report_to(struct buf *into)
{
    said = into;
}

static void say(struct buf *b)
{
    buf_putc(b, '\n');
    if (said != NULL)
        buf_put(said, b->p, b->n);
    else
        terminal_say(b->p, b->n);
    buf_fini(b);
}

void report_line(const char *subject, const char *text)
{
    struct buf b = {0};

    buf_lit(&b, "pcap2trace: ");
    if (subject != NULL) {
        escape_text(&b, (struct p2t_text){subject, strlen(subject)});
        buf_lit(&b, ": ");
    }
    escape_text(&b, (struct p2t_text){text, strlen(text)});
    say(&b);
}

void report_counters(const struct p2t_session *s)
{
    struct p2t_counters c;
    struct p2t_reason reason;

    p2t_session_counters(s, &c);
    const struct {
        const char *what;
        uint64_t n;
    } rows[] = {
#define X(member, what) {what, c.member},
        CLI_COUNTER_LIST(X)
#undef X
    };
    struct buf b = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        buf_printf(&b, "%12llu  %s\n", (unsigned long long)rows[i].n, rows[i].what);
    for (size_t i = 0; p2t_session_reason(s, i, &reason); i++)
        if (reason.count > 0)
            buf_printf(&b, "%12llu  %s: %s\n", (unsigned long long)reason.count, reason.key, reason.text);
    b.n--;
    say(&b);
}

void report_stages(const struct p2t_session *s)
{
    struct p2t_spent spent;
    struct buf b = {0};

    p2t_session_spent(s, &spent);
    stages_tell(&b, &spent);
    b.n--;
    say(&b);
}

void report_nothing(const struct p2t_session *s, bool filtered)
{
    struct p2t_counters c;
    struct buf b = {0};

    p2t_session_counters(s, &c);
    if (c.frames == 0 && c.problems > 0)
        return;
    if (filtered && c.exchanges > 0)
        buf_printf(&b, "pcap2trace: none of the %llu exchanges matches the options", (unsigned long long)c.exchanges);
    else
        buf_printf(&b,
                   "pcap2trace: no HTTP exchange and no failed attempt at one in %llu packets "
                   "(%llu TCP connections, %llu DNS messages); -v says more, --all shows the rest",
                   (unsigned long long)c.frames, (unsigned long long)c.connections,
                   (unsigned long long)c.dns_messages);
    say(&b);
}

void report_open(uint64_t calls)
{
    struct buf b = {0};

    buf_printf(
        &b,
        "pcap2trace: %llu more %s still waiting when the capture ended: --incomplete, in place of --failed, shows %s",
        (unsigned long long)calls, calls == 1 ? "was" : "were", calls == 1 ? "it" : "them");
    say(&b);
}

void report_keylog(const struct p2t_session *s, const char *path)
{
    struct p2t_counters c;
    char text[128];

    p2t_session_counters(s, &c);
    if (c.tls_decrypted > 0 || access(path, R_OK) != 0)
        return;
    if (c.tls_secrets == 0)
        (void)snprintf(text, sizeof text, "it contains no TLS secrets: is it the file that SSLKEYLOGFILE named?");
    else
        (void)snprintf(text, sizeof text,
                       "none of the TLS secrets in it (%llu) opens a connection: are they from other captures or "
                       "another program?",
                       (unsigned long long)c.tls_secrets);
    report_line(path, text);
}

void report_interrupted(const struct p2t_session *s)
{
    struct p2t_counters c;
    struct buf b = {0};

    p2t_session_counters(s, &c);
    buf_printf(&b, "pcap2trace: interrupted after %llu packets", (unsigned long long)c.frames);
    if (c.capture_bytes_total > 0)
        buf_printf(&b, " (%.0f%% of the input)",
                   100.0 * (double)c.capture_bytes_read / (double)c.capture_bytes_total);
    buf_lit(&b, ": what came after that is missing, and exchanges that were open are shown as incomplete");
    say(&b);
}

void report_runs(uint64_t runs)
{
    char text[160];

    snprintf(text, sizeof text, "too many exchanges to sort at once: the output has %llu runs, each sorted by start",
             (unsigned long long)runs);
    report_line(NULL, text);
}
