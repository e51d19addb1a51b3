"""Users come from other systems, and from one pool to another, and sign in as they did there."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from pathlib import Path
from typing import Any

import bcrypt
import pytest

from e2e.control.installation import Running
from e2e.userpools.directory import PASSWORD, Directory, refusal
from importing import import_file
from serving import bargate as bargate_command
from totp_client import totp
from user_files import keycloak_of, keycloak_password

SHARES_INSTALLATION = True
WRONG = ("NotAuthorizedException", "Incorrect username or password.")
SUB = "3b241101-e2bb-4255-8caf-4136c566a962"
SALT = b"0123456789abcdef"
HIDDEN = {"PreventUserExistenceErrors": "ENABLED"}


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def moved_in(run_dir: Path, directory: Directory, path: Path, kind: str) -> str:
    arguments = (str(path), "--pool", directory.id, "--format", kind)
    code, said = import_file(*arguments, run_dir=run_dir)
    assert code == 0, said
    return said


def moved_out(run_dir: Path, directory: Directory, path: Path) -> dict[str, dict[str, Any]]:
    arguments = ("users", "export", "--pool", directory.id, "--with-password-hashes")
    done = bargate_command(*arguments, "--out", str(path), "--force", run_dir=run_dir)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in path.read_text().splitlines()[1:-1]]
    return {each["username"]: each for each in lines}


@pytest.fixture(scope="module")
def strangers(
    bargate: Running, run_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Directory:
    """A pool with users of Keycloak and Auth0."""
    folder = tmp_path_factory.mktemp("strangers")
    directory = Directory.of(bargate)
    derived = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), SALT, 27_500, 64)
    credential = keycloak_password("pbkdf2-sha256", b64(derived), b64(SALT), hashIterations=27_500)
    keycloak = [
        {"id": SUB, "username": name, "email": f"{name}@example.org", "credentials": [credential]}
        for name in ("ann", "anna")
    ]
    keycloak[1].pop("id")
    (folder / "realm.json").write_text(keycloak_of(*keycloak))
    assert "2 imported" in moved_in(run_dir, directory, folder / "realm.json", "keycloak")
    scrypt = hashlib.scrypt(PASSWORD.encode(), salt=SALT, n=1024, r=8, p=1, dklen=32)
    auth0 = [
        {
            "username": "bob",
            "email": "bob@example.org",
            "passwordHash": bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode(),
        },
        {
            "username": "bea",
            "email": "bea@example.org",
            "custom_password_hash": {
                "algorithm": "scrypt",
                "cost": 1024,
                "keylen": 32,
                "hash": {"value": scrypt.hex(), "encoding": "hex"},
                "salt": {"value": SALT.decode()},
            },
        },
    ]
    (folder / "auth0.json").write_text("\n".join(json.dumps(each) for each in auth0))
    assert "2 imported" in moved_in(run_dir, directory, folder / "auth0.json", "auth0")
    return directory


def test_passwords_of_other_systems_sign_in_and_become_ours(
    strangers: Directory, run_dir: Path, tmp_path: Path
) -> None:
    for name in ("ann", "bob", "bea"):
        assert refusal(strangers.sign_in, name, "Wrong-password-1") == WRONG
        assert strangers.sign_in(name)
        assert strangers.sign_in_srp(name)
        assert refusal(strangers.sign_in_srp, name, "Wrong-password-1") == WRONG
        assert strangers.sign_in(name)
    users = moved_out(run_dir, strangers, tmp_path / "users")
    assert users["ann"]["sub"] == SUB
    for name in ("ann", "bob", "bea"):
        assert users[name]["hash"].startswith("$argon2id$")
        assert users[name]["srp_verifier"]
    assert users["anna"]["hash"].startswith("$pbkdf2-sha256$i=27500")
    assert "srp_verifier" not in users["anna"]


def test_srp_of_an_imported_hash_leads_on_and_tells_nothing_where_users_are_hidden(
    strangers: Directory,
) -> None:
    told = refusal(strangers.sign_in_srp, "anna")
    assert told == ("PasswordResetRequiredException", "Password reset required for the user")
    app = strangers.admin.create_user_pool_client(
        UserPoolId=strangers.id,
        ClientName="hidden",
        ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH"],
        **HIDDEN,
    )["UserPoolClient"]
    hidden = Directory(strangers.admin, strangers.public, strangers.id, app["ClientId"])
    assert refusal(hidden.sign_in_srp, "anna") == WRONG
    assert refusal(hidden.sign_in_srp, "nobody") == WRONG
    assert refusal(hidden.begin, "nobody") == refusal(hidden.begin, "anna", "Wrong-password-1")


def test_a_refusal_takes_as_long_for_nobody_as_with_an_imported_hash(
    bargate: Running, run_dir: Path, tmp_path: Path
) -> None:
    hidden = Directory.of(bargate, HIDDEN)
    hidden.add("ours")
    derived = hashlib.pbkdf2_hmac("sha512", PASSWORD.encode(), SALT, 200_000)
    credential = keycloak_password("pbkdf2-sha512", b64(derived), b64(SALT), hashIterations=200_000)
    names = ("ann", "bob", "cat")
    (tmp_path / "realm").write_text(
        keycloak_of(*({"username": name, "credentials": [credential]} for name in names))
    )
    moved_in(run_dir, hidden, tmp_path / "realm", "keycloak")
    refused_after_s(hidden, "ann")  # from here on it is known how long such hashes take
    for _ in range(2):
        slow = [refused_after_s(hidden, name) for name in names[1:]]
        fast = [refused_after_s(hidden, name) for name in ("nobody-1", "nobody-2", "ours")]
        if min(fast) > 0.8 * min(slow):
            return
    pytest.fail(f"nobody is refused after {fast} s, who was imported after {slow} s")


def refused_after_s(directory: Directory, name: str) -> float:
    begun_s = time.perf_counter()
    assert refusal(directory.begin, name, "Wrong-password-1") == WRONG
    return time.perf_counter() - begun_s


def test_users_move_from_pool_to_pool(bargate: Running, run_dir: Path, tmp_path: Path) -> None:
    both = {"Schema": [{"Name": "plan", "AttributeDataType": "String"}]}
    old, new = Directory.of(bargate, **both), Directory.of(bargate, **both)
    for directory in (old, new):
        directory.admin.create_group(UserPoolId=directory.id, GroupName="staff")
        directory.admin.set_user_pool_mfa_config(
            UserPoolId=directory.id,
            SoftwareTokenMfaConfiguration={"Enabled": True},
            MfaConfiguration="OPTIONAL",
        )
    sub = old.add(
        "ann", **{"email": "ann@example.org", "email_verified": "true", "custom:plan": "x"}
    )
    old.add("bob", None)
    old.add("cat")
    old.admin.admin_add_user_to_group(UserPoolId=old.id, Username="ann", GroupName="staff")
    old.admin.admin_disable_user(UserPoolId=old.id, Username="cat")
    seed = with_authenticator(old, "ann")
    before = moved_out(run_dir, old, tmp_path / "old")
    assert "3 imported" in moved_in(run_dir, new, tmp_path / "old", "bargate")
    after = moved_out(run_dir, new, tmp_path / "new")
    for users in (before, after):
        for user in users.values():
            user.pop("srp_salt", None)
            user.pop("srp_verifier", None)  # of another pool's name: not taken along
    assert after == before
    challenge = new.begin("ann")
    assert challenge["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    code = totp(seed)
    answered = new.answer(
        "SOFTWARE_TOKEN_MFA", challenge["Session"], USERNAME="ann", SOFTWARE_TOKEN_MFA_CODE=code
    )
    user = new.user_of(answered["AuthenticationResult"]["AccessToken"])
    attributes = {each["Name"]: each["Value"] for each in user["UserAttributes"]}
    assert (attributes["sub"], attributes["email"]) == (sub, "ann@example.org")
    assert new.begin("bob", "Temporary-1")["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    assert refusal(new.begin, "cat") == ("NotAuthorizedException", "User is disabled.")


def with_authenticator(directory: Directory, name: str) -> str:
    """Give a user an authenticator that they prefer, and its seed."""
    token = directory.sign_in(name)["AccessToken"]
    seed = directory.public.associate_software_token(AccessToken=token)["SecretCode"]
    directory.public.verify_software_token(AccessToken=token, UserCode=totp(seed))
    directory.public.set_user_mfa_preference(
        AccessToken=token, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    return seed
