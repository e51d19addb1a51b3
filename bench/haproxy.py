"""HAProxy as a plain proxy that keeps its connections to the backend."""

from collections.abc import Iterator
from contextlib import contextmanager

from bench.load import Request
from bench.process import GATEWAY_CORE, free_port, running, wait_until_listening
from bench.testbed import Gateway, Testbed

_CONFIGURATION = """
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option http-keep-alive
  http-reuse always
frontend gateway
  bind 127.0.0.1:{port}
  option forwardfor
  default_backend pets
backend pets
  server nginx 127.0.0.1:{backend} pool-max-conn 512
"""


@contextmanager
def proxy(testbed: Testbed) -> Iterator[Gateway]:
    """Run HAProxy in front of the backend."""
    port = free_port()
    home = testbed.work / "haproxy"
    home.mkdir(parents=True, exist_ok=True)
    configuration = home / "haproxy.cfg"
    configuration.write_text(_CONFIGURATION.format(port=port, backend=testbed.backend_port))
    log = home / "stderr.log"
    command = ("haproxy", "-db", "-f", str(configuration))
    with running(command, core=GATEWAY_CORE, log=log) as process:
        wait_until_listening(process, port, log)
        yield Gateway(process.pid, port, Request("/pets/1"))
