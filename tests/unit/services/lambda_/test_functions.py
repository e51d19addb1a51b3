"""Functions made, told, listed, changed and taken away; and what is refused, in AWS's words."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.endpoint import ACCOUNT, REGION, Endpoint

from bargate.control.code_folder import code_folder, used_digests
from bargate.records.function import LAMBDA_VERSION
from unit.services.lambda_.making import ARN, ROLE, allow, asked, package, refused, trust, user

INVALID = "InvalidParameterValueException"
SECRET = "hunter2-in-a-variable"


def kept(endpoint: Endpoint) -> list[Path]:
    return sorted((Path(endpoint.settings.folder) / "functions").glob("*"))


def test_a_function_is_made_told_and_taken_away(endpoint: Endpoint, functions: Any) -> None:
    made = functions.create_function(
        **asked(Timeout=7, MemorySize=256, Description="d", Tags={"a": "b"})
    )
    digest = hashlib.sha256(package()).digest()
    assert made["FunctionArn"] == f"{ARN}:greet"
    assert (made["Version"], made["State"], made["LastUpdateStatus"]) == ("$LATEST", "Active", "Successful")  # fmt: skip
    assert made["CodeSha256"] == base64.b64encode(digest).decode()
    assert made["CodeSize"] == len(package())
    assert (made["Timeout"], made["MemorySize"], made["Description"]) == (7, 256, "d")
    told = functions.get_function(FunctionName="greet")
    assert told["Configuration"]["RevisionId"] == made["RevisionId"]
    assert told["Tags"] == {"a": "b"}
    (file,) = kept(endpoint)
    assert (file.name, file.stat().st_mode & 0o777) == (f"{digest.hex()}.zip", 0o600)
    assert file.read_bytes() == package()
    assert functions.delete_function(FunctionName="greet")["StatusCode"] == 204
    assert refused(functions.get_function, FunctionName="greet") == (
        "ResourceNotFoundException", f"Function not found: {ARN}:greet",
    )  # fmt: skip
    assert functions.list_functions()["Functions"] == []


def test_every_form_of_a_name_means_the_function(functions: Any) -> None:
    functions.create_function(**asked())
    for name in ("greet", f"{ACCOUNT}:function:greet", f"{ARN}:greet", f"{ARN}:greet:$LATEST"):
        told = functions.get_function_configuration(FunctionName=name)
        assert told["FunctionName"] == "greet"
    code, message = refused(functions.get_function, FunctionName="greet:1", Qualifier="2")
    assert (code, "derived qualifier" in message) == (INVALID, True)
    other = f"{ARN}:greet".replace(REGION, "eu-west-1")
    assert refused(functions.get_function, FunctionName=other) == (
        "ResourceNotFoundException",
        f"Functions from 'eu-west-1' are not reachable in this region ('{REGION}')",
    )
    for name in ("a.b", "greet:1:2", "x" * 65, "arn:aws:sqs:us-east-1:123456789012:greet", "a b"):
        assert refused(functions.get_function, FunctionName=name)[0] in {INVALID, "ValidationException"}  # fmt: skip
    code, _ = refused(functions.update_function_code, FunctionName="greet:1", ZipFile=package())
    assert code == INVALID


def test_a_name_is_given_once(functions: Any) -> None:
    functions.create_function(**asked())
    assert refused(functions.create_function, **asked()) == (
        "ResourceConflictException", "Function already exist: greet",
    )  # fmt: skip


def test_the_environment_is_sealed_and_never_in_an_error(
    endpoint: Endpoint, functions: Any
) -> None:
    functions.create_function(**asked(Environment={"Variables": {"PASSWORD": SECRET}}))
    told = functions.get_function_configuration(FunctionName="greet")
    assert told["Environment"] == {"Variables": {"PASSWORD": SECRET}}
    (record,) = endpoint.store.read(lambda tx: tx.list(LAMBDA_VERSION))
    assert SECRET not in repr(record)
    assert record.environment["PASSWORD"].reveal() == SECRET
    for variables in (
        {"AWS_ACCESS_KEY_ID": SECRET},
        {"AWS_LAMBDA_RUNTIME_API": SECRET},
        {"BIG": SECRET * 400},
        {"NUL": SECRET + "\0"},
    ):
        code, message = refused(
            functions.update_function_configuration,
            FunctionName="greet",
            Environment={"Variables": variables},
        )
        assert (code, SECRET in message) == (INVALID, False)
    now = functions.get_function_configuration(FunctionName="greet")
    assert now["RevisionId"] == told["RevisionId"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"Timeout": 901}, "less than or equal to 900"),
        ({"MemorySize": 10_241}, "less than or equal to 10240"),
        ({"EphemeralStorage": {"Size": 10_241}}, "less than or equal to 10240"),
        ({"Runtime": "java21"}, "java21 is not supported"),
        ({"Runtime": None}, "Runtime and Handler are mandatory"),
        ({"Handler": None}, "Runtime and Handler are mandatory"),
        ({"PackageType": "Image"}, "container images"),
        ({"Layers": [f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:x:1"]}, "layers"),
        ({"VpcConfig": {"SubnetIds": ["subnet-1"]}}, "VPC"),
        ({"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:1:q"}}, "dead-letter"),
        ({"SnapStart": {"ApplyOn": "PublishedVersions"}}, "SnapStart"),
        ({"Code": {}}, "Please provide a source"),
        ({"Code": {"ImageUri": "x"}}, "container images"),
        ({"Code": {"ZipFile": b"PK no zip"}}, "Could not unzip uploaded file"),
        ({"Code": {"ZipFile": package(), "S3Bucket": "bucket", "S3Key": "k"}}, "do not provide"),
        ({"Code": {"S3Bucket": "bucket"}}, "both S3Bucket and S3Key"),
        ({"Code": {"S3Bucket": "bucket", "S3Key": "no"}}, "NoSuchKey"),
        ({"Code": {"S3Bucket": "bucket", "S3Key": "../../etc/passwd"}}, "NoSuchKey"),
        ({"Tags": {"AWS:x": "y"}}, "aws:"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_made(
    functions: Any, given: dict[str, Any], said: str
) -> None:
    request = {key: value for key, value in asked(**given).items() if value is not None}
    code, message = refused(functions.create_function, **request)
    assert code == INVALID
    assert said in message
    assert functions.list_functions()["Functions"] == []


def test_what_asks_for_nothing_is_taken(functions: Any) -> None:
    functions.create_function(
        **asked(
            Layers=[],
            VpcConfig={"SubnetIds": [], "SecurityGroupIds": []},
            DeadLetterConfig={},
            SnapStart={"ApplyOn": "None"},
            KMSKeyArn="",
        )
    )


def test_a_zip_that_would_write_elsewhere_is_refused(functions: Any) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("../../evil.py", "x")
    code, message = refused(functions.create_function, **asked(Code={"ZipFile": data.getvalue()}))
    assert (code, "Could not unzip" in message) == (INVALID, True)


def test_a_package_comes_from_s3(endpoint: Endpoint, functions: Any) -> None:
    (endpoint.s3 / "bucket").mkdir()
    (endpoint.s3 / "bucket" / "code.zip").write_bytes(package("x = 1\n"))
    code = {"S3Bucket": "bucket", "S3Key": "code.zip"}
    made = functions.create_function(**asked(Code=code))
    assert made["CodeSize"] == len(package("x = 1\n"))
    maker = user(endpoint, "maker", allow(["lambda:*", "iam:PassRole"]))
    refusal, message = refused(maker.create_function, **asked("other", Code=code))
    assert refusal == "AccessDeniedException"
    assert "s3:GetObject on resource: arn:aws:s3:::bucket/code.zip" in message


def test_a_role_is_handed_on_only_by_who_may_and_must_trust_lambda(
    endpoint: Endpoint, functions: Any
) -> None:
    text = (
        "The role defined for the function cannot be assumed by Lambda. There is no such role in"
        " this account, or its trust policy does not let lambda.amazonaws.com assume it."
    )
    endpoint.client("iam").create_role(
        RoleName="other", AssumeRolePolicyDocument=trust("ecs-tasks.amazonaws.com")
    )
    for name in ("other", "nobody"):
        role = f"arn:aws:iam::{ACCOUNT}:role/{name}"
        assert refused(functions.create_function, **asked(Role=role)) == (INVALID, text)
    foreign = "arn:aws:iam::210987654321:role/runs"
    assert refused(functions.create_function, **asked(Role=foreign))[0] == "AccessDeniedException"
    maker = user(endpoint, "maker", allow("lambda:*"))
    for role in (ROLE, f"arn:aws:iam::{ACCOUNT}:role/nobody"):  # there or not: it is not said
        code, message = refused(maker.create_function, **asked(Role=role))
        assert (code, "iam:PassRole" in message) == ("AccessDeniedException", True)
    functions.create_function(**asked())
    code, _ = refused(maker.update_function_configuration, FunctionName="greet", Role=ROLE)
    assert code == "AccessDeniedException"
    assert maker.update_function_configuration(FunctionName="greet", Timeout=4)["Timeout"] == 4


def test_code_is_changed_by_who_knows_it_as_it_is(endpoint: Endpoint, functions: Any) -> None:
    made = functions.create_function(**asked())
    other = package("x = 2\n")
    tried = functions.update_function_code(FunctionName="greet", ZipFile=other, DryRun=True)
    assert tried["CodeSize"] == len(other)
    assert len(kept(endpoint)) == 1
    now = functions.get_function_configuration(FunctionName="greet")
    assert now["RevisionId"] == made["RevisionId"]
    stale = {"FunctionName": "greet", "ZipFile": other, "RevisionId": "old"}
    assert refused(functions.update_function_code, **stale)[0] == "PreconditionFailedException"
    new = functions.update_function_code(**{**stale, "RevisionId": made["RevisionId"]})
    assert new["RevisionId"] != made["RevisionId"]
    assert new["CodeSha256"] != made["CodeSha256"]
    code, _ = refused(
        functions.update_function_configuration,
        FunctionName="greet", Timeout=4, RevisionId=made["RevisionId"],
    )  # fmt: skip
    assert code == "PreconditionFailedException"


def test_functions_are_listed_in_pages(functions: Any) -> None:
    for name in ("a", "b", "c"):
        functions.create_function(**asked(name, Publish=True))
    first = functions.list_functions(MaxItems=2)
    second = functions.list_functions(MaxItems=2, Marker=first["NextMarker"])
    names = [each["FunctionName"] for page in (first, second) for each in page["Functions"]]
    assert (names, "NextMarker" in second) == (["a", "b", "c"], False)
    every = functions.list_functions(FunctionVersion="ALL")["Functions"]
    assert [each["FunctionArn"].rpartition("function:")[2] for each in every] == [
        "a:$LATEST", "a:1", "b:$LATEST", "b:1", "c:$LATEST", "c:1",
    ]  # fmt: skip
    for marker in ("x", "!", first["NextMarker"][:-2], "k6MxMjOjYWJjoWE"):
        assert refused(functions.list_functions, Marker=marker)[0] == INVALID


def test_what_nothing_names_is_swept_away(endpoint: Endpoint, functions: Any) -> None:
    functions.create_function(**asked())
    functions.create_function(**asked("same"))
    functions.create_function(**asked("gone", Code={"ZipFile": package("x = 3\n")}))
    functions.delete_function(FunctionName="gone")
    folder = code_folder(endpoint.settings)
    (folder.folder / "half.new").write_bytes(b"x")
    folder.sweep(endpoint.store.read(used_digests))
    assert [each.name for each in kept(endpoint)] == [
        f"{hashlib.sha256(package()).hexdigest()}.zip"
    ]
