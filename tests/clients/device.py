"""What pycognito does on a remembered device: device.py ENDPOINT POOL_ID CLIENT_ID USER PASSWORD.

It confirms by its own maths, but through boto3: its `confirm_device` knows AWS's address alone.
"""

import json
import sys

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from pycognito.aws_srp import AWSSRP, generate_hash_device

endpoint, pool_id, client_id, username, password = sys.argv[1:]
client = boto3.client(
    "cognito-idp",
    region_name=pool_id.split("_")[0],
    endpoint_url=endpoint,
    config=Config(signature_version=UNSIGNED),
)
user = {"username": username, "password": password, "pool_id": pool_id, "client_id": client_id}
first = AWSSRP(client=client, **user).authenticate_user()["AuthenticationResult"]
device = first["NewDeviceMetadata"]
secret, verifier = generate_hash_device(device["DeviceGroupKey"], device["DeviceKey"])
client.confirm_device(
    AccessToken=first["AccessToken"],
    DeviceKey=device["DeviceKey"],
    DeviceSecretVerifierConfig=verifier,
)
known = AWSSRP(
    client=client,
    device_key=device["DeviceKey"],
    device_group_key=device["DeviceGroupKey"],
    device_password=secret,
    **user,
)
second = known.authenticate_user()
print(json.dumps({"result": "AuthenticationResult" in second, "device": device["DeviceKey"]}))
