/* Lines of what batch wrote, as somebody may have changed them: an exchange that is read can be written, and read again it is
 * the same. */
#include <stdio.h>
#include <stdlib.h>

#include "pcap2trace/status.h"
#include "reread/exchange.h"
#include "write/json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void reads_as(struct reread *r, const struct buf *line, const struct buf *full)
{
    struct buf again = {0};
    struct p2t_exchange back;
    const char *why = "";

    if (reread_exchange(r, buf_view(line), &back, &why) != P2T_OK) {
        fprintf(stderr, "%s: %.*s\n", why, (int)line->n, (const char *)line->p);
        abort();
    }
    json_exchange(&again, &back);
    if (!slice_eq(buf_view(full), buf_view(&again)))
        abort();
    buf_fini(&again);
}

/* JSON's numbers hold spans of 104 days to the nanosecond. */
static bool fits_number(int64_t to_ns, int64_t from_ns)
{
    const int64_t most = INT64_C(1) << 53;
    int64_t ns;

    return !__builtin_sub_overflow(to_ns, from_ns, &ns) && ns >= -most && ns <= most;
}

static bool has_compact_form(const struct p2t_exchange *x)
{
    bool fits = fits_number(x->end_ns, x->start_ns);

    for (size_t i = 0; i < x->event_count; i++)
        fits &= fits_number(x->events[i].time_ns, x->start_ns);
    return fits;
}

static void written_and_read_again(struct reread *r, const struct p2t_exchange *x)
{
    struct buf full = {0}, compact = {0};
    bool has_compact = has_compact_form(x);

    json_exchange(&full, x);
    json_compact(&compact, x); /* before x is read over */
    reads_as(r, &full, &full);
    if (has_compact)
        reads_as(r, &compact, &full);
    buf_fini(&full);
    buf_fini(&compact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reread *r = reread_new();
    struct p2t_exchange x;
    const char *why = "";

    if (r == NULL)
        abort();
    int status = reread_exchange(r, slice_of(data, size), &x, &why);
    if (status == P2T_OK)
        written_and_read_again(r, &x);
    else if (status == P2T_ERR_USAGE && (why == NULL || *why == '\0'))
        abort();
    reread_free(r);
    return 0;
}
