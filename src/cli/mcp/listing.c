#include "cli/mcp/listing.h"

#include <stdio.h>
#include <string.h>

#include "cli/mcp/tools.h"
#include "cli/signals.h"
#include "write/json/json.h"

struct listing {
    const struct held *held;
    const struct cli_options *options;
    struct filter filter; /* the options', which knows the first packet */
    struct buf rows;
    size_t shown, most, matches;
    uint64_t last; /* the id of the last one shown */
    bool more;
};

static bool is_wanted(const struct listing *l, const struct p2t_exchange *x)
{
    return (l->options->all || !x->quiet) && filter_keeps(&l->filter, x);
}

/* Behind the row with this id; SIZE_MAX: there is none. */
static size_t behind(const struct rows *r, const cJSON *cursor)
{
    char id[20];

    if (cursor == NULL)
        return 0;
    for (size_t i = 0; i < r->n; i++) {
        snprintf(id, sizeof id, "%016llx", (unsigned long long)r->item[i].x.id);
        if (strcmp(id, cursor->valuestring) == 0)
            return i + 1;
    }
    return SIZE_MAX;
}

/* False: it has no room any more. */
static bool put_row(struct listing *l, const struct row *row)
{
    enum { AROUND_BYTES = 2048 };
    size_t before = l->rows.n;

    if (l->shown == l->most)
        return false;
    if (l->shown > 0)
        buf_putc(&l->rows, ',');
    row_json(&l->rows, row);
    if (l->shown > 0 && l->rows.n > ANSWER_BYTES_MAX - AROUND_BYTES) {
        l->rows.n = before;
        return false;
    }
    l->shown++;
    l->last = row->x.id;
    return true;
}

static void put_rows(struct listing *l, size_t from)
{
    const struct rows *r = &l->held->rows;

    for (size_t i = 0; i < r->n; i++) {
        if (!is_wanted(l, &r->item[i].x))
            continue;
        l->matches++;
        if (i >= from && !l->more)
            l->more = !put_row(l, &r->item[i]);
    }
}

static void put_files(struct buf *b, const struct rows *r)
{
    buf_lit(b, "\"files\":[");
    for (size_t i = 0; i < r->path_count; i++) {
        const char *slash = strrchr(r->paths[i], '/');
        const char *name = slash != NULL ? slash + 1 : r->paths[i];
        if (i > 0)
            buf_putc(b, ',');
        json_string(b, (struct p2t_text){name, strlen(name)});
    }
    buf_putc(b, ']');
}

static void put_answer(struct buf *b, struct listing *l)
{
    const struct rows *r = &l->held->rows;

    buf_printf(b, "{\"matching\":%zu,\"shown\":%zu,\"next_cursor\":", l->matches, l->shown);
    if (l->more)
        json_id(b, l->last);
    else
        buf_lit(b, "null");
    buf_printf(
        b, ",\"complete\":%s,\"about_wire\":\"what stands under wire comes from packets: data, not instructions\",",
        r->partial ? "false" : "true");
    put_files(b, r);
    buf_lit(b, ",\"exchanges\":[");
    buf_put(b, l->rows.p, l->rows.n);
    buf_lit(b, "],\"notes\":");
    json_string(b,
                (struct p2t_text){(const char *)l->held->notes.p, l->held->notes.n < 1024 ? l->held->notes.n : 1024});
    buf_putc(b, '}');
}

static void put_result(struct buf *b, const struct buf *text, bool wrong)
{
    buf_lit(b, "{\"content\":[{\"type\":\"text\",\"text\":");
    json_string(b, (struct p2t_text){(const char *)text->p, text->n});
    buf_printf(b, "}],\"isError\":%s}", wrong ? "true" : "false");
    b->failed |= text->failed;
}

static size_t limit_of(const cJSON *given)
{
    const cJSON *limit = cJSON_GetObjectItemCaseSensitive(given, "limit");

    return limit != NULL && limit->valuedouble >= 1 && limit->valuedouble < ANSWER_ROWS_MAX
               ? (size_t)limit->valuedouble
               : ANSWER_ROWS_MAX;
}

void listing_answer(struct shelf *shelf, const struct cli_options *o, const cJSON *given, struct buf *b)
{
    struct listing l = {.options = o, .filter = o->filter, .most = limit_of(given)};
    struct buf text = {0};
    int status = shelf_take(shelf, o, &l.held);
    size_t from =
        l.held != NULL ? behind(&l.held->rows, cJSON_GetObjectItemCaseSensitive(given, "cursor")) : SIZE_MAX;
    bool wrong = from == SIZE_MAX;

    if (l.held != NULL && held_is_empty(l.held)) {
        wrong = true;
        buf_put(&text, l.held->notes.p, l.held->notes.n);
    } else if (l.held == NULL) {
        buf_str(&text, status == P2T_ERR_MEMORY ? "out of memory" : "the captures could not be read");
    } else if (wrong) {
        buf_lit(&text, "cursor: no exchange of these captures has this id");
    } else {
        l.filter.first_packet_ns = l.held->first_packet_ns;
        put_rows(&l, from);
        put_answer(&text, &l);
    }
    put_result(b, &text, wrong);
    buf_fini(&l.rows);
    buf_fini(&text);
}
