"""``report FILE``: a saved report in another format."""

from pathlib import Path

import pytest

from cucm_audit.model import Verdict
from cucm_audit.reports import REPORTS, Style
from tests.cli.conftest import Call
from tests.reports.invented import full, outcome, report


@pytest.mark.parametrize("kind", sorted(set(REPORTS) - {"table"}))  # that one is as wide as the terminal
def test_every_format_from_a_saved_report(kind: str, tmp_path: Path, call: Call) -> None:
    saved = tmp_path / "lab.json"
    saved.write_text(REPORTS["json"](full(), Style()), "utf-8")
    said = call("report", str(saved), "-f", kind, "-o", "out")
    assert said.code == (2 if kind == "nagios" else 0)
    assert Path("out").read_text("utf-8").replace("\r\n", "\n") == REPORTS[kind](full(), Style()).replace("\r\n", "\n")
    assert Path("out").stat().st_mode & 0o777 == 0o600


def test_a_monitoring_system_is_never_told_ok_about_what_is_old_or_missing(tmp_path: Path, call: Call) -> None:
    """Exit codes of a plugin: a mistake is UNKNOWN (3) on standard output, never CRITICAL (2) and never silence."""
    made = report(outcome(Verdict.PASS, examined=1), taken_at="2020-01-01 00:00:00")
    saved = tmp_path / "lab.json"
    saved.write_text(REPORTS["json"](made, Style()), "utf-8")
    fresh = call("report", str(saved), "-f", "nagios")
    assert (fresh.code, fresh.out.startswith("CUCM-AUDIT OK - lab")) == (0, True)
    old = call("report", str(saved), "--format=nagios", "--max-age", "26")
    assert (old.code, old.err) == (3, "")
    assert old.out.startswith("CUCM-AUDIT UNKNOWN - the last report is of 2020-01-01")
    assert call("report", str(saved), "--max-age", "26").code == 3
    for arguments in (
        ["report", "gone.json", "-f", "nagios"],
        ["-f", "nagios", "--nothing"],
        ["-fnagios", "--node", "x"],
    ):
        said = call(*arguments)
        assert said.code == 3
        assert said.out.startswith("CUCM-AUDIT UNKNOWN - ")
