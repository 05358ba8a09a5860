#include "support/cmocka_all.h"

#include <string.h>

#include "example.h"

enum { CELLS_MAX = 64, CELL_MAX = 256 };

/* A line of RFC 4180, read back. */
static size_t parse_line(const char **at, char cells[CELLS_MAX][CELL_MAX])
{
    const char *p = *at;
    size_t n = 0;

    for (;; p++) {
        size_t k = 0;
        bool quoted = *p == '"';
        assert_true(n < CELLS_MAX);
        for (p += quoted; quoted ? *p != '"' || p[1] == '"' : *p != ',' && *p != '\r'; p++) {
            assert_true(*p != '\0' && k + 1 < CELL_MAX);
            assert_true(quoted || *p != '"');
            p += *p == '"';
            cells[n][k++] = *p;
        }
        cells[n++][k] = '\0';
        p += quoted;
        if (*p != ',')
            break;
    }
    assert_true(p[0] == '\r' && p[1] == '\n');
    *at = p + 2;
    return n;
}

static const char *cell(const struct p2t_exchange *x, const char *name)
{
    static char head[CELLS_MAX][CELL_MAX], line[CELLS_MAX][CELL_MAX];
    struct buf b = example_written(OUT_FORMAT_CSV, true, &x, 1);
    const char *at = (const char *)b.p, *found = NULL;
    size_t n = parse_line(&at, head);

    assert_int_equal(parse_line(&at, line), n);
    assert_true(*at == '\0');
    buf_fini(&b);
    for (size_t i = 0; i < n; i++)
        if (strcmp(head[i], name) == 0)
            found = line[i];
    assert_non_null(found);
    return found;
}

static void cells_stand_under_their_names(void **state)
{
    static const struct {
        const char *name, *slow, *no_address;
    } rows[] = {
        {"id", "0123456789abcdef", "0000000000000001"},
        {"kind", "http1", "lookup"},
        {"outcome", "ok", "dns_error"},
        {"error", "", "lookup b.internal on 10.0.0.10:53: no such host"},
        {"method", "GET", ""},
        {"url", "http://api.test:8080/v1/items?q=1", ""},
        {"host", "api.test:8080", "b.internal"},
        {"status", "200", ""},
        {"client", "10.1.9.1:40000", ""},
        {"server", "10.1.9.7:8080", ""},
        {"reused", "false", ""},
        {"start", "2026-01-02T03:04:05.250000000Z", "2026-01-02T03:04:05.250000000Z"},
        {"total_us", "203000.000", ""},
        {"dns_us", "325.000", ""},
        {"tls_us", "", ""},
        {"wait_us", "201000.000", ""},
        {"request_body_bytes", "0", ""},
        {"response_body_bytes", "1234", ""},
        {"content_type", "application/json", ""},
        {"findings", "", "dns.empty_answer"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_string_equal(cell(example_slow(), rows[i].name), rows[i].slow);
        assert_string_equal(cell(example_no_address(), rows[i].name), rows[i].no_address);
    }
}

static void a_cell_is_never_a_formula_and_never_leaves_its_place(void **state)
{
    static const struct {
        struct p2t_text from;
        const char *to;
    } rows[] = {
        {TEXT("=1+1"), "'=1+1"},
        {TEXT("+1"), "'+1"},
        {TEXT("-1"), "'-1"},
        {TEXT("@SUM(A1)"), "'@SUM(A1)"},
        {TEXT("\t=1"), "'\\t=1"},
        {TEXT("\r=1"), "'\\r=1"},
        {TEXT("\n=1"), "\\n=1"},
        {TEXT("\xef\xbc\x9d"
              "1"),
         "'\xef\xbc\x9d"
         "1"},
        {TEXT("a=1"), "a=1"},
        {TEXT("a,=1"), "a,=1"},
        {TEXT("a;=1"), "a;=1"},
        {TEXT("a\"b"), "a\"b"},
        {TEXT("\",=1"), "\",=1"},
        {TEXT("a\r\nb"), "a\\r\\nb"},
        {TEXT(" =1"), " =1"},
        {TEXT("'=1"), "'=1"},
        {TEXT("\x1b[31m"), "\\x1b[31m"},
        {TEXT(""), ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct p2t_exchange x = *example_slow();
        x.url = x.host = x.method = x.error = rows[i].from;
        assert_string_equal(cell(&x, "url"), rows[i].to);
        assert_string_equal(cell(&x, "host"), rows[i].to);
        assert_string_equal(cell(&x, "method"), rows[i].to);
        assert_string_equal(cell(&x, "error"), rows[i].to);
    }
}

/* Where a spreadsheet splits at semicolons, the rest of the cell must not begin anew. */
static void a_semicolon_stays_inside_quotes(void **state)
{
    struct p2t_exchange x = *example_slow();
    const struct p2t_exchange *list[] = {&x};

    (void)state;
    x.url = TEXT("a;=1");
    struct buf b = example_written(OUT_FORMAT_CSV, false, list, 1);
    assert_non_null(strstr((char *)b.p, ",\"a;=1\","));
    buf_fini(&b);
}

static void without_exchanges_the_names_remain(void **state)
{
    struct buf b = example_written(OUT_FORMAT_CSV, false, NULL, 0);

    (void)state;
    assert_memory_equal(b.p, "id,kind,outcome,", 16);
    assert_non_null(strstr((char *)b.p, ",findings,grpc_status,request_messages,response_messages\r\n"));
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_stand_under_their_names),
        cmocka_unit_test(a_cell_is_never_a_formula_and_never_leaves_its_place),
        cmocka_unit_test(a_semicolon_stays_inside_quotes),
        cmocka_unit_test(without_exchanges_the_names_remain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
