"""Every bound of the data plane, in one place."""

from msgspec import Struct

KIB = 1024
MIB = 1024 * KIB


class Limits(Struct, frozen=True, kw_only=True):
    """Bounds and deadlines of one worker.

    They are fixed: a worker takes these defaults, and no option changes them. Tests give others.

    AWS [D]: 10,240 bytes of header block and of URI, 10 MiB of body, 29 s of integration (the
    latter is part of the plan's request). The rest is ours: how long and how much a client or a
    backend may keep us waiting.

    `body_progress_s` is how often an arriving body must have grown by `body_min_bytes_per_s`.
    `memory_bytes` is shared by buffered request bodies, buffered responses, what clients pipeline
    and what slow readers leave in write buffers. `upstream_idle_s` stays below the keep-alive of common backends (5 s),
    so that a pooled connection is seldom reused while its peer closes it.
    """

    uri_max_bytes: int = 10_240
    header_max_bytes: int = 10_240
    header_max_count: int = 100
    body_max_bytes: int = 10 * MIB
    header_s: float = 10.0
    body_progress_s: float = 30.0
    body_min_bytes_per_s: int = 1 * KIB
    keep_alive_s: float = 75.0
    tls_handshake_s: float = 10.0
    write_stall_s: float = 60.0
    linger_s: float = 2.0
    discard_max_bytes: int = 256 * KIB
    write_high_water_bytes: int = 64 * KIB
    connections_max: int = 10_000
    memory_bytes: int = 256 * MIB
    fetches_per_call: int = 4
    upstream_connections_max: int = 256
    upstream_waiting_max: int = 1_024
    upstream_origins_max: int = 1_024
    upstream_connect_s: float = 5.0
    upstream_idle_s: float = 4.0
    upstream_max_age_s: float = 300.0
    upstream_head_max_bytes: int = 64 * KIB
    upstream_header_max_count: int = 200
    upstream_stream_idle_s: float = 30.0
    upstream_buffered_max_bytes: int = 10 * MIB
    dns_ttl_s: float = 30.0
    sweep_s: float = 0.05
