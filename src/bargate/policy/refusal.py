"""Where a parser is in a document, and how it refuses what it finds there."""

from collections.abc import Iterable

from msgspec import Struct, structs

from bargate.policy.malformed import MalformedPolicy, Texts


class Place(Struct, frozen=True):
    """A place in a document, with the words in which its kind of policy is refused."""

    texts: Texts
    path: tuple[str, ...] = ()

    def at(self, *keys: str) -> "Place":
        """Go deeper."""
        return structs.replace(self, path=(*self.path, *keys))

    def message(self, message: str, detail: str) -> MalformedPolicy:
        """Refuse with AWS's own `message`."""
        return MalformedPolicy(self.texts.code, message, self.path, detail)

    def invalid(
        self, text: str, detail: str, *, field: str = "", value: str = ""
    ) -> MalformedPolicy:
        """Refuse with the text named `text` in `Texts`."""
        template: str = getattr(self.texts, text)
        return self.message(template.format(field=field, value=value), detail)

    def syntax(self, detail: str) -> MalformedPolicy:
        """Refuse a wrong shape."""
        return self.invalid("syntax", detail)

    def unknown(self, field: str, known: Iterable[str]) -> MalformedPolicy:
        """Refuse an element that does not exist here."""
        detail = f"There is no element {field!r} here; known are {', '.join(known)}."
        return self.invalid("unknown_field", detail, field=field)

    def missing(self, field: str, detail: str) -> MalformedPolicy:
        """Refuse the absence of an element."""
        return self.invalid("missing_field", detail, field=field)
