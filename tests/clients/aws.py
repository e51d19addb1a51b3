"""The AWS CLI in one process, since each start of it takes seconds.

Each line that comes in is a JSON list of arguments; each that goes out, what the command gave.
"""

import contextlib
import io
import json
import sys

from awscli.clidriver import create_clidriver

driver, answers = create_clidriver(), sys.stdout
for line in sys.stdin:
    with (
        contextlib.redirect_stdout(io.StringIO()) as told,
        contextlib.redirect_stderr(io.StringIO()) as refused,
    ):
        code = driver.main(json.loads(line))
    answer = {"code": code, "told": told.getvalue(), "refused": refused.getvalue()}
    print(json.dumps(answer), file=answers, flush=True)
