"""Python's clients with the sample that logs their calls.

usage: clients.py aiohttp|httpx|requests OUT AUTHORITY URL...     exit 77: the library is not installed
"""
import asyncio
import importlib
import os
import ssl
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../samples/live/python"))
import tracelog

NAME, OUT, AUTHORITY, *URLS = sys.argv[1:]


async def with_aiohttp(aiohttp, log, context):
    connector = aiohttp.TCPConnector(ssl=context, use_dns_cache=False)
    async with aiohttp.ClientSession(trace_configs=[tracelog.aiohttp_trace(log)], connector=connector) as session:
        for url in URLS:
            try:
                async with session.get(url) as answer:
                    await answer.read()
            except (aiohttp.ClientError, OSError):
                pass


async def with_httpx_async(httpx, log, context, urls):
    async with httpx.AsyncClient(transport=tracelog.httpx_async_transport(log, verify=context), trust_env=False) as client:
        for url in urls:
            try:
                await client.get(url)
            except httpx.HTTPError:
                pass


def with_httpx(httpx, log, context):
    with httpx.Client(transport=tracelog.httpx_transport(log, verify=context), trust_env=False) as client:
        for url in URLS:
            try:
                client.get(url)
            except httpx.HTTPError:
                pass
    asyncio.run(with_httpx_async(httpx, log, context, URLS[:2]))


def with_requests(requests, log, context):
    with requests.Session() as session:
        session.trust_env = False
        for scheme in "http://", "https://":
            session.mount(scheme, tracelog.requests_adapter(log))
        for url in URLS:
            try:
                session.get(url, verify=AUTHORITY)
            except requests.RequestException:
                pass


try:
    library = importlib.import_module(NAME)
except ImportError:
    sys.exit(77)
trusted = ssl.create_default_context(cafile=AUTHORITY)
log = tracelog.Log(OUT)
if NAME == "aiohttp":
    asyncio.run(with_aiohttp(library, log, trusted))
else:
    {"httpx": with_httpx, "requests": with_requests}[NAME](library, log, trusted)
