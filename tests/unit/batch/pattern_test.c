#include "batch/pattern.h"

#include "support/cmocka_all.h"
#include "unit/batch/scratch.h"

static void expect_point(const char *from, const char *name, const char *point)
{
    const struct folder_file file = {.name = (char *)(uintptr_t)name, .kind = FOLDER_CAPTURE};
    char out[PATTERN_POINT_MAX];
    struct pattern p;

    assert_int_equal(pattern_init(&p, from), P2T_OK);
    assert_int_equal(pattern_point(&p, &file, out), point != NULL);
    assert_string_equal(out, point != NULL ? point : "");
    pattern_fini(&p);
}

static void the_group_is_the_point(void **state)
{
    char longest[PATTERN_POINT_MAX + 2];

    (void)state;
    expect_point(NULL, "a.pcap", "");
    expect_point("^([a-z]+)-", "web-0001.pcap", "web");
    expect_point("^([a-z]+)-", "0001.pcap", NULL);
    expect_point("^([a-z]*)-", "-0001.pcap", NULL); /* an empty point */
    expect_point("^(web)?-", "-0001.pcap", NULL);   /* the group took no part */
    memset(longest, 'x', sizeof longest);
    longest[PATTERN_POINT_MAX] = '\0';
    expect_point("^(x+)", longest, NULL); /* one byte too long */
    longest[PATTERN_POINT_MAX - 1] = '\0';
    expect_point("^(x+)", longest, longest);
}

static void interfaces_are_the_point(void **state)
{
    struct folder_file file = {.name = (char[]){"a"}, .kind = FOLDER_CAPTURE, .interfaces = (char[]){"eth0+lo"}};
    char out[PATTERN_POINT_MAX];
    struct pattern p;

    (void)state;
    assert_int_equal(pattern_init(&p, "interface"), P2T_OK);
    assert_true(pattern_point(&p, &file, out));
    assert_string_equal(out, "eth0+lo");
    file.interfaces = NULL;
    assert_true(pattern_point(&p, &file, out));
    assert_string_equal(out, "unnamed");
    file.kind = FOLDER_NO_PACKETS; /* its interfaces may still come */
    assert_false(pattern_point(&p, &file, out));
    pattern_fini(&p);
}

static void a_bad_pattern_is_named(void **state)
{
    static const char *const bad[] = {"(", "no-group", "(two)(groups)"};
    struct pattern p;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(pattern_init(&p, bad[i]), P2T_ERR_USAGE);
        assert_true(strlen(p.error) > 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_group_is_the_point),
        cmocka_unit_test(interfaces_are_the_point),
        cmocka_unit_test(a_bad_pattern_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
