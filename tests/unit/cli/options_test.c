#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/option_table.h"
#include "cli/options.h"
#include "pcap2trace/status.h"

enum { ARGS_MAX = 32 };

struct parsed {
    struct cli_options o;
    struct buf complaint;
    char words[512];
    char *argv[ARGS_MAX + 1];
    int status;
};

/* One line, words separated by single spaces. */
static void parse(struct parsed *p, const char *line)
{
    int argc = 0;

    memset(p, 0, sizeof *p);
    assert_true(strlen(line) < sizeof p->words);
    strcpy(p->words, line);
    for (char *word = strtok(p->words, " "); word != NULL; word = strtok(NULL, " "))
        p->argv[argc++] = word;
    p->status = cli_options_parse(&p->o, argc, p->argv, &p->complaint);
    buf_putc(&p->complaint, '\0');
}

static void done(struct parsed *p)
{
    cli_options_free(&p->o);
    buf_fini(&p->complaint);
}

static void defaults_are_a_line_for_each_complete_exchange(void **state)
{
    struct parsed p;

    (void)state;
    parse(&p, "pcap2trace a.pcap");
    assert_int_equal(p.status, P2T_OK);
    assert_int_equal(p.o.action, CLI_TRACE);
    assert_int_equal(p.o.format, OUT_FORMAT_LINES);
    assert_int_equal(p.o.capture_count, 1);
    assert_string_equal(p.o.captures[0], "a.pcap");
    assert_null(p.o.output);
    assert_true(filter_is_empty(&p.o.filter));
    assert_false(p.o.all || p.o.show_secrets || p.o.recursive || p.o.quiet || p.o.verbose);
    assert_int_equal(p.o.count, 0);
    done(&p);
}

static void every_option_arrives(void **state)
{
    struct parsed p;

    (void)state;
    parse(&p, "pcap2trace -T csv -R -c 12 -j 1024 -o out -f udp -q -v --all --show-secrets --redact x-* --keep a "
              "--keep b --color never --progress=always --stats stages");
    assert_string_equal((char *)p.complaint.p, "no capture given");
    assert_int_equal(p.o.format, OUT_FORMAT_CSV);
    assert_int_equal(p.o.count, 12);
    assert_int_equal(p.o.jobs, 1024);
    assert_string_equal(p.o.output, "out");
    assert_string_equal(p.o.bpf, "udp");
    assert_true(p.o.all && p.o.show_secrets && p.o.recursive && p.o.quiet && p.o.verbose);
    assert_int_equal(p.o.redact_count, 1);
    assert_string_equal(p.o.redact[0], "x-*");
    assert_int_equal(p.o.keep_count, 2);
    assert_string_equal(p.o.keep[1], "b");
    assert_int_equal(p.o.color, CLI_NEVER);
    assert_int_equal(p.o.progress, CLI_ALWAYS);
    assert_true(p.o.stages && !p.o.compact);
    done(&p);
}

static void the_compact_form_is_of_ndjson(void **state)
{
    static const char *const taken[] = {"pcap2trace -T ndjson --compact a", "pcap2trace -o x.ndjson --compact a",
                                        "pcap2trace -o x.NDJSON.zst --compact a",
                                        "pcap2trace batch --compact --out x a"};
    struct parsed p;

    (void)state;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        parse(&p, taken[i]);
        assert_int_equal(p.status, P2T_OK);
        assert_true(p.o.compact);
        done(&p);
    }
}

static void key_log_is_a_file_or_what_the_environment_names(void **state)
{
    struct parsed p;

    (void)state;
    setenv("SSLKEYLOGFILE", "/from/env.log", 1);
    parse(&p, "pcap2trace --keylog keys.log a");
    assert_int_equal(p.status, P2T_OK);
    assert_string_equal(p.o.keylog, "keys.log");
    done(&p);
    parse(&p, "pcap2trace --keylog env a");
    assert_int_equal(p.status, P2T_OK);
    assert_string_equal(p.o.keylog, "/from/env.log");
    done(&p);
    parse(&p, "pcap2trace a");
    assert_null(p.o.keylog);
    done(&p);
    unsetenv("SSLKEYLOGFILE");
    parse(&p, "pcap2trace --keylog env a");
    assert_int_equal(p.status, P2T_ERR_USAGE);
    done(&p);
}

static void captures_come_from_r_and_from_either_side_of_options(void **state)
{
    struct parsed p;

    (void)state;
    parse(&p, "pcap2trace trace b -r a --failed - -r trace c");
    assert_int_equal(p.status, P2T_OK);
    assert_int_equal(p.o.capture_count, 5);
    const char *const all[] = {"a", "trace", "b", "-", "c"};
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(p.o.captures[i], all[i]);
    assert_true(p.o.filter.failed);
    done(&p);
}

static void a_dash_is_standard_output(void **state)
{
    struct parsed p;

    (void)state;
    parse(&p, "pcap2trace -o - a");
    assert_int_equal(p.status, P2T_OK);
    assert_null(p.o.output);
    done(&p);
}

static void the_ending_of_the_output_says_the_format(void **state)
{
    static const struct {
        const char *line;
        enum out_format format;
    } rows[] = {{"pcap2trace -o x.har a", OUT_FORMAT_HAR},
                {"pcap2trace -o x.JSON a", OUT_FORMAT_JSON},
                {"pcap2trace -o x.ndjson a", OUT_FORMAT_NDJSON},
                {"pcap2trace -o x.jsonl a", OUT_FORMAT_NDJSON},
                {"pcap2trace -o x.csv a", OUT_FORMAT_CSV},
                {"pcap2trace -o x.txt a", OUT_FORMAT_LINES},
                {"pcap2trace -o har a", OUT_FORMAT_LINES},
                {"pcap2trace --id 0 a", OUT_FORMAT_TEXT},
                {"pcap2trace --trace-id x -o x.txt a", OUT_FORMAT_TEXT},
                {"pcap2trace -T lines --id 0 a", OUT_FORMAT_LINES},
                {"pcap2trace --id 0 -o x.csv a", OUT_FORMAT_CSV},
                {"pcap2trace -T text -o x.har a", OUT_FORMAT_TEXT},
                {"pcap2trace -T lines -o x.html a", OUT_FORMAT_LINES},
                {"pcap2trace summary -o x.json a", OUT_FORMAT_JSON},
                {"pcap2trace explain --id 0 -o x.json a", OUT_FORMAT_JSON},
                {"pcap2trace compare --live l -o x.csv a", OUT_FORMAT_CSV},
                {"pcap2trace report -o x.html a", OUT_FORMAT_TEXT}};
    struct parsed p;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        parse(&p, rows[i].line);
        assert_int_equal(p.status, P2T_OK);
        assert_int_equal(p.o.format, rows[i].format);
        done(&p);
    }
}

static void a_database_is_asked_for_by_its_ending(void **state)
{
    static const struct {
        const char *line;
        bool database;
    } rows[] = {{"pcap2trace -o x.sqlite a", true},
                {"pcap2trace -o x.SQLite a", true},
                {"pcap2trace -T text -o x.sqlite a", false},
                {"pcap2trace summary -T json -o x.db a", false},
                {"pcap2trace -o sqlite a", false},
                {"pcap2trace -o x.gz.ndjson a", false},
                {"pcap2trace a", false}};
    struct parsed p;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        parse(&p, rows[i].line);
        assert_int_equal(p.status, P2T_OK);
        assert_int_equal(p.o.database, rows[i].database);
        done(&p);
    }
}

static void help_version_and_lists_need_nothing_else(void **state)
{
    static const struct {
        const char *line;
        enum cli_action action;
    } rows[] = {{"pcap2trace -h", CLI_HELP},           {"pcap2trace --help", CLI_HELP},
                {"pcap2trace help", CLI_HELP},         {"pcap2trace --version", CLI_VERSION},
                {"pcap2trace --list hooks", CLI_LIST}, {"pcap2trace summary --version", CLI_VERSION}};
    struct parsed p;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        parse(&p, rows[i].line);
        assert_int_equal(p.status, P2T_OK);
        assert_int_equal(p.o.action, rows[i].action);
        done(&p);
    }
}

static void help_is_about_a_command_where_one_is_named(void **state)
{
    static const struct {
        const char *line, *about;
    } rows[] = {{"pcap2trace -h", NULL},
                {"pcap2trace help", NULL},
                {"pcap2trace help summary", "summary"},
                {"pcap2trace summary --help", "summary"},
                {"pcap2trace -h extract", "extract"},
                {"pcap2trace extract --id 0 --bogus -h a.pcap", "extract"},
                {"pcap2trace -h a.pcap", NULL}};
    struct parsed p;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        parse(&p, rows[i].line);
        bool bogus = strstr(rows[i].line, "--bogus") != NULL; /* what stands before it is read first */
        assert_int_equal(p.status, bogus ? P2T_ERR_USAGE : P2T_OK);
        if (!bogus) {
            assert_int_equal(p.o.action, CLI_HELP);
            assert_string_equal(p.o.about != NULL ? p.o.about->name : "", rows[i].about != NULL ? rows[i].about : "");
        }
        done(&p);
    }
}

/* Each row names a command; those of one option are of different commands, and agree on whether it takes a value. */
static void the_table_is_consistent(void **state)
{
    (void)state;
    for (const struct cli_option *a = cli_option_table; a->name != NULL; a++) {
        assert_true(a->commands != 0 && a->help != NULL && (a->kind == CLI_VALUE_NONE) == (a->value == NULL));
        assert_int_equal(a->kind == CLI_VALUE_CHOICE, a->choices != NULL);
        for (const struct cli_option *b = a + 1; b->name != NULL; b++) {
            assert_int_equal(a->id == b->id, strcmp(a->name, b->name) == 0);
            assert_true(a->id != b->id || ((a->commands & b->commands) == 0 && !a->value == !b->value));
        }
    }
}

static void a_list_is_asked_for_by_name(void **state)
{
    static const char *const names[CLI_LIST_COUNT] = {"findings", "causes",    "hooks", "formats",
                                                      "counters", "redaction", "fields"};
    struct parsed p;
    char line[64];

    (void)state;
    for (int i = 0; i < CLI_LIST_COUNT; i++) {
        snprintf(line, sizeof line, "pcap2trace --list %s", names[i]);
        parse(&p, line);
        assert_int_equal(p.status, P2T_OK);
        assert_int_equal(p.o.list, i);
        done(&p);
    }
}

static void sizes_have_units(void **state)
{
    static const struct {
        const char *line;
        size_t bytes;
    } rows[] = {
        {"pcap2trace a", 0},
        {"pcap2trace --max-memory 33554432 a", 33554432},
        {"pcap2trace --max-memory 33554433B a", 33554433},
        {"pcap2trace --max-memory 65536k a", 64 << 20},
        {"pcap2trace --max-memory 32M a", 32 << 20},
        {"pcap2trace --max-memory=512mb a", 512 << 20},
        {"pcap2trace batch --out o --max-memory 2G a", (size_t)2 << 30},
        {"pcap2trace compare --live l --max-memory 1GB a", (size_t)1 << 30},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct parsed p;
        parse(&p, rows[i].line);
        assert_int_equal(p.status, 0);
        assert_int_equal(p.o.max_memory, rows[i].bytes);
        done(&p);
    }
}

static void mistakes_are_named(void **state)
{
    static const struct {
        const char *line, *named;
    } rows[] = {
        {"pcap2trace", "no capture given"},
        {"pcap2trace trace", "no capture given"},
        {"pcap2trace -T xml a",
         "-T 'xml': expected text, ndjson, json, trace-result, csv, lines, har, otlp or perfetto"},
        {"pcap2trace --list finding", "did you mean 'findings'?"},
        {"pcap2trace --list xml",
         "--list 'xml': expected findings, causes, hooks, formats, counters, redaction or fields"},
        {"pcap2trace -T", "'-T' needs a value"},
        {"pcap2trace --format", "'--format' needs a value"},
        {"pcap2trace --bogus a", "unknown option '--bogus'"},
        {"pcap2trace --faled a", "unknown option '--faled'; did you mean '--failed'?"},
        {"pcap2trace --hots=x a", "unknown option '--hots=x'; did you mean '--host'?"},
        {"pcap2trace -T jsno a", "or perfetto; did you mean 'json'?"},
        {"pcap2trace --color alway a", "expected auto, always or never; did you mean 'always'?"},
        {"pcap2trace --time now a", "--time 'now': expected utc, local, epoch or relative"},
        {"pcap2trace sumary a", "'sumary' is neither a command nor a capture; did you mean 'summary'?"},
        {"pcap2trace sumary", "did you mean 'summary'?"},
        {"pcap2trace nothing a", "'nothing' is neither a command nor a capture"},
        {"pcap2trace help reprot", "no command is called 'reprot'; did you mean 'report'?"},
        {"pcap2trace help report summary", "one command at a time"},
        {"pcap2trace -x a", "'-x'"},
        {"pcap2trace --stat a", "ambiguous option '--stat': --stats, --status"},
        {"pcap2trace batch --stat x a", "ambiguous option '--stat': --state, --status"},
        {"pcap2trace --stat=x batch a", "ambiguous option '--stat=x': --state, --status"},
        {"pcap2trace batch --s a", "ambiguous option '--s': --state, --settle, --shard, --show-secrets"},
        {"pcap2trace --failed=1 a", "'--failed=1' takes no value"},
        {"pcap2trace -c 0 a", "-c '0'"},
        {"pcap2trace -c -1 a", "-c '-1'"},
        {"pcap2trace -c 1x a", "-c '1x'"},
        {"pcap2trace -j 0 a", "-j '0'"},
        {"pcap2trace --jobs 1025 a", "-j '1025'"},
        {"pcap2trace -j x a", "-j 'x'"},
        {"pcap2trace --max-memory 31M a", "--max-memory '31M': expected a size of at least 32M"},
        {"pcap2trace --max-memory 33554431 a", "--max-memory '33554431'"},
        {"pcap2trace --max-memory 1T a", "--max-memory '1T'"},
        {"pcap2trace --max-memory 64Mi a", "--max-memory '64Mi'"},
        {"pcap2trace --max-memory M a", "--max-memory 'M'"},
        {"pcap2trace --max-memory -64M a", "--max-memory '-64M'"},
        {"pcap2trace --max-memory 18446744073709551615G a", "--max-memory '18446744073709551615G'"},
        {"pcap2trace --color sometimes a", "--color 'sometimes'"},
        {"pcap2trace --progress 1 a", "--progress '1'"},
        {"pcap2trace --stats all a", "--stats 'all': expected stages"},
        {"pcap2trace summary --stats stages a", "--stats belongs to the command 'trace'"},
        {"pcap2trace --compact a", "--compact is a form of ndjson"},
        {"pcap2trace -T json --compact a", "--compact is a form of ndjson"},
        {"pcap2trace summary --compact a", "--compact is a form of ndjson"},
        {"pcap2trace plan --compact a", "--compact is a form of ndjson"},
        {"pcap2trace --status 6x a", "--status '6x'"},
        {"pcap2trace --status 404, a", "--status '404,'"},
        {"pcap2trace --status 6xx a", "a class from 1xx to 5xx"},
        {"pcap2trace -o x.html a", "'pcap2trace report'"},
        {"pcap2trace -o X.PCAPNG a", "'pcap2trace extract'"},
        {"pcap2trace -o x.html.zst a", "'pcap2trace report'"},
        {"pcap2trace -o x.sqlite.zst a", "a database is not compressed"},
        {"pcap2trace -o x.SQLite.zst a", "a database is not compressed"},
        {"pcap2trace -o x.db a", "'pcap2trace trace' writes databases, to FILE.sqlite"},
        {"pcap2trace -o x.sqlite3 a", "'pcap2trace trace' writes databases, to FILE.sqlite"},
        {"pcap2trace summary -o x.sqlite a", "'pcap2trace trace' writes databases, to FILE.sqlite"},
        {"pcap2trace report -o x.sqlite a", "'pcap2trace report' writes an HTML page: -o FILE.html"},
        {"pcap2trace report -o x.json a", "'pcap2trace report' writes an HTML page: -o FILE.html"},
        {"pcap2trace report -o x.NDJSON.zst a", "'pcap2trace report' writes an HTML page: -o FILE.html"},
        {"pcap2trace report -o x.pcapng a", "'pcap2trace report' writes an HTML page: -o FILE.html"},
        {"pcap2trace extract --id 1 -w x.json a", "-w 'x.json': 'pcap2trace extract' writes packets: -w FILE.pcapng"},
        {"pcap2trace extract --id 1 -w x.html a", "'pcap2trace extract' writes packets: -w FILE.pcapng"},
        {"pcap2trace extract --id 1 -w x.sqlite a", "'pcap2trace extract' writes packets: -w FILE.pcapng"},
        {"pcap2trace -o x.ndjson.gz a", "end the name with .zst, or pipe the output into gzip"},
        {"pcap2trace -T ndjson -o x.XZ a", "end the name with .zst, or pipe the output into xz"},
        {"pcap2trace report -o x.html.gz a", "only zstd is written"},
        {"pcap2trace extract --id 1 -w x.pcapng.gz a", "-w 'x.pcapng.gz': only zstd is written"},
        {"pcap2trace summary -o x.har a", "choose another with -T"},
        {"pcap2trace explain --id 0 -o x.ndjson a", "choose another with -T"},
        {"pcap2trace --slower-than 250 a", "--slower-than '250'"},
        {"pcap2trace --id xyz a", "--id 'xyz'"},
        {"pcap2trace summary -T csv a", "summary writes text or json"},
        {"pcap2trace summary -c 3 a", "summary takes all exchanges"},
        {"pcap2trace summary --top 0 a", "--top '0': expected a number"},
        {"pcap2trace --top 3 a", "--top belongs to the commands 'summary' and 'report'"},
        {"pcap2trace --title x a", "--title belongs to the command 'report'"},
        {"pcap2trace summary --captures x a", "--captures belongs to the commands 'explain' and 'extract'"},
        {"pcap2trace report --title= -o x.html a", "--title ''"},
        {"pcap2trace report a", "-o FILE.html"},
        {"pcap2trace report -o - a", "-o FILE.html"},
        {"pcap2trace report -T json -o x.html a", "report always writes HTML"},
        {"pcap2trace report -c 3 -o x.html a", "report takes all exchanges"},
        {"pcap2trace report --live l -o x.html a", "--live belongs to the command 'compare'"},
        {"pcap2trace compare a", "--live FILE"},
        {"pcap2trace compare --live l -T har a", "text, json or csv"},
        {"pcap2trace compare --live l -T ndjson a", "text, json or csv"},
        {"pcap2trace compare --live l -c 3 a", "-c does not apply"},
        {"pcap2trace compare --live l --tolerance 5 a", "--tolerance '5'"},
        {"pcap2trace compare --live - -", "only once"},
        {"pcap2trace --live l a", "--live belongs to the command 'compare'"},
        {"pcap2trace --differing a", "--differing belongs to the command 'compare'"},
        {"pcap2trace --since yesterday a", "--since 'yesterday'"},
        {"pcap2trace --kind http3 a", "--kind 'http3'"},
        {"pcap2trace --port 65536 a", "--port '65536'"},
        {"pcap2trace doctor --failed a", "doctor looks at whole captures"},
        {"pcap2trace compare --live l --client web a", "--client 'web'"},
        {"pcap2trace compare --live l", "no capture given"},
        {"pcap2trace explain a", "--id ID or --trace-id ID"},
        {"pcap2trace explain --id 1 -", "standard input can be read only once"},
        {"pcap2trace explain --id 1 -T csv a", "explain writes text or json"},
        {"pcap2trace explain --id 1 -c 2 a", "-c does not apply"},
        {"pcap2trace explain --id 1 --minimal a", "--minimal belongs to the command 'extract'"},
        {"pcap2trace extract -w f a", "--id ID or --trace-id ID"},
        {"pcap2trace extract --id 1 a", "-w FILE.pcapng"},
        {"pcap2trace extract --id 1 -w f -", "standard input can be read only once"},
        {"pcap2trace extract --id 1 -w f -T json a", "-T does not apply"},
        {"pcap2trace extract --id 1 -w f --with-secrets a", "it needs --show-secrets"},
        {"pcap2trace --minimal a", "--minimal belongs to the command 'extract'"},
        {"pcap2trace batch a", "--out FOLDER"},
        {"pcap2trace batch --out o -R a", "-R does not apply to the command 'batch'"},
        {"pcap2trace -w f a", "-w belongs to the commands 'extract' and 'mcp'"},
        {"pcap2trace doctor --time local a", "--time belongs to the commands 'trace' and 'summary'"},
        {"pcap2trace plan --follow a", "--follow belongs to the command 'batch'"},
    };
    struct parsed p;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        parse(&p, rows[i].line);
        assert_int_equal(p.status, P2T_ERR_USAGE);
        if (strstr((char *)p.complaint.p, rows[i].named) == NULL)
            fail_msg("%s: %s", rows[i].line, (char *)p.complaint.p);
        done(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_a_line_for_each_complete_exchange),
        cmocka_unit_test(every_option_arrives),
        cmocka_unit_test(the_compact_form_is_of_ndjson),
        cmocka_unit_test(key_log_is_a_file_or_what_the_environment_names),
        cmocka_unit_test(captures_come_from_r_and_from_either_side_of_options),
        cmocka_unit_test(a_dash_is_standard_output),
        cmocka_unit_test(the_ending_of_the_output_says_the_format),
        cmocka_unit_test(a_database_is_asked_for_by_its_ending),
        cmocka_unit_test(help_version_and_lists_need_nothing_else),
        cmocka_unit_test(help_is_about_a_command_where_one_is_named),
        cmocka_unit_test(the_table_is_consistent),
        cmocka_unit_test(a_list_is_asked_for_by_name),
        cmocka_unit_test(sizes_have_units),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
