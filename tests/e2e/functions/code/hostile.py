"""Functions that attack, or break."""

# ruff: noqa: B023, PLW1510, PTH108, PTH112, PTH123, PTH208

import contextlib
import ctypes
import http.client
import os
import resource
import signal
import socket
import subprocess
import sys
import time


def hangs(event, context):
    while True:
        time.sleep(60)


def ignores_signals(event, context):
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_IGN)
    hangs(event, context)


def exits(event, context):
    os._exit(event)


def killed(event, context):
    os.kill(os.getpid(), signal.SIGKILL)


def crashes(event, context):
    ctypes.string_at(0)


def double_forks(event, context):
    """A child that leaves the session and its parent, and loses its variables."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execve(sys.executable, [sys.executable, "-I", "-S", "-c", _STRAY, event], {})
        os._exit(0)
    os.wait()
    while subprocess.run(["pgrep", "-f", event], capture_output=True).returncode:
        time.sleep(0.01)


_STRAY = "import time; time.sleep(600)"


def double_forks_and_hangs(event, context):
    double_forks(event, context)
    hangs(event, context)


def double_forks_and_exits(event, context):
    double_forks(event, context)
    os._exit(0)


def bombs(event, context):
    """Fork until it is refused, and leave them all."""
    for count in range(5000):
        try:
            if os.fork() == 0:
                time.sleep(600)
                os._exit(0)
        except OSError:
            return count
    return 5000


def closes_outputs(event, context):
    os.close(1)
    os.close(2)
    return "closed"


def floods(event, context):
    line = b"x" * 1023 + b"\n"
    for _ in range(event):
        os.write(1, line)
    return "done"


def long_line(event, context):
    os.write(1, b"y" * 600_000 + b"\n")


def garbage(event, context):
    os.write(1, bytes(range(256)) * 40)
    return "fine"


def large(event, context):
    return "z" * event


def eats(event, context):
    held = []
    while True:
        held.append(bytearray(os.urandom(1024) * 1024 * 4))
        time.sleep(0.01)


def eats_in_children(event, context):
    for _ in range(4):
        if os.fork() == 0:
            held = bytearray(os.urandom(1024) * 1024 * 60)
            time.sleep(600)
            os._exit(len(held))
    time.sleep(600)


def writes(event, context):
    """Try to write to each path; tell how it was refused."""
    return [_tried(lambda: open(path, "a").close()) for path in event]


def reads(event, context):
    """Try to read each path; tell how it was refused."""
    return [
        _tried(lambda: os.listdir(p) if os.path.isdir(p) else open(p, "rb").read(1)) for p in event
    ]


def _tried(attempt):
    try:
        attempt()
    except (OSError, ValueError) as error:
        return type(error).__name__
    return "done"


def sees_processes(event, context):
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def becomes_root(event, context):
    return [
        _tried(lambda: os.setuid(0)),
        _tried(lambda: os.setgroups([0])),
        _tried(lambda: os.chroot("/tmp")),
        _tried(lambda: os.kill(event, signal.SIGKILL)),
        _tried(lambda: os.mknod("/tmp/disk", 0o60600, os.makedev(254, 0))),
        _tried(lambda: resource.setrlimit(resource.RLIMIT_NPROC, (100_000, 100_000))),
    ]


def remounts(event, context):
    libc = ctypes.CDLL(None, use_errno=True)
    return [libc.mount(b"", path.encode(), b"", 0x1020, None) for path in event]


def limits(event, context):
    names = ("CORE", "NOFILE", "NPROC", "FSIZE", "AS")
    return {name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}")) for name in names}


def fills_disk(event, context):
    count = 0
    with contextlib.suppress(OSError):
        for number in range(4):
            with open(f"/tmp/{number}", "wb") as large:
                for _ in range(400):
                    large.write(b"x" * 1024 * 1024)
                    count += 1
    for number in range(4):
        with contextlib.suppress(OSError):
            os.unlink(f"/tmp/{number}")
    return count


def steals(event, context):
    """Speak to another function's Runtime API."""
    answers = []
    for method, path in (("GET", "invocation/next"), ("POST", "invocation/x/response")):
        connection = http.client.HTTPConnection("127.0.0.1", event, timeout=2)
        try:
            connection.request(
                method, "/2018-06-01/runtime/" + path, b"{}" if method == "POST" else None
            )
            answers.append(connection.getresponse().status)
        except (OSError, http.client.HTTPException) as error:
            answers.append(type(error).__name__)
    return answers


def forges(event, context):
    """Post answers to its own Runtime API that are not its to post."""
    host = os.environ["AWS_LAMBDA_RUNTIME_API"]
    answers = []
    for path in ("invocation/other/response", "init/error", "elsewhere"):
        connection = http.client.HTTPConnection(host, timeout=2)
        connection.request("POST", "/2018-06-01/runtime/" + path, b'"forged"')
        answers.append(connection.getresponse().status)
    return answers


def answers_twice(event, context):
    host = os.environ["AWS_LAMBDA_RUNTIME_API"]
    path = f"/2018-06-01/runtime/invocation/{context.aws_request_id}/response"
    for body in (b'"first"', b'"second"'):
        connection = http.client.HTTPConnection(host, timeout=2)
        connection.request("POST", path, body)
        connection.getresponse().read()
    return "third"


def raw(event, context):
    """Send bytes to its own Runtime API as they are; tell what comes back first."""
    host, _, port = os.environ["AWS_LAMBDA_RUNTIME_API"].partition(":")
    with socket.create_connection((host, int(port)), timeout=2) as connection:
        try:
            connection.sendall(event["text"].encode() * event["times"])
            return connection.recv(64).decode()
        except OSError as error:
            return type(error).__name__
