"""Logs one line per outgoing call with what aiohttp, httpx or requests tells of it. Copy this file into a service:

    log = tracelog.Log("calls.ndjson")                                                      # or any function that takes a line

    aiohttp.ClientSession(trace_configs=[tracelog.aiohttp_trace(log)])
    httpx.Client(transport=tracelog.httpx_transport(log))                                   # verify= and the like go to httpx_transport
    httpx.AsyncClient(transport=tracelog.httpx_async_transport(log))
    session.mount("http://", tracelog.requests_adapter(log)); session.mount("https://", ...)

`pcap2trace compare --live calls.ndjson capture.pcap` reads these lines again. Each call carries its id in X-Request-Id; one that is there
already stays. A library tells less than net/http/httptrace: `hooks` says what. Errors are in Python's words, and so left out.
"""
import json
import threading
import time
import uuid

HEADER = "X-Request-Id"


def _stamp():
    ns = time.time_ns()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // 10**9)) + ".%09dZ" % (ns % 10**9)


class Log:
    """Appends lines to a file; from any thread."""

    def __init__(self, path):
        self._file = open(path, "a", buffering=1)
        self._lock = threading.Lock()

    def __call__(self, line):
        with self._lock:
            self._file.write(line + "\n")


class _Call:
    def __init__(self, log, hooks, method, url, headers):
        self._log, self._ended = log, False
        self._told = {"schema": "pcap2trace.live/1", "hooks": hooks, "trace_id": headers.setdefault(HEADER, str(uuid.uuid4())),
                      "method": method, "url": str(url), "start": _stamp(), "events": []}

    def hook(self, name):
        self._told["events"].append({"hook": name, "time": _stamp(), "args": {}})

    def end(self, status=None):
        """status None: it failed."""
        if self._ended:
            return
        self._ended = True
        self._told["end"] = _stamp()
        if status is not None:
            self._told["error"], self._told["status"] = None, status
        self._log(json.dumps(self._told))


def aiohttp_trace(log):
    import aiohttp

    trace = aiohttp.TraceConfig()
    told = {"dns_resolvehost_start": "DNSStart", "dns_resolvehost_end": "DNSDone", "connection_create_end": "GotConn",
            "connection_reuseconn": "GotConn", "request_headers_sent": "WroteHeaders"}

    def tells(signal, name):
        async def note(session, context, params):
            context.call.hook(name)

        getattr(trace, "on_" + signal).append(note)

    async def start(session, context, params):
        context.call = _Call(log, [*dict.fromkeys(told.values()), "GotFirstResponseByte"], params.method, params.url, params.headers)

    async def end(session, context, params):  # the head of the answer is there: no signal tells of the body's end
        context.call.hook("GotFirstResponseByte")
        context.call.end(params.response.status)

    async def failed(session, context, params):
        context.call.end()

    trace.on_request_start.append(start)
    for signal, name in told.items():
        tells(signal, name)
    trace.on_request_end.append(end)
    trace.on_request_exception.append(failed)
    return trace


# httpcore's names. connect_tcp.complete comes with the connection, the head is written and read as a whole.
_HTTPX = {"connection.connect_tcp.complete": "ConnectDone", "connection.start_tls.started": "TLSHandshakeStart",
          "connection.start_tls.complete": "TLSHandshakeDone", "http11.send_request_headers.complete": "WroteHeaders",
          "http2.send_request_headers.complete": "WroteHeaders", "http11.receive_response_headers.complete": "GotFirstResponseByte",
          "http2.receive_response_headers.complete": "GotFirstResponseByte"}
_HTTPX_HOOKS = list(dict.fromkeys(_HTTPX.values()))


def _httpx_call(log, request):
    call, status = _Call(log, _HTTPX_HOOKS, request.method, request.url, request.headers), []

    def note(event, info):
        if event in _HTTPX:
            call.hook(_HTTPX[event])
        if event.endswith("receive_response_headers.complete"):
            answer = info["return_value"]  # HTTP/1: (version, status, ...); HTTP/2: (status, headers)
            status.append(answer[1] if event.startswith("http11") else answer[0])
        if event.endswith("response_closed.complete"):
            call.end(status[0] if status else None)

    return call, note


def httpx_transport(log, **options):
    import httpx

    class Transport(httpx.HTTPTransport):
        def handle_request(self, request):
            call, note = _httpx_call(log, request)
            request.extensions["trace"] = note
            try:
                return super().handle_request(request)
            except Exception:
                call.end()
                raise

    return Transport(**options)


def httpx_async_transport(log, **options):
    import httpx

    class Transport(httpx.AsyncHTTPTransport):
        async def handle_async_request(self, request):
            call, note = _httpx_call(log, request)

            async def noted(event, info):
                note(event, info)

            request.extensions["trace"] = noted
            try:
                return await super().handle_async_request(request)
            except Exception:
                call.end()
                raise

    return Transport(**options)


def requests_adapter(log, **options):
    from requests.adapters import HTTPAdapter

    class Adapter(HTTPAdapter):
        def send(self, request, **how):
            call = _Call(log, ["GotFirstResponseByte"], request.method, request.url, request.headers)
            try:
                answer = super().send(request, **how)
            except Exception:
                call.end()
                raise
            call.hook("GotFirstResponseByte")  # the head is there, the body may still come
            call.end(answer.status_code)
            return answer

    return Adapter(**options)
