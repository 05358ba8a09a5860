#!/usr/bin/env python3
"""Makes tls-more.pcap.gz and tls-more.log anew: what make-tls-keys.sh has not. HTTP over the suites without a
certificate, without a cipher, with keys shared beforehand, with DSA, of every old version; RC4, DES and 3DES down to
SSL 3.0 (NSS); RC4, Camellia-GCM and no extended master secret (GnuTLS); sessions that go on, by ticket, by id and by
shared key; client certificates given and not given; HelloRetryRequest; renegotiation; early data taken and refused.

The path of a request names what it was sent over. Where a program logs no secrets, or is told not to, the log has the
premaster secret, as the server's key decrypts it from the capture.

In a network namespace of its own, for about a minute. Needs root, openssl, nginx, gnutls-bin, libnss3-tools, tcpdump,
iproute2."""
import gzip, os, shutil, signal, struct, subprocess, sys, tempfile, time

here = os.path.dirname(os.path.abspath(__file__))
work = tempfile.mkdtemp()
ns = "p2tm%d" % os.getpid()
log = os.path.join(work, "keys.log")
started = []


def run(*command, **more):
    return subprocess.run(command, cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)


def serve(*command):
    started.append(subprocess.Popen(("ip", "netns", "exec", ns) + command, cwd=work, stdin=subprocess.PIPE,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    return started[-1]


def certificate(name, *options):
    run("openssl", "req", "-x509", "-nodes", "-days", "36500", "-subj", "/CN=localhost", "-addext",
        "subjectAltName=DNS:localhost", "-keyout", name + ".key", "-out", name + ".pem", *options, check=True)


def page(path):
    with open(os.path.join(work, path), "w") as f:
        f.write("hello\n")


def request(path):
    return ("GET /%s HTTP/1.0\r\nHost: localhost\r\n\r\n" % path).encode()


def talk(path, steps, *command, env=None):
    """steps: bytes to send, or seconds to wait."""
    page(path)
    c = subprocess.Popen(("ip", "netns", "exec", ns) + command, cwd=work, stdin=subprocess.PIPE,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
    try:
        for step in steps:
            if isinstance(step, bytes):
                c.stdin.write(step)
                c.stdin.flush()
            else:
                time.sleep(step)
        c.stdin.close()
        c.wait(3)
    except (BrokenPipeError, subprocess.TimeoutExpired):
        c.kill()
        c.wait()


def openssl(port, path, *options, steps=None, keys=True, ign_eof=True):
    talk(path, steps or [0.05, request(path)], "openssl", "s_client", "-connect", "127.0.0.1:%d" % port, "-servername",
         "localhost", *(["-keylogfile", log] if keys else []), *(["-ign_eof"] if ign_eof else []), *options)


def gnutls(port, path, priority):
    talk(path, [0.2, request(path), 0.3], "gnutls-cli", "--insecure", "-p", str(port), "--priority", priority,
         "localhost", env={**os.environ, "SSLKEYLOGFILE": log})


def nss(path, suite, version):
    talk(path, [request(path), 0.3], "tstclnt", "-h", "localhost", "-p", "4450", "-d", "sql:db", "-o", "-V",
         "%s:%s" % (version, version), "-c", ":" + suite)


def ciphers(what):
    text = subprocess.run(["openssl", "ciphers", "-s", "-psk", "-tls1_2", what + ":@SECLEVEL=0"], capture_output=True, text=True)
    return [c for c in text.stdout.strip().split(":") if c and not c.startswith("TLS_")]


def start_servers():
    certificate("rsa", "-newkey", "rsa:2048")
    certificate("ec", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    run("openssl", "dsaparam", "-out", "dsa.params", "2048", check=True)
    certificate("dsa", "-newkey", "dsa:dsa.params")
    both = ("-cert", "rsa.pem", "-key", "rsa.key", "-dcert", "ec.pem", "-dkey", "ec.key")
    www = ("-cipher", "ALL:eNULL:@SECLEVEL=0", "-WWW")
    serve("openssl", "s_server", "-accept", "4440", *both, *www, "-psk", "1a2b3c4d", "-client_renegotiation")
    serve("openssl", "s_server", "-accept", "4441", "-cert", "dsa.pem", "-key", "dsa.key", *www)
    serve("openssl", "s_server", "-accept", "4442", *both, *www, "-no_ticket")
    serve("openssl", "s_server", "-accept", "4443", *both, *www, "-verify", "1")
    serve("openssl", "s_server", "-accept", "4444", *both, *www, "-groups", "P-384")
    serve("gnutls-serv", "--http", "-p", "4445", "--x509certfile", "rsa.pem", "--x509keyfile", "rsa.key",
          "--priority", "NORMAL:+ARCFOUR-128:+MD5:+CAMELLIA-128-GCM:+CAMELLIA-256-GCM:+RSA:+VERS-TLS1.0:+VERS-TLS1.1:%COMPAT")
    run("openssl", "pkcs12", "-export", "-in", "rsa.pem", "-inkey", "rsa.key", "-name", "localhost", "-passout", "pass:",
        "-out", "rsa.p12", check=True)
    os.mkdir(os.path.join(work, "db"))
    run("certutil", "-N", "-d", "sql:db", "--empty-password", check=True)
    run("pk12util", "-d", "sql:db", "-i", "rsa.p12", "-W", "", check=True)
    serve("selfserv", "-d", "sql:db", "-n", "localhost", "-p", "4450", "-V", "ssl3:tls1.2", "-c",
          ":0001:0002:0004:0005:0009:000A:002F:0035:0041")
    with open(os.path.join(work, "ticket.key"), "wb") as f:
        f.write(os.urandom(80))
    with open(os.path.join(work, "nginx.conf"), "w") as f:
        f.write("daemon off; pid nginx.pid; error_log /dev/null; events {} http { access_log off; root %s;\n"
                "ssl_certificate rsa.pem; ssl_certificate_key rsa.key; ssl_protocols TLSv1.3;\n"
                "ssl_session_ticket_key ticket.key;\n"
                "server { listen 4446 ssl; ssl_early_data on; }\n"
                "server { listen 4447 ssl; }\n"
                "server { listen 4448 ssl; ssl_early_data on; ssl_ecdh_curve secp384r1; }\n}\n" % work)
    os.chmod(work, 0o755)
    serve("nginx", "-p", work, "-c", "nginx.conf")


def suites():
    for c in ciphers("eNULL:aNULL:!PSK:!SRP"):
        openssl(4440, c, "-tls1_2", "-cipher", c + ":@SECLEVEL=0")
    for c in ciphers("PSK:!SRP"):
        openssl(4440, c, "-tls1_2", "-cipher", c + ":@SECLEVEL=0", "-psk", "1a2b3c4d")
    for c in ciphers("aDSS:!SRP"):
        openssl(4441, c, "-tls1_2", "-cipher", c + ":@SECLEVEL=0")
    old = ["AES256-SHA", "CAMELLIA128-SHA", "SEED-SHA", "DES-CBC3-SHA", "ECDHE-RSA-NULL-SHA", "AECDH-AES128-SHA"]
    for version in ("tls1", "tls1_1"):
        for c in set(old) & set(ciphers("ALL:eNULL")):
            openssl(4440, c + "-" + version, "-" + version, "-cipher", c + ":@SECLEVEL=0")
    for suite, name in (("0001", "null-md5"), ("0002", "null-sha"), ("0004", "rc4-md5"), ("0005", "rc4-sha"),
                        ("0009", "des"), ("000A", "3des"), ("002F", "aes128"), ("0035", "aes256")):
        nss("nss-ssl3-" + name, suite, "ssl3")
    for suite, name in (("0004", "rc4-md5"), ("0009", "des")):
        for version in ("tls1.0", "tls1.1", "tls1.2"):
            nss("nss-%s-%s" % (version, name), suite, version)
    for version in ("1.0", "1.2"):
        for c, mac in (("ARCFOUR-128", "SHA1"), ("AES-128-CBC", "SHA1")):
            gnutls(4445, "gnutls-%s-%s-no-ems" % (c, version),
                   "NONE:+VERS-TLS%s:+%s:+%s:+ECDHE-RSA:+SIGN-ALL:+GROUP-ALL:+COMP-NULL:%%NO_SESSION_HASH" % (version, c, mac))
    gnutls(4445, "gnutls-camellia-gcm-unsupported", "NONE:+VERS-TLS1.2:+CAMELLIA-128-GCM:+AEAD:+ECDHE-RSA:+SIGN-ALL:+GROUP-ALL:+COMP-NULL")


def premasters():
    for version in ("tls1", "tls1_1", "tls1_2"):
        openssl(4440, "premaster-ems-" + version, "-" + version, "-cipher", "AES128-SHA:@SECLEVEL=0", keys=False)
    openssl(4440, "premaster-ems-sha384", "-tls1_2", "-cipher", "AES256-GCM-SHA384:@SECLEVEL=0", keys=False)


def sessions():
    for version in ("tls1", "tls1_1", "tls1_2", "tls1_3"):
        for port, how in ((4440, "ticket"), (4442, "id")):
            name = "%s-%s" % (how, version)
            wait = [0.1, request("full-" + name), 0.3]
            openssl(port, "full-" + name, "-" + version, "-cipher", "ALL:@SECLEVEL=0", "-sess_out", name, steps=wait)
            openssl(port, "resumed-" + name, "-" + version, "-cipher", "ALL:@SECLEVEL=0", "-sess_in", name)
    openssl(4440, "psk-tls1_3-resumed", "-tls1_3", "-psk", "1a2b3c4d", "-ciphersuites", "TLS_AES_128_GCM_SHA256")
    for version in ("tls1_2", "tls1_3"):
        openssl(4443, "client-certificate-given-" + version, "-" + version, "-cert", "ec.pem", "-key", "ec.key")
        openssl(4443, "client-certificate-not-given-" + version, "-" + version)
    openssl(4444, "hello-retry-request", "-tls1_3", "-groups", "X25519:P-384")
    for c in ("ECDHE-RSA-AES128-GCM-SHA256", "AES256-SHA", "ECDHE-RSA-AES128-SHA256"):
        path = "renegotiated-" + c
        openssl(4440, path, "-tls1_2", "-cipher", c + ":@SECLEVEL=0", ign_eof=False,
                steps=[0.3, b"R\n", 0.4, request(path), 0.4])


def early(path, port, session, again):
    data = os.path.join(work, "early")
    with open(data, "wb") as f:
        f.write(request(path))
    openssl(port, path, "-tls1_3", "-sess_in", session, "-early_data", data, "-groups", "X25519:P-384",
            steps=[0.3] + ([request(path)] if again else []) + [0.3])


def early_data():
    wait = [0.1, request("before-early-data"), 0.3]
    openssl(4446, "before-early-data", "-tls1_3", "-sess_out", "early-session", steps=wait)
    shutil.copy(os.path.join(work, "early-session"), os.path.join(work, "early-session-2"))
    early("early-data-accepted", 4446, "early-session", False)
    early("early-data-refused", 4447, "early-session", True)
    early("early-data-refused-by-retry", 4448, "early-session", True)
    early("early-data-refused-without-session", 4444, "early-session", True)


def client_payloads(pcap):
    at = 24
    while at + 16 <= len(pcap):
        n = struct.unpack_from("<I", pcap, at + 8)[0]
        ip = pcap[at + 16 + 14:at + 16 + n]
        tcp = ip[20 if ip[0] >> 4 == 4 else 40:]
        yield struct.unpack_from(">H", tcp, 2)[0], tcp[(tcp[12] >> 4) * 4:]
        at += 16 + n


def encrypted_premasters(pcap):
    for port, payload in client_payloads(pcap):
        while len(payload) > 9 and payload[0] == 22 and 4440 <= port <= 4450:
            n = struct.unpack_from(">H", payload, 3)[0]
            if payload[5] == 16 and n in (260, 262):
                yield payload[5 + n - 256:5 + n]
            payload = payload[5 + n:]


def add_premasters(pcap):
    with open(log, "a") as f:
        for secret in encrypted_premasters(pcap):
            plain = subprocess.run(["openssl", "pkeyutl", "-decrypt", "-inkey", "rsa.key"], cwd=work, input=secret,
                                   capture_output=True)
            if len(plain.stdout) == 48:
                f.write("RSA %s %s\n" % (secret[:8].hex(), plain.stdout.hex()))


try:
    run("ip", "netns", "add", ns, check=True)
    run("ip", "-n", ns, "link", "set", "lo", "up", check=True)
    start_servers()
    serve("tcpdump", "-i", "lo", "-n", "-s", "0", "-U", "--immediate-mode", "-w", "all.pcap", "tcp portrange 4440-4450")
    time.sleep(1)
    for part in (suites, premasters, sessions, early_data):
        part()
    time.sleep(0.5)
    for p in reversed(started):
        p.send_signal(signal.SIGINT if p.args[4] == "tcpdump" else signal.SIGTERM)
    time.sleep(0.5)
    pcap = open(os.path.join(work, "all.pcap"), "rb").read()
    add_premasters(pcap)
    with open(os.path.join(here, "tls-more.pcap.gz"), "wb") as raw, gzip.GzipFile("", "wb", 9, raw, 0) as f:
        f.write(pcap)
    with open(os.path.join(here, "tls-more.log"), "w") as f:
        f.writelines(l for l in open(log) if not l.startswith("#") and "EXPORTER" not in l)
finally:
    for p in started:
        p.kill()
    run("ip", "netns", "del", ns)
    shutil.rmtree(work)
