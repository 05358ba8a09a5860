#!/usr/bin/env python3
"""A server that says how long it took over each call, and a client that knows what it did itself.

usage: calls.py server ADDRESS PORT LOG [CERTIFICATE]    calls.py client ADDRESS PORT LOG SET [tls]

Both write a line of JSON per call. A call is known by the client's port and its number on the connection."""
import json
import socket
import ssl
import sys
import threading
import time

SMALL_BUFFER = 8192
BIG = 400_000


def say(log, lock, **what):
    with lock:
        log.write(json.dumps(what) + "\n")
        log.flush()


# ---- the server ----


def read_head(conn, held):
    while b"\r\n\r\n" not in held:
        got = conn.recv(65536)
        if not got:
            return None, b""
        held += got
    head, _, rest = held.partition(b"\r\n\r\n")
    return head.decode(), rest


def fields_of(head):
    lines = head.split("\r\n")
    return lines[0].split(), {k.lower(): v for k, _, v in (line.partition(": ") for line in lines[1:])}


def serve(conn, peer, log, lock):
    """/DELAY/SIZE/PAUSE/READ_PAUSE, all times in ms: waits so long before it answers, in the middle of the body, and before
    it reads the request's body."""
    held, number = b"", 0
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while True:
        head, held = read_head(conn, held)
        if head is None:
            conn.close()
            return
        (_, path, _), fields = fields_of(head)
        delay, size, pause, read_pause = (int(part) for part in path.split("/")[1:5])
        time.sleep(read_pause / 1000)
        left = int(fields.get("content-length", 0)) - len(held)
        while left > 0:
            left -= len(conn.recv(65536))
        held = b""
        began = time.monotonic_ns()
        time.sleep(delay / 1000)
        body = b"x" * size
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size
        took = time.monotonic_ns() - began
        if pause:
            conn.sendall(answer + body[: size // 2])
            time.sleep(pause / 1000)
            conn.sendall(body[size // 2 :])
        else:
            conn.sendall(answer + body)
        say(log, lock, port=peer[1], number=number, server_us=took // 1000)
        number += 1


def server(address, port, log, certificate=None):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
    listener.bind((address, port))
    listener.listen(64)
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.num_tickets = 0
    lock = threading.Lock()
    print("ready", flush=True)
    while True:
        conn, peer = listener.accept()
        if context:
            conn = context.wrap_socket(conn, server_side=True)
        threading.Thread(target=serve, args=(conn, peer, log, lock), daemon=True).start()


# ---- the client ----


def dial(address, port, tls, buffer=None):
    conn = socket.socket()
    if buffer:
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    conn.connect((address, port))
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    local = conn.getsockname()[1]
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        conn = context.wrap_socket(conn)
    return conn, local


def read_answer(conn, wait_ms):
    head, held = read_head(conn, b"")
    _, fields = fields_of(head)
    time.sleep(wait_ms / 1000)
    left = int(fields["content-length"]) - len(held)
    while left > 0:
        left -= len(conn.recv(65536))


def call(conn, what):
    """what: delay, size, pause, read_pause, client_pause in ms; body: bytes; send_pause: ms inside the request."""
    body = b"y" * what.get("body", 0)
    path = "/%d/%d/%d/%d" % tuple(what.get(key, 0) for key in ("delay", "size", "pause", "read_pause"))
    head = ("POST %s HTTP/1.1\r\nHost: lab.test\r\nContent-Length: %d\r\n\r\n" % (path, len(body))).encode()
    if what.get("send_pause"):
        conn.sendall(head)
        time.sleep(what["send_pause"] / 1000)
        conn.sendall(body)
    else:
        conn.sendall(head + body)
    read_answer(conn, what.get("client_pause", 0))


def sets():
    quick = [{"delay": (n * 7) % 60, "size": 100 + (n * 331) % 2000} for n in range(60)]
    return {
        "quiet": [quick, quick, quick],
        "loss": [[{"delay": 5, "size": 4000} for _ in range(80)] for _ in range(2)],
        "stalls": [
            [{"size": BIG, "client_pause": 700}] * 2,
            [{"body": BIG, "read_pause": 700}] * 2,
            [{"size": 3000, "pause": 300}] * 3,
            [{"body": 2000, "send_pause": 300}] * 3,
        ],
    }


def client(address, port, log, which, tls=False):
    lock = threading.Lock()

    def connection(calls):
        small = any("client_pause" in what for what in calls)
        conn, local = dial(address, port, tls, SMALL_BUFFER if small else None)
        for number, what in enumerate(calls):
            call(conn, what)
            say(log, lock, port=local, number=number, **what)
            time.sleep(0.003)
        conn.close()

    for calls in sets()[which]:
        connection(calls)


if __name__ == "__main__":
    role, address, port, path = sys.argv[1:5]
    with open(path, "a", encoding="ascii") as log:
        if role == "server":
            server(address, int(port), log, *sys.argv[5:6])
        else:
            client(address, int(port), log, sys.argv[5], "tls" in sys.argv[6:])
