#!/usr/bin/env python3
"""written_check.py PROGRAM FOLDER CAPTURE LOSSY SCRATCH: what is told of the captures in FOLDER, and of the pieces of CAPTURE, is told
of what `batch` wrote of them, too: by summary with and without filters, report, explain and extract."""
import glob
import gzip
import json
import os
import random
import shutil
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "report"))
import page  # noqa: E402
import pieces as cut  # noqa: E402

FILTERS = (
    [],
    ["--failed"],
    ["--problems"],
    ["--incomplete"],
    ["--host", "*.test"],
    ["--method", "GET"],
    ["--slower-than", "50ms"],
    ["--kind", "connect", "--kind", "lookup"],
    ["--status", "5xx,404"],
    ["--since", "+2s", "--until", "+20s"],
)


class Run:
    def __init__(self, program):
        self.program = program

    def __call__(self, *arguments, code=0):
        run = subprocess.run([self.program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        assert run.returncode == code, (arguments, run.returncode, run.stderr.decode())
        self.said = run.stderr.decode()
        return run.stdout


def check_summary(run, captures, written):
    different = set()
    for chosen in FILTERS:
        for form in ("json", "text"):
            of_captures = run("summary", "-T", form, *chosen, captures)
            assert "filters read" not in run.said
            assert run("summary", "-T", form, *chosen, written) == of_captures, (chosen, written)
            assert ("filters read the exchanges" in run.said) == bool(chosen)
        different.add(of_captures)
    assert len(different) >= 6, f"only {len(different)} of the filters choose otherwise: they prove little"


def everything(path):
    """What a page holds, whatever order it has it in."""
    p = page.Page(path)
    rows = sorted(json.dumps(p.exchange(*row), sort_keys=True) + str(row[0]["flags"]) for row in p.rows())
    base = int(p.contents["base_ns"])
    lanes = sorted(json.dumps({**lane, "first": lane["first"] + base}, sort_keys=True) for lane in p.lanes())
    texts = [p.plain(name) for name in ("summary", "verdict-text", "doctor-text", "hits")]
    return rows, lanes, texts


def check_report(run, captures, written, scratch):
    for chosen in ([], ["--failed"], ["--kind", "http1"]):
        a, b = os.path.join(scratch, "a.html"), os.path.join(scratch, "b.html")
        run("report", "-o", a, *chosen, captures)
        run("report", "-o", b, *chosen, written)
        of_captures, of_written = everything(a), everything(b)
        assert of_captures[0], "no exchange in the page"
        for one, other, what in zip(of_captures, of_written, ("rows", "lanes", "texts")):
            assert one == other, (what, chosen, [pair for pair in zip(one, other) if pair[0] != pair[1]][:1])


def check_baseline(run, captures, written, scratch):
    """A page with a baseline has the summary with that baseline, whichever of the two was written by batch."""
    wanted = run("summary", "-T", "json", "--baseline", captures, captures)
    assert json.loads(wanted)["baseline"]["calls"] > 0
    for baseline, of in ((captures, captures), (written, captures), (captures, written), (written, written)):
        name = os.path.join(scratch, "baseline.html")
        run("report", "-o", name, "--baseline", baseline, of)
        assert page.Page(name).plain("summary") == wanted, (baseline, of)


def check_again(run, capture, scratch):
    """A connection that comes again in a later file, with the same ports and numbers: its many stalls are as sound as others'."""
    twice, written = os.path.join(scratch, "twice"), os.path.join(scratch, "of-twice")
    os.makedirs(twice)
    for seconds in (0, 3):
        cut.later(capture, os.path.join(twice, f"{seconds}.pcap"), seconds)
    run("batch", "--all", "--final", "--out", written, twice)
    assert run("summary", written) == run("summary", twice)
    assert run.said == "", run.said


def check_refusals(run, captures, written):
    run("summary", captures, written, code=2)
    assert "cannot be read together" in run.said
    run("report", "-o", "/dev/null", written, written, code=2)
    assert "named twice" in run.said
    run("summary", "-f", "tcp", written, code=2)
    assert "-f selects packets" in run.said
    run("--id", "5", written, code=1)
    assert "no capture in this folder" in run.said and "batch wrote this folder: 'pcap2trace explain --id ID FOLDER'" in run.said
    for file in glob.glob(os.path.join(written, "0*.ndjson"))[:1]:
        for options in ([], ["-T", "json"]):
            assert run("summary", *options, file, code=1) == b"" and run.said == f"pcap2trace: {file}: not a capture file\n"
        page = os.path.join(os.path.dirname(written), "none.html")
        run("report", "-o", page, file, code=1)
        assert run.said == f"pcap2trace: {file}: not a capture file\n" and not os.path.exists(page), run.said


def check_open_runs(run, captures, scratch):
    """A run that may go on holds back what is open: that is said until --final adds it."""
    said, folder = "calls that were open when its last capture ended are not in it yet", os.path.join(scratch, "open")
    counts = []
    for final, told in (([], True), (["--final"], False)):
        run("batch", "--settle", "0", *final, "--out", folder, captures)
        text = run("summary", "-T", "json", folder)
        assert (said in run.said) == told, (final, run.said)
        run("report", "-o", os.path.join(scratch, "open.html"), folder)
        assert (said in run.said) == told, (final, run.said)
        counts.append(json.loads(text)["calls"])
    assert counts[0] < counts[1], counts


def damage(path, change):
    with open(path, "rb") as f:
        lines = f.readlines()
    with open(path, "wb") as f:
        f.writelines(change(lines))


def check_damage(run, written, scratch):
    """What is damaged is named by file and line, and the rest is read."""
    broken = os.path.join(scratch, "broken")
    shutil.copytree(written, broken)
    longest = max(glob.glob(os.path.join(broken, "0*.ndjson")), key=os.path.getsize)
    with open(longest, "rb") as f:
        count = len(f.readlines())
    damage(longest, lambda lines: [b'{"schema":"pcap2trace.exchange/2","id":5}\n', b"\xff\n", b"[" * 4000 + b"\n"] +
           lines[1:] + [b'{"schema":'])
    run("summary", "--problems", broken, code=1)
    name = os.path.basename(longest)
    for what in ("line 1: its \"id\"", "line 2: is not UTF-8", "line 3: is nested deeper", "is cut"):
        assert any(name in line and what in line for line in run.said.splitlines()), (what, run.said)
    shutil.copy(os.path.join(written, name), longest)
    damage(longest, lambda lines: lines[1:])
    run("summary", "--problems", broken, code=1)
    assert f"{name}: has {count - 1} lines, but the manifest says that batch wrote {count}" in run.said, run.said
    damage(longest, lambda lines: lines + lines)
    run("report", "-o", "/dev/null", broken, code=1)
    assert f"{name}: has {2 * count - 2} lines, but the manifest says that batch wrote {count}" in run.said, run.said
    os.remove(longest)
    run("summary", "--problems", broken, code=1)
    assert name + ": is missing, although the manifest names it" in run.said
    run("summary", broken)  # no exchange is asked for


def both(run, captures, written, command, name):
    """The same on standard output and on standard error; returns that, and the file of the last."""
    out = []
    for folder in (captures, written):
        said = run(*command, folder)
        content = b""
        if os.path.exists(name):
            with open(name, "rb") as f:
                content = f.read()
            os.remove(name)
        out.append((said, run.said, content))
    assert out[0][:2] == out[1][:2], (command, out[0][1], out[1][1])
    return out[1]


def check_packets(run, captures, written, scratch):
    lines = run("--all", "-T", "ndjson", captures).splitlines()
    name = os.path.join(scratch, "x.pcapng")
    random.seed(16)
    for line in random.sample(lines, 12):
        x = json.loads(line)
        told, _, _ = both(run, captures, written, ("explain", "-T", "json", "--id", x["id"]), name)
        assert json.loads(told)[0]["id"] == x["id"] and json.loads(told)[0]["packets"]
        # Of many captures fewer are read than all: what is around the exchange may be less, what is told of it may not.
        _, said, content = both(run, captures, written, ("extract", "--id", x["id"], "-w", name), name)
        assert said == "", "the extract is told otherwise"
        assert content.startswith(b"\x0a\x0d\x0d\x0a")
    return x["id"]


def rewrite(path, change):
    with open(path, "rb") as f:
        data = bytearray(f.read())
    with open(path, "wb") as f:
        f.write(change(data))


def later(data):
    """The first packet a microsecond later."""
    data[28:32] = struct.pack("<I", struct.unpack("<I", data[28:32])[0] + 1)
    return data


def exchange_of(written, id_):
    for path in glob.glob(os.path.join(written, "0*.ndjson")):
        with open(path, encoding="utf-8") as f:
            for line in f:
                x = json.loads(line)
                if x["id"] == id_:
                    return x
    raise AssertionError(id_)


def check_gone(run, id_, written, *where, why):
    """Without captures, what batch wrote of the exchange is told, and what is wrong with them."""
    x = exchange_of(written, id_)
    [told] = json.loads(run("explain", "-T", "json", "--id", id_, *where, written, code=1))
    assert why in run.said
    assert told["packets"] == [] and told["outcome"] == x["outcome"]
    assert [(e["hook"], e["time"], e["basis"], [r["packet"] for r in e["evidence"]]) for e in told["events"]] == \
           [(e["hook"], e["time"], e["basis"], [p for _, p in e["evidence"]]) for e in x["events"]]
    assert [f["code"] for f in told["findings"]] == [f["code"] for f in x["findings"]]
    text = run("explain", "--id", id_, *where, written, code=1).decode()
    assert "without its captures" in text and why in run.said and all(e["hook"] in text for e in x["events"])
    run("extract", "--id", id_, "-w", "/dev/null", *where, written, code=1)


def check_moved(run, captures, written, id_, scratch):
    """Captures that moved, were compressed, or hold something else."""
    moved, name = os.path.join(scratch, "moved"), os.path.join(scratch, "x.pcapng")
    told = run("explain", "--id", id_, captures)
    os.rename(captures, moved)
    check_gone(run, id_, written, why="is missing: say with --captures FOLDER where")
    for path in glob.glob(os.path.join(moved, "*.pcap")):
        with open(path, "rb") as f, gzip.open(path + ".gz", "wb") as g:
            g.write(f.read())
        os.remove(path)
    assert run("explain", "--id", id_, "--captures", moved, written).replace(b".gz", b"") == told
    for path in glob.glob(os.path.join(moved, "*.pcap.gz")):
        with gzip.open(path, "rb") as f, open(path[:-3], "wb") as g:
            g.write(f.read())
        os.remove(path)
        rewrite(path[:-3], later)
    run("extract", "--id", id_, "-w", name, "--captures", moved, written, code=1)
    assert "is not the file that batch read" in run.said and not os.path.exists(name)
    check_gone(run, id_, written, "--captures", moved, why="is not the file that batch read")
    for path in glob.glob(os.path.join(moved, "*.pcap")):
        rewrite(path, lambda data: data[:24])
    run("extract", "--id", id_, "-w", name, "--captures", moved, written, code=1)
    assert "is shorter than what batch read" in run.said and not os.path.exists(name)
    check_gone(run, id_, written, "--captures", moved, why="is shorter than what batch read")
    run("explain", "--id", "01234", "--captures", moved, written, code=1)
    assert "pcap2trace: 01234: no exchange of these captures has this beginning" in run.said


def compress(written):
    for path in glob.glob(os.path.join(written, "0*.ndjson")):
        with open(path, "rb") as f, gzip.open(path + ".gz", "wb") as g:
            g.write(f.read())
        os.remove(path)


def main():
    program, captures, capture, lossy, scratch = sys.argv[1:]
    run = Run(program)
    shutil.rmtree(scratch, ignore_errors=True)
    os.makedirs(os.path.join(scratch, "in"))
    for path in glob.glob(os.path.join(captures, "*.pcap")):
        shutil.copy(path, os.path.join(scratch, "in"))
    captures, written = os.path.join(scratch, "in"), os.path.join(scratch, "plain")
    packed = os.path.join(scratch, "packed")
    run("batch", "--all", "--final", "--out", written, captures)
    run("batch", "--all", "--final", "--zstd", "--out", packed, captures)
    for folder in (written, packed):
        check_summary(run, captures, folder)
    check_report(run, captures, written, scratch)
    check_baseline(run, captures, written, scratch)
    check_again(run, lossy, scratch)
    check_refusals(run, captures, written)
    check_open_runs(run, captures, scratch)
    check_damage(run, written, scratch)
    compress(written)
    check_report(run, captures, written, scratch)
    check_packets(run, captures, written, scratch)
    pieces, of_pieces = os.path.join(scratch, "pieces"), os.path.join(scratch, "of-pieces")
    cut.split(capture, pieces, 9)
    run("batch", "--all", "--final", "--out", of_pieces, pieces)
    check_moved(run, pieces, of_pieces, check_packets(run, pieces, of_pieces, scratch), scratch)
    shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
