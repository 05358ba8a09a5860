/* Live logs of the field beside their captures: whose the time was, and what needs no live trace of its own. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "support/cmocka_all.h"
#include "unit/cli/program.h"

#define FIELD P2T_GOLDEN "/field/"

static cJSON *compared(const char *options)
{
    struct program p = {0};
    char line[1024];

    snprintf(line, sizeof line, "compare -q -T json --live %s", options);
    program_run(&p, line);
    cJSON *json = cJSON_Parse((const char *)p.out.p);
    assert_non_null(json);
    program_free(&p);
    return json;
}

static double ms(const cJSON *pair, const char *where)
{
    return cJSON_GetObjectItem(cJSON_GetObjectItem(pair, "spent_us"), where)->valuedouble / 1000;
}

/* The pair whose live URL is this. */
static const cJSON *pair_of(const cJSON *json, const char *url)
{
    const cJSON *pair;

    cJSON_ArrayForEach(pair, cJSON_GetObjectItem(json, "pairs"))
    {
        const char *s = cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetObjectItem(pair, "live"), "url"));
        if (s != NULL && strcmp(s, url) == 0)
            return pair;
    }
    fail_msg("no pair of %s", url);
    return NULL;
}

/* A time-out of 500 ms against a server that takes 3 s: the log has no end, the client's FIN has. */
static void a_hung_server_is_the_server_s_time(void **state)
{
    cJSON *json = compared(FIELD "63-compare-hung-servers.log " FIELD "63-compare-hung-servers.pcap");
    const cJSON *pair = pair_of(json, "http://10.99.0.2:8080/slow?ms=3000");

    (void)state;
    assert_true(ms(pair, "server") > 495 && ms(pair, "server") < 505);
    assert_true(ms(pair, "client") < 5);
    cJSON_Delete(json);
}

/* A port that is mute, and an address that nobody has. */
static void a_silence_before_a_request_is_the_network_s(void **state)
{
    static const char *const urls[] = {"https://10.99.0.2:8443/x", "http://10.99.0.77/y"};
    cJSON *json = compared(FIELD "63-compare-hung-servers-with-ends.log " FIELD "63-compare-hung-servers.pcap");

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const cJSON *pair = pair_of(json, urls[i]);
        assert_true(ms(pair, "network") > 495 && ms(pair, "total") < 510);
        assert_true(ms(pair, "client") < 5);
    }
    cJSON_Delete(json);
}

static void unpack(const char *from, const char *to)
{
    static char piece[1 << 16];
    gzFile in = gzopen(from, "rb");
    FILE *out = fopen(to, "wb");
    int n;

    assert_true(in != NULL && out != NULL);
    while ((n = gzread(in, piece, sizeof piece)) > 0)
        assert_int_equal(fwrite(piece, 1, (size_t)n, out), n);
    assert_int_equal(gzclose(in), Z_OK);
    assert_int_equal(fclose(out), 0);
}

/* Eight calls of 3 s into an address that is dead; nine that the transport sent twice. What is left is another program's. */
static void a_checkout_s_minute(void **state)
{
    char log[] = "/tmp/p2t-field-XXXXXX", options[512];
    int fd = mkstemp(log);
    double network = 0, client = 0;
    const cJSON *item;

    (void)state;
    close(fd);
    unpack(FIELD "66-checkout.log.gz", log);
    snprintf(options, sizeof options, "%s " FIELD "66-checkout.pcap.zst", log);
    cJSON *json = compared(options);
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(json, "pairs"))
    {
        assert_true(cJSON_IsTrue(cJSON_GetObjectItem(item, "agree")));
        network += ms(item, "network");
        client += ms(item, "client");
    }
    assert_true(network > 24000 && network < 24200);
    assert_true(client < 200);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "pairs")), 164);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "live_only")), 0);
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(json, "wire_only"))
    {
        const char *url = cJSON_GetStringValue(cJSON_GetObjectItem(item, "url"));
        assert_true(url == NULL || strstr(url, "/drop") == NULL);
    }
    cJSON_Delete(json);
    unlink(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hung_server_is_the_server_s_time),
        cmocka_unit_test(a_silence_before_a_request_is_the_network_s),
        cmocka_unit_test(a_checkout_s_minute),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
