/* The compact form (src/doc/contract.md): lists where the full one has objects, and less of what is null or follows. */
#include "reread/fields.h"
#include "reread/line.h"

/* The last item of a list that is taken from the front; NULL: there is none. */
static const cJSON *next_of(const cJSON **at)
{
    const cJSON *item = *at;

    if (item != NULL)
        *at = item->next;
    return item;
}

static uint8_t take_evidence(struct fields *f, const cJSON *list, struct p2t_evidence *e, size_t max)
{
    const cJSON *item;
    size_t n = 0;

    if (!cJSON_IsArray(list))
        fields_wrong(f, "evidence");
    cJSON_ArrayForEach(item, list)
    {
        bool pair = cJSON_IsArray(item);
        if (n == max || (pair && cJSON_GetArraySize(item) != 2)) {
            fields_wrong(f, "evidence");
            break;
        }
        e[n].file = pair ? (uint32_t)fields_integer(f, item->child, "evidence", 0, UINT32_MAX) : 0;
        e[n].packet = (uint64_t)fields_integer(f, pair ? item->child->next : item, "evidence", 0, INT64_MAX);
        n++;
    }
    return (uint8_t)n;
}

/* ---- messages ---- */

static int64_t take_count(struct fields *f, const cJSON *item, const char *name)
{
    if (item == NULL || cJSON_IsNull(item))
        return -1;
    return fields_integer(f, item, name, 0, INT64_MAX);
}

static void take_message(struct fields *f, const cJSON *root, const char *name, struct p2t_message *m)
{
    const cJSON *list = fields_get(root, name), *at = list != NULL ? list->child : NULL;

    if (list != NULL && !cJSON_IsArray(list))
        fields_wrong(f, name);
    m->header_bytes = take_count(f, next_of(&at), name);
    m->body_bytes = take_count(f, next_of(&at), name);
    const cJSON *type = next_of(&at);
    if (type != NULL)
        m->content_type = fields_string(f, type, name);
}

/* ---- events ---- */

static bool is_number(const cJSON *item)
{
    return item != NULL &&
           (cJSON_IsNumber(item) || (cJSON_IsString(item) && (uint8_t)item->valuestring[0] == LINE_NUMBER));
}

static enum p2t_basis basis_of(struct fields *f, const cJSON *item)
{
    static const char letters[] = "oia";
    const char *text = cJSON_IsString(item) ? item->valuestring : "";
    const char *at = text[0] != '\0' && text[1] == '\0' ? strchr(letters, text[0]) : NULL;

    if (at == NULL)
        fields_wrong(f, "events");
    return at != NULL ? (enum p2t_basis)(at - letters) : P2T_ASSUMED;
}

static bool take_bound(struct fields *f, const cJSON *item, int64_t time_ns, int64_t *ns)
{
    if (item == NULL || cJSON_IsNull(item))
        return false;
    if (__builtin_add_overflow(time_ns, fields_us(f, item, "events"), ns))
        fields_wrong(f, "events");
    return true;
}

static void take_moment(struct fields *f, const cJSON **at, int64_t start_ns, struct p2t_event *ev)
{
    if (__builtin_add_overflow(start_ns, fields_us(f, next_of(at), "events"), &ev->time_ns))
        fields_wrong(f, "events");
    ev->basis = basis_of(f, next_of(at));
    ev->has_earliest = take_bound(f, next_of(at), ev->time_ns, &ev->earliest_ns);
    ev->has_latest = take_bound(f, next_of(at), ev->time_ns, &ev->latest_ns);
    ev->evidence_count = take_evidence(f, next_of(at), ev->evidence, P2T_EVIDENCE_MAX);
}

static const char *hook_name(int i)
{
    return p2t_hook_name((enum p2t_hook)i);
}

/* One entry is an event, or several of a hook at one moment: each list of arguments is one. */
static void take_entry(struct fields *f, const cJSON *entry, struct p2t_exchange *x, struct p2t_event *events)
{
    struct p2t_event *ev = &events[x->event_count];
    const cJSON *at = entry->child, *second = at != NULL ? at->next : NULL;

    if (!is_number(second) && x->event_count == 0)
        fields_wrong(f, "events");
    else if (!is_number(second))
        *ev = ev[-1];
    ev->args = NULL;
    ev->arg_count = 0;
    ev->hook = (enum p2t_hook)fields_name_of(f, next_of(&at), "events", P2T_HOOK_COUNT, hook_name);
    if (is_number(at))
        take_moment(f, &at, x->start_ns, ev);
    const struct p2t_event moment = *ev;
    do {
        ev = &events[x->event_count++];
        *ev = moment;
        if (at != NULL)
            reread_arg_list(f, next_of(&at), ev);
    } while (at != NULL);
}

/* At most: an entry has no more events than members. */
static size_t count_events(const cJSON *list)
{
    const cJSON *entry;
    size_t n = 0;

    cJSON_ArrayForEach(entry, list) n += (size_t)cJSON_GetArraySize(entry) + 1;
    return n;
}

static void take_events(struct fields *f, const cJSON *root, struct p2t_exchange *x)
{
    const cJSON *list = fields_get(root, "events"), *entry;
    struct p2t_event *events = fields_list(f, count_events(list), sizeof *events);

    x->events = events;
    if (list != NULL && !cJSON_IsArray(list))
        fields_wrong(f, "events");
    cJSON_ArrayForEach(entry, list)
    {
        if (!cJSON_IsArray(entry) || entry->child == NULL)
            fields_wrong(f, "events");
        if (events == NULL || f->wrong != NULL)
            return;
        take_entry(f, entry, x, events);
    }
}

/* ---- what is said of it ---- */

static const char *code_name(int i)
{
    return p2t_finding_info((enum p2t_finding_code)i)->code;
}

static const char *severity_name(int i)
{
    return p2t_severity_name((enum p2t_severity)i);
}

/* The list of that name, whose items are lists: take() gets the first member of each, and its place in an array of things of
 * `size` bytes, which is returned; their number in *count. */
static void *take_lists(struct fields *f, const cJSON *root, const char *name, size_t size, size_t *count,
                        void (*take)(struct fields *f, const cJSON *at, void *to))
{
    const cJSON *list = fields_get(root, name), *item;
    char *array = fields_list(f, (size_t)cJSON_GetArraySize(list), size);

    if (list != NULL && !cJSON_IsArray(list))
        fields_wrong(f, name);
    cJSON_ArrayForEach(item, list)
    {
        if (!cJSON_IsArray(item))
            fields_wrong(f, name);
        if (array == NULL || f->wrong != NULL)
            break;
        take(f, item->child, array + size * (*count)++);
    }
    return array;
}

static void take_finding(struct fields *f, const cJSON *at, void *to)
{
    struct p2t_finding *x = to;

    x->id = (enum p2t_finding_code)fields_name_of(f, next_of(&at), "findings", P2T_FINDING_COUNT, code_name);
    x->code = code_name((int)x->id);
    x->severity = (enum p2t_severity)fields_name_of(f, next_of(&at), "findings", P2T_SEVERITY_DEPENDS, severity_name);
    x->text = fields_string(f, next_of(&at), "findings");
    x->evidence_count = take_evidence(f, next_of(&at), x->evidence, P2T_FINDING_EVIDENCE_MAX);
    if (at != NULL)
        x->evidence_dropped = (uint32_t)fields_integer(f, next_of(&at), "findings", 0, UINT32_MAX);
}

static void take_link(struct fields *f, const cJSON *at, void *to)
{
    struct p2t_text relation = fields_string(f, next_of(&at), "links");

    *(struct p2t_link *)to = (struct p2t_link){fields_relation(f, relation), fields_id_of(f, next_of(&at), "links")};
}

void reread_compact(struct fields *f, const cJSON *root, struct p2t_exchange *x)
{
    const cJSON *took = fields_get(root, "took_us");

    take_message(f, root, "request", &x->request);
    take_message(f, root, "response", &x->response);
    if (took == NULL || __builtin_add_overflow(x->start_ns, fields_us(f, took, "took_us"), &x->end_ns))
        fields_wrong(f, "took_us");
    take_events(f, root, x);
    x->findings = take_lists(f, root, "findings", sizeof *x->findings, &x->finding_count, take_finding);
    x->links = take_lists(f, root, "links", sizeof *x->links, &x->link_count, take_link);
}
