import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_errors_page_is_fresh() -> None:
    generate = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    page = (ROOT / "docs" / "errors.md").read_text()
    assert page == generate["errors_page"](), "run `make docs`"


def test_the_coverage_page_is_fresh() -> None:
    generate = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    page = (ROOT / "docs" / "coverage.md").read_text()
    assert page == generate["coverage_page"](), "run `make docs`"
