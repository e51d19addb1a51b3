"""One of two processes that ask for the same thing at the same moment; run by `Race`.

    line in:  {"operation": "sign_up", "asked": {…}, "at_s": 1700000000.25}
    line out: {"code": "UsernameExistsException", "answer": null}

Endpoint, region and key stand in the arguments.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

_LEAD_S = 0.02


class Race:
    """Two racers; they end with the block."""

    def __init__(self, endpoint: str, region: str, key_id: str, secret: str) -> None:
        arguments = [sys.executable, str(Path(__file__)), endpoint, region, key_id, secret]
        self._racers = [
            subprocess.Popen(
                arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
            )
            for _ in range(2)
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for racer in self._racers:
            assert racer.stdin is not None
            assert racer.stdout is not None
            racer.stdin.close()
            racer.wait(30)
            racer.stdout.close()

    def run(self, operation: str, *asked: dict[str, Any]) -> list[dict[str, Any]]:
        """Let both ask, each for its own (or the same, if one is given); gives what they were told."""
        at_s = time.time() + _LEAD_S
        for racer, each in zip(self._racers, (*asked, asked[0]), strict=False):
            assert racer.stdin is not None
            racer.stdin.write(
                json.dumps({"operation": operation, "asked": each, "at_s": at_s}) + "\n"
            )
        told = []
        for racer in self._racers:
            assert racer.stdout is not None
            told.append(json.loads(racer.stdout.readline()))
        return told


def _race(client: Any, operation: str, asked: dict[str, Any], at_s: float) -> dict[str, Any]:
    while time.time() < at_s:
        pass
    try:
        answer = getattr(client, operation)(**asked)
    except ClientError as refused:
        return {"code": refused.response["Error"]["Code"], "answer": None}
    return {"code": "", "answer": answer}


def _main(endpoint: str, region: str, key_id: str, secret: str) -> None:
    client = boto3.client(  # type: ignore[call-overload]
        "cognito-idp",
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        config=Config(retries={"max_attempts": 0}, parameter_validation=False),
    )
    client.list_user_pools(MaxResults=1)  # the connection is there, and the model is loaded
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_race(client, **json.loads(line)), default=str) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _main(*sys.argv[1:])
