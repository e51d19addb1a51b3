"""Malformed and smuggling requests over raw sockets.

Each is answered with 4xx or 5xx or by closing the connection; the backend receives nothing of it;
the worker lives and serves the next good request.
"""

from __future__ import annotations

import socket
from contextlib import closing, suppress
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from tests.e2e.gateway.conftest import Backend, Gateway

MARK = b"smuggled"
CLOSE = b"Connection: close\r\n"
INNER = b"GET /open/smuggled HTTP/1.1\r\nHost: g\r\n\r\n"


class Case(NamedTuple):
    name: str
    data: bytes
    statuses: tuple[int, ...] = (400,)
    half_close: bool = False


def line(text: bytes) -> bytes:
    return text + b"\r\nHost: g\r\n\r\n"


def post(fields: bytes, body: bytes = b"") -> bytes:
    return b"POST /open/smuggled HTTP/1.1\r\nHost: g\r\n" + fields + b"\r\n" + body


def get(fields: bytes) -> bytes:
    return b"GET /open/smuggled HTTP/1.1\r\nHost: g\r\n" + fields + b"\r\n"


def chunked(body: bytes, *statuses: int) -> tuple[bytes, tuple[int, ...]]:
    return post(b"Transfer-Encoding: chunked\r\n", body), statuses or (400,)


def request_lines() -> dict[str, bytes]:
    return {
        "http 0.9": b"GET /open/smuggled\r\n\r\n",
        "http 1.2": line(b"GET /open/smuggled HTTP/1.2"),
        "http 2.0": line(b"GET /open/smuggled HTTP/2.0"),
        "http 1": line(b"GET /open/smuggled HTTP/1"),
        "http 1.10": line(b"GET /open/smuggled HTTP/1.10"),
        "http 01.1": line(b"GET /open/smuggled HTTP/01.1"),
        "lower-case http": line(b"GET /open/smuggled http/1.1"),
        "rtsp": line(b"GET /open/smuggled RTSP/1.0"),
        "ice": line(b"GET /open/smuggled ICE/1.0"),
        "no version": line(b"GET /open/smuggled "),
        "two spaces before target": line(b"GET  /open/smuggled HTTP/1.1"),
        "two spaces before version": line(b"GET /open/smuggled  HTTP/1.1"),
        "tab as separator": line(b"GET\t/open/smuggled\tHTTP/1.1"),
        "space before method": line(b" GET /open/smuggled HTTP/1.1"),
        "space after version": line(b"GET /open/smuggled HTTP/1.1 "),
        "space in target": line(b"GET /open/smuggled x HTTP/1.1"),
        "lower-case method": line(b"get /open/smuggled HTTP/1.1"),
        "method with NUL": line(b"GE\x00T /open/smuggled HTTP/1.1"),
        "method with comma": line(b"GE,T /open/smuggled HTTP/1.1"),
        "empty method": line(b" /open/smuggled HTTP/1.1"),
        "bare LF after request line": b"GET /open/smuggled HTTP/1.1\nHost: g\r\n\r\n",
        "all bare LF": b"GET /open/smuggled HTTP/1.1\nHost: g\n\n",
        "bare CR after request line": b"GET /open/smuggled HTTP/1.1\rHost: g\r\n\r\n",
        "two empty lines first": b"\r\n\r\n" + line(b"GET /open/smuggled HTTP/1.1"),
        "LF first": b"\n" + line(b"GET /open/smuggled HTTP/1.1"),
        "NUL first": b"\0" + line(b"GET /open/smuggled HTTP/1.1"),
        "TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xaa" * 64,
        "binary noise": bytes(range(128, 256)) * 8 + b"\r\n\r\n",
        "fragment": line(b"GET /open/smuggled#x HTTP/1.1"),
        "fragment alone": line(b"GET # HTTP/1.1"),
        "no slash": line(b"GET open/smuggled HTTP/1.1"),
        "question mark first": line(b"GET ?smuggled HTTP/1.1"),
        "backslash first": line(b"GET \\open\\smuggled HTTP/1.1"),
        "asterisk GET": line(b"GET * HTTP/1.1"),
        "asterisk OPTIONS": line(b"OPTIONS * HTTP/1.1"),
        "authority form": line(b"GET g:80 HTTP/1.1"),
        "absolute ftp": line(b"GET ftp://g/smuggled HTTP/1.1"),
        "absolute file": line(b"GET file:///etc/smuggled HTTP/1.1"),
        "absolute without host": line(b"GET http:///open/smuggled HTTP/1.1"),
        "absolute with user": line(b"GET http://a@g/open/smuggled HTTP/1.1"),
        "absolute with password": line(b"GET http://a:b@g/open/smuggled HTTP/1.1"),
        "absolute with bad port": line(b"GET http://g:99999/open/smuggled HTTP/1.1"),
        "absolute with word port": line(b"GET http://g:http/open/smuggled HTTP/1.1"),
        "absolute with fragment": line(b"GET http://g/open/smuggled#x HTTP/1.1"),
        "absolute with one slash": line(b"GET http:/g/open/smuggled HTTP/1.1"),
        "absolute with backslashes": line(b"GET http:\\\\g\\open\\smuggled HTTP/1.1"),
        "absolute with space host": line(b"GET http://g g/open/smuggled HTTP/1.1"),
        "absolute without Host": b"GET http://g/open/smuggled HTTP/1.1\r\n\r\n",
        "NUL in target": line(b"GET /open/smug\x00gled HTTP/1.1"),
        "CR in target": line(b"GET /open/smug\rgled HTTP/1.1"),
        "tab in target": line(b"GET /open/smug\tgled HTTP/1.1"),
        "DEL in target": line(b"GET /open/smug\x7fgled HTTP/1.1"),
        "latin-1 in target": line(b"GET /open/smuggled/\xe9 HTTP/1.1"),
        "utf-8 in target": line(b"GET /open/smuggled/\xc3\xa9 HTTP/1.1"),
        "utf-8 in query": line(b"GET /open/smuggled?x=\xc3\xa9 HTTP/1.1"),
        "overlong slash": line(b"GET /open/smuggled/..\xc0\xaf HTTP/1.1"),
    }


def paths() -> dict[str, bytes]:
    spellings = {
        "dot dot": b"/open/../smuggled",
        "dot": b"/open/./smuggled",
        "dot dot last": b"/open/smuggled/..",
        "dot last": b"/open/smuggled/.",
        "many dots": b"/open/smuggled/../../../../etc/passwd",
        "encoded dots": b"/open/%2e%2e/smuggled",
        "encoded dots, upper case": b"/open/%2E%2E/smuggled",
        "half encoded dots": b"/open/.%2e/smuggled",
        "half encoded dots, other": b"/open/%2e./smuggled",
        "encoded dot": b"/open/%2e/smuggled",
        "encoded slash after dots": b"/open/..%2fsmuggled",
        "encoded slash before dots": b"/open/a%2f../smuggled",
        "encoded slashes around dots": b"/open/a%2f%2e%2e%2fsmuggled",
        "encoded backslash around dots": b"/open/a%5c..%5csmuggled",
        "backslash dots": b"/open/a\\..\\smuggled",
        "dots with parameter": b"/open/..;/smuggled",
        "dots with parameter text": b"/open/..;x=y/smuggled",
        "dots with encoded parameter": b"/open/..%3b/smuggled",
        "encoded NUL": b"/open/smuggled%00.html",
        "percent alone": b"/open/smuggled%",
        "percent and one digit": b"/open/smuggled%2",
        "percent and no hex": b"/open/smuggled%zz",
        "percent u": b"/open/smuggled%u002e",
        "absolute with dots": b"http://g/open/../smuggled",
    }
    return {f"path: {name}": line(b"GET %b HTTP/1.1" % path) for name, path in spellings.items()}


def hosts() -> dict[str, bytes]:
    start = b"GET /open/smuggled HTTP/1.1\r\n"
    values = {
        "empty": b"",
        "space": b"a b",
        "comma": b"a,b",
        "at": b"u@g",
        "slash": b"g/x",
        "question": b"g?x",
        "scheme": b"http://g",
        "bad port": b"g:99999",
        "word port": b"g:x",
        "two ports": b"g:80:80",
        "no name": b":80",
        "open bracket": b"[::1",
        "close bracket": b"::1]",
        "quote": b'"g"',
        "angle": b"<g>",
        "percent": b"g%41",
        "backslash": b"g\\x",
        "utf-8": b"\xc3\xa9",
        "too long": b"g" * 300,
    }
    cases = {
        f"Host: {name}": start + b"Host: " + value + b"\r\n\r\n" for name, value in values.items()
    }
    return cases | {
        "no Host": start + b"\r\n",
        "no Host but others": start + b"Accept: */*\r\n\r\n",
        "two Hosts": start + b"Host: g\r\nHost: g\r\n\r\n",
        "two Hosts, other case": start + b"Host: g\r\nhost: h\r\n\r\n",
        "Host only hop-by-hop": get(b"Connection: host\r\n"),
        "two Hosts in HTTP/1.0": b"GET /open/smuggled HTTP/1.0\r\nHost: g\r\nHost: h\r\n\r\n",
    }


def fields() -> dict[str, bytes]:
    return {
        "obs-fold space": get(b"X: a\r\n b\r\n"),
        "obs-fold tab": get(b"X: a\r\n\tb\r\n"),
        "fold as first line": b"GET /open/smuggled HTTP/1.1\r\n X: y\r\nHost: g\r\n\r\n",
        "folded Transfer-Encoding": post(b"Transfer-Encoding:\r\n chunked\r\n", b"0\r\n\r\n"),
        "space before colon": get(b"X : y\r\n"),
        "tab before colon": get(b"X\t: y\r\n"),
        "space before colon of length": post(b"Content-Length : 5\r\n", b"hello"),
        "space before colon of coding": post(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n"),
        "no colon": get(b"Nothing\r\n"),
        "empty name": get(b": y\r\n"),
        "space in name": get(b"X Y: z\r\n"),
        "NUL in name": get(b"X\x00Y: z\r\n"),
        "NUL in value": get(b"X: y\x00z\r\n"),
        "control in value": get(b"X: y\x01z\r\n"),
        "vertical tab in value": get(b"X: y\x0bz\r\n"),
        "DEL in value": get(b"X: y\x7fz\r\n"),
        "latin-1 in name": get(b"X\xe9: z\r\n"),
        "parenthesis in name": get(b"X(): z\r\n"),
        "slash in name": get(b"X/Y: z\r\n"),
        "quoted name": get(b'"X": z\r\n'),
        "bare LF ends field": get(b"X: y\n"),
        "bare LF hides field": get(b"X: y\nContent-Length: 40\r\n") + INNER,
        "bare CR hides field": get(b"X: y\rContent-Length: 40\r\n") + INNER,
        "CR CR LF": get(b"X: y\r\r\n"),
        "LF CR": get(b"X: y\n\r\n"),
        "blank line of LF": b"GET /open/smuggled HTTP/1.1\r\nHost: g\r\n\n",
        "Connection names length": post(
            b"Connection: content-length\r\nContent-Length: 5\r\n", b"hello"
        ),
        "Connection names type": post(b"Connection: content-type\r\nContent-Length: 0\r\n"),
    }


def framings() -> dict[str, bytes]:
    both = b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n"
    smuggle = b"0\r\n\r\n" + INNER
    lengths = {
        "plus": b"+5",
        "minus": b"-5",
        "hex": b"0x5",
        "float": b"5.0",
        "exponent": b"1e1",
        "comma": b"5, 5",
        "comma no space": b"5,5",
        "different list": b"5, 6",
        "space inside": b"5 5",
        "word": b"five",
        "empty": b"",
        "huge": b"99999999999999999999999999",
        "64 bit wrap": b"18446744073709551621",
        "quoted": b'"5"',
        "semicolon": b"5;x",
        "arabic digits": b"\xd9\xa5",
        "superscript": b"\xb2",
        "underscore": b"1_0",
        "form feed": b"\x0c5",
    }
    codings = {
        "identity": b"identity",
        "gzip": b"gzip",
        "gzip, chunked": b"gzip, chunked",
        "chunked, gzip": b"chunked, gzip",
        "chunked, identity": b"chunked, identity",
        "chunked, chunked": b"chunked, chunked",
        "xchunked": b"xchunked",
        "chunkedx": b"chunkedx",
        "quoted": b'"chunked"',
        "parameter": b"chunked;q=1",
        "vertical tab": b"\x0bchunked",
        "comma first": b", chunked",
        "comma last": b"chunked,",
        "empty": b"",
        "NUL": b"chunked\x00",
    }
    return {
        "CL.TE": post(both % len(smuggle), smuggle),
        "TE.CL": post(b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", smuggle),
        "CL.TE zero": post(both % 0, smuggle),
        "CL.TE upper case": post(b"CONTENT-LENGTH: 4\r\nTRANSFER-ENCODING: CHUNKED\r\n", smuggle),
        "CL.TE via Connection": post(
            b"Connection: transfer-encoding\r\n" + both % len(smuggle), smuggle
        ),
        "CL.CL equal": post(b"Content-Length: 5\r\nContent-Length: 5\r\n", b"hello"),
        "CL.CL different": post(b"Content-Length: 5\r\nContent-Length: 40\r\n", b"hello" + INNER),
        "CL.CL other case": post(b"Content-Length: 5\r\ncontent-length: 6\r\n", b"hello!"),
        "CL.CL zero": post(b"Content-Length: 0\r\nContent-Length: 40\r\n", INNER),
        "TE.TE": post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", smuggle),
        "TE.TE same": post(
            b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", smuggle
        ),
        "TE in HTTP/1.0": b"POST /open/smuggled HTTP/1.0\r\nHost: g\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n" + smuggle,
        "TE on GET with CL": get(both % len(smuggle)) + smuggle,
        "TE with upgrade": post(
            b"Connection: upgrade\r\nUpgrade: h2c\r\n" + both % len(smuggle), smuggle
        ),
        **{
            f"length: {name}": post(b"Content-Length: " + value + b"\r\n", b"hello" + INNER)
            for name, value in lengths.items()
        },
        **{
            f"coding: {name}": post(b"Transfer-Encoding: " + value + b"\r\n", smuggle)
            for name, value in codings.items()
        },
    }


def chunks() -> dict[str, bytes]:
    bodies = {
        "no size": b"\r\nhello\r\n0\r\n\r\n",
        "word": b"zz\r\nhello\r\n0\r\n\r\n",
        "minus": b"-5\r\nhello\r\n0\r\n\r\n",
        "plus": b"+5\r\nhello\r\n0\r\n\r\n",
        "hex prefix": b"0x5\r\nhello\r\n0\r\n\r\n",
        "underscore": b"0_5\r\nhello\r\n0\r\n\r\n",
        "space before size": b" 5\r\nhello\r\n0\r\n\r\n",
        "space after size": b"5 \r\nhello\r\n0\r\n\r\n",
        "tab after size": b"5\t\r\nhello\r\n0\r\n\r\n",
        "overflow": b"ffffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "32 bit wrap": b"100000005\r\nhello\r\n0\r\n\r\n",
        "leading zeros without end": b"0" * 300 + b"5\r\nhello\r\n0\r\n\r\n",
        "bare LF after size": b"5\nhello\r\n0\r\n\r\n",
        "bare CR after size": b"5\rhello\r\n0\r\n\r\n",
        "bare LF after data": b"5\r\nhello\n0\r\n\r\n",
        "no CRLF after data": b"5\r\nhello0\r\n\r\n",
        "data longer": b"5\r\nhello world\r\n0\r\n\r\n",
        "data shorter": b"9\r\nhello\r\n0\r\n\r\n0\r\n\r\nzz\r\n\r\n",
        "LF in extension": b"5;a=b\nc\r\nhello\r\n0\r\n\r\n",
        "NUL in extension": b"5;a=\x00\r\nhello\r\n0\r\n\r\n",
        "unclosed quote in extension": b'5;a="b\r\nhello\r\n0\r\n\r\n',
        "empty extension": b"5;\r\nhello\r\n0\r\n\r\n",
        "long extension": b"5;" + b"a" * 1000 + b"\r\nhello\r\n0\r\n\r\n",
        "extensions without end": b"1;a=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\nx\r\n" * 1000
        + b"0\r\n\r\n",
        "trailer without colon": b"0\r\nsmuggled\r\n\r\n",
        "trailer with LF": b"0\r\nX: y\n\r\n\r\n",
        "trailer folded": b"0\r\nX: y\r\n z\r\n\r\n",
        "trailer with NUL": b"0\r\nX: \x00\r\n\r\n",
        "trailers without end": b"0\r\n" + b"X: yyyyyyyyyyyyyyyyyyyyyyyyy\r\n" * 500 + b"\r\n",
        "long trailer": b"0\r\nX: " + b"y" * 9000 + b"\r\n\r\n",
    }
    return {
        f"chunk: {name}": post(b"Transfer-Encoding: chunked\r\n", body)
        for name, body in bodies.items()
    }


def oversized() -> list[Case]:
    long = b"a" * 11_000
    return [
        Case("long target", line(b"GET /open/smuggled" + long + b" HTTP/1.1"), (414,)),
        Case("long query", line(b"GET /open/smuggled?" + long + b" HTTP/1.1"), (414,)),
        Case("target without end", b"GET /open/smuggled" + b"a" * 60_000, (414,)),
        Case("long method", line(b"G" * 20_000 + b" /open/smuggled HTTP/1.1"), (405, 414)),
        Case("long field", get(b"X: " + long + b"\r\n"), (431,)),
        Case("long field name", get(b"X" + long + b": y\r\n"), (431,)),
        Case("field without end", get(b"")[:-2] + b"X: " + b"a" * 60_000, (431,)),
        Case("many fields", get(b"".join(b"X%d: y\r\n" % n for n in range(200))), (431,)),
        Case("many small fields", get(b"X: y\r\n" * 101), (431,)),
        Case("declared body too large", post(b"Content-Length: 10485761\r\n", b"x" * 100), (413,)),
        Case("declared body huge", post(b"Content-Length: 999999999999999999\r\n"), (413,)),
        Case(
            "chunked body too large",
            post(
                b"Transfer-Encoding: chunked\r\n",
                b"100000\r\n" + (b"x" * 0x100000 + b"\r\n100000\r\n") * 11,
            ),
            (413, 0),
        ),
        Case(
            "one chunk too large",
            post(b"Transfer-Encoding: chunked\r\n", b"ffffffff\r\n" + b"x" * 11_000_000),
            (413, 0),
        ),
    ]


def methods() -> list[Case]:
    return [
        Case("CONNECT", b"CONNECT g:443 HTTP/1.1\r\nHost: g:443\r\n\r\n" + INNER, (405,)),
        Case("CONNECT path", line(b"CONNECT /open/smuggled HTTP/1.1"), (405,)),
        Case("TRACE", line(b"TRACE /open/smuggled HTTP/1.1"), (405,)),
        Case("PRI", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00" * 9, (400, 405)),
        Case("PURGE", line(b"PURGE /open/smuggled HTTP/1.1"), (405,)),
        Case("PROPFIND", line(b"PROPFIND /open/smuggled HTTP/1.1"), (405,)),
        Case("TRACK", line(b"TRACK /open/smuggled HTTP/1.1"), (405,)),
        Case("unknown Expect", post(b"Expect: 200-ok\r\nContent-Length: 5\r\n"), (417,)),
        Case(
            "two Expects",
            post(b"Expect: 100-continue\r\nExpect: x\r\nContent-Length: 5\r\n"),
            (400, 417),
        ),
        Case("override to TRACE", get(CLOSE + b"X-HTTP-Method-Override: TRACE\r\n"), (403,)),
        Case(
            "override to two",
            get(CLOSE + b"X-HTTP-Method-Override: GET\r\nX-HTTP-Method-Override: PUT\r\n"),
            (403,),
        ),
        Case("override empty", get(CLOSE + b"X-HTTP-Method-Override:\r\n"), (403,)),
        Case(
            "override with NUL-like text",
            get(CLOSE + b"X-HTTP-Method-Override: GET%00\r\n"),
            (403,),
        ),
    ]


def unfinished() -> list[Case]:
    """What stops in the middle: refused after the deadline (0.6 s here), or closed."""
    late = (408, 0)
    whole = post(b"Content-Length: 10\r\n")
    cut = [
        Case("one byte", b"G", late),
        Case("half a request line", b"GET /open/smug", late),
        Case("half a head", b"GET /open/smuggled HTTP/1.1\r\nHost: g\r\n", late),
        Case("half a field", b"GET /open/smuggled HTTP/1.1\r\nHost: g\r\nX: y", late),
        Case("CRLF only", b"\r\n", late),
        Case("half a CRLF", b"\r", late),
        Case("half a body", whole + b"12345", late),
        Case("no body", whole, late),
        Case("half a chunk size", chunked(b"5")[0], late),
        Case("half a chunk", chunked(b"5\r\nhel")[0], late),
        Case("no last chunk", chunked(b"5\r\nhello\r\n")[0], late),
        Case("no last CRLF", chunked(b"5\r\nhello\r\n0\r\n")[0], late),
        Case("nothing at all", b"", late),
    ]
    return cut + [Case(f"{c.name}, half-closed", c.data, c.statuses, half_close=True) for c in cut]


CASES = [
    *(
        Case(name, data)
        for table in (request_lines(), paths(), hosts(), fields(), framings(), chunks())
        for name, data in table.items()
    ),
    *oversized(),
    *methods(),
    *unfinished(),
]


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 150
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_refuses(case: Case, shared_gateway: Gateway, shared_backend: Backend) -> None:
    before = len(shared_backend.bytes)
    received = shared_gateway.raw(case.data, half_close=case.half_close)
    status = int(received.split(b" ", 2)[1]) if received else 0
    assert status in case.statuses, received[:300]
    assert received.count(b"HTTP/1.1 ") <= 1, "a second request was read out of the first"
    assert len(shared_backend.bytes) == before, "the backend received something"
    assert shared_gateway.get("/open/good").status == 200
    assert MARK not in shared_backend.bytes


@pytest.mark.parametrize("split_at", range(1, 60, 7))
def test_refuses_the_same_in_pieces(
    split_at: int, shared_gateway: Gateway, shared_backend: Backend
) -> None:
    data = post(b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + INNER)
    with closing(shared_gateway.connect()) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(data), split_at):
            with suppress(OSError):
                client.sendall(data[at : at + split_at])
        received = b""
        with suppress(OSError):
            while piece := client.recv(65_536):
                received += piece
    assert received.startswith((b"HTTP/1.1 400 ", b""))
    assert received.count(b"HTTP/1.1 ") <= 1
    assert MARK not in shared_backend.bytes


def test_survives_clients_that_reset(shared_gateway: Gateway) -> None:
    for data in (b"", b"GET", get(b"")[:20], post(b"Content-Length: 9\r\n", b"1"), INNER):
        client = shared_gateway.connect()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        client.sendall(data)
        client.close()
    assert shared_gateway.get("/open/good").status == 200


def test_leaves_no_memory_held(shared_gateway: Gateway) -> None:
    assert shared_gateway.stats()["held_bytes"] == 0
