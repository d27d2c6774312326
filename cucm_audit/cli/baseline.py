"""``--baseline``: a saved report or snapshot; of the findings of now, which it does not have."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cucm_audit.cli.console import Problem
from cucm_audit.cli.options import Once, file_path, option
from cucm_audit.model import Report

if TYPE_CHECKING:
    from cucm_audit.checks import Checks
    from cucm_audit.cli.audit import Wishes

baseline_option = option("--baseline", cls=Once, type=file_path(exists=True, dir_okay=False), metavar="FILE",
                         help="A saved JSON report or snapshot: list only what is new since.")  # fmt: skip


def baseline(wishes: "Wishes", checks: "Checks") -> Report | None:
    """Read the baseline, before a cluster is asked for nothing. A snapshot is judged with today's checks."""
    if wishes.baseline is None:
        return None
    from cucm_audit.cli.audit import judged
    from cucm_audit.cli.report import is_snapshot, saved
    from cucm_audit.snapshot import Snapshot

    if not is_snapshot(wishes.baseline):
        return saved(wishes.baseline)
    snapshot = Snapshot.open(wishes.baseline)
    try:
        return judged(snapshot, checks, replace(wishes, before=None, baseline=None))
    finally:
        snapshot.close()


def beside(report: Report, older: Report | None, path: Path | None) -> Report:
    """Return the report compared with the baseline. Raises Problem when that is of another cluster, or younger."""
    if older is None or path is None:
        return report
    from cucm_audit import kinship
    from cucm_audit.since import compare, past_of

    then_kin, now_kin = kinship.of_report(older, str(path)), kinship.of_report(report)
    if says := kinship.strangers(then_kin, now_kin):
        raise Problem(says)
    names, then = _nodes(report), _nodes(older)
    if names and then and not names & then:
        raise Problem(
            f"{path} is of another cluster: it has {', '.join(sorted(then))}, now there is {', '.join(sorted(names))}"
        )
    if older.taken_at > report.taken_at:
        raise Problem(f"{path} was taken at {older.taken_at}, after what is to be compared with it ({report.taken_at})")
    return compare(report, past_of(older), path.name, kinship.doubt(then_kin, now_kin))


def _nodes(report: Report) -> set[str]:
    return {str(node.get("name")) for node in report.nodes}
