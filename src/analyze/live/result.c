/* What programs log from their own ClientTrace: one object a call with times under names that people chose. Fields are
 * found by name, with the name of the object around them before it: "DNS":{"Start":...}, "dns_start", "DNSStartTime". */
#include <stdlib.h>

#include "analyze/live/forms.h"

enum { NAME_MAX_BYTES = 64, DEPTH_MAX = 6 };

enum field {
    FIELD_NONE,
    FIELD_TIME, /* of a hook */
    FIELD_END,
    FIELD_KEY,   /* text of a hook: its name or address */
    FIELD_ERROR, /* of a hook */
    FIELD_ADDRESSES,
    FIELD_REUSED,
    FIELD_LOCAL,
    FIELD_REMOTE,
    FIELD_ID,
    FIELD_METHOD,
    FIELD_URL,
    FIELD_TRACE_ERROR
};

struct meaning {
    enum field field;
    enum p2t_hook hook;
};

/* What the object's parts are called. first, last: the hooks at its ends. */
struct section {
    const char *name;
    enum p2t_hook first, last;
};

static const struct section sections[] = {
    {"dnslookup", P2T_HOOK_DNS_START, P2T_HOOK_DNS_DONE},
    {"namelookup", P2T_HOOK_DNS_START, P2T_HOOK_DNS_DONE},
    {"dns", P2T_HOOK_DNS_START, P2T_HOOK_DNS_DONE},
    {"tcpconnection", P2T_HOOK_CONNECT_START, P2T_HOOK_CONNECT_DONE},
    {"tcpconnect", P2T_HOOK_CONNECT_START, P2T_HOOK_CONNECT_DONE},
    {"tcp", P2T_HOOK_CONNECT_START, P2T_HOOK_CONNECT_DONE},
    {"dial", P2T_HOOK_CONNECT_START, P2T_HOOK_CONNECT_DONE},
    {"connect", P2T_HOOK_CONNECT_START, P2T_HOOK_CONNECT_DONE},
    {"tlshandshake", P2T_HOOK_TLS_HANDSHAKE_START, P2T_HOOK_TLS_HANDSHAKE_DONE},
    {"handshake", P2T_HOOK_TLS_HANDSHAKE_START, P2T_HOOK_TLS_HANDSHAKE_DONE},
    {"tls", P2T_HOOK_TLS_HANDSHAKE_START, P2T_HOOK_TLS_HANDSHAKE_DONE},
    {"ssl", P2T_HOOK_TLS_HANDSHAKE_START, P2T_HOOK_TLS_HANDSHAKE_DONE},
    {"getconn", P2T_HOOK_GET_CONN, P2T_HOOK_GOT_CONN},
    {"gotconn", P2T_HOOK_COUNT, P2T_HOOK_GOT_CONN},
    {"conn", P2T_HOOK_COUNT, P2T_HOOK_GOT_CONN},
    {"connection", P2T_HOOK_COUNT, P2T_HOOK_GOT_CONN},
    {"wroteheaders", P2T_HOOK_COUNT, P2T_HOOK_WROTE_HEADERS},
    {"wroterequest", P2T_HOOK_COUNT, P2T_HOOK_WROTE_REQUEST},
    {"request", P2T_HOOK_COUNT, P2T_HOOK_WROTE_REQUEST},
    {"req", P2T_HOOK_COUNT, P2T_HOOK_WROTE_REQUEST},
    {"putidleconn", P2T_HOOK_COUNT, P2T_HOOK_PUT_IDLE_CONN},
    {"gotfirstresponsebyte", P2T_HOOK_COUNT, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE},
    {"firstresponsebyte", P2T_HOOK_COUNT, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE},
    {"firstbyte", P2T_HOOK_COUNT, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE},
    {"got100continue", P2T_HOOK_COUNT, P2T_HOOK_GOT_100_CONTINUE},
    {"wait100continue", P2T_HOOK_COUNT, P2T_HOOK_WAIT_100_CONTINUE},
};

/* What may follow the name of a section. */
static const struct {
    const char *name;
    enum field field;
    bool last; /* of the section's hook at its end */
} leaves[] = {
    {"start", FIELD_TIME, false},     {"started", FIELD_TIME, false},       {"begin", FIELD_TIME, false},
    {"end", FIELD_TIME, true},        {"done", FIELD_TIME, true},           {"finish", FIELD_TIME, true},
    {"finished", FIELD_TIME, true},   {"stop", FIELD_TIME, true},           {"", FIELD_TIME, true},
    {"got", FIELD_TIME, true},        {"wrote", FIELD_TIME, true},          {"host", FIELD_KEY, false},
    {"hostport", FIELD_KEY, false},   {"addr", FIELD_KEY, false},           {"address", FIELD_KEY, false},
    {"addrs", FIELD_ADDRESSES, true}, {"addresses", FIELD_ADDRESSES, true}, {"ips", FIELD_ADDRESSES, true},
    {"err", FIELD_ERROR, true},       {"error", FIELD_ERROR, true},         {"reused", FIELD_REUSED, true},
    {"isreused", FIELD_REUSED, true}, {"local", FIELD_LOCAL, true},         {"localaddr", FIELD_LOCAL, true},
    {"remote", FIELD_REMOTE, true},   {"remoteaddr", FIELD_REMOTE, true},
};

static const struct {
    const char *name;
    enum field field;
    enum p2t_hook hook;
} whole_names[] = {
    {"getconn", FIELD_TIME, P2T_HOOK_GET_CONN},
    {"requestwroteheaders", FIELD_TIME, P2T_HOOK_WROTE_HEADERS},
    {"requestwroterequest", FIELD_TIME, P2T_HOOK_WROTE_REQUEST},
    {"requestsent", FIELD_TIME, P2T_HOOK_WROTE_REQUEST},
    {"wroteheaders", FIELD_TIME, P2T_HOOK_WROTE_HEADERS},
    {"responsefirstbyte", FIELD_TIME, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE},
    {"responsestart", FIELD_TIME, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE},
    {"ttfb", FIELD_TIME, P2T_HOOK_GOT_FIRST_RESPONSE_BYTE},
    {"responseend", FIELD_END, P2T_HOOK_COUNT},
    {"bodyend", FIELD_END, P2T_HOOK_COUNT},
    {"bodyread", FIELD_END, P2T_HOOK_COUNT},
    {"traceid", FIELD_ID, P2T_HOOK_COUNT},
    {"requestid", FIELD_ID, P2T_HOOK_COUNT},
    {"reqid", FIELD_ID, P2T_HOOK_COUNT},
    {"correlationid", FIELD_ID, P2T_HOOK_COUNT},
    {"spanid", FIELD_ID, P2T_HOOK_COUNT},
    {"method", FIELD_METHOD, P2T_HOOK_COUNT},
    {"requestmethod", FIELD_METHOD, P2T_HOOK_COUNT},
    {"httpmethod", FIELD_METHOD, P2T_HOOK_COUNT},
    {"url", FIELD_URL, P2T_HOOK_COUNT},
    {"requesturl", FIELD_URL, P2T_HOOK_COUNT},
    {"uri", FIELD_URL, P2T_HOOK_COUNT},
    {"httpurl", FIELD_URL, P2T_HOOK_COUNT},
    {"err", FIELD_TRACE_ERROR, P2T_HOOK_COUNT},
    {"error", FIELD_TRACE_ERROR, P2T_HOOK_COUNT},
    {"remoteaddr", FIELD_REMOTE, P2T_HOOK_GOT_CONN},
    {"localaddr", FIELD_LOCAL, P2T_HOOK_GOT_CONN},
    {"reused", FIELD_REUSED, P2T_HOOK_GOT_CONN},
};

/* ---- names ---- */

struct name {
    char text[NAME_MAX_BYTES];
    size_t n;
};

/* Letters and digits only, in lower case. Long names mean nothing. */
static void name_add(struct name *out, const char *s)
{
    for (; s != NULL && *s != '\0' && out->n < NAME_MAX_BYTES - 1; s++) {
        char c = *s >= 'A' && *s <= 'Z' ? (char)(*s + 32) : *s;
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            out->text[out->n++] = c;
    }
    out->text[out->n] = '\0';
}

static bool by_section(const char *name, struct meaning *m)
{
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        size_t n = strlen(sections[i].name);
        if (strncmp(name, sections[i].name, n) != 0)
            continue;
        for (size_t k = 0; k < sizeof leaves / sizeof *leaves; k++) {
            if (strcmp(name + n, leaves[k].name) != 0)
                continue;
            m->field = leaves[k].field;
            m->hook = leaves[k].last ? sections[i].last : sections[i].first;
            return m->hook != P2T_HOOK_COUNT;
        }
    }
    return false;
}

static bool by_whole_name(const char *name, struct meaning *m)
{
    for (size_t i = 0; i < sizeof whole_names / sizeof *whole_names; i++)
        if (strcmp(name, whole_names[i].name) == 0) {
            *m = (struct meaning){whole_names[i].field, whole_names[i].hook};
            return true;
        }
    return false;
}

/* "DNSStartTime", "dns_start_at", "dnsStartUnixNano" mean the same. */
static bool without_suffix(struct name *name)
{
    static const char *const suffixes[] = {"unixnano", "timestamp", "unixms", "unixus", "unixns", "unix", "time",
                                           "nanos",    "ns",        "us",     "ms",     "ts",     "at"};

    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        size_t n = strlen(suffixes[i]);
        if (name->n > n && strcmp(name->text + name->n - n, suffixes[i]) == 0) {
            name->n -= n;
            name->text[name->n] = '\0';
            return true;
        }
    }
    return false;
}

static struct meaning meaning_of_name(struct name name)
{
    struct meaning m = {FIELD_NONE, P2T_HOOK_COUNT};

    if (by_whole_name(name.text, &m) || by_section(name.text, &m))
        return m;
    if (without_suffix(&name) && (by_whole_name(name.text, &m) || by_section(name.text, &m)) &&
        (m.field == FIELD_TIME || m.field == FIELD_END))
        return m;
    return (struct meaning){FIELD_NONE, P2T_HOOK_COUNT};
}

/* With the name of the object around it, else by itself. */
static struct meaning meaning_of(const char *around, const char *member)
{
    struct name both = {.n = 0}, alone = {.n = 0};
    struct meaning m;

    name_add(&both, around);
    name_add(&both, member);
    m = meaning_of_name(both);
    if (m.field != FIELD_NONE || around == NULL)
        return m;
    name_add(&alone, member);
    m = meaning_of_name(alone);
    /* An error inside of some part is not the call's. */
    return m.field == FIELD_TRACE_ERROR ? (struct meaning){FIELD_NONE, P2T_HOOK_COUNT} : m;
}

/* ---- objects ---- */

/* The hooks of one object: its texts belong to these. */
struct part {
    uint32_t first_event;
    struct slice keys[P2T_HOOK_COUNT + 1]; /* the last is of no hook */
    struct record_detail details[P2T_HOOK_COUNT + 1];
};

struct gathering {
    struct live *live;
    uint32_t recorded;
    struct part part;
};

static void begin_part(struct gathering *g)
{
    g->part = (struct part){.first_event = g->live->draft.record.event_count};
    for (int h = 0; h <= P2T_HOOK_COUNT; h++)
        g->part.details[h].reused = -1;
}

static void end_part(struct gathering *g)
{
    struct live *l = g->live;
    struct record_pool *p = l->config.pool;
    struct slice addr = g->part.keys[P2T_HOOK_CONNECT_START];

    g->part.keys[P2T_HOOK_CONNECT_DONE] = addr;
    for (uint32_t i = g->part.first_event; i < l->draft.record.event_count; i++) {
        struct record_event *e = &l->draft.events[i];
        e->key = g->part.keys[e->hook].n > 0 ? record_text(p, g->part.keys[e->hook]) : (struct slice){NULL, 0};
        e->detail = record_detail(p, &g->part.details[e->hook]);
    }
    const struct record_detail *got = &g->part.details[P2T_HOOK_GOT_CONN];
    if (got->local.n > 0)
        l->draft.record.client = record_endpoint(got->local);
    if (got->remote.n > 0)
        l->draft.record.server = record_endpoint(got->remote);
}

static void take_subject(struct live *l, enum field field, const cJSON *item)
{
    struct record *r = &l->draft.record;
    struct slice text =
        record_text(l->config.pool, field == FIELD_TRACE_ERROR ? live_error(item) : live_string(item));

    if (field == FIELD_ID)
        record_add_id(&l->draft, l->config.pool, text);
    else if (field == FIELD_METHOD && r->method.n == 0)
        r->method = text;
    else if (field == FIELD_URL && r->url.n == 0)
        r->url = text;
    else if (field == FIELD_TRACE_ERROR) {
        r->no_error_told = false;
        r->error = text.p != NULL ? text : slice_of("", 0);
    }
}

static void take_time(struct gathering *g, enum p2t_hook hook, const cJSON *item)
{
    int64_t ns;

    g->recorded |= 1u << hook;
    if (live_time(item, &ns))
        (void)record_add_event(&g->live->draft, hook, ns);
}

static void take_member(struct gathering *g, const struct meaning *m, const cJSON *item)
{
    struct live *l = g->live;
    struct record_detail *d = &g->part.details[m->hook];

    switch (m->field) {
    case FIELD_TIME:
        take_time(g, m->hook, item);
        break;
    case FIELD_END:
        l->draft.record.has_end |= live_time(item, &l->draft.record.end_ns);
        break;
    case FIELD_KEY:
        g->part.keys[m->hook] = live_string(item);
        break;
    case FIELD_ERROR:
        d->error = live_error(item);
        break;
    case FIELD_ADDRESSES:
        d->addresses = live_addresses(l, item);
        break;
    case FIELD_REUSED:
        d->reused = cJSON_IsBool(item) ? cJSON_IsTrue(item) : -1;
        break;
    case FIELD_LOCAL:
        d->local = live_string(item);
        break;
    case FIELD_REMOTE:
        d->remote = live_string(item);
        break;
    case FIELD_NONE:
        break;
    default:
        take_subject(l, m->field, item);
    }
}

/* A part that is null did not happen, but is recorded by this form. */
static void note_section(struct gathering *g, const char *name)
{
    struct name n = {.n = 0};

    name_add(&n, name);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (strcmp(sections[i].name, n.text) == 0) {
            g->recorded |= sections[i].first != P2T_HOOK_COUNT ? 1u << sections[i].first : 0;
            g->recorded |= 1u << sections[i].last;
        }
}

static void take_members(struct gathering *g, const cJSON *object, const char *around)
{
    const cJSON *item;

    begin_part(g);
    cJSON_ArrayForEach(item, object)
    {
        if (cJSON_IsObject(item) || (cJSON_IsArray(item) && cJSON_IsObject(item->child)))
            continue;
        if (cJSON_IsNull(item))
            note_section(g, item->string);
        struct meaning m = meaning_of(around, item->string);
        take_member(g, &m, item);
    }
    end_part(g);
}

/* An object still to be read, with its name. */
struct open {
    const cJSON *item;
    const char *around;
    size_t depth;
};

enum { OPEN_MAX = 256 };

static void open_children(struct open *queue, size_t *n, const struct open *at)
{
    const cJSON *item, *element;

    if (at->depth == DEPTH_MAX)
        return;
    cJSON_ArrayForEach(item, at->item)
    {
        if (cJSON_IsObject(item) && *n < OPEN_MAX)
            queue[(*n)++] = (struct open){item, item->string, at->depth + 1};
        if (!cJSON_IsArray(item))
            continue;
        cJSON_ArrayForEach(element, item)
        {
            if (cJSON_IsObject(element) && *n < OPEN_MAX)
                queue[(*n)++] = (struct open){element, item->string, at->depth + 1};
        }
    }
}

bool live_take_result(struct live *l, const cJSON *object)
{
    struct gathering g = {.live = l};
    struct open queue[OPEN_MAX] = {{object, NULL, 0}};
    size_t n = 1;

    record_begin(&l->draft);
    l->draft.record.no_error_told = true;
    for (size_t i = 0; i < n; i++) {
        take_members(&g, queue[i].item, queue[i].around);
        open_children(queue, &n, &queue[i]);
    }
    if (l->draft.record.event_count == 0)
        return false;
    live_keep(l, LIVE_RESULT, g.recorded);
    return true;
}
