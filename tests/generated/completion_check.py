#!/usr/bin/env python3
"""completion_check.py bash|zsh|fish FILE: the generated completion in its shell. Skipped (77) where that is missing."""
import os, pty, re, select, shutil, subprocess, sys, tempfile, time

SHELL, FILE = sys.argv[1], os.path.abspath(sys.argv[2])

# What is typed, words that must be offered, words that must not.
CASES = (
    ("pcap2trace su", ["summary"], ["trace", "report"]),
    ("pcap2trace help ex", ["explain", "extract"], ["summary"]),
    ("pcap2trace -T nd", ["ndjson"], ["json", "lines"]),
    ("pcap2trace summary -T ", ["text", "json"], ["ndjson", "har"]),
    ("pcap2trace compare --format=", ["text", "json", "csv"], ["ndjson"]),
    ("pcap2trace --fa", ["--failed"], ["--format", "--follow"]),
    ("pcap2trace batch --f", ["--filter", "--follow", "--final", "--failed"], ["--format"]),
    ("pcap2trace summary --ti", ["--time"], ["--title"]),
    ("pcap2trace report --ti", ["--title"], ["--time"]),
    ("pcap2trace --time r", ["relative"], ["utc"]),
    ("pcap2trace --keylog ke", ["keys.log"], ["one.pcap"]),
    ("pcap2trace batch --out fo", ["folder"], ["forest.txt"]),
    ("pcap2trace --list fi", ["findings"], ["formats"]),
    ("pcap2trace o", ["one.pcap"], ["summary"]),
    ("pcap2trace summary on", ["one.pcap"], []),
)


def by_bash(line):
    words = re.findall(r"[^ =]+|=", line) + ([""] if line.endswith((" ",)) else [])
    listed = " ".join("'" + w + "'" for w in words)
    script = f"source '{FILE}'; COMP_WORDS=({listed}); COMP_CWORD={len(words) - 1}; _pcap2trace; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    return subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, check=True).stdout.split()


def by_fish(line):
    script = f"source '{FILE}'; complete -C '{line}'"
    out = subprocess.run(["fish", "-N", "-c", script], capture_output=True, text=True, check=True).stdout
    words = [row.split("\t")[0] for row in out.splitlines()]
    return [re.sub(r"^--format=", "", w).rstrip("/") for w in words]


class Zsh:
    """An interactive shell: completion runs nowhere else. What it offers is listed below the line, which stays as it is."""

    def __init__(self):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="dumb", COLUMNS="500", ZDOTDIR="/nonexistent/folder", HISTFILE="")
            os.execvp("zsh", ["zsh", "-f", "-i"])
        self.say(f"PS1='go> '; unsetopt zle_bracketed_paste promptsp; fpath=('{os.path.dirname(FILE)}' $fpath); "
                 "autoload -U compinit; compinit -u -D; LISTMAX=10000; setopt nolistbeep; "
                 "zstyle ':completion:*' format ''; zstyle ':completion:*' list-packed no; "
                 "offer() { compadd() { local -a got; builtin compadd -O got \"$@\"; "
                 "local g; for g in $got; do print -r -- \"offered $g\" >> $OUT; done; "
                 "builtin compadd \"$@\" }; _main_complete; unfunction compadd }; "
                 "zle -C offer complete-word offer; bindkey '^I' offer; print do''ne")

    def say(self, text):
        os.write(self.fd, (text + "\n").encode())
        self.wait(b"done")

    def wait(self, mark):
        """Until the prompt is there again: before that, the terminal itself would take the next keys."""
        seen, until = b"", time.monotonic() + 20
        while b"go> " not in seen.partition(mark + b"\r\n")[2] and time.monotonic() < until:
            if select.select([self.fd], [], [], 0.2)[0]:
                seen += os.read(self.fd, 65536)
        return seen

    def offers(self, line):
        with tempfile.NamedTemporaryFile("r") as out:
            self.say(f"OUT={out.name}; print do''ne")
            os.write(self.fd, (line + "\t\x15print do''ne\n").encode())
            self.wait(b"done")
            return [row.split(" ", 1)[1].rstrip("/ ") for row in out.read().splitlines() if row.startswith("offered ")]

    def end(self):
        os.write(self.fd, b"exit\n")
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def main():
    if shutil.which(SHELL) is None:
        print(f"{SHELL} is not installed: skipped")
        return 77
    subprocess.run([SHELL, "-n", FILE], check=True)
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.mkdir("folder")
        for name in ("one.pcap", "keys.log", "forest.txt"):
            open(name, "w").close()
        zsh = Zsh() if SHELL == "zsh" else None
        offers = {"bash": by_bash, "fish": by_fish, "zsh": zsh and zsh.offers}[SHELL]
        for line, wanted, unwanted in CASES:
            got = offers(line)
            wrong = [w for w in wanted if w not in got] + [w for w in unwanted if w in got]
            if wrong:
                failures += 1
                print(f"{line!r}: {wrong} of {got}")
        if zsh:
            zsh.end()
        os.chdir("/")
    return 1 if failures else 0


sys.exit(main())
