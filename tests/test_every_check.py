"""Properties that every check has to have, also the ones that will be written next year."""

import dataclasses

import pytest
from example_snapshots import broken, example_of, outcomes, subjects, whole

from cucm_audit import checkfile
from cucm_audit.checks import load
from cucm_audit.model import Reason, State, Verdict
from cucm_audit.snapshot import Snapshot
from cucm_audit.tables import columns

CHECKS = load(packages=False)
ALL = sorted(CHECKS.checks)
#: Checks that compare with a snapshot from before.
AFTER = [name for name in ALL if "before" in CHECKS.checks[name].example]
JUDGING = [name for name in ALL if CHECKS.checks[name].wrong_if]


def alone(name: str):
    """The same checks, but with only this one in them: quicker to judge."""
    rows = tuple(dataclasses.replace(row, checks=(name,)) for row in CHECKS.rows_of(name))
    return dataclasses.replace(CHECKS, rows=rows, checks={name: CHECKS.checks[name]})


@pytest.mark.parametrize("name", JUDGING)
def test_its_example_is_true(name):
    check = CHECKS.checks[name]
    found = outcomes(example_of(check, CHECKS), alone(name), name)
    assert subjects(found) == set(check.example["wrong"])
    assert subjects(found, "could_not_tell") == set(check.example.get("unknown", []))
    assert all(outcome.verdict is Verdict.FAIL for outcome in found if outcome.findings)


@pytest.mark.parametrize("name", JUDGING)
def test_something_fine_passes_beside_what_is_wrong(name):
    """A check that calls everything wrong is none: the example has a fine row, or there is an example of its own."""
    check = CHECKS.checks[name]
    if check.fine:
        found = outcomes(example_of(check, CHECKS, fine=True), alone(name), name)
        assert {outcome.verdict for outcome in found} == {Verdict.PASS}
        assert sum(outcome.examined for outcome in found) > 0
    else:
        found = outcomes(example_of(check, CHECKS), alone(name), name)
        named = len(check.example["wrong"]) + len(check.example.get("unknown", []))
        assert sum(outcome.examined for outcome in found) > named, "no fine row in the example, and no [check.fine]"


@pytest.mark.parametrize("name", JUDGING)
def test_every_place_in_its_words_is_filled(name):
    check = CHECKS.checks[name]
    for outcome in outcomes(example_of(check, CHECKS), alone(name), name):
        for finding in outcome.findings:
            assert finding.says
            assert finding.fix
            assert "{" not in finding.says + finding.why + finding.fix
            assert finding.evidence.facts, "a finding says where it comes from"


@pytest.mark.parametrize("state", [State.FAILED, State.PARTIAL])
@pytest.mark.parametrize("name", ALL)
def test_it_passes_nothing_when_a_fact_that_it_reads_is_broken(name, state):
    check = CHECKS.checks[name]
    snapshot = example_of(check, CHECKS)
    for fact in sorted(snapshot.reads(check.sql).facts):
        fresh = example_of(check, CHECKS)
        broken(fresh, fact, state)
        for outcome in outcomes(fresh, alone(name), name):
            assert outcome.verdict is Verdict.UNKNOWN, f"{fact} is {state}"
            assert outcome.reason is Reason.TIMEOUT
            assert not outcome.findings


@pytest.mark.parametrize("state", [State.FAILED, State.PARTIAL])
@pytest.mark.parametrize("name", AFTER)
def test_it_passes_nothing_when_a_fact_from_before_is_broken(name, state):
    check = CHECKS.checks[name]
    for fact in sorted(example_of(check, CHECKS).reads(check.sql).before):
        fresh = example_of(check, CHECKS)
        broken(fresh.before, fact, state)
        for outcome in outcomes(fresh, alone(name), name):
            assert outcome.verdict is Verdict.UNKNOWN, f"before.{fact} is {state}"
            assert outcome.reason is Reason.TIMEOUT
            assert "before" in outcome.detail
            assert not outcome.findings


@pytest.mark.parametrize("name", AFTER)
def test_without_a_snapshot_from_before_it_does_not_apply(name):
    snapshot = example_of(CHECKS.checks[name], CHECKS)
    snapshot.before = None
    found = outcomes(snapshot, alone(name), name)
    assert {outcome.verdict for outcome in found} == {Verdict.NOT_APPLICABLE}
    assert {outcome.detail for outcome in found} == {"no snapshot from before was given"}


@pytest.mark.parametrize("name", AFTER)
def test_it_passes_nothing_when_the_nodes_of_before_are_not_known_or_nothing_was_gathered(name):
    snapshot = example_of(CHECKS.checks[name], CHECKS)
    broken(snapshot.before, "node", State.PARTIAL)
    assert {outcome.verdict for outcome in outcomes(snapshot, alone(name), name)} == {Verdict.UNKNOWN}
    fresh = checkfile.example(CHECKS.checks[name], CHECKS.settings)
    whole(fresh)  # but the one before has no ledger at all
    assert {outcome.verdict for outcome in outcomes(fresh, alone(name), name)} == {Verdict.UNKNOWN}


@pytest.mark.parametrize("name", ALL)
def test_it_passes_nothing_when_the_list_of_nodes_is_broken(name):
    snapshot = example_of(CHECKS.checks[name], CHECKS)
    broken(snapshot, "node", State.PARTIAL)
    assert {outcome.verdict for outcome in outcomes(snapshot, alone(name), name)} == {Verdict.UNKNOWN}


@pytest.mark.parametrize("name", ALL)
def test_it_passes_nothing_when_a_fact_was_never_gathered(name):
    check = CHECKS.checks[name]
    snapshot = checkfile.example(check, CHECKS.settings)  # no ledger at all
    for outcome in outcomes(snapshot, alone(name), name):
        assert outcome.verdict is Verdict.UNKNOWN


def may_be_unknown(snapshot: Snapshot, sql: str) -> list[tuple[str, str, str]]:
    """Every nullable column that a query reads: place ("" or "before"), table, column."""
    reads = snapshot.reads(sql)
    return [
        (place, table, column.name)
        for place, tables in (("", reads.facts), ("before", reads.before))
        for table in sorted(tables)
        for column in columns(table)
        if column.nullable and (table, column.name) != ("node", "release")  # decides whether the check applies at all
    ]


@pytest.mark.parametrize("name", JUDGING)
def test_a_value_that_is_not_known_hides_nothing(name):
    """With any nullable column emptied, what was wrong in the example is wrong still, or it could not be told."""
    check = CHECKS.checks[name]
    for place, table, column in may_be_unknown(example_of(check, CHECKS), check.sql):
        snapshot = example_of(check, CHECKS)
        (snapshot.before if place else snapshot).empty(table, column)
        found = outcomes(snapshot, alone(name), name)
        seen = subjects(found) | subjects(found, "could_not_tell")
        lost = [
            outcome
            for outcome in found
            if outcome.verdict in (Verdict.PASS, Verdict.NOT_APPLICABLE)
            and any(wrong.startswith(f"{outcome.node}/") or not outcome.node for wrong in check.example["wrong"])
        ]
        assert not lost, f"{place} {table}.{column} is NULL: {[(o.node, o.verdict) for o in lost]}, saw {seen}"
