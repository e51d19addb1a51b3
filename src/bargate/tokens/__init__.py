"""JSON Web Tokens: read strictly, verify RSA signatures, check claims. Pure: no I/O, no clock.

    token ──► jws.parse ──► Jws ──► jws.verify(key) ──► claims.parse ──► claims.check_times, …
                             │ kid
    key set ──► jwk.parse_key_set ──► VerificationKey

    base64url, strict_json   how bytes become values: one spelling each, nothing guessed
    jwa                      the signature algorithms, each bound to RSA
    jwk, roca                public keys of an issuer, and which of its keys are refused
    jws                      compact serialisation (RFC 7515) and its signature
    claims                   dates, audiences and scopes (RFC 7519, RFC 6749)
    fault                    why a token was refused, as a value

Whoever verifies decides what a `Fault` means to its client (`access.jwt_authorizer`,
`access.cognito_authorizer`).
"""
