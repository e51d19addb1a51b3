"""Versions of functions: published and listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.model.function import LATEST
from bargate.records.function import LAMBDA_VERSION
from bargate.services.lambda_ import pages
from bargate.services.lambda_.errors import invalid, stale
from bargate.services.lambda_.lookup import numbered, the_function
from bargate.services.lambda_.names import unqualified
from bargate.services.lambda_.output import configuration, sha_of
from bargate.services.lambda_.publishing import check_publishable, publish
from bargate.services.lambda_.settings import check_supported
from bargate.services.operation import operation

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params


@operation(writes=True)
def publish_version(call: OperationCall, request: Params) -> Params:
    """Publish `$LATEST` as a version, or give the last one if nothing changed since."""
    ref = unqualified(call, request)
    function, latest = the_function(call, ref), numbered(call, ref, LATEST)
    check_publishable(function)
    check_supported(request)
    asked, found = request.get("CodeSha256"), sha_of(latest.code)
    if asked not in {None, "", found}:
        raise invalid(
            f"CodeSHA256 ({asked[:64]}) is different from current CodeSHA256 in $LATEST ({found})."
            " Please try again with the CodeSHA256 in $LATEST."
        )
    if request.get("RevisionId") not in {None, latest.revision_id}:
        raise stale("GetFunction/GetAlias")
    published = publish(call, function, latest, request.get("Description"))
    return configuration(function, published, published.version)


@operation()
def list_versions_by_function(call: OperationCall, request: Params) -> Params:
    """List `$LATEST` and all versions."""
    ref = unqualified(call, request)
    function = the_function(call, ref)
    page = pages.page(call, request, LAMBDA_VERSION, ref.key)
    told = [configuration(function, each, each.version) for each in page.items]
    return page.output("Versions", told)
