"""Integrations and their responses as AWS gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.records.rest_resource import Connection, RestMethod, RestResource
from bargate.services.apigateway.shape import present

if TYPE_CHECKING:
    from bargate.model.rest_api import IntegrationResponse
    from bargate.services.operation import Params


def integration_output(resource: RestResource, kept: RestMethod) -> Params | None:
    """Give `Integration`, None when the method has none."""
    integration = kept.method.integration
    if integration is None:
        return None
    connection = kept.connection or Connection()
    responses = {
        each.status_code: integration_response_output(each) for each in integration.responses
    }
    skips = integration.insecure_skip_verification
    return present(
        type=integration.type,
        httpMethod=integration.http_method,
        uri=integration.uri,
        connectionType=connection.connection_type,
        connectionId=connection.connection_id,
        credentials=integration.credentials,
        requestParameters=dict(integration.request_parameters) or None,
        requestTemplates=dict(integration.request_templates) or None,
        passthroughBehavior=integration.passthrough_behavior,
        contentHandling=integration.content_handling,
        timeoutInMillis=integration.timeout_ms,
        cacheNamespace=connection.cache_namespace or resource.id,
        cacheKeyParameters=list(connection.cache_key_parameters),
        integrationResponses=responses or None,
        tlsConfig={"insecureSkipVerification": True} if skips else None,
        responseTransferMode=connection.response_transfer_mode,
        integrationTarget=connection.integration_target,
    )


def integration_response_output(response: IntegrationResponse) -> Params:
    """Give `IntegrationResponse`."""
    return present(
        statusCode=response.status_code,
        selectionPattern=response.selection_pattern,
        responseParameters=dict(response.response_parameters) or None,
        responseTemplates=dict(response.response_templates) or None,
        contentHandling=response.content_handling,
    )
