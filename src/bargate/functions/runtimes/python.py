"""Run a Python function on awslambdaric: `python -S -s -B python.py PACKAGES`, in the code folder.

The function's code comes first on the path, as at AWS; the packages that are installed beside
awslambdaric come last.
"""

import os
import sys


def _arrange_path() -> None:
    packages = sys.argv.pop()
    sys.path[0] = os.getcwd()  # noqa: PTH109  a cold start has no time for pathlib
    sys.path.append(packages)


def main() -> None:
    """Run it until the host ends it."""
    _arrange_path()
    # Only now is it found.
    from awslambdaric import (  # type: ignore[import-untyped]  # noqa: PLC0415
        bootstrap,
        lambda_runtime_client,
    )

    client = lambda_runtime_client.LambdaRuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"])
    bootstrap.run(os.environ["_HANDLER"], client)


if __name__ == "__main__":
    main()
