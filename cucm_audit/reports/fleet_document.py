"""The report over many clusters as a document: what became of each cluster, and every check's verdict at each.

Made of the clusters' own reports, so it says nothing that they do not say. A cluster without a report has no verdict,
and stands in it by name: missing is never fine.
"""

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from cucm_audit.model import SEVERITIES, Outcome, Report, Severity, State, Verdict, counting
from cucm_audit.reports.groups import scope
from cucm_audit.reports.json import counts, finding_counts, waived_count

SCHEMA_VERSION = "1.0"
Cell = Literal["fail", "unknown", "pass", "waived", "by_hand", "not_applicable"]
#: The exit code of an audit that saw nothing at all.
NOTHING = 2
#: What counts when a check has several outcomes at a cluster (one a node): the first of these.
_WORST: tuple[Cell, ...] = ("fail", "unknown", "waived", "pass", "by_hand", "not_applicable")


class FleetDocumentError(ValueError):
    """The text is no report over many clusters that this program knows."""


class ClusterLine(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one cluster.

    ``state``: audited; not audited (``says`` is why: nothing can be said of it); missing (no part has it). ``run`` is
    the id of the run that counts. ``report`` is the file of its own report, '' when none was kept. ``scope`` is what
    the user left out or allowed there, in words.
    """

    name: str
    state: Literal["audited", "not_audited", "missing"]
    says: str = ""
    run: str = ""
    exit_code: int | None = None
    report: str = ""
    cluster_id: str = ""
    release: str = ""
    taken_at: str = ""
    complete: bool = False
    interrupted: bool = False
    scope: dict[str, str] = msgspec.field(default_factory=dict)
    outcomes: dict[str, int] = msgspec.field(default_factory=dict)
    findings: dict[str, int] = msgspec.field(default_factory=dict)


class CheckLine(msgspec.Struct, frozen=True, kw_only=True):
    """One check at every audited cluster that it was judged at. ``findings``: clusters with any that is not waived."""

    check: str
    title: str
    severity: Severity | None
    rows: tuple[str, ...] = ()
    verdicts: dict[str, Cell]
    findings: dict[str, int] = msgspec.field(default_factory=dict)
    reasons: dict[str, str] = msgspec.field(default_factory=dict)


class FleetDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A fleet. ``fleet`` are the names of all its clusters, ``shard`` which part this is ("1/1": all of them).

    ``checks`` are sorted, the worst first; ``notes`` say what a merge had to decide. Times are UTC ISO text.
    """

    kind: Literal["cucm-audit fleet"] = "cucm-audit fleet"
    schema_version: Literal["1.0"] = "1.0"
    version: str
    taken_at: str
    shard: str
    fleet: tuple[str, ...]
    interrupted: bool = False
    clusters: tuple[ClusterLine, ...]
    checks: tuple[CheckLine, ...]
    notes: tuple[str, ...] = ()


def line_of(report: Report, *, name: str, run: str, exit_code: int, file: str = "") -> ClusterLine:
    """Return the line of a cluster that has a report. One of which nothing at all was seen is not audited."""
    lost = next((g for g in report.gaps if g.fact == "node" and g.state is State.FAILED), None)
    nothing = exit_code == NOTHING
    gap = lost or next(iter(report.gaps), None)
    says = f"{gap.reason or gap.state}: {gap.detail}" if gap is not None else "nothing could be judged"
    return ClusterLine(
        name=name,
        state="not_audited" if nothing else "audited",
        says=says if nothing else "",
        run=run,
        exit_code=exit_code,
        report=file,
        cluster_id=report.cluster_id,
        release=report.release,
        taken_at=report.taken_at,
        complete=report.complete,
        interrupted=report.interrupted,
        scope={word: value for word, value in scope(report) if word != "door"},
        outcomes={str(verdict): number for verdict, number in counts(report.outcomes).items()},
        findings={
            **{str(severity): number for severity, number in finding_counts(report.outcomes).items()},
            "waived": waived_count(report.outcomes),
        },
    )


class Matrix:
    """Every check at every cluster, gathered report by report, so that no report has to be kept."""

    def __init__(self) -> None:
        self._checks: dict[str, dict[str, Any]] = {}

    def take(self, name: str, outcomes: Iterable[Outcome]) -> None:
        """Take in the outcomes of one cluster."""
        for outcome in outcomes:
            if outcome.check is not None:
                self._one(name, outcome, outcome.check)

    def _one(self, name: str, outcome: Outcome, check: str) -> None:
        line = self._checks.setdefault(
            check,
            {"title": outcome.title, "severity": outcome.severity, "rows": outcome.rows, "verdicts": {}, "findings": {},
             "reasons": {}},
        )  # fmt: skip
        cell = _cell(outcome)
        had = line["verdicts"].get(name)
        line["verdicts"][name] = cell if had is None else min(had, cell, key=_WORST.index)
        if outcome.verdict is Verdict.FAIL and (number := len(counting(outcome)) + outcome.findings_cut):
            line["findings"][name] = line["findings"].get(name, 0) + number
        if outcome.verdict is Verdict.UNKNOWN:
            line["reasons"].setdefault(name, str(outcome.reason))

    def lines(self) -> tuple[CheckLine, ...]:
        """Return the checks, the worst first."""
        return in_order(CheckLine(check=check, **line) for check, line in self._checks.items())


def _cell(outcome: Outcome) -> Cell:
    if outcome.verdict is Verdict.FAIL and not counting(outcome) and not outcome.findings_cut:
        return "waived"
    found: Cell = msgspec.convert(str(outcome.verdict), Cell)
    return found


def in_order(lines: Iterable[CheckLine]) -> tuple[CheckLine, ...]:
    """Sort checks: wrong somewhere first, the severe ones, those wrong at many clusters; then those not known."""

    def key(line: CheckLine) -> tuple[object, ...]:
        wrong, unknown = _number(line, "fail"), _number(line, "unknown")
        severity = SEVERITIES.index(line.severity) if line.severity in SEVERITIES else len(SEVERITIES)
        return (not wrong, not unknown, severity, -wrong, -unknown, line.check)

    return tuple(sorted(lines, key=key))


def _number(line: CheckLine, cell: Cell) -> int:
    return sum(one == cell for one in line.verdicts.values())


def worst_first(clusters: Iterable[ClusterLine]) -> tuple[ClusterLine, ...]:
    """Sort clusters: those of which nothing is known first, then by their findings, then by what is not known."""

    def key(line: ClusterLine) -> tuple[object, ...]:
        found = tuple(-line.findings.get(str(severity), 0) for severity in SEVERITIES[:2])
        return (line.state == "audited", *found, -line.outcomes.get("unknown", 0), line.name)

    return tuple(sorted(clusters, key=key))


def written(document: FleetDocument) -> str:
    """Return the document as JSON, with a line end; the same for the same clusters."""
    import json

    from cucm_audit.reports.sanitize import escape_hidden, plain

    sorted_ = plain(msgspec.to_builtins(document))
    made = {name: sorted_[name] for name in FleetDocument.__struct_fields__}
    return escape_hidden(json.dumps(made, ensure_ascii=False, indent=2)) + "\n"


class _Kind(msgspec.Struct):
    kind: str = ""


def is_fleet(text: bytes) -> bool:
    """Say whether JSON is a fleet's, rather than one cluster's report."""
    try:
        return msgspec.json.decode(text, type=_Kind).kind == "cucm-audit fleet"
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return b'"cucm-audit fleet"' in text[:200]  # a broken one is still meant as one


def read(text: bytes) -> FleetDocument:
    """Turn JSON back into the document. Raises :class:`FleetDocumentError`."""
    try:
        return msgspec.json.decode(text, type=FleetDocument)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FleetDocumentError(f"this is no fleet report of version {SCHEMA_VERSION}: {error}") from None


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the document."""
    made = msgspec.json.schema(FleetDocument)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"cucm-audit fleet {SCHEMA_VERSION}",
        **made,
    }
