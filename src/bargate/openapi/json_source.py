"""Read JSON text (RFC 8259) into nodes with positions."""

import re
from bisect import bisect_right
from json.decoder import JSONDecodeError, JSONDecoder

from bargate.openapi.source import (
    Budget,
    Entry,
    Malformed,
    Mapping,
    Node,
    Position,
    Scalar,
    Sequence,
    check_depth,
    check_text,
    number,
)

_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_DECODER = JSONDecoder()
_WORD = re.compile(r"[A-Za-z]+")


def parse_json(text: str) -> Node:
    """Parse one JSON text; raises Malformed where it ends being JSON."""
    reader = _JsonReader(text)
    node = reader.value(1)
    reader.skip_space()
    if reader.at < len(text):
        raise reader.malformed("text goes on after the end of the document", "remove it")
    return node


class _JsonReader:
    """A recursive descent over the text; the depth bound keeps the recursion small."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._budget = Budget()
        self.at = 0

    def position(self) -> Position:
        line = bisect_right(self._line_starts, self.at)
        return Position(line, self.at - self._line_starts[line - 1] + 1)

    def malformed(self, message: str, remedy: str) -> Malformed:
        return Malformed(self.position(), message, remedy)

    def skip_space(self) -> str:
        """Go to the next character that is not white space and give it ("" at the end)."""
        match = _SPACE.match(self._text, self.at)
        self.at = match.end() if match else self.at
        return self._text[self.at : self.at + 1]

    def value(self, depth: int) -> Node:
        first = self.skip_space()
        position = self.position()
        check_depth(depth, position)
        self._budget.spend(1, position)
        if first == "{":
            return self._object(position, depth)
        if first == "[":
            return self._array(position, depth)
        if first == '"':
            text = self._string()
            return Scalar(position, text, text)
        return self._word_or_number(position)

    def _string(self) -> str:
        """Read the text whose opening quote stands here."""
        text: str
        position = self.position()
        try:
            text, self.at = _DECODER.raw_decode(self._text, self.at)
        except JSONDecodeError as error:
            self.at = min(error.pos, len(self._text))
            raise self.malformed(error.msg, "escape it, or close the text with a quote") from None
        check_text(text, position)
        return text

    def _word_or_number(self, position: Position) -> Scalar:
        found = _NUMBER.match(self._text, self.at)
        if found:
            self.at = found.end()
            integral = found[1] is None and found[2] is None
            return Scalar(position, number(found[0], position, integral=integral), found[0])
        word = _WORD.match(self._text, self.at)
        if word and word[0] in _WORDS:
            self.at = word.end()
            return Scalar(position, _WORDS[word[0]], word[0])
        raise self.malformed(
            "a JSON value is missing here", 'write an object, list, "text", number, true or false'
        )

    def _object(self, position: Position, depth: int) -> Mapping:
        node = Mapping(position, {})
        self.at += 1
        if self.skip_space() == "}":
            self.at += 1
            return node
        while True:
            self._member(node, depth)
            if self._ends("}"):
                return node

    def _member(self, node: Mapping, depth: int) -> None:
        if self.skip_space() != '"':
            raise self.malformed("a key is missing here", 'write "key": value')
        position = self.position()
        key = self._string()
        if self.skip_space() != ":":
            raise self.malformed(f"a colon is missing after {key!r}", 'write "key": value')
        self.at += 1
        if key in node.entries:
            first = node.entries[key].position.line
            raise Malformed(
                position, f"the key {key!r} stands twice, first on line {first}", "keep one of them"
            )
        node.entries[key] = Entry(position, self.value(depth + 1))

    def _array(self, position: Position, depth: int) -> Sequence:
        node = Sequence(position, [])
        self.at += 1
        if self.skip_space() == "]":
            self.at += 1
            return node
        while True:
            node.items.append(self.value(depth + 1))
            if self._ends("]"):
                return node

    def _ends(self, closing: str) -> bool:
        """Read a comma (False) or `closing` (True)."""
        found = self.skip_space()
        if found not in {",", closing}:
            raise self.malformed(f"expected ',' or {closing!r}", "separate values with commas")
        self.at += 1
        return found == closing
