"""Import jobs through boto3 and a plain PUT, as AWS's documentation tells."""

from __future__ import annotations

import http.client
import os
import signal
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from e2e.control.installation import Running, is_alive, until
from importing import all_users, csv_row, csv_rows, csv_text, put, reported

SHARES_INSTALLATION = True
ROLE = "arn:aws:iam::000000000000:role/logs"


@pytest.fixture
def idp(bargate: Running) -> Any:
    return bargate.client("cognito-idp")


@pytest.fixture
def pool(idp: Any) -> str:
    made = idp.create_user_pool(PoolName="people", AutoVerifiedAttributes=["email"])
    return str(made["UserPool"]["Id"])


def create(idp: Any, pool: str, name: str = "job") -> Any:
    asked = {"UserPoolId": pool, "JobName": name, "CloudWatchLogsRoleArn": ROLE}
    return idp.create_user_import_job(**asked)["UserImportJob"]


def described(idp: Any, job: Any) -> Any:
    given = {"UserPoolId": job["UserPoolId"], "JobId": job["JobId"]}
    return idp.describe_user_import_job(**given)["UserImportJob"]


def start(idp: Any, job: Any) -> Any:
    given = {"UserPoolId": job["UserPoolId"], "JobId": job["JobId"]}
    return idp.start_user_import_job(**given)["UserImportJob"]


def code_of(call: Any, *given: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(*given)
    return str(refused.value.response["Error"]["Code"])


def run(idp: Any, pool: str, rows: list[dict[str, str]]) -> Any:
    """Run a job to its end."""
    job = create(idp, pool)
    assert put(job["PreSignedUrl"], csv_text(rows).encode()) == 200
    assert start(idp, job)["Status"] == "Pending"
    until(lambda: described(idp, job)["Status"] not in ("Pending", "InProgress"), 60)
    return described(idp, job)


def test_a_job_makes_users_and_says_what_it_did_not(idp: Any, pool: str, bargate: Running) -> None:
    idp.admin_create_user(UserPoolId=pool, Username="there", MessageAction="SUPPRESS")
    rows = [
        *csv_rows(450),
        csv_row("there"),
        csv_row("user0000000"),
        csv_row("=cmd", email="x"),
        csv_row("last", given_name="A\\, B"),
    ]
    job = run(idp, pool, rows)
    counts = [job[f"{what}Users"] for what in ("Imported", "Skipped", "Failed")]
    assert counts == [451, 2, 1]
    assert job["Status"] == "Succeeded"
    assert job["CompletionDate"] >= job["StartDate"] >= job["CreationDate"]
    assert "PreSignedUrl" not in job
    users = {each["Username"]: each for each in all_users(idp, pool)}
    assert len(users) == 452
    assert users["user0000449"]["UserStatus"] == "RESET_REQUIRED"
    assert {"Name": "given_name", "Value": "A, B"} in users["last"]["Attributes"]
    assert bargate.folder is not None
    name = f"{pool}.{job['JobId']}"
    where = f"imports/{name}.report.csv"
    assert job["CompletionMessage"].startswith("Import Job Completed Successfully.")
    assert job["CompletionMessage"].endswith(where)
    report = bargate.folder / where
    assert report.stat().st_mode & 0o777 == 0o600
    assert [(each["line"], each["username"]) for each in reported(report)] == [
        ("452", "there"),
        ("453", "user0000000"),
        ("454", "'=cmd"),
    ]
    assert not (bargate.folder / "imports" / f"{name}.csv").exists()
    idp.delete_user_pool(UserPoolId=pool)
    until(lambda: not report.exists())


def test_the_header_is_that_of_the_pool(idp: Any, pool: str) -> None:
    header = idp.get_csv_header(UserPoolId=pool)["CSVHeader"]
    assert header[:2] == ["name", "given_name"]
    assert header[-2:] == ["cognito:mfa_enabled", "cognito:username"]


def test_jobs_are_listed_from_the_newest_on(idp: Any, pool: str) -> None:
    names = [f"job {number}" for number in range(5)]
    for name in names:
        create(idp, pool, name)
    found: list[str] = []
    token: dict[str, str] = {}
    while len(found) < len(names):
        page = idp.list_user_import_jobs(UserPoolId=pool, MaxResults=2, **token)
        found += [each["JobName"] for each in page["UserImportJobs"]]
        token = {"PaginationToken": page["PaginationToken"]} if "PaginationToken" in page else {}
    assert (found, token) == (names[::-1], {})
    asked = {"UserPoolId": pool, "MaxResults": 2, "PaginationToken": "no-token"}
    assert code_of(lambda: idp.list_user_import_jobs(**asked)) == "InvalidParameterException"


def test_a_job_starts_with_a_file_and_once(idp: Any, pool: str) -> None:
    job = create(idp, pool)
    assert code_of(start, idp, job) == "PreconditionNotMetException"  # nothing was uploaded
    stop = {"UserPoolId": pool, "JobId": job["JobId"]}
    assert code_of(lambda: idp.stop_user_import_job(**stop)) == "PreconditionNotMetException"
    assert put(job["PreSignedUrl"], b"no header\n") == 200
    start(idp, job)
    until(lambda: described(idp, job)["Status"] == "Failed")
    assert "header" in described(idp, job)["CompletionMessage"]
    assert code_of(start, idp, job) == "PreconditionNotMetException"


def test_a_job_of_a_pool_that_verifies_nothing_does_not_start(idp: Any) -> None:
    pool = idp.create_user_pool(PoolName="people")["UserPool"]["Id"]
    job = create(idp, pool)
    assert put(job["PreSignedUrl"], csv_text([csv_row("ann")]).encode()) == 200
    assert code_of(start, idp, job) == "PreconditionNotMetException"


def test_only_the_token_of_a_job_uploads_for_it_and_once(idp: Any, pool: str) -> None:
    job, other = create(idp, pool), create(idp, pool)
    url, body = job["PreSignedUrl"], csv_text([csv_row("ann")]).encode()
    right, wrong = url.partition("?")[0], other["PreSignedUrl"].partition("?")[2]
    for asked in (
        right,
        f"{right}?{wrong}",
        f"{url}x",
        f"{url}&token=x",
        f"{url[:-1]}",
        f"{right}?token=",
        url.replace(job["JobId"], other["JobId"]),
        url.replace(job["JobId"], "import-unknown"),
    ):
        assert put(asked, body) == 403, asked
    assert put(url, body) == 200
    assert put(url, body) == 403
    assert "PreSignedUrl" not in described(idp, job)


@pytest.mark.parametrize("job", ["../../credentials", "%2e%2e/x", "import-..%2f", "import-a/../b"])
def test_no_path_leads_out_of_the_folder(bargate: Running, pool: str, job: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(bargate.endpoint).netloc, timeout=30)
    connection.request("PUT", f"/{pool}/imports/{job}?token=x", b"stolen")
    assert connection.getresponse().status in (400, 403, 404)
    connection.close()


def test_a_file_that_is_too_large_is_refused_before_it_comes(
    idp: Any, pool: str, bargate: Running
) -> None:
    target = urlsplit(create(idp, pool)["PreSignedUrl"])
    connection = http.client.HTTPConnection(target.netloc, timeout=30)
    connection.putrequest("PUT", f"{target.path}?{target.query}")
    connection.putheader("Content-Length", str(100 * 1024 * 1024 + 1))
    connection.endheaders()  # not a byte of the body
    assert connection.getresponse().status == 413
    connection.close()


def test_an_upload_that_is_broken_off_leaves_nothing_and_may_be_made_again(
    idp: Any, pool: str, bargate: Running
) -> None:
    job = create(idp, pool)
    target = urlsplit(job["PreSignedUrl"])
    connection = http.client.HTTPConnection(target.netloc, timeout=30)
    connection.putrequest("PUT", f"{target.path}?{target.query}")
    connection.putheader("Content-Length", "1000000")
    connection.endheaders()
    connection.send(b"x" * 1000)
    assert bargate.folder is not None
    imports = bargate.folder / "imports"
    until(lambda: any(imports.glob("*.new")))
    assert put(job["PreSignedUrl"], b"x") == 409
    connection.close()
    until(lambda: not any(imports.glob("*.new")))
    assert put(job["PreSignedUrl"], csv_text([csv_row("ann")]).encode()) == 200


def test_a_job_of_another_pool_is_nobodys(idp: Any, pool: str) -> None:
    job = create(idp, pool)
    other = idp.create_user_pool(PoolName="other")["UserPool"]["Id"]
    stranger = {**job, "UserPoolId": other}
    for call in (described, start):
        assert code_of(call, idp, stranger) == "ResourceNotFoundException"


def test_waiting_jobs_are_bounded(idp: Any, pool: str) -> None:
    other = idp.create_user_pool(PoolName="other")["UserPool"]["Id"]
    made = [attempt(idp, pool) for _ in range(21)]
    assert (made[0], made[-1]) == ("", "LimitExceededException")
    assert attempt(idp, other) == "LimitExceededException"  # of the account, not of a pool
    idp.delete_user_pool(UserPoolId=pool)
    until(lambda: attempt(idp, other) == "")
    idp.delete_user_pool(UserPoolId=other)


def attempt(idp: Any, pool: str) -> str:
    try:
        create(idp, pool)
    except ClientError as refused:
        return str(refused.response["Error"]["Code"])
    return ""


def test_a_job_goes_on_after_its_process_was_killed(idp: Any, pool: str, bargate: Running) -> None:
    rows = list(csv_rows(2_000))
    for row in rows[::50]:
        row["email"] = "none"
    job = create(idp, pool)
    assert put(job["PreSignedUrl"], csv_text(rows).encode()) == 200
    start(idp, job)
    other = create(idp, pool)
    assert put(other["PreSignedUrl"], csv_text([*rows, *list(csv_rows(9_000))]).encode()) == 200
    assert code_of(start, idp, other) == "PreconditionNotMetException"  # one of an account
    until(lambda: described(idp, job)["ImportedUsers"] > 300, 60)
    killed = bargate.control_id
    os.kill(killed, signal.SIGKILL)
    until(lambda: not is_alive(killed) and bool(answered(idp, job)), 60)
    until(lambda: described(idp, job)["Status"] == "Succeeded", 100)
    assert bargate.folder is not None
    report = bargate.folder / "imports" / f"{pool}.{job['JobId']}.report.csv"
    counts = [described(idp, job)[f"{what}Users"] for what in ("Imported", "Skipped", "Failed")]
    assert counts == [1_960, 0, 40], [
        e for e in reported(report) if int(e["line"]) % 50 != 2 or "email" not in e["reason"]
    ]
    names = [each["Username"] for each in all_users(idp, pool)]
    assert len(names) == len(set(names)) == 1_960
    lines = [int(each["line"]) for each in reported(report)]
    assert lines == [2 + 50 * number for number in range(40)]
    # Its place is free; the next is stopped, and keeps what it made.
    start(idp, other)
    until(lambda: described(idp, other)["SkippedUsers"] > 0, 60)
    idp.stop_user_import_job(UserPoolId=pool, JobId=other["JobId"])
    until(lambda: described(idp, other)["Status"] == "Stopped", 60)
    assert described(idp, other)["CompletionMessage"].startswith("The Import Job was stopped")
    assert code_of(start, idp, other) == "PreconditionNotMetException"


def answered(idp: Any, job: Any) -> Any:
    try:
        return described(idp, job)
    except (BotoCoreError, ClientError):
        return None
