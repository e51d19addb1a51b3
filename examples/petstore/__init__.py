"""A pet store behind Bargate: a REST API and an HTTP API, their backend and their token issuer.

    cases ──► check (asks them all) ──► tour (the printed table)
                │
                ▼
    gateway (`bargate serve openapi.yaml http-api.yaml`) ──► backend
                │ key sets
                ▼
              issuer (signs the demo's tokens)

`python -m examples.petstore` starts the three, shows the table, and serves until Ctrl-C.
"""
