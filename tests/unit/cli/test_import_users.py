from __future__ import annotations

import os
from pathlib import Path

from bargate.cli.import_users import _named
from bargate.control.imports_question import Begin, line_of, question_of
from bargate.userpool.imports.files import File


def test_a_file_of_any_name_can_be_told(tmp_path: Path) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/us\xffers\n\xc3\xa4.csv")
    begin = Begin(File(pool_id="us-east-1_x", path=_named(Path(name)), digest="0" * 64))
    assert begin.file.path == f"{tmp_path}/us\\xffers\nä.csv"
    assert question_of(line_of(begin)) == begin
