"""Call an IAM-authorized route from four threads until SIGTERM.   keep_calling.py URL

Prints a line for each access key that it was given, and at its end how calls were answered.
"""

from __future__ import annotations

import collections
import json
import signal
import sys
import threading
import urllib.error
import urllib.request

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

CALLERS = 4


def main(url: str) -> None:
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    credentials = botocore.session.Session().get_credentials()
    assert credentials is not None
    seen: set[str] = set()
    statuses: collections.Counter[int] = collections.Counter()
    last: collections.deque[int] = collections.deque(maxlen=CALLERS)
    lock = threading.Lock()

    def keep_calling() -> None:
        while not over.is_set():
            key = credentials.get_frozen_credentials()
            with lock:
                if key.access_key not in seen:
                    seen.add(key.access_key)
                    print(key.access_key, flush=True)
            request = AWSRequest("GET", url)
            SigV4Auth(key, "execute-api", "us-east-1").add_auth(request)
            status = answered(urllib.request.Request(url, headers=dict(request.headers.items())))
            with lock:
                statuses[status] += 1
                last.append(status)

    callers = [threading.Thread(target=keep_calling) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    while not over.wait(0.1):
        pass
    for caller in callers:
        caller.join()
    told = {"keys": sorted(seen), "statuses": statuses, "last": list(last)}
    print(json.dumps(told), flush=True)


def answered(request: urllib.request.Request) -> int:
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        return error.code


main(sys.argv[1])
