"""Functions that behave."""

# ruff: noqa: PLW0603, PTH109, PTH123, PTH208

import logging
import os
import sys


def echo(event, context):
    return {
        "event": event,
        "request_id": context.aws_request_id,
        "arn": context.invoked_function_arn,
    }


def environment(event, context):
    return dict(os.environ)


def prints(event, context):
    print("one line")
    sys.stderr.write("an error line\n")
    logging.getLogger().warning("a logged line")
    os.write(1, b"not complete")


def raises(event, context):
    raise ValueError("no such thing")


def count(event, context):
    global _count
    _count += 1
    return _count


_count = 0


def where(event, context):
    return {"cwd": os.getcwd(), "uid": os.getuid(), "groups": os.getgroups(), "path": sys.path[0]}


def descriptors(event, context):
    return sorted(int(name) for name in os.listdir("/proc/self/fd"))


def standard_input(event, context):
    return os.readlink("/proc/self/fd/0")  # noqa: PTH115


def keeps(event, context):
    with open("/tmp/kept" if event is None else event, "w") as kept:
        kept.write("x")
    return os.environ["TMPDIR"]
