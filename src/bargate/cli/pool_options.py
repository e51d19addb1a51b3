"""Options of `bargate serve` that are about user pools and their tokens."""

from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any, TypeVar

import click

from bargate.access.bearer_token import is_issuer
from bargate.settings import PoolSettings

Command = TypeVar("Command", bound=Callable[..., Any])


def pool_options(command: Command) -> Command:
    """Take the options of user pools."""
    options = (
        click.option(
            "--public-url",
            default="",
            metavar="URL",
            callback=_public_url,
            help="Where clients reach the AWS endpoint: tokens of user pools name URL/POOL_ID as their"
            " issuer.  [default: the address of --api-listen]",
        ),
        click.option(
            "--issuer-style",
            type=click.Choice(["url", "aws"]),
            default="url",
            show_default=True,
            help="aws: name https://cognito-idp.REGION.amazonaws.com/POOL_ID as the issuer, for"
            " libraries that know no other; our gateway takes its keys from here all the same.",
        ),
        click.option(
            "--revoke-access-tokens",
            is_flag=True,
            help="Let the gateway refuse tokens of users who signed out everywhere, and revoked"
            " ones, at once; AWS takes them until their time is over.",
        ),
        click.option(
            "--custom-sender-codes",
            type=click.Choice(["refuse", "clear", "encrypted"]),
            default="refuse",
            show_default=True,
            help="What CustomEmailSender and CustomSMSSender functions get of codes and temporary"
            " passwords: nothing; the code itself; or, as at AWS, what their key alone opens.",
        ),
        click.option(
            "--custom-sender-key",
            multiple=True,
            metavar="[ARN=]FILE",
            callback=_sender_keys,
            help="A public RSA key (PEM) that such codes are encrypted under: for pools with this"
            " KMSKeyID, or for all that have no key of their own.",
        ),
        click.option(
            "--attempts-per-address",
            type=click.IntRange(0, 1_000_000),
            metavar="N",
            help="How many failed sign-ins, how many sign-ups, and how many requests for codes a"
            " pool takes from one address in 15 minutes; 0: any number.  [default: 100; with --dev"
            " any number]",
        ),
        click.option(
            "--shared-address",
            "shared_addresses",
            multiple=True,
            metavar="NETWORK",
            callback=_networks,
            help="A proxy or network by which many users come, as 10.0.0.5 or 10.1.0.0/16: it is not"
            " counted for --attempts-per-address. Repeatable; `none` counts all.  [default:"
            " 127.0.0.0/8 and ::1]",
        ),
        click.option(
            "--password-cost",
            metavar="m=KIB,t=PASSES,p=LANES",
            callback=_password_cost,
            help="What hashing a password of a user costs (argon2id); others are replaced when they"
            " are used.  [default: m=19456,t=2,p=1]",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _password_cost(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> tuple[int, int, int] | None:
    if value is None:
        return None
    from bargate.userpool.password_schemes import argon2, phc  # noqa: PLC0415  few need it

    try:
        memory_kib, passes, lanes = argon2.cost_of(phc.parameters_of(value))
        argon2.check_strength(memory_kib, passes)
    except phc.UnusableHash:
        raise click.BadParameter(f"{value!r}: {argon2.BOUNDS}") from None
    return memory_kib, passes, lanes


def _networks(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    if not values:
        return PoolSettings().shared_addresses
    return tuple(_network(each) for each in values if each != "none")


def _network(value: str) -> str:
    try:
        return str(ip_network(value, strict=False))
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is no address and no network like 10.1.0.0/16"
        ) from None


def check_sender_keys(pools: PoolSettings) -> None:
    """Refuse keys without use, and codes that could not be encrypted."""
    if pools.sender_codes == "encrypted" and not pools.sender_keys:
        raise click.UsageError("--custom-sender-codes encrypted wants --custom-sender-key, too")
    if pools.sender_codes != "encrypted" and pools.sender_keys:
        raise click.UsageError("--custom-sender-key wants --custom-sender-codes encrypted, too")


def _sender_keys(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    from bargate.userpool.triggers.sender_codes import (  # noqa: PLC0415  few need it
        UnusableKey,
        check_key,
    )

    keys = {}
    for value in values:
        arn, found, path = value.partition("=") if value.startswith("arn:") else ("", "=", value)
        if not found or arn in keys:
            raise click.BadParameter(f"{value!r}: give ARN=FILE, or one FILE for all other pools")
        try:
            keys[arn] = Path(path).read_text("ascii")
            check_key(keys[arn])
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not PEM"
            raise click.BadParameter(f"cannot read {path}: {why}") from None
        except UnusableKey as unusable:
            raise click.BadParameter(f"{path}: {unusable}") from None
    return keys


def _public_url(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if value and not is_issuer(value):
        raise click.BadParameter(
            f"{value!r}: a public URL looks like https://auth.example.org, without ? and #"
        )
    return value.rstrip("/")
