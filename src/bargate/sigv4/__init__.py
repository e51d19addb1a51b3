"""AWS Signature Version 4 and 4A: canonicalise, sign, verify, presign. Pure.

request as sent ──► authorization (header | query) ──► canonical request ──► string to sign
                          │ parsed, checked in AWS's order       └─► signature ──► compare
                          └─► SignatureFault: code and text as AWS has them
"""
