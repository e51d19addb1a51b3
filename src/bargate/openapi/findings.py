"""What is wrong, or worth knowing, in a document, and where."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from bargate.openapi.source import Malformed, Node, Path, Position, locate

Severity = Literal["error", "warning"]

MAX_ERRORS = 50
_MAX_SHOWN = 200


class Finding(Struct, frozen=True, kw_only=True):
    """One thing about one place; `message` says what is wrong, `remedy` what would be right."""

    severity: Severity
    file: str
    line: int
    column: int
    path: str
    message: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}: {self.severity}: "
        path = f"{self.path}: " if self.path else ""
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{place}{path}{self.message}{remedy}"


class InvalidDocument(ValueError):
    """A document is refused; `findings` holds its errors in the order of the text."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("\n".join(map(str, findings)))
        self.findings = findings


class Report:
    """Collects findings of one document, each once; the fiftieth error ends the reading."""

    def __init__(self, file_name: str, root: Node) -> None:
        self.root = root
        self._file_name = file_name
        self._found: dict[tuple[str, str, str], Finding] = {}
        self._errors = 0

    def add(self, severity: Severity, path: Path, message: str, remedy: str) -> None:
        """Record one finding; raises InvalidDocument when it is the last that is bearable."""
        finding = self._finding(severity, path, message, remedy)
        key = (severity, finding.path, message)
        if key in self._found:
            return
        self._found[key] = finding
        self._errors += severity == "error"
        if self._errors >= MAX_ERRORS:
            self.refuse_if_errors()

    def position(self, path: Path) -> Position:
        """Say where `path` stands."""
        return locate(self.root, path)

    def findings(self) -> tuple[Finding, ...]:
        """Give everything found, in the order of the text."""
        return tuple(sorted(self._found.values(), key=lambda found: (found.line, found.column)))

    def refuse_if_errors(self) -> None:
        """Raise InvalidDocument when at least one error was found."""
        errors = tuple(found for found in self.findings() if found.severity == "error")
        if errors:
            raise InvalidDocument(errors)

    def _finding(self, severity: Severity, path: Path, message: str, remedy: str) -> Finding:
        position = self.position(path)
        return Finding(
            severity=severity,
            file=self._file_name,
            line=position.line,
            column=position.column,
            path=".".join(shown(key) for key in path),
            message=message,
            remedy=remedy,
        )


def shown(text: str) -> str:
    """Give `text` on one line and short enough to print; control characters are escaped."""
    short = text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…"
    return short if short.isprintable() else short.encode("unicode_escape").decode()


def refusal_of(error: Malformed, file_name: str) -> InvalidDocument:
    """Turn what the parser could not read into a refusal of the document."""
    finding = Finding(
        severity="error",
        file=file_name,
        line=error.position.line,
        column=error.position.column,
        path="",
        message=shown(error.message),
        remedy=error.remedy,
    )
    return InvalidDocument((finding,))
