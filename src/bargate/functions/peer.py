"""Who is at the other end of a loopback connection: asked of the kernel (NETLINK_SOCK_DIAG).

    connection ─► uid and inode of the peer's socket ─► the process that has it open

One exact question for one socket, whatever else the machine has open.
"""

from __future__ import annotations

import socket
import struct

from msgspec import Struct

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLM_F_REQUEST = 1
_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBBI")
_NO_COOKIE = b"\xff" * 8
_OWNER = struct.Struct("=II")
_OWNER_AT = 64  # struct inet_diag_msg: uid, inode
_ALL_STATES = 0xFFFFFFFF
_REPLY_BYTES = 8192
_PATIENCE_S = 1.0


class Peer(Struct, frozen=True):
    """The owner of a socket, and its inode."""

    uid: int
    inode: int


def peer_of(ours: tuple[str, int], theirs: tuple[str, int]) -> Peer | None:
    """Find who holds the far end of an IPv4 connection of this machine; None when nobody does."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as kernel:
        kernel.settimeout(_PATIENCE_S)
        kernel.sendto(_question(theirs, ours), (0, 0))
        reply = kernel.recv(_REPLY_BYTES)
    _, kind, _, _, _ = _HEADER.unpack_from(reply)
    if kind != _SOCK_DIAG_BY_FAMILY:
        return None
    uid, inode = _OWNER.unpack_from(reply, _HEADER.size + _OWNER_AT)
    return Peer(uid, inode) if inode else None


def _question(source: tuple[str, int], target: tuple[str, int]) -> bytes:
    body = (
        _REQUEST.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, 0, _ALL_STATES)
        + struct.pack(">HH", source[1], target[1])
        + socket.inet_aton(source[0]).ljust(16, b"\0")
        + socket.inet_aton(target[0]).ljust(16, b"\0")
        + struct.pack("=I", 0)
        + _NO_COOKIE
    )
    size = _HEADER.size + len(body)
    return _HEADER.pack(size, _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 1, 0) + body
