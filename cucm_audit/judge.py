"""Check + snapshot -> outcome. The only file where a PASS is made, on one line.

For each check and scope (the cluster, or a node) one order is kept: does it apply to this release; did every fact
that its query reads come back whole for this scope; run it; anything wrong; anything that could not be told; nothing
looked at; and only then PASS.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cucm_audit.checks import Check, Checks, Row
from cucm_audit.model import (
    MOST_FINDINGS,
    Evidence,
    Finding,
    Gathered,
    Outcome,
    Reason,
    Report,
    Severity,
    State,
    Verdict,
)
from cucm_audit.prerequisites import Prerequisites
from cucm_audit.queries import QueryFailed, QueryRefused
from cucm_audit.snapshot import Snapshot

#: So many characters of a value appear in a sentence.
_COPY = (
    "it was read from the copy of the database on {node}, and that this is the publisher's today is not known:"
    " see that AXL of the publisher answers, or let {node} tell its replication (PerfMon)"
)
MOST_TEXT = 300
#: Seconds in which a snapshot is judged, unless the run has fewer left; and what one check may take of the rest.
JUDGING, ONE_CHECK = 120.0, 1 / 4
#: So many seconds a check has at least, while there is any time left.
LEAST = 0.1
_LATE = "the time of the run was used up before this was judged: give it more (--timeout)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which part of the checks is judged; empty means all. Rows without a check follow their document."""

    documents: frozenset[str] = frozenset()
    checks: frozenset[str] = frozenset()
    severities: frozenset[Severity] = frozenset()

    def has_check(self, check: Check, rows: Sequence[Row]) -> bool:
        """Tell whether a check is wanted."""
        return (
            (not self.checks or bool(self.checks & {check.id, *check.aliases, *(row.id for row in rows)}))
            and (not self.documents or bool(self.documents & {row.document for row in rows}))
            and (not self.severities or check.severity in self.severities)
        )

    def has_row(self, row: Row) -> bool:
        """Tell whether a row that stands for itself is wanted."""
        return (
            not self.severities
            and (not self.checks or row.id in self.checks)
            and (not self.documents or row.document in self.documents)
        )


@dataclass(slots=True)
class _Seen:
    """What a check's query said about one scope."""

    examined: int = 0
    wrong: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    unsure: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    cut: int = 0
    shown: list[tuple[Any, ...]] = field(default_factory=list)


def judge(
    snapshot: Snapshot,
    checks: Checks,
    *,
    judged_at: str,
    version: str,
    only: Selection | None = None,
    seconds: float = JUDGING,
) -> Report:
    """Judge a snapshot and return the report.

    ``judged_at`` is UTC ISO text; nothing else in the report depends on the clock. ``seconds`` are for all checks
    together: one that never ends may take a quarter of what is left of them, and the others still have their turn.
    """
    only = only or Selection()
    bench = _Bench(snapshot, seconds)
    outcomes: list[Outcome] = []
    done: set[str] = set()
    for row in checks.rows:
        for name in row.checks:
            check, rows = checks.checks[name], checks.rows_of(name)
            if name not in done and only.has_check(check, rows):
                outcomes += bench.outcomes(check, rows)
            done.add(name)
        if (row.by_hand or row.retired) and only.has_row(row):
            outcomes.append(_standing(row))
    gaps = tuple(g for g in bench.seen.ledger.values() if g.state in (State.PARTIAL, State.FAILED))
    interrupted = snapshot.get_meta("interrupted") == "1"
    return Report(
        cluster=snapshot.get_meta("cluster"),
        cluster_id=snapshot.get_meta("cluster_id"),
        release=snapshot.get_meta("release"),
        via=snapshot.get_meta("via"),
        version=version,
        taken_at=snapshot.get_meta("taken_at"),
        judged_at=judged_at,
        complete=not gaps and not interrupted and bench.seen.nodes_known,
        interrupted=interrupted,
        scope={**snapshot.get_json("scope"), **({"own_checks": list(checks.packs)} if checks.packs else {})},
        nodes=tuple(bench.seen.nodes()),
        outcomes=tuple(outcomes),
        gaps=gaps,
        cost=snapshot.get_json("cost"),
    )


def _standing(row: Row) -> Outcome:
    """Return the outcome of a row that no program checks (or not alone)."""
    retired = bool(row.retired) and not row.checks
    return Outcome(
        check=None,
        title=row.symptom,
        rows=(row.id,),
        documents=(row.document,),
        node="",
        verdict=Verdict.NOT_APPLICABLE if retired else Verdict.BY_HAND,
        severity=None,
        detail=row.retired if retired else row.by_hand,
    )


class _Bench:
    """A snapshot on the judge's bench: what checks ask of it, and whether all of that was seen."""

    def __init__(self, snapshot: Snapshot, seconds: float) -> None:
        self._snapshot = snapshot
        self._end = time.monotonic() + seconds
        self.seen = Prerequisites(snapshot)

    # ------------------------------------------------------------------------------------------------------- one check

    def outcomes(self, check: Check, rows: tuple[Row, ...]) -> Iterator[Outcome]:
        """Give the outcome of a check for the cluster, or one for each node that it looks at."""
        blank = Outcome(
            check=check.id,
            title=check.title,
            rows=tuple(row.id for row in rows),
            documents=tuple(dict.fromkeys(row.document for row in rows)),
            node="",
            verdict=Verdict.UNKNOWN,
            severity=check.severity,
        )
        if check.per == "node" and not self.seen.voice:
            yield self.seen.no_nodes(blank)
            return
        scopes = self.seen.scopes(everybody=check.nodes == "all") if check.per == "node" else [""]
        applies = {scope: self.seen.lack(check, replace(blank, node=scope)) for scope in scopes}
        if time.monotonic() > self._end:
            late = replace(blank, reason=Reason.BUDGET, detail=_LATE)
            yield from (decided or replace(late, node=scope) for scope, decided in applies.items())
            return
        seen, trouble = self._look(check, scopes) if any(_worth_a_look(o) for o in applies.values()) else ({}, None)
        for scope in scopes:
            decided = applies[scope]
            here = seen.get(scope, _Seen())
            if decided is None:
                yield self._verdict(check, replace(blank, node=scope), here, trouble)
            elif _worth_a_look(decided) and trouble is None:
                # What was seen so far is still listed. Half a list can make things look wrong: so it is no finding.
                yield replace(
                    decided,
                    could_not_tell=self._findings(check, scope, {**here.unsure, **here.wrong}),
                    examined=here.examined,
                )
            else:
                yield decided

    def _look(self, check: Check, scopes: list[str]) -> tuple[dict[str, _Seen], str | None]:
        """Run a check's query once and sort its rows by scope.

        The second value says what went wrong with the query itself, None when nothing did.
        """
        seen = {scope: _Seen() for scope in scopes}
        left = max(LEAST, (self._end - time.monotonic()) * ONE_CHECK)
        try:
            for subject, wrong, node, *values in self._snapshot.run(check.sql, left=left):
                here = seen.get(node or "")
                if here is None:
                    continue  # an IM and Presence node, or a row about no node
                here.examined += 1
                if wrong is not None and wrong not in (0, 1):
                    return seen, f"check {check.id}: wrong_if gave {str(wrong)[:40]!r} instead of 0, 1 or NULL"
                self._note(here, check, str(subject) if subject is not None else "(no name)", wrong, tuple(values))
        except (QueryFailed, QueryRefused) as error:
            return seen, f"check {check.id}: {error}"
        return seen, None

    def _note(self, here: _Seen, check: Check, subject: str, wrong: int | None, values: tuple[Any, ...]) -> None:
        """Keep what one row says; a subject that comes twice is folded, and the worst wins."""
        if check.show and len(here.shown) < 20:
            here.shown.append(values)
        if wrong == 1:
            here.unsure.pop(subject, None)
            if len(here.wrong) < MOST_FINDINGS or subject in here.wrong:
                here.wrong.setdefault(subject, values)
            else:
                here.cut += 1
        elif wrong is None and check.wrong_if and subject not in here.wrong and len(here.unsure) < MOST_FINDINGS:
            here.unsure.setdefault(subject, values)

    # ----------------------------------------------------------------------------------------------------- the verdict

    def _verdict(self, check: Check, blank: Outcome, here: _Seen, trouble: str | None) -> Outcome:
        """Say the verdict of a check whose facts are all whole."""
        if trouble is not None:
            return replace(blank, reason=Reason.INTERNAL_ERROR, detail=trouble)
        looked = replace(
            blank,
            examined=here.examined,
            show=self._shown(check, here),
            findings=self._findings(check, blank.node, here.wrong),
            findings_cut=here.cut,
            could_not_tell=self._findings(check, blank.node, here.unsure),
        )
        if here.wrong:
            return replace(looked, verdict=Verdict.FAIL)
        if here.unsure:
            return replace(looked, reason=Reason.VALUE_UNKNOWN, detail="a value that this check needs is not known")
        if copy := self.seen.other_copy(check):
            return replace(looked, reason=Reason.PREREQUISITE_UNKNOWN, detail=_COPY.format(node=copy))
        if not here.examined:
            return self._nothing(check, looked)
        if not check.wrong_if:
            return replace(looked, verdict=Verdict.NOT_APPLICABLE, detail="for information")
        return replace(looked, verdict=Verdict.PASS)  # the one line where a PASS is made

    def _nothing(self, check: Check, looked: Outcome) -> Outcome:
        """Zero things looked at is its own answer: what it means, the check says."""
        if check.if_none == "unknown":
            return replace(
                looked,
                reason=Reason.IMPLAUSIBLE_EMPTY,
                detail=check.none_says or "what this check looks at is not there",
            )
        if check.if_none == "not_applicable":
            return replace(looked, verdict=Verdict.NOT_APPLICABLE, detail=check.none_says or "nothing to look at")
        return replace(looked, verdict=Verdict.PASS, detail=check.none_says)

    def _shown(self, check: Check, here: _Seen) -> dict[str, Any]:
        """Return what a check shows: a value by column, or lists of the same length, place by place the same row."""
        places = [check.columns.index(expression) for expression in check.show]
        rows = list(dict.fromkeys(tuple(row[place] for place in places) for row in here.shown))
        if len(rows) == 1:
            return dict(zip(check.show, rows[0], strict=True))
        return {name: list(values) for name, values in zip(check.show, zip(*rows, strict=True), strict=False)}

    def _findings(self, check: Check, node: str, subjects: dict[str, tuple[Any, ...]]) -> tuple[Finding, ...]:
        facts = self.seen.evidence(check, node) if subjects else ()
        return tuple(self._finding(check, node, subject, values, facts) for subject, values in subjects.items())

    def _finding(
        self, check: Check, node: str, subject: str, values: tuple[Any, ...], facts: tuple[Gathered, ...]
    ) -> Finding:
        named = dict(zip(check.columns, values, strict=True))
        fill = {**named, "node": node}
        return Finding(
            check=check.id,
            node=node,
            subject=subject,
            says=_filled(check.says, fill),
            why=_filled(check.why, fill),
            fix=_filled(check.fix, fill),
            evidence=Evidence(columns=named, facts=facts),
        )


def _worth_a_look(outcome: Outcome | None) -> bool:
    """Tell whether a check's query is run: to judge, or (facts lack) to list what was seen so far."""
    if outcome is None:
        return True
    return outcome.verdict is Verdict.UNKNOWN and outcome.reason not in (
        Reason.INTERNAL_ERROR,
        Reason.UNSUPPORTED_VERSION,
    )


def _filled(text: str, values: dict[str, Any]) -> str:
    """Fill ``{name}`` places by plain replacement: a value is never a format string, and is not filled again."""
    parts: list[str] = []
    rest = text
    while rest:
        before, brace, tail = rest.partition("{")
        name, closed, after = tail.partition("}")
        parts.append(before)
        if not brace:
            break
        if closed and name in values:
            value = values[name]
            parts.append("(not known)" if value is None else str(value)[:MOST_TEXT])
            rest = after
        else:
            parts.append(brace)
            rest = tail
    return "".join(parts)
