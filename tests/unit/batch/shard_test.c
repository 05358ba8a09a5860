#include "batch/shard.h"

#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "unit/batch/scratch.h"

static char said[300];

static void say(void *ctx, const char *subject, const char *text)
{
    (void)ctx;
    (void)subject;
    snprintf(said, sizeof said, "%s", text);
}

static enum batch_result read_manifest(struct shards *s, const char *text)
{
    const struct batch_config config = {.manifest = scratch("manifest"), .say = say};

    said[0] = '\0';
    scratch_write("manifest", text, strlen(text));
    return shards_read(s, &config);
}

#define LINE(rest) "{\"schema\":\"pcap2trace.shard/1\"," rest "}\n"

static void each_line_is_a_shard(void **state)
{
    struct shards s;

    (void)state;
    assert_int_equal(
        read_manifest(&s, LINE("\"folder\":\"/a\",\"name\":\"one\"") "\n" LINE(
                              "\"folder\":\"/b\",\"point_from\":\"(x)\",\"point\":\"x\",\"name\":\"two\"")),
        BATCH_DONE);
    assert_int_equal(s.count, 2);
    assert_string_equal(s.items[0].folder, "/a");
    assert_string_equal(s.items[0].point, "");
    assert_null(s.items[0].point_from);
    assert_string_equal(s.items[1].point_from, "(x)");
    assert_string_equal(s.items[1].point, "x");
    assert_ptr_equal(shards_named(&s, "two"), &s.items[1]);
    assert_null(shards_named(&s, "three"));
    shards_fini(&s);
}

static void a_line_that_is_no_shard_is_named_by_number(void **state)
{
    static const char *const bad[] = {
        "no json\n",
        "{\"folder\":\"/a\",\"name\":\"one\"}\n", /* no schema */
        "{\"schema\":\"pcap2trace.shard/2\",\"folder\":\"/a\",\"name\":\"one\"}\n",
        LINE("\"name\":\"one\""),
        LINE("\"folder\":\"/a\""),
        LINE("\"folder\":\"/a\",\"name\":\"\""),
        LINE("\"folder\":\"/a\",\"name\":\"first\""), /* taken */
    };
    struct shards s;
    char text[400];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(text, sizeof text, "%s%s", LINE("\"folder\":\"/f\",\"name\":\"first\""), bad[i]);
        assert_int_equal(read_manifest(&s, text), BATCH_FAILED);
        assert_non_null(strstr(said, "line 2 "));
        shards_fini(&s);
    }
}

static void a_manifest_that_is_not_there_is_said(void **state)
{
    const struct batch_config config = {.manifest = scratch("nowhere"), .say = say};
    struct shards s;

    (void)state;
    assert_int_equal(shards_read(&s, &config), BATCH_FAILED);
    assert_non_null(strstr(said, "No such file"));
    shards_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_is_a_shard),
        cmocka_unit_test(a_line_that_is_no_shard_is_named_by_number),
        cmocka_unit_test(a_manifest_that_is_not_there_is_said),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
