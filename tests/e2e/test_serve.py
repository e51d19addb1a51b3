"""The life of a gateway: start, serve, reload, explain, log, stop."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from documents import operation, proxy, rest, write
from serving import Backend, Gateway, bargate, serve

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "execute-api:Invoke",
            "Resource": "execute-api:/*",
        },
        {
            "Sid": "NoAdmin",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "execute-api:Invoke",
            "Resource": "execute-api:/*/GET/admin",
        },
    ],
}


def document(origin: Backend, **fields: object) -> dict[str, object]:
    base = f"http://127.0.0.1:{origin.port}"
    paths = {
        "/pets": {
            "get": operation(proxy(f"{base}/pets")),
            "post": operation(proxy(f"{base}/pets", "POST")),
        },
        "/admin": {"get": operation(proxy(f"{base}/admin"))},
    }
    return rest(paths, **{"x-amazon-apigateway-policy": POLICY, **fields})


@pytest.fixture
def path(tmp_path: Path, origin: Backend) -> Path:
    return write(tmp_path, document(origin))


def api_of(gateway: Gateway) -> str:
    return gateway.wait_for(r"API .* at http://[^/]+(/_api/\S+)").group(1)


def worker_ids(gateway: Gateway) -> list[int]:
    listed = Path(f"/proc/{gateway.process.pid}/task/{gateway.process.pid}/children").read_text()
    return [int(each) for each in listed.split()]


def test_serves_and_says_where(path: Path, origin: Backend, run_dir: Path) -> None:
    with serve(str(path), run_dir=run_dir) as gateway:
        api = api_of(gateway)
        assert re.fullmatch(r"/_api/[a-z0-9]{10}/prod", api)
        answer = gateway.call("GET", f"{api}/pets?limit=1")
        assert (answer.status, answer.json) == (200, {"ok": True})
        assert origin.received[-1].target == "/pets?limit=1"
        api_id = api.split("/")[2]
        host = {"Host": f"{api_id}.execute-api.us-east-1.localhost:{gateway.port}"}
        assert gateway.call("GET", "/prod/pets", host).status == 200
        assert gateway.call("GET", "/prod/pets").status == 403


def test_the_api_id_of_a_file_stays(path: Path, run_dir: Path) -> None:
    ids = []
    for _ in range(2):
        with serve(str(path), run_dir=run_dir) as gateway:
            ids.append(api_of(gateway))
    assert ids[0] == ids[1]


def test_several_stages_workers_and_documents(
    path: Path, tmp_path: Path, origin: Backend, run_dir: Path
) -> None:
    other = write(tmp_path, document(origin, **{"x-bargate-api-id": "other"}), "other.json")
    arguments = (str(path), str(other), "--stage", "dev", "--stage", "live", "--workers", "3")
    with serve(*arguments, run_dir=run_dir) as gateway:
        apis = [api_of(gateway) for _ in range(4)]
        assert [each.rpartition("/")[2] for each in apis] == ["dev", "live"] * 2
        assert apis[2] == "/_api/other/dev"
        assert len(worker_ids(gateway)) == 3
        for api in apis * 5:
            assert gateway.call("GET", f"{api}/pets").status == 200
        assert gateway.call("GET", "/_api/other/prod/pets").status == 403


def test_a_refusal_is_explained_by_why_and_by_explain(path: Path, run_dir: Path) -> None:
    with serve(str(path), "--workers", "2", run_dir=run_dir) as gateway:
        answer = gateway.call("GET", f"{api_of(gateway)}/admin")
        assert answer.status == 403
        assert answer.headers["x-amzn-errortype"] == "AccessDeniedException"
        assert re.fullmatch(
            r"User: anonymous is not authorized to perform: execute-api:Invoke on resource:"
            r" arn:aws:execute-api:us-east-1:\*{8}0000:[a-z0-9]+/prod/GET/admin"
            r" with an explicit deny in a resource-based policy",
            answer.json["Message"],
        )
        told = bargate("why", answer.request_id, "--json", run_dir=run_dir)
        assert told.returncode == 0, told.stderr
        explained = json.loads(told.stdout)
        assert explained["reason"] == "resource_policy.explicit_deny"
        assert "NoAdmin" in explained["detail"]
        assert explained["response"]["body"].encode() == answer.body
        shown = bargate("why", answer.request_id, run_dir=run_dir)
        assert "NoAdmin" in shown.stdout
        assert bargate("why", "no-such-request", run_dir=run_dir).returncode == 1
    offline = bargate("explain", str(path), "--request", "GET /prod/admin", "--json")
    assert offline.returncode == 1
    assert json.loads(offline.stdout)["steps"] == explained["steps"]
    assert "no gateway of this user is running" in bargate("why", "x", run_dir=run_dir).stderr


def test_the_local_socket_is_its_owners_alone(path: Path, run_dir: Path) -> None:
    with serve(str(path), run_dir=run_dir) as gateway:
        (found,) = run_dir.glob("gateway-*.sock")
        assert found.name == f"gateway-{gateway.port}.sock"
        assert found.stat().st_mode & 0o777 == 0o600
    assert not list(run_dir.glob("gateway-*.sock"))


def test_a_changed_file_is_served_and_no_call_fails_meanwhile(
    path: Path, origin: Backend, run_dir: Path
) -> None:
    with serve(str(path), "--workers", "2", "--access-log", "off", run_dir=run_dir) as gateway:
        api = api_of(gateway)
        statuses: list[int] = []
        stop = threading.Event()

        def keep_calling() -> None:
            connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=30)
            while not stop.is_set():
                connection.request("GET", f"{api}/pets")
                response = connection.getresponse()
                response.read()
                statuses.append(response.status)
            connection.close()

        callers = [threading.Thread(target=keep_calling) for _ in range(4)]
        for caller in callers:
            caller.start()
        try:
            for round_number in range(4):
                changed = document(origin)
                changed["info"] = {"title": f"Round {round_number}", "version": "1"}
                extra = operation(proxy(f"http://127.0.0.1:{origin.port}/extra"))
                changed["paths"][f"/extra{round_number}"] = {"get": extra}  # type: ignore[index]
                write(path.parent, changed)
                if round_number % 2:
                    gateway.process.send_signal(signal.SIGHUP)
                gateway.wait_for(r"bargate: reloaded")
                assert gateway.call("GET", f"{api}/extra{round_number}").status == 200
        finally:
            stop.set()
            for caller in callers:
                caller.join()
        assert len(statuses) > 50
        assert set(statuses) == {200}


def test_a_broken_file_is_refused_and_the_old_one_keeps_serving(
    path: Path, origin: Backend, run_dir: Path
) -> None:
    with serve(str(path), run_dir=run_dir) as gateway:
        api = api_of(gateway)
        good = path.read_text()
        path.write_text(good.replace('"http_proxy"', '"http_poxy"', 1))
        refused = gateway.wait_for_error(r"api\.json:(\d+):\d+: error: (paths\./pets\.get\S*)")
        line = good[: good.index('"http_proxy"')].count("\n") + 1
        assert int(refused.group(1)) == line
        gateway.wait_for_error("the documents served before are still served")
        assert gateway.call("GET", f"{api}/pets").status == 200
        path.write_text(good)
        gateway.wait_for("bargate: reloaded")
        assert gateway.call("GET", f"{api}/pets").status == 200


def test_a_killed_worker_is_replaced_and_the_port_stays_open(path: Path, run_dir: Path) -> None:
    with serve(str(path), "--workers", "1", run_dir=run_dir) as gateway:
        api = api_of(gateway)
        for _ in range(2):
            (worker,) = worker_ids(gateway)
            os.kill(worker, signal.SIGKILL)
            gateway.wait_for_error("starting it again")
            # The connection waits on the socket that the supervisor kept open.
            assert gateway.call("GET", f"{api}/pets").status == 200
            assert worker_ids(gateway) != [worker]


def test_workers_end_when_the_supervisor_is_killed(path: Path, run_dir: Path) -> None:
    with serve(str(path), "--workers", "2", run_dir=run_dir) as gateway:
        descriptors = [os.pidfd_open(each) for each in worker_ids(gateway)]
        gateway.process.kill()
        for descriptor in descriptors:
            with os.fdopen(descriptor) as ended:
                import select

                assert select.select([ended], [], [], 10)[0], "a worker outlived its supervisor"
    with serve(str(path), run_dir=run_dir) as again:
        assert again.call("GET", f"{api_of(again)}/pets").status == 200


def is_listened_on(port: int) -> bool:
    """Tell whether any process listens: a refused connect tells of one worker's socket alone."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return any(f":{port:04X}" in line.split()[1] and line.split()[3] == "0A" for line in lines)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_finishes_calls_in_flight(
    tmp_path: Path, run_dir: Path, number: signal.Signals
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as slow:
        uri = f"http://127.0.0.1:{slow.getsockname()[1]}/slow"
        path = write(tmp_path, rest({"/slow": {"get": operation(proxy(uri))}}))
        with serve(str(path), run_dir=run_dir) as gateway:
            connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=30)
            connection.request("GET", f"{api_of(gateway)}/slow")
            backend, _ = slow.accept()
            with backend:
                backend.recv(65536)
                gateway.process.send_signal(number)
                deadline = time.monotonic() + 5
                while is_listened_on(gateway.port) and time.monotonic() < deadline:
                    time.sleep(0.01)
                backend.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")
                response = connection.getresponse()
                assert (response.status, response.read()) == (200, b"done")
                assert response.getheader("Connection") == "close"
            connection.close()
            started = time.monotonic()
            assert gateway.process.wait(10) == 0
            assert time.monotonic() - started < 2


def test_control_c_ends_everything_within_two_seconds(path: Path, run_dir: Path) -> None:
    with serve(str(path), "--workers", "2", run_dir=run_dir) as gateway:
        idle = [socket.create_connection(("127.0.0.1", gateway.port)) for _ in range(4)]
        assert gateway.call("GET", f"{api_of(gateway)}/pets").status == 200
        workers = worker_ids(gateway)
        started = time.monotonic()
        gateway.process.send_signal(signal.SIGINT)
        assert gateway.process.wait(10) == 0
        assert time.monotonic() - started < 2
        assert not any(Path(f"/proc/{each}").exists() for each in workers)
        for connection in idle:
            connection.close()


def test_logs_one_line_a_call_without_secrets(path: Path, tmp_path: Path, run_dir: Path) -> None:
    log = tmp_path / "access.log"
    with serve(str(path), "--workers", "1", "--access-log", str(log), run_dir=run_dir) as gateway:
        api = api_of(gateway)
        secret = "sEcReTsEcReTsEcReT"
        headers = {
            "Authorization": f"Bearer {secret}",
            "X-Api-Key": secret,
            "Cookie": f"session={secret}",
            "User-Agent": 'evil"\\agent',
        }
        allowed = gateway.call("GET", f"{api}/pets?token={secret}", headers)
        denied = gateway.call("GET", f"{api}/admin?token={secret}", headers)
    text = log.read_text()
    assert secret not in text
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["requestId"] for line in lines] == [allowed.request_id, denied.request_id]
    first, second = lines
    assert (first["status"], second["status"]) == (200, 403)
    assert first["identity.userAgent"] == 'evil"\\agent'
    assert first["integration.status"] == 200
    assert second["reason"] == "resource_policy.explicit_deny"
    assert second["error.responseType"] == "ACCESS_DENIED"
    assert "NoAdmin" in second["detail"]
    assert (second["stage"], second["resourcePath"]) == ("prod", "/admin")


def test_a_custom_log_format_cannot_be_forged(path: Path, tmp_path: Path, run_dir: Path) -> None:
    log = tmp_path / "access.log"
    text = '{"id":"$context.requestId","who":"$context.identity.userAgent","s":$context.status}'
    arguments = (str(path), "--access-log", str(log), "--access-log-format", text)
    with serve(*arguments, run_dir=run_dir) as gateway:
        answer = gateway.call("GET", f"{api_of(gateway)}/pets", {"User-Agent": '","s":1,"x":"'})
    (line,) = log.read_text().splitlines()
    assert json.loads(line) == {"id": answer.request_id, "who": '","s":1,"x":"', "s": 200}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--access-log-format", "$context.identity.apiKey"], "holds a secret"),
        (["--access-log-format", "$context.nope"], "is not a variable"),
        (["--access-log-format", "constant"], "names no variable"),
        (["--access-log", "/nowhere/access.log"], "/nowhere/access.log cannot be written to"),
        (["--access-log", "/"], "/ cannot be written to"),
        (["--listen", "8080"], "an address looks like"),
        (["--listen", "127.0.0.1:99999"], "an address looks like"),
        (["--stage", "a/b"], "a stage name has"),
        (["--stage", "a", "--stage", "a"], "named twice"),
        (["--stage-variable", "x"], "NAME=VALUE"),
        (["--stage-variable", "x=a b"], "a value has"),
        (["--issuer", "nope=http://x"], "nope"),
        (["--issuer", "arn:aws:iam::123456789012:user/x=http://x"], "user pool's ARN"),
        (["--account", "1"], "twelve digits"),
        (["--tls-cert", "/dev/null"], "go together"),
        (["--tls-cert", "/dev/null", "--tls-key", "/dev/null"], "/dev/null is no chain"),
        (["--stage", "$default"], "default"),
        (["--nonsense"], "No such option"),
    ],
)
def test_wrong_options_are_refused_with_a_reason(
    path: Path, arguments: list[str], message: str
) -> None:
    refused = bargate("serve", str(path), *arguments)
    assert refused.returncode != 0
    assert message in refused.stderr.replace("\n", " ")
    assert "Traceback" not in refused.stderr


def test_documents_that_cannot_be_served_are_refused(path: Path, tmp_path: Path) -> None:
    missing = bargate("serve", str(tmp_path / "none.yaml"))
    assert missing.returncode == 2
    assert "none.yaml:1:1: error: No such file" in missing.stderr
    twice = bargate("serve", str(path), str(path))
    assert twice.returncode == 2
    assert "apiId" in twice.stderr
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"openapi: \xff\xfe")
    assert "not UTF-8" in bargate("validate", str(binary)).stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        assert "Is a directory" in bargate("validate", ".").stderr


def test_a_port_in_use_is_refused(path: Path, run_dir: Path) -> None:
    with serve(str(path), "--workers", "2", run_dir=run_dir) as gateway:
        taken = bargate("serve", str(path), "--listen", f"127.0.0.1:{gateway.port}")
        assert taken.returncode == 1
        assert "Address already in use" in taken.stderr
        assert "Traceback" not in taken.stderr


def test_validate_and_routes(path: Path) -> None:
    valid = bargate("validate", str(path))
    assert valid.returncode == 0, valid.stderr
    assert "REST API 'Test' with 3 methods" in valid.stdout
    table = bargate("routes", str(path)).stdout
    assert "/admin" in table
    assert "resource policy" in table


def test_explain_takes_time_address_headers_and_body(tmp_path: Path, origin: Backend) -> None:
    night = {
        **POLICY["Statement"][0],  # type: ignore[index,dict-item]
        "Effect": "Deny",
        "Condition": {
            "DateGreaterThan": {"aws:CurrentTime": "2026-06-01T00:00:00Z"},
            "IpAddress": {"aws:SourceIp": "203.0.113.0/24"},
        },
    }
    policy = {**POLICY, "Statement": [*POLICY["Statement"], night]}
    path = str(write(tmp_path, document(origin, **{"x-amazon-apigateway-policy": policy})))
    request = ("explain", path, "--request", "GET /prod/pets")
    assert bargate(*request, "--source-ip", "203.0.113.9").returncode == 1
    early = ("--source-ip", "203.0.113.9", "--time", "2026-05-31T23:59:59Z")
    assert bargate(*request, *early).returncode == 0
    assert bargate(*request, "--source-ip", "198.51.100.1").returncode == 0
    assert "before it is a call: HTTP 400" in bargate(*request, "--header", "A b: c").stdout
    unknown = bargate("explain", path, "--request", "GET /prod/none", "--json")
    assert json.loads(unknown.stdout)["reason"] == "route.unknown"


def test_the_version_and_help() -> None:
    assert bargate("--version").stdout.startswith("bargate 0.")
    for command in ("serve", "validate", "routes", "explain", "why"):
        told = bargate(command, "--help")
        assert told.returncode == 0
        assert told.stdout.startswith("Usage:")


def test_a_worker_alone_ends_at_once() -> None:
    """The worker's entry point serves nobody but a supervisor."""
    ours, theirs = socket.socketpair()
    with ours, theirs, socket.create_server(("127.0.0.1", 0)) as listener:
        descriptors = (theirs.fileno(), listener.fileno())
        process = subprocess.Popen(
            [sys.executable, "-m", "bargate.gateway.worker", *map(str, descriptors)],
            pass_fds=descriptors,
        )
        theirs.close()
        ours.sendall(b"\xff\xff\xff\xff garbage")
        ours.shutdown(socket.SHUT_WR)
        assert process.wait(10) == 0
