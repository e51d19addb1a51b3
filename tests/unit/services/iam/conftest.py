import json

import pytest

from bargate.services.iam import SERVICE
from calling import Calling


@pytest.fixture
def iam() -> Calling:
    return Calling(SERVICE)


@pytest.fixture
def allow() -> str:
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
