"""Everything between a decided call and its backend, and between any outcome and the client.

    Call, Facts ──► integrations.compile_*_integration ──► HttpPlan | MockPlan   (see `plan`)
    Denial      ──► gateway_responses | http_api_errors ──► Response             (a `Refuser`)
    Origin      ──► cors ──► preflight answers and CORS headers (HTTP APIs)

All of it is compiled once per method or route when a snapshot is built, and pure: no plan does
I/O. One file per kind of integration: `http_proxy` and `http_custom` (REST), `mock`,
`http_api_proxy` (HTTP APIs), `unsupported`. They stand on

    uri          integration URIs: a fixed origin and a target filled in per call
    expressions  parameter mapping expressions (`method.request.header.X`, `'static'`, ...)
    headers      which headers pass, are dropped, are renamed; what may stand in a value
    context      `$context.*` variables
    media_types  binary media types and content handling
    json_path    the JSONPath subset of mapping templates
    vtl          mapping templates, sandboxed

INVARIANT: a head that leaves a plan has exactly its own line ends and no NUL, and goes to the
origin the operator configured, whatever the client sent.
"""
