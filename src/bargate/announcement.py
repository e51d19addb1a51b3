"""What `bargate serve` prints when it is ready: where everything answers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bargate.control.keeper import Keeper
    from bargate.documents import Loaded
    from bargate.settings import GatewaySettings


def announce(
    loaded: Loaded | None,
    settings: GatewaySettings,
    address: tuple[str, int],
    tls_address: tuple[str, int] | None = None,
) -> None:
    """Say where the gateway and the APIs of documents answer."""
    base = url_of(address, is_tls=settings.tls is not None and tls_address is None)
    click.echo(f"bargate: gateway listening on {base}")
    if tls_address is not None:
        click.echo(f"bargate: TLS listening on {url_of(tls_address, is_tls=True)}")
    if loaded is not None:
        _announce_apis(loaded, base)
    sys.stdout.flush()


def _announce_apis(loaded: Loaded, base: str) -> None:
    from bargate.snapshot.snapshot import API_PREFIX, DEFAULT_STAGE  # noqa: PLC0415  documents are served, so it is there already

    for each in loaded.apis:
        api = each.api
        for stage in each.compiled.stages:
            below = "" if stage == DEFAULT_STAGE else f"/{stage}"
            click.echo(f"bargate: API {api.name} at {base}{API_PREFIX}{api.id}{below}")


def announce_endpoint(keeper: Keeper) -> None:
    """Say where AWS's APIs answer, and how clients get there."""
    click.echo(f"bargate: AWS endpoint listening on {url_of(keeper.address, is_tls=False)}")
    if not keeper.settings.dev:
        folder = keeper.settings.folder
        click.echo(
            f"bargate: AWS clients use it with export AWS_CONFIG_FILE={folder}/config"
            f" AWS_SHARED_CREDENTIALS_FILE={folder}/credentials"
        )
    sys.stdout.flush()


def url_of(address: tuple[str, int], *, is_tls: bool) -> str:
    """Write the URL of an address; an IPv6 host stands in brackets."""
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    return f"{'https' if is_tls else 'http'}://{host}:{address[1]}"
