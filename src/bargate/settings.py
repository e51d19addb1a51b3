"""What the operator chose: read once at start, checked, and passed on."""

import re
from pathlib import Path
from typing import Literal

from msgspec import Struct

_NAMED_ADDRESS = re.compile(r'[^<>"\\]* <([^<>\s]+)>')


class TlsFiles(Struct, frozen=True):
    """The gateway's own certificate chain and private key, as PEM files."""

    certificate: str
    key: str


class GatewaySettings(Struct, frozen=True, kw_only=True):
    """How a gateway listens and logs.

    `access_log` is a file, `-` for standard output, or `off`; `access_log_format` a text with
    `$context.*` variables, None for one JSON object a call. Times are in seconds. With `dev`, APIs
    answer to the host names and paths that other emulators gave them, too. `without_ledger` says
    what becomes of limited calls while limits cannot be counted. `tls_listen` is an address for TLS
    besides the plain one.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    tls: TlsFiles | None = None
    tls_listen: tuple[str, int] | None = None
    access_log: str = "-"
    access_log_format: str | None = None
    drain_s: float = 10.0
    dev: bool = False
    without_ledger: Literal["refuse", "allow"] = "refuse"


class PoolSettings(Struct, frozen=True, kw_only=True):
    """How tokens of user pools are made and taken.

    `public_url` is where clients reach the AWS endpoint, empty for where it listens: with it, or in
    AWS's own form, issuers begin. With `revokes_access_tokens` the gateway refuses tokens of users
    who signed out, and revoked ones. With `sender_codes` "clear" custom senders are handed codes
    and temporary passwords as they are; "encrypted", under a public key (PEM) of `sender_keys`, by
    KMSKeyID, or `""` for any other. `attempts_per_address` bounds failed
    sign-ins, sign-ups and requests for codes in 15 minutes (0: nothing does; None: 100, with `dev`
    nothing), but from `shared_addresses`, which are networks. `password_cost` is argon2id's: memory
    in KiB, passes, lanes; None for the default of `userpool.passwords`.
    """

    public_url: str = ""
    issuer_style: Literal["url", "aws"] = "url"
    revokes_access_tokens: bool = False
    sender_codes: Literal["refuse", "clear", "encrypted"] = "refuse"
    sender_keys: dict[str, str] = {}
    attempts_per_address: int | None = None
    shared_addresses: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    password_cost: tuple[int, int, int] | None = None


class SmtpSettings(Struct, frozen=True, kw_only=True):
    """The server that takes mails to users. `sender` may have a name: `Name <address>`."""

    host: str
    port: int
    security: Literal["starttls", "tls", "off"] = "starttls"
    user: str | None = None
    password_file: str | None = None
    ca_file: str | None = None
    sender: str

    @property
    def sender_address(self) -> str:
        """The address alone."""
        found = _NAMED_ADDRESS.fullmatch(self.sender)
        return self.sender if found is None else found[1]


class SmsWebhookSettings(Struct, frozen=True, kw_only=True):
    """What takes SMS to users, and the secret that signs them."""

    url: str
    secret_file: str | None = None
    ca_file: str | None = None


class OutboundSettings(Struct, frozen=True, kw_only=True):
    """How messages reach users; None keeps them in the outbox.

    Secrets without a file are in the environment.
    """

    smtp: SmtpSettings | None = None
    sms_webhook: SmsWebhookSettings | None = None


class AuditSettings(Struct, frozen=True, kw_only=True):
    """How large a file of the audit log may be, how many of each series are kept, and what it notes.

    With `reads` calls that only read are noted, too.
    """

    max_file_bytes: int = 16 * 1024 * 1024
    max_files: int = 64
    reads: bool = False


class ControlSettings(Struct, frozen=True, kw_only=True):
    """How the AWS endpoint listens, where its state lives, and whom it believes.

    `folder` holds the store, the master key and the root credentials; `is_temporary` says that it
    goes when the process does, so that nothing need be durable. `dev` takes any credentials as the
    account's administrator. `issuers` and `account_throttle` (rate, burst) are those of `Installation`; `gateway_url` is where the workers
    answer; `s3` is the folder that stands for S3.
    """

    folder: str
    host: str = "127.0.0.1"
    port: int = 4566
    is_temporary: bool = False
    dev: bool = False
    account_id: str
    region: str
    partition: str = "aws"
    domain: str = "localhost"
    issuers: dict[str, str] = {}
    gateway_url: str = ""
    account_throttle: tuple[float, int] | None = None
    s3: str | None = None
    pools: PoolSettings = PoolSettings()
    outbound: OutboundSettings = OutboundSettings()
    audit: AuditSettings = AuditSettings()


class HostSettings(Struct, frozen=True, kw_only=True):
    """How Lambda functions are run.

    `folder` is where code is unpacked, and may be entered; `logs` where what functions write is
    kept, None for the host's own log; `processes` how many may live at once; `endpoint_url` where
    functions find the installation's AWS APIs, None when it has none.
    """

    folder: str
    processes: int
    logs: str | None = None
    endpoint_url: str | None = None


def run_directory(environment: dict[str, str], temporary: Path, user_id: int) -> Path:
    """Give the folder of this user's local sockets: only its owner may enter it."""
    if explicit := environment.get("BARGATE_RUN_DIR"):
        return Path(explicit)
    if runtime := environment.get("XDG_RUNTIME_DIR"):
        return Path(runtime) / "bargate"
    return temporary / f"bargate-{user_id}"
