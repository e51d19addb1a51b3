"""AWS's CSV file by AWS's rules, and by what spreadsheets and attackers make of it."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bargate.records.user_pool import SchemaAttribute
from bargate.userpool.imports.formats import WrongFormat
from bargate.userpool.imports.formats.csv_file import MAX_ROW_CHARACTERS, header
from bargate.userpool.imports.row import BadRow, ImportedUser
from bargate.userpool.schema import STANDARD
from user_files import POOL, csv_of, pool, rows, the_reason, the_user

# AWS's documentation, "Creating the user import .csv file"
DOCUMENTED = (
    "cognito:username,name,given_name,family_name,middle_name,nickname,preferred_username,profile,"
    "picture,website,email,email_verified,gender,birthdate,zoneinfo,locale,phone_number,"
    "phone_number_verified,address,updated_at,cognito:mfa_enabled\n"
    "John,,John,Doe,,,,,,,johndoe@example.com,TRUE,,02/01/1985,,,+12345550100,TRUE,123 Any Street,,FALSE\n"
    "Jane,,Jane,Roe,,,,,,,janeroe@example.com,TRUE,,01/01/1985,,,+12345550199,TRUE,100 Main Street,,FALSE\n"
)
PLAIN = pool(schema=STANDARD)


def test_the_header_is_aws_own() -> None:
    assert header(PLAIN) == (
        "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username",
        "profile", "picture", "website", "email", "email_verified", "gender", "birthdate",
        "zoneinfo", "locale", "phone_number", "phone_number_verified", "address", "updated_at",
        "cognito:mfa_enabled", "cognito:username",
    )  # fmt: skip
    assert header(POOL)[-3:] == ("custom:plan", "cognito:mfa_enabled", "cognito:username")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_documented_file_is_read(end: str) -> None:
    john, jane = rows("csv", DOCUMENTED.replace("\n", end), PLAIN)
    assert isinstance(john, ImportedUser)
    assert (john.line, john.username, john.status) == (2, "John", "RESET_REQUIRED")
    assert john.hash is None
    assert john.attributes == {
        "given_name": "John",
        "family_name": "Doe",
        "email": "johndoe@example.com",
        "email_verified": "true",
        "birthdate": "1985-02-01",
        "phone_number": "+12345550100",
        "phone_number_verified": "true",
        "address": "123 Any Street",
    }
    assert jane.line == 3


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a\\, b", "a, b"),
        ('"a, b"', "a, b"),
        ('"say ""a"""', 'say "a"'),
        ("  trimmed\t", "trimmed"),
        ("back\\slash", "back\\slash"),
        ('in "the" middle', 'in "the" middle'),
        ("=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
        ("+1+1", "+1+1"),
        ("@SUM(A1)", "@SUM(A1)"),
    ],
)
def test_values_are_read_as_they_are_meant(written: str, read: str) -> None:
    assert the_user(rows("csv", csv_of({"address": written}))).attributes["address"] == read


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cognito:username": ""}, "cognito:username"),
        ({"cognito:username": "a b"}, "space"),
        ({"cognito:username": "a\tb"}, "tab"),
        ({"cognito:mfa_enabled": ""}, "mfa_enabled"),
        ({"cognito:mfa_enabled": "true"}, "MFA of the pool is OFF"),
        ({"email_verified": "false"}, "must be true"),
        ({"email_verified": "yes"}, "true or false"),
        ({"email": ""}, "there is no email"),
        ({"phone_number_verified": "true"}, "there is no phone_number"),
        ({"birthdate": "1985-02-01"}, "mm/dd/yyyy"),
        ({"address": '"open'}, "quotation mark"),
        ({"address": '"a" b'}, "quotation mark"),
        ({"address": "a,b"}, "values"),
        ({"address": "a\0b"}, "control character"),
        ({"address": "a\x1b[31mb"}, "control character"),
        ({"address": "x" * MAX_ROW_CHARACTERS}, "16,000"),
    ],
)
def test_a_row_against_the_rules_is_bad_and_stops_nothing(
    changes: dict[str, str], words: str
) -> None:
    bad, good = rows("csv", csv_of(changes, {"cognito:username": "bob"}))
    assert isinstance(bad, BadRow)
    assert isinstance(good, ImportedUser)
    assert (bad.line, good.line) == (2, 3)
    assert words in bad.reason


def test_mfa_must_be_as_the_pool_has_it() -> None:
    on = pool(mfa="ON", sms_mfa=True)
    assert "OFF" not in the_reason(rows("csv", csv_of({}, of=on), on))
    by_phone = {"cognito:mfa_enabled": "TRUE", "phone_number": "+12025550142"}
    user = the_user(rows("csv", csv_of(by_phone, of=on), on))
    assert (user.mfa, user.preferred_mfa) == (("SMS_MFA",), "SMS_MFA")
    optional = pool(mfa="OPTIONAL", sms_mfa=True)
    assert the_user(rows("csv", csv_of({}, of=optional), optional)).mfa == ()


def test_what_the_pool_requires_must_be_there() -> None:
    strict = pool(
        schema=(*STANDARD[:1], SchemaAttribute(name="name", required=True), *STANDARD[2:])
    )
    assert "requires name" in the_reason(rows("csv", csv_of({}, of=strict), strict))
    assert the_user(rows("csv", csv_of({"name": "Ann"}, of=strict), strict))


def test_either_of_two_verified_addresses_is_enough() -> None:
    both = pool(auto_verified=("email", "phone_number"))
    given = {"email_verified": "", "phone_number": "+12025550142", "phone_number_verified": "true"}
    assert the_user(rows("csv", csv_of(given, of=both), both))


HEADER = csv_of()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xef\xbb\xbf" + HEADER.encode(), "byte order mark"),
        (HEADER.encode("utf-16"), "header"),
        (HEADER.replace("email,", "email,email,").encode(), "twice"),
        (HEADER.replace("email,", "e-mail,").encode(), "does not have: e-mail"),
        (HEADER.replace("email,", "").encode(), "lacks columns of the pool: email"),
        (HEADER.replace("email,", "\x1b[31m,").encode(), "header"),
        (HEADER.replace("\n", ",sub\n").encode(), "does not have: sub"),
        (b"a" * 10_000_000, "header"),
        (b'"\n', "header"),
        (b"", "no header"),
        (b" \n", "no header"),
        (b"\x00" * 100, "header"),
    ],
)
def test_a_file_with_another_header_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(WrongFormat, match=words):
        rows("csv", content)


def test_a_pool_that_verifies_no_address_takes_no_file() -> None:
    with pytest.raises(WrongFormat, match="AutoVerifiedAttributes"):
        rows("csv", HEADER, pool(auto_verified=()))


@pytest.mark.parametrize(
    "line", [b"\xff\xfe", b"a" * 10_000_000, b"," * 200_000, b'"' * 15_999, b"\x00"]
)
def test_a_line_that_is_none_stops_nothing(line: bytes) -> None:
    good = csv_of({}).encode()
    bad, user = rows("csv", HEADER.encode() + line + b"\n" + good.split(b"\n")[1])
    assert isinstance(bad, BadRow)
    assert isinstance(user, ImportedUser)
    assert (bad.line, user.line) == (2, 3)


def test_empty_lines_are_passed_over_and_counted() -> None:
    good = csv_of({}).split("\n")[1]
    assert the_user(rows("csv", f"{HEADER}\r\n\n{good}\n\n")).line == 4


texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30
)


@given(texts)
def test_a_quoted_value_comes_back(text: str) -> None:
    written = '"' + text.replace('"', '""') + '"'
    user = the_user(rows("csv", csv_of({"address": written})))
    assert user.attributes.get("address", "") == text.strip()


@settings(max_examples=100)
@given(st.binary(max_size=100))
def test_every_line_is_a_row_or_empty(content: bytes) -> None:
    with contextlib.suppress(WrongFormat):
        found = rows("csv", HEADER.encode() + content)
        lines = content.split(b"\n")
        assert len(found) == sum(bool(each.strip()) for each in lines)
