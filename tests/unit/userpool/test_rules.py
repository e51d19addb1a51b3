"""Password policy, SECRET_HASH, attributes, aliases, schema: rules without a store."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from bargate.records.user_pool import PoolPasswordPolicy, UserPool
from bargate.records.user_pool_client import ClientSecret, TokenUnits, UserPoolClient
from bargate.secret import Secret
from bargate.userpool import attributes
from bargate.userpool.aliases import aliases_of, name_attribute
from bargate.userpool.flows import FLOWS, permits
from bargate.userpool.password_policy import SYMBOLS, check_password, defect_of, draw_password
from bargate.userpool.schema import new_schema, with_custom
from bargate.userpool.secret_hash import check_client_secret, check_secret_hash
from bargate.wire.error import AwsError

NOW = datetime(2026, 4, 7, 9, 5, 3, tzinfo=UTC)


def pool(**changes: object) -> UserPool:
    return UserPool(  # type: ignore[arg-type]
        account_id="1" * 12,
        region="us-east-1",
        id="us-east-1_a",
        name="p",
        created_at=NOW,
        modified_at=NOW,
        **({"schema": new_schema(())} | changes),
    )


def client(**changes: object) -> UserPoolClient:
    return UserPoolClient(  # type: ignore[arg-type]
        pool_id="us-east-1_a", id="cid", name="c", created_at=NOW, modified_at=NOW, **changes
    )


@pytest.mark.parametrize(
    ("password", "defect"),
    [
        ("Aa1!xyz", "Password not long enough"),
        ("aaaa1111!", "Password must have uppercase characters"),
        ("AAAA1111!", "Password must have lowercase characters"),
        ("AAAAaaaa!", "Password must have numeric characters"),
        ("AAAAaaaa1", "Password must have symbol characters"),
        ("ÄÖÜaaaa1!", "Password must have uppercase characters"),
        ("AAaaaaa1!", None),
        ("AAaa aaa1", None),
        (" AAaaaaa1", "Password must not begin or end with a space"),
        ("Aa1!" * 65, "Password must not be longer than 256 characters"),
    ],
)
def test_passwords_are_what_the_policy_wants(password: str, defect: str | None) -> None:
    assert defect_of(PoolPasswordPolicy(), password) == defect


def test_every_symbol_of_aws_counts() -> None:
    assert len(SYMBOLS) == 32
    for symbol in SYMBOLS:
        assert defect_of(PoolPasswordPolicy(), f"AAaaaa1{symbol}") is None


def test_a_refused_password_is_not_repeated() -> None:
    with pytest.raises(AwsError) as refused:
        check_password(PoolPasswordPolicy(), "secretsecret")
    assert refused.value.code == "InvalidPasswordException"
    assert refused.value.message.startswith("Password did not conform with policy: Password must")
    assert "secretsecret" not in refused.value.message


@pytest.mark.parametrize("length", [6, 8, 12, 99])
def test_drawn_passwords_conform(length: int) -> None:
    policy = PoolPasswordPolicy(minimum_length=length)
    drawn = {draw_password(policy) for _ in range(50)}
    assert len(drawn) == 50
    assert {defect_of(policy, each) for each in drawn} == {None}


SECRETS = tuple(
    ClientSecret(id=each, value=Secret(each * 24), created_at=NOW) for each in ("x", "y")
)


def hashed(secret: str, name: str) -> str:
    digest = hmac.new(secret.encode(), f"{name}cid".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


@pytest.mark.parametrize("letter", ["x", "y"])
def test_any_secret_of_a_client_is_good(letter: str) -> None:
    check_secret_hash(client(secrets=SECRETS), hashed(letter * 24, "bob"), "other", "bob")
    check_client_secret(client(secrets=SECRETS), letter * 24)


@pytest.mark.parametrize(
    "given", ["", "x", hashed("x" * 24, "alice"), hashed("z" * 24, "bob"), "\ud800"]
)
def test_a_wrong_secret_hash_is_refused(given: str) -> None:
    with pytest.raises(AwsError) as refused:
        check_secret_hash(client(secrets=SECRETS), given, "bob")
    assert refused.value.message == "Unable to verify secret hash for client cid"
    with pytest.raises(AwsError):
        check_client_secret(client(secrets=SECRETS), given)


def test_a_missing_secret_hash_is_refused_unless_there_is_no_secret() -> None:
    check_secret_hash(client(), None, "bob")
    with pytest.raises(AwsError) as refused:
        check_secret_hash(client(secrets=SECRETS), None, "bob")
    expected = "Client cid is configured with secret but SECRET_HASH was not received"
    assert refused.value.message == expected


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"nope": "x"}, "nope: Attribute does not exist in the schema."),
        ({"custom:age": "x"}, "custom:age: Attribute value is not a number"),
        ({"custom:age": "nan"}, "custom:age: Attribute value is not a number"),
        ({"custom:age": "1" * 65}, "custom:age: Attribute value is not a number"),
        ({"custom:age": "17"}, "custom:age: Number must be at least 18"),
        ({"custom:age": "100"}, "custom:age: Number must be no more than 99"),
        ({"custom:team": "x"}, "custom:team: String must be at least 2 characters"),
        ({"custom:team": "x" * 6}, "custom:team: String must be no longer than 5 characters"),
        ({"email_verified": "maybe"}, "email_verified: Attribute value is not a boolean"),
        ({"email": "nobody"}, "Invalid email address format."),
        ({"email": "a b@c"}, "Invalid email address format."),
        ({"phone_number": "12345"}, "Invalid phone number format."),
        ({"phone_number": "+\uff11\uff12\uff13"}, "Invalid phone number format."),
        ({"sub": "x"}, "sub: Attribute cannot be updated."),
    ],
)
def test_attributes_are_held_against_the_schema(given: dict[str, str], complaint: str) -> None:
    with pytest.raises(AwsError) as refused:
        attributes.check_new(SCHEMED, given, by_admin=True)
    assert refused.value.code == "InvalidParameterException"
    assert complaint in refused.value.message


SCHEMED = pool(
    schema=new_schema(
        [
            {
                "Name": "age",
                "AttributeDataType": "Number",
                "NumberAttributeConstraints": {"MinValue": "18", "MaxValue": "99"},
            },
            {
                "Name": "team",
                "AttributeDataType": "String",
                "Mutable": False,
                "StringAttributeConstraints": {"MinLength": "2", "MaxLength": "5"},
            },
            {"Name": "email", "Required": True},
        ]
    )
)


def test_users_must_give_what_is_required() -> None:
    attributes.check_new(SCHEMED, {}, by_admin=True)
    attributes.check_new(SCHEMED, {"email": "a@b", "custom:age": "18.5"}, by_admin=False)
    with pytest.raises(AwsError, match="email: The attribute is required"):
        attributes.check_new(SCHEMED, {"custom:age": "18"}, by_admin=False)


def test_what_cannot_change_stays() -> None:
    attributes.check_change(SCHEMED, {"custom:team": "red"}, {"custom:team": "red"})
    with pytest.raises(AwsError, match="custom:team: Attribute cannot be updated"):
        attributes.check_change(SCHEMED, {"custom:team": "red"}, {"custom:team": "blue"})
    for name in ("custom:team", "email", "sub", "nope"):
        with pytest.raises(AwsError):
            attributes.check_removal(SCHEMED, [name])


def test_nobody_says_by_themself_that_an_address_is_verified() -> None:
    for allowed in (None, ("email", "email_verified", "sub")):
        for name in ("email_verified", "phone_number_verified", "sub", "custom:age"):
            with pytest.raises(AwsError, match="unauthorized attribute"):
                attributes.check_writable(client(write_attributes=allowed), [name])
        attributes.check_writable(client(write_attributes=allowed), ["email"])


def test_users_write_nothing_that_is_for_administrators_alone() -> None:
    listed = client(write_attributes=("custom:age", "dev:custom:role"))
    attributes.check_writable(listed, ["custom:age"])
    with pytest.raises(AwsError, match="unauthorized attribute"):
        attributes.check_writable(listed, ["dev:custom:role"])


def test_custom_attributes_are_not_read_unless_a_client_may() -> None:
    known = {"email": "a@b", "custom:age": "20"}
    assert attributes.readable(client(), known) == {"email": "a@b"}
    wanted = client(read_attributes=("custom:age",))
    assert attributes.readable(wanted, known) == {"custom:age": "20"}


def test_an_attribute_given_twice_is_refused() -> None:
    with pytest.raises(AwsError):
        attributes.given([{"Name": "email", "Value": "a@b"}, {"Name": "email", "Value": "c@d"}])


@pytest.mark.parametrize(
    "given",
    [
        {"Name": "a:b"},
        {"Name": ""},
        {"Name": "r", "Required": True},
        {"Name": "n", "StringAttributeConstraints": {"MinLength": "x"}},
        {"Name": "n", "StringAttributeConstraints": {"MinLength": "3", "MaxLength": "2"}},
        {"Name": "n", "StringAttributeConstraints": {"MaxLength": "9" * 30}},
    ],
)
def test_custom_attributes_that_cannot_be_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(AwsError):
        with_custom(new_schema(()), [given])
    assert len(with_custom(new_schema(()), [{"Name": "fine"}])) == 21


def test_the_51st_custom_attribute_is_refused() -> None:
    schema = with_custom(new_schema(()), [{"Name": f"n{number}"} for number in range(50)])
    with pytest.raises(AwsError):
        with_custom(schema, [{"Name": "more"}])


def test_aliases_are_verified_addresses_and_names_are_not() -> None:
    aliased = pool(alias_attributes=("email", "preferred_username"))
    assert aliases_of(aliased, {"email": "a@b"}) == ()
    assert aliases_of(aliased, {"email": "a@b", "email_verified": "false"}) == ()
    assert aliases_of(aliased, {"email": "a@b", "email_verified": "true"}) == ("email",)
    assert aliases_of(aliased, {"preferred_username": "al"}) == ("preferred_username",)
    assert aliases_of(pool(username_attributes=("email",)), {"email": "a@b"}) == ("email",)
    assert aliases_of(pool(), {"email": "a@b", "email_verified": "true"}) == ()


def test_names_are_what_the_pool_wants() -> None:
    assert name_attribute(pool(), "a@b") is None
    assert name_attribute(pool(username_attributes=("email",)), "a@b") == "email"
    with pytest.raises(AwsError, match="Username should be an email"):
        name_attribute(pool(username_attributes=("email",)), "bob")
    with pytest.raises(AwsError, match="either an email or a phone number"):
        name_attribute(pool(username_attributes=("phone_number", "email")), "bob")
    with pytest.raises(AwsError, match="cannot be of email format"):
        name_attribute(pool(alias_attributes=("email",)), "a@b")


@pytest.mark.parametrize(
    ("flows", "allowed"),
    [
        (None, {"USER_SRP_AUTH", "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"}),
        (("ALLOW_USER_PASSWORD_AUTH",), {"USER_PASSWORD_AUTH"}),
        (("ALLOW_ADMIN_USER_PASSWORD_AUTH",), {"ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"}),
        (
            ("ADMIN_NO_SRP_AUTH",),
            {
                "ADMIN_USER_PASSWORD_AUTH",
                "ADMIN_NO_SRP_AUTH",
                "USER_SRP_AUTH",
                "REFRESH_TOKEN_AUTH",
                "REFRESH_TOKEN",
            },
        ),
        (("CUSTOM_AUTH_FLOW_ONLY",), {"REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"}),
        (("ALLOW_USER_AUTH",), set()),
    ],
)
def test_clients_may_use_the_flows_that_are_theirs(
    flows: tuple[str, ...] | None, allowed: set[str]
) -> None:
    known = {"USER_SRP_AUTH", "USER_PASSWORD_AUTH", "ADMIN_USER_PASSWORD_AUTH"}
    known |= {"ADMIN_NO_SRP_AUTH", "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"}
    found = {name for name in known if permits(client(explicit_flows=flows), FLOWS[name])}
    assert found == allowed


def test_validity_has_aws_defaults_and_units() -> None:
    assert (client().access_s, client().id_s, client().refresh_s) == (3600, 3600, 30 * 86_400)
    units = TokenUnits(access="minutes", id="seconds", refresh="hours")
    said = client(units=units, access_validity=5, id_validity=600, refresh_validity=2)
    assert (said.access_s, said.id_s, said.refresh_s) == (300, 600, 7200)
