import asyncio
import json
import logging

import pytest

from bargate.access import jwt_authorizer
from bargate.access.call import Facts
from bargate.access.control import GuardedRoute
from bargate.access.key_directory import KeySource
from bargate.access.verdict import Denial, Need
from bargate.gateway.fetch import FetchFailed
from bargate.gateway.key_directory import EXPIRE_AFTER_S, REFRESH_AFTER_S, HttpKeyDirectory
from bargate.model.http_api import HttpApi, HttpAuthorizer, Route
from bargate.model.installation import Installation, Stage
from unit.tokens.minting import NOW, call, jwk, key_set, mint

ISSUER = "https://issuer.example"
JWKS = ISSUER + "/keys"
SOURCE = KeySource(ISSUER)
DIRECT = KeySource(ISSUER, JWKS)


class Web:
    """Documents by URL (an exception is raised); `gate` holds answers back."""

    def __init__(self, *keys):
        self.documents = {
            ISSUER + "/.well-known/openid-configuration": json.dumps(
                {"issuer": ISSUER, "jwks_uri": JWKS}
            ).encode(),
            JWKS: key_set(*(keys or (jwk("a"),))),
        }
        self.asked = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.now = NOW

    async def fetch(self, url, *, timeout_s, max_bytes):
        assert (timeout_s, max_bytes) == (1.5, 150_000)
        self.asked.append(url)
        await self.gate.wait()
        document = self.documents[url]
        if isinstance(document, Exception):
            raise document
        return document

    def directory(self):
        return HttpKeyDirectory(self.fetch, lambda: self.now)

    def fetches(self):
        return self.asked.count(JWKS)


def step_for(keys):
    authorizer = HttpAuthorizer(id="x", name="x", type="JWT", issuer=ISSUER, audience=("client",))
    route = Route(route_key="GET /", authorization_type="JWT", authorizer_id="x")
    api = HttpApi(id="api", name="api", authorizers=(authorizer,), routes=(route,))
    guarded = GuardedRoute(Installation(), api, Stage(name="s"), route, keys)
    return jwt_authorizer.CONTROL.compile(guarded)


async def drive(step, keys, token, now):
    """Decide as the gateway does: fetch what is needed and ask again, at most twice."""
    for _ in range(3):
        verdict = step(call(token, now=now), Facts({}))
        if not isinstance(verdict, Need):
            return verdict
        await keys.fetch(verdict.source)
    raise AssertionError("the step never decides")


def token(name="a", **header):
    return mint(name, {"iss": ISSUER, "aud": "client", "exp": NOW + 90_000}, **header)


def test_discovery_leads_to_the_keys():
    async def run():
        web = Web(jwk("a"), jwk("b"))
        keys = web.directory()
        assert keys.find(SOURCE, "a") is None
        assert keys.may_fetch(SOURCE, NOW)
        before = keys.generation
        await keys.fetch(SOURCE)
        assert web.asked == [ISSUER + "/.well-known/openid-configuration", JWKS]
        assert keys.find(SOURCE, "a").kid == "a"
        assert keys.find(SOURCE, "c") is None
        assert keys.find(SOURCE, None) is None
        assert keys.generation != before
        assert "2 keys: 'a' 'b'" in keys.describe(SOURCE)
        assert jwk("a")["n"] not in keys.describe(SOURCE)

    asyncio.run(run())


def test_a_given_jwks_uri_needs_no_discovery():
    async def run():
        web = Web()
        keys = web.directory()
        await keys.fetch(DIRECT)
        assert web.asked == [JWKS]
        assert keys.find(DIRECT, "a") is not None
        assert keys.find(SOURCE, "a") is None

    asyncio.run(run())


def test_a_slash_that_ends_the_issuer_is_taken_off_for_discovery_alone():
    async def run():
        web = Web()
        issuer = ISSUER + "/"
        web.documents[ISSUER + "/.well-known/openid-configuration"] = json.dumps(
            {"issuer": issuer, "jwks_uri": JWKS}
        ).encode()
        keys = web.directory()
        await keys.fetch(KeySource(issuer))
        assert keys.find(KeySource(issuer), "a") is not None
        await keys.fetch(SOURCE)
        assert keys.find(SOURCE, "a") is None

    asyncio.run(run())


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"<html>",
        json.dumps({"issuer": "https://evil.example", "jwks_uri": JWKS}).encode(),
        json.dumps({"issuer": ISSUER + "/", "jwks_uri": JWKS}).encode(),
        json.dumps({"jwks_uri": JWKS}).encode(),
        json.dumps({"issuer": ISSUER}).encode(),
        json.dumps({"issuer": ISSUER, "jwks_uri": [JWKS]}).encode(),
        json.dumps({"issuer": ISSUER, "jwks_uri": "http://issuer.example/keys"}).encode(),
        json.dumps({"issuer": ISSUER, "jwks_uri": "file:///etc/passwd"}).encode(),
        json.dumps({"issuer": ISSUER, "jwks_uri": "//issuer.example/keys"}).encode(),
        json.dumps({"issuer": ISSUER, "jwks_uri": "https://u:p@issuer.example/keys"}).encode(),
        json.dumps({"issuer": ISSUER, "jwks_uri": "https://issuer.example/keys\r\nX: y"}).encode(),
        json.dumps({"issuer": ISSUER, "jwks_uri": "https://[::1/keys"}).encode(),
        b'{"issuer":"' + ISSUER.encode() + b'","jwks_uri":"x","jwks_uri":"' + JWKS.encode() + b'"}',
        FetchFailed("answered with status 302"),
        OSError("refused"),
        TimeoutError(),
    ],
)
def test_discovery_that_can_not_be_trusted_gives_no_keys(document):
    async def run():
        web = Web()
        web.documents[ISSUER + "/.well-known/openid-configuration"] = document
        keys = web.directory()
        await keys.fetch(SOURCE)
        assert web.fetches() == 0
        assert keys.find(SOURCE, "a") is None
        assert "failed" in keys.describe(SOURCE)

    asyncio.run(run())


def test_a_plain_http_issuer_may_have_plain_http_keys():
    async def run():
        web = Web()
        issuer = "http://localhost:4566/pool"
        web.documents[issuer + "/.well-known/jwks.json"] = key_set(jwk("a"))
        source = KeySource(issuer, issuer + "/.well-known/jwks.json")
        keys = web.directory()
        await keys.fetch(source)
        assert keys.find(source, "a") is not None
        down = KeySource(ISSUER, "http://issuer.example/keys")
        await keys.fetch(down)
        assert keys.find(down, "a") is None

    asyncio.run(run())


@pytest.mark.parametrize(
    "document", [b"", b"{}", b"x" * 150_001, FetchFailed("no answer within 1.5 s")]
)
def test_a_key_set_that_is_none_gives_no_keys(document):
    async def run():
        web = Web()
        web.documents[JWKS] = document
        keys = web.directory()
        await keys.fetch(SOURCE)
        assert keys.find(SOURCE, "a") is None
        assert "no keys" in keys.describe(SOURCE)

    asyncio.run(run())


def test_a_fetcher_that_never_answers_is_cut_off(monkeypatch):
    monkeypatch.setattr("bargate.gateway.key_directory.FETCH_TIMEOUT_S", 0.01)

    async def hang(url, *, timeout_s, max_bytes):
        await asyncio.Event().wait()

    async def run():
        keys = HttpKeyDirectory(hang, lambda: NOW)
        await keys.fetch(DIRECT)
        assert "TimeoutError" in keys.describe(DIRECT)

    asyncio.run(run())


def test_callers_join_the_fetch_under_way():
    async def run():
        web = Web()
        web.gate.clear()
        keys = web.directory()
        waiting = [asyncio.create_task(keys.fetch(SOURCE)) for _ in range(50)]
        await asyncio.sleep(0)
        assert keys.may_fetch(SOURCE, NOW)
        waiting[0].cancel()  # a client that went away does not take the others along
        web.gate.set()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(result) for result in results].count(asyncio.CancelledError) == 1
        assert web.fetches() == 1
        assert keys.find(SOURCE, "a") is not None
        assert not keys._in_flight

    asyncio.run(run())


def test_a_flood_of_forged_kids_is_one_fetch_in_thirty_seconds():
    async def run():
        web = Web()
        keys = web.directory()
        step = step_for(keys)
        assert await drive(step, keys, token(), web.now) is None
        assert web.fetches() == 1
        generation = keys.generation
        for second in range(1, 91):
            web.now = NOW + second
            for n in range(5):
                verdict = await drive(step, keys, token(kid=f"forged {second} {n}"), web.now)
                assert isinstance(verdict, Denial)
                assert verdict.reason == "jwt.unknown_key"
            assert await drive(step, keys, token(), web.now) is None
        assert web.fetches() == 1 + 3
        assert keys.generation == generation  # the same keys: nothing was forgotten

    asyncio.run(run())


def test_a_fetch_that_lasts_is_not_asked_for_again_by_those_who_waited():
    async def run():
        web = Web()
        keys = web.directory()
        await keys.fetch(SOURCE)
        web.now = NOW + 3
        web.documents[JWKS] = OSError("away")
        assert not keys.may_fetch(SOURCE, NOW)
        assert not keys.may_fetch(SOURCE, NOW - 5)
        assert keys.may_fetch(SOURCE, NOW - 3_600)  # the clock was set back

    asyncio.run(run())


def test_a_rotated_key_is_found_and_the_old_one_falls():
    async def run():
        web = Web(jwk("a"))
        keys = web.directory()
        step = step_for(keys)
        assert await drive(step, keys, token("a"), web.now) is None
        web.documents[JWKS] = key_set(jwk("b"))
        web.now = NOW + 29
        assert (await drive(step, keys, token("b"), web.now)).reason == "jwt.unknown_key"
        assert await drive(step, keys, token("a"), web.now) is None
        web.now = NOW + 30
        assert await drive(step, keys, token("b"), web.now) is None
        assert (await drive(step, keys, token("a"), web.now)).reason == "jwt.unknown_key"

    asyncio.run(run())


def test_a_first_failure_is_tried_again_soon_a_later_one_is_not():
    async def run():
        web = Web()
        good = web.documents[JWKS]
        web.documents[JWKS] = OSError("away")
        keys = web.directory()
        await keys.fetch(SOURCE)
        await keys.fetch(SOURCE)
        assert web.fetches() == 1
        assert not keys.may_fetch(SOURCE, NOW + 1.9)
        assert keys.may_fetch(SOURCE, NOW + 2)
        web.now, web.documents[JWKS] = NOW + 2, good
        await keys.fetch(SOURCE)
        assert keys.find(SOURCE, "a") is not None
        web.now, web.documents[JWKS] = NOW + 40, OSError("away")
        await keys.fetch(SOURCE)
        assert keys.find(SOURCE, "a") is not None
        assert not keys.may_fetch(SOURCE, NOW + 69)
        assert keys.may_fetch(SOURCE, NOW + 70)
        assert "failed" in keys.describe(SOURCE)

    asyncio.run(run())


def test_old_keys_serve_while_they_are_refreshed_behind():
    async def run():
        web = Web(jwk("a"))
        keys = web.directory()
        await keys.fetch(SOURCE)
        web.now = NOW + REFRESH_AFTER_S
        web.documents[JWKS] = key_set(jwk("b"))
        assert keys.find(SOURCE, "a") is not None
        assert keys.find(SOURCE, "a") is not None
        await keys.fetch(SOURCE)  # joins
        assert web.fetches() == 2
        assert keys.find(SOURCE, "a") is None
        assert keys.find(SOURCE, "b") is not None

    asyncio.run(run())


def test_keys_of_a_silent_issuer_end():
    async def run():
        web = Web()
        keys = web.directory()
        await keys.fetch(SOURCE)
        web.documents[JWKS] = OSError("away")
        for age in range(REFRESH_AFTER_S, EXPIRE_AFTER_S, 10):
            web.now = NOW + age
            assert keys.find(SOURCE, "a") is not None
            await asyncio.gather(*keys._in_flight.values())
        assert web.fetches() == 1 + (EXPIRE_AFTER_S - REFRESH_AFTER_S) // 30
        web.now = NOW + EXPIRE_AFTER_S
        assert keys.find(SOURCE, "a") is None
        assert EXPIRE_AFTER_S + 300 <= 7_200

    asyncio.run(run())


def test_keys_from_the_future_are_not_used():
    async def run():
        web = Web()
        keys = web.directory()
        await keys.fetch(SOURCE)
        web.now = NOW - 86_400
        assert keys.find(SOURCE, "a") is None
        assert keys.may_fetch(SOURCE, web.now)

    asyncio.run(run())


def test_a_bug_in_the_fetcher_is_loud_and_still_paused():
    async def run():
        web = Web()
        web.documents[JWKS] = RuntimeError("bug")
        keys = web.directory()
        with pytest.raises(RuntimeError):
            await keys.fetch(SOURCE)
        assert not keys.may_fetch(SOURCE, NOW)
        await keys.fetch(SOURCE)
        assert web.fetches() == 1

    asyncio.run(run())


def test_sources_are_bounded(monkeypatch):
    monkeypatch.setattr("bargate.gateway.key_directory.MAX_SOURCES", 3)

    async def run():
        web = Web()
        keys = web.directory()
        sources = [KeySource(ISSUER, f"{JWKS}?{n}") for n in range(5)]
        for n, source in enumerate(sources):
            web.documents[source.jwks_uri] = key_set(jwk("a")) if n % 2 else OSError("away")
            await keys.fetch(source)
        assert len(keys._records) == 3
        assert keys.find(sources[3], "a") is not None

    asyncio.run(run())


def test_close_ends_what_is_under_way():
    async def run():
        web = Web()
        web.gate.clear()
        keys = web.directory()
        waiting = asyncio.create_task(keys.fetch(SOURCE))
        await asyncio.sleep(0)
        await keys.close()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(run())


def test_nothing_secret_is_logged(caplog):
    async def run():
        web = Web(jwk("a"), jwk("b", d="c2VjcmV0LWV4cG9uZW50"))
        keys = web.directory()
        await keys.fetch(SOURCE)
        web.now, web.documents[JWKS] = NOW + 60, b'{"keys": "c2VjcmV0LWV4cG9uZW50"'
        await keys.fetch(SOURCE)
        return keys.describe(SOURCE)

    with caplog.at_level(logging.DEBUG, logger="bargate"):
        told = asyncio.run(run()) + caplog.text
    assert "private parts" in told
    assert "not JSON" in told
    assert "c2VjcmV0" not in told
    assert jwk("a")["n"] not in told
