/* Byte streams of both directions against the facts they must give, each played whole, byte by byte, and cut in two
 * at every position. */
#include "support/cmocka_all.h"

#include <stdio.h>

#include "http1_play.h"

struct script {
    const char *name;
    struct step steps[STEPS_MAX];
    const char *facts;
    bool mid_stream, show_headers;
    /* After a loss, messages are found at the front of segments only; an unknown method by its whole line. */
    bool segments_matter;
};

#define GET_AND(s)                                                                                                   \
    {                                                                                                                \
        ASK("GET /a HTTP/1.1\r\n\r\n"), SAY(s)                                                                       \
    }
#define GOT(s)    "0 GET /a\n0 sent 0\n0 " s "\n"
#define CHUNKED   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define CHUNKS(s) GET_AND(CHUNKED s)
/* Of the body, n bytes came before. */
#define REFUSED(why, n) GOT("200 chunked\n0 bad " why "\n0 got " n " incomplete")

static const struct script scripts[] = {
    /* ---- framing: RFC 9112 6.3 ---- */
    {.name = "a request and a response with lengths",
     {ASK("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"),
      SAY("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")},
     "0 POST /a length=3\n0 sent 3\n0 200 length=5\n0 got 5\n"},
    {.name = "a length of zero",
     {ASK("POST /a HTTP/1.1\r\nContent-Length: 0\r\n\r\n"), SAY("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")},
     "0 POST /a length=0\n0 sent 0\n0 200 length=0\n0 got 0\n"},
    {.name = "keep-alive",
     {ASK("GET /a HTTP/1.1\r\n\r\n"), SAY("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1"),
      ASK("GET /b HTTP/1.1\r\n\r\n"), SAY("HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\n22")},
     "0 GET /a\n0 sent 0\n0 200 length=1\n0 got 1\n1 GET /b\n1 sent 0\n1 404 length=2\n1 got 2\n"},
    {.name = "pipelining",
     {ASK("GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\nHEAD /c HTTP/1.1\r\n\r\n"),
      SAY("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1HTTP/1.1 204 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
          "9\r\n"
          "\r\n")},
     "0 GET /a\n0 sent 0\n1 GET /b\n1 sent 0\n2 HEAD /c\n2 sent 0\n"
     "0 200 length=1\n0 got 1\n1 204\n1 got 0\n2 200\n2 got 0\n"},
    {.name = "chunked both ways, with an extension and trailers",
     {ASK("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n"),
      SAY("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\nT: 1\r\nU: 2\r\n\r\n"),
      ASK("GET /b HTTP/1.1\r\n\r\n")},
     "0 POST /a chunked\n0 sent 5\n0 200 chunked\n0 got 10\n1 GET /b\n1 sent 0\n"},
    {.name = "chunked wins over a length",
     {ASK("GET /a HTTP/1.1\r\n\r\n"),
      SAY("HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n")},
     "0 GET /a\n0 sent 0\n0 200 chunked\n0 got 1\n"},
    {.name = "a body until close",
     {ASK("GET /a HTTP/1.0\r\n\r\n"), SAY("HTTP/1.0 200 OK\r\n\r\nhello"), SAY(" world"), SAY_FIN},
     "0 GET /a\n0 sent 0\n0 200 until-close\n0 got 11\n"},
    {.name = "a body until close that a reset ends",
     {ASK("GET /a HTTP/1.0\r\n\r\n"), SAY("HTTP/1.0 200 OK\r\n\r\nhello"), RESET},
     "0 GET /a\n0 sent 0\n0 200 until-close\n0 got 5 incomplete\n"},
    {.name = "a body shorter than its length",
     {ASK("GET /a HTTP/1.1\r\n\r\n"), SAY("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"), SAY_FIN},
     "0 GET /a\n0 sent 0\n0 200 length=9\n0 got 5 incomplete\n"},
    {.name = "HEAD, 204 and 304 have no body, whatever they say",
     {ASK("HEAD /a HTTP/1.1\r\n\r\n"), SAY("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
      ASK("GET /b HTTP/1.1\r\n\r\n"), SAY("HTTP/1.1 204 No\r\nContent-Length: 7\r\n\r\n"),
      ASK("GET /c HTTP/1.1\r\n\r\n"), SAY("HTTP/1.1 304 No\r\nContent-Length: 7\r\n\r\n"),
      ASK("GET /d HTTP/1.1\r\n\r\n"), SAY("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")},
     "0 HEAD /a\n0 sent 0\n0 200\n0 got 0\n1 GET /b\n1 sent 0\n1 204\n1 got 0\n"
     "2 GET /c\n2 sent 0\n2 304\n2 got 0\n3 GET /d\n3 sent 0\n3 200 length=0\n3 got 0\n"},

    /* ---- interim responses and tunnels ---- */
    {.name = "interim responses of any number",
     {ASK("GET /a HTTP/1.1\r\n\r\n"), SAY("HTTP/1.1 103 E\r\nLink: x\r\n\r\nHTTP/1.1 102 P\r\n\r\nHTTP/1.1 103 "
                                          "E\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
                                          "1\r\n\r\n1")},
     "0 GET /a\n0 sent 0\n0 103\n0 102\n0 103\n0 200 length=1\n0 got 1\n"},
    {.name = "Expect: 100-continue, continued",
     {ASK("PUT /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"),
      SAY("HTTP/1.1 100 Continue\r\n\r\n"), ASK("abc"), SAY("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")},
     "0 PUT /a length=3\n0 100\n0 sent 3\n0 201 length=0\n0 got 0\n"},
    {.name = "Expect: 100-continue, refused, and the body is sent all the same",
     {ASK("PUT /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"),
      SAY("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n"), ASK("abc"), ASK("GET /b HTTP/1.1\r\n\r\n")},
     "0 PUT /a length=3\n0 417 length=0\n0 got 0\n0 sent 3\n1 GET /b\n1 sent 0\n"},
    {.name = "Expect: 100-continue, refused, and the connection closed",
     {ASK("PUT /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"),
      SAY("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n"), ASK_FIN},
     "0 PUT /a length=3\n0 417 length=0\n0 got 0\n0 sent 0 incomplete\n"},
    {.name = "an upgrade",
     {ASK("GET /chat HTTP/1.1\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"),
      SAY("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n\x81\x01x")},
     "0 GET /chat\n0 sent 0\n0 101\n0 got 0\n0 tunnel\n"},
    {.name = "an upgrade to WebSocket, and its messages",
     {ASK("GET /chat HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
      SAY("HTTP/1.1 101 Switching\r\nUpgrade: WebSocket\r\n\r\n\x81\x01x"),
      ASK("\x82\x81"
          "1234y"),
      SAY("\x88\x02\x03\xe9"), SAY_FIN, ASK_FIN},
     "0 GET /chat\n0 sent 0\n0 101\n0 got 0\n0 message 2 of 1 down\n0 message 3 of 1 up\n0 message 6 of 2 down\n"},
    {.name = "an upgrade to HTTP/2: the answer comes there",
     {ASK("GET /a HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"),
      SAY("HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\nframes"), ASK("PRI"), SAY_FIN, ASK_FIN},
     "0 GET /a\n0 sent 0\n0 101\n0 tunnel\n"},
    {.name = "an upgrade that is refused",
     {ASK("GET /chat HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
      SAY("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), ASK("GET /b HTTP/1.1\r\n\r\n")},
     "0 GET /chat\n0 sent 0\n0 200 length=2\n0 got 2\n1 GET /b\n1 sent 0\n"},
    {.name = "CONNECT",
     {ASK("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n"), SAY("HTTP/1.1 200 Fine\r\nContent-Length: 7\r\n\r\n"),
      ASK("\x16\x03\x01")},
     "0 CONNECT h:443\n0 sent 0\n0 200\n0 got 0\n0 tunnel\n"},
    {.name = "CONNECT refused, then asked again",
     {ASK("CONNECT h:443 HTTP/1.1\r\n\r\n"), SAY("HTTP/1.1 407 Auth\r\nContent-Length: 2\r\n\r\nno"),
      ASK("CONNECT h:443 HTTP/1.1\r\nProxy-Authorization: x\r\n\r\n"), SAY("HTTP/1.1 200 OK\r\n\r\n")},
     "0 CONNECT h:443\n0 sent 0\n0 407 length=2\n0 got 2\n1 CONNECT h:443\n1 sent 0\n1 200\n1 got 0\n1 tunnel\n"},

    /* ---- forms ---- */
    {.name = "absolute form",
     {ASK("GET http://h/a?b HTTP/1.1\r\nHost: h\r\n\r\n")},
     "0 GET http://h/a?b\n0 sent 0\n"},
    {.name = "lines that end in LF alone",
     {ASK("GET /a HTTP/1.1\nHost: h\n\n"), SAY("HTTP/1.1 200 OK\nContent-Length: 2\n\nok")},
     "0 GET /a\n0 sent 0\n0 200 length=2\n0 got 2\n"},
    {.name = "blank lines before requests",
     {ASK("\r\n\r\nGET /a HTTP/1.1\r\n\r\n\r\nGET /b HTTP/1.1\r\n\r\n"),
      SAY("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")},
     "0 GET /a\n0 sent 0\n1 GET /b\n1 sent 0\n0 200 length=0\n0 got 0\n"},
    {.name = "fields: white space, empty values, repeated and folded ones",
     {ASK("GET /a HTTP/1.1\r\nA:b\r\nC: \t d \r\nE:\r\nA: f\r\nG: one\r\n two\r\n\r\n")},
     "0 GET /a [A=b] [C=d] [E=] [A=f] [G=one\r\n two]\n0 sent 0\n",
     .show_headers = true},
    {.name = "a method nobody knows",
     {ASK("GET /a HTTP/1.1\r\n\r\n"), ASK("FROB /b HTTP/1.1\r\nContent-Length: 2\r\n\r\nxx"),
      SAY("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 501 No\r\nContent-Length: 0\r\n\r\n")},
     "0 GET /a\n0 sent 0\n1 FROB /b length=2\n1 sent 2\n0 200 length=0\n0 got 0\n1 501 length=0\n1 got 0\n",
     .segments_matter = true},
    {.name = "a target with spaces, and a chunked body behind it",
     {ASK(
         "POST /a b c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nxx\r\n0\r\n\r\nGET  /two HTTP/1.1\r\n\r\n")},
     "0 POST /a b c chunked\n0 sent 2\n1 GET /two\n1 sent 0\n"},
    {.name = "a line without a colon in a request",
     {ASK("GET /a HTTP/1.1\r\nA: b\r\nnonsense\r\nC: d\r\n\r\n")},
     "0 GET /a [A=b] [C=d]\n0 sent 0\n",
     .show_headers = true},
    {.name = "a carriage return alone ends no head",
     {ASK("GET /a HTTP/1.1\r\nA: b\r\n\rX: 1\r\n\r\n")},
     "0 GET /a\n0 sent 0\n"},
    {.name = "a reason that is missing, or empty",
     {ASK("GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n"),
      SAY("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n")},
     "0 GET /a\n0 sent 0\n1 GET /b\n1 sent 0\n0 200 length=0\n0 got 0\n1 200 length=0\n1 got 0\n"},

    /* ---- order ---- */
    {.name = "a response before the request is whole",
     {ASK("POST /a HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc"), SAY("HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n"),
      ASK("defghi"), ASK("GET /b HTTP/1.1\r\n\r\n")},
     "0 POST /a length=9\n0 400 length=0\n0 got 0\n0 sent 9\n1 GET /b\n1 sent 0\n"},
    {.name = "a response without its request",
     {SAY("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), ASK("GET /b HTTP/1.1\r\n\r\n"),
      SAY("HTTP/1.1 201 OK\r\nContent-Length: 0\r\n\r\n")},
     "0 200 length=2 without-request\n0 got 2\n1 GET /b\n1 sent 0\n1 201 length=0\n1 got 0\n"},
    {.name = "joined inside a body",
     {ASK("tail of a body"), ASK("GET /b HTTP/1.1\r\n\r\n"), SAY("more of a body"),
      SAY("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")},
     "0 GET /b\n0 sent 0\n0 200 length=0\n0 got 0\n",
     .mid_stream = true,
     .segments_matter = true},

    /* ---- what the capture lacks ---- */
    {.name = "a hole in a body of known length costs nothing",
     {ASK("POST /a HTTP/1.1\r\nContent-Length: 10\r\n\r\n"), ASK_HOLE(6), ASK("abcd"),
      SAY("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx"), SAY_HOLE(98), SAY("x"), ASK("GET /b HTTP/1.1\r\n\r\n")},
     "0 POST /a length=10\n0 sent 10 lost\n0 200 length=100\n0 got 100 lost\n1 GET /b\n1 sent 0\n"},
    {.name = "a hole that is a body and no more",
     {ASK("GET /a HTTP/1.1\r\n\r\n"), SAY("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), SAY_HOLE(5),
      ASK("GET /b HTTP/1.1\r\n\r\n"), SAY("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")},
     "0 GET /a\n0 sent 0\n0 200 length=5\n0 got 5 lost\n1 GET /b\n1 sent 0\n1 200 length=0\n1 got 0\n"},
    {.name = "a hole inside the data of a chunk",
     {ASK("GET /a HTTP/1.1\r\n\r\n"), SAY("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nab"),
      SAY_HOLE(4), SAY("gh\r\n0\r\n\r\n")},
     "0 GET /a\n0 sent 0\n0 200 chunked\n0 got 8 lost\n"},
    {.name = "a hole over the end of a chunk: found again at the next message",
     {ASK("GET /a HTTP/1.1\r\n\r\n"), SAY("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nab"),
      SAY_HOLE(9), SAY("xy\r\n0\r\n\r\n"), ASK("GET /b HTTP/1.1\r\n\r\n"),
      SAY("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")},
     "0 GET /a\n0 sent 0\n0 200 chunked\n1 GET /b\n1 sent 0\n0 got 20 incomplete lost\n1 200 length=0\n1 got 0\n",
     .segments_matter = true},
    {.name = "a hole in a head: found again at the next message",
     {ASK("GET /a HTTP/1.1\r\nHos"), ASK_HOLE(20), ASK("GET /b HTTP/1.1\r\n\r\n"),
      SAY("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")},
     "0 GET /a cut\n0 sent 20 incomplete lost\n1 GET /b\n1 sent 0\n0 200 length=0\n0 got 0\n",
     .segments_matter = true},
    {.name = "the answer behind a hole belongs to what was asked before it",
     {ASK("GET /a HTTP/1.1\r\n\r\n"), SAY("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
      ASK("GET /b HTTP/1.1\r\n\r\n"), SAY_HOLE(60), SAY("HTTP/1.1 201 OK\r\nContent-Length: 0\r\n\r\n"),
      ASK("GET /c HTTP/1.1\r\n\r\n"), SAY("HTTP/1.1 202 OK\r\nContent-Length: 0\r\n\r\n")},
     "0 GET /a\n0 sent 0\n0 200 length=5\n1 GET /b\n1 sent 0\n0 got 5 lost\n1 201 length=0\n1 got 0\n"
     "2 GET /c\n2 sent 0\n2 202 length=0\n2 got 0\n",
     .segments_matter = true},
    {.name = "of what was asked before a hole, the newest stands",
     {ASK("GET /a HTTP/1.1\r\n\r\n"), SAY_HOLE(60), ASK("GET /b HTTP/1.1\r\n\r\n"), SAY_HOLE(60),
      SAY("HTTP/1.1 201 OK\r\nContent-Length: 0\r\n\r\n")},
     "0 GET /a\n0 sent 0\n1 GET /b\n1 sent 0\n1 201 length=0\n1 got 0\n",
     .segments_matter = true},
    {.name = "heads that the snapshot length cuts",
     {ASK_CUT("GET /a HTTP/1.1\r\nHost: h\r\nX", 30), SAY_CUT("HTTP/1.1 200 OK\r\nContent-Len", 30),
      ASK("GET /b HTTP/1.1\r\n\r\n"), SAY("HTTP/1.1 201 OK\r\nContent-Length: 0\r\n\r\n")},
     "0 GET /a cut [Host=h]\n0 200 cut\n0 sent 0 incomplete lost\n1 GET /b\n1 sent 0\n0 got 0 incomplete lost\n"
     "1 201 length=0 [Content-Length=0]\n1 got 0\n",
     .show_headers = true,
     .segments_matter = true},
    {.name = "bodies that the snapshot length cuts are whole",
     {ASK_CUT("POST /a HTTP/1.1\r\nContent-Length: 40\r\n\r\nabc", 37),
      SAY_CUT("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", 50), ASK("GET /b HTTP/1.1\r\n\r\n")},
     "0 POST /a length=40\n0 sent 40\n0 200 length=50\n0 got 50\n1 GET /b\n1 sent 0\n"},
    {.name = "heads that the end of the connection cuts",
     {ASK("GET /a HTTP/1.1\r\nHost: h\r\n"), SAY("HTTP/1.1 200 OK\r\n"), SAY_FIN, ASK_FIN},
     "0 200 unfinished\n0 got 0 incomplete\n0 GET /a unfinished\n0 sent 0 incomplete\n"},
    {.name = "a request line that the end of the capture cuts",
     {ASK("GET /ab"), CLOSE},
     "0 GET /ab cut\n0 sent 0 incomplete\n"},

    /* ---- what is no HTTP ---- */
    {.name = "a response that is none",
     {ASK("GET /a HTTP/1.1\r\n\r\n"), SAY("220 smtp.example ESMTP\r\n")},
     "0 GET /a\n0 sent 0\n0 bad status 'smtp.example'\n"},
    {.name = "HTTP/2's settings and going away for an answer",
     {ASK("GET /a HTTP/1.1\r\n\r\n"), SAY("@@@\4@@"), SAY_FIN},
     "0 GET /a\n0 sent 0\n0 bad line '@@@\4@@'\n"},
    {.name = "the same, and the client does not wait for the end of the line",
     {ASK("GET /a HTTP/1.1\r\n\r\n"), SAY("@@@\4@@"), RESET},
     "0 GET /a\n0 sent 0\n0 0 unfinished\n0 got 0 incomplete\n"},
    {.name = "a blank line for an answer",
     {ASK("GET /a HTTP/1.1\r\n\r\n"), SAY("\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")},
     "0 GET /a\n0 sent 0\n0 bad line ''\n",
     .segments_matter = true},
    {.name = "bytes behind a response",
     {ASK("GET /a HTTP/1.1\r\n\r\n"), SAY("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nrubbish"),
      ASK("GET /b HTTP/1.1\r\n\r\n"), SAY("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")},
     "0 GET /a\n0 sent 0\n0 200 length=0\n0 got 0\n0 bad extra\n1 GET /b\n1 sent 0\n1 200 length=0\n1 got 0\n",
     .segments_matter = true},

    /* ---- what Go refuses ---- */
    {.name = "a status of four digits",
     GET_AND("HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"),
     GOT("bad status '2000'")},
    {.name = "a status with a sign is a number",
     GET_AND("HTTP/1.1 +20 OK\r\nContent-Length: 0\r\n\r\n"),
     GOT("20 length=0\n0 got 0")},
    {.name = "a status below 100 is final",
     GET_AND("HTTP/1.1 020 OK\r\nContent-Length: 1\r\n\r\nx"),
     GOT("20 length=1\n0 got 1")},
    {.name = "a version of more digits", GET_AND("HTTP/1.01 200 OK\r\n\r\n"), GOT("bad version of 200 'HTTP/1.01'")},
    {.name = "bare line feeds", GET_AND("HTTP/1.1 200 OK\nContent-Length: 2\n\nab"), GOT("200 length=2\n0 got 2")},
    {.name = "no reason", GET_AND("HTTP/1.1 204\r\n\r\n"), GOT("204\n0 got 0")},
    {.name = "a line without a colon",
     GET_AND("HTTP/1.1 200 OK\r\nnonsense\r\n\r\n"),
     GOT("bad no-colon of 200 'nonsense'")},
    {.name = "a line without a colon, and no more",
     {ASK("GET /a HTTP/1.1\r\n\r\n"), SAY("HTTP/1.1 200 OK\r\nnon"), SAY_FIN},
     GOT("bad no-colon of 200 'non'")},
    {.name = "white space before the first field",
     GET_AND("HTTP/1.1 200 OK\r\n a: b\r\n\r\n"),
     GOT("bad first-field of 200 ' a: b'")},
    {.name = "a name with a letter outside ASCII",
     GET_AND("HTTP/1.1 200 OK\r\nX-\xc3\xb6: 1\r\n\r\n"),
     GOT("bad field of 200 'X-\xc3\xb6: 1'")},
    {.name = "no name", GET_AND("HTTP/1.1 200 OK\r\n: 1\r\n\r\n"), GOT("bad field of 200 ': 1'")},
    {.name = "a control byte in a folded value",
     GET_AND("HTTP/1.1 200 OK\r\nA: b \r\n \tc\x1b \r\nD: e\r\n\r\n"),
     GOT("bad field of 200 'A: b c\x1b'")},
    {.name = "a control byte in a value, and a name in another form than Go's",
     GET_AND("HTTP/1.1 200 OK\r\nx-REAL-name: \x1b\r\n\r\n"),
     GOT("bad field of 200 'X-Real-Name: \x1b'")},
    {.name = "a status of zeros is final",
     GET_AND("HTTP/1.1 000 OK\r\nContent-Length: 1\r\n\r\nx"),
     GOT("0 length=1\n0 got 1")},
    {.name = "a name with a space is not the name",
     GET_AND("HTTP/1.1 200 OK\r\nContent-Length : x\r\nContent-Length: 1\r\n\r\na"),
     GOT("200 length=1\n0 got 1")},
    {.name = "a coding that is not chunked",
     GET_AND("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"),
     GOT("bad coding of 200 'gzip'")},
    {.name = "chunked, and folded over to nothing",
     GET_AND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n \r\n\r\n"),
     GOT("bad coding of 200 'chunked '")},
    {.name = "chunked behind a fold",
     GET_AND("HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n CHUNKED\r\n\r\n0\r\n\r\n"),
     GOT("200 chunked\n0 got 0")},
    {.name = "two codings",
     GET_AND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n"),
     GOT("bad codings of 200 'chunked|x'")},
    {.name = "HTTP/1.0 has no codings",
     GET_AND("HTTP/1.0 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx"),
     GOT("200 length=1\n0 got 1")},
    {.name = "a length that makes no sense",
     GET_AND("HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n"),
     GOT("bad length of 200 '1x'")},
    {.name = "a length with a sign",
     GET_AND("HTTP/1.1 304 OK\r\nContent-Length: +1\r\n\r\n"),
     GOT("bad length of 304 '+1'")},
    {.name = "a length beyond 63 bits",
     GET_AND("HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n"),
     GOT("bad length of 200 '9223372036854775808'")},
    {.name = "no length", GET_AND("HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n"), GOT("bad length of 200 ''")},
    {.name = "a length twice",
     GET_AND("HTTP/1.1 200 OK\r\nContent-Length: 1\r\ncontent-length:1 \r\n\r\na"),
     GOT("200 length=1\n0 got 1")},
    {.name = "two lengths",
     GET_AND("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na"),
     GOT("bad lengths of 200 '1|2'")},
    {.name = "a length and none",
     GET_AND("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length:\r\n\r\na"),
     GOT("bad lengths of 200 '1|'")},
    {.name = "framing in the trailer",
     GET_AND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: a, trailer\r\n\r\n"),
     GOT("bad trailer-key of 200 'Trailer'")},
    {.name = "a trailer announced without chunks",
     GET_AND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTrailer: trailer\r\n\r\n"),
     GOT("200 length=0\n0 got 0")},
    {.name = "a chunk without a carriage return", CHUNKS("1\nx\r\n0\r\n\r\n"), REFUSED("bare-lf", "0")},
    {.name = "a carriage return inside", CHUNKS("1\r;\r\nx\r\n0\r\n\r\n"), REFUSED("bare-cr", "0")},
    {.name = "a chunk without a size", CHUNKS(" \t;a\r\n"), REFUSED("chunk-byte", "0")},
    {.name = "a chunk of nothing", CHUNKS("\t\r\n"), REFUSED("chunk-empty", "0")},
    {.name = "a size that is none", CHUNKS("zz\r\n"), REFUSED("chunk-byte", "0")},
    {.name = "blanks behind a size", CHUNKS("1 \t\r\nx\r\n0 \r\n\r\n"), GOT("200 chunked\n0 got 1")},
    {.name = "blanks between a size and its extension", CHUNKS("1 ;a\r\n"), REFUSED("chunk-byte", "0")},
    {.name = "a size of 17 digits", CHUNKS("00000000000000001\r\n"), REFUSED("chunk-size", "0")},
    {.name = "more data than the chunk", CHUNKS("1\r\nxyz"), REFUSED("chunk-end", "1")},
    {.name = "a trailer with a line without a colon", CHUNKS("0\r\nx\r\n\r\n"), REFUSED("no-colon 'x'", "0")},
    {.name = "no trailer",
     {ASK("GET /a HTTP/1.1\r\n\r\n"), SAY(CHUNKED "0\r\n\r"), SAY_FIN},
     REFUSED("trailer-end", "0")},
    {.name = "half a trailer",
     {ASK("GET /a HTTP/1.1\r\n\r\n"), SAY(CHUNKED "0\r\na: b\r\n"), SAY_FIN},
     REFUSED("trailer-long", "0")},
    {.name = "a request's chunks as servers take them",
     {ASK("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\n2 ; y\r\nab\r\n0\n\nGET /b HTTP/1.1\r\n\r\n")},
     "0 POST /a chunked\n0 sent 3\n1 GET /b\n1 sent 0\n"},
};

static const struct http1_limits roomy = {
    .head_bytes = 4096, .head_bytes_total = 65536, .headers = 16, .pipelined = 16};

static void check(const struct script *s, int split)
{
    struct play p = {.steps = s->steps,
                     .limits = roomy,
                     .step_ns = 1000000000,
                     .mid_stream = s->mid_stream,
                     .show_headers = s->show_headers,
                     .split = split};
    struct buf facts = play(&p);

    if (strcmp((const char *)facts.p, s->facts) != 0)
        print_error("%s, split %d:\n", s->name, split);
    assert_string_equal((const char *)facts.p, s->facts);
    buf_fini(&facts);
}

static void streams_give_their_facts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
        check(&scripts[i], SPLIT_NOWHERE);
}

static void byte_by_byte_they_give_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
        if (!scripts[i].segments_matter)
            check(&scripts[i], SPLIT_EVERYWHERE);
}

static void cut_in_two_anywhere_they_give_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
        for (int at = 1; !scripts[i].segments_matter && at < play_bytes(scripts[i].steps); at++)
            check(&scripts[i], at);
}

/* ---- limits ---- */

static struct http1_counters facts_under(const struct step *steps, struct http1_limits limits, int split,
                                         const char *expected)
{
    struct play p = {.steps = steps, .limits = limits, .step_ns = 1000000000, .split = split};
    struct buf facts = play(&p);

    assert_string_equal((const char *)facts.p, expected);
    buf_fini(&facts);
    return p.counters;
}

static void endless_heads_are_given_up(void **state)
{
    static const struct step steps[] = {
        ASK("GET /a HTTP/1.1\r\nHost: h\r\nX: 0123456789012345678901234567890123456789\r\n"),
        ASK("Y: 0123456789012345678901234567890123456789\r\n"),
        ASK("GET /b HTTP/1.1\r\n\r\n"),
        {0}};
    static const char expected[] = "0 GET /a over-limit\n0 sent 0 incomplete lost\n1 GET /b\n1 sent 0\n";
    struct http1_limits limits = roomy;

    (void)state;
    limits.head_bytes = 100;
    struct http1_counters c = facts_under(steps, limits, SPLIT_NOWHERE, expected);
    assert_int_equal(c.limit_hits, 1);
    assert_int_equal(c.resyncs, 1);
    assert_int_equal(c.requests, 2);
    limits.head_bytes = 60; /* less than the first segment */
    c = facts_under(steps, limits, SPLIT_NOWHERE,
                    "0 GET /a over-limit\n0 sent 45 incomplete lost\n1 GET /b\n1 sent 0\n");
    assert_int_equal(c.limit_hits, 1);
    limits.head_bytes = 4096;
    limits.head_bytes_total = 10;
    c = facts_under(steps, limits, SPLIT_NOWHERE, expected);
    assert_int_equal(c.limit_hits, 1);
}

static void fields_beyond_the_limit_are_counted(void **state)
{
    static const struct step steps[] = {ASK("GET /a HTTP/1.1\r\nA: 1\r\nB: 2\r\nContent-Length: 2\r\n\r\nxx"), {0}};
    static const struct step odd[] = {ASK("GET /a b HTTP/1.1\r\nA: 1\r\nB: 2\r\nC: 3\r\n 4\r\n\r\n"), {0}};
    struct http1_limits limits = roomy;

    (void)state;
    limits.headers = 2;
    (void)facts_under(steps, limits, SPLIT_NOWHERE, "0 GET /a length=2 dropped=1\n0 sent 2\n");
    (void)facts_under(odd, limits, SPLIT_NOWHERE, "0 GET /a b dropped=1\n0 sent 0\n");
    limits.headers = 3;
    (void)facts_under(steps, limits, SPLIT_NOWHERE, "0 GET /a length=2\n0 sent 2\n");
}

static void each_of_a_pipeline_over_the_limit_has_its_answer(void **state)
{
    static const struct step steps[] = {ASK("GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\nGET /c HTTP/1.1\r\n\r\n"),
                                        SAY("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
                                        ASK("GET /d HTTP/1.1\r\n\r\n"),
                                        SAY("HTTP/1.1 201 OK\r\nContent-Length: 0\r\n\r\n"
                                            "HTTP/1.1 202 OK\r\nContent-Length: 0\r\n\r\n"
                                            "HTTP/1.1 203 OK\r\nContent-Length: 0\r\n\r\n"),
                                        {0}};
    struct http1_limits limits = roomy;

    (void)state;
    limits.pipelined = 1;
    struct http1_counters c = facts_under(steps, limits, SPLIT_NOWHERE,
                                          "0 GET /a\n0 sent 0\n1 GET /b\n1 sent 0\n2 GET /c\n2 sent 0\n"
                                          "0 200 length=0\n0 got 0\n3 GET /d\n3 sent 0\n"
                                          "1 201 length=0\n1 got 0\n2 202 length=0\n2 got 0\n"
                                          "3 203 length=0\n3 got 0\n");
    assert_int_equal(c.limit_hits, 3);
}

/* ---- the rest ---- */

/* Two queues of one network card may hand over a request after its response. */
static void a_request_captured_right_behind_its_response_belongs_to_it(void **state)
{
    static const struct step steps[] = {
        SAY("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), ASK("GET /a HTTP/1.1\r\n\r\n"), {0}};
    struct play p = {.steps = steps, .limits = roomy, .step_ns = 1000000, .split = SPLIT_NOWHERE};
    struct buf facts = play(&p);

    (void)state;
    assert_string_equal((const char *)facts.p, "0 200 length=0 without-request\n0 got 0\n0 GET /a\n0 sent 0\n");
    buf_fini(&facts);
    p.step_ns++;
    facts = play(&p);
    assert_string_equal((const char *)facts.p, "0 200 length=0 without-request\n0 got 0\n1 GET /a\n1 sent 0\n");
    buf_fini(&facts);
}

static void what_lies_behind_a_tunnels_head_is_the_callers(void **state)
{
    static const struct step steps[] = {
        ASK("CONNECT h:1 HTTP/1.1\r\n\r\nearly"), SAY("HTTP/1.1 200 OK\r\n\r\n220 hi"), ASK("more"), {0}};
    struct play p = {.steps = steps, .limits = roomy, .step_ns = 1, .split = SPLIT_NOWHERE};
    struct buf facts = play(&p);

    (void)state;
    assert_string_equal((const char *)facts.p, "0 CONNECT h:1\n0 sent 0\n0 200\n0 got 0\n0 tunnel\n");
    assert_int_equal(p.tunnelled, strlen("early") + strlen("220 hi") + strlen("more"));
    buf_fini(&facts);
}

static void first_bytes_tell_requests(void **state)
{
    static const struct {
        const char *bytes;
        enum http1_guess guess;
    } rows[] = {
        {"G", HTTP1_MAYBE},
        {"GET", HTTP1_MAYBE},
        {"GET ", HTTP1_MAYBE},
        {"GET  ", HTTP1_MAYBE},
        {"GET /", HTTP1_YES},
        {"GET  /", HTTP1_YES},
        {"GET \x01", HTTP1_NO},
        {"get /", HTTP1_NO},
        {"\x16\x03\x01", HTTP1_NO},
        {"M-SEARCH * HTTP/1.1\r\n", HTTP1_YES},
        {"FROB /", HTTP1_MAYBE},
        {"FROB /a HTTP/1.1\r\n", HTTP1_YES},
        {"FROB /a HTTP/1.1\n", HTTP1_YES},
        {"FROB /a\r\n", HTTP1_NO},
        {"USER anonymous\r\n", HTTP1_NO},
        {"OPTIONS sip:a SIP/2.0\r\n", HTTP1_NO},
        {"OPTIONS rtsp://h/a RTSP/1.0\r\n", HTTP1_NO},
        {"OPTIONS icap://h/a ICAP/1.0\r\n", HTTP1_NO},
        {"ABCDEFGHIJKLMNOP", HTTP1_NO},
        {"ABCDEFGHIJKLMNOPQ", HTTP1_NO},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("%s\n", rows[i].bytes);
        assert_int_equal(http1_looks_like_request(slice_str(rows[i].bytes)), rows[i].guess);
    }
}

static void first_bytes_tell_responses(void **state)
{
    static const struct {
        const char *bytes;
        enum http1_guess guess;
    } rows[] = {
        {"H", HTTP1_MAYBE},      {"HTTP/", HTTP1_MAYBE}, {"HTTP/1", HTTP1_MAYBE},
        {"HTTP/1.", HTTP1_YES},  {"HTTP/x.", HTTP1_NO},  {"HTTQ", HTTP1_NO},
        {"http/1.1 ", HTTP1_NO}, {"220 ", HTTP1_NO},     {"HTTP/1.1 200", HTTP1_YES},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("%s\n", rows[i].bytes);
        assert_int_equal(http1_looks_like_response(slice_str(rows[i].bytes)), rows[i].guess);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_give_their_facts),
        cmocka_unit_test(byte_by_byte_they_give_the_same),
        cmocka_unit_test(cut_in_two_anywhere_they_give_the_same),
        cmocka_unit_test(endless_heads_are_given_up),
        cmocka_unit_test(fields_beyond_the_limit_are_counted),
        cmocka_unit_test(each_of_a_pipeline_over_the_limit_has_its_answer),
        cmocka_unit_test(a_request_captured_right_behind_its_response_belongs_to_it),
        cmocka_unit_test(what_lies_behind_a_tunnels_head_is_the_callers),
        cmocka_unit_test(first_bytes_tell_requests),
        cmocka_unit_test(first_bytes_tell_responses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
