"""Texts in XML, headers and timestamps: none of them breaks what it stands in."""

from datetime import UTC, datetime, timedelta, timezone
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bargate.wire import headers, timestamps, xml_text

TEXT = st.text(st.characters(exclude_categories=[]), max_size=30)


@given(TEXT)
def test_any_text_makes_an_xml_document_that_says_it(text):
    document = f'<a b="{xml_text.attribute(text)}">{xml_text.text(text)}</a>'
    element = ET.fromstring(document.encode("utf-8"))
    assert (element.text or "") == (xml_text._NEEDS_CARE.sub(legal, text))
    assert len(element.attrib["b"]) == len(text)


def legal(match):
    return match[0] if match[0] in "&<>\r" else "\ufffd"


@given(TEXT)
def test_any_text_makes_one_header(text):
    sent = headers.plain(text).encode("latin-1")
    assert not set(sent) & {0, 10, 13}
    assert len(sent) == len(text)


class _Lists:
    """The shape of a list of strings in a header."""

    type_name = "list"
    serialization: dict[str, str] = {}  # noqa: RUF012

    class member:  # noqa: N801
        type_name = "string"
        serialization: dict[str, str] = {}  # noqa: RUF012


@given(st.lists(st.text("ab,\"\\' ;=", min_size=1).filter(lambda text: text == text.strip()), min_size=1))  # fmt: skip
def test_a_list_in_a_header_is_read_as_it_was_written(values):
    values = [value.replace("\\", "") or "x" for value in values]
    values = [value.strip() or "x" for value in values]
    assert headers.reader(_Lists)(headers.writer(_Lists)(values)) == values


def test_quoted_elements_of_a_header_are_written_as_the_vectors_have_them():
    assert headers.writer(_Lists)(["b,c", '"def"', "a"]) == '"b,c", "\\"def\\"", a'


def test_a_name_of_a_header_has_only_token_characters():
    assert headers.name("x-a b\r\n:ü") == "x-a_b____"


MOMENT = datetime(2019, 12, 16, 23, 48, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("iso8601", "2019-12-16T23:48:18Z"),
        ("rfc822", "Mon, 16 Dec 2019 23:48:18 GMT"),
        ("unixTimestamp", 1576540098),
    ],
)
def test_timestamps_are_written_in_their_format(form, written):
    assert timestamps.write(MOMENT, form) == written
    assert timestamps.write(MOMENT.astimezone(timezone(timedelta(hours=5))), form) == written
    assert timestamps.write(1576540098, form) == written
    assert timestamps.parse(written, form) == MOMENT


def test_parts_of_a_second_are_milliseconds():
    moment = MOMENT.replace(microsecond=123_999)
    assert timestamps.write(moment, "iso8601") == "2019-12-16T23:48:18.123Z"
    assert timestamps.write(moment, "unixTimestamp") == 1576540098.123
    assert timestamps.write(moment, "rfc822") == "Mon, 16 Dec 2019 23:48:18 GMT"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2019-13-01T00:00:00Z", "iso8601"),
        ("today", "iso8601"),
        ("2019-W01-1", "iso8601"),
        (5, "iso8601"),
        (True, "unixTimestamp"),
        ("1e5", "unixTimestamp"),
        (10**15, "unixTimestamp"),
        ("0001-01-01T00:00:00+23:00", "iso8601"),
        ("yesterday", "rfc822"),
        ("x" * 500, "rfc822"),
        (None, "rfc822"),
    ],
)
def test_what_is_no_timestamp_is_refused(text, form):
    with pytest.raises(timestamps.InvalidTimestamp):
        timestamps.parse(text, form)
