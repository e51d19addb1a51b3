"""The AWS APIs: one package per API, named as botocore names it; one function per operation.

    wire ──► Operation ──► function(call, request) ──► call.tx (store) ──► output | AwsError

`operation` says what an operation is. Packages never import each other: what two of them need
lives in `records`, `policy`, `identity`, ….
"""
