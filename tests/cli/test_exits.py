"""The exit code: 130, 2, 1, 3, 0, the first that applies."""

from typing import Any

import pytest

from cucm_audit.cli.exits import exit_code
from cucm_audit.model import Gathered, Outcome, Reason, Report, Severity, Source, State, Verdict
from tests.reports.invented import LOST, finding, outcome, report

FINE = outcome(Verdict.PASS)
WARNING = outcome(Verdict.FAIL, findings=(finding("x"),))
CRITICAL = outcome(Verdict.FAIL, findings=(finding("x"),), severity=Severity.CRITICAL)
NOTE = outcome(Verdict.FAIL, findings=(finding("x"),), severity=Severity.NOTE)
LATE = outcome(Verdict.UNKNOWN, reason=Reason.TIMEOUT)
DOUBT = outcome(Verdict.FAIL, findings=(finding("x"),), could_not_tell=(finding("y"),), severity=Severity.NOTE)
NO_NODES = Gathered(fact="node", node="", source=Source.AXL, state=State.FAILED, reason=Reason.UNREACHABLE)


def code(*outcomes: Outcome, fail_on: str = "warning", allowed: tuple[str, ...] = (), **changes: Any) -> int:
    made: Report = report(*outcomes, **changes)
    return exit_code(made, fail_on=Severity(fail_on), allowed={Reason(word) for word in allowed})


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
