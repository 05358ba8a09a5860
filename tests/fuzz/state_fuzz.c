/* The saved state of a summary, behind its compression: loaded, analysed and told. What was loaded, saved and loaded again says
 * the same. */
#include <stdlib.h>
#include <string.h>

#include "pcap2trace/summary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct p2t_summary *loaded(const uint8_t *data, size_t size)
{
    struct p2t_summary *s;

    if (p2t_summary_new(&s, &(struct p2t_summary_config){0}) != P2T_OK)
        abort();
    (void)p2t_summary_load(s, data, size);
    return s;
}

static char *told(struct p2t_summary *s, enum p2t_summary_format format)
{
    size_t n;
    char *text = p2t_summary_write(s, format, &n);

    if (text == NULL || strlen(text) != n)
        abort();
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct p2t_counters none = {0};
    struct p2t_summary *first = loaded(data, size);
    size_t n;
    uint8_t *bytes = p2t_summary_save(first, &none, &n);

    if (bytes == NULL)
        abort();
    struct p2t_summary *second = loaded(bytes, n);
    if (p2t_summary_finish(first, &none) != P2T_OK || p2t_summary_finish(second, &none) != P2T_OK)
        abort();
    for (int format = P2T_SUMMARY_TEXT; format <= P2T_SUMMARY_DOCTOR; format++) {
        char *a = told(first, (enum p2t_summary_format)format), *b = told(second, (enum p2t_summary_format)format);
        if (strcmp(a, b) != 0)
            abort();
        free(a);
        free(b);
    }
    free(bytes);
    p2t_summary_free(first);
    p2t_summary_free(second);
    return 0;
}
