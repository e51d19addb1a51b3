"""AWS Signature Version 4 and 4A: canonicalise, sign, verify, presign. Pure.

    request as sent ──► read_authorization (checks 1-13) ──► Authorization ──► verify (check 16)
       SignedRequest        │     against `Expected`              │               ▲
                            ▼                                     ▼               │
                      SignatureFault                  the caller finds the secret ┘ (checks 14-15)

Entry points, for the gateway (`execute-api`) and the control plane (`apigateway`, `iam`, `sts`):

    request   SignedRequest(method, path, query, headers, sha256_of(body))
    whose     credential_scope(request)              what the request *claims*, before any check
    parse     read_authorization(request, Expected(service=…, region=…, style=…), now)
    verify    verify(authorization, request, secret, expected)      None means verified
    make      sign(request, credentials, …) and presign(request, credentials, …)
    words     style.names[fault.code]                the service's own name of a fault
              style.unknown_key, style.expired_token the names for checks 14 and 15

The order of the checks and their texts are AWS's (iam-sts §6 [R], apigw-errors §3). What is
stricter than AWS is marked [I] where it stands: every `x-amz-*` header must be signed, a signed
header must be there, SignedHeaders is lower case, sorted and unique, the body is always hashed.
"""
