"""What a check needs before it may give a verdict, and in which words it is told what it lacks."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from example_snapshots import broken, whole

from cucm_audit.checks import Checks, load
from cucm_audit.judge import judge
from cucm_audit.model import Gathered, Outcome, Reason, Report, Source, State, Verdict
from cucm_audit.snapshot import Snapshot
from tests.test_before import CHECK as BEFORE
from tests.test_before import stored
from tests.test_judge import AGAINST, BOOTS, CHECK, HEAD, ROW, cluster, event, user

Make = Callable[..., Checks]
AT = "2026-01-02 03:04:05"


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Make Checks with one check of our own; each is read once."""
    made: dict[tuple[tuple[str, str], ...], Checks] = {}

    def one(**words: str) -> Checks:
        known = tuple(sorted(words.items()))
        if known not in made:
            said = {"look_at": "app_user", "subject": "name", "wrong_if": "standard = 0", "more": "", **words}
            folder = tmp_path_factory.mktemp("own")
            (folder / "own.toml").write_text(HEAD + ROW.format(id="own-check") + CHECK.format(id="own-check", **said))
            checks = load([folder], packages=False)
            rows = tuple(row for row in checks.rows if row.document == "own")
            made[known] = dataclasses.replace(checks, rows=rows, checks={"own-check": checks.checks["own-check"]})
        return made[known]

    return one


def judged(snapshot: Snapshot, checks: Checks) -> Report:
    return judge(snapshot, checks, judged_at=AT, version="t")


def one(snapshot: Snapshot, checks: Checks) -> Outcome:
    (outcome,) = judged(snapshot, checks).outcomes
    return outcome


def told(snapshot: Snapshot, checks: Checks) -> list[tuple[str, Verdict, Reason | None, str]]:
    return [(o.node, o.verdict, o.reason, o.detail) for o in judged(snapshot, checks).outcomes]


def entry(fact: str, state: State, node: str = "", source: Source = Source.AXL, **rest: object) -> Gathered:
    return Gathered(fact=fact, node=node, source=source, state=state, **rest)


FINE = [user("a", 1)]
LACKS_IT = "this release has no such thing"


# ------------------------------------------------------------------------------------------------------------ the nodes


def test_the_nodes_of_a_report_stand_in_their_order() -> None:
    snapshot = cluster(("imp", "subscriber", 0), ("sub2", "subscriber", 1), ("sub1", "subscriber", 1),
                       ("pub", "publisher", 1), ("odd", None, 1), release="12.5.1.1-1")  # fmt: skip
    shown = judged(snapshot, load(packages=False)).nodes
    assert [(n["name"], n["role"], n["voice"]) for n in shown] == [
        ("odd", None, True), ("pub", "publisher", True), ("sub1", "subscriber", True), ("sub2", "subscriber", True),
        ("imp", "subscriber", False),
    ]  # fmt: skip
    assert shown[1] == {"name": "pub", "address": "pub", "role": "publisher", "voice": True, "release": "12.5.1.1-1"}


def test_the_publisher_is_looked_at_first_and_im_and_presence_last(make: Make) -> None:
    nodes = (("b", "subscriber", 1), ("a", "subscriber", 1), ("z", "publisher", 1), ("i", "subscriber", 0))
    rows = [event(name, 1) for name in "abzi"]
    assert [o.node for o in judged(cluster(*nodes, rows=rows), make(**BOOTS)).outcomes] == ["z", "a", "b"]
    everybody = make(**{**BOOTS, "more": 'per = "node"\nnodes = "all"'})
    assert [o.node for o in judged(cluster(*nodes, rows=rows), everybody).outcomes] == ["z", "a", "b", "i"]


def test_without_the_list_of_nodes_it_is_said_why(make: Make) -> None:
    never = Snapshot.memory()
    unknown = (Verdict.UNKNOWN, Reason.PREREQUISITE_UNKNOWN)
    assert told(never, make(**BOOTS)) == [("", *unknown, "the list of nodes was never asked for")]
    head = "the list of nodes is not known: "
    for state, reason, detail, says in (
        (State.FAILED, Reason.TIMEOUT, "10.1.1.1: no answer", "10.1.1.1: no answer"),
        (State.PARTIAL, None, "", "partial"),
        (State.WHOLE, None, "", "no node runs voice"),
    ):
        snapshot = Snapshot.memory()
        snapshot.ledger(entry("node", state, reason=reason, detail=detail))
        assert told(snapshot, make(**BOOTS)) == [
            ("", Verdict.UNKNOWN, reason or Reason.PREREQUISITE_UNKNOWN, head + says)
        ]


def test_a_list_of_nodes_that_is_not_whole_costs_every_pass(make: Make) -> None:
    snapshot = cluster(rows=FINE)
    snapshot.ledger(entry("node", State.PARTIAL, reason=Reason.TRUNCATED))
    outcome = one(snapshot, make())
    assert (outcome.reason, outcome.detail) == (Reason.TRUNCATED, "the list of nodes is not known: partial")
    only_presence = cluster(("imp", "subscriber", 0), rows=FINE)
    assert one(only_presence, make()).detail == "the list of nodes is not known: no node runs voice"


# ------------------------------------------------------------------------------------------------------------ the facts


@pytest.mark.parametrize(
    ("rest", "verdict", "reason", "detail"),
    [
        ({"state": State.NOT_ASKED}, Verdict.NOT_APPLICABLE, Reason.NOT_ASKED, "left out of this run"),
        (
            {"state": State.NOT_ASKED, "detail": "why"},
            Verdict.NOT_APPLICABLE,
            Reason.NOT_ASKED,
            "why",
        ),
        (
            {"state": State.NOT_SUPPORTED},
            Verdict.NOT_APPLICABLE,
            Reason.NOT_SUPPORTED,
            "this release has no such thing",
        ),
        (
            {"state": State.NOT_SUPPORTED, "reason": Reason.UNSUPPORTED_VERSION},
            Verdict.NOT_APPLICABLE,
            Reason.UNSUPPORTED_VERSION,
            LACKS_IT,
        ),
    ],
)
def test_what_was_left_out_is_named_with_its_node(
    make: Make, rest: dict[str, object], verdict: Verdict, reason: Reason, detail: str
) -> None:
    snapshot = cluster(rows=[event("pub", 1), *FINE])
    snapshot.ledger(entry("app_user", **rest))
    assert told(snapshot, make()) == [("", verdict, reason, f"app_user: {detail}")]
    snapshot.ledger(entry("system_event", node="sub1", source=Source.SSH, **rest))
    assert told(snapshot, make(**BOOTS))[1] == ("sub1", verdict, reason, f"system_event of sub1: {detail}")


def test_what_was_left_out_weighs_more_than_what_failed(make: Make) -> None:
    checks = make(look_at="app_user join end_user on 1", subject="app_user.name")
    snapshot = cluster(rows=FINE)
    snapshot.ledger(entry("app_user", State.FAILED, reason=Reason.TIMEOUT))
    snapshot.ledger(entry("end_user", State.NOT_ASKED))
    assert one(snapshot, checks).verdict is Verdict.NOT_APPLICABLE
    snapshot.ledger(entry("app_user", State.NOT_SUPPORTED))
    assert one(snapshot, checks).detail == "end_user: left out of this run"


@pytest.mark.parametrize(
    ("rest", "reason", "detail"),
    [
        ({"state": State.FAILED, "reason": Reason.TIMEOUT}, Reason.TIMEOUT, "app_user is failed"),
        (
            {"state": State.FAILED, "detail": "x: y"},
            Reason.PREREQUISITE_UNKNOWN,
            "app_user is failed: x: y",
        ),
        ({"state": State.PARTIAL, "reason": Reason.TRUNCATED}, Reason.TRUNCATED, "app_user is partial"),
    ],
)
def test_what_is_not_whole_is_named(make: Make, rest: dict[str, object], reason: Reason, detail: str) -> None:
    snapshot = cluster(rows=FINE)
    snapshot.ledger(entry("app_user", **rest))
    assert told(snapshot, make()) == [("", Verdict.UNKNOWN, reason, detail)]


def test_what_was_never_gathered_is_named(make: Make) -> None:
    snapshot = cluster(rows=[event("pub", 1), event("sub1", 1)])
    snapshot.write("node", [{"name": "late", "address": "", "role": "subscriber", "voice": 1, "release": None,
                             "description": ""}])  # fmt: skip
    said = (Verdict.UNKNOWN, Reason.PREREQUISITE_UNKNOWN, "system_event of late was never gathered")
    assert told(snapshot, make(**BOOTS))[1] == ("late", *said)
    assert told(snapshot, make(**{**BOOTS, "more": ""})) == [("", *said)]


def test_of_the_publisher_only_its_own_answer_is_needed(make: Make) -> None:
    snapshot = cluster(rows=[event("sub1", 1), event("pub", 1)])
    check = make(look_at="publisher_system_event", subject="node", wrong_if="line > 9")
    snapshot.ledger(entry("system_event", State.FAILED, node="sub1", source=Source.SSH, reason=Reason.TIMEOUT))
    assert one(snapshot, check).verdict is Verdict.PASS
    snapshot.ledger(entry("system_event", State.FAILED, node="pub", source=Source.SSH, reason=Reason.TIMEOUT))
    assert one(snapshot, check).detail == "system_event of pub is failed"


def test_a_finding_names_every_answer_that_it_rests_on(make: Make) -> None:
    snapshot = cluster(rows=[event("sub1", 9), event("pub", 1)])
    found = [o for o in judged(snapshot, make(**AGAINST)).outcomes if o.verdict is Verdict.FAIL]
    facts = found[0].findings[0].evidence.facts
    assert [(fact.fact, fact.node) for fact in facts] == [
        ("node", ""),
        ("system_event", "sub1"),
        ("system_event", "pub"),
    ]
    everybody = make(**{**BOOTS, "more": "", "wrong_if": "line = 9"})
    facts = one(snapshot, everybody).findings[0].evidence.facts
    assert {(fact.fact, fact.node) for fact in facts} == {("system_event", "pub"), ("system_event", "sub1")}


# --------------------------------------------------------------------------------------------------------- the releases


def test_the_release_that_a_check_is_for_is_said(make: Make) -> None:
    checks = make(more='releases = [["", "10.0"], ["11.5", "12.0"], ["14.0", ""]]')
    assert told(cluster(rows=[user("a", 0)]), checks) == [
        ("", Verdict.NOT_APPLICABLE, None,
         "applies to any to before 10.0, 11.5 to before 12.0, 14.0 and later; this is 12.5.1.14900-63")
    ]  # fmt: skip
    for release, says in (("15SU9", "15SU9"), (None, "no answer")):
        snapshot = cluster(release=release, rows=[user("a", 0)])
        assert told(snapshot, checks) == [
            ("", Verdict.UNKNOWN, Reason.UNSUPPORTED_VERSION, f"the release is not known ({says})")
        ]


def test_the_release_that_axl_said_counts_for_the_cluster_only(make: Make) -> None:
    snapshot = cluster(release=None, rows=[user("a", 0), event("pub", 1, result="x")])
    snapshot.meta("release", "12.5.1.14900-63")
    assert one(snapshot, make(more='releases = [["12.0", ""]]')).verdict is Verdict.FAIL
    by_node = make(**{**BOOTS, "more": 'per = "node"\nreleases = [["12.0", ""]]'})
    assert {o.reason for o in judged(snapshot, by_node).outcomes} == {Reason.UNSUPPORTED_VERSION}


def test_without_nodes_and_release_the_nodes_are_what_is_missing(make: Make) -> None:
    checks = make(more='releases = [["12.0", ""]]')
    assert one(Snapshot.memory(), checks).detail == "the list of nodes was never asked for"
    snapshot = Snapshot.memory()
    snapshot.meta("release", "11.5.1")
    assert one(snapshot, checks).verdict is Verdict.NOT_APPLICABLE


# ------------------------------------------------------------------------------------------------- a subscriber's copy


def counter(value: int | None, node: str = "sub1", counter: str = "Replicate_State", instance: str = "") -> tuple:
    return ("perf_counter", {"node": node, "object": "Number of Replicates Created and State of Replication",
                             "instance": instance, "counter": counter, "value": value, "status": 0})  # fmt: skip


COPY = (
    "it was read from the copy of the database on sub1, and that this is the publisher's today is not known:"
    " see that AXL of the publisher answers, or let sub1 tell its replication (PerfMon)"
)


@pytest.mark.parametrize(
    ("counters", "good"),
    [
        ((counter(2),), True),
        ((counter(3),), False),
        ((counter(None),), False),
        ((), False),
        ((counter(2), counter(2, instance="other")), False),
        ((counter(2, node="pub"),), False),
        ((counter(2, counter="Replicates"),), False),
        ((counter(2), counter(4, node="pub"), counter(4, counter="Replicates")), True),
    ],
)
def test_a_copy_of_the_database_passes_only_what_replicates(make: Make, counters: tuple, good: bool) -> None:
    snapshot = cluster(rows=[*FINE, *counters])
    snapshot.meta("via", "sub1")
    outcome = one(snapshot, make())
    if good:
        assert outcome.verdict is Verdict.PASS
    else:
        assert (outcome.verdict, outcome.reason, outcome.detail) == (
            Verdict.UNKNOWN, Reason.PREREQUISITE_UNKNOWN, COPY
        )  # fmt: skip


def test_a_copy_whose_state_did_not_come_whole_passes_nothing(make: Make) -> None:
    snapshot = cluster(rows=[*FINE, counter(2)])
    snapshot.meta("via", "sub1")
    broken(snapshot, "perf_counter", State.PARTIAL)
    assert one(snapshot, make()).detail == COPY


def test_a_copy_may_say_what_is_wrong_and_the_cli_is_no_copy(make: Make) -> None:
    snapshot = cluster(rows=[user("a", 0), event("pub", 1), event("sub1", 1)])
    snapshot.meta("via", "sub1")
    assert one(snapshot, make()).verdict is Verdict.FAIL
    assert {o.verdict for o in judged(snapshot, make(**BOOTS)).outcomes} == {Verdict.PASS}


@pytest.mark.parametrize("via", ["pub", "10.9.9.9", ""])
def test_the_publisher_and_an_address_that_is_no_nodes_are_no_copy(make: Make, via: str) -> None:
    snapshot = cluster(rows=FINE)
    snapshot.meta("via", via)
    assert one(snapshot, make()).verdict is Verdict.PASS


# ------------------------------------------------------------------------------------------------- beside one of before


@pytest.fixture(scope="module")
def fuller(tmp_path_factory: pytest.TempPathFactory) -> Checks:
    """The check of the disks of before, of each node."""
    folder = tmp_path_factory.mktemp("before")
    (folder / "own.toml").write_text(BEFORE)
    checks = load([folder], packages=False)
    rows = tuple(row for row in checks.rows if row.document == "changes")
    return dataclasses.replace(checks, rows=rows, checks={"disk-fuller": checks.checks["disk-fuller"]})


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[Snapshot, Snapshot]]:
    """Two whole snapshots, one beside the other; the second was taken before and knows no sub2."""
    now = stored(tmp_path / "now.db", 9, ("pub", "sub", "sub2"))
    (tmp_path / "before.db").unlink(missing_ok=True)
    before = stored(tmp_path / "before.db", 5)
    now.compare_with(before)
    yield now, before
    now.close()
    before.close()


def test_without_a_snapshot_from_before_nothing_is_compared(fuller: Checks, tmp_path: Path) -> None:
    now = stored(tmp_path / "now.db", 9)
    said = (Verdict.NOT_APPLICABLE, Reason.NOT_ASKED, "no snapshot from before was given")
    assert told(now, fuller) == [("pub", *said), ("sub", *said)]
    now.close()


def test_a_node_that_is_new_is_not_compared_and_a_finding_names_both_answers(
    fuller: Checks, both: tuple[Snapshot, Snapshot]
) -> None:
    pub, sub, new = judged(both[0], fuller).outcomes
    assert (pub.verdict, sub.verdict) == (Verdict.FAIL, Verdict.FAIL)
    facts = sub.findings[0].evidence.facts
    assert [(fact.fact, fact.node) for fact in facts] == [("disk", "sub"), ("before.disk", "sub")]
    assert (new.verdict, new.reason, new.detail) == (
        Verdict.NOT_APPLICABLE, None, "sub2 was not in the cluster before"
    )  # fmt: skip


def test_what_the_snapshot_from_before_lacks_is_told_as_its_own(fuller: Checks, tmp_path: Path) -> None:
    before = Snapshot.create(tmp_path / "before.db")
    before.write("node", [{"name": "pub", "role": "publisher", "voice": 1, "description": ""}])
    whole(before)
    before.ledger(entry("disk", State.FAILED, node="pub", source=Source.SSH, reason=Reason.TIMEOUT))
    before.finish(AT)
    before.close()
    now, before = stored(tmp_path / "now.db", 9, ("pub",)), Snapshot.open(tmp_path / "before.db")
    now.compare_with(before)
    assert told(now, fuller) == [
        ("pub", Verdict.UNKNOWN, Reason.TIMEOUT, "in the snapshot from before, disk of pub is failed")
    ]
    now.close()
    before.close()
