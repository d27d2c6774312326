"""The example of a user's check, judged before the check may judge a cluster.

Our own checks are proved by our tests; a check of somebody else has nobody but the program to try it. It is refused
unless its example finds exactly what it says, something in it is fine, and no value that is not known makes the check
pass what was wrong.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from cucm_audit.checkfile import Value
from cucm_audit.checks import OWN, Check, CheckError, Checks, Row, example
from cucm_audit.judge import judge
from cucm_audit.model import Gathered, Outcome, Source, State, Verdict
from cucm_audit.snapshot import Snapshot
from cucm_audit.tables import OWN_TABLES, columns, tables

_NOW = "2026-01-02 03:04:05"  # verdicts do not hang on the clock
_SECONDS = 8.0  # for a handful of rows: two seconds for the check


def prove(checks: Checks) -> Checks:
    """Judge the examples of all checks that are not ours and return the checks.

    CheckError names file and check, what came out, and what to do.
    """
    files = {document.id: document.path for document in checks.documents}
    for check in checks.checks.values():
        if check.pack != OWN and check.wrong_if:
            try:
                _prove(check, checks)
            except CheckError as error:
                raise CheckError(f"{files[check.document]}: {error}") from None
    return checks


def _prove(check: Check, checks: Checks) -> None:
    alone = replace(checks, rows=_rows(check, checks), checks={check.id: check})
    told = example(check, checks.settings)
    found = _outcomes(told, check, alone)
    _says_what_it_finds(check, found)
    _finds_something_fine(check, found, alone, checks.settings)
    for table, column in _not_known(told, check):
        _passes_nothing_unknown(check, alone, checks.settings, table, column)


def _rows(check: Check, checks: Checks) -> tuple[Row, ...]:
    return tuple(replace(row, checks=(check.id,)) for row in checks.rows_of(check.id)[:1])


def _outcomes(snapshot: Snapshot, check: Check, alone: Checks) -> list[Outcome]:
    """Judge an example, of which all came back whole."""
    for fact in tables() - OWN_TABLES:
        for told in (snapshot, snapshot.before):
            if told is not None:
                told.ledger(Gathered(fact=fact, node="", source=Source.AXL, state=State.WHOLE))
    report = judge(snapshot, alone, judged_at=_NOW, version="", seconds=_SECONDS)
    return [outcome for outcome in report.outcomes if outcome.check == check.id]


def _subjects(found: list[Outcome], kind: str) -> set[str]:
    """Return subjects as examples write them: "node/subject" for checks of nodes."""
    pairs = [(outcome.node, finding.subject) for outcome in found for finding in getattr(outcome, kind)]
    return {f"{node}/{subject}" if node else subject for node, subject in pairs}


def _says_what_it_finds(check: Check, found: list[Outcome]) -> None:
    for outcome in found:
        if outcome.reason is not None and outcome.detail and not (outcome.findings or outcome.could_not_tell):
            raise CheckError(f"check {check.id}: its example cannot be judged: {outcome.detail}")
    for word, kind in (("wrong", "findings"), ("unknown", "could_not_tell")):
        said, came = set(check.example.get(word, [])), _subjects(found, kind)
        if said != came:
            raise CheckError(
                f"check {check.id}: its example is not true: {word} says {_list(said)}, the check finds {_list(came)};"
                " mend the one that is mistaken"
            )
    for finding in (finding for outcome in found for finding in outcome.findings):
        if "{" in finding.says + finding.fix + finding.why:
            raise CheckError(
                f"check {check.id}: a place in its words is not filled: {finding.says}; {{name}} is a column of look_at"
            )


def _finds_something_fine(check: Check, found: list[Outcome], alone: Checks, settings: Mapping[str, Value]) -> None:
    if check.fine:
        verdicts = {outcome.verdict for outcome in _outcomes(example(check, settings, fine=True), check, alone)}
        if verdicts != {Verdict.PASS}:
            raise CheckError(f"check {check.id}: [check.fine] does not pass, it is {_list(verdicts)}; mend one of them")
        return
    named = len(check.example["wrong"]) + len(check.example.get("unknown", []))
    if sum(outcome.examined for outcome in found) <= named:
        raise CheckError(
            f"check {check.id}: nothing in its example is fine: add a row that is, or an example of its own in"
            " [check.fine]"
        )


def _not_known(told: Snapshot, check: Check) -> Iterator[tuple[str, str]]:
    """Give every column that may be NULL, as table and column; those of the snapshot from before begin with it."""
    reads = told.reads(check.sql)
    for place, names in (("", reads.facts), ("before.", reads.before)):
        for table in sorted(names):
            for column in columns(table):
                if column.nullable and (table, column.name) != ("node", "release"):
                    yield place + table, column.name


def _passes_nothing_unknown(
    check: Check, alone: Checks, settings: Mapping[str, Value], table: str, column: str
) -> None:
    """With a column emptied, what was wrong is wrong still, or could not be told: never fine, never out of sight."""
    told = example(check, settings)
    emptied = told.before if table.startswith("before.") and told.before is not None else told
    emptied.empty(table.removeprefix("before."), column)
    wrong = check.example["wrong"]
    for outcome in _outcomes(told, check, alone):
        silent = outcome.verdict in (Verdict.PASS, Verdict.NOT_APPLICABLE)
        if silent and any(not outcome.node or subject.startswith(f"{outcome.node}/") for subject in wrong):
            raise CheckError(
                f"check {check.id}: with {table}.{column} not known (NULL) it says {outcome.verdict}, and its example"
                f" is wrong; a condition on {column} belongs into wrong_if, where NULL means 'could not tell'"
            )


def _list(words: set[str] | set[Verdict]) -> str:
    return ", ".join(sorted(words)) or "nothing"
