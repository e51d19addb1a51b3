"""Deployment packages: taken from the request or from S3, checked, and put on disk.

ZipFile | s3://bucket/key ──► check_zip ──► CodeFiles.keep ──► StoredZip
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bargate.functions.zip_package import MAX_ZIPPED_BYTES, BadPackage, check_zip
from bargate.records.function import LAMBDA_VERSION, StoredZip
from bargate.services.environment import CodeFiles, Environment, NoSuchObject
from bargate.services.lambda_.errors import invalid
from bargate.services.lambda_.output import size_of
from bargate.store.interface import StoreUnavailable
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.services.lambda_.names import FunctionRef
    from bargate.services.operation import OperationCall, Params

MAX_STORED_BYTES: Final = 75 * 1024 * 1024 * 1024  # of a region


def taken(call: OperationCall, ref: FunctionRef, code: Params, *, keep: bool = True) -> StoredZip:
    """Give the package that a request brings or names, on disk unless not to `keep`."""
    files, data = _files(call), _data(call, code)
    try:
        check_zip(data)
    except BadPackage as error:
        raise invalid(
            f"Could not unzip uploaded file. Please check your file, then try to upload again."
            f" ({error})"
        ) from error
    if stored_bytes(call, ref) + len(data) > MAX_STORED_BYTES:
        raise AwsError("CodeStorageExceededException", "Code storage limit exceeded.")
    try:
        digest = files.keep(data) if keep else files.name(data)
    except OSError as error:
        raise StoreUnavailable(f"the package cannot be kept: {error.strerror}") from error
    return StoredZip(sha256=digest, size_bytes=len(data))


def stored_bytes(call: OperationCall, ref: FunctionRef) -> int:
    """Sum up the packages of an account's functions in a region."""
    versions = call.tx.list(LAMBDA_VERSION, (ref.account_id, ref.region))
    return sum(size_of(each.code) for each in versions)


def is_code_given(code: Params) -> bool:
    """Say whether a request brings or names code of any kind."""
    return any(code.get(name) is not None for name in ("ZipFile", "S3Bucket", "S3Key", "ImageUri"))


def _data(call: OperationCall, code: Params) -> bytes:
    if code.get("ImageUri") is not None:
        raise invalid("Bargate does not support container images: deploy a zip file.")
    if code.get("SourceKMSKeyArn"):
        raise invalid("Bargate does not support packages that are encrypted with KMS.")
    if not is_code_given(code):
        raise invalid("Please provide a source for function code.")
    data: bytes | None = code.get("ZipFile")
    if data is None:
        return _object(call, code)
    if code.get("S3Bucket") is not None or code.get("S3Key") is not None:
        raise invalid(
            "Please do not provide other FunctionCode parameters when providing a ZipFile."
        )
    if len(data) > MAX_ZIPPED_BYTES:
        message = f"Request must be smaller than {MAX_ZIPPED_BYTES} bytes for the CreateFunction operation"
        raise AwsError("RequestTooLargeException", message, 413)
    return data


def _object(call: OperationCall, code: Params) -> bytes:
    bucket, key = code.get("S3Bucket"), code.get("S3Key")
    if bucket is None or key is None:
        raise invalid("Please provide both S3Bucket and S3Key, or a ZipFile.")
    if code.get("S3ObjectStorageMode", "COPY") != "COPY":
        raise invalid("Bargate copies packages: S3ObjectStorageMode must be COPY.")
    environment = call.environment
    objects = environment.objects if isinstance(environment, Environment) else None
    if objects is None:
        raise invalid(
            "The package cannot be read: start bargate serve with --s3 DIR, in which"
            " s3://BUCKET/KEY is DIR/BUCKET/KEY"
        )
    try:
        return objects.read(bucket, key, code.get("S3ObjectVersion"), MAX_ZIPPED_BYTES)
    except NoSuchObject as error:
        raise invalid(
            "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message:"
            f" s3://{bucket}/{key} cannot be read: {error}"
        ) from error


def _files(call: OperationCall) -> CodeFiles:
    environment = call.environment
    files = environment.code if isinstance(environment, Environment) else None
    if files is None:
        raise AwsError("ServiceException", "This endpoint has no folder to keep code in.", 500)
    return files
