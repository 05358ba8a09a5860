#include "batch/pattern.h"

#include <stdio.h>

#include "base/utf8.h"

int pattern_init(struct pattern *p, const char *from)
{
    *p = (struct pattern){.from = PATTERN_NONE};
    if (from == NULL)
        return P2T_OK;
    if (strcmp(from, "interface") == 0) {
        p->from = PATTERN_INTERFACE;
        return P2T_OK;
    }
    int wrong = regcomp(&p->regex, from, REG_EXTENDED);
    if (wrong != 0) {
        (void)regerror(wrong, &p->regex, p->error, sizeof p->error);
        return P2T_ERR_USAGE;
    }
    p->from = PATTERN_NAME;
    if (p->regex.re_nsub == 1)
        return P2T_OK;
    snprintf(p->error, sizeof p->error, "expected one group in parentheses, which finds the capture point");
    pattern_fini(p);
    return P2T_ERR_USAGE;
}

/* A manifest of shards is JSON: bytes that are no UTF-8 are %XX, there as here. */
static bool copy(char out[PATTERN_POINT_MAX], struct slice name)
{
    size_t n = 0;

    for (size_t took; name.n > 0; name = slice_of(name.p + took, name.n - took)) {
        size_t character = utf8_sequence(name);
        took = character > 0 ? character : 1;
        if (n + (character > 0 ? took : 3) >= PATTERN_POINT_MAX) {
            out[0] = '\0';
            return false;
        }
        if (character > 0)
            memcpy(out + n, name.p, took);
        else
            snprintf(out + n, 4, "%%%02X", (unsigned)name.p[0]);
        n += character > 0 ? took : 3;
    }
    out[n] = '\0';
    return n > 0;
}

bool pattern_point(const struct pattern *p, const struct folder_file *file, char out[PATTERN_POINT_MAX])
{
    regmatch_t match[2];

    out[0] = '\0';
    if (p->from == PATTERN_NONE)
        return true;
    if (p->from == PATTERN_INTERFACE && file->interfaces == NULL && file->kind == FOLDER_NO_PACKETS)
        return false; /* that may still come */
    if (p->from == PATTERN_INTERFACE)
        return copy(out, file->interfaces != NULL ? slice_str(file->interfaces) : SLICE_LIT("unnamed"));
    if (regexec(&p->regex, file->name, 2, match, 0) != 0 || match[1].rm_so < 0)
        return false;
    return copy(out, slice_of(file->name + match[1].rm_so, (size_t)(match[1].rm_eo - match[1].rm_so)));
}

void pattern_fini(struct pattern *p)
{
    if (p->from == PATTERN_NAME)
        regfree(&p->regex);
    p->from = PATTERN_NONE;
}
