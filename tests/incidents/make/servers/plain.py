#!/usr/bin/env python3
"""plain.py BEGIN ADDRESS PORT VERSION [MS]: Python's own HTTP server; with HTTP/1.0 it never says 100 Continue. MS: its time for an answer."""

import http.server, sys, time

MS = float(sys.argv[5]) if len(sys.argv) > 5 else 5


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = sys.argv[4]

    def do_GET(self):
        self.rfile.read(int(self.headers.get('Content-Length', 0)))
        time.sleep(MS / 1e3)
        body = b'{"sum":42,"valid":true}\n' * 20
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_GET

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer((sys.argv[2], int(sys.argv[3])), Answers)
print('ready', flush=True)
server.serve_forever()
