"""What a start must not wait for: each of these imports costs 10 to 200 ms and megabytes."""

import subprocess
import sys

import pytest

NEEDED_LATER = {
    "bargate.cli.serve": {
        "bargate.access.order",
        "bargate.openapi",
        "bargate.policy",
        "bargate.snapshot.compile",
        "regex",
        "rich",
        "yaml",
    },
    "bargate.control.process": {
        "airspeed",
        "argon2",
        "bargate.openapi",
        "bargate.services.apigateway",
        "bargate.services.apigatewayv2",
        "bcrypt",
        "botocore.compat",
        "cryptography.x509",
        "gmpy2",
        "ijson",
        "jinja2",
        "regex",
        "smtplib",
        "sqlalchemy",
        "urllib3",
        "webauthn",
        "yaml",
    },
    "bargate.gateway.worker": {
        "airspeed",
        "bargate.openapi",
        "botocore",
        "cryptography.x509",
        "regex",
        "yaml",
    },
}


@pytest.mark.parametrize("module", NEEDED_LATER)
def test_a_process_starts_without_what_it_needs_later(module):
    code = f"import sys, {module}; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = set(ran.stdout.split())
    assert module in imported
    assert not imported & NEEDED_LATER[module]
