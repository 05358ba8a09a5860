#include "extract/again.h"

#include <stdlib.h>

#include "base/system.h"
#include "session/feed.h"

struct again {
    const struct subjects *wanted;
    struct subjects told;
    uint64_t *ids; /* that are wanted, sorted */
};

static int by_value(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static int on_exchange(void *ctx, const struct p2t_exchange *x)
{
    struct again *a = ctx;

    if (bsearch(&x->id, a->ids, a->wanted->count, sizeof *a->ids, by_value) == NULL)
        return 0;
    return subjects_add(&a->told, x);
}

static const char *only_name(void *ctx, uint32_t file)
{
    (void)ctx;
    (void)file;
    return "extract";
}

static int feed(struct p2t_session *session, const struct spool *spool, struct slice secrets)
{
    enum { TLS_KEYLOG = 0x544c534b };
    uint64_t number = 0;
    int status = session_feed_begin(session, only_name, NULL);

    if (status == P2T_OK && secrets.n > 0)
        session_feed_secrets(session, &(struct input_secrets){TLS_KEYLOG, secrets});
    for (size_t i = 0; i < spool->count && status == P2T_OK; i++) {
        struct input_frame f = spool->frames[i].frame;
        if (spool->frames[i].dropped)
            continue;
        f.bytes = spool_bytes(spool, &spool->frames[i]);
        f.file = 0;
        f.number = ++number;
        status = session_feed(session, &f);
    }
    return status == P2T_OK ? p2t_session_finish(session) : status;
}

static const struct subject *find(const struct subjects *all, uint64_t id)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].id == id)
            return &all->items[i];
    return NULL;
}

static void compare(const struct again *a, struct extract_result *result)
{
    result->same = 0;
    result->odd = NULL;
    for (size_t i = 0; i < a->wanted->count; i++) {
        const struct subject *s = &a->wanted->items[i], *told = find(&a->told, s->id);
        const char *odd = told != NULL ? subject_differs(s, told) : "id";
        if (odd == NULL)
            result->same++;
        else if (result->odd == NULL)
            *result = (struct extract_result){result->frames, result->same, s->id, odd};
    }
}

static int list_ids(struct again *a)
{
    a->ids = reallocarray(NULL, a->wanted->count + 1, sizeof *a->ids);
    for (size_t i = 0; a->ids != NULL && i < a->wanted->count; i++)
        a->ids[i] = a->wanted->items[i].id;
    if (a->ids != NULL)
        qsort(a->ids, a->wanted->count, sizeof *a->ids, by_value);
    return a->ids != NULL ? P2T_OK : P2T_ERR_MEMORY;
}

int again_compare(const struct extract_config *config, const struct spool *spool, struct slice secrets,
                  struct extract_result *result)
{
    struct again a = {.wanted = config->subjects};
    struct p2t_config session_config = *config->session;
    struct p2t_session *session = NULL;

    session_config.paths = NULL;
    session_config.path_count = 0;
    session_config.filter = NULL;
    session_config.jobs = 1;
    session_config.all = true;
    session_config.ctx = &a;
    session_config.exchange = on_exchange;
    session_config.problem = NULL;
    session_config.question = NULL;
    session_config.connection = NULL;
    int status = list_ids(&a);
    if (status == P2T_OK)
        status = p2t_session_open(&session, &session_config, NULL);
    if (status == P2T_OK)
        status = feed(session, spool, secrets);
    if (status == P2T_OK)
        compare(&a, result);
    p2t_session_free(session);
    subjects_fini(&a.told);
    free(a.ids);
    return status;
}
