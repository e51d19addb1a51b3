"""Bargate: an API gateway that enforces every access control of Amazon API Gateway.

A call goes one way through the house: `gateway → access → mapping → upstream`. A document goes
another: `openapi → model → snapshot → gateway`, and so does what AWS's own APIs change:
`control → wire → services → store → snapshot → gateway`. See `docs/how-a-call-is-decided.md` and
`docs/how-a-change-is-made.md`.
"""

__version__ = "0.1.0"
