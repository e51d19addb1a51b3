"""Import jobs: a CSV file of users that is uploaded, and becomes users of a pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.records.pool_import import POOL_IMPORT
from bargate.services.cognito_idp.lookup import after_of, pools_of, the_pool
from bargate.services.operation import operation
from bargate.services.paging import token_of
from bargate.userpool.imports.formats.csv_file import header
from bargate.userpool.imports.jobs import as_of, drawn_job, new_job, start, stop, the_job
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.pool_import import PoolImport
    from bargate.records.user_pool import UserPool
    from bargate.services.operation import OperationCall, Params


@operation()
def get_csv_header(call: OperationCall, request: Params) -> Params:
    """Give the columns that the CSV file of a pool must have."""
    pool = the_pool(call, request)
    return {"UserPoolId": pool.id, "CSVHeader": list(header(pool))}


@operation(writes=True)
def create_user_import_job(call: OperationCall, request: Params) -> Params:
    """Make a job, and say where its file is to be uploaded."""
    pool = the_pool(call, request)
    algorithm = request.get("PasswordHashingAlgorithm")
    if algorithm is not None:
        message = "Hashes in CSV files are not read: bargate users import reads them from others."
        raise AwsError("InvalidParameterException", message)
    role_arn = request["CloudWatchLogsRoleArn"]
    job = drawn_job(pool, request["JobName"], role_arn, algorithm, call.now)
    return _answer(call, pool, new_job(call.tx, pool, job))


@operation(writes=True)
def start_user_import_job(call: OperationCall, request: Params) -> Params:
    """Let a job run whose file was uploaded."""
    pool, job = _the_job(call, request)
    return _answer(call, pool, start(call.tx, pool, job, call.now))


@operation(writes=True)
def stop_user_import_job(call: OperationCall, request: Params) -> Params:
    """Stop a job; users whom it made stay."""
    pool, job = _the_job(call, request)
    return _answer(call, pool, stop(call.tx, job))


@operation()
def describe_user_import_job(call: OperationCall, request: Params) -> Params:
    """Say how far a job is."""
    pool, job = _the_job(call, request)
    return _answer(call, pool, job)


@operation()
def list_user_import_jobs(call: OperationCall, request: Params) -> Params:
    """List the jobs of a pool, the newest first (AWS [D])."""
    pool, limit = the_pool(call, request), request["MaxResults"]
    after = after_of(request.get("PaginationToken"), (pool.id, "job"))
    found = call.tx.list_by(POOL_IMPORT, "newest", (pool.id, "job"), after=after, limit=limit + 1)
    output: Params = {"UserImportJobs": [_output(call, pool, each) for each in found[:limit]]}
    if len(found) > limit:
        last = found[limit - 1]
        newest = next(each for each in POOL_IMPORT.indexes if each.name == "newest")
        position = (*(newest.key_of(last) or ()), *POOL_IMPORT.key_of(last))
        output["PaginationToken"] = token_of(position)
    return output


def _the_job(call: OperationCall, request: Params) -> tuple[UserPool, PoolImport]:
    pool = the_pool(call, request)
    return pool, the_job(call.tx, pool, request["JobId"])


def _answer(call: OperationCall, pool: UserPool, job: PoolImport) -> Params:
    return {"UserImportJob": _output(call, pool, job)}


def _output(call: OperationCall, pool: UserPool, job: PoolImport) -> Params:
    job = as_of(job, call.now)
    url = None
    if job.token is not None:  # it is good for nothing once the file is there
        place = pools_of(call).place_of(pool)
        url = f"{place}/imports/{job.id}?token={job.token.reveal()}"
    output: Params = {
        "JobName": job.name,
        "JobId": job.id,
        "UserPoolId": job.pool_id,
        "PreSignedUrl": url,
        "CreationDate": job.created_at,
        "StartDate": job.started_at,
        "CompletionDate": job.completed_at,
        "Status": job.status,
        "CloudWatchLogsRoleArn": job.role_arn,
        "ImportedUsers": job.imported,
        "SkippedUsers": job.skipped,
        "FailedUsers": job.failed,
        "CompletionMessage": job.message,
        "PasswordHashingAlgorithm": job.algorithm,
    }
    return {name: value for name, value in output.items() if value is not None}
