"""What operations tell of functions: the model's `FunctionConfiguration`."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bargate.model.function import UrlCode
from bargate.records.function import StoredZip

if TYPE_CHECKING:
    from datetime import datetime

    from bargate.records.function import LambdaFunction, LambdaVersion, StoredCode


def configuration(
    function: LambdaFunction, version: LambdaVersion, qualifier: str = ""
) -> dict[str, Any]:
    """Tell of a version; the ARN has the qualifier that it was asked for by."""
    output = {
        "FunctionName": function.name,
        "FunctionArn": f"{function.arn}:{qualifier}" if qualifier else function.arn,
        "Handler": version.handler,
        "CodeSize": size_of(version.code),
        "CodeSha256": sha_of(version.code),
        "Description": version.description,
        "Timeout": version.timeout_s,
        "MemorySize": version.memory_mb,
        "LastModified": written(version.modified_at),
        "Version": version.version,
        "TracingConfig": {"Mode": version.tracing_mode},
        "RevisionId": version.revision_id,
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": [version.architecture],
        "EphemeralStorage": {"Size": version.ephemeral_storage_mb},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {
            "LogFormat": "Text",
            "LogGroup": f"/aws/lambda/{function.name}",
            **version.logging,
        },
    }
    return output | _optional(version)


def _optional(version: LambdaVersion) -> dict[str, Any]:
    output: dict[str, Any] = {}
    if version.runtime:
        output["Runtime"] = version.runtime
    if version.role_arn is not None:
        output["Role"] = version.role_arn
    if version.environment:
        variables = {name: value.reveal() for name, value in version.environment.items()}
        output["Environment"] = {"Variables": variables}
    return output


def sha_of(code: StoredCode) -> str:
    """Give the digest as AWS writes it: base64; empty for code that is no package."""
    if not isinstance(code, StoredZip):
        return ""
    return base64.b64encode(bytes.fromhex(code.sha256)).decode("ascii")


def size_of(code: StoredCode) -> int:
    """Give the size of a package in bytes, 0 of what is none."""
    return code.size_bytes if isinstance(code, StoredZip) else 0


def location(code: StoredCode) -> dict[str, str]:
    """Tell where code lies. A package has no place to fetch it from here, only a digest."""
    if isinstance(code, StoredZip):
        return {"RepositoryType": "S3"}
    if isinstance(code, UrlCode):
        return {"RepositoryType": "URL", "Location": _without_secrets(code.url)}
    return {"RepositoryType": "Directory", "Location": code.path}


def _without_secrets(url: str) -> str:
    """Give a URL without what may be a password: user and query are the operator's business."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def written(at: datetime) -> str:
    """Write a time as Lambda does: 2026-01-02T03:04:05.678+0000."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"
