"""SSH public keys of users: five for each."""

import base64
import binascii
import hashlib

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from msgspec import structs

from bargate.identity.unique_id import unique_id
from bargate.records.ssh_public_key import SSH_PUBLIC_KEY, SshPublicKey
from bargate.services.iam.credentials import checked_status
from bargate.services.iam.errors import limit_exceeded, no_such_entity
from bargate.services.iam.lookup import the_user, user_or_caller
from bargate.services.iam.pages import page, stored
from bargate.services.operation import OperationCall, Params, operation
from bargate.wire.error import AwsError

MAX_KEYS = 5
_MIN_BITS = 2_048


@operation(writes=True)
def upload_ssh_public_key(call: OperationCall, request: Params) -> Params:
    """Take in an RSA key in OpenSSH's form or PEM."""
    user = the_user(call, request["UserName"])
    body = _ssh_text(request["SSHPublicKeyBody"])
    own = call.tx.list(SSH_PUBLIC_KEY, (call.account_id, user.id))
    if any(each.body == body for each in own):
        raise AwsError("DuplicateSSHPublicKey", "The SSH public key was uploaded before.")
    if len(own) >= MAX_KEYS:
        raise limit_exceeded("SSHPublicKeysPerUser", MAX_KEYS)
    record = call.tx.create(
        SSH_PUBLIC_KEY,
        SshPublicKey(
            account_id=call.account_id,
            user_id=user.id,
            id=unique_id("APKA"),
            body=body,
            fingerprint=_fingerprint(body),
            uploaded_at=call.now,
        ),
    )
    return {"SSHPublicKey": _whole(record, user.name, record.body)}


@operation()
def get_ssh_public_key(call: OperationCall, request: Params) -> Params:
    """Give a key in OpenSSH's form or PEM."""
    user = the_user(call, request["UserName"])
    record = _found(call, user.id, request["SSHPublicKeyId"])
    body = record.body
    match request["Encoding"]:
        case "SSH":
            pass
        case "PEM":
            body = _pem_text(body)
        case other:
            raise AwsError("UnrecognizedPublicKeyEncoding", f"{other} is not SSH or PEM.")
    return {"SSHPublicKey": _whole(record, user.name, body)}


@operation()
def list_ssh_public_keys(call: OperationCall, request: Params) -> Params:
    """List a user's keys."""
    user = user_or_caller(call, request)
    found = page(request, [stored(call.tx, SSH_PUBLIC_KEY, (call.account_id, user.id))])
    return {"SSHPublicKeys": [_shape(each, user.name) for each in found.items], **found.tail}


@operation(writes=True)
def update_ssh_public_key(call: OperationCall, request: Params) -> Params:
    """Switch a key on or off."""
    user = the_user(call, request["UserName"])
    record = _found(call, user.id, request["SSHPublicKeyId"])
    status = checked_status(request)
    call.tx.update(
        SSH_PUBLIC_KEY,
        SSH_PUBLIC_KEY.key_of(record),
        lambda record: structs.replace(record, status=status),
    )
    return {}


@operation(writes=True)
def delete_ssh_public_key(call: OperationCall, request: Params) -> Params:
    """Delete a key."""
    user = the_user(call, request["UserName"])
    record = _found(call, user.id, request["SSHPublicKeyId"])
    call.tx.delete(SSH_PUBLIC_KEY, SSH_PUBLIC_KEY.key_of(record))
    return {}


def _pem_text(body: str) -> str:
    # Imported here: 20 ms that a start need not wait for.
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415

    key = serialization.load_ssh_public_key(body.encode("ascii"))
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode("ascii")


def _ssh_text(body: str) -> str:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  as in `_pem_text`

    data = body.strip().encode("utf-8")
    is_pem = data.startswith(b"-----BEGIN")
    load = serialization.load_pem_public_key if is_pem else serialization.load_ssh_public_key
    try:
        key = load(data)
    except (ValueError, UnsupportedAlgorithm, binascii.Error) as error:
        raise _invalid() from error
    # AWS [D]: RSA keys of 2048 bits or more.
    if not isinstance(key, RSAPublicKey) or key.key_size < _MIN_BITS:
        raise _invalid()
    form = serialization.PublicFormat.OpenSSH
    return key.public_bytes(serialization.Encoding.OpenSSH, form).decode("ascii")


def _invalid() -> AwsError:
    return AwsError("InvalidPublicKey", "The public key is not a valid RSA key of 2048 bits.")


def _fingerprint(body: str) -> str:
    blob = base64.b64decode(body.split(" ")[1])
    return hashlib.md5(blob, usedforsecurity=False).hexdigest()  # AWS [M]: MD5, 48 characters


def _found(call: OperationCall, user_id: str, key_id: str) -> SshPublicKey:
    key = (call.account_id, user_id, key_id)
    record = None if "\0" in key_id else call.tx.find(SSH_PUBLIC_KEY, key)
    if record is None:
        raise no_such_entity(f"The Public Key with id {key_id} cannot be found.")
    return record


def _shape(record: SshPublicKey, user_name: str) -> Params:
    return {
        "UserName": user_name,
        "SSHPublicKeyId": record.id,
        "Status": record.status,
        "UploadDate": record.uploaded_at,
    }


def _whole(record: SshPublicKey, user_name: str, body: str) -> Params:
    digits = record.fingerprint
    pairs = ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))
    return _shape(record, user_name) | {"Fingerprint": pairs, "SSHPublicKeyBody": body}
