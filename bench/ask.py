"""One request without wrk: does the gateway pass what it should?"""

import http.client
import ssl
import time

from bench.load import Request

_KNOWN_WITHIN_S = 5.0


def ask(port: int, request: Request) -> int:
    """Send one request; give the status."""
    connection = _connection(port, request)
    headers = dict(header.split(": ", 1) for header in request.headers)
    body = request.body.read_bytes() if request.body else None
    if body is not None:
        headers["Content-Type"] = "application/json"
    try:
        connection.request("GET" if body is None else "POST", request.path, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def _connection(port: int, request: Request) -> http.client.HTTPConnection:
    if not request.tls:
        return http.client.HTTPConnection(request.address, port, timeout=10)
    anybody = ssl.create_default_context()
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(request.address, port, timeout=10, context=anybody)


def ask_until(port: int, request: Request, status: int) -> None:
    """Return once the gateway answers so, or after a few seconds: `measure.check` tells then."""
    deadline = time.monotonic() + _KNOWN_WITHIN_S
    while ask(port, request) != status and time.monotonic() < deadline:
        time.sleep(0.02)
