#include "folder.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <utime.h>

#include "support/cmocka_all.h"

struct packets packets;
struct buf expected;

int setup(void **state)
{
    (void)state;
    scratch_clear();
    packets_load(&packets, P2T_SAMPLES "/incident/incident.pcap");
    packets_write(&packets, 0, packets.n, "whole.pcap");
    buf_reset(&expected);
    whole(&expected, in_scratch("whole.pcap"));
    return 0;
}

int teardown(void **state)
{
    (void)state;
    packets_free(&packets);
    return 0;
}

struct run batch(const char *options)
{
    return run("batch --all %s --out %s %s", options, in_scratch("out"), in_scratch("in"));
}

void expect(struct run r, int status, const char *text)
{
    if (r.status != status || strstr(r.err, text) == NULL || (*text == '\0' && r.err[0] != '\0'))
        fail_msg("status %d instead of %d: '%s' instead of '%s'", r.status, status, r.err, text);
}

void check(const char *what)
{
    struct buf got = {0};

    joined(&got, "out");
    assert_same_lines(&expected, &got, what);
    buf_fini(&got);
}

bool manifest_has(const char *text)
{
    struct buf b = {0};

    slurp_file(&b, in_scratch("out/manifest.ndjson"));
    buf_putc(&b, '\0');
    bool has = strstr((const char *)b.p, text) != NULL;
    buf_fini(&b);
    return has;
}

void grow_old(const char *name)
{
    const struct utimbuf long_ago = {1000, 1000};

    assert_int_equal(utime(in_scratch(name), &long_ago), 0);
}
