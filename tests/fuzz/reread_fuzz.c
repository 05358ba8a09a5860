/* Lines of what batch wrote, as somebody may have changed them: an exchange that is read can be written, and read again it is
 * the same. */
#include <stdio.h>
#include <stdlib.h>

#include "pcap2trace/status.h"
#include "reread/exchange.h"
#include "write/json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void written_and_read_again(struct reread *r, const struct p2t_exchange *x)
{
    struct buf first = {0}, again = {0};
    struct p2t_exchange back;
    const char *why = "";

    json_exchange(&first, x);
    if (reread_exchange(r, buf_view(&first), &back, &why) != P2T_OK) {
        fprintf(stderr, "%s: %.*s\n", why, (int)first.n, (const char *)first.p);
        abort();
    }
    json_exchange(&again, &back);
    if (!slice_eq(buf_view(&first), buf_view(&again)))
        abort();
    buf_fini(&first);
    buf_fini(&again);
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
