#include "findings/story.h"

void wait_ms(struct story *s, unsigned ms)
{
    wire_wait(&s->wire, ms * UINT64_C(1000));
}

void goes_on(struct story *s, unsigned ms)
{
    struct talk nobody = s->http;

    nobody.ip[UP]++;
    wait_ms(s, ms);
    wire_unreachable(&s->wire, &nobody, PROTOCOL_TCP, HOST_UNREACHABLE);
}

void resolve(struct story *s)
{
    const struct answer here = {.addresses = 1, .address = {SERVER}};

    wire_query(&s->wire, &s->dns, 1, "a.test");
    wait_ms(s, 1);
    wire_answer(&s->wire, &s->dns, 1, "a.test", &here);
}

void sends(struct story *s, int dir, unsigned flags)
{
    wait_ms(s, 1);
    wire_segment(&s->wire, &s->http, dir, flags, "", 0);
}

/* A repeated one has the same sequence number. */
void syn(struct story *s)
{
    struct talk again = s->http;

    wire_segment(&s->wire, &again, UP, SYN, "", 0);
}

void syn_ack(struct story *s)
{
    struct talk again = s->http;

    again.seq[UP]++;
    wait_ms(s, 1);
    wire_segment(&s->wire, &again, DOWN, SYN | ACK, "", 0);
}

void established(struct story *s)
{
    s->http.seq[UP]++;
    s->http.seq[DOWN]++;
    sends(s, UP, ACK);
}

void dial(struct story *s)
{
    syn(s);
    syn_ack(s);
    established(s);
}

void says(struct story *s, int dir, const char *text)
{
    wait_ms(s, 1);
    wire_text(&s->wire, &s->http, dir, text);
    wire_segment(&s->wire, &s->http, !dir, ACK, "", 0);
}

void ask_at_once(struct story *s)
{
    static const char request[] =
        "GET /a HTTP/1.1\r\nHost: a.test\r\nUser-Agent: Go-http-client/1.1\r\nAccept-Encoding: gzip\r\n\r\n";

    wire_text(&s->wire, &s->http, UP, request);
    wire_segment(&s->wire, &s->http, DOWN, ACK, "", 0);
}

void ask(struct story *s)
{
    wait_ms(s, 1);
    ask_at_once(s);
}

void answer(struct story *s)
{
    says(s, DOWN, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
}

void hang_up(struct story *s)
{
    sends(s, UP, FIN | ACK);
    sends(s, DOWN, FIN | ACK);
    sends(s, UP, ACK);
}
