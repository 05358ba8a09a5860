#include "base/relay.h"

void relay_init(struct relay *r, size_t slots, size_t wake)
{
    *r = (struct relay){.slots = slots, .wake = wake};
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->was_put, NULL);
    pthread_cond_init(&r->was_taken, NULL);
}

void relay_fini(struct relay *r)
{
    pthread_cond_destroy(&r->was_taken);
    pthread_cond_destroy(&r->was_put);
    pthread_mutex_destroy(&r->lock);
}

static uint64_t filled(const struct relay *r)
{
    return r->put - r->taken;
}

bool relay_room(struct relay *r, size_t *slot)
{
    pthread_mutex_lock(&r->lock);
    if (filled(r) == r->slots)
        while (filled(r) > r->slots - r->wake && !r->closed)
            pthread_cond_wait(&r->was_taken, &r->lock);
    bool room = !r->closed;
    *slot = (size_t)(r->put % r->slots);
    pthread_mutex_unlock(&r->lock);
    return room;
}

void relay_put(struct relay *r)
{
    pthread_mutex_lock(&r->lock);
    r->put++;
    if (filled(r) >= r->wake)
        pthread_cond_signal(&r->was_put);
    pthread_mutex_unlock(&r->lock);
}

bool relay_empty(struct relay *r)
{
    pthread_mutex_lock(&r->lock);
    r->emptying = true;
    pthread_cond_signal(&r->was_put);
    while (filled(r) > 0 && !r->closed)
        pthread_cond_wait(&r->was_taken, &r->lock);
    r->emptying = false;
    bool open = !r->closed;
    pthread_mutex_unlock(&r->lock);
    return open;
}

void relay_end(struct relay *r)
{
    pthread_mutex_lock(&r->lock);
    r->ended = true;
    pthread_cond_signal(&r->was_put);
    pthread_mutex_unlock(&r->lock);
}

/* Do not sleep for `wake` slots once the producer has ended or is draining: they may never come. */
static bool should_wait(const struct relay *r)
{
    return filled(r) < r->wake && !r->ended && !(r->emptying && filled(r) > 0);
}

bool relay_next(struct relay *r, size_t *slot)
{
    pthread_mutex_lock(&r->lock);
    if (filled(r) == 0)
        while (should_wait(r))
            pthread_cond_wait(&r->was_put, &r->lock);
    bool more = filled(r) > 0;
    *slot = (size_t)(r->taken % r->slots);
    pthread_mutex_unlock(&r->lock);
    return more;
}

void relay_took(struct relay *r)
{
    pthread_mutex_lock(&r->lock);
    r->taken++;
    if (filled(r) <= r->slots - r->wake)
        pthread_cond_signal(&r->was_taken);
    pthread_mutex_unlock(&r->lock);
}

void relay_close(struct relay *r)
{
    pthread_mutex_lock(&r->lock);
    r->closed = true;
    pthread_cond_signal(&r->was_taken);
    pthread_mutex_unlock(&r->lock);
}
