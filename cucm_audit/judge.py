"""Check + snapshot -> outcome. The only file where a PASS is made, on one line.

For each check and scope (the cluster, or a node) one order is kept: does it apply to this release; did every fact
that its query reads come back whole for this scope; run it; anything wrong; anything that could not be told; nothing
looked at; and only then PASS.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cucm_audit.checks import Check, Checks, Row
from cucm_audit.model import (
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
from cucm_audit.queries import QueryFailed, QueryRefused, Reads
from cucm_audit.snapshot import Snapshot
from cucm_audit.words import version_in

#: So many findings of one check are kept; the rest is counted.
MOST_FINDINGS = 10_000
#: So many characters of a value appear in a sentence.
MOST_TEXT = 300


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


def judge(snapshot: Snapshot, checks: Checks, *, judged_at: str, version: str, only: Selection | None = None) -> Report:
    """Judge a snapshot and return the report.

    ``judged_at`` is UTC ISO text; nothing else in the report depends on the clock.
    """
    only = only or Selection()
    bench = _Bench(snapshot)
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
    gaps = tuple(g for g in bench.ledger.values() if g.state in (State.PARTIAL, State.FAILED))
    interrupted = snapshot.get_meta("interrupted") == "1"
    return Report(
        cluster=snapshot.get_meta("cluster"),
        cluster_id=snapshot.get_meta("cluster_id"),
        release=snapshot.get_meta("release"),
        via=snapshot.get_meta("via"),
        version=version,
        taken_at=snapshot.get_meta("taken_at"),
        judged_at=judged_at,
        complete=not gaps and not interrupted and bench.nodes_known,
        interrupted=interrupted,
        scope=snapshot.get_json("scope"),
        nodes=tuple(bench.nodes()),
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
    """A snapshot on the judge's bench: its ledger, its nodes and their releases, read once."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.ledger = {(row.fact, row.node): row for row in snapshot.gathered()}
        self._scopes: dict[str, set[str]] = {}
        for fact, node in self.ledger:
            self._scopes.setdefault(fact, set()).add(node)
        found = list(snapshot.select("select name, role from node where voice order by role <> 'publisher', name"))
        self._voice = [name for name, _ in found]
        self._all = [name for (name,) in snapshot.select("select name from node order by name")]
        self._publisher = next((name for name, role in found if role == "publisher"), "")
        self._releases: dict[str, str | None] = dict(snapshot.select("select node, release from node_release"))
        entry = self.ledger.get(("node", ""))
        self.nodes_known = entry is not None and entry.state is State.WHOLE and bool(self._voice)
        self._before = _Bench(snapshot.before) if snapshot.before is not None else None

    def nodes(self) -> Iterator[dict[str, Any]]:
        """Give the nodes as the report prints them."""
        for name, address, role, voice in self._snapshot.select(
            "select name, address, role, voice from node order by voice desc, role, name"
        ):
            yield {
                "name": name,
                "address": address,
                "role": role,
                "voice": bool(voice),
                "release": self._releases.get(name),
            }

    # ------------------------------------------------------------------------------------------------------- one check

    def outcomes(self, check: Check, rows: tuple[Row, ...]) -> Iterator[Outcome]:
        """Give the outcome of a check for the cluster, or one for each voice node."""
        blank = Outcome(
            check=check.id,
            title=check.title,
            rows=tuple(row.id for row in rows),
            documents=tuple(dict.fromkeys(row.document for row in rows)),
            node="",
            verdict=Verdict.UNKNOWN,
            severity=check.severity,
        )
        if check.per == "node" and not self._voice:
            yield self._no_nodes(blank)
            return
        scopes = self._voice if check.per == "node" else [""]
        applies = {scope: self._before_looking(check, replace(blank, node=scope)) for scope in scopes}
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

    def _no_nodes(self, blank: Outcome) -> Outcome:
        entry = self.ledger.get(("node", ""))
        if entry is None:
            return replace(blank, reason=Reason.PREREQUISITE_UNKNOWN, detail="the list of nodes was never asked for")
        detail = entry.detail or ("no node runs voice" if entry.state is State.WHOLE else entry.state.value)
        reason = entry.reason or Reason.PREREQUISITE_UNKNOWN
        return replace(blank, reason=reason, detail=f"the list of nodes is not known: {detail}")

    def _before_looking(self, check: Check, blank: Outcome) -> Outcome | None:
        """Say why a check cannot give a verdict on this scope, None when it can."""
        if check.releases and not self._releases and not self._snapshot.get_meta("release"):
            return self._no_nodes(blank)
        if check.releases:
            release = self._releases.get(blank.node or self._publisher) or (
                "" if blank.node else self._snapshot.get_meta("release")
            )
            inside = [version_in(release, low, high) for low, high in check.releases]
            if not release or None in inside:
                return replace(
                    blank,
                    reason=Reason.UNSUPPORTED_VERSION,
                    detail=f"the release is not known ({release or 'no answer'})",
                )
            if 1 not in inside:
                spans = ", ".join(
                    f"{low or 'any'} to before {high}" if high else f"{low} and later" for low, high in check.releases
                )
                return replace(blank, verdict=Verdict.NOT_APPLICABLE, detail=f"applies to {spans}; this is {release}")
        try:
            reads = self._snapshot.reads(check.sql)
        except QueryRefused as error:
            return replace(blank, reason=Reason.INTERNAL_ERROR, detail=f"check {check.id}: {error}")
        if reads.compares and self._before is None:
            return replace(blank, verdict=Verdict.NOT_APPLICABLE, detail="no snapshot from before was given")
        return self._lacking(blank, reads.facts, reads.publisher, everybody=check.nodes == "all") or (
            self._before._lacking_before(blank, reads) if self._before is not None and reads.compares else None
        )

    def _lacking(
        self, blank: Outcome, facts: frozenset[str], publisher: frozenset[str], *, everybody: bool = False
    ) -> Outcome | None:
        """Say which fact that a check reads did not come back whole for its scope, None when all did.

        ``everybody``: a check of the cluster needs the answers of IM and Presence nodes as well.
        """
        needed = [
            (fact, scope)
            for fact in sorted(facts)
            for scope in self._needed_scopes(fact, blank.node, everybody=everybody)
        ]
        needed += [
            (fact, self._publisher if "" not in self._scopes.get(fact, ()) else "") for fact in sorted(publisher)
        ]
        return self._missing(blank, needed)

    def _lacking_before(self, blank: Outcome, reads: Reads) -> Outcome | None:
        """Say the same of the snapshot from before, with its own ledger and its own nodes."""
        if self.nodes_known and blank.node and blank.node not in self._voice:
            return replace(blank, verdict=Verdict.NOT_APPLICABLE, detail=f"{blank.node} was not in the cluster before")
        lack = self._lacking(blank, reads.before, reads.before_publisher)
        return lack and replace(lack, detail=f"in the snapshot from before, {lack.detail}")

    def _needed_scopes(self, fact: str, node: str, *, everybody: bool = False) -> list[str]:
        """Return the ledger scopes of a fact that a check on ``node`` ('' = the cluster) needs."""
        if "" in self._scopes.get(fact, {""}):
            return [""]
        return [node] if node else self._all if everybody else self._voice

    def _missing(self, blank: Outcome, needed: list[tuple[str, str]]) -> Outcome | None:
        """Compare what a check needs with the ledger.

        What the user left out, or the release lacks, makes it not applicable; any other lack makes it UNKNOWN.
        """
        entries = [(fact, scope, self.ledger.get((fact, scope))) for fact, scope in dict.fromkeys(needed)]
        for state, verdict in (
            (State.NOT_ASKED, Verdict.NOT_APPLICABLE),
            (State.NOT_SUPPORTED, Verdict.NOT_APPLICABLE),
        ):
            for fact, scope, entry in entries:
                if entry is not None and entry.state is state:
                    detail = entry.detail or (
                        "left out of this run" if state is State.NOT_ASKED else "this release has no such thing"
                    )
                    return replace(
                        blank, verdict=verdict, reason=entry.reason, detail=f"{_named(fact, scope)}: {detail}"
                    )
        for fact, scope, entry in entries:
            if entry is None:
                return replace(
                    blank, reason=Reason.PREREQUISITE_UNKNOWN, detail=f"{_named(fact, scope)} was never gathered"
                )
            if entry.state is not State.WHOLE:
                detail = f"{_named(fact, scope)} is {entry.state.value}" + (f": {entry.detail}" if entry.detail else "")
                return replace(blank, reason=entry.reason or Reason.PREREQUISITE_UNKNOWN, detail=detail)
        if not self.nodes_known:
            return self._no_nodes(blank)
        return None

    def _look(self, check: Check, scopes: list[str]) -> tuple[dict[str, _Seen], str | None]:
        """Run a check's query once and sort its rows by scope.

        The second value says what went wrong with the query itself, None when nothing did.
        """
        seen = {scope: _Seen() for scope in scopes}
        try:
            for subject, wrong, node, *values in self._snapshot.run(check.sql):
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
        facts = self._evidence(check, node) if subjects else ()
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

    def _evidence(self, check: Check, node: str) -> tuple[Gathered, ...]:
        reads = self._snapshot.reads(check.sql)
        facts = self._entries(reads.facts, reads.publisher, node)
        if self._before is not None:
            before = self._before._entries(reads.before, reads.before_publisher, node)
            facts += tuple(replace(entry, fact=f"before.{entry.fact}") for entry in before)
        return facts

    def _entries(self, facts: frozenset[str], publisher: frozenset[str], node: str) -> tuple[Gathered, ...]:
        """Return the ledger rows of what a check reads."""
        scopes = [(fact, scope) for fact in sorted(facts) for scope in self._needed_scopes(fact, node)]
        scopes += [(fact, self._publisher) for fact in sorted(publisher)]
        return tuple(self.ledger[key] for key in dict.fromkeys(scopes) if key in self.ledger)


def _worth_a_look(outcome: Outcome | None) -> bool:
    """Tell whether a check's query is run: to judge, or (facts lack) to list what was seen so far."""
    if outcome is None:
        return True
    return outcome.verdict is Verdict.UNKNOWN and outcome.reason not in (
        Reason.INTERNAL_ERROR,
        Reason.UNSUPPORTED_VERSION,
    )


def _named(fact: str, scope: str) -> str:
    return f"{fact} of {scope}" if scope else fact


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
