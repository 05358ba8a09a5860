#!/usr/bin/env python3
"""calls.py CONFIG: a caller in Python (urllib, requests, httpx, aiohttp, urllib3, grpc, socket) or curl, by Kind; writes what it saw.

Callers: Name, URL ({n} is a number), Every [ms, ms], Since, Until, Timeout (s), Method, Body (bytes), Session (connections
kept), Workers, Retries, Header, Args (curl's).
"""

import json, os, random, subprocess, sys, threading, time, urllib.request, urllib.error

with open(sys.argv[1]) as f:
    CONFIG = json.load(f)
BEGIN, CALLS, LOCK = CONFIG['Begin'], [], threading.Lock()


def body(c):
    return (b'{"line":"north","seat":17},' * (c['Body'] // 27 + 1))[: c['Body']] if c.get('Body') else None


def by_urllib(c):
    import ssl

    context = ssl.create_default_context(cafile=CONFIG['CA'] or None) if c['URL'].startswith('https') else None

    def once(url, headers):
        q = urllib.request.Request(url, data=body(c), headers=headers, method=c.get('Method'))
        try:
            with urllib.request.urlopen(q, timeout=c.get('Timeout'), context=context) as r:
                r.read()
                return r.status
        except urllib.error.HTTPError as e:
            e.read()
            return e.code

    return once


def by_requests(c):
    import requests

    kept = requests.Session()

    def once(url, headers):
        do = kept.request if c.get('Session', True) else requests.request
        return do(
            c.get('Method', 'POST' if c.get('Body') else 'GET'),
            url,
            data=body(c),
            headers=headers,
            timeout=c.get('Timeout'),
            verify=CONFIG['CA'] or True,
            allow_redirects=False,
        ).status_code

    return once


def by_httpx(c):
    import httpx

    kept = httpx.Client(
        http2=c.get('Http2', False),
        http1=not c.get('Http2', False),
        verify=CONFIG['CA'] or True,
        timeout=c.get('Timeout', 30),
    )

    def once(url, headers):
        return kept.request(
            c.get('Method', 'POST' if c.get('Body') else 'GET'), url, content=body(c), headers=headers
        ).status_code

    return once


def by_aiohttp(c):
    import aiohttp, asyncio, ssl

    loop = asyncio.new_event_loop()
    verify = ssl.create_default_context(cafile=CONFIG['CA']) if CONFIG['CA'] else True
    limit = aiohttp.ClientTimeout(total=c.get('Timeout', 30))

    async def session():
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=verify), timeout=limit)

    kept = loop.run_until_complete(session())

    async def call(url, headers):
        method = c.get('Method', 'POST' if c.get('Body') else 'GET')
        async with kept.request(method, url, data=body(c), headers=headers) as r:
            await r.read()
            return r.status

    return lambda url, headers: loop.run_until_complete(call(url, headers))


def by_urllib3(c):
    import urllib3

    kept = urllib3.PoolManager(ca_certs=CONFIG['CA'] or None)

    def once(url, headers):
        method = c.get('Method', 'POST' if c.get('Body') else 'GET')
        wait = c.get('Timeout', 30)
        return kept.request(method, url, body=body(c), headers=headers, timeout=wait, retries=False).status

    return once


def by_curl(c):
    def once(url, headers):
        command = (
            ['curl', '-s', '-S', '-o', '/dev/null', '-w', '%{http_code}']
            + sum((['-H', f'{k}: {v}'] for k, v in headers.items()), [])
            + c.get('Args', [])
        )
        if CONFIG['CA']:
            command += ['--cacert', CONFIG['CA']]
        if c.get('Timeout'):
            command += ['-m', str(c['Timeout'])]
        if c.get('Body'):
            command += ['--data-binary', '@-']
        done = subprocess.run(command + [url], input=body(c) or b'', capture_output=True)
        if done.returncode:
            raise OSError(done.stderr.decode().strip())
        return int(done.stdout)

    return once


def by_socket(c):
    """HTTP by hand: head and body in two sends, with Nagle as the system has it."""
    import http.client, socket
    from urllib.parse import urlsplit

    kept = {}

    def once(url, headers):
        u = urlsplit(url)
        if not kept:
            kept['socket'] = socket.create_connection((u.hostname, u.port))
        one, data = kept['socket'], body(c)
        lines = [f'POST {u.path} HTTP/1.1', f'Host: {u.netloc}', f'Content-Length: {len(data)}'] + [
            f'{k}: {v}' for k, v in headers.items()
        ]
        one.sendall('\r\n'.join(lines + ['', '']).encode())
        one.sendall(data)
        r = http.client.HTTPResponse(one)
        r.begin()
        r.read()
        return r.status

    return once


def by_grpc(c):
    """URL: host:port/package.Service/Method."""
    import grpc

    target, method = c['URL'].split('/', 1)
    kept = grpc.insecure_channel(target, options=list(map(tuple, CONFIG['Options'].get('channel', []))))
    do = kept.unary_unary('/' + method, request_serializer=None, response_deserializer=None)

    def once(url, headers):
        try:
            do(body(c) or b'ping', timeout=c.get('Timeout'), metadata=[(k.lower(), v) for k, v in headers.items()])
            return 200
        except grpc.RpcError as e:
            raise OSError(f'{e.code().name}: {e.details()}')

    return once


def number(c, n):
    return c['URL'].replace('{n}', str(1000 + (n * 7919) % 9000))


def tries(c, once, n):
    for attempt in range(1 + c.get('Retries', 0)):
        request_id = f"{CONFIG['Name']}-{c['Name']}-{n}-{attempt}"
        url, start, status, error = number(c, n), time.time(), 0, None
        try:
            status = once(url, dict(c.get('Header', {}), **{'X-Request-Id': request_id}))
        except Exception as e:
            error = str(e) or type(e).__name__
        call = dict(
            client=CONFIG['Name'],
            stream=c['Name'],
            start=start,
            end=time.time(),
            method=c.get('Method', 'POST' if c.get('Body') else 'GET'),
            url=url,
            status=status,
            request_id=request_id,
        )
        with LOCK:
            CALLS.append(dict(call, error=error) if error else call)
        if status and status < 500:
            return
        if attempt < c.get('Retries', 0):
            time.sleep(c.get('RetryWait', 0.1))


def loop(c, worker):
    once = globals()['by_' + CONFIG['Kind']](c)
    time.sleep(max(0, BEGIN + c.get('Since', 0) + 0.01 * worker - time.time()))
    n = worker * 10000
    while time.time() - BEGIN < c.get('Until', CONFIG['End']):
        due = time.time() + random.uniform(*c['Every']) / 1e3
        tries(c, once, n)
        n += 1
        time.sleep(max(0, due - time.time()))


threads = [
    threading.Thread(target=loop, args=(c, w), daemon=True)
    for c in CONFIG['Callers']
    for w in range(c.get('Workers', 1))
]
for t in threads:
    t.start()
for t in threads:
    t.join(max(0.1, BEGIN + CONFIG['End'] + 2 - time.time()))
with open(CONFIG['Log'], 'w') as out:
    for call in list(CALLS):
        out.write(json.dumps(call) + '\n')
    out.flush()
os._exit(0)
