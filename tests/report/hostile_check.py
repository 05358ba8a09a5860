#!/usr/bin/env python3
"""hostile_check.py PROGRAM FOLDER PAGE_SOURCE: whatever the wire or --title says is text in the page, and secrets are not in
it. FOLDER/hostile.html stays for the browser's test."""
import os
import subprocess
import sys

import captures
import page

SCRIPT = "<script>document.title='owned'</script>"
HOSTILE = [
    SCRIPT.encode(), b"</script><script>document.title='owned'</script>", b"<img src=x onerror=\"document.title='owned'\">",
    b"</style><style>body{display:none}</style>", b"\"><svg onload=alert(1)>", b"{{7*7}}${7*7}", b"javascript:alert(1)",
    b"\x1b[31mred\x1b[0m", "\u202egnp.exe".encode(), "a\u200bb\u2066c".encode(), b"\xff\xfe\xc0\x80\xed\xa0\x80", b"=cmd|' /C calc'!A0",
    b"</title></head><body onload=alert(1)>", b"<!--", b"]]>", b"&lt;b&gt;",
]
TITLE = "</title><script>alert(1)</script>\" 'x' & \x1b[31m\u202e<!--"
SECRETS = [b"s3cr3t-cookie-value", b"topsecrettoken123456", b"hunter2hunter2"]


def write(path):
    c = captures.Capture()
    for n, value in enumerate(HOSTILE):
        one_line = value.replace(b"\r", b"").replace(b"\n", b"")
        target = one_line.replace(b" ", b"%20")
        c.call(30000 + n, b"GET /" + target + b" HTTP/1.1\r\nHost: h" + str(n).encode() + b".test\r\nUser-Agent: " + one_line + b"\r\nX-Odd: " + one_line +
               b"\r\nX-Request-Id: " + one_line + b"\r\n\r\n", captures.response(fields=b"Content-Type: " + one_line + b"\r\n"))
    c.call(31000, b"GET /" + b"A" * 1000000 + b" HTTP/1.1\r\nHost: long.test\r\n\r\n", captures.response())
    c.call(31001, b"GET /?q=" + b"<b>" * 7000 + b" HTTP/1.1\r\nHost: <i>host</i>\r\n\r\n", captures.response())
    c.call(31002, b"GET /in?api_key=" + SECRETS[1] + b" HTTP/1.1\r\nHost: user:" + SECRETS[2] + b"@s.test\r\nCookie: sid=" + SECRETS[0] + b"\r\n\r\n",
           captures.response())
    c.call(31003, b"GET /odd HTTP/1.1\r\nHost: o.test\r\n\r\n", b"HTTP/1.1 200 " + SCRIPT.encode() + b"\r\nContent-Length: x\r\n\r\n")
    c.refuse(31004)
    c.write(path)


def check(condition, text):
    if not condition:
        sys.exit(f"hostile page: {text}")


def texts_of(p):
    for row, detail in p.rows():
        yield from (v for v in row.values() if isinstance(v, str))
        for event in detail["events"] if detail else []:
            yield str(event["args"])


def main():
    program, folder, source = sys.argv[1:4]
    os.makedirs(folder, exist_ok=True)
    capture, out = os.path.join(folder, "hostile.pcap"), os.path.join(folder, "hostile.html")
    write(capture)
    subprocess.run([program, "report", "-o", out, "--title", TITLE, capture], check=True)
    p = page.Page(out)
    with open(os.path.join(source, "page.html"), encoding="utf-8") as f:
        constant = f.read()
    title = "&#60;/title&#62;&#60;script&#62;alert(1)&#60;/script&#62;&#34; &#39;x&#39; &#38; \\x1b[31m\\u202e&#60;!--"
    markup = p.markup()
    check(markup.count(title) == 2, "the title is not escaped as it should be")
    rest = markup.replace(title, "").replace(constant, "")
    check(len(rest) < 1200 and "owned" not in rest and "\x1b" not in p.html and "\u202e" not in p.html, f"there is more markup than it should have: {rest}")
    check(p.html.count("<script>") == 1 and p.html.lower().count("</script>") == 1 + len(p.blocks), "scripts that are not its own")
    found = "\n".join(texts_of(p))
    for value in HOSTILE[:8] + HOSTILE[11:]:
        check(value.decode().replace(" ", "%20")[:30] in found, f"{value!r} is not in it as it was on the wire")
    check("\ufffd" in found, "bytes that are no UTF-8 are not replaced")
    check("bytes more)" in found and max(map(len, found.split("\n"))) < 20000, "long texts are not cut")
    everything = b"".join(p.plain(name) for name in p.blocks)
    for secret in SECRETS:
        check(secret not in everything, f"{secret!r} is in it")
    subprocess.run([program, "report", "--show-secrets", "-o", out + ".open", capture], check=True)
    shown = page.Page(out + ".open")
    everything = b"".join(shown.plain(name) for name in shown.blocks)
    check(all(secret in everything for secret in SECRETS), "the secrets were never there: nothing was checked")
    check(shown.contents["secrets_shown"] and not p.contents["secrets_shown"], "the page does not say whether secrets are shown")
    print(f"{sum(1 for _ in p.rows())} hostile exchanges are text, and their secrets are not in the page")


if __name__ == "__main__":
    main()
