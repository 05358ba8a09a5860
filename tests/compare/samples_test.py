"""The samples that log calls of other clients, each beside a capture of its calls: compare has nothing to say against them.

samples_test.py PROGRAM, in a network namespace of its own. What is not installed is left out, with a word."""
import asyncio
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading

import clients_test

SAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../samples/live")
sys.path.insert(0, os.path.join(SAMPLES, "python"))
import tracelog

PATHS = ["/quick", "/slow", "/quick"]


def with_requests(urls, log):
    import requests

    with requests.Session() as session:
        session.mount("http://", tracelog.requests_adapter(tracelog.Log(log)))
        for url in urls:
            session.get(url)


def with_httpx(urls, log):
    import httpx

    with httpx.Client(transport=tracelog.httpx_transport(tracelog.Log(log)), trust_env=False) as client:
        for url in urls:
            client.get(url)


def with_httpx_async(urls, log):
    import httpx

    async def run():
        async with httpx.AsyncClient(transport=tracelog.httpx_async_transport(tracelog.Log(log)), trust_env=False) as client:
            for url in urls:
                await client.get(url)

    asyncio.run(run())


def with_aiohttp(urls, log):
    import aiohttp

    async def run():
        async with aiohttp.ClientSession(trace_configs=[tracelog.aiohttp_trace(tracelog.Log(log))]) as session:
            for url in urls:
                async with session.get(url) as answer:
                    await answer.read()

    asyncio.run(run())


def program(*command):
    """A client that is a program: command, then the URLs; it logs to $TRACELOG."""
    def run(urls, log):
        if shutil.which(command[0]) is None:
            raise ImportError(command[0] + " is not there")
        subprocess.run([*command, *urls], env={**os.environ, "TRACELOG": log}, check=True, timeout=30, stdout=subprocess.DEVNULL)

    return run


def with_curl(urls, log):
    if shutil.which("curl") is None:
        raise ImportError("curl is not there")
    for url in urls:
        program(os.path.join(SAMPLES, "curl/traced-curl"), "-s", "-o", "/dev/null")([url], log)


FETCH = "for (const url of process.argv.slice(1)) await (await fetch(url)).arrayBuffer();"
CLIENTS = {"requests": with_requests, "httpx": with_httpx, "httpx, async": with_httpx_async, "aiohttp": with_aiohttp, "curl": with_curl,
           "node": program("node", "--import", os.path.join(SAMPLES, "node/tracelog.mjs"), "--input-type=module", "-e", FETCH, "--")}


def validator():
    try:
        from jsonschema import Draft202012Validator
    except ImportError:
        return None
    with open(os.path.join(SAMPLES, "../../src/doc/schema/live-1.schema.json")) as f:
        return Draft202012Validator(json.load(f))


def check(name, client, pcap2trace, folder, port):
    live, capture = os.path.join(folder, "calls.ndjson"), os.path.join(folder, "calls.pcap")
    urls = ["http://127.0.0.1:%d%s" % (port, path) for path in PATHS]
    with clients_test.Capture(capture):
        client(urls, live)
    result = clients_test.compare(pcap2trace, live, capture, 0)
    assert len(result["pairs"]) == len(PATHS) and not result["live_only"] and not result["wire_only"], (name, result["totals"])
    if name == "curl":
        assert all(p["joined_by"] == "address" for p in result["pairs"]), name
        return
    assert all(p["joined_by"] == "id" and len(p["hooks"]) > 0 for p in result["pairs"]), name
    with open(live) as f:
        lines = [json.loads(line) for line in f]
    assert all(x["status"] == 200 and x["events"] and x["start"] < x["end"] for x in lines), (name, lines)
    for line in lines if validator() else ():
        validator().validate(line)


def main(pcap2trace):
    clients_test.lo_up()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), clients_test.Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    checked = []
    for name, client in CLIENTS.items():
        with tempfile.TemporaryDirectory() as folder:
            try:
                check(name, client, pcap2trace, folder, server.server_port)
                checked.append(name)
            except ImportError as missing:
                print("%s is left out: %s" % (name, missing))
    assert checked, "no client is installed"
    print("agree: " + ", ".join(checked))


main(sys.argv[1])
