"""A checklist for an upgrade: a document's rows with what the judge said of them, and go or no-go in one word.

Nothing is judged here: a row is as bad as its worst outcome. GO takes every automatic row fine or not applicable, and a
run that came back whole; what nobody could look at is NOT KNOWN, never GO.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cucm_audit.checks import Checks, Row
from cucm_audit.model import (
    Finding,
    Outcome,
    Reason,
    Report,
    Severity,
    State,
    Verdict,
    accepted_doubt,
    counting,
    in_doubt,
    still_wrong,
)
from cucm_audit.settling import Settling
from cucm_audit.words import days_between

#: The documents that are checklists, by what the command calls them.
DOCUMENTS = ("before-upgrade", "after-upgrade")
GO, NO_GO, NOT_KNOWN = "go", "no-go", "not-known"
#: A hole in the snapshot makes the verdict not known. It is no reason to leave the cluster as it is.
WHOLENESS = frozenset({"before-not-whole"})
#: A decision of today is not made on what was seen longer ago. One day is left for clocks that differ.
MOST_DAYS = 7
#: So many of the questions that a row leaves open are named in why; all of them stand in the row.
MOST_DOUBTS = 3
_WORST = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS, Verdict.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of the checklist. ``verdict`` is the worst of its outcomes, None when no program looks at it."""

    row: Row
    verdict: Verdict | None
    outcomes: tuple[Outcome, ...]

    @property
    def blocks(self) -> tuple[Outcome, ...]:
        """Return the outcomes that speak against going: wrong, more than a note, and not waived."""
        return tuple(o for o in self.outcomes if still_wrong(o) and o.severity is not Severity.NOTE)

    @property
    def waived(self) -> tuple[Finding, ...]:
        """Return what would speak against going (wrong, or not known) and is accepted."""
        found = [f for o in self.outcomes if o.severity is not Severity.NOTE for f in o.findings if f.waived]
        return (*found, *(f for outcome in self.outcomes for f in outcome.could_not_tell if f.waived))


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """A document's rows, judged. ``why`` is a sentence a row that made the verdict; '' ``target`` = none was given.

    ``waived`` is a sentence for everything that would have made another verdict, had nobody accepted it.
    """

    document: str
    title: str
    verdict: str
    why: tuple[str, ...]
    waived: tuple[str, ...]
    target: str
    before: str
    saved: str
    lines: tuple[Line, ...]
    report: Report
    settling: Settling | None = None

    @property
    def whole(self) -> bool:
        """Say whether the run left no hole: only then a snapshot that it saved is worth comparing with."""
        return self.report.complete and not _left_out(self.report)


def checklist(
    report: Report,
    checks: Checks,
    document: str,
    *,
    target: str,
    before: str,
    saved: str,
    settling: Settling | None = None,
) -> Checklist:
    """Return the checklist of a document from a report that judged it. ``settling`` is told and changes no verdict."""
    lines = tuple(_line(row, report) for row in checks.rows if row.document == document)
    verdict, why = _verdict(lines, report)
    title = next(one.title for one in checks.documents if one.id == document)
    return Checklist(
        document=document,
        title=title,
        verdict=verdict,
        why=tuple(why),
        waived=tuple(sentence for line in lines for sentence in _accepted(line)),
        target=target,
        before=before,
        saved=saved,
        lines=lines,
        report=report,
        settling=settling,
    )


def _line(row: Row, report: Report) -> Line:
    outcomes = tuple(o for o in report.outcomes if o.check is not None and row.id in o.rows)
    # What only informs must not hide a row's verdict: a note that fails is not wrong.
    said = {_weight(outcome) for outcome in outcomes}
    worst = next((verdict for verdict in _WORST if verdict in said), None)
    return Line(row=row, verdict=worst, outcomes=outcomes)


def _weight(outcome: Outcome) -> Verdict:
    """Return how an outcome counts: a note that is wrong is only told; what was left out is not known."""
    if outcome.verdict is Verdict.FAIL and outcome.severity is Severity.NOTE:
        return Verdict.UNKNOWN if in_doubt(outcome) else Verdict.PASS
    if outcome.verdict is Verdict.NOT_APPLICABLE and outcome.reason is Reason.NOT_ASKED:
        return Verdict.UNKNOWN
    return outcome.verdict


def _not_known(outcome: Outcome) -> bool:
    """Say whether an outcome makes the verdict not known; single subjects in doubt may be waived."""
    if outcome.verdict is Verdict.FAIL and not still_wrong(outcome):
        return in_doubt(outcome)
    return _weight(outcome) is Verdict.UNKNOWN and not accepted_doubt(outcome)


def _accepted(line: Line) -> Iterator[str]:
    """Give what is waived in a row: a sentence a waiver, with its reason, its last day and how much it covers."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in line.waived:
        assert finding.waived is not None
        groups.setdefault((finding.check, finding.waived.place), []).append(finding)
    titles = {outcome.check: outcome.title for outcome in line.outcomes}
    for (check, place), found in groups.items():
        waiver = found[0].waived
        assert waiver is not None
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        by = f", {waiver.by}" if waiver.by else ""
        what = f"{titles.get(check, check)}: {found[0].says or found[0].subject}{more}"
        yield f"{line.row.id}: {what} (until {waiver.until}{by}: {waiver.because}; {place})"


def _verdict(lines: Sequence[Line], report: Report) -> tuple[str, list[str]]:
    blocking = [line for line in lines if any(o.check not in WHOLENESS for o in line.blocks)]
    unknown = [line for line in lines if any(_not_known(o) for o in line.outcomes)]
    why = [f"{line.row.id}: {wrong}" for line in blocking for wrong in _wrong(line)]
    why += [f"{line.row.id}: {_doubt(line)}" for line in unknown]
    why += _holes(report)
    if blocking:
        return NO_GO, why
    if why or not any(_weight(o) is Verdict.PASS for line in lines for o in line.outcomes):
        return NOT_KNOWN, why or ["nothing at all could be judged"]
    return GO, []


def _wrong(line: Line) -> Iterator[str]:
    """Give what is wrong in a row: a sentence a check, over all its nodes."""
    found = [outcome for outcome in line.blocks if outcome.check not in WHOLENESS]
    for check in dict.fromkeys(outcome.check for outcome in found):
        same = [outcome for outcome in found if outcome.check == check]
        says = [finding.says for outcome in same for finding in counting(outcome)]
        number = len(says) + sum(outcome.findings_cut for outcome in same)
        more = f", and {number - 1} more" if number > 1 else ""
        yield f"{same[0].title}: {says[0] if says else 'more than is listed'}{more}"


def _doubt(line: Line) -> str:
    """Return what could not be told in a row, and why."""
    found = [outcome for outcome in line.outcomes if _not_known(outcome)]
    titles = list(dict.fromkeys(_open_question(outcome) for outcome in found))
    reasons = dict.fromkeys(outcome.detail for outcome in found if outcome.reason is not Reason.VALUE_UNKNOWN)
    more = f"; and {len(titles) - MOST_DOUBTS} more" if len(titles) > MOST_DOUBTS else ""
    told = "; ".join(list(filter(None, reasons))[:2])
    return f"could not tell: {'; '.join(titles[:MOST_DOUBTS])}{more}{f' ({told})' if told else ''}"


def _open_question(outcome: Outcome) -> str:
    """Return what is not known: the first thing that the check itself could not tell, else what it asks."""
    if outcome.reason is Reason.VALUE_UNKNOWN and outcome.could_not_tell:
        first, others = outcome.could_not_tell[0], len(outcome.could_not_tell) - 1
        of = f"{outcome.node}: " if outcome.node and outcome.node not in first.says else ""
        return f"{of}{first.says or first.subject}{f' (and {others} more)' if others else ''}"
    return outcome.title


def _holes(report: Report) -> Iterator[str]:
    if report.interrupted:
        yield "the run was interrupted"
    elif not report.complete:
        lost = sorted({f"{gap.fact} of {gap.node}" if gap.node else gap.fact for gap in report.gaps})
        names = ", ".join(lost[:5]) + (f" and {len(lost) - 5} more" if len(lost) > 5 else "")
        yield f"the run has holes: {names or 'the nodes are not known'}"
    days = days_between(report.taken_at, report.judged_at)
    if days is None or not -1 <= days <= MOST_DAYS:
        age = f"was taken {days:.0f} days ago" if days is not None and days > 0 else "is not of the past"
        yield f"the snapshot {age}: what the cluster is like today was not looked at"
    if left := _left_out(report):
        yield f"left out of this run: {', '.join(left)}"


def _left_out(report: Report) -> list[str]:
    """Return the sources and nodes that the user left out: nobody can compare them afterwards.

    The database may have noted before the switch that a phone is registered: no evidence that it came back.
    """
    noted = ["where phones are registered now (it was read as the database noted them)"]
    return [
        *(str(name) for key in ("limit", "without") for name in _items(report.scope.get(key)) if report.scope.get(key)),
        *(noted if report.scope.get("registration") else ()),
    ]


def _items(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else [value]


def gaps(report: Report) -> int:
    """Return how many facts did not come back whole."""
    return sum(gap.state in (State.PARTIAL, State.FAILED) for gap in report.gaps)
