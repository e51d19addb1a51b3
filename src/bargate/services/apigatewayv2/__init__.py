"""The AWS API `apigatewayv2`: HTTP APIs, one module a noun.

    request ──bounds──► routes | integrations | stages | … ──► records
                                     │ every change
                                     ▼
    deployed (records → HttpApi) ──► deploying (try, freeze, point) ──► served (stage → workers)

`SERVICE` is the whole. WebSocket APIs, portals and routing rules are not implemented.
"""

from bargate.services.apigatewayv2.service import SERVICE

__all__ = ["SERVICE"]
