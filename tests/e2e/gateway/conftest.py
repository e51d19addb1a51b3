"""A recording backend, and gateway processes in front of it."""

from __future__ import annotations

import json
import select
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
# What the backend does for a path that ends in /r/NAME: raw bytes, then whether it closes.
RAW: dict[str, tuple[bytes, bool]] = {
    "ok": (OK, False),
    "close": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", True),
    "chunked": (
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n"
            b"3\r\nabc\r\n4\r\ndefg\r\n0\r\nX: y\r\n\r\n"
        ),
        False,
    ),
    "delimited": (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", True),
    "http10": (b"HTTP/1.0 200 OK\r\n\r\nold", True),
    "nocontent": (b"HTTP/1.1 204 No Content\r\n\r\n", False),
    "notmodified": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\nETag: x\r\n\r\n", False),
    "continue": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + OK, False),
    "hop": (
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: x-secret\r\nX-Secret: 1\r\n"
            b"Keep-Alive: timeout=5\r\nUpgrade: h2c\r\nProxy-Authenticate: x\r\nX-Kept: 1\r\n\r\nok"
        ),
        False,
    ),
    "garbage": (b"\x15\x03\x01 not http at all\r\n\r\n", True),
    "short": (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", True),
    "shortchunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", True),
    "badchunk": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
        False,
    ),
    "cltee": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        False,
    ),
    "twolengths": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk", False),
    "gzipcoding": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nxx", True),
    "upgrade": (b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", False),
    "two": (OK + b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison", False),
    "longhead": (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", False),
    "manyheads": (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 300 + b"\r\n", False),
    "barelf": (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", False),
    "nothing": (b"", True),
    "silent": (b"", False),
    "headbody": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", False),
    "headwithbody": (OK, False),
    "stall": (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", False),
    "twelve": (b"HTTP/1.1 200 OK\r\nContent-Length: 12000000\r\n\r\n" + b"x" * 12_000_000, False),
}


class Backend:
    """Records every byte; answers one request at a time by the name at the end of its path."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listening.getsockname()[1]
        self._tls = tls
        self.received: list[bytearray] = []  # one per connection
        self.closed = threading.Event()
        self.requests = 0
        self._stopped = False
        self.close_after = 0  # close each connection silently after so many requests; 0 never
        self.open_sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def bytes(self) -> bytes:
        return b"".join(bytes(one) for one in self.received)

    def stop(self) -> None:
        self._stopped = True
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.drop()

    def drop(self) -> None:
        for one in self.open_sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError, ValueError), closing(connection):
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            record = bytearray()
            self.received.append(record)
            self.open_sockets.append(connection)
            served = 0
            with closing(connection):
                try:
                    while self._one(connection, record):
                        served += 1
                        if served == self.close_after:
                            break
                    if isinstance(connection, ssl.SSLSocket) and not self._stopped:
                        connection.unwrap()  # close_notify: without it the end proves nothing
                finally:
                    self.closed.set()

    def _one(self, connection: socket.socket, record: bytearray) -> bool:
        head = self._until_blank(connection, record)
        if head is None:
            return False
        self.requests += 1
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        body = self._exactly(connection, record, length)
        target = head.split(b" ")[1].partition(b"?")[0]
        name = target.rpartition(b"/r/")[2].decode()
        answer, closes = RAW.get(name, (self._echo(head, body), False))
        if name == "endless":
            answer, closes = b"HTTP/1.1 200 OK\r\nContent-Length: 4000000000\r\n\r\n", True
        connection.sendall(answer)
        if name == "endless":
            for _ in range(4000):
                connection.sendall(b"y" * 100_000)
        if name == "drip":
            for _ in range(3):
                time.sleep(0.05)
        return not closes

    def _echo(self, head: bytes, body: bytes) -> bytes:
        if head.startswith(b"HEAD "):
            return b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n"
        answer = head.split(b"\r\n")[0] + b"\n" + body
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer)

    def _until_blank(self, connection: socket.socket, record: bytearray) -> bytes | None:
        head = bytearray()
        while not head.endswith(b"\r\n\r\n"):
            byte = connection.recv(1)
            if not byte:
                return None
            head += byte
            record += byte
        return bytes(head)

    def _exactly(self, connection: socket.socket, record: bytearray, length: int) -> bytes:
        body = bytearray()
        while len(body) < length:
            data = connection.recv(min(65_536, length - len(body)))
            if not data:
                break
            body += data
            record += data
        return bytes(body)


class Gateway:
    """A gateway process."""

    def __init__(self, config: dict[str, Any]) -> None:
        script = Path(__file__).with_name("gateway_process.py")
        self.process = subprocess.Popen(
            [sys.executable, str(script), json.dumps(config)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PYTHONPATH": str(Path(__file__).parents[3] / "src"), "PATH": "/usr/bin:/bin"},
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            assert self.process.stderr is not None
            raise RuntimeError(self.process.stderr.read().decode())
        self.port = int(line)

    def connect(self, timeout_s: float = 8.0, receive_buffer: int = 0) -> socket.socket:
        client = socket.socket()
        if receive_buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.settimeout(timeout_s)
        try:
            client.connect(("127.0.0.1", self.port))
        except OSError:
            client.close()
            raise
        return client

    def raw(self, data: bytes, *, half_close: bool = False, timeout_s: float = 8.0) -> bytes:
        """Send `data` on a new connection; give everything received until it closes."""
        with closing(self.connect(timeout_s)) as client:
            with suppress(OSError):
                client.sendall(data)
                if half_close:
                    client.shutdown(socket.SHUT_WR)
            return read_all(client)

    def get(self, path: str, headers: str = "") -> Answer:
        with closing(self.connect()) as client:
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: g\r\n{headers}\r\n".encode())
            return read_answer(client)

    def stats(self) -> dict[str, Any]:
        stats: dict[str, Any] = json.loads(self.get("/stats").body)
        return stats

    def stop(self) -> str:
        """End the process; give what it wrote to its error stream."""
        self.process.send_signal(signal.SIGTERM)
        try:
            _, errors = self.process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        return errors.decode()


class Answer:
    def __init__(self, head: bytes, body: bytes, rest: bytes) -> None:
        lines = head.split(b"\r\n")
        self.head = head
        self.status = int(lines[0].split(b" ")[1])
        self.headers = [tuple(line.split(b": ", 1)) for line in lines[1:] if line]
        self.header = {name.lower(): value for name, value in self.headers}
        self.body = body
        self.rest = rest


def read_all(client: socket.socket) -> bytes:
    received = bytearray()
    with suppress(ConnectionResetError):
        while data := client.recv(65_536):
            received += data
    return bytes(received)


def read_answer(  # noqa: C901 - one reader of every framing
    client: socket.socket, before: bytes = b"", *, is_head: bool = False
) -> Answer:
    """Read one response; `before` was received already."""
    data = bytearray(before)

    def more() -> None:
        piece = client.recv(65_536)
        if not piece:
            raise ConnectionError(f"closed after {bytes(data)[:300]!r}")
        data.extend(piece)

    while b"\r\n\r\n" not in data:
        more()
    head, _, _ = bytes(data).partition(b"\r\n\r\n")
    start = len(head) + 4
    answer = Answer(head, b"", b"")
    if answer.status < 200 or answer.status in {204, 304} or is_head:
        return Answer(head, b"", bytes(data[start:]))
    if b"content-length" in answer.header:
        end = start + int(answer.header[b"content-length"])
        while len(data) < end:
            more()
        return Answer(head, bytes(data[start:end]), bytes(data[end:]))
    if answer.header.get(b"transfer-encoding") == b"chunked":
        body = bytearray()
        while True:
            while b"\r\n" not in data[start:]:
                more()
            line_end = data.index(b"\r\n", start)
            size = int(data[start:line_end], 16)
            while len(data) < line_end + 2 + size + 2:
                more()
            body += data[line_end + 2 : line_end + 2 + size]
            start = line_end + 2 + size + 2
            if not size:
                return Answer(head, bytes(body), bytes(data[start:]))
    rest = read_all(client)
    return Answer(head, bytes(data[start:]) + rest, b"")


def is_quiet(client: socket.socket, seconds: float) -> bool:
    """Say whether nothing arrives for a while."""
    return not select.select([client], [], [], seconds)[0]


def wait_until(question: Callable[[], bool], timeout_s: float = 8.0) -> None:
    ends = time.monotonic() + timeout_s
    while not question():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.01)


@contextmanager
def running_gateway(**config: Any) -> Iterator[Gateway]:
    gateway = Gateway(config)
    try:
        yield gateway
    finally:
        if gateway.process.poll() is None:
            gateway.stop()
        for stream in (gateway.process.stdout, gateway.process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture
def start_gateway(backend: Backend) -> Iterator[Callable[..., Gateway]]:
    """Give a function that starts a gateway with its own configuration."""
    running = []

    def start(**config: Any) -> Gateway:
        manager = running_gateway(**({"backend_port": backend.port} | config))
        running.append(manager)
        return manager.__enter__()

    yield start
    for manager in running:
        manager.__exit__(None, None, None)


@pytest.fixture
def backend() -> Iterator[Backend]:
    backend = Backend()
    yield backend
    backend.stop()


@pytest.fixture(scope="module")
def shared_backend() -> Iterator[Backend]:
    backend = Backend()
    yield backend
    backend.stop()


@pytest.fixture(scope="module")
def shared_gateway(shared_backend: Backend) -> Iterator[Gateway]:
    """A gateway for tests that leave nothing behind; its deadlines are short."""
    limits = {"header_s": 0.6, "body_progress_s": 0.6, "linger_s": 0.3, "upstream_stream_idle_s": 1}
    with running_gateway(backend_port=shared_backend.port, limits=limits) as gateway:
        yield gateway


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A self-signed certificate for localhost: the paths of certificate and key."""
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def next_certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Another one, to be used after it."""
    return make_certificate(tmp_path_factory.mktemp("next-tls"))


def make_certificate(folder: Path) -> tuple[str, str]:
    """Write a self-signed certificate for localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, key_file = folder / "cert.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return str(certificate), str(key_file)
