#!/usr/bin/env python3
"""kill_output.py PROGRAM CAPTURE FOLDER: kill -9 of a run with -o FILE leaves nothing behind, and an older FILE as it was; a run that
ends replaces it. 77: the file system of FOLDER has no nameless files, and a temporary name may be left there."""
import os
import shutil
import signal
import subprocess
import sys
import time

PROGRAM, CAPTURE, FOLDER = sys.argv[1:]


def has_nameless():
    try:
        os.close(os.open(FOLDER, os.O_TMPFILE | os.O_RDWR, 0o600))
        return True
    except (AttributeError, OSError):
        return False


def writes_in(pid, folder):
    """The program has opened what it will write there."""
    try:
        return any(os.readlink(f"/proc/{pid}/fd/{fd}").startswith(folder) for fd in os.listdir(f"/proc/{pid}/fd"))
    except FileNotFoundError:
        return False


def killed(name, data):
    run = subprocess.Popen([PROGRAM, "-q", "-T", "ndjson", "-o", os.path.join(FOLDER, name), "-"], stdin=subprocess.PIPE)
    run.stdin.write(data[:len(data) // 2])
    run.stdin.flush()
    for _ in range(500):
        if writes_in(run.pid, os.path.realpath(FOLDER)):
            break
        time.sleep(0.02)
    else:
        sys.exit("it never opened its output")
    run.send_signal(signal.SIGKILL)
    run.wait()
    run.stdin.close()


shutil.rmtree(FOLDER, ignore_errors=True)
os.makedirs(FOLDER)
if not has_nameless():
    print("skipped: no nameless files here")
    sys.exit(77)
with open(CAPTURE, "rb") as f:
    content = f.read()
for name in ("calls.ndjson", "calls.ndjson.zst"):
    killed(name, content)
    assert os.listdir(FOLDER) == [], os.listdir(FOLDER)
    path = os.path.join(FOLDER, name)
    with open(path, "w") as f:
        f.write("older")
    os.chmod(path, 0o640)
    killed(name, content)
    assert os.listdir(FOLDER) == [name], os.listdir(FOLDER)
    with open(path) as f:
        assert f.read() == "older"
    subprocess.run([PROGRAM, "-q", "-T", "ndjson", "-o", path, CAPTURE], check=True)
    assert os.listdir(FOLDER) == [name] and os.path.getsize(path) > 100 and os.stat(path).st_mode & 0o777 == 0o640
    os.remove(path)
print("nothing is left of killed runs")
