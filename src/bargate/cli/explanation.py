"""How an explained call looks in a terminal."""

import os

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bargate.snapshot.explain import ExplainedCall

_STYLES = {
    "passed": "green",
    "refused": "bold red",
    "undecided": "yellow",
    "not configured": "dim",
    "not reached": "dim",
}
_OUTCOMES = {"allowed": "bold green", "refused": "bold red", "undecided": "bold yellow"}


WIDTH_WITHOUT_TERMINAL = 160


def wide_console() -> Console:
    """Give a console as wide as the terminal, or wide enough for tables where there is none."""
    console = Console(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = WIDTH_WITHOUT_TERMINAL
    return console


def show_explained(explained: ExplainedCall) -> None:
    """Print each step with its verdict, the outcome, and the response."""
    console = wide_console()
    console.print(f"[bold]{escape(explained.request)}[/] from {escape(explained.source_ip)}")
    console.print(f"at {explained.time}, request {escape(explained.request_id)}\n")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("step", "verdict", "what decided"):
        table.add_column(heading, overflow="fold")
    for step in explained.steps:
        style = _STYLES[step.verdict]
        table.add_row(step.control, f"[{style}]{step.verdict}[/]", escape(step.detail))
    console.print(table)
    for step in explained.steps:
        if step.more:
            console.print(f"\n[bold]{escape(step.control)}[/]")
        for line in step.more:
            console.print(f"  {escape(line)}", soft_wrap=True)
    style = _OUTCOMES[explained.outcome]
    because = f": {escape(explained.reason)}" if explained.reason else ""
    console.print(f"\n[{style}]{explained.outcome}[/]{because}")
    if explained.response is not None:
        console.print(f"\nHTTP/1.1 {explained.response.status}")
        for name, value in explained.response.headers:
            console.print(escape(f"{name}: {value}"), soft_wrap=True)
        console.print(f"\n{escape(explained.response.body)}", soft_wrap=True)
