"""Python's clients, told as live traces: each records the hooks that its library lets it see.

usage: clients.py aiohttp|httpx|requests OUT AUTHORITY URL...     exit 77: the library is not installed
"""
import asyncio
import importlib
import json
import ssl
import sys
import time

NAME, OUT, AUTHORITY, *URLS = sys.argv[1:]
HOOKS = {
    "aiohttp": ["DNSStart", "DNSDone", "GotConn", "WroteHeaders", "GotFirstResponseByte"],
    "httpx": ["ConnectDone", "TLSHandshakeStart", "TLSHandshakeDone", "WroteHeaders", "GotFirstResponseByte"],
    "requests": ["GotFirstResponseByte"],
}
records = []


def stamp(ns):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // 10**9)) + ".%09dZ" % (ns % 10**9)


class Record:
    def __init__(self, url):
        self.id = "%s-%d" % (NAME, len(records) + 1)
        self.told = {"schema": "pcap2trace.live/1", "hooks": HOOKS[NAME], "trace_id": self.id, "method": "GET", "url": url,
                     "error": None, "start": stamp(time.time_ns()), "events": []}
        records.append(self.told)

    def hook(self, name, ns=None, **args):
        self.told["events"].append({"hook": name, "time": stamp(ns or time.time_ns()), "args": args})

    def end(self, status):
        self.told["end"] = stamp(time.time_ns())
        if status is None:
            del self.told["error"]  # in Python's own words
        else:
            self.told["status"] = status


async def with_aiohttp(aiohttp, context):
    def tells(signal, name, **of):
        async def note(session, ctx, params):
            args = {arg: getattr(params, attribute) for arg, attribute in of.items()}
            ctx.trace_request_ctx.hook(name, **args)

        signal.append(note)

    trace = aiohttp.TraceConfig()
    tells(trace.on_dns_resolvehost_start, "DNSStart", Host="host")
    tells(trace.on_dns_resolvehost_end, "DNSDone")
    tells(trace.on_connection_create_end, "GotConn")
    tells(trace.on_connection_reuseconn, "GotConn")
    tells(trace.on_request_headers_sent, "WroteHeaders")
    tells(trace.on_request_end, "GotFirstResponseByte")
    connector = aiohttp.TCPConnector(ssl=context, use_dns_cache=False)
    async with aiohttp.ClientSession(trace_configs=[trace], connector=connector) as session:
        for url in URLS:
            r, status = Record(url), None
            try:
                async with session.get(url, headers={"X-Request-Id": r.id}, trace_request_ctx=r) as answer:
                    await answer.read()
                    status = answer.status
            except (aiohttp.ClientError, OSError):
                pass
            r.end(status)


def with_httpx(httpx, context):
    told = {
        "connection.connect_tcp.complete": "ConnectDone",
        "connection.start_tls.started": "TLSHandshakeStart",
        "connection.start_tls.complete": "TLSHandshakeDone",
        "http11.send_request_headers.complete": "WroteHeaders",
        "http11.receive_response_headers.complete": "GotFirstResponseByte",
    }
    with httpx.Client(verify=context, trust_env=False) as client:
        for url in URLS:
            r, status = Record(url), None

            def note(event, info, r=r):
                if event in told:
                    r.hook(told[event])

            try:
                status = client.get(url, headers={"X-Request-Id": r.id}, extensions={"trace": note}).status_code
            except httpx.HTTPError:
                pass
            r.end(status)


def with_requests(requests, context):
    with requests.Session() as session:
        session.trust_env = False
        for url in URLS:
            r, status = Record(url), None
            try:
                answer = session.get(url, headers={"X-Request-Id": r.id}, verify=AUTHORITY, stream=True)
                r.hook("GotFirstResponseByte")
                answer.content
                status = answer.status_code
            except requests.RequestException:
                pass
            r.end(status)


try:
    library = importlib.import_module(NAME)
except ImportError:
    sys.exit(77)
trusted = ssl.create_default_context(cafile=AUTHORITY)
if NAME == "aiohttp":
    asyncio.run(with_aiohttp(library, trusted))
else:
    {"httpx": with_httpx, "requests": with_requests}[NAME](library, trusted)
with open(OUT, "w") as f:
    f.writelines(json.dumps(r) + "\n" for r in records)
