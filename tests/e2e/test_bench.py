"""The bench, without its heavy load: what it reads, computes, starts, ends and shows."""

import json
import os
import socket
import sys
import time
from pathlib import Path

import pytest
from msgspec import structs
from rich.console import Console

from bargate.openapi import import_document, read_document
from bench import (
    control,
    documents,
    function_documents,
    functions,
    install,
    load,
    machine,
    measure,
    micro,
    micro_iam,
    pools,
    process,
    report,
    results,
    run,
)
from bench.load import Request, Round
from bench.process import MeasureError
from bench.results import POLICY, Latency, NotRun, Results, Settings, Throughput
from bench.scenarios import SCENARIOS
from bench.targets import judge, ratio
from bench.testbed import Gateway

GOOD = (
    'RESULT {"requests":100,"duration_us":2000000,"refused":0,"broken":0,'
    '"p50_us":300,"p99_us":900,"max_us":2000}'
)


CONTROL = {
    control.READS: 1_500.0,
    control.WRITES: 300.0,
    control.ENFORCED: 99.9,
    control.EMPTY_START: 0.49,
    control.ROUTES_START: 1.99,
    control.KEYS_START: 2.99,
    control.IDLE: 120.0,
}


FUNCTIONS = {functions.COLD_START: 250.0, functions.UNCACHED: 1.5, functions.TOKENS: 3.0}
POOLS = {
    pools.OVER_ARGON2: 0.9,
    pools.SRP: 60.0,
    pools.REFRESHES: 700.0,
    pools.OVER_SIGNATURES: 0.85,
    pools.MILLION: 1.2,
}


def throughput(per_s: float, *, rss_mb: float = 50.0) -> Throughput:
    return Throughput("title", [per_s, per_s + 1, per_s - 1], 0.5, 1.0, 0.99, 0.0, rss_mb, rss_mb)


def found(changes: dict[str, float] | None = None) -> Results:
    """A run in which every target is met, but for `changes`."""
    figures = {
        "nginx": 50_000.0,
        "envoy": 20_000.0,
        "envoy-jwt": 15_000.0,
        "open": 26_000.0,
        "jwt": 19_500.0,
        "iam": 20_000.0,
        "routes-10": 20_000.0,
        "routes-1000": 19_000.0,
        "keys-100": 30_000.0,
        "keys-10000": 26_000.0,
        "keys-100000": 28_500.0,
        "public": 20_000.0,
        "private": 18_000.0,
        "authorizer": 20_000.0,
        "lambda": 501.0,
        "policy_us": 5.0,
        **CONTROL,
        **FUNCTIONS,
        **POOLS,
        "p99_ms": 3.0,
        "rss_mb": 80.0,
    } | (changes or {})
    names = [name for name in figures if name in run.NAMES]
    return Results(
        machine={"processor": "any", "cores": "2"},
        settings=Settings(rounds=3, seconds=5, connections=32),
        throughput={name: throughput(figures[name], rss_mb=figures["rss_mb"]) for name in names},
        latency_at_half_load={
            "nginx": Latency("nginx", 13_000, 12_990, 0.4, 1.0),
            "open": Latency("open", 13_000, 12_980, 0.5, figures["p99_ms"]),
        },
        microseconds={POLICY: figures["policy_us"]},
        control={name: figures[name] for name in CONTROL},
        functions={name: figures[name] for name in FUNCTIONS},
        pools={name: figures[name] for name in POOLS},
        not_run=[NotRun("haproxy", "not root")],
    )


def test_a_round_is_read_from_what_wrk_prints() -> None:
    counted = load.parse(f"Running 1s test\n  1 threads\n{GOOD}\n")
    assert counted == Round(100, 2_000_000, 0, 0, 300, 900, 2000)
    assert counted.requests_per_s == 50


@pytest.mark.parametrize(
    "output",
    [
        "",
        "unable to connect to 127.0.0.1:1",
        GOOD.replace('"refused":0', '"refused":1'),
        GOOD.replace('"broken":0', '"broken":1'),
        GOOD.replace('"requests":100', '"requests":0'),
    ],
)
def test_a_round_with_a_single_failure_is_no_measurement(output: str) -> None:
    with pytest.raises(MeasureError):
        load.parse(output)


def test_a_pause_makes_up_for_the_time_that_answers_take() -> None:
    # 80 users who pause 8 ms ask 10,000 times a second if answers take no time at all; at 2 ms an
    # answer they ask 8,000 times, and a pause of 6 ms is right.
    assert load.users_for(10_000) == 80
    assert load.corrected_pause_s(0.008, 80, 10_000, 8_000) == pytest.approx(0.006)
    assert load.corrected_pause_s(0.001, 80, 10_000, 1_000) == 0


def test_users_are_bounded() -> None:
    assert load.users_for(1) == 16
    assert load.users_for(10_000_000) == 512


def test_every_target_is_met_at_its_very_limit() -> None:
    assert [target.met for target in judge(found())] == [True] * 27


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"open": 25_999.0}, "open route over Envoy plain"),
        ({"jwt": 19_499.0}, "JWT with scopes over Envoy jwt_authn"),
        ({"iam": 19_999.0}, "IAM authorizer over Envoy plain"),
        ({control.READS: 1_499.0}, "control-plane reads"),
        ({control.WRITES: 299.0}, "control-plane writes, durable"),
        ({control.ENFORCED: 100.0}, "one-method change of 10,000 routes"),
        ({control.EMPTY_START: 0.5}, "start on an empty store"),
        ({control.ROUTES_START: 2.0}, "start with 10,000 routes"),
        ({control.IDLE: 120.1}, "control process, idle"),
        ({"keys-10000": 25_999.0}, "API key and usage plan over Envoy plain"),
        ({"keys-100000": 28_499.0}, "100,000 API keys over 100"),
        ({"private": 17_999.0}, "private API over the public one"),
        ({control.KEYS_START: 3.0}, "start with 100,000 API keys"),
        ({"authorizer": 19_999.0}, "remembered Lambda authorizer over Envoy plain"),
        ({"lambda": 499.0}, "calls with a Lambda function as backend"),
        ({functions.COLD_START: 250.1}, "cold start of a Python function"),
        ({functions.UNCACHED: 1.51}, "Lambda authorizer that is asked, added"),
        ({functions.TOKENS: 3.1}, "1,000 remembered authorizer answers"),
        ({pools.OVER_ARGON2: 0.89}, "password sign-ins over argon2 alone"),
        ({pools.SRP: 59.9}, "SRP sign-ins"),
        ({pools.REFRESHES: 699.0}, "refreshes"),
        ({pools.OVER_SIGNATURES: 0.84}, "refreshes over two signatures alone"),
        ({pools.MILLION: 1.21}, "sign-in with 1,000,000 users over 1,000"),
        ({"routes-1000": 18_999.0}, "1,000 routes over 10 routes"),
        ({"p99_ms": 3.01}, "p99 at half load"),
        ({"rss_mb": 80.1}, "worker memory, idle"),
        ({"policy_us": 5.1}, POLICY.replace("policy,", "policy of")),
    ],
)
def test_a_missed_target_is_said_to_be_missed(change: dict[str, float], name: str) -> None:
    missed = [target.name for target in judge(found(change)) if target.met is False]
    assert missed == [name]


def test_what_was_not_measured_is_not_judged() -> None:
    nothing = Results(machine={}, settings=Settings(1, 1, 32))
    assert {target.met for target in judge(nothing)} == {None}
    assert ratio(nothing, "open", "envoy") is None


def test_results_are_the_same_after_storing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "FILE", tmp_path / "results.json")
    stored = found()
    stored.targets = judge(stored)
    results.write(stored)
    assert results.read() == stored


def test_the_tables_show_every_figure() -> None:
    stored = found({"open": 25_000.0})
    stored.targets = judge(stored)
    console = Console(record=True, width=60)
    report.show(stored, console)
    text = console.export_text()
    assert "25,000" in text
    assert "1.25" in text
    assert "missed" in text
    assert "not root" in text


def test_figures_go_between_the_markers_of_the_page_only() -> None:
    page = report.DOCS.read_text()
    filled = report.in_page(page, "FIGURES")
    assert filled.split(report.BEGIN)[0] == page.split(report.BEGIN)[0]
    assert filled.split(report.END)[1] == page.split(report.END)[1]
    assert report.in_page(filled, "FIGURES") == filled
    with pytest.raises(ValueError, match="the page has no"):
        report.in_page("a page", "FIGURES")


def test_markdown_tables_are_square() -> None:
    for block in report.markdown(found()).split("\n\n"):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({row.count("|") for row in rows}) <= 1


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (documents.open_route(1), "RestApi"),
        (documents.resource_policy(1), "RestApi"),
        (documents.validated(1), "RestApi"),
        (documents.routes(1, 1000), "RestApi"),
        (function_documents.document(1), "RestApi"),
        (documents.jwt_with_scopes(1, "http://127.0.0.1:1"), "HttpApi"),
    ],
)
def test_bargate_reads_every_document_of_the_bench(document: documents.Document, kind: str) -> None:
    read = read_document(json.dumps(document), file_name="bench.json")
    imported = import_document(
        read, api_id="bench", account_id="000000000000", region="us-east-1", partition="aws"
    )
    assert type(imported.api).__name__ == kind
    assert imported.findings == ()


def test_the_policy_of_the_bench_has_twenty_statements_and_fits() -> None:
    assert len(documents.policy()["Statement"]) == 20
    assert len(json.dumps(documents.policy())) < 8192


def test_routes_are_as_many_as_are_asked() -> None:
    assert len(documents.routes(1, 1000)["paths"]) == 1000
    assert len(set(documents.routes_asked(1000))) == 1000


def test_signed_requests_of_a_run_differ_and_hold_only_as_they_were_signed() -> None:
    signer = micro_iam.session_signer(int(time.time()))
    steps = micro_iam.authorizer_steps()
    one, other = (micro_iam.signed_call(signer, number, time.time()) for number in range(2))
    assert one.header[b"authorization"] != other.header[b"authorization"]
    micro_iam.pass_through(steps, one)
    with pytest.raises(AssertionError, match="must pass"):
        micro_iam.pass_through(steps, structs.replace(one, query=other.query))


def test_decisions_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(micro, "_CALLS", 3)
    monkeypatch.setattr(micro, "_TOKENS", 2)
    monkeypatch.setattr(micro_iam, "_CALLS", 3)
    timed = micro.microseconds()
    names = {POLICY, micro.WHOLE_POLICY, micro.REMEMBERED, micro.UNREMEMBERED, micro_iam.SIGNED}
    assert set(timed) == names
    assert all(us > 0 for us in timed.values())


def test_names_can_be_chosen_once_each() -> None:
    assert len(set(run.NAMES)) == len(run.NAMES) == len(SCENARIOS) + 5


def test_a_run_without_its_load_tool_says_so_and_goes_on() -> None:
    chosen = frozenset(run.NAMES) - {run.CONTROL, run.MICRO, run.POOLS}
    settings = Settings(rounds=1, seconds=1, connections=32)
    told: list[str] = []
    finished = run.Run(settings, chosen, {"wrk": "not root"}, told.append).go()
    assert {one.name for one in finished.not_run} == chosen
    assert {one.reason for one in finished.not_run} == {"not root"}
    assert finished.throughput == {}


def test_nothing_names_the_machine() -> None:
    facts = json.dumps(machine.facts())
    assert socket.gethostname() not in machine.facts().values()
    assert str(Path.cwd()) not in facts
    assert "/" not in facts


def test_a_command_that_fails_gives_its_last_words() -> None:
    assert install._run([sys.executable, "-c", "pass"]) == ""
    failed = install._run([sys.executable, "-c", "import sys; sys.exit('no such luck')"])
    assert failed == "no such luck"


SERVER = """
import http.server, os, sys
if os.fork() == 0:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/open" else 403)
            self.send_header("Content-Length", "0")
            self.end_headers()
    http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
os.wait()
"""


def test_a_gateway_is_checked_and_its_whole_family_ended(tmp_path: Path) -> None:
    port, log = process.free_port(), tmp_path / "log"
    command = (sys.executable, "-c", SERVER, str(port))
    with process.running(command, core=process.GATEWAY_CORE, log=log) as started:
        process.wait_until_listening(started, port, log)
        family = process.descendants(started.pid)
        assert len(family) == 2
        assert process.worker(started.pid) == family[1]
        assert process.rss_bytes(family[1]) > 1_000_000
        assert process.cpu_seconds(started.pid) > 0
        refused = Request("/closed"), 403
        measure.check(Gateway(started.pid, port, Request("/open"), refused))
        with pytest.raises(MeasureError, match="403 to a call that should pass"):
            measure.check(Gateway(started.pid, port, Request("/closed")))
        with pytest.raises(MeasureError, match="200 instead of 403"):
            measure.check(Gateway(started.pid, port, Request("/open"), (Request("/open"), 403)))
    assert started.returncode is not None
    assert all(not _runs(pid) for pid in family)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_gateway_that_does_not_start_gives_its_last_words(tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = (sys.executable, "-c", "import sys; sys.exit('port taken')")
    with (
        process.running(command, core=process.GATEWAY_CORE, log=log) as started,
        pytest.raises(MeasureError, match="port taken"),
    ):
        process.wait_until_listening(started, process.free_port(), log)


def test_a_pin_names_a_core_that_this_process_may_use() -> None:
    allowed = {str(core) for core in os.sched_getaffinity(0)}
    assert process.cores(0)[-1] in allowed
    assert process.cores(99)[-1] in allowed
