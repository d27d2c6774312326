"""Snapshots for tests of judging: an example or hand-written rows, with a ledger that says that all is whole."""

import sqlite3
from pathlib import Path
from typing import Any

from cucm_audit.checks import Check, Checks, example
from cucm_audit.facts import Per, facts
from cucm_audit.judge import judge
from cucm_audit.model import Gathered, Outcome, Reason, Source, State
from cucm_audit.snapshot import Snapshot

RELEASES = ("9.1.2.10000-28", "11.5.1.14900-11", "12.5.1.14900-63", "15.0.1.12900-234")


def fact_scopes(snapshot: Snapshot) -> list[tuple[str, Source, str]]:
    """Every fact with every scope that a whole run has."""
    nodes = list(snapshot.select("select name, voice from node"))
    scopes = []
    for fact in facts():
        if fact.per in (Per.CLUSTER, Per.PUBLISHER) and not fact.nodes_answer:
            scopes.append((fact.table, fact.source, ""))
        else:
            scopes += [(fact.table, fact.source, name) for name, voice in nodes if voice or fact.per is Per.NODE]
    return scopes


def whole(snapshot: Snapshot) -> None:
    """Say in the ledger that every fact came back whole."""
    for fact, source, node in fact_scopes(snapshot):
        condition, values = (" where node = ?", (node,)) if node else ("", ())
        ((rows,),) = snapshot.select(f"select count(*) from {fact}{condition}", values)
        snapshot.ledger(Gathered(fact=fact, node=node, source=source, state=State.WHOLE, rows=rows))


def recounted(path: Path) -> None:
    """Let the ledger of a saved file say how many rows each fact has now: what was changed by hand came so."""
    with sqlite3.connect(path) as file:
        for fact, node in file.execute("select fact, node from ledger").fetchall():
            condition, values = (" where node = ?", (node,)) if node else ("", ())
            ((rows,),) = file.execute(f"select count(*) from {fact}{condition}", values)
            file.execute("update ledger set rows = ? where fact = ? and node = ?", (rows, fact, node))


def broken(snapshot: Snapshot, fact: str, state: State, reason: Reason = Reason.TIMEOUT) -> None:
    """Say that one fact did not come back whole, on every scope."""
    for name, source, node in fact_scopes(snapshot):
        if name == fact:
            snapshot.ledger(Gathered(fact=name, node=node, source=source, state=state, reason=reason))


def example_of(check: Check, checks: Checks, *, fine: bool = False) -> Snapshot:
    """The example of a check, on a release that the check is for, with a whole ledger."""
    snapshot = example(check, checks.settings, fine=fine)
    whole(snapshot)
    if snapshot.before is not None:
        whole(snapshot.before)
    return snapshot


def outcomes(snapshot: Snapshot, checks: Checks, check: str) -> list[Outcome]:
    """Judge a snapshot and return the outcomes of one check."""
    report = judge(snapshot, checks, judged_at="2026-01-02 03:04:05", version="test")
    return [outcome for outcome in report.outcomes if outcome.check == check]


def subjects(found: list[Outcome], kind: str = "findings") -> set[str]:
    """The subjects of all findings, as examples write them: "node/subject" for checks of nodes."""
    listed: list[Any] = [(outcome.node, finding.subject) for outcome in found for finding in getattr(outcome, kind)]
    return {f"{node}/{subject}" if node else subject for node, subject in listed}
