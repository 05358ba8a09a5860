#!/usr/bin/env python3
"""help_check.py PROGRAM FOLDER: each command has help of at most 80 columns, whose options it takes, and a page that has
the same options; FOLDER holds the pages."""
import re, subprocess, sys

PROGRAM, FOLDER = sys.argv[1:3]


def run(*args):
    return subprocess.run([PROGRAM, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True)


def options_of(text):
    return set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", text, re.M))


def main():
    overview = run("help").stdout
    commands = re.findall(r"^  (\w+) +\S", overview.split("Commands\n")[1].split("\n\n")[0], re.M)
    assert commands[0] == "trace" and commands[-1] == "help" and len(commands) == 11, commands
    seen = set()
    for command in commands[:-1]:
        text = run("help", command).stdout
        assert run(command, "--help").stdout == text and run("-h", command).stdout == text, command
        too_wide = [line for line in (text + overview).splitlines() if len(line) > 80 or line != line.rstrip()]
        assert not too_wide, too_wide
        own = options_of(text)
        assert "--help" in own, command
        page = open(f"{FOLDER}/pcap2trace-{command}.1").read().replace("\\-", "-")
        assert set(re.findall(r"^\\fB(?:-\w\\fR, \\fB)?(--[a-z-]+)", page, re.M)) == own, command
        for option in own:
            said = run(command, option, "/nonexistent/file", "/nonexistent/file").stderr
            assert "belongs to" not in said and "does not apply to the command" not in said, (command, option, said)
        seen |= own
    assert options_of(overview) <= seen and {"--top", "--shard", "--minimal"} <= seen - options_of(overview)
    return 0


sys.exit(main())
