#include "proto/websocket.h"

#include "base/reader.h"

/* RFC 6455 5.2 */
enum opcode { OP_CONTINUATION = 0x0, OP_TEXT = 0x1, OP_BINARY = 0x2, OP_CLOSE = 0x8, OP_PING = 0x9, OP_PONG = 0xa };
enum { FIN = 0x80, RSV2_RSV3 = 0x30, OPCODE = 0x0f, MASKED = 0x80, LENGTH = 0x7f, LENGTH_16 = 126, LENGTH_64 = 127 };

void websocket_lose(struct websocket_reader *r, const struct packet_mark *mark, struct message_out *out)
{
    if (r->lost)
        return;
    r->lost = true;
    message_emit_lost(out, mark);
}

static uint8_t opcode_of(const struct websocket_reader *r)
{
    return r->header[0] & OPCODE;
}

static bool is_control(const struct websocket_reader *r)
{
    return opcode_of(r) >= OP_CLOSE;
}

/* How long the header is, as far as its first two bytes tell; 2 while there are fewer. */
static size_t header_bytes(const struct websocket_reader *r)
{
    if (r->header_n < 2)
        return 2;
    uint8_t length = r->header[1] & LENGTH;
    size_t extended = length == LENGTH_64 ? 8 : length == LENGTH_16 ? 2 : 0;
    return 2 + extended + ((r->header[1] & MASKED) != 0 ? 4 : 0);
}

/* What RFC 6455 5.2 to 5.5 forbid tells other bytes from frames; of the reserved bits only compression's is in use. */
static bool first_bytes_are_sane(const struct websocket_reader *r)
{
    uint8_t op = opcode_of(r);

    if ((r->header[0] & RSV2_RSV3) != 0 || op > OP_PONG || (op > OP_BINARY && op < OP_CLOSE))
        return false;
    if (is_control(r))
        return (r->header[0] & FIN) != 0 && (r->header[1] & LENGTH) < LENGTH_16;
    return (op == OP_CONTINUATION) == r->fragmented;
}

static uint64_t payload_length(const struct websocket_reader *r)
{
    struct reader in = reader_of(r->header + 2, WEBSOCKET_HEADER_MAX - 2);
    uint8_t length = r->header[1] & LENGTH;

    if (length == LENGTH_16)
        return reader_be16(&in);
    if (length < LENGTH_16)
        return length;
    uint64_t high = reader_be32(&in);
    return high << 32 | reader_be32(&in);
}

static enum fact_message_kind kind_of(uint8_t op)
{
    switch (op) {
    case OP_TEXT:
        return FACT_MESSAGE_TEXT;
    case OP_BINARY:
        return FACT_MESSAGE_BINARY;
    case OP_PING:
        return FACT_MESSAGE_PING;
    case OP_PONG:
        return FACT_MESSAGE_PONG;
    default:
        return FACT_MESSAGE_CLOSE;
    }
}

static void tell(struct websocket_reader *r, struct message_out *out)
{
    struct fact_message m = {.kind = kind_of(opcode_of(r)), .bytes = r->frame_bytes};

    if (r->close_n == 2)
        m.close_code = (uint16_t)(r->close_code[0] << 8 | r->close_code[1]);
    message_emit(out, &m, &r->first);
}

static void end_frame(struct websocket_reader *r, struct message_out *out)
{
    if (opcode_of(r) == OP_CLOSE)
        tell(r, out);
    r->in_payload = false;
    r->header_n = r->close_n = 0;
}

/* RFC 6455 5.4: a message is as many frames as its sender likes; its first one names its kind. */
static void begin_frame(struct websocket_reader *r, struct message_out *out)
{
    r->frame_bytes = r->left = payload_length(r);
    if (r->left >> 63 != 0) {
        websocket_lose(r, &r->first, out);
        return;
    }
    r->in_payload = true;
    if (opcode_of(r) != OP_CONTINUATION && opcode_of(r) != OP_CLOSE)
        tell(r, out);
    if (!is_control(r))
        r->fragmented = (r->header[0] & FIN) == 0;
    if (r->left == 0)
        end_frame(r, out);
}

static void step_header(struct websocket_reader *r, struct message_piece *p, struct message_out *out)
{
    if (p->bytes.n == 0) {
        websocket_lose(r, &p->mark, out);
        return;
    }
    if (r->header_n == 0)
        r->first = p->mark;
    r->header[r->header_n++] = p->bytes.p[0];
    message_take(p, 1);
    if (r->header_n == 2 && !first_bytes_are_sane(r))
        websocket_lose(r, &r->first, out);
    else if (r->header_n >= 2 && r->header_n == header_bytes(r))
        begin_frame(r, out);
}

/* RFC 6455 5.3, 5.5.1: the code is the payload's first two bytes, each under its byte of the mask. */
static void take_close_code(struct websocket_reader *r, const struct message_piece *p)
{
    const uint8_t *mask = r->header + header_bytes(r) - 4;
    bool masked = (r->header[1] & MASKED) != 0;
    uint64_t at = r->frame_bytes - r->left;

    for (size_t i = 0; i < p->bytes.n && at + i < 2 && i < r->left; i++)
        r->close_code[r->close_n++] = p->bytes.p[i] ^ (masked ? mask[at + i] : 0);
}

static void step_payload(struct websocket_reader *r, struct message_piece *p, struct message_out *out)
{
    if (opcode_of(r) == OP_CLOSE && r->close_n == r->frame_bytes - r->left)
        take_close_code(r, p);
    message_skip(p, &r->left);
    if (r->left == 0)
        end_frame(r, out);
}

void websocket_feed(struct websocket_reader *r, struct message_piece piece, struct message_out *out)
{
    while (piece.len > 0 && !r->lost) {
        if (r->in_payload)
            step_payload(r, &piece, out);
        else
            step_header(r, &piece, out);
    }
}
