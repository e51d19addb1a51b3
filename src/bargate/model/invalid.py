"""How configuration that cannot be enforced is refused."""


class InvalidConfiguration(ValueError):
    """A part of an API cannot be compiled; it is refused when written, never skipped.

    `path` points at it as in an OpenAPI document, e.g.
    `("paths", "/pets", "get", "x-amazon-apigateway-integration", "uri")`; `message` says what is
    wrong and what would be right.
    """

    def __init__(self, path: tuple[str, ...], message: str) -> None:
        super().__init__(message)
        self.path = path
        self.message = message
