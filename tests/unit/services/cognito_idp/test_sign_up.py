"""Signing up, codes, and passwords that were forgotten, through boto3 without a socket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.endpoint import Endpoint

from bargate.records.pool_code import POOL_CODE

PASSWORD, OTHER = "Right-password-1", "Another-password-2"
FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
WRONG_CODE = ("CodeMismatchException", "Invalid verification code provided, please try again.")
NO_CODE = ("ExpiredCodeException", "Invalid code provided, please request a code again.")
TOO_MANY = ("LimitExceededException", "Attempt limit exceeded, please try after some time.")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        yield endpoint


@pytest.fixture(autouse=True)
def present(endpoint: Endpoint) -> Iterator[None]:
    yield
    endpoint.skew_s = 0.0


class People:
    """A pool with a client, and what users do."""

    def __init__(self, endpoint: Endpoint, client: Any = None, **pool: Any) -> None:
        self.endpoint = endpoint
        self.idp = endpoint.client("cognito-idp")
        given = {"AutoVerifiedAttributes": ["email"], **pool}
        self.id = self.idp.create_user_pool(PoolName="p", **given)["UserPool"]["Id"]
        self.client = self.idp.create_user_pool_client(
            UserPoolId=self.id, ClientName="c", ExplicitAuthFlows=FLOWS, **(client or {})
        )["UserPoolClient"]["ClientId"]

    def sign_up(self, name: str, /, **attributes: str) -> Any:
        return self.idp.sign_up(
            ClientId=self.client,
            Username=name,
            Password=PASSWORD,
            UserAttributes=[{"Name": k, "Value": v} for k, v in attributes.items()],
        )

    def confirm(self, name: str, code: str, **more: Any) -> Any:
        return self.idp.confirm_sign_up(
            ClientId=self.client, Username=name, ConfirmationCode=code, **more
        )

    def join(self, name: str, /, **attributes: str) -> None:
        """Sign up and confirm."""
        self.sign_up(name, **attributes)
        self.confirm(name, self.code(attributes["email"]))

    def code(self, address: str) -> str:
        return self.endpoint.code_to(address)

    def forgot(self, name: str) -> Any:
        return self.idp.forgot_password(ClientId=self.client, Username=name)

    def recover(self, name: str, code: str, password: str = OTHER) -> Any:
        return self.idp.confirm_forgot_password(
            ClientId=self.client, Username=name, ConfirmationCode=code, Password=password
        )

    def resend(self, name: str) -> Any:
        return self.idp.resend_confirmation_code(ClientId=self.client, Username=name)

    def sign_in(self, name: str, password: str = PASSWORD) -> str:
        begun = self.idp.initiate_auth(
            ClientId=self.client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
        )
        return begun["AuthenticationResult"]["AccessToken"]

    def user(self, name: str) -> Any:
        return self.idp.admin_get_user(UserPoolId=self.id, Username=name)

    def attributes(self, name: str) -> dict[str, str]:
        return {each["Name"]: each["Value"] for each in self.user(name)["UserAttributes"]}

    def sent(self) -> list[Any]:
        return self.endpoint.delivery.outbox.after(0, self.id)


def refusal(call: Any, *given: Any, **more: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        call(*given, **more)
    told = refused.value.response["Error"]
    return told["Code"], told["Message"].removesuffix(" (reached max retries: 0)")


@pytest.fixture(scope="module")
def people(endpoint: Endpoint) -> People:
    return People(endpoint)


@pytest.fixture(scope="module")
def hidden(endpoint: Endpoint) -> People:
    return People(endpoint, {"PreventUserExistenceErrors": "ENABLED"})


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def test_a_user_signs_up_and_confirms(people: People) -> None:
    made = people.sign_up("ann", email="ann@example.org", name="Ann")
    assert made["UserConfirmed"] is False
    assert made["CodeDeliveryDetails"] == {
        "Destination": "a***@e***",
        "DeliveryMedium": "EMAIL",
        "AttributeName": "email",
    }
    assert people.user("ann")["UserStatus"] == "UNCONFIRMED"
    assert refusal(people.sign_in, "ann") == (
        "UserNotConfirmedException",
        "User is not confirmed.",
    )
    code = people.code("ann@example.org")
    assert refusal(people.confirm, "ann", other_than(code)) == WRONG_CODE
    people.confirm("ann", code)
    assert people.user("ann")["UserStatus"] == "CONFIRMED"
    assert people.attributes("ann")["email_verified"] == "true"
    assert people.sign_in("ann")
    assert refusal(people.confirm, "ann", code) == (
        "NotAuthorizedException",
        "User cannot be confirmed. Current status is CONFIRMED",
    )
    assert refusal(people.sign_up, "ann", email="x@example.org")[0] == "UsernameExistsException"


def test_codes_are_stored_as_digests(people: People) -> None:
    people.sign_up("digested", email="digested@example.org")
    code = people.code("digested@example.org")
    stored = people.endpoint.store.read(lambda tx: tx.list(POOL_CODE, (people.id,)))
    assert stored
    assert all(code not in repr(each) for each in stored)


def test_a_code_ends_after_a_day_and_is_replaced_by_the_next(people: People) -> None:
    people.sign_up("slow", email="slow@example.org")
    first = people.code("slow@example.org")
    people.endpoint.skew_s = 24 * 3_600 + 1
    assert refusal(people.confirm, "slow", first) == NO_CODE
    again = people.resend("slow")["CodeDeliveryDetails"]
    assert again["Destination"] == "s***@e***"
    second = people.code("slow@example.org")
    if first != second:
        assert refusal(people.confirm, "slow", first) == WRONG_CODE
    people.confirm("slow", second)


def test_a_sign_up_is_held_to_the_rules(endpoint: Endpoint, people: People) -> None:
    idp = people.idp
    weak = refusal(idp.sign_up, ClientId=people.client, Username="w", Password="weak-1")
    assert weak == (
        "InvalidPasswordException",
        "Password did not conform with policy: Password not long enough",
    )
    assert refusal(people.sign_up, "w", email="w@example.org", email_verified="true") == (
        "NotAuthorizedException",
        "A client attempted to write unauthorized attribute",
    )
    assert refusal(people.sign_up, "w", email="no address")[0] == "InvalidParameterException"
    none = refusal(idp.sign_up, ClientId=people.client, Username="w")
    assert none[0] == "InvalidParameterException"
    closed = People(endpoint, AdminCreateUserConfig={"AllowAdminCreateUserOnly": True})
    assert refusal(closed.sign_up, "w") == (
        "NotAuthorizedException",
        "SignUp is not permitted for this user pool",
    )
    secret = People(endpoint, {"GenerateSecret": True})
    code, message = refusal(secret.sign_up, "w", email="w@example.org")
    assert (code, "SECRET_HASH was not received" in message) == ("NotAuthorizedException", True)


@pytest.mark.parametrize(
    "address",
    [
        "a,evil@example.org",
        "<evil@example.org",
        '"a"@example.org',
        "a@example.org>",
        "a;b@example.org",
        "ä@example.org",
    ],
)
def test_nobody_else_can_be_named_by_an_address(people: People, address: str) -> None:
    before = len(people.sent())
    code, _ = refusal(people.sign_up, f"inj-{address.encode().hex()}", email=address)
    assert code in ("CodeDeliveryFailureException", "InvalidParameterException")
    assert len(people.sent()) == before


@pytest.mark.parametrize("end", ["\r\nBcc: evil@example.org", "\n", "\r", "\u2028x", "\x00"])
def test_an_address_cannot_add_lines(people: People, end: str) -> None:
    code, _ = refusal(people.sign_up, "lines", email=f"a@example.org{end}")
    assert code == "InvalidParameterException"


def test_a_pool_of_addresses_confirms_by_address(endpoint: Endpoint) -> None:
    people = People(endpoint, UsernameAttributes=["email"])
    made = people.sign_up("zoe@example.org")
    assert people.user("zoe@example.org")["Username"] == made["UserSub"]
    people.confirm("zoe@example.org", people.code("zoe@example.org"))
    assert people.sign_in("zoe@example.org")
    taken = refusal(people.sign_up, "zoe@example.org")
    assert taken == (
        "UsernameExistsException",
        "An account with the given email already exists.",
    )


def test_an_alias_belongs_to_who_verified_it_last_if_they_say_so(endpoint: Endpoint) -> None:
    people = People(endpoint, AliasAttributes=["email"])
    people.join("first", email="both@example.org")
    people.sign_up("second", email="both@example.org")
    code = people.code("both@example.org")
    assert refusal(people.confirm, "second", code) == (
        "AliasExistsException",
        "An account with the email already exists.",
    )
    people.confirm("second", code, ForceAliasCreation=True)  # a refusal used nothing up
    assert people.user("both@example.org")["Username"] == "second"
    assert people.attributes("first")["email_verified"] == "false"


def test_templates_are_filled_in_and_escaped(endpoint: Endpoint) -> None:
    people = People(
        endpoint,
        VerificationMessageTemplate={
            "EmailMessage": "<b>{username}</b>: {####}!",
            "EmailSubject": "Hello",
            "DefaultEmailOption": "CONFIRM_WITH_CODE",
        },
    )
    people.sign_up("<i>{####}", email="t@example.org")
    message = people.sent()[-1]
    assert message.subject == "Hello"
    assert message.body.startswith("<b>&lt;i&gt;{####}</b>: ")
    people.confirm("<i>{####}", people.code("t@example.org"))


def test_a_forgotten_password_is_replaced(people: People) -> None:
    people.join("forgetful", email="forgetful@example.org")
    details = people.forgot("forgetful")["CodeDeliveryDetails"]
    assert details["DeliveryMedium"] == "EMAIL"
    code = people.code("forgetful@example.org")
    assert refusal(people.recover, "forgetful", other_than(code)) == WRONG_CODE
    assert refusal(people.recover, "forgetful", code, "weak-1")[0] == "InvalidPasswordException"
    people.recover("forgetful", code)
    assert refusal(people.recover, "forgetful", code) == NO_CODE
    assert people.sign_in("forgetful", OTHER)
    assert refusal(people.sign_in, "forgetful")[0] == "NotAuthorizedException"
    people.forgot("forgetful")
    code = people.code("forgetful@example.org")
    people.endpoint.skew_s = 3_601
    assert refusal(people.recover, "forgetful", code) == NO_CODE


def test_accounts_are_recovered_by_what_the_pool_allows(endpoint: Endpoint) -> None:
    def pool(*names: str) -> People:
        mechanisms = [{"Priority": i + 1, "Name": name} for i, name in enumerate(names)]
        return People(endpoint, AccountRecoverySetting={"RecoveryMechanisms": mechanisms})

    both = {"email": "r@example.org", "email_verified": "true"} | {
        "phone_number": "+15550001234",
        "phone_number_verified": "true",
    }
    given = [{"Name": name, "Value": value} for name, value in both.items()]
    for people, medium in (
        (People(endpoint), "SMS"),
        (pool("verified_email", "verified_phone_number"), "EMAIL"),
        (pool("verified_email"), "EMAIL"),
    ):
        people.idp.admin_create_user(
            UserPoolId=people.id, Username="r", UserAttributes=given, MessageAction="SUPPRESS"
        )
        assert refusal(people.forgot, "r")[1] == (
            "User password cannot be reset in the current state."
        )
        people.idp.admin_set_user_password(
            UserPoolId=people.id, Username="r", Password=PASSWORD, Permanent=True
        )
        details = people.forgot("r")["CodeDeliveryDetails"]
        assert details["DeliveryMedium"] == medium
        if medium == "SMS":
            assert details["Destination"] == "+*******1234"
    alone = pool("admin_only")
    assert refusal(alone.forgot, "anybody")[0] == "NotAuthorizedException"
    bare = People(endpoint, AutoVerifiedAttributes=[])
    bare.sign_up("bare")
    assert refusal(bare.forgot, "bare") == (
        "InvalidParameterException",
        (
            "Cannot reset password for the user as there is no registered/verified email or"
            " phone_number"
        ),
    )


def test_a_client_that_hides_users_answers_the_same_for_all(hidden: People) -> None:
    hidden.join("known", email="known@example.org")
    hidden.sign_up("unverified")
    hidden.sign_up("disabled", email="disabled@example.org")
    hidden.idp.admin_disable_user(UserPoolId=hidden.id, Username="disabled")
    before = len(hidden.sent())
    shapes = []
    for name in ("known", "unverified", "disabled", "nobody"):
        forgot, resent = hidden.forgot(name), hidden.resend(name)
        for answer in (forgot, resent):
            details = answer["CodeDeliveryDetails"]
            shapes.append({k: v for k, v in details.items() if k != "Destination"})
            assert details["Destination"][1:5] == "***@"
        assert refusal(hidden.recover, name, "000000") == WRONG_CODE
    assert all(shape == shapes[0] for shape in shapes)
    assert len(hidden.sent()) == before + 1  # to the one who may have a code
    assert (
        hidden.forgot("nobody")["CodeDeliveryDetails"]
        == hidden.forgot("nobody")["CodeDeliveryDetails"]
    )
    for name in ("known", "nobody"):
        assert refusal(hidden.confirm, name, "000000") == NO_CODE
    for name in ("never-asked", "never-asked-2"):
        assert refusal(hidden.recover, name, "000000") == NO_CODE


def test_a_client_that_hides_nobody_says_who_is_no_user(people: People) -> None:
    nobody = ("UserNotFoundException", "User does not exist.")
    for call, given in (
        (people.forgot, ()),
        (people.resend, ()),
        (people.confirm, ("000000",)),
        (people.recover, ("000000",)),
    ):
        assert refusal(call, "nobody", *given) == nobody


def test_so_many_an_hour_and_no_more(hidden: People) -> None:
    hidden.join("busy", email="busy@example.org")
    for name in ("busy", "not-there"):
        for _ in range(5):
            hidden.forgot(name)
        assert refusal(hidden.forgot, name) == TOO_MANY
        for _ in range(15):
            assert refusal(hidden.recover, name, "0") == WRONG_CODE
        assert refusal(hidden.recover, name, "0") == TOO_MANY
    code = hidden.code("busy@example.org")
    assert refusal(hidden.recover, "busy", code) == TOO_MANY  # the right one, too
    hidden.endpoint.skew_s = 3_601
    hidden.forgot("busy")
    hidden.recover("busy", hidden.code("busy@example.org"))


def test_administrators_confirm_and_reset(people: People) -> None:
    people.sign_up("helped", email="helped@example.org")
    where = {"UserPoolId": people.id, "Username": "helped"}
    assert refusal(people.idp.admin_reset_user_password, **where)[0] == "NotAuthorizedException"
    people.idp.admin_confirm_sign_up(**where)
    assert people.user("helped")["UserStatus"] == "CONFIRMED"
    assert "email_verified" not in people.attributes("helped")
    assert refusal(people.idp.admin_confirm_sign_up, **where)[0] == "NotAuthorizedException"
    no_address = refusal(people.idp.admin_reset_user_password, **where)
    assert no_address[0] == "InvalidParameterException"
    people.idp.admin_update_user_attributes(
        **where, UserAttributes=[{"Name": "email_verified", "Value": "true"}]
    )
    people.idp.admin_reset_user_password(**where)
    assert refusal(people.sign_in, "helped")[0] == "PasswordResetRequiredException"
    people.recover("helped", people.code("helped@example.org"))
    assert people.sign_in("helped", OTHER)


def test_users_change_their_password(endpoint: Endpoint) -> None:
    people = People(
        endpoint, Policies={"PasswordPolicy": {"MinimumLength": 8, "PasswordHistorySize": 2}}
    )
    people.join("changer", email="changer@example.org")
    token = people.sign_in("changer")

    def change(old: str, new: str) -> Any:
        return people.idp.change_password(
            AccessToken=token, PreviousPassword=old, ProposedPassword=new
        )

    assert refusal(change, "Wrong-password-1", OTHER) == (
        "NotAuthorizedException",
        "Incorrect username or password.",
    )
    assert refusal(change, PASSWORD, PASSWORD)[0] == "PasswordHistoryPolicyViolationException"
    change(PASSWORD, OTHER)
    assert refusal(change, OTHER, PASSWORD)[0] == "PasswordHistoryPolicyViolationException"
    assert people.sign_in("changer", OTHER)
    assert refusal(change, OTHER, "short")[0] == "InvalidPasswordException"
    assert refusal(change, OTHER, "Third-password-3") == TOO_MANY


def test_an_address_is_verified_after_it_changed(people: People) -> None:
    people.join("mover", email="old@example.org")
    token = people.sign_in("mover")

    def update(**changes: str) -> Any:
        listed = [{"Name": name, "Value": value} for name, value in changes.items()]
        return people.idp.update_user_attributes(AccessToken=token, UserAttributes=listed)

    def verify(code: str, name: str = "email") -> Any:
        return people.idp.verify_user_attribute(AccessToken=token, AttributeName=name, Code=code)

    sent = update(email="new@example.org", name="Mover")["CodeDeliveryDetailsList"]
    assert [each["Destination"] for each in sent] == ["n***@e***"]
    assert people.attributes("mover")["email_verified"] == "false"
    code = people.code("new@example.org")
    assert refusal(verify, other_than(code)) == WRONG_CODE
    update(email="newer@example.org")
    if people.code("newer@example.org") != code:
        assert refusal(verify, code) == WRONG_CODE
    update(email="newest@example.org")
    code = people.code("newest@example.org")
    people.idp.admin_update_user_attributes(
        UserPoolId=people.id,
        Username="mover",
        UserAttributes=[
            {"Name": "email", "Value": "other@example.org"},
            {"Name": "email_verified", "Value": "false"},
        ],
    )
    assert refusal(verify, code)[0] in ("CodeMismatchException", "ExpiredCodeException")
    people.idp.get_user_attribute_verification_code(AccessToken=token, AttributeName="email")
    verify(people.code("other@example.org"))
    assert people.attributes("mover")["email_verified"] == "true"
    assert refusal(verify, "000000") == NO_CODE
    assert refusal(verify, "000000", "name")[0] == "InvalidParameterException"
    assert refusal(update, email_verified="true")[0] == "NotAuthorizedException"
    assert refusal(update, **{"custom:x": "y"})[0] == "NotAuthorizedException"
    people.idp.delete_user_attributes(AccessToken=token, UserAttributeNames=["name"])
    assert "name" not in people.attributes("mover")
    people.idp.delete_user(AccessToken=token)
    assert refusal(people.user, "mover")[0] == "UserNotFoundException"
    assert refusal(people.idp.get_user, AccessToken=token)[0] == "NotAuthorizedException"


def test_an_old_address_stays_until_the_new_one_is_verified(endpoint: Endpoint) -> None:
    people = People(
        endpoint,
        AliasAttributes=["email"],
        UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": ["email"]},
    )
    people.join("keeper", email="kept@example.org")
    token = people.sign_in("keeper")
    people.idp.update_user_attributes(
        AccessToken=token, UserAttributes=[{"Name": "email", "Value": "next@example.org"}]
    )
    assert people.attributes("keeper")["email"] == "kept@example.org"
    assert people.attributes("keeper")["email_verified"] == "true"
    people.idp.verify_user_attribute(
        AccessToken=token, AttributeName="email", Code=people.code("next@example.org")
    )
    assert people.attributes("keeper")["email"] == "next@example.org"
    assert people.user("next@example.org")["Username"] == "keeper"
    where = {"UserPoolId": people.id, "Username": "keeper"}
    given = [{"Name": "email", "Value": "third@example.org"}]
    people.idp.admin_update_user_attributes(**where, UserAttributes=given)
    assert people.attributes("keeper")["email"] == "next@example.org"
    people.idp.admin_update_user_attributes(
        **where, UserAttributes=[*given, {"Name": "email_verified", "Value": "true"}]
    )
    assert people.attributes("keeper")["email"] == "third@example.org"


def test_an_address_of_somebody_else_cannot_be_taken(endpoint: Endpoint) -> None:
    people = People(
        endpoint,
        AliasAttributes=["email"],
        UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": ["email"]},
    )
    people.join("owner", email="mine@example.org")
    people.join("thief", email="thief@example.org")
    token = people.sign_in("thief")
    people.idp.update_user_attributes(
        AccessToken=token, UserAttributes=[{"Name": "email", "Value": "mine@example.org"}]
    )
    code = people.code("mine@example.org")
    assert refusal(
        people.idp.verify_user_attribute, AccessToken=token, AttributeName="email", Code=code
    ) == ("AliasExistsException", "An account with the email already exists.")
    assert people.user("mine@example.org")["Username"] == "owner"


def test_invitations_go_out_and_again(people: People) -> None:
    given = {"UserPoolId": people.id, "Username": "guest"}
    people.idp.admin_create_user(
        **given,
        DesiredDeliveryMediums=["EMAIL"],
        UserAttributes=[{"Name": "email", "Value": "guest@example.org"}],
    )
    first = people.sent()[-1]
    assert (first.purpose, first.destination) == ("AdminCreateUser", "guest@example.org")
    assert "guest" in first.body
    people.idp.admin_create_user(**given, MessageAction="RESEND", DesiredDeliveryMediums=["EMAIL"])
    again = people.sent()[-1]
    assert again.number > first.number
    assert again.body != first.body


def test_the_outbox_is_read_over_http_with_dev_alone(people: People) -> None:
    hosts = [("host", "127.0.0.1:4566")]
    assert people.endpoint.send("GET", "/_bargate/outbox", hosts).status in (403, 404)
    with Endpoint(dev=True) as dev:
        found = dev.send("GET", "/_bargate/outbox", hosts)
        assert found.status == 200
        assert dev.send("GET", "/_bargate/outbox", [("host", "evil.example")]).status == 403
        page = [*hosts, ("origin", "https://evil.example")]
        assert dev.send("GET", "/_bargate/outbox", page).status == 403
        assert dev.send("POST", "/_bargate/outbox", hosts).status == 405
