#include "input/filter.h"

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "pcap2trace/status.h"

/* libpcap knows no LINKTYPE_ value as high as this. */
#define LINK_TYPES 512
#define SNAPLEN    262144

/* One of the two is set. */
struct program {
    struct bpf_program bpf;
    char *reason;
};

struct input_filter {
    char *expression;
    struct program *programs[LINK_TYPES]; /* by link type; NULL: not compiled yet */
};

enum { LINK_NULL = 0, LINK_LOOP = 108, FAMILY_BYTES = 4 };

static const char unknown_link_type[] = "libpcap does not know this link type";

/* LINKTYPE_ values are the same everywhere; the few DLT_ values that are not have names. Of loopback frames the address
 * family is left out: it is a number of the capturing system, in its order of bytes, where libpcap knows its own only. */
static int dlt_of(uint32_t link_type)
{
    static const struct {
        uint32_t link_type;
        int dlt;
    } odd[] = {
        {100, DLT_ATM_RFC1483}, {101, DLT_RAW},      {102, DLT_SLIP_BSDOS}, {103, DLT_PPP_BSDOS},
        {104, DLT_C_HDLC},      {106, DLT_ATM_CLIP}, {107, DLT_FRELAY},     {LINK_LOOP, DLT_RAW},
        {LINK_NULL, DLT_RAW},   {109, DLT_ENC},      {246, DLT_PFSYNC},     {258, DLT_PKTAP},
    };

    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        if (odd[i].link_type == link_type)
            return odd[i].dlt;
    return (int)link_type;
}

static void program_free(struct program *p)
{
    if (p != NULL && p->reason == NULL)
        pcap_freecode(&p->bpf);
    if (p != NULL)
        free(p->reason);
    free(p);
}

static struct program *compile(const char *expression, uint32_t link_type)
{
    struct program *p = calloc(1, sizeof *p);
    pcap_t *dead = pcap_open_dead(dlt_of(link_type), SNAPLEN);

    if (p == NULL || dead == NULL)
        goto failed;
    if (pcap_compile(dead, &p->bpf, expression, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        p->reason = strdup(pcap_geterr(dead));
        if (p->reason == NULL)
            goto failed;
    }
    pcap_close(dead);
    return p;
failed:
    free(p);
    if (dead != NULL)
        pcap_close(dead);
    return NULL;
}

static struct program *program_of(struct input_filter *f, uint32_t link_type)
{
    if (f->programs[link_type] == NULL)
        f->programs[link_type] = compile(f->expression, link_type);
    return f->programs[link_type];
}

/* Ethernet first: its message is the one shown. The others are for expressions such as "type mgt" or "ifname". */
static int check(struct input_filter *f, char **error)
{
    static const uint32_t common[] = {1, 101, 113, 127, 117, 50, 149};

    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++) {
        const struct program *p = program_of(f, common[i]);
        if (p == NULL)
            return P2T_ERR_MEMORY;
        if (p->reason == NULL)
            return 0;
    }
    if (error != NULL)
        *error = strdup(f->programs[common[0]]->reason);
    return P2T_ERR_USAGE;
}

int input_filter_new(struct input_filter **out, const char *expression, char **error)
{
    struct input_filter *f = calloc(1, sizeof *f);
    int r = P2T_ERR_MEMORY;

    if (f != NULL)
        f->expression = strdup(expression);
    if (f != NULL && f->expression != NULL)
        r = check(f, error);
    if (r != 0) {
        input_filter_free(f);
        return r;
    }
    *out = f;
    return 0;
}

enum filter_result input_filter_run(struct input_filter *f, const struct input_frame *frame)
{
    if (frame->link_type >= LINK_TYPES)
        return FILTER_UNFIT;
    const struct program *p = program_of(f, frame->link_type);
    if (p == NULL)
        return FILTER_NO_MEMORY;
    if (p->reason != NULL)
        return FILTER_UNFIT;
    bool loopback = frame->link_type == LINK_NULL || frame->link_type == LINK_LOOP;
    uint32_t skip = !loopback ? 0 : frame->cap_len < FAMILY_BYTES ? frame->cap_len : FAMILY_BYTES;
    const struct pcap_pkthdr header = {.caplen = frame->cap_len - skip, .len = frame->wire_len};
    return pcap_offline_filter(&p->bpf, &header, frame->bytes + skip) != 0 ? FILTER_MATCH : FILTER_NO;
}

const char *input_filter_reason(const struct input_filter *f, uint32_t link_type)
{
    return link_type < LINK_TYPES ? f->programs[link_type]->reason : unknown_link_type;
}

void input_filter_free(struct input_filter *f)
{
    if (f == NULL)
        return;
    for (size_t i = 0; i < LINK_TYPES; i++)
        program_free(f->programs[i]);
    free(f->expression);
    free(f);
}
