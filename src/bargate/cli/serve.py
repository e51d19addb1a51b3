"""`bargate serve`: put a gateway in front of backends."""

import asyncio
import ipaddress
import re
import sys
from pathlib import Path
from typing import Any, Literal

import click
from msgspec import structs

from bargate import app
from bargate.cli import findings
from bargate.cli.audit_options import audit_options
from bargate.cli.functions import (
    default_processes,
    function_options,
    local_functions,
    told_more,
)
from bargate.cli.options import optional_files_argument, source_of, source_options
from bargate.cli.outbound_options import outbound_options
from bargate.cli.pool_options import check_sender_keys, pool_options
from bargate.control.keeper import ControlFailed
from bargate.gateway.worker_process import WorkerFailed
from bargate.local_functions import LocalFunction
from bargate.model.invalid import InvalidConfiguration
from bargate.model.usage_plan import Throttle
from bargate.secret import Secret
from bargate.settings import (
    AuditSettings,
    GatewaySettings,
    OutboundSettings,
    PoolSettings,
    TlsFiles,
)

MAX_WORKERS = 256
_THROTTLE = re.compile(r"(\d{1,9}(?:\.\d{1,6})?):(\d{1,9})", re.ASCII)


def _listen(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[str, int]:
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65_535:  # noqa: PLR2004  the last port
        raise click.BadParameter(f"{value!r}: an address looks like 127.0.0.1:8080 or [::1]:8080")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _listen_or_off(
    context: click.Context, parameter: click.Parameter, value: str
) -> tuple[str, int] | None:
    return None if value == "off" else _listen(context, parameter, value)


def _listen_or_none(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[str, int] | None:
    return None if value is None else _listen(context, parameter, value)


def _throttle(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> Throttle | None:
    if value is None:
        return None
    found = _THROTTLE.fullmatch(value)
    if found is None:
        raise click.BadParameter(f"{value!r}: a throttle looks like 10000:5000, or 0.5:1")
    return Throttle(rate_limit=float(found[1]), burst_limit=int(found[2]))


@click.command(short_help="Serve APIs, and AWS's own APIs beside them.")
@optional_files_argument
@source_options
@click.option(
    "--listen",
    default="127.0.0.1:8080",
    metavar="HOST:PORT",
    callback=_listen,
    show_default=True,
    help="Where the gateway listens; port 0 picks a free one.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep state in this folder, made at the first start.  [default: in memory]",
)
@click.option(
    "--api-listen",
    default="127.0.0.1:4566",
    metavar="HOST:PORT|off",
    callback=_listen_or_off,
    show_default=True,
    help="Where AWS's own APIs answer; port 0 picks a free one.",
)
@click.option(
    "--dev",
    is_flag=True,
    help="Take any AWS credentials as an administrator's, as emulators do; loopback only.",
)
@click.option(
    "--s3",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Let this folder stand for S3: s3://BUCKET/KEY is the file DIR/BUCKET/KEY.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, MAX_WORKERS),
    default=None,
    help="Worker processes on the port.  [default: one a core]",
)
@click.option(
    "--tls-listen",
    default=None,
    metavar="HOST:PORT",
    callback=_listen_or_none,
    help="Where TLS is answered beside --listen: for custom domain names, each by its certificate,"
    " and for all other names by --tls-cert.",
)
@click.option("--tls-cert", type=click.Path(exists=True, dir_okay=False), help="Chain, PEM.")
@click.option("--tls-key", type=click.Path(exists=True, dir_okay=False), help="Private key, PEM.")
@click.option(
    "--access-log",
    default="-",
    metavar="FILE|-|off",
    show_default=True,
    help="Where one line a call goes; - is standard output.",
)
@click.option(
    "--access-log-format",
    metavar="TEXT",
    help="A line with $context variables, as in AWS; default: one JSON object.",
)
@click.option(
    "--drain",
    "drain_s",
    type=click.FloatRange(0, 300),
    default=10.0,
    show_default=True,
    help="Seconds that calls in flight may take to finish on a stop (SIGTERM).",
)
@function_options
@pool_options
@outbound_options
@audit_options
@click.option(
    "--account-throttle",
    metavar="RATE:BURST",
    callback=_throttle,
    help="Calls a second that all APIs of an account and region may take together, and how many at"
    " once; AWS: 10000:5000.  [default: any number]",
)
@click.option(
    "--without-ledger",
    type=click.Choice(["refuse", "allow"]),
    default="refuse",
    show_default=True,
    help="What becomes of limited calls while limits cannot be counted; AWS itself lets them pass.",
)
def serve(
    *,
    listen: tuple[str, int],
    data: Path | None,
    api_listen: tuple[str, int] | None,
    dev: bool,
    s3: Path | None,
    workers: int | None,
    tls_listen: tuple[str, int] | None,
    tls_cert: str | None,
    tls_key: str | None,
    access_log: str,
    access_log_format: str | None,
    drain_s: float,
    account_throttle: Throttle | None,
    without_ledger: Literal["refuse", "allow"],
    functions: tuple[LocalFunction, ...],
    function_roles: dict[str, str],
    function_timeouts: dict[str, int],
    function_variables: dict[str, dict[str, Secret]],
    function_processes: int | None,
    public_url: str,
    issuer_style: Literal["url", "aws"],
    revoke_access_tokens: bool,
    custom_sender_codes: Literal["refuse", "clear", "encrypted"],
    custom_sender_key: dict[str, str],
    attempts_per_address: int | None,
    shared_addresses: tuple[str, ...],
    password_cost: tuple[int, int, int] | None,
    outbound: OutboundSettings,
    audit: AuditSettings,
    **options: Any,
) -> None:
    """Serve APIs and enforce every access control on them; answer AWS's own APIs beside them.

    APIs come from OpenAPI documents given here, and from AWS clients through --api-listen.

    SIGHUP or a changed file reloads; a document that does not compile is refused and the old one
    keeps serving. SIGTERM finishes calls in flight; Ctrl-C does so within a second and a half.
    """
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key go together")
    _check_endpoint(data, api_listen, dev=dev)
    if api_listen is None and outbound != OutboundSettings():
        raise click.UsageError("--smtp and --sms-webhook are about user pools, which are off")
    source = structs.replace(source_of(**options), account_throttle=account_throttle)
    if api_listen is None and not source.files:
        raise click.UsageError("with --api-listen off there is nothing to serve but API documents")
    settings = GatewaySettings(
        host=listen[0],
        port=listen[1],
        workers=workers or app.available_cores(),
        tls=TlsFiles(tls_cert, tls_key) if tls_cert and tls_key else None,
        tls_listen=tls_listen,
        access_log=access_log,
        access_log_format=access_log_format,
        drain_s=drain_s,
        dev=dev,
        without_ledger=without_ledger,
    )
    told = told_more(functions, function_roles, function_timeouts, function_variables)
    if api_listen is None and function_roles:
        raise click.UsageError("with --api-listen off there are no roles for --function-role")
    runnable = app.Functions(
        local_functions(told, source), function_processes or default_processes()
    )
    pools = PoolSettings(
        public_url=public_url,
        issuer_style=issuer_style,
        revokes_access_tokens=revoke_access_tokens,
        sender_codes=custom_sender_codes,
        sender_keys=custom_sender_key,
        attempts_per_address=attempts_per_address,
        shared_addresses=shared_addresses,
        password_cost=password_cost,
    )
    check_sender_keys(pools)
    if api_listen is None and pools != PoolSettings():
        raise click.UsageError("with --api-listen off there are no user pools to set up")
    endpoint = (
        None
        if api_listen is None
        else app.Endpoint(*api_listen, data, dev, s3, pools, outbound, audit)
    )
    try:
        asyncio.run(app.serve(source, settings, endpoint, findings.show, runnable))
    except findings.invalid_document() as invalid:
        findings.refuse(invalid)
    except InvalidConfiguration as invalid:
        raise click.BadParameter(invalid.message, param_hint=invalid.path[0]) from invalid
    except (OSError, WorkerFailed, ControlFailed) as error:
        click.echo(f"bargate: cannot serve: {error}", err=True)
        sys.exit(1)


def _check_endpoint(data: Path | None, api_listen: tuple[str, int] | None, *, dev: bool) -> None:
    """Refuse options that would not do what they say."""
    if api_listen is None and (dev or data is not None):
        raise click.UsageError("--data and --dev are about the AWS endpoint, which is off")
    if dev and api_listen is not None and not _is_loopback(api_listen[0]):
        raise click.BadParameter(
            f"{api_listen[0]}: with --dev whoever reaches the endpoint is its administrator, so it"
            " listens on loopback only; use 127.0.0.1, or leave --dev out",
            param_hint="--api-listen",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
