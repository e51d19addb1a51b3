"""What every answer of the AWS endpoint has to be, whatever was asked."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

from tests.endpoint import Answered


def check_answer(answered: Answered, protocol: str, asked: Any) -> bool:
    """Tell whether a request was fulfilled; it may only be that, or refused in the protocol."""
    told = (str(asked)[:1_500], answered.status, answered.body[:600])
    assert 200 <= answered.status < 300 or 400 <= answered.status < 500, told
    headers = {name.lower(): value for name, value in answered.headers.items()}
    assert headers.get("x-amzn-requestid"), told
    assert b"Traceback" not in answered.body, told
    assert b"bargate/" not in answered.body, told
    for name, value in headers.items():
        assert "\n" not in name + value, told
        assert "\r" not in name + value, told
    is_fulfilled = answered.status < 300
    if answered.status == 413:  # said before it is known what was called
        json.loads(answered.body)
    elif protocol == "json":
        _check_json_rpc(answered, told, is_fulfilled=is_fulfilled)
    elif protocol == "rest-json":
        _check_json(answered, headers, told, is_fulfilled=is_fulfilled)
    else:
        _check_xml(answered, told, is_fulfilled=is_fulfilled)
    return is_fulfilled


def _check_json(
    answered: Answered, headers: dict[str, str], told: Any, *, is_fulfilled: bool
) -> None:
    if is_fulfilled:
        if answered.body and headers.get("content-type") == "application/json":
            json.loads(answered.body)
        return
    found = json.loads(answered.body)
    assert isinstance(found, dict), told
    message = found.get("message", found.get("Message"))
    assert isinstance(message, str), told
    assert headers.get("x-amzn-errortype"), told


def _check_json_rpc(answered: Answered, told: Any, *, is_fulfilled: bool) -> None:
    found = json.loads(answered.body or b"{}")
    assert isinstance(found, dict), told
    if not is_fulfilled:
        assert isinstance(found.get("__type"), str), told
        assert isinstance(found.get("message", found.get("Message")), str), told


def _check_xml(answered: Answered, told: Any, *, is_fulfilled: bool) -> None:
    root = ET.fromstring(answered.body)
    names = {each.tag.rpartition("}")[2]: each.text for each in root.iter()}
    if not is_fulfilled:
        assert names.get("Code"), told
        assert names.keys() & {"RequestId", "RequestID"}, told  # the latter is EC2's
