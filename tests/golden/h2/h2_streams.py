#!/usr/bin/env python3
"""What tshark reads in a capture: the streams of its HTTP/2 connections, a line each, in the order of the streams.

usage: h2_streams.py CAPTURE [TSHARK_OPTION...]

TCP stream, stream, :method, :path, :status of the final answer;
"-" where there is none. Server push is left out: no request was sent. An upgraded request (RFC 7540 3.2) is stream 1
without method and path, which HTTP/1 has."""
import subprocess
import sys
import xml.etree.ElementTree as ET


def fields(node, name):
    return [f for f in node.iter("field") if f.get("name") == name]


def shown(node, name):
    found = fields(node, name)
    return found[0].get("show") if found else None


def frames(path, options):
    command = ["tshark", "-n", "-r", path, *options, "-o", "tcp.reassemble_out_of_order:TRUE", "-Y", "http2", "-T", "pdml"]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    for _, packet in ET.iterparse(run.stdout):
        if packet.tag != "packet":
            continue
        tcp = [p for p in packet.iter("proto") if p.get("name") == "tcp"][0]
        for frame in fields(packet, "http2.stream"):
            yield int(shown(tcp, "tcp.stream")), frame
        packet.clear()


def main(path, *options):
    streams = {}
    for connection, frame in frames(path, options):
        number = int(shown(frame, "http2.streamid") or 0)
        kind = int(shown(frame, "http2.type") or -1)
        if number % 2 == 0 or kind not in (0, 1, 9):
            continue
        s = streams.setdefault((connection, number), {})
        headers = {}
        for h in fields(frame, "http2.header"):
            headers.setdefault(shown(h, "http2.header.name"), shown(h, "http2.header.value"))
        if ":method" in headers:
            s.update(method=headers[":method"], path=headers.get(":path"))
        status = headers.get(":status")
        if status and not status.startswith("1"):
            s["status"] = status
    for (connection, number), s in sorted(streams.items()):
        print(connection, number, *(s.get(k) or "-" for k in ("method", "path", "status")), sep="\t")


if __name__ == "__main__":
    main(*sys.argv[1:])
