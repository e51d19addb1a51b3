"""nginx: the backend of every peer, and a peer itself as a plain proxy."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.load import Request
from bench.process import GATEWAY_CORE, LOAD_CORE, free_port, running, wait_until_listening
from bench.testbed import Gateway, Testbed

ANSWER = '{"id":1,"name":"Bosco","species":"dog","price":249.99}'

_MAIN = """
daemon off;
worker_processes 1;
pid {home}/nginx.pid;
error_log {home}/error.log error;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  server_tokens off;
  keepalive_requests 1000000000;
  keepalive_timeout 3600s;
  client_body_temp_path {home}/body;
  proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi;
  scgi_temp_path {home}/scgi;
  {http}
}}
"""

_BACKEND = """
server {{
  listen 127.0.0.1:{port} reuseport backlog=4096;
  default_type application/json;
  location / {{ return 200 '{answer}'; }}
  location = /.well-known/openid-configuration {{
    return 200 '{{"issuer":"{issuer}","jwks_uri":"{issuer}/jwks.json"}}';
  }}
  location = /jwks.json {{ return 200 '{jwks}'; }}
}}
"""

_PROXY = """
upstream backend {{ server 127.0.0.1:{backend}; keepalive 512; keepalive_requests 1000000000; }}
server {{
  listen 127.0.0.1:{port} {listen}backlog=4096;
  {more}
  location / {{
    proxy_pass http://backend;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header X-Forwarded-For $remote_addr;
  }}
}}
"""


@contextmanager
def backend(work: Path, port: int, jwks: str) -> Iterator[int]:
    """Run the backend, which is also the token issuer, on the load's core; give its pid."""
    issuer = f"http://127.0.0.1:{port}"
    http = _BACKEND.format(port=port, answer=ANSWER, issuer=issuer, jwks=jwks)
    with _nginx(work / "backend", http, port, LOAD_CORE) as pid:
        yield pid


@contextmanager
def proxy(testbed: Testbed) -> Iterator[Gateway]:
    """Run nginx as a plain proxy that keeps its connections to the backend."""
    port = free_port()
    http = _PROXY.format(port=port, backend=testbed.backend_port, listen="", more="")
    with _nginx(testbed.work / "nginx", http, port, GATEWAY_CORE) as pid:
        yield Gateway(pid, port, Request("/pets/1"))


@contextmanager
def tls_proxy(testbed: Testbed, chain: Path, key: Path) -> Iterator[tuple[int, int]]:
    """Run it with TLS towards clients, without session tickets; give pid and port."""
    port = free_port()
    more = (
        f"ssl_certificate {chain}; ssl_certificate_key {key}; ssl_protocols TLSv1.2 TLSv1.3;"
        " ssl_session_tickets off; ssl_session_cache off;"
    )
    http = _PROXY.format(port=port, backend=testbed.backend_port, listen="ssl ", more=more)
    with _nginx(testbed.work / "nginx-tls", http, port, GATEWAY_CORE) as pid:
        yield pid, port


@contextmanager
def _nginx(home: Path, http: str, port: int, core: int) -> Iterator[int]:
    home.mkdir(parents=True, exist_ok=True)
    configuration = home / "nginx.conf"
    configuration.write_text(_MAIN.format(home=home, http=http))
    log = home / "stderr.log"
    command = ("nginx", "-p", str(home), "-c", str(configuration), "-e", str(home / "error.log"))
    with running(command, core=core, log=log) as process:
        wait_until_listening(process, port, log)
        yield process.pid
