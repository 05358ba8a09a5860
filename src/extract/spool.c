#include "extract/spool.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/system.h"
#include "pcap2trace/status.h"

/* Most exchanges fit, and no packet of theirs touches a disk. */
enum { HELD_BYTES_MAX = 32 << 20 };

/* $TMPDIR, and without a name from the start: nobody else can open it, and it does not outlive the program. */
static int open_file(void)
{
    const char *folder = getenv("TMPDIR");
    struct buf path = {0};

    buf_printf(&path, "%s/pcap2trace.XXXXXX", folder != NULL && *folder != '\0' ? folder : "/tmp");
    buf_putc(&path, '\0');
    int fd = path.failed ? -1 : mkstemp((char *)path.p);
    if (fd >= 0)
        (void)unlink((char *)path.p);
    buf_fini(&path);
    return fd;
}

static bool write_held(struct spool *s)
{
    if (s->fd == 0)
        s->fd = open_file() + 1;
    for (size_t done = 0; done < s->held.n;) {
        ssize_t n = s->fd > 0 ? write(s->fd - 1, s->held.p + done, s->held.n - done) : -1;
        if (n < 0 && errno == EINTR && s->fd > 0)
            continue;
        if (n < 0)
            return false;
        done += (size_t)n;
    }
    buf_reset(&s->held);
    return true;
}

static bool make_room(struct spool *s)
{
    size_t cap = s->cap < 64 ? 64 : s->cap * 2;

    if (s->count < s->cap)
        return true;
    struct spool_frame *frames = reallocarray(s->frames, cap, sizeof *frames);
    if (frames == NULL)
        return false;
    s->frames = frames;
    s->cap = cap;
    return true;
}

struct spool_frame *spool_add(struct spool *s, const struct input_frame *frame)
{
    if (!make_room(s) || (s->held.n > HELD_BYTES_MAX && !write_held(s)))
        return NULL;
    buf_put(&s->held, frame->bytes, frame->cap_len);
    if (s->held.failed)
        return NULL;
    struct spool_frame *f = &s->frames[s->count++];
    *f = (struct spool_frame){.frame = *frame, .at = s->bytes};
    f->frame.bytes = NULL;
    s->bytes += frame->cap_len;
    return f;
}

int spool_seal(struct spool *s)
{
    if (s->fd == 0) {
        s->map = s->held.p;
        return P2T_OK;
    }
    if (!write_held(s))
        return P2T_ERR_IO;
    void *map = mmap(NULL, s->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd - 1, 0);
    if (map == MAP_FAILED)
        return P2T_ERR_MEMORY;
    s->map = map;
    s->map_bytes = s->bytes;
    return P2T_OK;
}

uint8_t *spool_bytes(const struct spool *s, const struct spool_frame *f)
{
    return s->map != NULL ? s->map + f->at : NULL;
}

void spool_fini(struct spool *s)
{
    if (s->map_bytes > 0)
        munmap(s->map, s->map_bytes);
    if (s->fd > 0)
        close(s->fd - 1);
    buf_fini(&s->held);
    free(s->frames);
    *s = (struct spool){0};
}
