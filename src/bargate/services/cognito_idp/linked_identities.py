"""AdminLinkProviderForUser, AdminDisableProviderForUser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.services.cognito_idp.lookup import the_pool
from bargate.services.operation import operation
from bargate.userpool.linking import disable, link, named

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params


@operation(writes=True)
def admin_link_provider_for_user(call: OperationCall, request: Params) -> Params:
    """Let an identity elsewhere lead to a user."""
    destination = named(request["DestinationUser"], "DestinationUser")
    source = named(request["SourceUser"], "SourceUser")
    link(call.tx, the_pool(call, request), destination, source, call.now)
    return {}


@operation(writes=True)
def admin_disable_provider_for_user(call: OperationCall, request: Params) -> Params:
    """End a link, or a user's own password."""
    disable(call.tx, the_pool(call, request), named(request["User"], "User"), call.now)
    return {}
