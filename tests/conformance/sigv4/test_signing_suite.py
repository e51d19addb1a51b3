"""The published signing suite (awslabs/aws-c-auth): 38 cases of v4, 38 of v4a, in both forms.

Every case is held against its canonical request and string to sign, byte for byte; v4 signatures
must be equal, v4a ones must verify. Then each signed request is read and verified whole.
"""

import json
import os
from calendar import timegm
from pathlib import Path
from time import strptime

import pytest
from msgspec import structs

from bargate.secret import Secret
from bargate.sigv4.asymmetric import is_signed_p256, private_key
from bargate.sigv4.authorization import Authorization, Expected, read_authorization
from bargate.sigv4.canonical import normalized_uri, unnormalized_uri
from bargate.sigv4.request import EMPTY_SHA256, SignedRequest, sha256_of
from bargate.sigv4.sign import Signer, presign, sign
from bargate.sigv4.signing_key import signature_of, signing_key, string_to_sign
from bargate.sigv4.verify import canonical_of, verify

VECTORS = Path(__file__).parents[3].parent / "shared" / "vectors" / "sigv4"
pytestmark = pytest.mark.vectors


def cases(version):
    folder = VECTORS / version
    if not folder.is_dir():
        absent = f"the signing suite is not at ../shared/vectors/sigv4/{version}"
        if os.environ.get("CI") == "true":
            pytest.fail(absent)
        pytest.skip(absent)
    complete = [each for each in sorted(folder.iterdir()) if (each / "context.json").is_file()]
    return [Case(each) for each in complete if (each / "header-canonical-request.txt").is_file()]


class Case:
    def __init__(self, folder):
        self.folder = folder
        self.name = folder.name
        context = json.loads(self.text("context.json"))
        credentials = context["credentials"]
        self.secret = Secret(credentials["secret_access_key"])
        self.access_key_id = credentials["access_key_id"]
        self.token = credentials.get("token")
        self.token_later = bool(context.get("omit_session_token"))
        self.at = timegm(strptime(context["timestamp"], "%Y-%m-%dT%H:%M:%SZ"))
        self.expires_s = context["expiration_in_seconds"]
        self.sign_body = context["sign_body"]
        self.uri = normalized_uri if context["normalize"] else unnormalized_uri
        self.expected = Expected(
            service=context["service"],
            region=context["region"],
            uri=self.uri,
            token_after_signing=self.token_later,
        )

    def text(self, name):
        return (self.folder / name).read_bytes().decode("utf-8").replace("\r\n", "\n")

    def signer(self, *, asymmetric):
        return Signer(
            access_key_id=self.access_key_id,
            secret=self.secret,
            region=self.expected.region,
            service=self.expected.service,
            session_token=None if self.token_later else self.token,
            asymmetric=asymmetric,
            uri=self.uri,
        )


def parse(text):
    """Read a request as the suite writes it: spaces in targets, folded values."""
    head, _, body = text.partition("\n\n")
    line, *rest = head.split("\n")
    method, _, target = line.removesuffix(" HTTP/1.1").partition(" ")
    path, _, query = target.partition("?")
    headers = []
    for each in rest:
        if each.startswith((" ", "\t")):
            name, value = headers.pop()
            headers.append((name, value + b"\n" + each.encode()))
        elif each:
            name, _, value = each.partition(":")
            headers.append((name.encode(), value.encode()))
    return SignedRequest(method, path, query, headers, sha256_of(body.encode()))


def read(case, form):
    request = parse(case.text(f"{form}-signed-request.txt"))
    found = read_authorization(request, case.expected, case.at)
    assert isinstance(found, Authorization), (case.name, form, found)
    return request, found


def check_parts(case, form):
    """Hold canonical request and string to sign against the suite's; give the latter."""
    request, found = read(case, form)
    canonical = canonical_of(found, request, request.body_sha256(), case.expected)
    where = (case.name, form)
    assert canonical.decode() == case.text(f"{form}-canonical-request.txt"), where
    to_sign = string_to_sign(found.algorithm, found.timestamp, found.scope, canonical)
    assert to_sign.decode() == case.text(f"{form}-string-to-sign.txt"), where
    assert verify(found, request, case.secret, case.expected) is None, where
    return found, to_sign


def test_all_38_cases_of_v4_in_both_forms():
    ran = 0
    for case in cases("v4"):
        for form in ("header", "query"):
            found, to_sign = check_parts(case, form)
            key = signing_key(case.secret, found.date, case.expected.region, case.expected.service)
            signature = case.text(f"{form}-signature.txt").strip()
            assert signature_of(key, to_sign) == signature == found.signature, (case.name, form)
            ran += 1
    assert ran == 2 * 38


def test_all_38_complete_cases_of_v4a_in_both_forms():
    ran = 0
    for case in cases("v4a"):
        numbers = private_key(case.secret, case.access_key_id).public_key().public_numbers()
        expected = json.loads(case.text("public-key.json"))
        assert (numbers.x, numbers.y) == (int(expected["X"], 16), int(expected["Y"], 16)), case.name
        for form in ("header", "query"):
            _, to_sign = check_parts(case, form)
            signature = case.text(f"{form}-signature.txt").strip()
            assert is_signed_p256(case.secret, case.access_key_id, to_sign, signature), case.name
            ran += 1
    assert ran == 2 * 38


def test_what_we_sign_is_what_the_suite_signs():
    """Our signer's header and query forms, from the unsigned requests."""
    ran = 0
    for case in cases("v4"):
        request = parse(case.text("request.txt"))
        if case.sign_body:
            hashed = (b"X-Amz-Content-Sha256", request.body_sha256().encode())
            signed = structs.replace(request, headers=[*request.headers, hashed])
        else:
            signed = request
        assert case.sign_body or request.body_sha256() == EMPTY_SHA256, case.name
        authorization = sign(signed, case.signer(asymmetric=False), case.at)[-1][1].decode()
        wanted = case.text("header-signature.txt").strip()
        assert authorization.endswith(f"Signature={wanted}"), case.name
        query = presign(request, case.signer(asymmetric=False), case.at, case.expires_s)
        wanted = case.text("query-signature.txt").strip()
        assert query.endswith(f"X-Amz-Signature={wanted}"), case.name
        ran += 1
    assert ran == 38


@pytest.mark.parametrize("version", ["v4", "v4a"])
def test_every_byte_of_a_signed_request_counts(version):
    """Change any one character of what is signed: never verified, never an exception."""
    refused = 0
    for case in cases(version)[:: 1 if version == "v4" else 8]:
        for form in ("header", "query"):
            for mutant in mutants(parse(case.text(f"{form}-signed-request.txt")), case):
                found = read_authorization(mutant, case.expected, case.at)
                if isinstance(found, Authorization):
                    where = (case.name, form, mutant.path, mutant.query, mutant.headers)
                    assert verify(found, mutant, case.secret, case.expected), where
                refused += 1
    assert refused > (1500 if version == "v4" else 150)


def mutants(request, case):
    yield structs.replace(request, method="PUT")
    yield structs.replace(request, path=f"{request.path}x")
    yield structs.replace(request, path=f"/x{request.path}")
    yield structs.replace(request, query=f"{request.query}&x=1" if request.query else "x=1")
    body = request.body_sha256()
    yield structs.replace(
        request, body_sha256=lambda: EMPTY_SHA256 if body != EMPTY_SHA256 else "0" * 64
    )
    signed = signed_names(request)
    for at, (name, value) in enumerate(request.headers):
        if name.lower() not in signed and name != b"Authorization":
            continue
        without = [*request.headers[:at], *request.headers[at + 1 :]]
        yield structs.replace(request, headers=without)
        yield structs.replace(request, headers=[*request.headers, (name, b"more")])
        for place in {0, len(value) // 2, len(value) - 1}:
            if value[place : place + 1].isspace():
                continue
            other = b"0" if value[place : place + 1] != b"0" else b"1"
            changed = (name, value[:place] + other + value[place + 1 :])
            yield structs.replace(
                request, headers=[*request.headers[:at], changed, *request.headers[at + 1 :]]
            )
    pairs = request.query.split("&") if request.query else []
    for at, pair in enumerate(pairs):
        if case.token_later and pair.startswith("X-Amz-Security-Token"):
            continue
        yield structs.replace(request, query="&".join([*pairs[:at], *pairs[at + 1 :]]))
        last = "0" if pair[-1:] != "0" else "1"
        changed = pair[:-1] + last
        yield structs.replace(request, query="&".join([*pairs[:at], changed, *pairs[at + 1 :]]))
        yield structs.replace(request, query="&".join([*pairs, pair]))


def signed_names(request):
    text = dict(request.headers).get(b"Authorization", b"").decode() + request.query
    listed = text.partition("SignedHeaders=")[2].partition(",")[0].partition("&")[0]
    return {name.encode() for name in listed.replace("%3B", ";").split(";")}
