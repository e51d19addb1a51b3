"""A user's whole life with pycognito: user_life.py ENDPOINT POOL_ID CLIENT_ID USER.

Signed up, confirmed, with an authenticator, with a password that was changed and forgotten, deleted.
The pool takes mails for codes and offers authenticators. Prints one JSON object: what each step gave.
"""

import base64
import hashlib
import hmac
import json
import re
import sys
import time
from urllib.request import urlopen

from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from pycognito import Cognito
from pycognito.exceptions import SoftwareTokenMFAChallengeException

endpoint, pool_id, client_id, username = sys.argv[1:]
FIRST, SECOND, THIRD = "First-password-1", "Second-password-2", "Third-password-3"
EMAIL, STEP_S = f"{username}@example.org", 30


def app(**known):
    return Cognito(
        pool_id,
        client_id,
        username=username,
        boto3_client_kwargs={
            "endpoint_url": endpoint,
            "config": Config(signature_version=UNSIGNED),
        },
        **known,
    )


def codes_by_mail():
    """Give the codes that the user is sent; messages go out in the background."""
    seen = 0
    while True:
        with urlopen(f"{endpoint}/_bargate/outbox?pool={pool_id}&after={seen}") as answer:
            sent = json.load(answer)["messages"]
        for each in sent:
            seen = each["number"]
            if each["destination"] == EMAIL:
                yield re.search(r"\b\d{6}\b", each["body"])[0]
        time.sleep(0.02)


def codes_of(secret):
    """Give codes of one time step after the other, since each is good once."""
    step = int(time.time()) // STEP_S - 1
    while True:
        mac = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1)
        at = mac[-1] & 15
        yield f"{(int.from_bytes(mac[at : at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"
        step += 1


def refusal(call, *given):
    try:
        call(*given)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "taken"


told, mailed = {}, codes_by_mail()
user = app()
user.set_base_attributes(email=EMAIL)
told["confirmed"] = user.register(username, FIRST)["UserConfirmed"]
told["early"] = refusal(user.authenticate, FIRST)
next(mailed)
user.resend_confirmation_code(username)
told["wrongCode"] = refusal(user.confirm_sign_up, "000000")
user.confirm_sign_up(next(mailed))
user.authenticate(FIRST)
told["email"] = user.get_user().email_verified
told["wrongPassword"] = refusal(user.change_password, "Wrong-password-1", SECOND)
user.change_password(FIRST, SECOND)
codes = codes_of(user.associate_software_token())
told["verified"] = user.verify_software_token(next(codes), "phone")
user.set_user_mfa_preference(sms_mfa=False, software_token_mfa=True, preferred="SOFTWARE_TOKEN")
user = app()
try:
    user.authenticate(SECOND)
except SoftwareTokenMFAChallengeException:
    user.respond_to_software_token_mfa_challenge(next(codes))
    told["withTotp"] = user.get_user().username
before = user.access_token
user.renew_access_token()
user.verify_tokens()
told["renewed"] = user.access_token != before
user.initiate_forgot_password()
user.confirm_forgot_password(next(mailed), THIRD)
told["oldPassword"] = refusal(app().authenticate, SECOND)
user = app()
try:
    user.authenticate(THIRD)
except SoftwareTokenMFAChallengeException:
    user.respond_to_software_token_mfa_challenge(next(codes))
user.delete_user()
told["deleted"] = refusal(app().authenticate, THIRD)
print(json.dumps(told))
