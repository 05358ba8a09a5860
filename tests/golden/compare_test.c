/* The founding incident: the service's own log beside the capture. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "unit/cli/program.h"

#define INCIDENT P2T_SAMPLES "/incident/incident.log " P2T_SAMPLES "/incident/incident.pcap"

static const cJSON *named(const cJSON *list, const char *field, const char *name)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        const char *s = cJSON_GetStringValue(cJSON_GetObjectItem(item, field));
        if (s != NULL && strcmp(s, name) == 0)
            return item;
    }
    return NULL;
}

static const cJSON *pair_of(const cJSON *json, const char *trace_id)
{
    const cJSON *pair;

    cJSON_ArrayForEach(pair, cJSON_GetObjectItem(json, "pairs"))
    {
        const cJSON *live = cJSON_GetObjectItem(pair, "live");
        if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(live, "trace_id")), trace_id) == 0)
            return pair;
    }
    fail_msg("no pair %s", trace_id);
    return NULL;
}

/* The request that never happened: the same answer on both sides. */
static void the_lookup_gave_no_address_on_both_sides(void **state)
{
    static const char *const error = "lookup payments.shop.internal on 10.42.0.20:53: no such host";
    struct program p = {0};

    (void)state;
    program_run(&p, "compare -T json --live " INCIDENT);
    assert_int_equal(p.status, 0);
    cJSON *json = cJSON_Parse((const char *)p.out.p);
    const cJSON *pair = pair_of(json, "checkout-4711-3");
    const cJSON *wire = cJSON_GetObjectItem(pair, "wire");
    const cJSON *done = named(cJSON_GetObjectItem(pair, "hooks"), "hook", "DNSDone");
    assert_string_equal(cJSON_GetObjectItem(wire, "kind")->valuestring, "lookup");
    assert_non_null(done);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(done, "live_addresses")), 0);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(done, "wire_addresses")), 0);
    assert_true(cJSON_IsArray(cJSON_GetObjectItem(done, "live_addresses")));
    assert_true(cJSON_IsArray(cJSON_GetObjectItem(done, "wire_addresses")));
    assert_string_equal(cJSON_GetObjectItem(done, "live_error")->valuestring, error);
    assert_string_equal(cJSON_GetObjectItem(done, "wire_error")->valuestring, error);
    cJSON_Delete(json);
    program_free(&p);
}

static void the_others_agree_too(void **state)
{
    struct program p = {0};
    const char *text;

    (void)state;
    program_run(&p, "compare --live " INCIDENT);
    text = (const char *)p.out.p;
    assert_int_equal(p.status, 0);
    assert_non_null(
        strstr(text, "live: no addresses, lookup payments.shop.internal\n          on 10.42.0.20:53: no such host  "
                     "wire: no addresses, lookup payments.shop.internal on\n          10.42.0.20:53: no such host"));
    assert_non_null(strstr(text, "most of it the server: 180."));
    assert_non_null(strstr(text, "4 live traces, 4 exchanges: 4 joined (3 by id,"));
    assert_non_null(strstr(text, "4 of 4 pairs agree"));
    assert_non_null(strstr((const char *)p.err.p, "4 trace results read, 0 unreadable"));
    program_free(&p);
}

/* A call that the log lacks, and one that the capture lacks. */
static void what_one_side_lacks_is_named(void **state)
{
    FILE *in = fopen(P2T_SAMPLES "/incident/incident.log", "r"), *out = fopen("compare_part.log", "w");
    char line[8192];
    struct program p = {0};

    (void)state;
    assert_true(in != NULL && out != NULL);
    for (int i = 0; fgets(line, sizeof line, in) != NULL; i++)
        if (i > 0)
            fputs(line, out);
    fputs("x {\"TraceId\":\"lost\",\"Conn\":{\"Got\":\"2026-11-22T10:13:40.1Z\"},\"Request\":{\"Method\":\"PUT\","
          "\"URL\":\"http://stock.shop.internal:8080/lost\"}}\n{\"TraceId\":\"cut\",\"Co",
          out);
    fclose(in);
    assert_int_equal(fclose(out), 0);
    program_run(&p, "compare -T json --live compare_part.log " P2T_SAMPLES "/incident/incident.pcap");
    cJSON *json = cJSON_Parse((const char *)p.out.p);
    assert_int_equal(p.status, 2); /* a line could not be read */
    assert_non_null(strstr((const char *)p.err.p, "compare_part.log:5: JSON that is cut or malformed"));
    const cJSON *live_only = cJSON_GetObjectItem(json, "live_only"),
                *wire_only = cJSON_GetObjectItem(json, "wire_only");
    assert_int_equal(cJSON_GetArraySize(live_only), 1);
    assert_non_null(named(live_only, "trace_id", "lost"));
    assert_int_equal(cJSON_GetArraySize(wire_only), 1);
    assert_non_null(named(wire_only, "url", "http://orders.shop.internal:8080/v1/orders/4711"));
    cJSON_Delete(json);
    program_free(&p);
    program_run(&p, "compare --live compare_part.log " P2T_SAMPLES "/incident/incident.pcap");
    assert_non_null(strstr((const char *)p.out.p,
                           "live and wire DIFFER: 1 live without packets, 1 exchanges without a live trace\n"));
    program_free(&p);
    assert_int_equal(remove("compare_part.log"), 0);
}

static void write_file(const char *path, const char *text, int times)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    for (int i = 0; i < times; i++)
        fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static size_t lines_of(const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++)
        n += *text == '\n';
    return n;
}

static void exit_status_and_what_is_said(void **state)
{
    static const struct {
        const char *line;
        int status;
        const char *err; /* is part of what stands on stderr */
    } rows[] = {
        {"compare --live " INCIDENT, 0, "4 trace results read, 0 unreadable, 0 other lines"},
        {"compare -q --live " INCIDENT, 0, ""},
        {"--live " P2T_SAMPLES "/incident/incident.log compare " P2T_SAMPLES "/incident/incident.pcap", 0, ""},
        /* one call of four */
        {"compare --live compare_one.log " P2T_SAMPLES "/incident/incident.pcap", 1, "1 trace results read"},
        {"compare --host stock.* --live " INCIDENT, 0, ""},
        {"compare --tolerance 1ns --live " INCIDENT, 1, ""},
        /* nothing to compare */
        {"compare --live compare_plain.log " P2T_SAMPLES "/incident/incident.pcap", 2,
         "compare_plain.log: --live found no live trace (0 unreadable, 1 other line), nothing was compared"},
        {"compare --live /no/such/file " P2T_SAMPLES "/incident/incident.pcap", 2, "/no/such/file: No such file"},
        {"compare --live " P2T_SAMPLES "/incident/incident.log /no/such/file", 2, "/no/such/file: cannot open"},
        {"compare --live " P2T_SAMPLES " " P2T_SAMPLES "/incident/incident.pcap", 2, "Is a directory"},
        {"compare --live compare_cut.log " P2T_SAMPLES "/incident/incident.pcap", 2,
         "\npcap2trace: 15 more such lines\n"},
        {"compare -o /no/such/folder/x --live " INCIDENT, 2, "/no/such/folder/x: No such file"},
    };

    (void)state;
    write_file("compare_one.log",
               "{\"TraceId\":\"checkout-4711-4\",\"Request\":{\"Wrote\":\"2026-11-22T10:13:40.206940654Z\"}}", 1);
    write_file("compare_plain.log", "nothing of ours\n", 1);
    write_file("compare_cut.log", "{\"TraceId\n", 25);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct program p = {0};
        program_run(&p, rows[i].line);
        if (p.status != rows[i].status || strstr((const char *)p.err.p, rows[i].err) == NULL)
            fail_msg("%s: %d, %s", rows[i].line, p.status, (const char *)p.err.p);
        if (strstr(rows[i].line, "cut.log") != NULL)
            assert_int_equal(lines_of((const char *)p.err.p), 10 + 1 + 1);
        if (strstr(rows[i].line, "-q") != NULL)
            assert_string_equal((const char *)p.err.p, "");
        program_free(&p);
    }
    assert_int_equal(remove("compare_one.log") + remove("compare_plain.log") + remove("compare_cut.log"), 0);
}

static void live_traces_from_a_pipe(void **state)
{
    struct program p = {.stdin_path = P2T_SAMPLES "/incident/incident.log"};

    (void)state;
    program_run(&p, "compare --differing --live - " P2T_SAMPLES "/incident/incident.pcap");
    assert_int_equal(p.status, 0);
    assert_null(strstr((const char *)p.out.p, "joined by id with"));
    assert_non_null(strstr((const char *)p.out.p, "4 of 4 pairs agree"));
    program_free(&p);
}

/* What the program writes itself is a live trace, too: beside its own capture nothing differs, and by nothing. */
static void its_own_output_agrees_with_itself(void **state)
{
    static const char *const captures[] = {P2T_SAMPLES "/incident/incident.pcap",
                                           P2T_GOLDEN "/captures/tls-keys.pcap.gz"};

    (void)state;
    for (size_t i = 0; i < sizeof captures / sizeof *captures; i++)
        for (int form = 0; form < 2; form++) {
            char line[1024];
            struct program p = {0};
            snprintf(line, sizeof line, "-T %s -o compare_own.json %s", form == 0 ? "ndjson" : "json", captures[i]);
            program_run(&p, line);
            assert_int_equal(p.status, 0);
            program_free(&p);
            p = (struct program){0};
            snprintf(line, sizeof line, "compare -T json --tolerance 1ns --live compare_own.json %s", captures[i]);
            program_run(&p, line);
            cJSON *json = cJSON_Parse((const char *)p.out.p);
            assert_int_equal(p.status, 0);
            assert_int_equal(cJSON_GetObjectItem(cJSON_GetObjectItem(json, "clock"), "offset_us")->valuedouble, 0);
            const cJSON *hook;
            cJSON_ArrayForEach(hook, cJSON_GetObjectItem(json, "hooks"))
            {
                const cJSON *max = cJSON_GetObjectItem(hook, "max_us");
                assert_true(cJSON_IsNull(max) || max->valuedouble == 0);
            }
            cJSON_Delete(json);
            program_free(&p);
        }
    assert_int_equal(remove("compare_own.json"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lookup_gave_no_address_on_both_sides),
        cmocka_unit_test(the_others_agree_too),
        cmocka_unit_test(what_one_side_lacks_is_named),
        cmocka_unit_test(exit_status_and_what_is_said),
        cmocka_unit_test(live_traces_from_a_pipe),
        cmocka_unit_test(its_own_output_agrees_with_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
