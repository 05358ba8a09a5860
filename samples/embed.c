/* The library in a program of your own: each exchange's outcome and time, then what was read.
 *
 *     cc embed.c $(pkg-config --cflags --libs pcap2trace) -o embed && ./embed capture.pcap */
#include <inttypes.h>
#include <stdio.h>

#include <pcap2trace/session.h>

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    unsigned *failed = ctx;

    *failed += x->outcome != P2T_OUTCOME_OK;
    printf("%016" PRIx64 " %s %s %.3f ms\n", x->id, p2t_kind_name(x->kind), p2t_outcome_name(x->outcome),
           (double)(x->end_ns - x->start_ns) / 1e6);
    return 0; /* anything else would stop the session */
}

static void on_problem(void *ctx, const struct p2t_problem *p)
{
    (void)ctx;
    fprintf(stderr, "%s: %s\n", p->path, p->text);
}

int main(int argc, char **argv)
{
    unsigned failed = 0;
    struct p2t_config config = {
        .paths = (const char *const *)argv + 1,
        .path_count = (size_t)(argc - 1),
        .ctx = &failed,
        .exchange = on_exchange,
        .problem = on_problem,
    };
    struct p2t_session *session;
    struct p2t_counters counters;

    int status = p2t_session_open(&session, &config, NULL);
    if (status != P2T_OK)
        return 2;
    status = p2t_session_run(session);
    p2t_session_counters(session, &counters);
    printf("%" PRIu64 " packets, %" PRIu64 " exchanges, %u failed, %" PRIu64 " inputs with problems\n",
           counters.frames, counters.exchanges, failed, counters.problems);
    p2t_session_free(session);
    return status != P2T_OK || counters.problems > 0;
}
