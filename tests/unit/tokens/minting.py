"""An issuer of tokens for tests: signs what it is told, however odd."""

import base64
import json
from functools import lru_cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from bargate.access.call import Call
from bargate.tokens.jwk import parse_key_set

NOW = 1_700_000_000.0


@lru_cache
def private_key(name, bits=2048):
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def integer(number):
    return b64(number.to_bytes((number.bit_length() + 7) // 8)).decode()


def jwk(name, kid=None, **members):
    numbers = private_key(name).public_key().public_numbers()
    key = {"kty": "RSA", "kid": kid or name, "n": integer(numbers.n), "e": integer(numbers.e)}
    return key | members


def key_set(*keys):
    return json.dumps({"keys": list(keys)}).encode()


def encode(value):
    return b64(value if isinstance(value, bytes) else json.dumps(value).encode())


def sign(name, signing_input, digest=None):
    return private_key(name).sign(signing_input, padding.PKCS1v15(), digest or hashes.SHA256())


def mint(name, claims, **header):
    """Sign `claims` (a value, or the payload's bytes) with the key `name`."""
    head = {"alg": "RS256", "kid": name} | header
    return mint_raw(
        name, json.dumps({k: v for k, v in head.items() if v is not None}).encode(), claims
    )


def mint_raw(name, header, claims):
    signing_input = encode(header) + b"." + encode(claims)
    return signing_input + b"." + b64(sign(name, signing_input))


class MemoryDirectory:
    """Key sets in memory; notes for what and when it was asked whether it may fetch."""

    def __init__(self, may=False):
        self.generation = 1
        self.sets = {}
        self.may = may
        self.asked = []

    def publish(self, source, *keys):
        self.sets[source] = parse_key_set(key_set(*keys)).keys
        self.generation += 1

    def find(self, source, kid):
        return self.sets.get(source, {}).get(kid)

    def may_fetch(self, source, now):
        self.asked.append((source, now))
        return self.may

    def describe(self, source):
        return f"{len(self.sets.get(source, {}))} keys"

    def issuer_of(self, pool_arn):
        return None

    def is_ended(self, issuer, claims):
        return False


def call(token=None, *, header=b"authorization", query="", now=NOW):
    headers = {} if token is None else {header: token}
    return Call(
        method="GET",
        path="/prod/pets",
        resource_path="/pets",
        query=query,
        headers=list(headers.items()),
        header=headers,
        source_ip="192.0.2.1",
        secure=False,
        protocol="HTTP/1.1",
        received_at=now,
        request_id="id",
        extended_request_id="xid=",
    )
