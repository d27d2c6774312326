"""The exit code: 130, 2, 1, 3, 0, the first that applies."""

from dataclasses import replace
from typing import Any

import pytest

from cucm_audit.cli.exits import exit_code, nothing_audited, unknown_reasons
from cucm_audit.model import (
    WAIVER_EXPIRED,
    WAIVER_UNUSED,
    Change,
    Gathered,
    Outcome,
    Reason,
    Report,
    Severity,
    Source,
    State,
    Verdict,
    Waived,
)
from tests.reports.invented import LOST, finding, outcome, report

FINE = outcome(Verdict.PASS)
WARNING = outcome(Verdict.FAIL, findings=(finding("x"),))
CRITICAL = outcome(Verdict.FAIL, findings=(finding("x"),), severity=Severity.CRITICAL)
NOTE = outcome(Verdict.FAIL, findings=(finding("x"),), severity=Severity.NOTE)
LATE = outcome(Verdict.UNKNOWN, reason=Reason.TIMEOUT)
DOUBT = outcome(Verdict.FAIL, findings=(finding("x"),), could_not_tell=(finding("y"),), severity=Severity.NOTE)
NO_NODES = Gathered(fact="node", node="", source=Source.AXL, state=State.FAILED, reason=Reason.UNREACHABLE)


def code(
    *outcomes: Outcome, fail_on: str = "warning", allowed: tuple[str, ...] = (), only_new: bool = False, **changes: Any
) -> int:
    made: Report = report(*outcomes, **changes)
    reasons = {Reason(word) for word in allowed}
    return exit_code(made, fail_on=Severity(fail_on), allowed=reasons, only_new=only_new)


@pytest.mark.parametrize(
    ("outcomes", "changes", "expected"),
    [
        ((FINE,), {}, 0),
        ((FINE, outcome(Verdict.BY_HAND), outcome(Verdict.NOT_APPLICABLE)), {}, 0),
        ((FINE, NOTE), {}, 0),
        ((FINE, WARNING), {}, 1),
        ((FINE, WARNING), {"fail_on": "critical"}, 0),
        ((FINE, CRITICAL), {"fail_on": "critical"}, 1),
        ((FINE, NOTE), {"fail_on": "note"}, 0),
        ((FINE, LATE), {}, 3),
        ((FINE, LATE), {"allowed": ("timeout",)}, 0),
        ((FINE, LATE), {"allowed": ("dns",)}, 3),
        ((FINE, DOUBT), {}, 3),
        ((FINE,), {"gaps": (LOST,), "complete": False}, 3),
        ((FINE,), {"gaps": (LOST,), "complete": False, "allowed": ("hostkey_unknown",)}, 0),
        ((FINE,), {"complete": False}, 3),
        ((WARNING, LATE), {}, 1),
        ((LATE,), {}, 3),
        ((LATE,), {"nodes": ()}, 2),
        ((LATE,), {"gaps": (NO_NODES,), "complete": False}, 2),
        ((LATE,), {"gaps": (NO_NODES,), "complete": False, "allowed": ("timeout", "unreachable")}, 2),
        ((), {}, 2),
        ((WARNING,), {"interrupted": True, "complete": False}, 130),
    ],
)
def test_exit_code(outcomes: tuple[Outcome, ...], changes: dict[str, Any], expected: int) -> None:
    assert code(*outcomes, **changes) == expected


WAIVED = replace(finding("x"), waived=Waived(because="known", until="2027-01-01"))
OLD = replace(finding("x"), change=Change.SAME)
FRESH = replace(finding("y"), change=Change.NEW)
NO_REASON = outcome(Verdict.UNKNOWN)
ABOUT_WAIVERS = [
    outcome(Verdict.FAIL, check=check, findings=(finding("w"),)) for check in (WAIVER_EXPIRED, WAIVER_UNUSED)
]


def lost(fact: str, state: State, reason: Reason | None = Reason.UNREACHABLE) -> Gathered:
    return Gathered(fact=fact, node="", source=Source.AXL, state=state, reason=reason)


@pytest.mark.parametrize(
    ("outcomes", "changes", "expected"),
    [
        ((outcome(Verdict.FAIL, findings=(WAIVED,)), FINE), {}, 0),
        ((outcome(Verdict.FAIL, findings=(WAIVED, FRESH)),), {}, 1),
        ((outcome(Verdict.FAIL, findings=(OLD,)),), {"only_new": True}, 0),
        ((outcome(Verdict.UNKNOWN, reason=Reason.VALUE_UNKNOWN, could_not_tell=(WAIVED,)), FINE), {}, 0),
        ((outcome(Verdict.UNKNOWN, reason=Reason.VALUE_UNKNOWN, could_not_tell=(WAIVED, OLD)), FINE), {}, 3),
        ((outcome(Verdict.FAIL, findings=(OLD,)),), {}, 1),
        ((outcome(Verdict.FAIL, findings=(OLD, FRESH)),), {"only_new": True}, 1),
        ((outcome(Verdict.FAIL, findings=(OLD,), findings_cut=1),), {"only_new": True}, 1),
        ((WARNING,), {"only_new": True}, 1),
        ((*ABOUT_WAIVERS,), {}, 2),
        ((ABOUT_WAIVERS[0],), {}, 2),
        ((ABOUT_WAIVERS[1],), {}, 2),
        ((FINE, *ABOUT_WAIVERS), {}, 1),
        ((outcome(Verdict.FAIL, findings=(finding("x"),), severity=None), FINE), {}, 0),
        ((LATE,), {"gaps": (lost("phone", State.FAILED),), "complete": False}, 3),
        ((LATE,), {"gaps": (lost("node", State.PARTIAL),), "complete": False}, 3),
        ((FINE,), {"gaps": (lost("node", State.FAILED),), "complete": False}, 3),
        ((FINE,), {"gaps": (lost("phone", State.WHOLE), lost("phone", State.NOT_ASKED))}, 0),
        ((FINE,), {"gaps": (lost("phone", State.PARTIAL, None),), "complete": False, "allowed": ("unreachable",)}, 3),
        ((FINE,), {"complete": False, "allowed": ("prerequisite_unknown",)}, 0),
        ((FINE, LATE), {"complete": False, "allowed": ("timeout",)}, 0),
        ((FINE, DOUBT), {"complete": False, "allowed": ("value_unknown",)}, 0),
    ],
)  # fmt: skip
def test_what_counts(outcomes: tuple[Outcome, ...], changes: dict[str, Any], expected: int) -> None:
    assert code(*outcomes, **changes) == expected


def test_a_fault_of_ours_is_named_where_no_reason_is() -> None:
    assert unknown_reasons(report(FINE, NO_REASON)) == {Reason.INTERNAL_ERROR}
    gap = lost("phone", State.FAILED, None)
    assert unknown_reasons(report(FINE, gaps=(gap,), complete=False)) == {Reason.INTERNAL_ERROR}
    assert unknown_reasons(report(FINE, LATE, complete=False)) == {Reason.TIMEOUT}
    assert unknown_reasons(report(FINE, gaps=(LOST,), complete=False)) == {Reason.HOSTKEY_UNKNOWN}
    assert unknown_reasons(report(FINE)) == set()


def test_yes_or_no() -> None:
    assert nothing_audited(report(FINE)) is False
    assert nothing_audited(report(WARNING)) is False
    assert nothing_audited(report()) is True
    assert exit_code(report(outcome(Verdict.FAIL, findings=(OLD,))), fail_on=Severity.WARNING) == 1
