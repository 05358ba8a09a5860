#include "cli/mcp/arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pcap2trace/status.h"
#include "write/json/json.h"

enum property_type { TEXT, TEXTS, FLAG, NUMBER, FILE_NAME, FILE_NAMES, FORMAT, OWN_TEXT, OWN_NUMBER };

/* What a client may give. Its name in JSON, the option it stands for, and the tools that take it. Nothing here shows
 * secrets. OWN_: the tool reads it itself. */
static const struct property {
    const char *name, *option;
    enum property_type type;
    unsigned tools;
    const char *what;
} properties[] = {
    {"captures", NULL, FILE_NAMES, FOR_SUMMARY | FOR_LIST | FOR_EXPLAIN | FOR_EXTRACT | FOR_COMPARE,
     "capture files, or folders for the files in them, below the server's folder, which is \".\"; for a name that is "
     "not there the answer lists names"},
    {"live", "--live", FILE_NAMES, FOR_COMPARE, "what clients logged of their own calls: files below that folder"},
    {"baseline", "--baseline", FILE_NAME, FOR_SUMMARY, "a capture of another time: says what is usual"},
    {"id", "--id", TEXTS, FOR_LIST | FOR_EXPLAIN | FOR_EXTRACT, "ids of exchanges, or their first digits"},
    {"trace_id", "--trace-id", TEXTS, FOR_SUMMARY | FOR_LIST | FOR_EXPLAIN | FOR_EXTRACT,
     "trace or request ids that calls carry"},
    {"host", "--host", TEXTS, FOR_SUMMARY | FOR_LIST | FOR_COMPARE, "host, as a pattern: *.example.com"},
    {"method", "--method", TEXTS, FOR_SUMMARY | FOR_LIST, "GET, POST, ..."},
    {"status", "--status", TEXTS, FOR_SUMMARY | FOR_LIST, "404, 5xx, or 404,5xx"},
    {"path", "--path", TEXTS, FOR_SUMMARY | FOR_LIST, "the URL's path without its query, as a pattern: /v1/*"},
    {"client", "--client", TEXTS, FOR_SUMMARY | FOR_LIST | FOR_COMPARE, "the client's IP address"},
    {"server", "--server", TEXTS, FOR_SUMMARY | FOR_LIST, "the server's IP address"},
    {"port", "--port", TEXTS, FOR_SUMMARY | FOR_LIST, "the server's port"},
    {"kind", "--kind", TEXTS, FOR_SUMMARY | FOR_LIST, "http1, http2, tls, connect or lookup"},
    {"since", "--since", TEXT, FOR_SUMMARY | FOR_LIST, "by start: 2026-11-29T10:13:40Z, 10:13:40, or +5m"},
    {"until", "--until", TEXT, FOR_SUMMARY | FOR_LIST, "likewise: before that"},
    {"slower_than", "--slower-than", TEXT, FOR_SUMMARY | FOR_LIST, "250ms: in all; wait=500ms: in that phase"},
    {"failed", "--failed", FLAG, FOR_SUMMARY | FOR_LIST, "only those that failed"},
    {"problems", "--problems", FLAG, FOR_SUMMARY | FOR_LIST, "those, and all with a finding of warning or above"},
    {"incomplete", "--incomplete", FLAG, FOR_SUMMARY | FOR_LIST, "only those that are partly in the capture"},
    {"all", "--all", FLAG, FOR_LIST, "also lookups and connections that led to no request, and did not fail"},
    {"minimal", "--minimal", FLAG, FOR_EXTRACT, "only packets that an event or finding rests on"},
    {"differing", "--differing", FLAG, FOR_COMPARE, "only pairs that differ"},
    {"tolerance", "--tolerance", TEXT, FOR_COMPARE, "how far outside of the bounds still agrees: 1ms"},
    {"top", "--top", NUMBER, FOR_SUMMARY, "number of causes and services"},
    {"format", "--format", FORMAT, FOR_SUMMARY | FOR_EXPLAIN | FOR_COMPARE, "text (default) or json"},
    {"limit", NULL, OWN_NUMBER, FOR_LIST, "number of exchanges, at most 50"},
    {"cursor", NULL, OWN_TEXT, FOR_SUMMARY | FOR_LIST | FOR_EXPLAIN | FOR_COMPARE,
     "next_cursor of the answer before"},
};

enum { PROPERTIES = sizeof properties / sizeof *properties, WORDS_MAX = 256 };

int arguments_word(struct arguments *a, const char *word)
{
    struct slice copy = arena_copy(&a->arena, slice_str(word));

    if (a->words.item == NULL)
        a->words.item = calloc(WORDS_MAX + ROOT_FILES_MAX + 2, sizeof *a->words.item);
    if (a->words.item == NULL || copy.n != strlen(word))
        return P2T_ERR_MEMORY;
    a->words.item[a->words.n++] = (const char *)copy.p;
    return P2T_OK;
}

static int wrong(struct arguments *a, const struct property *p, const char *wanted)
{
    buf_printf(&a->complaint, "%s: expected %s", p->name, wanted);
    return P2T_ERR_USAGE;
}

static int add_option(struct arguments *a, const struct property *p, const char *value)
{
    if (a->words.n >= WORDS_MAX)
        return wrong(a, p, "less");
    a->choices += strcmp(p->option, "--format") != 0;
    struct slice word = value != NULL ? arena_printf(&a->arena, "%s=%s", p->option, value) : slice_str(p->option);
    return word.n > 0 ? arguments_word(a, (const char *)word.p) : P2T_ERR_MEMORY;
}

/* "-" is standard input for the command line, and no file's name here. */
static int add_file(struct arguments *a, const struct property *p, const char *name, const struct root *root)
{
    if (p->option == NULL)
        return root_files(root, name, &a->arena, &a->files, &a->complaint);
    const char *path = root_file(root, name, &a->arena, &a->complaint);
    return path != NULL ? add_option(a, p, path) : P2T_ERR_USAGE;
}

static int add_text(struct arguments *a, const struct property *p, const cJSON *v, const struct root *root)
{
    bool file = p->type == FILE_NAME || p->type == FILE_NAMES;

    if (!cJSON_IsString(v) || v->valuestring[0] == '\0')
        return wrong(a, p, file ? "the name of a file" : "a text");
    if (p->type == FORMAT && strcmp(v->valuestring, "text") != 0 && strcmp(v->valuestring, "json") != 0)
        return wrong(a, p, "text or json");
    return file ? add_file(a, p, v->valuestring, root) : add_option(a, p, v->valuestring);
}

static int add_texts(struct arguments *a, const struct property *p, const cJSON *given, const struct root *root)
{
    const cJSON *item;
    int status = P2T_OK;

    if (!cJSON_IsArray(given))
        return add_text(a, p, given, root);
    cJSON_ArrayForEach(item, given) if (status == P2T_OK) status = add_text(a, p, item, root);
    return status;
}

static bool is_count(const cJSON *v)
{
    return cJSON_IsNumber(v) && v->valuedouble >= 1 && v->valuedouble <= 1e6 && v->valuedouble == v->valueint;
}

static int add_number(struct arguments *a, const struct property *p, const cJSON *v)
{
    char text[24];

    snprintf(text, sizeof text, "%d", v->valueint);
    return add_option(a, p, text);
}

static int take(struct arguments *a, const struct property *p, const cJSON *given, const struct root *root)
{
    switch (p->type) {
    case TEXTS:
    case FILE_NAMES:
        return add_texts(a, p, given, root);
    case TEXT:
    case FORMAT:
    case FILE_NAME:
        return add_text(a, p, given, root);
    case FLAG:
        if (!cJSON_IsBool(given))
            return wrong(a, p, "true or false");
        return cJSON_IsTrue(given) ? add_option(a, p, NULL) : P2T_OK;
    case NUMBER:
    case OWN_NUMBER:
        if (!is_count(given))
            return wrong(a, p, "a whole number from 1");
        return p->type == NUMBER ? add_number(a, p, given) : P2T_OK;
    default:
        return cJSON_IsString(given) ? P2T_OK : wrong(a, p, "a text");
    }
}

static const struct property *property_named(const char *name, enum tool_bit tool)
{
    for (size_t i = 0; i < PROPERTIES; i++)
        if (strcmp(properties[i].name, name) == 0 && (properties[i].tools & tool) != 0)
            return &properties[i];
    return NULL;
}

static int add_files(struct arguments *a)
{
    int status = arguments_word(a, "--");

    for (size_t i = 0; i < a->files.n && status == P2T_OK; i++)
        status = arguments_word(a, a->files.item[i]);
    if (status == P2T_OK && a->files.n == 0) {
        buf_lit(&a->complaint, "captures: expected names of capture files");
        return P2T_ERR_USAGE;
    }
    return status;
}

int arguments_take(struct arguments *a, const cJSON *given, const struct root *root, enum tool_bit tool)
{
    const cJSON *item;
    int status = P2T_OK;

    cJSON_ArrayForEach(item, given)
    {
        const struct property *p = status == P2T_OK ? property_named(item->string, tool) : NULL;
        if (p != NULL) {
            status = take(a, p, item, root);
        } else if (status == P2T_OK) {
            buf_printf(&a->complaint, "this tool does not take '%s'", item->string);
            status = P2T_ERR_USAGE;
        }
    }
    return status == P2T_OK ? add_files(a) : status;
}

int arguments_parse(struct arguments *a, struct cli_options *o)
{
    int status = cli_options_parse(o, (int)a->words.n, (char **)(uintptr_t)a->words.item, &a->complaint);

    if (status == P2T_OK && a->complaint.failed)
        return P2T_ERR_MEMORY;
    return status;
}

void arguments_fini(struct arguments *a)
{
    arena_fini(&a->arena);
    free(a->words.item);
    free(a->files.item);
    buf_fini(&a->complaint);
}

const char *arguments_name(struct slice option)
{
    for (size_t i = 0; i < PROPERTIES; i++)
        if (properties[i].option != NULL && slice_eq(option, slice_str(properties[i].option)))
            return properties[i].name;
    return NULL;
}

/* ---- the schema ---- */

static void put_type(struct buf *b, enum property_type type)
{
    switch (type) {
    case TEXTS:
    case FILE_NAMES:
        buf_lit(b, "\"type\":\"array\",\"items\":{\"type\":\"string\"}");
        break;
    case FLAG:
        buf_lit(b, "\"type\":\"boolean\"");
        break;
    case NUMBER:
    case OWN_NUMBER:
        buf_lit(b, "\"type\":\"integer\",\"minimum\":1");
        break;
    default:
        buf_lit(b, "\"type\":\"string\"");
    }
}

void arguments_schema(struct buf *b, enum tool_bit tool)
{
    const char *between = "";

    buf_lit(b, "{\"type\":\"object\",\"properties\":{");
    for (size_t i = 0; i < PROPERTIES; i++) {
        const struct property *p = &properties[i];
        if ((p->tools & tool) == 0)
            continue;
        buf_printf(b, "%s\"%s\":{", between, p->name);
        put_type(b, p->type);
        buf_lit(b, ",\"description\":");
        json_string(b, (struct p2t_text){p->what, strlen(p->what)});
        buf_putc(b, '}');
        between = ",";
    }
    buf_printf(b, "},\"required\":[\"captures\"%s],\"additionalProperties\":false}",
               tool == FOR_COMPARE ? ",\"live\"" : "");
}
