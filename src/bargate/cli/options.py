"""Options that several subcommands share, checked where they enter."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import click

from bargate.arn import parse_arn
from bargate.model.installation import (
    DEFAULT_ACCOUNT_ID,
    DEFAULT_REGION,
    DEFAULT_SIGNATURE_SKEW_S,
)
from bargate.source import Source

Command = TypeVar("Command", bound=Callable[..., Any])

_STAGE = re.compile(r"[A-Za-z0-9_-]{1,128}|\$default")  # AWS [D] apigw-objects §11
_VARIABLE_NAME = re.compile(r"[A-Za-z0-9_]{1,64}")
_VARIABLE_VALUE = re.compile(r"[A-Za-z0-9\-._~:/?#&=,]{0,512}")  # AWS [M] Stage.variables
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d{1,2}")
MAX_SIGNATURE_SKEW_S = 3_600
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*")


def files_argument(command: Command) -> Command:
    """Take one or more documents."""
    return _files(required=True)(command)


def optional_files_argument(command: Command) -> Command:
    """Take any number of documents, none included."""
    return _files(required=False)(command)


def _files(*, required: bool) -> Callable[[Command], Command]:
    return click.argument(
        "files",
        nargs=-1,
        required=required,
        metavar="API.yaml…" if required else "[API.yaml…]",
        type=click.Path(path_type=str),
    )


def source_options(command: Command) -> Command:
    """Take what a document does not say: stages, variables, account, region, issuers, kind."""
    options = (
        click.option(
            "--stage",
            "stages",
            multiple=True,
            metavar="NAME",
            callback=_stages,
            help="Serve at this stage; repeat for several. Default: prod (REST), $default (HTTP).",
        ),
        click.option(
            "--stage-variable",
            "stage_variables",
            multiple=True,
            metavar="NAME=VALUE",
            callback=_stage_variables,
            help="Set a stage variable, as ${stageVariables.NAME} in URIs; repeatable.",
        ),
        click.option(
            "--issuer",
            "issuers",
            multiple=True,
            metavar="ARN=URL",
            callback=_issuers,
            help="Let URL stand as the issuer of this user pool instead of AWS; repeatable.",
        ),
        click.option(
            "--http-api/--rest-api",
            "is_http",
            default=None,
            help="Read the documents as HTTP APIs or as REST APIs. Default: as AWS would.",
        ),
        click.option(
            "--account",
            default=DEFAULT_ACCOUNT_ID,
            show_default=True,
            metavar="ID",
            callback=_pattern(re.compile(r"\d{12}"), "an AWS account id has twelve digits"),
            help="The account that owns the APIs, as ARNs name it.",
        ),
        click.option(
            "--region",
            default=DEFAULT_REGION,
            show_default=True,
            callback=_pattern(_REGION, "a region looks like us-east-1"),
            help="The region of the APIs, as ARNs and host names say it.",
        ),
        click.option(
            "--domain",
            default="localhost",
            show_default=True,
            callback=_pattern(_DOMAIN, "a domain looks like api.example.com"),
            help="Serve also at {apiId}.execute-api.{region}.DOMAIN.",
        ),
        click.option(
            "--signature-skew",
            "signature_skew_s",
            type=click.IntRange(1, MAX_SIGNATURE_SKEW_S),
            default=DEFAULT_SIGNATURE_SKEW_S,
            show_default=True,
            metavar="SECONDS",
            help="How far the clock of who signs a call may be off.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def source_of(
    files: tuple[str, ...],
    stages: tuple[str, ...],
    stage_variables: dict[str, str],
    issuers: dict[str, str],
    *,
    is_http: bool | None,
    account: str,
    region: str,
    domain: str,
    signature_skew_s: int,
) -> Source:
    """Join the shared options into the source of an installation."""
    kind: Literal["REST", "HTTP"] | None = None
    if is_http is not None:
        kind = "HTTP" if is_http else "REST"
    return Source(
        files=files,
        stages=stages,
        stage_variables=stage_variables,
        kind=kind,
        issuers=issuers,
        account_id=account,
        region=region,
        partition=partition_of(region),
        domain=domain,
        signature_skew_s=signature_skew_s,
    )


def partition_of(region: str) -> str:
    """Give the AWS partition of a region."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def _pattern(
    pattern: re.Pattern[str], message: str
) -> Callable[[click.Context, click.Parameter, str], str]:
    def check(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
        if pattern.fullmatch(value) is None:
            raise click.BadParameter(f"{value!r}: {message}")
        return value

    return check


def _stages(
    _context: click.Context, _parameter: click.Parameter, names: tuple[str, ...]
) -> tuple[str, ...]:
    for name in names:
        if _STAGE.fullmatch(name) is None:
            raise click.BadParameter(
                f"{name!r}: a stage name has 1 to 128 letters, digits, hyphens and underscores"
            )
    if len(set(names)) != len(names):
        raise click.BadParameter("a stage is named twice")
    return names


def pairs(values: tuple[str, ...], form: str, separator: str) -> list[tuple[str, str]]:
    """Read values of the form of two texts around a separator."""
    read = []
    for value in values:
        name, found, rest = value.partition(separator)
        if not found or not name:
            raise click.BadParameter(f"{value!r} is not of the form {form}")
        read.append((name, rest))
    return read


def _stage_variables(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    variables = dict(pairs(values, "NAME=VALUE", "="))
    for name, value in variables.items():
        if _VARIABLE_NAME.fullmatch(name) is None:
            raise click.BadParameter(f"{name!r}: a name has letters, digits and underscores")
        if _VARIABLE_VALUE.fullmatch(value) is None:
            raise click.BadParameter(f"{name}: a value has A-Z a-z 0-9 and -._~:/?#&=, only")
    return variables


def _issuers(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    issuers = dict(pairs(values, "ARN=URL", "="))
    for arn, url in issuers.items():
        _check_pool(arn)
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
            raise click.BadParameter(f"{url!r}: an issuer is an http or https URL without a query")
    return issuers


def _check_pool(text: str) -> None:
    try:
        arn = parse_arn(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r}: {error}") from error
    if arn.service != "cognito-idp" or not arn.resource.startswith("userpool/"):
        raise click.BadParameter(
            f"{text!r}: a user pool's ARN looks like"
            " arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc123"
        )
