"""The report as JUnit XML, for build servers: a suite a document, a case an outcome.

Wrong is a failure, not known is an error (never a pass), not applicable and by hand are skipped. What is
waived is skipped too, with its reason. A note is no failure: it is told in the case's output, as it does not turn the
exit code either.
"""

from collections.abc import Sequence
from typing import Any

from cucm_audit.model import (
    Finding,
    Outcome,
    Report,
    Severity,
    State,
    Verdict,
    accepted_doubt,
    in_doubt,
    still_wrong,
)
from cucm_audit.reports import Style
from cucm_audit.reports.groups import scope
from cucm_audit.reports.sanitize import visible
from cucm_audit.reports.standing import mark


def render(report: Report, style: Style) -> str:  # noqa: ARG001 - every format has it
    """Return the report as JUnit XML."""
    from junitparser import JUnitXml

    xml = JUnitXml("cucm-audit")
    if suite := _gaps(report):
        xml.add_testsuite(suite)
    for document in sorted({outcome.documents[0] if outcome.documents else "" for outcome in report.outcomes}):
        ours = [o for o in report.outcomes if (o.documents[0] if o.documents else "") == document]
        xml.add_testsuite(_suite(report, document or "checks", [_case(outcome, document) for outcome in ours]))
    xml.update_statistics()  # type: ignore[no-untyped-call]
    text: bytes = xml.tostring()  # type: ignore[no-untyped-call]
    return text.decode("utf-8") + "\n"


def _suite(report: Report, name: str, cases: list[Any]) -> Any:
    from junitparser import TestSuite

    suite = TestSuite(visible(name))
    suite.timestamp = report.taken_at.replace(" ", "T")
    suite.hostname = visible(report.cluster)
    for limit, value in scope(report):
        suite.add_property(visible(limit), visible(value))
    suite.add_testcases(cases)
    return suite


def _gaps(report: Report) -> Any:
    """Return a suite with an error for each fact that did not come back whole, None when all did."""
    from junitparser import Error, TestCase

    cases = []
    for gap in report.gaps:
        if gap.state in (State.FAILED, State.PARTIAL):
            case = TestCase(visible(f"{gap.fact} of {gap.node or 'the cluster'}"), "seen")
            error = Error(visible(gap.detail), str(gap.reason or gap.state))
            error.text = "\n".join(visible(line) for line in (gap.request, gap.hint) if line)
            case.result = [error]
            cases.append(case)
    return _suite(report, "could not be seen", cases) if cases else None


def _case(outcome: Outcome, document: str) -> Any:
    from junitparser import TestCase

    name = f"{outcome.check or ' '.join(outcome.rows)}: {outcome.title}" + (
        f" [{outcome.node}]" if outcome.node else ""
    )
    case = TestCase(visible(name), visible(document))
    said = _said(outcome.findings, outcome.findings_cut)
    doubts = _said(outcome.could_not_tell, 0, "could not tell whether: ")
    if result := _result(outcome, "\n".join(part for part in (said, doubts) if part)):
        case.result = [result]
    elif said or doubts:
        case.system_out = "\n".join(part for part in (said, doubts) if part)
    return case


def _result(outcome: Outcome, text: str) -> Any:
    """Return what a build server shows for an outcome, None when the case has passed."""
    from junitparser import Error, Failure, Skipped

    if outcome.verdict is Verdict.PASS:
        return None
    if outcome.verdict is Verdict.FAIL:
        if still_wrong(outcome) and outcome.severity is not Severity.NOTE:
            result: Any = Failure(visible(outcome.title), str(outcome.severity))
        elif in_doubt(outcome):
            result = Error("some of it could not be told", "value_unknown")
        elif still_wrong(outcome):
            return None
        else:
            result = Skipped("wrong, and waived", "waived")
    elif outcome.verdict is Verdict.UNKNOWN:
        if accepted_doubt(outcome):
            return Skipped("not known, and waived", "waived")
        result = Error(visible(outcome.detail or "not known"), str(outcome.reason))
    else:
        return Skipped(visible(outcome.detail or str(outcome.verdict)), str(outcome.verdict))
    result.text = text
    return result


def _said(findings: Sequence[Finding], cut: int, before: str = "") -> str:
    lines = []
    for finding in findings:
        first, last = mark(finding)
        fix = f" -> {finding.fix}" if finding.fix else ""
        lines.append(visible(f"{first}{before}{finding.subject}: {finding.says}{fix}{last}"))
    return "\n".join([*lines, *([f"and {cut} more"] if cut else [])])
