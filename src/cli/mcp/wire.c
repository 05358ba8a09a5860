#include "cli/mcp/wire.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/signals.h"
#include "write/json/json.h"

/* ---- out ---- */

static void put_id(struct buf *b, const cJSON *id)
{
    if (id == NULL)
        buf_lit(b, "null");
    else if (cJSON_IsString(id))
        json_string(b, (struct p2t_text){id->valuestring, strlen(id->valuestring)});
    else
        buf_i64(b, (int64_t)id->valuedouble);
}

static void send(struct buf *b)
{
    struct output out = {.fd = STDOUT_FILENO};

    buf_lit(b, "}\n");
    if (!b->failed)
        (void)output_write(&out, b->p, b->n); /* a client that is gone ends standard input, too */
    buf_fini(b);
}

static struct buf begin(const cJSON *id, const char *member)
{
    struct buf b = {0};

    buf_lit(&b, "{\"jsonrpc\":\"2.0\",\"id\":");
    put_id(&b, id);
    buf_printf(&b, ",\"%s\":", member);
    return b;
}

void wire_result(const cJSON *id, const char *result, size_t n)
{
    struct buf b = begin(id, "result");

    buf_put(&b, result, n);
    send(&b);
}

void wire_fail(const cJSON *id, enum wire_error code, const char *text)
{
    struct buf b = begin(id, "error");

    buf_printf(&b, "{\"code\":%d,\"message\":", (int)code);
    json_string(&b, (struct p2t_text){text, strlen(text)});
    buf_putc(&b, '}');
    send(&b);
}

/* ---- in ---- */

static bool same_id(const cJSON *a, const cJSON *b)
{
    return a != NULL && b != NULL && cJSON_Compare(a, b, true);
}

static bool has_method(const cJSON *message, const char *name)
{
    const cJSON *method = cJSON_GetObjectItemCaseSensitive(message, "method");

    return cJSON_IsString(method) && strcmp(method->valuestring, name) == 0;
}

static void take_out(struct wire *w, size_t at)
{
    cJSON_Delete(w->queue[at]);
    w->queued--;
    memmove(&w->queue[at], &w->queue[at + 1], (w->queued - at) * sizeof w->queue[0]);
}

static void cancel(struct wire *w, const cJSON *message)
{
    const cJSON *params = cJSON_GetObjectItemCaseSensitive(message, "params");
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(params, "requestId");

    w->cancelled |= same_id(id, w->current);
    for (size_t i = w->queued; i-- > 0;)
        if (same_id(id, cJSON_GetObjectItemCaseSensitive(w->queue[i], "id")))
            take_out(w, i);
}

static void take_message(struct wire *w, cJSON *message)
{
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(message, "id");

    if (has_method(message, "notifications/cancelled")) {
        cancel(w, message);
    } else if (has_method(message, "ping") && w->current != NULL) {
        wire_result(id, "{}", 2);
    } else {
        w->queue[w->queued++] = message;
        return;
    }
    cJSON_Delete(message);
}

/* text[n] is a NUL. A NUL inside of a text would end it: no name and no id has one. */
static cJSON *parse(const char *text, size_t n)
{
    if (strlen(text) != n || strstr(text, "\\u0000") != NULL)
        return NULL;
    return cJSON_ParseWithOpts(text, NULL, true);
}

/* The byte behind the line may be written. */
static void take_line(struct wire *w, uint8_t *line, size_t n)
{
    line[n] = '\0';
    if (slice_trim(slice_of(line, n)).n == 0 || (n == 1 && *line == '\r'))
        return;
    cJSON *message = parse((const char *)line, n);
    if (message == NULL) {
        wire_fail(NULL, WIRE_PARSE_ERROR, "the line is not one JSON text without NUL characters");
        return;
    }
    if (cJSON_IsObject(message)) {
        take_message(w, message);
        return;
    }
    wire_fail(NULL, WIRE_INVALID_REQUEST, "expected one object: batches are not supported");
    cJSON_Delete(message);
}

static void drop_front(struct buf *b, size_t n)
{
    memmove(b->p, b->p + n, b->n - n);
    b->n -= n;
}

/* Whole lines become messages, as long as there is room for them. */
static void take_lines(struct wire *w)
{
    size_t from = 0;

    while (w->queued < WIRE_QUEUE_MAX) {
        struct slice rest = slice_of(w->in.p + from, w->in.n - from);
        size_t end = slice_find(rest, '\n');
        if (end == rest.n)
            break;
        if (!w->skipping)
            take_line(w, w->in.p + from, end);
        w->skipping = false;
        from += end + 1;
    }
    if (from > 0)
        drop_front(&w->in, from);
    if (w->in.n > WIRE_LINE_MAX && w->queued < WIRE_QUEUE_MAX) {
        if (!w->skipping)
            wire_fail(NULL, WIRE_PARSE_ERROR, "the line is longer than 1 MB");
        w->skipping = true;
        buf_reset(&w->in);
    }
}

static void read_more(struct wire *w)
{
    enum { READ_BYTES = 65536 };

    if (!buf_grow(&w->in, READ_BYTES)) {
        w->ended = true;
        return;
    }
    ssize_t n = read(STDIN_FILENO, w->in.p + w->in.n, READ_BYTES);
    if (n < 0 && errno == EINTR)
        return;
    if (n > 0)
        w->in.n += (size_t)n;
    w->ended |= n <= 0;
    take_lines(w);
    if (w->ended && w->in.n > 0 && !w->skipping && w->queued < WIRE_QUEUE_MAX) {
        buf_putc(&w->in, '\n'); /* the last line has no end */
        take_lines(w);
    }
}

cJSON *wire_next(struct wire *w)
{
    take_lines(w);
    while (w->queued == 0 && !w->ended && signals_stop() == 0)
        read_more(w);
    if (w->queued == 0 || signals_stop() != 0)
        return NULL;
    cJSON *first = w->queue[0];
    w->queued--;
    memmove(&w->queue[0], &w->queue[1], w->queued * sizeof w->queue[0]);
    return first;
}

bool wire_look(struct wire *w)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};

    while (!w->ended && w->queued < WIRE_QUEUE_MAX && !w->cancelled && poll(&in, 1, 0) > 0)
        read_more(w);
    return w->cancelled;
}

void wire_fini(struct wire *w)
{
    while (w->queued > 0)
        take_out(w, w->queued - 1);
    buf_fini(&w->in);
}
