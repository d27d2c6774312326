"""A snapshot from before beside another one: what a query reads of which, and what is refused."""

import sqlite3
from pathlib import Path

import pytest
from example_snapshots import whole

from cucm_audit.checks import Checks, load
from cucm_audit.judge import judge
from cucm_audit.model import Verdict
from cucm_audit.queries import QueryRefused
from cucm_audit.snapshot import Snapshot

CHECK = """
[document]
id = "changes"
title = "Changes"
source = "Nobody"
[[row]]
id = "X1"
symptom = "A disk is fuller"
look = "show status"
checks = ["disk-fuller"]
[[check]]
id = "disk-fuller"
title = "Disk is fuller than before"
severity = "warning"
per = "node"
look_at = "disk d join before.disk b on b.node = d.node and b.name = d.name"
node = "d.node"
subject = "d.name"
wrong_if = "d.used_percent > b.used_percent"
says = "{d.name} was at {b.used_percent}, is at {d.used_percent}"
fix = "Look"
[check.example]
disk = [{ node = "pub", name = "logging", used_percent = 9 }, { node = "pub", name = "active", used_percent = 5 }]
wrong = ["pub/logging"]
[check.example.before]
disk = [{ node = "pub", name = "logging", used_percent = 1 }, { node = "pub", name = "active", used_percent = 5 }]
"""


def stored(path: Path, percent: int, nodes: tuple[str, ...] = ("pub", "sub")) -> Snapshot:
    """A finished snapshot file, all whole, whose nodes use so much of their disks."""
    made = Snapshot.create(path)
    made.write(
        "node",
        [
            {"name": name, "role": "subscriber" if place else "publisher", "voice": 1, "description": ""}
            for place, name in enumerate(nodes)
        ],
    )
    disk = {"name": "logging", "total_kb": 9, "free_kb": 1, "used_kb": 1, "used_percent": percent}
    made.write("disk", [{"node": name, **disk} for name in nodes])
    whole(made)
    made.finish("2026-01-01 00:00:00")
    made.close()
    return Snapshot.open(path)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Snapshot, Snapshot]:
    now, before = stored(tmp_path / "now.db", 9), stored(tmp_path / "before.db", 5)
    now.compare_with(before)
    return now, before


@pytest.fixture
def checks(tmp_path: Path) -> Checks:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "changes.toml").write_text(CHECK, "utf-8")
    return load([tmp_path / "own"], packages=False)


def verdict(now: Snapshot, checks: Checks, node: str) -> tuple[Verdict, str]:
    report = judge(now, checks, judged_at="2026-01-02 00:00:00", version="")
    found = next(o for o in report.outcomes if o.check == "disk-fuller" and o.node == node)
    return found.verdict, found.detail


def test_what_is_read_of_which_is_told_apart(pair: tuple[Snapshot, Snapshot]) -> None:
    now, _ = pair
    reads = now.reads("select d.used_percent from disk d join before.phone p on true")
    assert (reads.facts, reads.before, reads.compares) == ({"disk"}, {"phone"}, True)
    through = now.reads("select 1 from before.publisher_node_clock c join device_pool d on d.name = c.zone")
    assert (through.facts, through.before) == ({"device_pool"}, {"node"})
    assert through.before_publisher == {"node_clock"}
    assert now.reads("select count(*) from before.registration").before == {"registration"}
    assert now.reads("select name from phone") == Snapshot.memory().reads("select name from phone")


def test_it_is_there_for_queries_that_name_it_and_for_no_others(pair: tuple[Snapshot, Snapshot]) -> None:
    now, _ = pair
    assert list(now.run("select max(used_percent), (select max(used_percent) from before.disk) from disk")) == [(9, 5)]
    assert "before" not in [name for _, name, _ in now.select("pragma database_list")], "taken away again"
    half = now.run("select b.node from before.disk b")
    next(half)
    half.close()  # a reader who stops halfway leaves nothing behind
    assert "before" not in [name for _, name, _ in now.select("pragma database_list")]


def test_nothing_is_written_through_it(pair: tuple[Snapshot, Snapshot]) -> None:
    now, before = pair
    for sql in ("insert into before.disk select * from disk", "with x as (select 1) delete from before.disk"):
        with pytest.raises(QueryRefused):
            list(now.run(sql))
    assert list(before.select("select count(*) from disk")) == [(2,)]


def test_a_table_that_is_missing_here_is_not_silently_taken_from_before(tmp_path: Path) -> None:
    stored(tmp_path / "now.db", 9).close()
    with sqlite3.connect(tmp_path / "now.db") as file:
        file.execute("drop table disk")
    now = Snapshot.open(tmp_path / "now.db")
    now.compare_with(stored(tmp_path / "before.db", 5))
    with pytest.raises(QueryRefused):
        list(now.run("select used_percent from disk"))
    with pytest.raises(QueryRefused, match="older program and lacks disk"):
        list(now.run("select d.used_percent from disk d join before.node n on n.name = d.node"))


def test_each_side_needs_its_own_ledger_whole(pair: tuple[Snapshot, Snapshot], checks: Checks, tmp_path: Path) -> None:
    now, _ = pair
    assert verdict(now, checks, "pub")[0] is Verdict.FAIL
    for side in ("now", "before"):
        with sqlite3.connect(tmp_path / f"{side}.db") as file:
            file.execute("update ledger set state = 'failed', reason = 'timeout' where fact = 'disk' and node = 'sub'")
        again = Snapshot.open(tmp_path / "now.db")
        again.compare_with(Snapshot.open(tmp_path / "before.db"))
        assert verdict(again, checks, "pub")[0] is Verdict.FAIL
        found, detail = verdict(again, checks, "sub")
        assert found is Verdict.UNKNOWN
        assert ("in the snapshot from before" in detail) is (side == "before")
        with sqlite3.connect(tmp_path / f"{side}.db") as file:
            file.execute("update ledger set state = 'whole', reason = ''")


def test_a_node_that_is_new_has_nothing_to_compare_with(tmp_path: Path, checks: Checks) -> None:
    now = stored(tmp_path / "now.db", 9, ("pub", "sub", "new"))
    now.compare_with(stored(tmp_path / "before.db", 5))
    assert verdict(now, checks, "new") == (Verdict.NOT_APPLICABLE, "new was not in the cluster before")
    assert verdict(now, checks, "sub")[0] is Verdict.FAIL


def test_what_was_left_out_before_does_not_apply(
    pair: tuple[Snapshot, Snapshot], checks: Checks, tmp_path: Path
) -> None:
    now, _ = pair
    with sqlite3.connect(tmp_path / "before.db") as file:
        file.execute("update ledger set state = 'not_asked', reason = 'not_asked' where fact = 'disk'")
    now.compare_with(Snapshot.open(tmp_path / "before.db"))
    assert verdict(now, checks, "pub")[0] is Verdict.NOT_APPLICABLE


def test_evidence_says_which_snapshot_it_is_from(pair: tuple[Snapshot, Snapshot], checks: Checks) -> None:
    report = judge(pair[0], checks, judged_at="2026-01-02 00:00:00", version="")
    finding = next(o for o in report.outcomes if o.check == "disk-fuller").findings[0]
    assert {fact.fact for fact in finding.evidence.facts} == {"disk", "before.disk"}


def test_an_own_check_that_compares_is_proved_before_it_judges(tmp_path: Path) -> None:
    from cucm_audit.checks import CheckError
    from cucm_audit.proof import prove

    (tmp_path / "own").mkdir()
    file = tmp_path / "own" / "changes.toml"
    file.write_text(CHECK, "utf-8")
    prove(load([tmp_path / "own"], packages=False))
    file.write_text(CHECK.replace("used_percent = 1 }, {", "used_percent = 10 }, {"), "utf-8")
    with pytest.raises(CheckError, match="its example is not true"):
        prove(load([tmp_path / "own"], packages=False))
    file.write_text(CHECK.replace("[check.example.before]\ndisk", "[check.example.before]\ndiscs"), "utf-8")
    with pytest.raises(CheckError, match="before: has a table discs"):
        load([tmp_path / "own"], packages=False)


def test_a_ledger_of_the_cluster_counts_for_before_too(tmp_path: Path, checks: Checks) -> None:
    before = stored(tmp_path / "before.db", 5)
    before.close()
    with sqlite3.connect(tmp_path / "before.db") as file:
        file.execute("delete from ledger where fact = 'node'")
    now = stored(tmp_path / "now.db", 9)
    now.compare_with(Snapshot.open(tmp_path / "before.db"))
    assert verdict(now, checks, "pub")[0] is Verdict.UNKNOWN, "without its list of nodes nobody knows what was asked"
