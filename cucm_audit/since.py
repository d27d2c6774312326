"""What is new since an earlier report: its findings beside those of now, each new, the same, gone, or no longer known.

A finding is found again by its check, node and subject. What this run could not look at is not gone; what the earlier
one could not look at is not new, but was not known before.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from cucm_audit.model import (
    MOST_FINDINGS,
    WAIVER_EXPIRED,
    WAIVER_UNUSED,
    Change,
    Compared,
    Earlier,
    Finding,
    Outcome,
    Reason,
    Report,
    Severity,
    Verdict,
)

#: Check, node, subject.
Key = tuple[str, str, str]
#: Findings that are about no cluster.
_NOT_COMPARED = (WAIVER_EXPIRED, WAIVER_UNUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What an earlier report knew. ``first_seen`` of a finding is UTC ISO text.

    ``unknown`` are (check, node) that it could not judge, ``doubts`` single subjects that it could not tell, ``checks``
    those that it judged anywhere.
    """

    taken_at: str
    findings: Mapping[Key, tuple[Severity | None, str]]
    checks: frozenset[str]
    unknown: frozenset[tuple[str, str]]
    doubts: frozenset[Key]


def past_of(report: Report) -> Past:
    """Return what a report knows, to be compared with later. What was lost on the way to it stays known as wrong."""
    findings: dict[Key, tuple[Severity | None, str]] = {}
    unknown, doubts = set(), set()
    judged = [o for o in report.outcomes if o.check is not None and o.check not in _NOT_COMPARED]
    for outcome in judged:
        if outcome.verdict is Verdict.FAIL:
            findings |= {
                _key(outcome, f): (outcome.severity, f.first_seen or report.taken_at) for f in outcome.findings
            }
        if _blind(outcome) or outcome.findings_cut:
            unknown.add((str(outcome.check), outcome.node))
        doubts |= {_key(outcome, finding) for finding in outcome.could_not_tell}
    checks = frozenset(str(outcome.check) for outcome in judged)
    for one in report.compared.lost if report.compared else ():
        if one.check in checks:
            findings.setdefault((one.check, one.node, one.subject), (one.severity, one.first_seen))
    return Past(
        taken_at=report.taken_at,
        findings=findings,
        checks=checks,
        unknown=frozenset(unknown),
        doubts=frozenset(doubts),
    )


def compare(report: Report, past: Past, file: str = "", doubt: str = "") -> Report:
    """Return the report with its findings marked, and what it no longer has. ``file`` is the baseline's, if it is one.

    ``first_seen`` that a finding has already stays when it is the earlier one. ``doubt`` says why the past may be
    another cluster's: then nothing is the same and nothing is gone.
    """
    known = replace(past, findings={}, checks=frozenset()) if doubt else past
    outcomes = tuple(_marked(outcome, known, report.taken_at) for outcome in report.outcomes)
    now = _Now(report)
    gone: list[Earlier] = []
    lost: list[Earlier] = []
    for key in sorted(past.findings.keys() - now.wrong):
        is_gone, why = (False, doubt) if doubt else now.fate(key)
        severity, first_seen = past.findings[key]
        (gone if is_gone else lost).append(now.earlier(key, severity, first_seen, why))
    compared = Compared(
        file=file,
        taken_at=past.taken_at,
        new=0,
        same=0,
        not_known_before=0,
        gone=tuple(gone),
        lost=tuple(lost),
        doubt=doubt,
    )
    return counted(replace(report, outcomes=outcomes, compared=compared))


def counted(report: Report) -> Report:
    """Return a compared report with the numbers of what is new and what is not; waived findings are not among them."""
    if report.compared is None:
        return report
    marks = [f.change for outcome in report.outcomes for f in outcome.findings if f.waived is None]
    compared = replace(
        report.compared,
        new=marks.count(Change.NEW),
        same=marks.count(Change.SAME),
        not_known_before=marks.count(Change.NOT_KNOWN_BEFORE),
    )
    return replace(report, compared=compared)


def new_findings(outcome: Outcome) -> Iterator[Finding]:
    """Yield what counts as new: not waived, and not known to have been there. Without a comparison all is new."""
    for finding in outcome.findings:
        if finding.waived is None and finding.change is not Change.SAME:
            yield finding


def _key(outcome: Outcome, finding: Finding) -> Key:
    return str(outcome.check), outcome.node, finding.subject


def _blind(outcome: Outcome) -> bool:
    """Say whether a check looked at nothing here: unknown, or left out. Single subjects in doubt are something else."""
    if outcome.verdict is Verdict.UNKNOWN:
        return not _single(outcome)
    return outcome.verdict is Verdict.NOT_APPLICABLE and outcome.reason is not None


def _single(outcome: Outcome) -> bool:
    return outcome.reason is Reason.VALUE_UNKNOWN and 0 < len(outcome.could_not_tell) < MOST_FINDINGS


def _marked(outcome: Outcome, past: Past, taken_at: str) -> Outcome:
    if outcome.verdict is not Verdict.FAIL or outcome.check is None or outcome.check in _NOT_COMPARED:
        return outcome
    return replace(outcome, findings=tuple(_mark(outcome, finding, past, taken_at) for finding in outcome.findings))


def _mark(outcome: Outcome, finding: Finding, past: Past, taken_at: str) -> Finding:
    key = _key(outcome, finding)
    if key in past.findings:
        known = [moment for moment in (finding.first_seen, past.findings[key][1]) if moment]
        return replace(finding, change=Change.SAME, first_seen=min(known, default=""))
    # Where no node was known, a check of the nodes has one outcome for all of them.
    blind = key in past.doubts or {key[:2], (key[0], "")} & past.unknown or key[0] not in past.checks
    change = Change.NOT_KNOWN_BEFORE if blind else Change.NEW
    return replace(finding, change=change, first_seen=finding.first_seen or taken_at)


class _Now:
    """A report, ordered for the question what became of a finding of before."""

    def __init__(self, report: Report) -> None:
        judged = [outcome for outcome in report.outcomes if outcome.check is not None]
        self.outcomes = {(str(outcome.check), outcome.node): outcome for outcome in judged}
        self.titles = {str(outcome.check): outcome.title for outcome in judged}
        self.wrong = {_key(o, f) for o in judged if o.verdict is Verdict.FAIL for f in o.findings}
        self.doubts = {_key(outcome, finding) for outcome in judged for finding in outcome.could_not_tell}
        whole = bool(report.nodes) and not any(gap.fact == "node" for gap in report.gaps)
        self.nodes = {str(node.get("name")) for node in report.nodes} if whole else None

    def earlier(self, key: Key, severity: Severity | None, first_seen: str, why: str) -> Earlier:
        """Return a finding of before as the report lists it."""
        check, node, subject = key
        title = self.titles.get(check, check)
        return Earlier(
            check=check, title=title, node=node, subject=subject, severity=severity, first_seen=first_seen, why=why
        )

    def fate(self, key: Key) -> tuple[bool, str]:
        """Say whether a finding that is not listed any more is gone, and how that is known, or why it is not."""
        check, node, _ = key
        outcome = self.outcomes.get((check, node))
        if outcome is None:
            if check not in self.titles:
                return False, "its check was not run this time"
            if node and self.nodes is not None and node not in self.nodes:
                return True, f"{node} is not in the cluster any more"
            return False, "its check was not run there this time"
        if _blind(outcome):
            return False, outcome.detail or str(outcome.reason or "not known")
        if key in self.doubts:
            return False, "a value that the check needs is not known"
        if outcome.findings_cut:
            return False, f"{outcome.findings_cut} findings of this check are not listed"
        return True, outcome.detail if outcome.verdict is Verdict.NOT_APPLICABLE else ""
