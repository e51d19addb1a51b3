"""Shows the figures: tables on the terminal, and the same tables in docs/performance.md."""

import argparse
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from bench import results
from bench.results import Latency, Results, Throughput
from bench.targets import ratio

DOCS = Path(__file__).parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"

Rows = list[tuple[str, ...]]

_LEAST_WIDTH = 100
_WHOLE_FROM = 100
_MARK = {True: "met", False: "missed", None: "not measured"}
_STYLE = {"met": "green", "missed": "bold red", "not measured": "yellow"}


def tables(found: Results) -> list[tuple[str, Rows]]:
    """Give titles and rows, headings first; a table without figures is left out."""
    everything = [
        ("Throughput at full speed", _throughput(found)),
        ("Processor and memory", _resources(found)),
        ("Latency at half of Bargate's load", _latency(found)),
        ("One decision", _microseconds(found)),
        ("Functions", _figures(found.functions)),
        ("Control plane", _figures(found.control)),
        ("User pools", _figures(found.pools)),
        ("Targets", _targets(found)),
        ("Not run", _not_run(found)),
    ]
    return [(title, rows) for title, rows in everything if len(rows) > 1]


def show(found: Results, console: Console) -> None:
    """Print the tables."""
    console.width = max(console.width, _LEAST_WIDTH)
    for title, rows in tables(found):
        table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
        for number, heading in enumerate(rows[0]):
            table.add_column(heading, justify="left" if number == 0 else "right")
        for row in rows[1:]:
            table.add_row(*row, style=_STYLE.get(row[-1]))
        console.print(table)


def markdown(found: Results) -> str:
    """Give the tables and the machine as Markdown."""
    parts = [_machine(found)]
    for title, rows in tables(found):
        parts.append(f"### {title}\n\n{_markdown_table(rows)}")
    return "\n\n".join(parts)


def in_page(page: str, figures: str) -> str:
    """Put figures between the page's markers."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}"


def _throughput(found: Results) -> Rows:
    heading = ("Gateway on one core", "requests/s", "x nginx", "x Envoy", "p50 ms", "p99 ms")
    return [heading, *(_speed(found, name, one) for name, one in found.throughput.items())]


def _resources(found: Results) -> Rows:
    heading = ("Gateway on one core", "core used", "by others", "MB idle", "MB loaded")
    return [heading, *(_used(one) for one in found.throughput.values())]


def _speed(found: Results, name: str, one: Throughput) -> tuple[str, ...]:
    envoy = "envoy-jwt" if name in {"jwt", "envoy-jwt"} else "envoy"
    return (
        one.title,
        f"{one.requests_per_s:,.0f}",
        _times(ratio(found, name, "nginx")),
        _times(ratio(found, name, envoy)),
        f"{one.p50_ms:.2f}",
        f"{one.p99_ms:.2f}",
    )


def _used(one: Throughput) -> tuple[str, ...]:
    shares = (f"{one.gateway_cpu:.0%}", f"{one.others_cpu:.0%}")
    return (one.title, *shares, f"{one.rss_idle_mb:.1f}", f"{one.rss_loaded_mb:.1f}")


def _latency(found: Results) -> Rows:
    heading = ("Gateway on one core", "asked/s", "answered/s", "p50 ms", "p99 ms")
    return [heading, *(_at_rate(one) for one in found.latency_at_half_load.values())]


def _at_rate(one: Latency) -> tuple[str, ...]:
    rates = (f"{one.asked_per_s:,.0f}", f"{one.requests_per_s:,.0f}")
    return (one.title, *rates, f"{one.p50_ms:.2f}", f"{one.p99_ms:.2f}")


def _microseconds(found: Results) -> Rows:
    return [("What", "µs"), *((name, f"{us:.2f}") for name, us in found.microseconds.items())]


def _figures(figures: dict[str, float]) -> Rows:
    return [("What", "figure"), *((name, _figure(one)) for name, one in figures.items())]


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= _WHOLE_FROM else f"{value:.2f}"


def _targets(found: Results) -> Rows:
    rows = [(one.name, one.wanted, one.value or "-", _MARK[one.met]) for one in found.targets]
    return [("Target", "wanted", "found", ""), *rows]


def _not_run(found: Results) -> Rows:
    return [("What", "why"), *((one.name, one.reason) for one in found.not_run)]


def _times(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _machine(found: Results) -> str:
    facts = ", ".join(f"{name} {value}" for name, value in found.machine.items())
    how = found.settings
    return (
        f"Measured on: {facts}.\n"
        f"{how.rounds} rounds of {how.seconds} s, {how.connections} connections; medians."
    )


def _markdown_table(rows: Rows) -> str:
    heading, *body = [f"| {' | '.join(row)} |" for row in rows]
    rule = "|---|" + "---:|" * (len(rows[0]) - 1)
    return "\n".join([heading, rule, *body])


def main() -> None:
    """Print the last full run's figures, or write them into the page."""
    parser = argparse.ArgumentParser(prog="python -m bench.report", description=main.__doc__)
    parser.add_argument("--docs", action="store_true", help="write docs/performance.md")
    found = results.read()
    if parser.parse_args().docs:
        DOCS.write_text(in_page(DOCS.read_text(), markdown(found)))
    else:
        show(found, Console())


if __name__ == "__main__":
    main()
