#include "base/crew.h"

void crew_init(struct crew *c, size_t slots, size_t wake)
{
    *c = (struct crew){.slots = slots, .wake = wake};
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->was_put, NULL);
    pthread_cond_init(&c->was_passed, NULL);
}

void crew_fini(struct crew *c)
{
    pthread_cond_destroy(&c->was_passed);
    pthread_cond_destroy(&c->was_put);
    pthread_mutex_destroy(&c->lock);
}

/* ---- the producer ---- */

size_t crew_room(struct crew *c)
{
    pthread_mutex_lock(&c->lock);
    if (c->put - c->passed == c->slots)
        while (c->put - c->passed > c->slots - c->wake)
            pthread_cond_wait(&c->was_passed, &c->lock);
    size_t slot = (size_t)(c->put % c->slots);
    pthread_mutex_unlock(&c->lock);
    return slot;
}

void crew_put(struct crew *c)
{
    pthread_mutex_lock(&c->lock);
    c->put++;
    if (c->put - c->taken >= c->wake)
        pthread_cond_signal(&c->was_put);
    pthread_mutex_unlock(&c->lock);
}

void crew_clear(struct crew *c, size_t most)
{
    pthread_mutex_lock(&c->lock);
    c->clearing = true;
    pthread_cond_broadcast(&c->was_put);
    while (c->put - c->passed > most)
        pthread_cond_wait(&c->was_passed, &c->lock);
    c->clearing = false;
    pthread_mutex_unlock(&c->lock);
}

void crew_end(struct crew *c)
{
    pthread_mutex_lock(&c->lock);
    c->ended = true;
    pthread_cond_broadcast(&c->was_put);
    pthread_mutex_unlock(&c->lock);
}

/* ---- the workers ---- */

/* The producer waits while all slots are under way: what there is must be taken then, however little it is. */
static bool should_sleep(const struct crew *c)
{
    uint64_t ready = c->put - c->taken;

    return !c->ended && (ready == 0 || (ready < c->wake && c->put - c->passed < c->slots && !c->clearing));
}

bool crew_next(struct crew *c, size_t *slot)
{
    pthread_mutex_lock(&c->lock);
    if (c->put == c->taken)
        while (should_sleep(c))
            pthread_cond_wait(&c->was_put, &c->lock);
    bool more = c->put > c->taken;
    *slot = (size_t)(c->taken % c->slots);
    c->taken += more;
    pthread_mutex_unlock(&c->lock);
    return more;
}

void crew_made(struct crew *c, size_t slot)
{
    pthread_mutex_lock(&c->lock);
    c->made[slot] = true;
    pthread_mutex_unlock(&c->lock);
}

bool crew_turn(struct crew *c, size_t *slot)
{
    pthread_mutex_lock(&c->lock);
    *slot = (size_t)(c->passed % c->slots);
    bool turn = !c->passing && c->made[*slot];
    c->passing |= turn;
    pthread_mutex_unlock(&c->lock);
    return turn;
}

void crew_passed(struct crew *c)
{
    pthread_mutex_lock(&c->lock);
    c->made[c->passed % c->slots] = false;
    c->passed++;
    c->passing = false;
    if (c->put - c->passed <= c->slots - c->wake || c->clearing)
        pthread_cond_signal(&c->was_passed);
    pthread_mutex_unlock(&c->lock);
}
