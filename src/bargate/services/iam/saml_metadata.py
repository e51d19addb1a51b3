"""SAML metadata: read what is needed of it, without trust in whoever wrote it.

No document type, so no entities and nothing to expand or fetch; size and depth are bounded.
"""

from datetime import UTC, datetime
from xml.parsers import expat

from msgspec import Struct

MIN_CHARACTERS = 1_000
MAX_CHARACTERS = 10_000_000
_MAX_DEPTH = 64
_METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
_SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"


class MalformedMetadata(ValueError):
    """A text is not the metadata of a SAML identity provider."""


class SamlMetadata(Struct, frozen=True, kw_only=True):
    """What is known of an identity provider by its metadata."""

    entity_id: str
    valid_until: datetime | None


def parse_metadata(text: str) -> SamlMetadata:
    """Read metadata. Raises MalformedMetadata."""
    if len(text) > MAX_CHARACTERS:
        raise MalformedMetadata("too large")
    reading = _Reading()
    parser = expat.ParserCreate("utf-8", " ")
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.ProcessingInstructionHandler = _refuse
    try:
        parser.Parse(text.encode("utf-8"), True)  # noqa: FBT003  expat's own
    except (expat.ExpatError, UnicodeEncodeError) as error:
        raise MalformedMetadata(str(error)) from error
    return reading.found()


def _refuse(*_: object) -> None:
    raise MalformedMetadata("no document type, entity or processing instruction is allowed")


class _Reading:
    """What was seen so far."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._root: dict[str, str] | None = None
        self._is_provider = False
        self._has_service = False
        self._has_certificate = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= _MAX_DEPTH:
            raise MalformedMetadata("nested too deeply")
        if not self._open:
            if name != f"{_METADATA} EntityDescriptor":
                raise MalformedMetadata("the root is no EntityDescriptor")
            self._root = attributes
        elif f"{_METADATA} IDPSSODescriptor" in (name, *self._open):
            self._is_provider = True
            self._has_service |= name == f"{_METADATA} SingleSignOnService"
            self._has_certificate |= name == f"{_SIGNATURE} X509Certificate"
        self._open.append(name)

    def end(self, _name: str) -> None:
        self._open.pop()

    def found(self) -> SamlMetadata:
        """Give what was read. Raises MalformedMetadata when something needed is missing."""
        root = self._root or {}
        entity_id = root.get("entityID", "")
        if not entity_id or not (self._is_provider and self._has_service and self._has_certificate):
            raise MalformedMetadata(
                "an entityID, an IDPSSODescriptor, its certificate and its SingleSignOnService"
                " are needed"
            )
        return SamlMetadata(entity_id=entity_id, valid_until=_moment(root.get("validUntil")))


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise MalformedMetadata("validUntil is no time") from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
