/* Each finding that `pcap2trace --list findings` names comes out of a capture that has it, and not out of one that lacks
 * the one condition that counts. The built program reads both. They stay in the folder of this test, to be looked at. */
#include "support/cmocka_all.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "findings/story.h"
#include "unit/cli/program.h"

enum { CODES_MAX = 256, PATH_BYTES = 256 };

static const struct finding_capture *const families[] = {
    dns_captures, conn_captures, tls_captures, http_captures, stream_captures, capture_captures, tcp_captures};

static const struct finding_capture *find_row(const char *code)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        for (const struct finding_capture *row = families[i]; row->code != NULL; row++)
            if (strcmp(row->code, code) == 0)
                return row;
    return NULL;
}

/* ---- the captures ---- */

static FILE *create(char path[static PATH_BYTES], const char *code, const char *kind)
{
    (void)snprintf(path, PATH_BYTES, "%s/%s.%s", P2T_MADE, code, kind);
    FILE *f = fopen(path, "wbe");
    assert_non_null(f);
    return f;
}

static void make(const struct finding_capture *row, bool nearly, char path[static PATH_BYTES],
                 char keys[static PATH_BYTES])
{
    struct story s = {
        .nearly = nearly,
        .dns = {.ip = {CLIENT, RESOLVER}, .port = {40000, 53}},
        .http = {.ip = {CLIENT, SERVER},
                 .port = {50000, strncmp(row->code, "tls.", 4) == 0 ? 443 : 80},
                 .seq = {1000, 2000}},
    };
    FILE *to = create(path, row->code, nearly ? "nearly.pcap" : "pcap");

    s.keys = create(keys, row->code, nearly ? "nearly.keys" : "keys");
    wire_begin(&s.wire, to);
    row->tell(&s);
    assert_int_equal(fclose(to), 0);
    assert_int_equal(fclose(s.keys), 0);
}

/* ---- what the program says ---- */

/* How often the exchange has the finding. */
static int count_in(const char *line, const char *code)
{
    cJSON *x = cJSON_Parse(line);
    const cJSON *f;
    int n = 0;

    assert_non_null(x);
    cJSON_ArrayForEach(f, cJSON_GetObjectItem(x, "findings"))
    {
        n += strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(f, "code")), code) == 0;
    }
    cJSON_Delete(x);
    return n;
}

struct said {
    int exchanges, found;
};

static struct said ask_about(const char *path, const char *keys, const char *code)
{
    struct program p = {0};
    struct said said = {0};
    char line[3 * PATH_BYTES];

    (void)snprintf(line, sizeof line, "-j 1 --all -T ndjson %s%s %s", keys != NULL ? "--keylog " : "",
                   keys != NULL ? keys : "", path);
    program_run(&p, line);
    if (strstr((const char *)p.err.p, ": none of ") == NULL) /* the key log is the wrong one */
        assert_string_equal((const char *)p.err.p, "");
    assert_int_equal(p.status, 0);
    for (char *at = strtok((char *)p.out.p, "\n"); at != NULL; at = strtok(NULL, "\n")) {
        said.exchanges++;
        said.found += count_in(at, code);
    }
    program_free(&p);
    return said;
}

static void comes_out_of_its_capture_only(void **state)
{
    const char *code = *state;
    const struct finding_capture *row = find_row(code);
    char path[PATH_BYTES], keys[PATH_BYTES];

    if (row == NULL)
        fail_msg("%s has no captures in tests/findings/captures/", code);
    make(row, false, path, keys);
    assert_int_equal(ask_about(path, row->with_keys ? keys : NULL, code).found, 1);
    make(row, true, path, keys);
    struct said nearly = ask_about(path, row->with_keys ? keys : NULL, code);
    assert_true(nearly.exchanges > 0);
    assert_int_equal(nearly.found, 0);
}

static void comes_out_of_a_recorded_capture(void **state)
{
    const char *code = *state;
    const struct finding_capture *row = find_row(code);
    char path[PATH_BYTES];

    if (row == NULL || row->recorded == NULL)
        skip();
    (void)snprintf(path, sizeof path, "%s/%s", P2T_TESTS, row->recorded);
    assert_true(ask_about(path, NULL, code).found > 0);
}

/* Decryption goes on behind them: what was in them is missing all the same. */
static void records_missing_from_a_decrypted_response_are_a_gap(void **state)
{
    char path[PATH_BYTES], keys[PATH_BYTES];

    (void)state;
    make(find_row("tls.decryption_lost"), true, path, keys);
    assert_int_equal(ask_about(path, keys, "capture.gap").found, 1);
    assert_int_equal(ask_about(path, keys, "conn.closed_by_client").found, 0);
}

/* ---- each code a test ---- */

static size_t list_codes(char codes[CODES_MAX][64])
{
    struct program p = {0};
    size_t n = 0;

    program_run(&p, "--list findings");
    for (char *line = strtok((char *)p.out.p, "\n"); line != NULL; line = strtok(NULL, "\n"), n++) {
        cJSON *x = cJSON_Parse(line);
        assert_true(n < CODES_MAX);
        (void)snprintf(codes[n], 64, "%s", cJSON_GetStringValue(cJSON_GetObjectItem(x, "code")));
        cJSON_Delete(x);
    }
    program_free(&p);
    return n;
}

/* A row of a code that is no more would never run. */
static void every_row_has_its_code(void **state)
{
    static char codes[CODES_MAX][64];
    size_t n = list_codes(codes), rows = 0;

    (void)state;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        for (const struct finding_capture *row = families[i]; row->code != NULL; row++)
            rows++;
    assert_int_equal(rows, n);
}

int main(void)
{
    static char codes[CODES_MAX][64], names[2 * CODES_MAX][96];
    static struct CMUnitTest tests[2 * CODES_MAX + 2];
    size_t codes_n = list_codes(codes), n = 0;

    (void)mkdir(P2T_MADE, 0755);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(every_row_has_its_code);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(records_missing_from_a_decrypted_response_are_a_gap);
    for (size_t i = 0; i < codes_n; i++) {
        (void)snprintf(names[2 * i], sizeof *names, "%.60s_comes_out_of_its_capture_only", codes[i]);
        (void)snprintf(names[2 * i + 1], sizeof *names, "%.60s_comes_out_of_a_recorded_capture", codes[i]);
        tests[n++] = (struct CMUnitTest){names[2 * i], comes_out_of_its_capture_only, NULL, NULL, codes[i]};
        tests[n++] = (struct CMUnitTest){names[2 * i + 1], comes_out_of_a_recorded_capture, NULL, NULL, codes[i]};
    }
    return _cmocka_run_group_tests("findings_captures", tests, n, NULL, NULL);
}
