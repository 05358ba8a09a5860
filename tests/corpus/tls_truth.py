#!/usr/bin/env python3
"""Writes tls_truth.tsv: what tshark reads in the public captures whose TLS secrets are known.

usage: tls_truth.py CAPTURES            print the table
       tls_truth.py CAPTURES --live     make it anew and compare it with the kept one: exit 1 where they differ

A line 'capture' names a capture, its key log ('-': the secrets are inside) and how many of its connections tshark
decrypted (the Finished of); a line 'message' for each HTTP exchange over TLS in it: method, URL, status, and the
packets (with their times) at which the head of the request was whole and the response began (HTTP/2: its head was
whole); '-' where there is none. Needs python3 and tshark."""
import os, subprocess, sys
import xml.etree.ElementTree as ET

here = os.path.dirname(os.path.abspath(__file__))
pcapfs, ssldump = "fkie-cad+pcapFS/tests/", "adulau+ssldump/samples/"
captures = [
    (pcapfs + "crypto/all_ciphers_test/all_ciphers.pcap", pcapfs + "crypto/all_ciphers_test/all_ciphers.key"),
    (pcapfs + "crypto/feature_test/feature_test.pcap",
     pcapfs + "crypto/feature_test/keyfiles/master_and_premaster.key"),
    (pcapfs + "crypto/pcaps/tls1-aes128-cbc-file_e_large.pcap",
     pcapfs + "crypto/keyfiles/tls1-aes128-cbc-file_e_large.key"),
    (pcapfs + "system/system-tests.pcap", pcapfs + "system/keyfiles/tls.key"),
    (pcapfs + "system/system-tests.pcapng", pcapfs + "system/keyfiles/tls.key"),
    ("syncsynchalt+illustrated-tls/captures/capture.pcap", "syncsynchalt+illustrated-tls/captures/keylog.txt"),
    ("syncsynchalt+illustrated-tls13/captures/capture.pcap", "syncsynchalt+illustrated-tls13/captures/keylog.txt"),
    ("mikekap+pcap2har/tests/resources/firefox-tls13-facebook-dsb.pcapng", "-"),
    ("mikekap+pcap2har/tests/resources/http2-dump.pcap", "-"),
    ("gopacket+gopacket/pcapgo/tests/le/test301.pcapng", "-"),
] + [(ssldump + name + ".pcap", ssldump + "log.txt") for name in (
    "tls1.2_aes256", "tls1.3_aes128", "tls1.3_aes256gcm", "tls1.3_ccm", "tls1.3_ccm8", "tls1.3_chacha",
    "tls1.3_curl_google", "tls1.3_keyupdates_aes256", "tls1.3_session_resumption")]


def shown(node, name):
    return [f.get("show") for f in node.iter("field") if f.get("name") == name]


def packets(path, keys):
    command = ["tshark", "-r", path, "-T", "pdml", "-Y", "tls", "-o", "http.desegment_body:FALSE", "-o",
               "tcp.reassemble_out_of_order:TRUE"]
    if keys != "-":
        command += ["-o", "tls.keylog_file:" + keys]
    pipe = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    for _, node in ET.iterparse(pipe.stdout):
        if node.tag == "packet":
            yield node
            node.clear()
    pipe.wait()


class Exchanges:
    def __init__(self):
        self.rows, self.open, self.decrypted = [], {}, set()
        self.begun = {}  # heads that go on in the next record

    def request(self, key, method, url, at):
        row = [method, url, "-", *at, "-", "-"]
        self.rows.append(row)
        self.open.setdefault(key, []).append(row)

    def response(self, key, status, at):
        if 100 <= int(status) <= 199 and status != "101":
            return
        waiting = self.open.get(key, [])
        if waiting:
            row = waiting.pop(0)
        else:
            row = ["-", "-", "-", "-", "-", "-", "-"]
            self.rows.append(row)
        row[2], row[5:] = status, at

    def http1(self, stream, node, at, begun):
        for method, url in zip(shown(node, "http.request.method"), shown(node, "http.request.full_uri")):
            self.request(stream, method, url, at)
        for status in shown(node, "http.response.code"):
            self.response(stream, status, begun)

    def http2(self, stream, node, at):
        for frame in node.iter("field"):
            if frame.get("name") != "http2.stream" or not shown(frame, "http2.streamid"):
                continue
            fields = dict(zip(shown(frame, "http2.header.name"), shown(frame, "http2.header.value")))
            key = (stream, shown(frame, "http2.streamid")[0])
            if ":method" in fields:
                url = fields[":scheme"] + "://" + fields[":authority"] + fields[":path"]
                self.request(key, fields[":method"], url, at)
            elif ":status" in fields:
                self.response(key, fields[":status"], at)

    def packet(self, node):
        stream = shown(node, "tcp.stream")[0]
        seconds, fraction = shown(node, "frame.time_epoch")[0].split(".")
        at = [shown(node, "frame.number")[0], seconds + "." + fraction]
        if "20" in shown(node, "tls.handshake.type"):
            self.decrypted.add(stream)
        way = (stream, shown(node, "tcp.srcport")[0])
        begun = self.begun.pop(way, at)
        if shown(node, "tls.segment.data"):
            self.begun[way] = begun
        for proto in node.findall("proto"):
            if proto.get("name") == "http":
                self.http1(stream, proto, at, begun)
            elif proto.get("name") == "http2":
                self.http2(stream, proto, at)


def table(folder):
    lines = ["# made by tls_truth.py"]
    for capture, keys in captures:
        exchanges = Exchanges()
        for node in packets(os.path.join(folder, capture), "-" if keys == "-" else os.path.join(folder, keys)):
            exchanges.packet(node)
        lines.append("\t".join(["capture", capture, keys, str(len(exchanges.decrypted))]))
        lines += ["\t".join(["message", *row]) for row in exchanges.rows]
    return "\n".join(lines) + "\n"


made = table(os.path.join(sys.argv[1], "public"))
if "--live" not in sys.argv:
    sys.stdout.write(made)
elif made != open(os.path.join(here, "tls_truth.tsv")).read():
    sys.exit("tshark here reads something else than tls_truth.tsv says")
