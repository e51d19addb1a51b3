"""What is configured: frozen structs in AWS's own nouns, one module per API kind.

The model is what every source of configuration (an OpenAPI document, AWS's own APIs)
is translated into, and the only thing a snapshot is compiled from:

    openapi ──► model.RestApi | model.HttpApi ──► snapshot

It holds no behaviour and no I/O, and every struct travels between processes as msgpack.
"""
