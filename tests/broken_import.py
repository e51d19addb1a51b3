"""`bargate users import`, which a signal breaks off at the worst moment.

    python broken_import.py SIGNAL PROCESS BATCH ARGUMENTS…      process 0 is the command itself

It is sent when so many batches of this command were written, and the last of them is in no report.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable

from bargate.cli.import_users import import_users
from bargate.userpool.imports.report import Report


def main() -> None:
    name, process_id, batch = sys.argv[1:4]
    reports, add = [], Report.add

    def add_or_break_off(self: Report, bad: Iterable[tuple[int, str, str]]) -> None:
        reports.append(bad)
        if len(reports) == int(batch) + 1:  # the first is that of a command before
            os.kill(int(process_id) or os.getpid(), signal.Signals[name])
        add(self, bad)

    Report.add = add_or_break_off  # type: ignore[method-assign]
    import_users(sys.argv[4:])


main()
