"""What is refused or warned of before anything starts, so that no worker dies of it later."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from bargate.model.invalid import InvalidConfiguration
from bargate.model.rest_api import RestApi

if TYPE_CHECKING:
    from bargate.model.http_api import HttpApi
    from bargate.model.installation import Installation
    from bargate.settings import GatewaySettings

_log = logging.getLogger("bargate")


def check_settings(settings: GatewaySettings, installation: Installation) -> None:
    """Refuse settings that workers could not serve with; raises InvalidConfiguration."""
    _check_log_format(settings, installation)
    _check_log_file(settings)
    _check_tls(settings)


def warn_of_keys(installation: Installation) -> None:
    """Say that API keys are made with AWS's API, where that is off."""
    apis = {each.api.name for each in installation.served if _requires_keys(each.api)}
    for name in sorted(apis):
        _log.warning(
            "API %s has methods that require an API key; with --api-listen off there are none, and"
            " their calls are refused",
            name,
        )


def _requires_keys(api: RestApi | HttpApi) -> bool:
    resources = api.resources if isinstance(api, RestApi) else ()
    return any(method.api_key_required for each in resources for method in each.methods)


def _check_log_format(settings: GatewaySettings, installation: Installation) -> None:
    """Refuse a format that workers could not write; raises InvalidConfiguration."""
    if settings.access_log_format is None:
        return
    from bargate.gateway.log_format import compile_format  # noqa: PLC0415  as in `load_documents`

    compile_format(settings.access_log_format, installation)


def _check_log_file(settings: GatewaySettings) -> None:
    """Refuse a file that workers could not write to; raises InvalidConfiguration."""
    if settings.access_log in {"-", "off"}:
        return
    path = Path(settings.access_log)
    # It is not opened: the reader of a FIFO would see its end.
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise InvalidConfiguration(("--access-log",), f"{path} cannot be written to")


def _check_tls(settings: GatewaySettings) -> None:
    """Refuse files that workers could not serve TLS with; raises InvalidConfiguration."""
    if settings.tls is None:
        return
    from bargate.gateway.tls import server_context  # noqa: PLC0415  needed with TLS alone

    try:
        server_context(settings.tls.certificate, settings.tls.key)
    except OSError as error:  # ssl.SSLError is one
        message = (
            f"{settings.tls.certificate} is no chain, or {settings.tls.key} not its key"
            f" (PEM, without a pass phrase): {error}"
        )
        raise InvalidConfiguration(("--tls-cert",), message) from error
