#include "support/cmocka_all.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "cli/list.h"
#include "pcap2trace/exchange.h"

/* Lines of JSON, one by one. */
struct lines {
    struct buf text;
    char *next;
};

static void lines_of(struct lines *l, enum cli_list list)
{
    *l = (struct lines){0};
    list_to(&l->text, list);
    buf_putc(&l->text, '\0');
    assert_false(l->text.failed);
    l->next = (char *)l->text.p;
}

/* NULL at the end. To be deleted. */
static cJSON *next_line(struct lines *l)
{
    char *end = strchr(l->next, '\n');

    if (end == NULL) {
        assert_string_equal(l->next, "");
        return NULL;
    }
    *end = '\0';
    cJSON *object = cJSON_Parse(l->next);
    assert_true(cJSON_IsObject(object));
    l->next = end + 1;
    return object;
}

static const char *string(const cJSON *object, const char *name)
{
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

    assert_non_null(s);
    return s;
}

static void findings_are_listed_with_what_they_say(void **state)
{
    struct lines l;
    cJSON *object;
    int n = 0;

    (void)state;
    lines_of(&l, CLI_LIST_FINDINGS);
    for (; (object = next_line(&l)) != NULL; n++) {
        const struct p2t_finding_info *f = p2t_finding_info((enum p2t_finding_code)n);
        assert_non_null(f);
        assert_string_equal(string(object, "code"), f->code);
        assert_string_equal(string(object, "severity"), p2t_severity_name(f->severity));
        assert_string_equal(string(object, "side"), p2t_side_name(f->side));
        assert_string_equal(string(object, "text"), f->text);
        cJSON_Delete(object);
    }
    assert_int_equal(n, P2T_FINDING_COUNT);
    buf_fini(&l.text);
}

static void hooks_are_listed_with_their_arguments(void **state)
{
    struct lines l;
    cJSON *object;
    int hooks = 0, args = 0;

    (void)state;
    lines_of(&l, CLI_LIST_HOOKS);
    for (; (object = next_line(&l)) != NULL; hooks++) {
        const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, "args"), *arg;
        assert_string_equal(string(object, "hook"), p2t_hook_name((enum p2t_hook)hooks));
        assert_true(cJSON_IsArray(list));
        cJSON_ArrayForEach(arg, list)
        {
            assert_string_equal(string(arg, "name"), p2t_hook_args[args].name);
            assert_string_equal(string(arg, "of"), p2t_hook_args[args].ours ? "pcap2trace" : "go");
            args++;
        }
        if (hooks == P2T_HOOK_GOT_1XX_RESPONSE) {
            assert_string_equal(string(cJSON_GetArrayItem(list, 0), "type"), "int");
            assert_string_equal(string(cJSON_GetArrayItem(list, 1), "type"), "object");
        }
        cJSON_Delete(object);
    }
    assert_int_equal(hooks, P2T_HOOK_COUNT);
    assert_int_equal(args, P2T_ARG_COUNT);
    buf_fini(&l.text);
}

static void formats_are_those_of_option_t(void **state)
{
    struct lines l;
    cJSON *object;
    int n = 0;

    (void)state;
    lines_of(&l, CLI_LIST_FORMATS);
    for (; (object = next_line(&l)) != NULL; n++) {
        enum out_format format;
        assert_true(out_format_parse(string(object, "format"), &format));
        assert_int_equal(format, n);
        cJSON_Delete(object);
    }
    assert_int_equal(n, OUT_FORMAT_COUNT);
    buf_fini(&l.text);
}

static void counters_and_reasons_are_named_once(void **state)
{
    struct lines l;
    cJSON *object;
    char seen[8192] = " ";
    int n = 0;

    (void)state;
    lines_of(&l, CLI_LIST_COUNTERS);
    while ((object = next_line(&l)) != NULL) {
        char word[128];
        const char *name = string(object, "counter");
        assert_true(strlen(string(object, "text")) > 0);
        /* 22 totals, then the reasons. */
        if (n == 0)
            assert_string_equal(name, "files");
        if (n == 21)
            assert_string_equal(name, "limits_hit");
        n++;
        snprintf(word, sizeof word, " %s ", name);
        assert_null(strstr(seen, word));
        strcat(seen, word + 1);
        cJSON_Delete(object);
    }
    assert_true(n > 22 + 30);
    assert_non_null(strstr(seen, " tcp.holes "));
    assert_non_null(strstr(seen, " limit.connections "));
    buf_fini(&l.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_are_listed_with_what_they_say),
        cmocka_unit_test(hooks_are_listed_with_their_arguments),
        cmocka_unit_test(formats_are_those_of_option_t),
        cmocka_unit_test(counters_and_reasons_are_named_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
