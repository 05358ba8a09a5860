/* The timeline: hooks with their moments, evidence and arguments. */
#include "reread/fields.h"
#include "reread/line.h"

/* ---- arguments ---- */

static void take_scalar(struct fields *f, const cJSON *item, struct p2t_value *v)
{
    if (cJSON_IsBool(item)) {
        v->kind = P2T_VALUE_BOOL;
        v->as.boolean = cJSON_IsTrue(item);
    } else if (cJSON_IsNumber(item) || (cJSON_IsString(item) && (uint8_t)item->valuestring[0] == LINE_NUMBER)) {
        v->kind = P2T_VALUE_INT;
        v->as.integer = fields_integer(f, item, "args", INT64_MIN, INT64_MAX);
    } else if (cJSON_IsString(item)) {
        v->kind = P2T_VALUE_TEXT;
        v->as.text = fields_string(f, item, "args");
    } else if (!cJSON_IsNull(item)) {
        fields_wrong(f, "args");
    }
}

static void take_list(struct fields *f, const cJSON *item, struct p2t_value *v)
{
    struct p2t_value *items = fields_list(f, (size_t)cJSON_GetArraySize(item), sizeof *items);
    const cJSON *one;
    size_t n = 0;

    if (items == NULL)
        return;
    cJSON_ArrayForEach(one, item) take_scalar(f, one, &items[n++]);
    v->kind = P2T_VALUE_LIST;
    v->as.list.items = items;
    v->as.list.n = n;
}

/* Lists and scalars by names from the wire. */
static void take_object(struct fields *f, const cJSON *item, struct p2t_value *v)
{
    struct p2t_arg *args = fields_list(f, (size_t)cJSON_GetArraySize(item), sizeof *args);
    const cJSON *one;
    size_t n = 0;

    if (args == NULL)
        return;
    cJSON_ArrayForEach(one, item)
    {
        args[n].name = fields_key(one);
        if (cJSON_IsArray(one))
            take_list(f, one, &args[n].value);
        else
            take_scalar(f, one, &args[n].value);
        n++;
    }
    v->kind = P2T_VALUE_OBJECT;
    v->as.object.args = args;
    v->as.object.n = n;
}

static void take_value(struct fields *f, const cJSON *item, enum p2t_value_kind kind, struct p2t_value *v)
{
    if (cJSON_IsArray(item))
        take_list(f, item, v);
    else if (cJSON_IsObject(item))
        take_object(f, item, v);
    else
        take_scalar(f, item, v);
    if (v->kind != kind && v->kind != P2T_VALUE_NULL)
        fields_wrong(f, "args");
}

/* NULL: the hook has no such argument. */
static const struct p2t_hook_arg_info *arg_of(enum p2t_hook hook, size_t index)
{
    for (size_t i = 0; i < P2T_ARG_COUNT; i++)
        if (p2t_hook_args[i].hook == hook && p2t_hook_args[i].index == index)
            return &p2t_hook_args[i];
    return NULL;
}

static void take_args(struct fields *f, const cJSON *object, struct p2t_event *ev)
{
    reread_arg_list(f, fields_object(f, object, "args"), ev);
}

/* Those of its hook, in their order; it may end early. An object's members are named, a list's are not. */
void reread_arg_list(struct fields *f, const cJSON *list, struct p2t_event *ev)
{
    struct p2t_arg *args = fields_list(f, (size_t)cJSON_GetArraySize(list), sizeof *args);
    const struct p2t_hook_arg_info *info;
    const cJSON *item;

    ev->args = args;
    if (list != NULL && !cJSON_IsArray(list) && !cJSON_IsObject(list))
        fields_wrong(f, "args");
    cJSON_ArrayForEach(item, list)
    {
        info = arg_of(ev->hook, ev->arg_count);
        if (args == NULL || info == NULL || (item->string != NULL && strcmp(info->name, item->string) != 0)) {
            fields_wrong(f, "args");
            return;
        }
        args[ev->arg_count].name = (struct p2t_text){info->name, info->name_bytes};
        take_value(f, item, info->kind, &args[ev->arg_count++].value);
    }
}

/* ---- moments ---- */

static bool take_bound(struct fields *f, const cJSON *item, int64_t time_ns, int64_t *ns)
{
    *ns = 0;
    if (cJSON_IsNull(item))
        return false;
    if (__builtin_add_overflow(time_ns, fields_us(f, item, "bounds_us"), ns))
        fields_wrong(f, "bounds_us");
    return true;
}

static void take_bounds(struct fields *f, const cJSON *object, struct p2t_event *ev)
{
    const cJSON *pair = fields_array(f, object, "bounds_us");

    if (cJSON_GetArraySize(pair) != 2) {
        fields_wrong(f, "bounds_us");
        return;
    }
    ev->has_earliest = take_bound(f, pair->child, ev->time_ns, &ev->earliest_ns);
    ev->has_latest = take_bound(f, pair->child->next, ev->time_ns, &ev->latest_ns);
}

static const char *hook_name(int i)
{
    return p2t_hook_name((enum p2t_hook)i);
}

static const char *basis_name(int i)
{
    return p2t_basis_name((enum p2t_basis)i);
}

void reread_events(struct fields *f, const cJSON *root, struct p2t_exchange *x)
{
    const cJSON *list = fields_array(f, root, "events"), *item;
    struct p2t_event *events = fields_list(f, (size_t)cJSON_GetArraySize(list), sizeof *events);

    x->events = events;
    cJSON_ArrayForEach(item, list)
    {
        if (events == NULL)
            return;
        struct p2t_event *ev = &events[x->event_count++];
        ev->hook = (enum p2t_hook)fields_name(f, item, "hook", P2T_HOOK_COUNT, hook_name);
        ev->time_ns = fields_time(f, item, "time");
        ev->basis = (enum p2t_basis)fields_name(f, item, "basis", P2T_ASSUMED + 1, basis_name);
        take_bounds(f, item, ev);
        ev->evidence_count = fields_evidence(f, item, ev->evidence, P2T_EVIDENCE_MAX);
        take_args(f, item, ev);
    }
}
