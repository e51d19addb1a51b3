"""The AWS API `cognito-idp`: user pools.

    signed, by administrators:  the caller's account and region; the pool by UserPoolId
    unsigned, by users:         the pool by ClientId or access token, never by who calls

Operations are thin: request ──► userpool ──► output. Reads run in the call's transaction; what
hashes, sends or calls functions is `Later(work)` on `call.environment.pools`.
"""
