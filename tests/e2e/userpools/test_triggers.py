"""Triggers that are real functions: they refuse, write claims, bring users, and ask their own questions."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from e2e.control.installation import Running
from e2e.userpools.directory import PASSWORD, Directory, claims_of, refusal
from srp_client import SrpClient

FLOWS = [
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_CUSTOM_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
    "ALLOW_USER_SRP_AUTH",
]
WRONG = ("NotAuthorizedException", "Incorrect username or password.")
HIDES = {"PreventUserExistenceErrors": "ENABLED"}
# One function for all triggers of a pool, as many have it.
CODE = """
def handler(event, context):
    return globals()[event["triggerSource"].partition("_")[0]](event)

def PreAuthentication(event):
    if event["request"]["validationData"] == {"from": "mars"}:
        raise ValueError("Nobody from Mars")
    return event

def PostAuthentication(event):
    return None if event["userName"] == "silent" else event

def TokenGeneration(event):
    metadata = event["request"].get("clientMetadata", {})
    event["response"]["claimsAndScopeOverrideDetails"] = {
        "idTokenGeneration": {
            "claimsToAddOrOverride": {"why": event["triggerSource"], "sub": "forged", **metadata},
            "claimsToSuppress": ["email"],
        },
        "accessTokenGeneration": {
            "claimsToAddOrOverride": {"levels": [1, 2]},
            "scopesToAdd": ["pets/read"],
        },
        "groupOverrideDetails": {"groupsToOverride": ["made-up"]},
    }
    return event

def UserMigration(event):
    if event["userName"] == "old" and event["request"]["password"] == "Old-password-9":
        event["response"]["userAttributes"] = {"email": "old@example.org", "email_verified": "true"}
        return event
    raise ValueError("who?")

def DefineAuthChallenge(event):
    session, response = event["request"]["session"], event["response"]
    last = session[-1] if session else None
    if last and last["challengeName"] == "SRP_A":
        response["challengeName"] = "PASSWORD_VERIFIER"
    elif last and last["challengeName"] == "CUSTOM_CHALLENGE" and last["challengeResult"]:
        response["issueTokens"] = True
    elif len([each for each in session if not each["challengeResult"]]) >= 2:
        response["failAuthentication"] = True
    else:
        response["challengeName"] = "CUSTOM_CHALLENGE"
    return event

def CreateAuthChallenge(event):
    event["response"] = {
        "publicChallengeParameters": {"question": "of all?", "USERNAME": "forged"},
        "privateChallengeParameters": {"answer": "42"},
        "challengeMetadata": "ROUND-%d" % len(event["request"]["session"]),
    }
    return event

def VerifyAuthChallengeResponse(event):
    right = event["request"]["privateChallengeParameters"]["answer"]
    event["response"]["answerCorrect"] = event["request"]["challengeAnswer"] == right
    return event
"""
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
TRIGGERS = (
    "PreAuthentication", "PostAuthentication", "UserMigration", "DefineAuthChallenge",
    "CreateAuthChallenge", "VerifyAuthChallengeResponse",
)  # fmt: skip


def packed(text: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("app.py", text)
    return data.getvalue()


@pytest.fixture(scope="module")
def function(bargate: Running) -> str:
    iam = bargate.client("iam")
    role = iam.create_role(RoleName="runs", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    made = bargate.client("lambda").create_function(
        FunctionName="triggers",
        Runtime="python3.11",
        Handler="app.handler",
        Role=role,
        Code={"ZipFile": packed(CODE)},
    )
    return str(made["FunctionArn"])


def permit(bargate: Running, function: str, directory: Directory) -> None:
    arn = directory.admin.describe_user_pool(UserPoolId=directory.id)["UserPool"]["Arn"]
    bargate.client("lambda").add_permission(
        FunctionName=function,
        StatementId=directory.id,
        Action="lambda:InvokeFunction",
        Principal="cognito-idp.amazonaws.com",
        SourceArn=arn,
    )


def directory_with(bargate: Running, function: str, *triggers: str, **client: Any) -> Directory:
    config: dict[str, Any] = dict.fromkeys(triggers, function)
    if "PreTokenGeneration" in triggers:
        versioned = {"LambdaArn": function, "LambdaVersion": "V2_0"}
        config["PreTokenGenerationConfig"] = versioned
    settings = {"ExplicitAuthFlows": FLOWS, **client}
    directory = Directory.of(bargate, settings, LambdaConfig=config)
    permit(bargate, function, directory)
    directory.add("ann", email="ann@example.org", email_verified="true")
    return directory


def begin(directory: Directory, name: str, **more: str) -> Any:
    return directory.public.initiate_auth(
        ClientId=directory.client_id,
        AuthFlow="CUSTOM_AUTH",
        AuthParameters={"USERNAME": name, **more},
    )


def answer(directory: Directory, posed: Any, given: str, **more: Any) -> Any:
    return directory.public.respond_to_auth_challenge(
        ClientId=directory.client_id,
        ChallengeName="CUSTOM_CHALLENGE",
        ChallengeResponses={"USERNAME": posed["ChallengeParameters"]["USERNAME"], "ANSWER": given},
        Session=posed["Session"],
        **more,
    )


@pytest.fixture(scope="module")
def people(bargate: Running, function: str) -> Directory:
    return directory_with(bargate, function, *TRIGGERS, "PreTokenGeneration")


@pytest.fixture(scope="module")
def hidden(bargate: Running, function: str) -> Directory:
    return directory_with(bargate, function, *TRIGGERS, **HIDES)


def test_a_function_that_the_pool_may_not_invoke_lets_nobody_in(
    bargate: Running, function: str
) -> None:
    config = {"PreAuthentication": function}
    directory = Directory.of(bargate, LambdaConfig=config)
    directory.add("ann")
    denied = "PreAuthentication invocation failed due to error AccessDeniedException."
    assert refusal(directory.begin, "ann") == ("UnexpectedLambdaException", denied)
    permit(bargate, function, directory)
    assert directory.sign_in("ann")


def test_a_function_refuses_in_its_own_words(people: Directory) -> None:
    code, message = refusal(
        people.public.initiate_auth,
        ClientId=people.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ann", "PASSWORD": PASSWORD},
        ClientMetadata={"from": "mars"},
    )
    assert code == "UserLambdaValidationException"
    assert message == "PreAuthentication failed with error Nobody from Mars."


def test_a_function_that_gives_nothing_back_lets_nobody_in(people: Directory) -> None:
    people.add("silent")
    told = ("InvalidLambdaResponseException", "Unrecognizable lambda output")
    assert refusal(people.begin, "silent") == told


def test_a_function_writes_claims_scopes_and_groups(people: Directory) -> None:
    result = people.sign_in("ann")
    identity, access = claims_of(result["IdToken"]), claims_of(result["AccessToken"])
    assert identity["why"] == "TokenGeneration_Authentication"
    assert "email" not in identity
    assert identity["sub"] == access["sub"] != "forged"
    assert access["levels"] == [1, 2]
    assert access["scope"] == "aws.cognito.signin.user.admin pets/read"
    assert identity["cognito:groups"] == access["cognito:groups"] == ["made-up"]
    assert people.user_of(result["AccessToken"])["Username"] == "ann"
    again = people.refresh(result["RefreshToken"])
    assert claims_of(again["IdToken"])["why"] == "TokenGeneration_RefreshTokens"
    assert claims_of(again["AccessToken"])["scope"] == access["scope"]


def test_a_user_comes_from_elsewhere_with_their_password(people: Directory) -> None:
    assert refusal(people.begin, "old", "Wrong-password-1")[0] == "UserNotFoundException"
    assert people.sign_in("old", "Old-password-9")
    found = people.admin.admin_get_user(UserPoolId=people.id, Username="old")
    assert found["UserStatus"] == "CONFIRMED"
    assert refusal(people.begin, "old", "Wrong-password-1") == WRONG
    assert people.sign_in_srp("old", "Old-password-9")


def test_nobody_learns_who_could_be_brought(hidden: Directory) -> None:
    assert refusal(hidden.begin, "old", "Wrong-password-1") == WRONG
    assert refusal(hidden.begin, "nobody", "Wrong-password-1") == WRONG


def test_a_custom_question_lets_in_who_answers_it(people: Directory) -> None:
    posed = begin(people, "ann")
    assert posed["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert posed["ChallengeParameters"] == {"question": "of all?", "USERNAME": "ann"}
    assert "42" not in json.dumps(posed["ChallengeParameters"])
    done = answer(people, posed, "42", ClientMetadata={"tenant": "t1"})
    assert claims_of(done["AuthenticationResult"]["IdToken"])["tenant"] == "t1"
    used = refusal(answer, people, posed, "42")
    assert used[1] == "Invalid session for the user, session can only be used once."


def test_what_is_said_as_a_sign_in_begins_reaches_no_later_trigger(people: Directory) -> None:
    begun = people.public.initiate_auth(
        ClientId=people.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ann", "PASSWORD": PASSWORD},
        ClientMetadata={"tenant": "t1"},
    )
    assert "tenant" not in claims_of(begun["AuthenticationResult"]["IdToken"])


def test_a_wrong_answer_is_asked_again_and_then_refused(people: Directory) -> None:
    again = answer(people, begin(people, "ann"), "41")
    assert again["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert refusal(answer, people, again, "43") == WRONG
    again = answer(people, begin(people, "ann"), "41")
    assert answer(people, again, "42")["AuthenticationResult"]


def test_a_password_may_come_before_the_question(people: Directory) -> None:
    srp = SrpClient(people.id, PASSWORD)
    posed = begin(people, "ann", CHALLENGE_NAME="SRP_A", SRP_A=srp.srp_a)
    assert posed["ChallengeName"] == "PASSWORD_VERIFIER"
    given = srp.responses(posed["ChallengeParameters"])
    asked = people.answer("PASSWORD_VERIFIER", **given)
    assert asked["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert answer(people, asked, "42")["AuthenticationResult"]
    srp = SrpClient(people.id, "Wrong-password-1")
    posed = begin(people, "ann", CHALLENGE_NAME="SRP_A", SRP_A=srp.srp_a)
    given = srp.responses(posed["ChallengeParameters"])
    assert refusal(people.answer, "PASSWORD_VERIFIER", **given) == WRONG


def test_a_custom_sign_in_asks_strangers_as_it_asks_users(hidden: Directory) -> None:
    real, unreal = begin(hidden, "ann"), begin(hidden, "nobody")
    assert set(real) == set(unreal)
    assert unreal["ChallengeParameters"] == {"question": "of all?", "USERNAME": "nobody"}
    assert answer(hidden, real, "42")["AuthenticationResult"]
    assert refusal(answer, hidden, unreal, "42") == WRONG
    srp = SrpClient(hidden.id, PASSWORD)
    posed = begin(hidden, "nobody", CHALLENGE_NAME="SRP_A", SRP_A=srp.srp_a)
    given = srp.responses(posed["ChallengeParameters"])
    assert refusal(hidden.answer, "PASSWORD_VERIFIER", **given) == WRONG


def test_answers_are_not_guessed_without_end(hidden: Directory) -> None:
    hidden.add("guessed")
    told = [refusal(_guess, hidden, number)[1] for number in range(6)]
    assert told[-1] == "Password attempts exceeded"


def _guess(directory: Directory, number: int) -> None:
    posed = answer(directory, begin(directory, "guessed"), f"no-{number}")
    answer(directory, posed, "neither")


def test_a_custom_sign_in_shows_nothing_of_a_user_who_may_not_come_in(hidden: Directory) -> None:
    hidden.add("leaver")
    hidden.admin.admin_disable_user(UserPoolId=hidden.id, Username="leaver")
    posed = begin(hidden, "leaver")
    assert posed["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert refusal(answer, hidden, posed, "42") == ("NotAuthorizedException", "User is disabled.")


def test_a_temporary_password_is_replaced_after_the_question_not_instead(
    people: Directory,
) -> None:
    people.add("new", None)
    posed = begin(people, "new")
    assert posed["ChallengeName"] == "CUSTOM_CHALLENGE"
    posed = answer(people, posed, "42")
    assert posed["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    done = people.answer(
        "NEW_PASSWORD_REQUIRED", posed["Session"], USERNAME="new", NEW_PASSWORD=PASSWORD
    )
    why = claims_of(done["AuthenticationResult"]["IdToken"])["why"]
    assert why == "TokenGeneration_NewPasswordChallenge"


def test_a_pool_without_triggers_has_no_custom_sign_in(bargate: Running) -> None:
    directory = Directory.of(bargate, {"ExplicitAuthFlows": FLOWS})
    directory.add("ann")
    told = "Custom auth lambda trigger is not configured for the user pool."
    assert refusal(begin, directory, "ann") == ("InvalidParameterException", told)
    assert refusal(begin, directory, "nobody") == ("InvalidParameterException", told)
