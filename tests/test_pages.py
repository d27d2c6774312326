"""Generated pages: what is on them, and that a stale one is noticed."""

from pathlib import Path

import pytest

from cucm_audit.checks import load
from cucm_audit.cli.gather import BY_NAME
from cucm_audit.facts import Cost, facts
from cucm_audit.snapshot import Snapshot
from cucm_audit.tables import HIDDEN_TABLES, columns, tables, views
from tests import checks_page, pages


def test_a_stale_page_is_noticed_and_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "README.md"
    page.write_text(pages.CHECKS.read_text("utf-8"), "utf-8")
    monkeypatch.setattr(pages, "CHECKS", page)
    monkeypatch.setattr(pages, "README", _help(tmp_path))
    assert _run(monkeypatch, "--write") == 0
    fresh = page.read_text("utf-8")
    assert _run(monkeypatch) == 0
    page.write_text(fresh.replace("| T1 | ", "| T1 | Once ", 1), "utf-8")
    assert _run(monkeypatch) == 1
    assert "README.md: its generated part is stale: make pages" in capsys.readouterr().out
    assert _run(monkeypatch, "--write") == 0
    assert page.read_text("utf-8") == fresh


def test_the_readme_says_how_many_verdicts_a_gentle_run_costs() -> None:
    checks, snapshot = load(()).checks, Snapshot.memory()
    dear = {fact.table for fact in facts() if fact.cost is Cost.DEAR} - BY_NAME
    lost = sum(bool(snapshot.reads(check.sql).every & dear) for check in checks.values())
    snapshot.close()
    words = " ".join(pages.README.read_text("utf-8").split())
    assert f"costs the verdicts of {lost} checks of {len(checks)} (" in words


def _help(folder: Path) -> Path:
    """A copy of the README, so that the checkout stays as it is."""
    copy = folder / "top.md"
    copy.write_text(pages.README.read_text("utf-8"), "utf-8")
    return copy


def _run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.argv", ["pages.py", *words])
    return pages.main()


def test_every_row_and_check_is_on_the_page() -> None:
    checks, rows, short = load(packages=False), checks_page.rows_text(), checks_page.checks_text()
    for row in checks.rows:
        assert f"\n| {row.id} | {checks_page.cell(row.symptom)} |" in rows
        assert checks_page.cell(row.by_hand) in rows
        assert checks_page.cell(row.retired) in rows
    for name in checks.checks:
        assert f'<a id="{name}"></a>' in short


def test_every_table_and_column_that_a_check_may_read_is_on_the_page() -> None:
    text = checks_page.facts_text()
    for name in (tables() | views()) - HIDDEN_TABLES - {"meta", "ledger"}:
        assert f"**`{name}`**" in text or name.startswith("publisher_")
        for column in columns(name):
            assert f"`{column.name}`" in text
    assert "NULL when nobody could say" in text, "comments of columns are on it"


def test_a_cell_keeps_its_bars_and_brackets() -> None:
    assert checks_page.cell("a | b <c>\n*d*") == r"a \| b &lt;c&gt; \*d\*"
