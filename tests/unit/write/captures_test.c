/* Every format over every capture that is at hand: well-formed, of the same exchanges, nothing a terminal obeys. */
#include "support/cmocka_all.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "example.h"
#include "pcap2trace/session.h"

struct written {
    struct buf b;
    struct out_writer *w;
    size_t exchanges;
};

static int append(void *ctx, const void *bytes, size_t n)
{
    buf_put(ctx, bytes, n);
    return P2T_OK;
}

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct written *out = ctx;

    out->exchanges++;
    return out_writer_exchange(out->w, x);
}

static void write_capture(struct written *out, const char *path, enum out_format format)
{
    struct out_options options = {0};
    struct out_sink sink = {&out->b, append};
    struct p2t_config config = {.paths = &path, .path_count = 1, .all = true, .ctx = out, .exchange = on_exchange};
    struct p2t_session *session;

    *out = (struct written){.w = out_writer_new(format, &options, &sink)};
    assert_non_null(out->w);
    assert_int_equal(p2t_session_open(&session, &config, NULL), P2T_OK);
    assert_int_equal(p2t_session_run(session), P2T_OK);
    assert_int_equal(out_writer_finish(out->w), P2T_OK);
    p2t_session_free(session);
    out_writer_free(out->w);
    buf_putc(&out->b, '\0');
}

static void expect_harmless(const struct written *out, const char *name)
{
    struct slice rest = slice_of(out->b.p, out->b.n - 1);

    while (rest.n > 0) {
        size_t n = utf8_sequence(rest);
        bool control = n == 1 && (rest.p[0] < 0x20 || rest.p[0] == 0x7f) && rest.p[0] != '\n' && rest.p[0] != '\r';
        if (n == 0 || control || (n == 2 && rest.p[0] == 0xc2 && rest.p[1] < 0xa0))
            fail_msg("%s: byte %02x", name, rest.p[0]);
        rest = slice_of(rest.p + n, rest.n - n);
    }
}

static void expect_objects(struct written *out, const char *key)
{
    size_t n = 0;

    for (char *line = strtok((char *)out->b.p, "\n"); line != NULL; line = strtok(NULL, "\n"), n++) {
        cJSON *root = cJSON_ParseWithOpts(line, NULL, true);
        if (root == NULL || !cJSON_HasObjectItem(root, key))
            fail_msg("%.300s", line);
        cJSON_Delete(root);
    }
    assert_int_equal(n, out->exchanges);
}

static void expect_array(struct written *out)
{
    cJSON *root = cJSON_ParseWithOpts((char *)out->b.p, NULL, true);

    assert_true(cJSON_IsArray(root));
    assert_int_equal(cJSON_GetArraySize(root), (int)out->exchanges);
    cJSON_Delete(root);
}

static void check_capture(const char *path)
{
    for (int i = 0; i < OUT_FORMAT_COUNT; i++) {
        struct written out;
        write_capture(&out, path, (enum out_format)i);
        expect_harmless(&out, path);
        if (i == OUT_FORMAT_NDJSON)
            expect_objects(&out, "schema");
        else if (i == OUT_FORMAT_TRACE_RESULT)
            expect_objects(&out, "TraceId");
        else if (i == OUT_FORMAT_JSON)
            expect_array(&out);
        buf_fini(&out.b);
    }
}

static void every_format_of_every_capture(void **state)
{
    DIR *d = opendir(P2T_LAB);
    char path[1024];
    size_t n = 0;

    (void)state;
    assert_non_null(d);
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        const char *dot = strrchr(e->d_name, '.');
        if (dot == NULL || strcmp(dot, ".pcap") != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", P2T_LAB, e->d_name);
        check_capture(path);
        n++;
    }
    closedir(d);
    assert_true(n > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_format_of_every_capture)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
