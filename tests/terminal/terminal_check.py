#!/usr/bin/env python3
"""terminal_check.py PROGRAM CAPTURES SCRATCH: what people see, on a terminal of several widths and in a pipe."""
import fcntl, glob, json, os, pty, re, shutil, struct, subprocess, sys, termios, time, unicodedata

import talk

PROGRAM, CAPTURES, SCRATCH = sys.argv[1:4]
WIDTHS = (40, 80, 100, 160)
failures = []


def check(right, what):
    if not right:
        failures.append(what)
        print("FAILED:", what)


def environment(more):
    plain = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR", "TZ")}
    return {**plain, "TERM": "xterm", **more}


def drain(master):
    out = b""
    while True:
        try:
            more = os.read(master, 65536)
        except OSError:
            return out
        if not more:
            return out
        out += more


def on_terminal(width, args, shell=False, **more):
    """Standard output and error are one terminal; what it got."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    child = subprocess.Popen(args if shell else [PROGRAM, *args], shell=shell, stdin=subprocess.DEVNULL, stdout=slave,
                             stderr=slave, env=environment(more), start_new_session=True)
    os.close(slave)
    out = drain(master)
    child.wait()
    os.close(master)
    return out.decode().replace("\r\n", "\n")


def in_pipe(args, **more):
    p = subprocess.run([PROGRAM, *args], stdin=subprocess.DEVNULL, capture_output=True, env=environment(more))
    return p.stdout.decode(), p.stderr.decode()


def columns(line):
    line = re.sub(r"\x1b\[[0-9;]*m", "", line)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def lines_of(text):
    return [line for line in text.split("\n") if not line.startswith("pcap2trace: ")]


def no_line_is_wider_than_the_terminal(captures):
    for form in ([], ["-T", "text"]):
        for width in WIDTHS:
            out = on_terminal(width, [*form, *captures])
            widest = max(lines_of(out), key=columns)
            check(columns(widest) <= width, f"{form} at {width}: {columns(widest)} columns: {widest}")
            check("…" in out or width >= 100, f"{form} at {width}: nothing was cut")
            check(on_terminal(500, [*form, *captures], COLUMNS=str(width)) == out, f"{form}: COLUMNS={width}")


def other_commands_keep_to_the_width(incident):
    log = incident.replace(".pcap", ".log")
    for args in (["summary", incident], ["doctor", incident], ["explain", "--id", "41473b75923727fe", incident],
                 ["compare", "--live", log, incident]):
        words = in_pipe(args)[0].split()
        for width in WIDTHS:
            lines = lines_of(on_terminal(width, args))
            widest = max(lines, key=columns)
            check(columns(widest) <= width, f"{args[0]} at {width}: {columns(widest)} columns: {widest}")
        check(" ".join(lines_of(on_terminal(120, ["-v", *args]))).split() == words or args[0] == "compare",
              f"{args[0]} lost words")
        check(in_pipe(["-T", "json", *args])[0] == on_terminal(80, ["-T", "json", *args]) or args[0] in ("doctor", "compare"),
              f"{args[0]} -T json is folded")


def verbose_and_pipes_cut_nothing(captures):
    for form in ([], ["-T", "text"]):
        check("…" not in on_terminal(80, ["-v", *form, *captures]), f"-v {form} was cut on a terminal")
        check("…" not in in_pipe([*form, *captures])[0], f"{form} was cut in a pipe")


def fields_stand_one_on_a_line(captures):
    """Each value whole, though it may go on in the next line."""
    text = " ".join(in_pipe(["-T", "text", *captures])[0].split())
    fields = 0
    for line in in_pipe(["-T", "ndjson", *captures])[0].splitlines():
        for event in json.loads(line)["events"]:
            if event["hook"] == "WroteHeaderField" and event["args"]["key"].isprintable():
                value = event["args"]["value"][0]
                if value.isprintable() and "\\" not in value and not re.search("[^\x20-\x7e]", value):
                    fields += 1
                    shown = " ".join(f"{event['args']['key']}: {value}".split())
                    check(shown in text, f"not in the text: {shown}")
    check(fields > 50, f"only {fields} fields were looked for")


def pipes_get_a_hundred_columns(captures):
    """Longer lines hold one word, or an error, which is not broken."""
    for line in lines_of(in_pipe(["-T", "text", *captures])[0]):
        words = re.sub(r"^(.*(in Go's words|the client's error): ).*", r"\1", line).split()
        check(columns(line) <= 100 or max([0, *map(len, words)]) > 40 or len(words) == 0 or "error: " in line or
              "words: " in line, f"{columns(line)} columns in a pipe: {line}")


def the_hint_is_for_who_looks_on(capture):
    hint = "one line each; -T text"
    last = on_terminal(80, [capture]).rstrip("\n").split("\n")[-1]
    check(hint in last and len(last) <= 80, f"no hint in the last line on a terminal: {last}")
    for args in (["-q"], ["-v"], ["-T", "lines"], ["-T", "text"], ["--id", "0"], ["-o", os.path.join(SCRATCH, "x.txt")]):
        check(hint not in on_terminal(120, [*args, capture]), f"a hint with {args}")
    check(hint not in in_pipe([capture])[1], "a hint beside a pipe")
    lines = on_terminal(120, [capture], TERM="dumb").split("\n")[:-2]
    check(len(lines) == 4 and all(re.match(r"\d\d:\d\d:\d\d\.\d{3} ", line) for line in lines), f"no lines: {lines}")


def ids_and_files_where_they_say_something(capture):
    shown = {"plain": [], "-v": ["-v"], "two": [os.path.join(CAPTURES, "../../../samples/incident/incident.pcap")]}
    for name, more in shown.items():
        out = in_pipe(["-T", "text", capture, *more])[0]
        check(("id " in out) == (name == "-v"), f"ids, {name}")
        check((" in " + os.path.basename(capture) in out) == (name != "plain"), f"the file's name, {name}")


def times_are_told_as_asked():
    """GetConn, with which a call begins, is told 35 microseconds before the SYN."""
    path = os.path.join(SCRATCH, "two-days.pcap")
    head = b"GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n"
    with open(path, "wb") as f:
        f.write(talk.capture([head, head], call_apart_s=86400))
    first = {form: [line.split("  ")[0] for line in in_pipe([*form, path], TZ="Asia/Kolkata")[0].splitlines()]
             for form in ((), ("--time", "local"), ("--time", "epoch"), ("--time", "relative"))}
    check(first[()] == ["03:04:04.999", "2026-01-03 03:04:04.999"], f"UTC: {first[()]}")
    check(first["--time", "local"] == ["08:34:04.999", "2026-01-03 08:34:04.999"], f"local: {first['--time', 'local']}")
    check(first["--time", "epoch"] == ["1767323044.999", "1767409444.999"], f"epoch: {first['--time', 'epoch']}")
    out = in_pipe(["--time", "relative", path])[0].splitlines()
    check(out[0].startswith("      +0.000  200") and out[1].startswith("  +86399.999  200"), f"relative: {out}")
    text = {t: in_pipe(["-T", "text", "--time", t, path], TZ="America/St_Johns")[0].split("  ")[0]
            for t in ("utc", "local", "epoch", "relative")}
    check(text == {"utc": "2026-01-02 03:04:04.999965Z", "local": "2026-01-01 23:34:04.999965-03:30",
                   "epoch": "1767323044.999965", "relative": "-0.000035000"}, f"text: {text}")
    check(in_pipe(["-T", "ndjson", "--time", "local", path], TZ="Asia/Kolkata") == in_pipe(["-T", "ndjson", path]),
          "machine forms are UTC")


def times_of_a_summary_are_told_as_asked():
    incident = os.path.join(CAPTURES, "../../../samples/incident/incident.pcap")
    since = {t: re.search(r"since (\S+) \(.*\) until (\S+);", in_pipe(["summary", "--time", t, incident], TZ="Asia/Kolkata")[0]).groups()
             for t in ("utc", "local", "epoch", "relative")}
    check(since == {"utc": ("10:13:40.206",) * 2, "local": ("15:43:40.206",) * 2, "epoch": ("1795342420.206",) * 2,
                    "relative": ("+0.182",) * 2}, f"summary: {since}")
    check(in_pipe(["summary", "--time", "utc", incident]) == in_pipe(["summary", incident]), "a summary is in UTC")
    check(in_pipe(["summary", "-T", "json", "--time", "local", incident], TZ="Asia/Kolkata") == in_pipe(["summary", "-T", "json", incident]),
          "a summary's JSON is UTC")


def wide_characters_are_counted():
    path = os.path.join(SCRATCH, "wide.pcap")
    request = ("GET /" + "猫" * 60 + " HTTP/1.1\r\nHost: a.test\r\nX-Long: " + "犬é" * 60 + "e\u0301" * 60 + "\r\n\r\n")
    with open(path, "wb") as f:
        f.write(talk.capture([request.encode()]))
    for form in ([], ["-T", "text"]):
        for width in (79, 80, 81):
            out = on_terminal(width, [*form, path])
            widest = max(map(columns, lines_of(out)))
            check(width - 1 <= widest <= width, f"wide characters {form} at {width}: {widest} columns")


def slowly(bytes_, args, stdout_is_pipe):
    """Feeds a capture in pieces on standard input; all else is one terminal."""
    master, slave = pty.openpty()
    reader = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=slave, stderr=slave) if stdout_is_pipe else None
    child = subprocess.Popen([PROGRAM, *args, "-"], stdin=subprocess.PIPE,
                             stdout=reader.stdin if reader else slave, stderr=slave, env=environment({}))
    if reader:
        reader.stdin.close()
    os.close(slave)
    piece = len(bytes_) // 4 + 1
    for i in range(0, len(bytes_), piece):
        child.stdin.write(bytes_[i:i + piece])
        child.stdin.flush()
        time.sleep(0.3)
    child.stdin.close()
    out = drain(master).decode().replace("\r\n", "\n")
    child.wait()
    if reader:
        reader.wait()
    os.close(master)
    return out


def screen(out):
    """What is on the screen in the end: a carriage return goes back, ESC [K wipes to the end."""
    lines, at = [""], 0
    for token in re.findall(r"\n|\r|\x1b\[K|\x1b\[[0-9;]*m|[^\n\r\x1b]", out):
        if token == "\n":
            lines.append("")
            at = 0
        elif token == "\r":
            at = 0
        elif token == "\x1b[K":
            lines[-1] = lines[-1][:at]
        elif not token.startswith("\x1b"):
            lines[-1] = lines[-1][:at] + token + lines[-1][at + 1:]
            at += 1
    return lines


def progress_shares_no_line():
    head = b"GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n"
    capture = talk.capture([head] * 8)
    for pipe in (False, True):
        out = slowly(capture, ["-T", "ndjson"], pipe)
        check("\r" not in out and "MB/s" not in out, f"progress between results, pipe {pipe}: {out!r}")
        lines = screen(out)
        check(len(lines) == 9 and all(json.loads(line) for line in lines[:8]), f"results, pipe {pipe}: {lines}")
    for args in (["-T", "ndjson"], ["-T", "ndjson", "-v"]):
        out = slowly(capture, [*args, "--progress", "always"], False)
        check("MB/s" in out, f"no progress though it was asked for: {out!r}")
        lines = screen(out)
        check(not any("MB/s" in line for line in lines), f"a stale line: {lines}")
        check(sum(line.startswith('{"schema"') and line.endswith("}") for line in lines) == 8, f"mixed: {lines}")
    out = slowly(capture, ["-T", "ndjson", "-o", os.path.join(SCRATCH, "slow.ndjson")], False)
    check("MB/s" in out and screen(out) == [""], f"with -o: {out!r}")


def batch_says_what_it_leaves(incident):
    """The newest file of a folder may still grow; who looks on is told, a job that runs each minute is not."""
    folder = os.path.join(SCRATCH, "growing")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.join(folder, "in"))
    shutil.copyfile(incident, os.path.join(folder, "in", "new.pcap"))
    run = ["batch", "--out", os.path.join(folder, "out"), os.path.join(folder, "in")]
    told = "pcap2trace: new.pcap: left for the next run"
    check(told in on_terminal(200, run), "batch is silent about the file that it left")
    check(in_pipe(run) == ("", ""), "batch talks to nobody")
    check(told not in on_terminal(200, ["batch", "--final", *run[1:]]), "--final left a file")


def calls_of_one_host_differ():
    """Where a line has no room, the host is cut before the path is."""
    path = os.path.join(SCRATCH, "long.pcap")
    with open(path, "wb") as f:
        f.write(talk.capture([b"GET /orders/281 HTTP/1.1\r\nHost: orders.shop.svc.cluster.local\r\n\r\n"]))
    line = lines_of(on_terminal(66, [path]))[0]
    check("GET orders.s" in line and line.rstrip().endswith("…/orders/281"), f"the path is cut: {line}")


def main():
    os.makedirs(SCRATCH, exist_ok=True)
    incident = os.path.join(CAPTURES, "../../../samples/incident/incident.pcap")
    captures = sorted(glob.glob(os.path.join(CAPTURES, "*.pcap")))
    no_line_is_wider_than_the_terminal(captures)
    other_commands_keep_to_the_width(incident)
    verbose_and_pipes_cut_nothing(captures)
    fields_stand_one_on_a_line(captures)
    pipes_get_a_hundred_columns(captures)
    the_hint_is_for_who_looks_on(incident)
    ids_and_files_where_they_say_something(captures[0])
    times_are_told_as_asked()
    times_of_a_summary_are_told_as_asked()
    wide_characters_are_counted()
    progress_shares_no_line()
    batch_says_what_it_leaves(incident)
    calls_of_one_host_differ()
    return 1 if failures else 0


sys.exit(main())
