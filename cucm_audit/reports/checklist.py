"""A checklist on paper: the verdict first, then why, the rows with their evidence, and the rows that people sign.

As JSON: the same, around the report in its own published shape.
"""

import json
from collections.abc import Iterator

from cucm_audit.checklist import Checklist, Line
from cucm_audit.model import Finding, Outcome, Severity, Verdict
from cucm_audit.reports import json as report_json
from cucm_audit.reports.lines import hanging
from cucm_audit.reports.sanitize import escape_hidden, plain, visible
from cucm_audit.reports.standing import accepted_as
from cucm_audit.reports.text import shown
from cucm_audit.settling import Settling

NARROWEST = 60
MOST_SUBJECTS = 10
_WORDS = {"go": "GO", "no-go": "NO-GO", "not-known": "NOT KNOWN"}
_ROWS = {
    Verdict.FAIL: "WRONG",
    Verdict.UNKNOWN: "UNKNOWN",
    Verdict.PASS: "fine",
    Verdict.NOT_APPLICABLE: "n/a",
}
_LINE = "_" * 24


def text(made: Checklist, width: int, *, verbose: bool = False) -> str:
    """Return the checklist as text, no line wider than ``width`` columns."""
    return "\n".join(line.rstrip() for line in _Page(made, max(width, NARROWEST), verbose).lines()) + "\n"


def document(made: Checklist, width: int = 0, *, verbose: bool = False) -> str:  # noqa: ARG001 - as text() has them
    """Return the checklist as JSON, with a line end. ``report`` has the shape of ``cucm-audit schema``."""
    told = {
        "schema_version": "1.1",
        "checklist": made.document,
        "verdict": made.verdict,
        "why": list(made.why),
        "waived": list(made.waived),
        "target": made.target or None,
        "before": made.before or None,
        "saved": {"file": made.saved, "whole": made.whole} if made.saved else None,
        "settling": _settling(made.settling) if made.settling else None,
        "rows": [_row(line) for line in made.lines],
        "report": json.loads(report_json.render(made.report)),
    }
    # plain() sorts mappings: the order of this one is for people.
    return (
        escape_hidden(json.dumps({key: _kept(value) for key, value in told.items()}, ensure_ascii=False, indent=2))
        + "\n"
    )


def _settling(settling: Settling) -> dict[str, object]:
    return {
        "state": settling.state,
        "away": settling.away,
        "earlier": [{"at": moment, "away": number} for moment, number in settling.earlier],
        "again_in_minutes": settling.again,
        "says": settling.says or None,
    }


def _kept(value: object) -> object:
    return value if isinstance(value, dict) else plain(value)


def _row(line: Line) -> dict[str, object]:
    return {
        "row": line.row.id,
        "symptom": line.row.symptom,
        "look": line.row.look,
        "kind": line.row.kind,
        "verdict": str(line.verdict) if line.verdict else None,
        "waived": len(line.waived),
        "checks": list(line.row.checks),
        "by_hand": line.row.by_hand or None,
        "signed": {"by": None, "at": None} if line.row.by_hand else None,
    }


class _Page:
    def __init__(self, made: Checklist, width: int, verbose: bool) -> None:
        self.made, self.width, self.verbose = made, width, verbose

    def said(self, words: object, first: str = "", rest: str | None = None) -> Iterator[str]:
        yield from hanging(words, self.width, first, " " * len(first) if rest is None else rest)

    def lines(self) -> Iterator[str]:
        yield from self.head()
        yield from self.automatic()
        yield from self.by_hand()

    def head(self) -> Iterator[str]:
        """Yield the verdict, in the first line, and why."""
        made, report = self.made, self.made.report
        going = f" to {made.target}" if made.target else ""
        accepted = sum(len(line.waived) for line in made.lines)
        waived = f"; {accepted} waived" if accepted else ""
        yield from self.said(
            f"{_WORDS[made.verdict]}: {report.cluster}, {report.release or 'release not known'}{going}{waived}"
        )
        yield from self.said(
            f"{made.title}; taken {report.taken_at}, judged {report.judged_at}, cucm-audit {report.version}"
        )
        if made.before:
            yield from self.said(f"compared with {made.before}")
        if report.scope.get("legacy_tls"):
            yield from self.said("legacy-tls: yes (TLS before 1.2 and old ciphers were allowed)")
        if report.scope.get("registration"):
            yield from self.said(f"registration: {report.scope['registration']}")
        for reason in made.why:
            yield from self.said(reason, "  - ")
        for accepted_one in made.waived:
            yield from self.said(f"waived: {accepted_one}", "  - ")
        if made.settling and made.settling.says:
            yield from self.said(f"Row A4: {made.settling.says}")
        for use in made.report.waivers:
            if use.state == "expired":
                yield from self.said(f"expired: {use.place}: the waiver of {use.check} ended on {use.until}", "  - ")
        if made.saved and made.whole:
            yield from self.said(f"Saved: {made.saved}, whole. After the upgrade:")
            yield f"  cucm-audit checklist after-upgrade --before {visible(made.saved)}"
        elif made.saved:
            yield from self.said(
                f"Saved: {made.saved}, NOT WHOLE: what it lacks cannot be compared afterwards. Mend that and save again"
            )
        signing = sum(bool(line.row.by_hand) for line in made.lines)
        if signing:
            yield from self.said(f"{signing} rows below are for people: it is a go when they are signed too.")

    def automatic(self) -> Iterator[str]:
        """Yield the rows that the program looked at, with what it saw."""
        yield from ("", "LOOKED AT BY THE PROGRAM (fine: it is not so)")
        for line in self.made.lines:
            if not line.row.checks:
                continue
            word = _ROWS[line.verdict] if line.verdict else "not judged"
            word = "WAIVED" if line.verdict is Verdict.FAIL and not line.blocks else word
            yield from self.said(line.row.symptom, f"{line.row.id:<5}{word:<9}")
            for outcome in line.outcomes:
                yield from self.outcome(outcome)

    def outcome(self, outcome: Outcome) -> Iterator[str]:
        """Yield what one check says about the cluster or a node."""
        of = f"{outcome.node}: " if outcome.node else ""
        before = " " * 14
        if outcome.verdict is Verdict.FAIL:
            mark = "note: " if outcome.severity is Severity.NOTE else ""
            yield from self.said(f"{mark}{of}{outcome.title} [{outcome.check}]", before)
            yield from self.findings(outcome.findings, outcome.findings_cut, before)
            for fix in list(dict.fromkeys(finding.fix for finding in outcome.findings))[:1]:
                yield from self.said(fix, f"{before}  fix: ")
        elif outcome.verdict is Verdict.UNKNOWN:
            yield from self.said(f"{of}{outcome.title} [{outcome.check}]: {outcome.detail or outcome.reason}", before)
        elif outcome.show:
            yield from self.said(f"{of}{outcome.title}:", before)
            for value in shown(outcome.show):
                yield from self.said(value, f"{before}- ")
        elif self.verbose:
            word = "fine" if outcome.verdict is Verdict.PASS else "n/a"
            counted = f"{outcome.examined} looked at" if outcome.verdict is Verdict.PASS else outcome.detail
            yield from self.said(f"{of}{outcome.title} [{outcome.check}]: {word}, {counted}", before)
        yield from self.findings(outcome.could_not_tell, 0, before, "could not tell whether: ")

    def findings(self, found: tuple[Finding, ...], cut: int, before: str, word: str = "") -> Iterator[str]:
        """Yield at most ten findings in the order of their words (phones: pool, model, load), and how many more."""
        most = len(found) if self.verbose else MOST_SUBJECTS
        for finding in sorted(found, key=lambda one: one.says or one.subject)[:most]:
            accepted = f" ({accepted_as(finding.waived)})" if finding.waived else ""
            yield from self.said(f"{word}{finding.says or finding.subject}{accepted}", f"{before}- ")
        if more := max(len(found) - most, 0) + cut:
            yield f"{before}- {word}and {more} more (-v lists them)"

    def by_hand(self) -> Iterator[str]:
        """Yield the rows that people look at, each with a box and a place to sign."""
        rows = [line.row for line in self.made.lines if line.row.by_hand]
        if rows:
            yield from ("", "LOOKED AT BY PEOPLE")
        for row in rows:
            yield from self.said(row.symptom, f"[ ] {row.id:<5}")
            yield from self.said(row.by_hand, " " * 9)
            yield f"         by {_LINE}  at {_LINE}"
        open_rows = [line.row for line in self.made.lines if line.row.kind == "open"]
        for row in open_rows:
            yield from self.said(f"{row.symptom}: nobody looks at this row yet", f"[ ] {row.id:<5}")
        yield from ("", f"Decided by {_LINE}  at {_LINE}")
