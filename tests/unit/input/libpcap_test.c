/* Reads every capture of a folder with our readers and with libpcap: the same packets must come out. */
#include "unit/input/support.h"

#include <ftw.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/hash.h"

static struct totals {
    size_t compared, packets, refused, failed;
} totals;

enum { PCAPNG_MAJOR = 1 };

static int link_type_of(int dlt)
{
    static const int odd[][2] = {
        {DLT_RAW, 101}, {DLT_ATM_RFC1483, 100}, {DLT_SLIP_BSDOS, 102}, {DLT_PPP_BSDOS, 103}, {DLT_ATM_CLIP, 106}};

    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        if (odd[i][0] == dlt)
            return odd[i][1];
    return dlt;
}

/* libpcap turns these pseudo-headers to the host's byte order when the file has the other one; ours leaves the bytes
 * of the file alone. */
static bool libpcap_changes_bytes(pcap_t *pcap)
{
    static const int changed[] = {DLT_USB_LINUX, DLT_USB_LINUX_MMAPPED, DLT_NFLOG,
                                  DLT_PFLOG,     DLT_LINUX_SLL,         DLT_LINUX_SLL2};

    for (size_t i = 0; i < sizeof changed / sizeof changed[0]; i++)
        if (pcap_is_swapped(pcap) && pcap_datalink(pcap) == changed[i])
            return true;
    return false;
}

/* A simple packet block has no time: libpcap says 1970, ours keeps it beside its predecessor. In a classic pcap
 * libpcap takes the unsigned seconds and fractions for signed ones. Times past what ours bounds overflow in libpcap. */
static bool same_time(const struct pcap_pkthdr *h, int64_t ns)
{
    enum { MICROSECOND = 1000, NANOSECOND = 1 };
    const int64_t wrap = (int64_t)1 << 32;
    int64_t seconds = h->ts.tv_sec, fraction = h->ts.tv_usec;

    if ((seconds == 0 && fraction == 0) || ns == INPUT_TIME_MAX_NS)
        return true;
    seconds += seconds < 0 ? wrap : 0;
    return seconds * SECOND + fraction == ns ||
           (fraction < 0 && (seconds * SECOND + fraction + wrap * MICROSECOND == ns ||
                             seconds * SECOND + fraction + wrap * NANOSECOND == ns));
}

static bool differs(pcap_t *pcap, const struct pcap_pkthdr *h, const u_char *bytes, const struct input_frame *f,
                    char *text, size_t n)
{
    int64_t ns = (int64_t)h->ts.tv_sec * SECOND + h->ts.tv_usec;
    const char *what = NULL;

    if (!same_time(h, f->ts_ns))
        what = "time";
    /* libpcap cuts a record to the file's snapshot length; ours keeps what is there. */
    else if (h->caplen != f->cap_len && h->caplen != (uint32_t)pcap_snapshot(pcap))
        what = "captured length";
    /* Less on the wire than captured is mended. */
    else if (h->len != f->wire_len && h->len > f->cap_len)
        what = "wire length";
    else if ((uint32_t)link_type_of(pcap_datalink(pcap)) != f->link_type)
        what = "link type";
    else if (!libpcap_changes_bytes(pcap) && hash_stable(0, bytes, h->caplen) != hash_stable(0, f->bytes, h->caplen))
        what = "bytes";
    if (what != NULL)
        snprintf(text, n,
                 "%s of packet %" PRIu64 " differs: ours %" PRId64 " %" PRIu32 "/%" PRIu32 " type %" PRIu32
                 ", libpcap's %" PRId64 " %" PRIu32 "/%" PRIu32 " type %d",
                 what, f->number, f->ts_ns, f->cap_len, f->wire_len, f->link_type, ns, h->caplen, h->len,
                 link_type_of(pcap_datalink(pcap)));
    return what != NULL;
}

/* What libpcap read, in the order of the file. */
struct theirs {
    struct pcap_pkthdr *headers;
    u_char **bytes;
    size_t n, cap;
    int end; /* PCAP_ERROR or PCAP_ERROR_BREAK */
};

static void keep(struct theirs *t, const struct pcap_pkthdr *h, const u_char *bytes)
{
    if (t->n == t->cap) {
        t->cap = t->cap == 0 ? 64 : t->cap * 2;
        t->headers = realloc(t->headers, t->cap * sizeof *t->headers);
        t->bytes = realloc(t->bytes, t->cap * sizeof(u_char *));
        assert_non_null(t->headers);
        assert_non_null(t->bytes);
    }
    t->headers[t->n] = *h;
    t->bytes[t->n] = malloc(h->caplen + 1);
    assert_non_null(t->bytes[t->n]);
    memcpy(t->bytes[t->n++], bytes, h->caplen);
}

static void read_theirs(pcap_t *pcap, struct theirs *t)
{
    struct pcap_pkthdr *h;
    const u_char *bytes;

    while ((t->end = pcap_next_ex(pcap, &h, &bytes)) == 1)
        keep(t, h, bytes);
}

static void free_theirs(struct theirs *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->bytes[i]);
    free(t->headers);
    free(t->bytes);
}

static int by_number(const void *a, const void *b)
{
    const struct input_frame *x = a, *y = b;

    return x->number < y->number ? -1 : x->number > y->number;
}

/* Ours puts packets in order where a file's queues mixed them: back in the order of the file. */
static struct input_frame *read_ours(struct input *in, size_t *count)
{
    struct input_frame *all = NULL;
    const struct input_frame *f;

    *count = 0;
    while (input_next(in, &f) == 1) {
        all = realloc(all, (*count + 1) * sizeof *all);
        u_char *bytes = malloc(f->cap_len + 1);
        assert_non_null(all);
        assert_non_null(bytes);
        memcpy(bytes, f->bytes, f->cap_len);
        all[*count] = *f;
        all[(*count)++].bytes = bytes;
    }
    if (*count > 0)
        qsort(all, *count, sizeof *all, by_number);
    return all;
}

static bool compare(pcap_t *pcap, struct input *in, char *text, size_t n)
{
    struct theirs t = {0};
    bool same = true;
    size_t count;

    read_theirs(pcap, &t);
    struct input_frame *ours = read_ours(in, &count);
    /* libpcap gives up a pcapng file of several link types or snapshot lengths, and at blocks that ours passes over. */
    bool gave_up = t.end == PCAP_ERROR && pcap_major_version(pcap) == PCAPNG_MAJOR;
    for (size_t i = 0; same && i < count && i < t.n; i++)
        same = !differs(pcap, &t.headers[i], t.bytes[i], &ours[i], text, n);
    if (same && !gave_up && (count != t.n || input_problem_count(in) != (t.end == PCAP_ERROR))) {
        snprintf(text, n, "ours has %zu packets, libpcap's %zu", count, t.n);
        same = false;
    }
    totals.packets += t.n;
    free_theirs(&t);
    for (size_t i = 0; i < count; i++)
        free((void *)(uintptr_t)ours[i].bytes);
    free(ours);
    return same;
}

static int compare_file(const char *path, const struct stat *st, int type, struct FTW *where)
{
    char error[PCAP_ERRBUF_SIZE], text[300] = "";
    const struct input_config config = {.paths = &path, .path_count = 1};
    struct input *in;
    (void)where;

    if (type != FTW_F || st->st_size == 0)
        return 0;
    pcap_t *pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);
    if (pcap == NULL) {
        totals.refused++;
        return 0;
    }
    assert_int_equal(input_open(&in, &config, NULL), 0);
    totals.compared++;
    if (!compare(pcap, in, text, sizeof text)) {
        totals.failed++;
        print_error("%s: %s\n", path, text);
    }
    input_free(in);
    pcap_close(pcap);
    return 0;
}

static void compare_folder(const char *folder)
{
    totals = (struct totals){0};
    assert_int_equal(nftw(folder, compare_file, 32, FTW_PHYS), 0);
    print_message("%zu captures, %zu packets compared; %zu files that libpcap refuses\n", totals.compared,
                  totals.packets, totals.refused);
    assert_int_equal(totals.failed, 0);
    assert_true(totals.packets > 0);
}

static void our_readers_agree_with_libpcap(void **state)
{
    (void)state;
    compare_folder(P2T_OURS "/samples");
    compare_folder(P2T_OURS "/tests/golden");
}

static void they_agree_on_captures_of_others(void **state)
{
    (void)state;
    if (access(P2T_CAPTURES, R_OK) != 0) {
        print_message("skipped: no captures at %s\n", P2T_CAPTURES);
        skip();
    }
    compare_folder(P2T_CAPTURES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_readers_agree_with_libpcap),
        cmocka_unit_test(they_agree_on_captures_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
