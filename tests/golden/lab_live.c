/* Lines of an .ev file: "EPOCH.us EV [goroutine] tag Hook args"; "---" lines are the caller's own marks. */
#include "lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

enum { TAGS_MAX = 256 };

struct tags {
    char name[TAGS_MAX][64];
    size_t owner[TAGS_MAX];
    bool https[TAGS_MAX];
    size_t n;
};

static size_t tag_index(struct tags *tags, const char *tag)
{
    for (size_t i = 0; i < tags->n; i++)
        if (strcmp(tags->name[i], tag) == 0)
            return i;
    assert_true(tags->n < TAGS_MAX);
    snprintf(tags->name[tags->n], sizeof tags->name[0], "%s", tag);
    return tags->n++;
}

static bool hook_of(const char *name, size_t n, enum p2t_hook *hook)
{
    for (int h = 0; h < P2T_HOOK_COUNT; h++) {
        const char *known = p2t_hook_name((enum p2t_hook)h);
        if (strlen(known) == n && memcmp(known, name, n) == 0) {
            *hook = (enum p2t_hook)h;
            return true;
        }
    }
    return false;
}

static void copy_until(char *out, const char *from, const char *stops)
{
    size_t n = strcspn(from, stops);

    snprintf(out, LAB_KEY_MAX, "%.*s", (int)n, from);
}

static void copy_after(char *out, const char *args, const char *label, const char *stops)
{
    const char *at = strstr(args, label);

    out[0] = '\0';
    if (at != NULL)
        copy_until(out, at + strlen(label), stops);
}

static void field(char *out, size_t size, const char *args, const char *label, const char *stops)
{
    const char *at = strstr(args, label);

    assert_non_null(at);
    at += strlen(label);
    snprintf(out, size, "%.*s", (int)strcspn(at, stops), at);
}

/* "ADDR err=nil" gives "ADDR ok", any error "ADDR failed". */
static void connect_key(char *out, const char *args, bool done)
{
    char addr[LAB_KEY_MAX];

    copy_until(addr, args + 4, " \n");
    if (!done)
        snprintf(out, LAB_KEY_MAX, "%s", addr);
    else
        snprintf(out, LAB_KEY_MAX, "%.120s %s", addr, strstr(args, "err=nil") != NULL ? "ok" : "failed");
}

/* "v=304 resume=false cs=1301 alpn="" sni="web.test" ... err=nil" */
static void handshake_key(char *out, const char *args)
{
    char version[8], cipher[8], alpn[16], name[64];

    if (strstr(args, "err=nil") == NULL) {
        snprintf(out, LAB_KEY_MAX, "failed");
        return;
    }
    field(version, sizeof version, args, "v=", " ");
    field(cipher, sizeof cipher, args, "cs=", " ");
    field(alpn, sizeof alpn, args, "alpn=\"", "\"");
    field(name, sizeof name, args, "sni=\"", "\"");
    snprintf(out, LAB_KEY_MAX, "%s %s [%s] %s%s", version, cipher, alpn, name,
             strstr(args, "resume=true") != NULL ? " resumed" : "");
}

static void live_key(struct lab_event *ev, const char *args)
{
    switch (ev->hook) {
    case P2T_HOOK_GET_CONN:
        copy_until(ev->key, args, " \n");
        break;
    case P2T_HOOK_DNS_START:
        copy_after(ev->key, args, "host=\"", "\"");
        break;
    case P2T_HOOK_DNS_DONE:
        snprintf(ev->key, LAB_KEY_MAX, "%s", strstr(args, "err=nil") != NULL ? "ok" : "failed");
        break;
    case P2T_HOOK_CONNECT_START:
    case P2T_HOOK_CONNECT_DONE:
        connect_key(ev->key, args, ev->hook == P2T_HOOK_CONNECT_DONE);
        break;
    case P2T_HOOK_GOT_CONN:
        copy_after(ev->key, args, "local=", " \n");
        ev->reused = strstr(args, "reused=true") != NULL;
        break;
    case P2T_HOOK_WROTE_HEADER_FIELD:
        copy_until(ev->key, args, "=\n");
        break;
    case P2T_HOOK_WROTE_REQUEST:
        snprintf(ev->key, LAB_KEY_MAX, "%s", strstr(args, "err=nil") != NULL ? "ok" : "failed");
        break;
    case P2T_HOOK_GOT_1XX_RESPONSE:
        copy_until(ev->key, args, " \n");
        break;
    case P2T_HOOK_TLS_HANDSHAKE_DONE:
        handshake_key(ev->key, args);
        break;
    default:
        break;
    }
}

static void live_line(struct lab_list *list, struct tags *tags, const char *line)
{
    long long seconds, micros;
    char goroutine[16], tag[64], hook[32];
    int at = 0;
    struct lab_event *ev = &list->events[list->n];

    if (sscanf(line, "%lld.%lld EV %15s %63s %31s%n", &seconds, &micros, goroutine, tag, hook, &at) != 5)
        return;
    if (strcmp(tag, "bh") == 0 && list->fills_n < 16)
        list->fills[list->fills_n++] = seconds * 1000000000 + micros * 1000;
    size_t t = tag_index(tags, tag);
    if (strcmp(hook, "---") == 0 && strncmp(line + at, " Do ", 4) == 0 && strncmp(line + at, " Do ok", 6) != 0 &&
        strncmp(line + at, " Do err", 7) != 0) {
        tags->owner[t] = list->owners++;
        tags->https[t] = strstr(line + at, " https://") != NULL;
    }
    if (!hook_of(hook, strlen(hook), &ev->hook))
        return;
    assert_true(list->n < LAB_EVENTS_MAX - 1);
    ev->time_ns = seconds * 1000000000 + micros * 1000;
    ev->owner = tags->owner[t];
    ev->encrypted = tags->https[t];
    snprintf(ev->tag, sizeof ev->tag, "%s", tag);
    live_key(ev, line[at] == ' ' ? line + at + 1 : line + at);
    list->n++;
}

/* What comes after the handshake is estimated, and all of a request on a connection that was there. */
static void mark_estimated(struct lab_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        struct lab_event *ev = &list->events[i];
        ev->estimated |= ev->encrypted && ev->hook >= P2T_HOOK_WROTE_HEADER_FIELD;
        if (!ev->reused || !ev->encrypted)
            continue;
        ev->estimated = true;
        for (size_t k = i; k-- > 0 && !(list->events[k].owner == ev->owner && list->events[k].estimated);)
            if (list->events[k].owner == ev->owner && list->events[k].hook == P2T_HOOK_GET_CONN)
                list->events[k].estimated = true;
    }
}

struct lab_list lab_live(const char *path)
{
    struct lab_list list = {.events = calloc(LAB_EVENTS_MAX, sizeof *list.events)};
    struct tags *tags = calloc(1, sizeof *tags);
    FILE *f = fopen(path, "r");
    static char line[1 << 20];

    assert_non_null(f);
    assert_non_null(list.events);
    while (fgets(line, sizeof line, f) != NULL)
        live_line(&list, tags, line);
    fclose(f);
    mark_estimated(&list);
    free(tags);
    return list;
}

void lab_free(struct lab_list *list)
{
    free(list->events);
}
