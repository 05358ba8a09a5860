#include <stdio.h>
#include <stdlib.h>

#include "out/writer.h"
#include "pcap2trace/session.h"

static int write_stdout(void *ctx, const void *bytes, size_t n)
{
    (void)ctx;
    return fwrite(bytes, 1, n, stdout) == n ? P2T_OK : P2T_ERR_IO;
}

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    return out_writer_exchange(ctx, x);
}

static void on_problem(void *ctx, const struct p2t_problem *p)
{
    (void)ctx;
    fprintf(stderr, "pcap2trace: %s: %s\n", p->path, p->text);
}

int main(int argc, char **argv)
{
    struct out_options options = {0};
    struct out_sink sink = {NULL, write_stdout};
    struct out_writer *w = out_writer_new(OUT_FORMAT_NDJSON, &options, &sink);
    struct p2t_config config = {.paths = (const char *const *)(argv + 1),
                                .path_count = (size_t)(argc - 1),
                                .all = getenv("ALL") != NULL,
                                .ctx = w,
                                .exchange = on_exchange,
                                .problem = on_problem};
    struct p2t_session *s;
    struct p2t_counters c;
    int status = p2t_session_open(&s, &config, NULL);
    if (status != P2T_OK)
        return 2;
    status = p2t_session_run(s);
    out_writer_finish(w);
    p2t_session_counters(s, &c);
    p2t_session_free(s);
    out_writer_free(w);
    return status != P2T_OK || c.problems > 0;
}
