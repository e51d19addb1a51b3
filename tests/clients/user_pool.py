"""What a Python app does with pycognito: user_pool.py ENDPOINT POOL_ID CLIENT_ID USER PASSWORD.

Prints one JSON object: what each step gave.
"""

import json
import sys

from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from pycognito import Cognito

endpoint, pool_id, client_id, username, password = sys.argv[1:]


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


told = {}
try:
    app().authenticate(password="Wrong-password-1")
except ClientError as error:
    told["wrong"] = error.response["Error"]["Code"]
user = app()
user.authenticate(password=password)
told["user"] = user.get_user().username
told["sub"] = user.id_claims["sub"]
before = user.access_token
user.renew_access_token()
user.verify_tokens()
told["renewed"] = user.access_token != before
user.logout()
try:
    app(access_token=before).get_user()
except ClientError as error:
    told["signedOut"] = error.response["Error"]["Message"]
print(json.dumps(told))
