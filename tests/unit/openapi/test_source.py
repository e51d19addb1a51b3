"""Reading text: positions, the traps of YAML and JSON, and hostile input in bounded time."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bargate.openapi import InvalidDocument, declared_api_id, read_document
from bargate.openapi.source import value_of


def read(text: str, file_name: str = "a.yaml"):
    return value_of(read_document(text, file_name=file_name).root)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on: yes\n200: no\n", {"on": "yes", "200": "no"}),
        ("a: 2012-10-17", {"a": "2012-10-17"}),
        ("a: 0123\nb: 0x1F\nc: 1_000\nd: 12:30:45", {"a": "0123", "b": "0x1F", "c": "1_000",
         "d": "12:30:45"}),
        ("a: ~\nb: null\nc:\nd: 'null'", {"a": None, "b": None, "c": None, "d": "null"}),
        ("a: true\nb: 'true'\nc: !!str true", {"a": True, "b": "true", "c": "true"}),
        ("a: -1\nb: 1.5\nc: 1e3\nd: .5", {"a": -1, "b": 1.5, "c": 1000.0, "d": 0.5}),
        ("\ufeffa: 1", {"a": 1}),
        ("x: &x {b: 1, c: 2}\ny: {<<: *x, c: 3}", {"x": {"b": 1, "c": 2}, "y": {"c": 3, "b": 1}}),
        ("x: &x {b: 1}\nz: &z {d: 4, b: 9}\ny:\n  <<: [*x, *z]\n",
         {"x": {"b": 1}, "z": {"d": 4, "b": 9}, "y": {"b": 1, "d": 4}}),
        ("a: <<\n'<<': 1", {"a": "<<", "<<": 1}),
        ('{"a":\t"\\/\\ud83d\\ude00\\u00e9", "b": [1, -2.5e1, null, true]}',
         {"a": "/😀é", "b": [1, -25.0, None, True]}),
        ("{a: 1}", {"a": 1}),
        ("&a a: *a", {"a": "a"}),
    ],
)  # fmt: skip
def test_values_are_read_as_written(text: str, value: object):
    assert read(text) == value


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("", 1, 1, "the document is empty"),
        ("[1]", 1, 1, "not an object"),
        ("just text", 1, 1, "not an object"),
        ("a: 1\nb:\n  - 1\n  - {c: 1, c: 2}", 4, 12, "stands twice, first on line 4"),
        ("a: 1\na: 2", 2, 1, "stands twice, first on line 1"),
        ("a: !!python/object/apply:os.system [x]", 1, 4, "is not allowed"),
        ("a: !secret x", 1, 4, "the tag !secret is not allowed"),
        ("a: *b", 1, 4, "no anchor &b"),
        ("a: &a [*a]", 1, 8, "inside its own anchor"),
        ("? [a]\n: 1", 1, 3, "a key must be text"),
        ("~: 1", 1, 1, "a key must be text"),
        ("a: 1\n---\nb: 1", 2, 1, "a second document"),
        ("a: [1", 2, 1, "this is not YAML"),
        ("a: 1\n\tb: 2", 2, 1, "this is not YAML"),
        ("a: 1e999", 1, 4, "too large"),
        ("a: .nan", 1, 4, "not finite"),
        ("a: -.inf", 1, 4, "not finite"),
        ("a: " + "9" * 5000, 1, 4, "too long"),
        ("b: 1\na: x\x00y", 2, 5, "NUL"),
        ('a: "\\0"', 1, 4, "NUL"),
        ("<<: 1", 1, 1, "merges only mappings"),
        ("a: \ud800", 1, 4, "surrogate"),
    ],
)
def test_yaml_that_cannot_be_read(text: str, line: int, column: int, message: str):
    with pytest.raises(InvalidDocument, match=r"\w") as refused:
        read(text)
    (finding,) = refused.value.findings
    assert message in finding.message
    assert (finding.line, finding.column) == (line, column)


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ('{"a": 1,\n "a": 2}', 2, 2, "stands twice, first on line 1"),
        ('{"a": 1,}', 1, 9, "a key is missing"),
        ('{"a" 1}', 1, 6, "a colon is missing"),
        ('{"a": 1 "b": 2}', 1, 9, "expected ','"),
        ('{"a": NaN}', 1, 7, "a JSON value is missing"),
        ('{"a": 1e999}', 1, 7, "too large"),
        ('{"a": 01}', 1, 8, "expected ','"),
        ('{"a": "\n"}', 1, 8, "Invalid control character"),
        ('{"a": "\\x"}', 1, 8, "Invalid \\"),
        ('{"a": "\\ud800"}', 1, 7, "surrogate"),
        ('{"a": "\\u0000"}', 1, 7, "NUL"),
        ('{"a": 1} x', 1, 10, "goes on after the end"),
        ('{"a": [1, 2', 1, 12, "expected ','"),
        ('{"a": "x', 1, 7, "Unterminated string"),
        ("{a: 1}", 1, 2, "a key is missing"),
        ('{"a": ' + "9" * 41 + "}", 1, 7, "too long"),
    ],
)
def test_json_that_cannot_be_read(text: str, line: int, column: int, message: str):
    with pytest.raises(InvalidDocument) as refused:
        read(text, "a.json")
    (finding,) = refused.value.findings
    assert message in finding.message
    assert (finding.line, finding.column) == (line, column)


def billion_laughs() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    return "\n".join(lines)


def merge_bomb() -> str:
    lines = ["m0: &m0 {" + ", ".join(f"k{n}: 1" for n in range(1000)) + "}"]
    lines += [f"m{n}: {{<<: [{', '.join(['*m0'] * 100)}]}}" for n in range(1, 1000)]
    return "\n".join(lines)


def deep_aliases() -> str:
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 200)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (billion_laughs(), "unfolds to more than"),
        (merge_bomb(), "unfolds to more than"),
        (deep_aliases(), "nested deeper"),
        ("a: " + "[" * 1_000_000, "nested deeper"),
        ("a: " + "{a: " * 100_000, "nested deeper"),
        ("- " * 100_000, "nested deeper"),
        ("".join(" " * n + "a:\n" for n in range(2000)), "nested deeper"),
        ('{"a":' * 1_000_000, "nested deeper"),
        ("[" * 1_000_000, "nested deeper"),
        ('{"a": [' + "1," * 300_000 + "1]}", "unfolds to more than"),
        ("a: [" + "1," * 300_000 + "1]", "unfolds to more than"),
        ("a: " + "x" * (6 * 1024 * 1024), "larger than 6 MiB"),
        ("a: " + "é" * (4 * 1024 * 1024), "larger than 6 MiB"),
        ('{"a": ' + "[" * 99 + "]" * 100 + "}", "expected ','"),
    ],
    ids=range(14),
)
def test_bombs_end_in_bounded_time(text: str, message: str):
    started = time.monotonic()
    with pytest.raises(InvalidDocument, match=message):
        read(text, "a.json" if text.startswith(("{", "[")) else "a.yaml")
    assert time.monotonic() - started < 5


def test_positions_are_those_of_keys_and_items():
    document = read_document("a:\n  - x\n  - b: 1\n    c: 2\n", file_name="a.yaml")
    place = document.locate(("a", "1", "c"))
    assert (place.line, place.column) == (4, 5)


def test_json_and_yaml_agree_on_positions():
    text = '{"a": 1,\n  "b": [\n    {"c": "d"}]}'
    for path in ((), ("a",), ("b",), ("b", "0"), ("b", "0", "c"), ("b", "7"), ("zz", "x")):
        as_json = read_document(text, file_name="a.json").locate(path)
        as_yaml = read_document("# yaml\n" + text, file_name="a.yaml").locate(path)
        assert (as_json.line + 1, as_json.column) == (as_yaml.line, as_yaml.column)


@pytest.mark.parametrize("index", ["-1", "x", "٣", "9" * 5000, "1_0", ""])
def test_strange_indices_locate_the_list(index: str):
    document = read_document("a: [1]", file_name="a.yaml")
    assert document.locate(("a", index)) == document.locate(("a",))


def test_a_document_may_declare_its_api_id():
    assert (
        declared_api_id(read_document("x-bargate-api-id: petstore1", file_name="a")) == "petstore1"
    )
    assert declared_api_id(read_document("a: 1", file_name="a")) is None


@pytest.mark.parametrize("declared", ["A", "''", "a-b", "a" * 33, "1", "[a]", "null", '"a\\n"'])
def test_other_api_ids_are_refused(declared: str):
    with pytest.raises(InvalidDocument, match="x-bargate-api-id"):
        declared_api_id(read_document(f"x-bargate-api-id: {declared}", file_name="a"))


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab:-?[]{}&*!|>'\"%@`#, \n\t\\0<~.e1\x00\x85\ufeff")))
def test_any_text_is_read_or_refused(text: str):
    for name in ("a.yaml", "a.json"):
        try:
            read_document(text, file_name=name)
        except InvalidDocument:
            continue
