"""The report as CSV (RFC 4180): one line a finding, a doubt, a gap, and one for every outcome that has neither.

For spreadsheets, so what a spreadsheet would take for a formula is led by an apostrophe (CWE-1236).
"""

import csv
import io
from collections.abc import Iterator

from cucm_audit.model import Finding, Gathered, Outcome, Report, State, Verdict
from cucm_audit.reports import Style
from cucm_audit.reports.groups import scope
from cucm_audit.reports.sanitize import plain, visible
from cucm_audit.reports.standing import accepted_as

COLUMNS = (
    "kind", "verdict", "severity", "check", "title", "node", "subject", "says", "why", "fix", "reason", "rows",
    "documents", "source", "request", "taken_at", "change", "first_seen", "waived",
)  # fmt: skip
#: Characters with which a spreadsheet begins a formula, also in their full-width forms.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def render(report: Report, style: Style) -> str:  # noqa: ARG001 - every format has it
    """Return the report as CSV text with a header line; lines end with CR LF."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    for line in _lines(report):
        writer.writerow({name: cell(value) for name, value in line.items()})
    return out.getvalue()


def cell(value: object) -> str:
    """Return a value as one cell that no spreadsheet computes."""
    text = visible(plain(str(value)))
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _lines(report: Report) -> Iterator[dict[str, object]]:
    for name, value in scope(report):
        yield {"kind": "scope", "title": name, "says": value, "taken_at": report.taken_at}
    for gap in report.gaps:
        if gap.state in (State.FAILED, State.PARTIAL):
            yield _gap(gap)
    for outcome in report.outcomes:
        found = "finding" if outcome.verdict is Verdict.FAIL else "seen so far"
        yield from (_finding(outcome, finding, "waived" if finding.waived else found) for finding in outcome.findings)
        yield from (_finding(outcome, finding, "could not tell") for finding in outcome.could_not_tell)
        if outcome.findings_cut:
            yield _outcome(outcome, f"and {outcome.findings_cut} more findings that are not listed")
        elif not outcome.findings and not outcome.could_not_tell:
            yield _outcome(outcome, outcome.detail)


def _gap(gap: Gathered) -> dict[str, object]:
    return {
        "kind": "gap",
        "verdict": gap.state,
        "title": gap.fact,
        "node": gap.node,
        "says": gap.detail,
        "fix": gap.hint,
        "reason": gap.reason or "",
        "source": gap.source,
        "request": gap.request,
        "taken_at": gap.taken_at,
    }


def _outcome(outcome: Outcome, says: str) -> dict[str, object]:
    return {
        "kind": "outcome",
        "verdict": outcome.verdict,
        "severity": outcome.severity or "",
        "check": outcome.check or "",
        "title": outcome.title,
        "node": outcome.node,
        "says": says,
        "reason": outcome.reason or "",
        "rows": " ".join(outcome.rows),
        "documents": " ".join(outcome.documents),
    }


def _finding(outcome: Outcome, finding: Finding, kind: str) -> dict[str, object]:
    facts = finding.evidence.facts
    return {
        **_outcome(outcome, finding.says),
        "kind": kind,
        "node": finding.node or outcome.node,
        "subject": finding.subject,
        "why": finding.why,
        "fix": finding.fix,
        "source": " ".join(dict.fromkeys(str(fact.source) for fact in facts)),
        "request": "; ".join(dict.fromkeys(fact.request for fact in facts if fact.request)),
        "taken_at": max((fact.taken_at for fact in facts), default=""),
        "change": finding.change or "",
        "first_seen": finding.first_seen,
        "waived": accepted_as(finding.waived) if finding.waived else "",
    }
