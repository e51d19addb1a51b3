"""`python -m bench`: measure, show, and store the figures."""

import argparse
import signal
import sys
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bench import install, report, results
from bench.load import CONNECTIONS
from bench.results import Results, Settings
from bench.run import NAMES, Run

_FULL = Settings(rounds=3, seconds=5, connections=CONNECTIONS)
_QUICK = Settings(rounds=1, seconds=1, connections=CONNECTIONS)


def main() -> int:
    """Run what the arguments ask for; give 130 when interrupted."""
    options = _options()
    console = Console()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        found = _measure(_QUICK if options.quick else _FULL, frozenset(options.only), console)
    except KeyboardInterrupt:
        console.print("bench: stopped; everything it started has ended")
        return 130
    report.show(found, console)
    if options.quick or set(options.only) != set(NAMES):
        console.print("bench: a partial run; bench/results.json keeps the last full one")
    else:
        results.write(found)
        console.print("bench: wrote bench/results.json (python -m bench.report --docs)")
    return 0


def _measure(settings: Settings, chosen: frozenset[str], console: Console) -> Results:
    missing = install.missing_after_install()
    columns = (BarColumn(), TextColumn("{task.completed}/{task.total}"), TimeElapsedColumn())
    with Progress(*columns, TextColumn("{task.description}"), console=console) as progress:
        task = progress.add_task("starting")

        def tell(what: str) -> None:
            progress.advance(task)
            progress.update(task, description=what)
            if not console.is_terminal:
                console.print(f"bench: {what}")

        run = Run(settings, chosen, missing, tell)
        progress.update(task, total=run.steps())
        return run.go()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round of one second")
    parser.add_argument(
        "--only",
        action="append",
        choices=NAMES,
        metavar="NAME",
        help=f"measure this alone (may be repeated): {', '.join(NAMES)}",
    )
    options = parser.parse_args()
    options.only = options.only or list(NAMES)
    return options


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
