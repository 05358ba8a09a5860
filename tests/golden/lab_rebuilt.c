#include "lab.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

static const struct p2t_value *arg(const struct p2t_event *ev, const char *name)
{
    for (size_t i = 0; i < ev->arg_count; i++)
        if (strlen(name) == ev->args[i].name.n && memcmp(ev->args[i].name.p, name, ev->args[i].name.n) == 0)
            return &ev->args[i].value;
    return NULL;
}

static void text_key(char *out, const struct p2t_event *ev, const char *name)
{
    const struct p2t_value *v = arg(ev, name);

    assert_non_null(v);
    snprintf(out, LAB_KEY_MAX, "%.*s", v->kind == P2T_VALUE_TEXT ? (int)v->as.text.n : 0, v->as.text.p);
}

static const char *ok_or_failed(const struct p2t_event *ev, const char *name)
{
    const struct p2t_value *v = arg(ev, name);

    assert_non_null(v);
    return v->kind == P2T_VALUE_NULL ? "ok" : "failed";
}

static void handshake_key(char *out, const struct p2t_event *ev)
{
    char alpn[LAB_KEY_MAX], name[LAB_KEY_MAX];

    if (arg(ev, "Version")->kind == P2T_VALUE_NULL) {
        snprintf(out, LAB_KEY_MAX, "hidden");
        return;
    }
    if (arg(ev, "err")->kind != P2T_VALUE_NULL) {
        snprintf(out, LAB_KEY_MAX, "failed");
        return;
    }
    text_key(alpn, ev, "NegotiatedProtocol");
    text_key(name, ev, "ServerName");
    snprintf(out, LAB_KEY_MAX, "%x %x [%.16s] %.64s%s", (unsigned)arg(ev, "Version")->as.integer,
             (unsigned)arg(ev, "CipherSuite")->as.integer, alpn, name,
             arg(ev, "DidResume")->as.boolean ? " resumed" : "");
}

static void rebuilt_key(char *out, const struct p2t_event *ev)
{
    char addr[LAB_KEY_MAX];

    switch (ev->hook) {
    case P2T_HOOK_GET_CONN:
        text_key(out, ev, "hostPort");
        break;
    case P2T_HOOK_DNS_START:
        text_key(out, ev, "Host");
        break;
    case P2T_HOOK_DNS_DONE:
        snprintf(out, LAB_KEY_MAX, "%s", ok_or_failed(ev, "Err"));
        break;
    case P2T_HOOK_CONNECT_START:
        text_key(out, ev, "addr");
        break;
    case P2T_HOOK_CONNECT_DONE:
        text_key(addr, ev, "addr");
        snprintf(out, LAB_KEY_MAX, "%.120s %s", addr, ok_or_failed(ev, "err"));
        break;
    case P2T_HOOK_GOT_CONN:
        text_key(out, ev, "LocalAddr");
        break;
    case P2T_HOOK_WROTE_HEADER_FIELD:
        text_key(out, ev, "key");
        break;
    case P2T_HOOK_WROTE_REQUEST:
        snprintf(out, LAB_KEY_MAX, "%s", ok_or_failed(ev, "Err"));
        break;
    case P2T_HOOK_GOT_1XX_RESPONSE:
        snprintf(out, LAB_KEY_MAX, "%d", (int)arg(ev, "code")->as.integer);
        break;
    case P2T_HOOK_TLS_HANDSHAKE_DONE:
        handshake_key(out, ev);
        break;
    default:
        break;
    }
}

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct lab_list *list = ctx;

    for (size_t i = 0; i < x->event_count; i++) {
        const struct p2t_event *from = &x->events[i];
        assert_true(list->n < LAB_EVENTS_MAX);
        struct lab_event *ev = &list->events[list->n++];
        ev->hook = from->hook;
        ev->time_ns = from->time_ns;
        ev->owner = list->owners;
        ev->estimated =
            x->kind == P2T_KIND_TLS && (from->hook >= P2T_HOOK_WROTE_HEADER_FIELD || x->connection->reused == 1);
        ev->basis = from->basis;
        ev->has_earliest = from->has_earliest;
        ev->has_latest = from->has_latest;
        ev->earliest_ns = from->earliest_ns;
        ev->latest_ns = from->latest_ns;
        rebuilt_key(ev->key, from);
    }
    list->owners++;
    return 0;
}

static int64_t last_packet_ns(const char *path)
{
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);
    struct pcap_pkthdr *header;
    const unsigned char *bytes;
    int64_t last = 0;

    assert_non_null(pcap);
    while (pcap_next_ex(pcap, &header, &bytes) == 1)
        last = (int64_t)header->ts.tv_sec * 1000000000 + header->ts.tv_usec;
    pcap_close(pcap);
    return last;
}

struct lab_list lab_rebuilt(const char *path)
{
    struct lab_list list = {.events = calloc(LAB_EVENTS_MAX, sizeof *list.events),
                            .last_packet_ns = last_packet_ns(path)};
    struct p2t_config config = {.paths = &path, .path_count = 1, .ctx = &list, .exchange = on_exchange};
    struct p2t_session *session;

    assert_non_null(list.events);
    assert_int_equal(p2t_session_open(&session, &config, NULL), P2T_OK);
    assert_int_equal(p2t_session_run(session), P2T_OK);
    p2t_session_free(session);
    return list;
}
