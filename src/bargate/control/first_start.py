"""What a store gets at its first start: a root access key, a sealing key, and files for clients.

    DIR/credentials   [default] aws_access_key_id, aws_secret_access_key      mode 0600
    DIR/config        [default] region, endpoint_url                          mode 0600

The credentials are written when a root key is made (for an account more, those of its root user
take their place), or when they are missing; the config at every start, since the port may be
another. Other profiles and settings in these files are their owner's and stay.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from bargate.control.code_folder import code_folder, used_digests
from bargate.identity.first_start import create_root_key
from bargate.records.access_key import ACCESS_KEY, AccessKey
from bargate.records.account import ACCOUNT, Account
from bargate.records.api_key import API_KEY, KNOWN_KEY, known_key
from bargate.records.sealing_key import SEALING_KEY, SealingKeyRecord
from bargate.secret import Secret
from bargate.store.interface import StoreRefused, StoreUnavailable
from bargate.tokens.session import SealingKey

if TYPE_CHECKING:
    from datetime import datetime

    from bargate.settings import ControlSettings
    from bargate.store.interface import Reader, Store, Transaction

CREDENTIALS = "credentials"
CONFIG = "config"
_KEY_BYTES = 32


def prepare(store: Store, settings: ControlSettings, now: datetime) -> None:
    """Make the keys of a new store, and the files that make clients use it.

    A root key that its owner deleted stays away, unless DIR/credentials is gone as well. Raises
    StoreRefused where there is no room for them.
    """
    try:
        _prepare(store, settings, now)
    except (StoreUnavailable, OSError) as error:
        raise StoreRefused(f"{settings.folder} cannot be written: {error}") from None


def _prepare(store: Store, settings: ControlSettings, now: datetime) -> None:
    account_id = settings.account_id
    code_folder(settings).sweep(store.read(used_digests))
    if store.read(_lacks_known_keys):
        store.write(_make_known_keys)
    is_new = store.read(lambda tx: _is_new(tx, account_id))
    key = store.read(lambda tx: _root_key(tx, account_id))
    has_credentials = (Path(settings.folder) / CREDENTIALS).exists()
    if is_new or (key is None and not has_credentials):
        store.write(lambda tx: make_keys(tx, account_id, now))
        key = store.read(lambda tx: _root_key(tx, account_id))
    write_client_files(settings, key if is_new or not has_credentials else None)


def _lacks_known_keys(tx: Reader) -> bool:
    """Say whether the store was written before keys were recognised by a record of their own."""
    return tx.count(KNOWN_KEY) != tx.count(API_KEY)


def _make_known_keys(tx: Transaction) -> None:
    for record in tx.list(API_KEY):
        if tx.find(KNOWN_KEY, API_KEY.key_of(record)) is None:
            tx.create(KNOWN_KEY, known_key(record))


def make_keys(tx: Transaction, account_id: str, now: datetime) -> None:
    """Give an empty store what it cannot be without."""
    if not tx.list(SEALING_KEY, limit=1):
        secret = Secret(base64.b64encode(os.urandom(_KEY_BYTES)).decode("ascii"))
        tx.create(SEALING_KEY, SealingKeyRecord(id="1", key=secret, created_at=now))
    if _root_key(tx, account_id) is None:
        create_root_key(tx, account_id, now)


class KeptKeys(Struct, frozen=True):
    """The keys that a reset must not take from those who hold them."""

    sealing: tuple[SealingKeyRecord, ...]
    root: tuple[AccessKey, ...]
    account: Account | None

    def restore(self, tx: Transaction) -> None:
        """Put them back."""
        for sealing in self.sealing:
            tx.create(SEALING_KEY, sealing)
        for key in self.root:
            tx.create(ACCESS_KEY, key)
        if self.account is not None:
            tx.create(ACCOUNT, self.account)


def kept_keys(tx: Reader, account_id: str) -> KeptKeys:
    """Give what `reset` leaves: the sealing keys, and the root key of the installation."""
    return KeptKeys(
        tuple(tx.list(SEALING_KEY)),
        tuple(tx.list(ACCESS_KEY, (account_id, account_id))),
        tx.find(ACCOUNT, (account_id,)),
    )


def sealing_keys(tx: Reader) -> tuple[SealingKey, ...]:
    """Give the sealing keys, the newest first."""
    records = sorted(tx.list(SEALING_KEY), key=lambda each: each.created_at, reverse=True)
    return tuple(SealingKey(id=each.id, key=each.key) for each in records)


def _is_new(tx: Reader, account_id: str) -> bool:
    return not tx.list(SEALING_KEY, limit=1) or tx.find(ACCOUNT, (account_id,)) is None


def _root_key(tx: Reader, account_id: str) -> AccessKey | None:
    keys = tx.list(ACCESS_KEY, (account_id, account_id), limit=1)
    return keys[0] if keys else None


def write_client_files(settings: ControlSettings, key: AccessKey | None) -> None:
    """Write the config, and with a key the credentials."""
    folder = Path(settings.folder)
    if key is not None:
        secret = key.secret.reveal()
        pair = {"aws_access_key_id": key.id, "aws_secret_access_key": secret}
        _write(folder / CREDENTIALS, _with_default(folder / CREDENTIALS, pair))
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    place = {"region": settings.region, "endpoint_url": f"http://{host}:{settings.port}"}
    _write(folder / CONFIG, _with_default(folder / CONFIG, place))


def _with_default(path: Path, ours: dict[str, str]) -> str:
    """Give the text of a client's file with `ours` in [default] and all else as it was."""
    text = path.read_text("utf-8", "surrogateescape") if path.exists() else ""
    is_default = False
    default, others = [], []
    for line in text.splitlines():
        if line.startswith("["):
            is_default = line.split("]")[0].strip("[ ") == "default"
            if is_default:
                continue
        if not is_default:
            others.append(line)
        elif line.partition("=")[0].rstrip() not in ours:
            default.append(line)
    settings = [f"{name} = {value}" for name, value in ours.items()]
    return "\n".join(["[default]", *settings, *default, *others]) + "\n"


def _write(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    half = path.with_name(f".{path.name}.new")
    half.unlink(missing_ok=True)
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
