/* What a row of a pair is about. */
#include "analyze/compare/pair.h"

enum p2t_hook pair_hook(const struct pair_row *row)
{
    return (enum p2t_hook)(row->live != NULL ? row->live : row->wire)->hook;
}

struct slice pair_key(const struct pair_row *row)
{
    if (row->live != NULL && row->live->key.p != NULL)
        return row->live->key;
    return row->wire != NULL ? row->wire->key : (struct slice){NULL, 0};
}
