/* The manual page has the program's lists: its table of findings is the list's (`test_man_page print` prints what it is to
 * be), and each output format is described. */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "pcap2trace/finding.h"
#include "write/writer.h"

/* roff takes a bare - for a hyphen. */
static void put_roff(struct buf *b, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '-')
            buf_putc(b, '\\');
        buf_putc(b, *text);
    }
}

static void put_table(struct buf *b)
{
    for (int i = 0; i < P2T_FINDING_COUNT; i++) {
        const struct p2t_finding_info *f = p2t_finding_info((enum p2t_finding_code)i);
        buf_printf(b, ".TP\n.BR %s \" (%s, %s)\"\n", f->code, p2t_severity_name(f->severity), p2t_side_name(f->side));
        put_roff(b, f->text);
        buf_lit(b, "\n");
    }
    buf_putc(b, '\0');
}

static void read_page(struct buf *b)
{
    FILE *f = fopen(P2T_MAN_PAGE, "rb");
    char piece[4096];
    size_t n;

    assert_non_null(f);
    while ((n = fread(piece, 1, sizeof piece, f)) > 0)
        buf_put(b, piece, n);
    fclose(f);
    buf_putc(b, '\0');
}

static size_t count(const char *text, const char *word)
{
    size_t n = 0;

    while ((text = strstr(text, word)) != NULL) {
        n++;
        text += strlen(word);
    }
    return n;
}

static const char *section_of(struct buf *page, const char *begin)
{
    read_page(page);
    char *section = strstr((char *)page->p, begin);

    assert_non_null(section);
    char *end = strstr(section + 1, "\n.SH ");
    assert_non_null(end);
    end[1] = '\0';
    return section;
}

static void the_page_has_the_table_of_the_list(void **state)
{
    struct buf table = {0}, page = {0};

    (void)state;
    put_table(&table);
    const char *section = section_of(&page, ".SH FINDINGS\n");
    if (strstr(section, (const char *)table.p) == NULL)
        fail_msg("the table in " P2T_MAN_PAGE " is not the list's: put there what `test_man_page print` prints");
    /* And no other row. */
    assert_int_equal(count(section, ".TP\n"), P2T_FINDING_COUNT);
    buf_fini(&table);
    buf_fini(&page);
}

static void the_page_describes_each_output_format(void **state)
{
    struct buf page = {0};
    const char *section = section_of(&page, ".SH FORMATS\n");

    (void)state;
    for (int i = 0; i < OUT_FORMAT_COUNT; i++) {
        char row[64];
        (void)snprintf(row, sizeof row, ".TP\n.B %s\n", out_format_name((enum out_format)i));
        if (strstr(section, row) == NULL)
            fail_msg("the section FORMATS of " P2T_MAN_PAGE " does not describe %s",
                     out_format_name((enum out_format)i));
    }
    assert_int_equal(count(section, ".TP\n"), OUT_FORMAT_COUNT);
    buf_fini(&page);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_has_the_table_of_the_list),
        cmocka_unit_test(the_page_describes_each_output_format),
    };
    struct buf table = {0};

    if (argc < 2 || strcmp(argv[1], "print") != 0)
        return cmocka_run_group_tests(tests, NULL, NULL);
    put_table(&table);
    fputs((const char *)table.p, stdout);
    buf_fini(&table);
    return 0;
}
