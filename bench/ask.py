"""One request without wrk: does the gateway pass what it should?"""

import http.client

from bench.load import Request


def ask(port: int, request: Request) -> int:
    """Send one request; give the status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = dict(header.split(": ", 1) for header in request.headers)
    body = request.body.read_bytes() if request.body else None
    if body is not None:
        headers["Content-Type"] = "application/json"
    try:
        connection.request("GET" if body is None else "POST", request.path, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()
