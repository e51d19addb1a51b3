"""Options of `bargate serve` that are about user pools and their tokens."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from bargate.access.bearer_token import is_issuer

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
            type=click.Choice(["refuse", "clear"]),
            default="refuse",
            show_default=True,
            help="clear: hand codes and temporary passwords to CustomEmailSender and CustomSMSSender"
            " functions unencrypted; there is no KMS here that could encrypt them.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _public_url(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if value and not is_issuer(value):
        raise click.BadParameter(
            f"{value!r}: a public URL looks like https://auth.example.org, without ? and #"
        )
    return value.rstrip("/")
