"""A snapshot or report of another cluster, whose nodes have the same names: never compared as if it were this one's."""

import contextlib
import io
import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from labs import Lab, lab

from cucm_audit import cli

CHECKS = ("--check", "disk-full")
KEY = "11111111-2222-3333-4444-555555555555"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lab, Path, Path]]:
    """A cluster and two snapshots of it, the second one younger."""
    with lab(tmp_path_factory.mktemp("kin"), brisk=True) as there:
        files = there.folder / "a.db", there.folder / "b.db"
        for file in files:
            run(there, "snapshot", "save", str(file), "--node", "lab")
        yield there, *files


@pytest.fixture
def pair(made: tuple[Lab, Path, Path], tmp_path: Path) -> tuple[Lab, Path, Path]:
    there, one, other = made
    return there, shutil.copy(one, tmp_path / "a.db"), shutil.copy(other, tmp_path / "b.db")


def meta(path: Path, key: str, value: str) -> None:
    with sqlite3.connect(path) as file:
        file.execute("insert or replace into meta values (?, ?)", (key, value))


def run(there: Lab, *words: str) -> tuple[int, str, str]:
    """Run the program; diff takes no state folder."""
    if words[0] != "diff":
        return there.run(*words)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.run(words)
    return code, out.getvalue(), err.getvalue()


def ways(there: Lab, one: Path, other: Path) -> Iterator[tuple[str, ...]]:
    """Every way in which something of now is compared with something of before."""
    report = one.with_suffix(".json")
    _, text, _ = run(there, "audit", "--from", str(one), "-f", "json")
    report.write_text(text)
    yield ("diff", str(one), str(other))
    yield ("audit", "--from", str(other), "--before", str(one))
    yield ("audit", "--from", str(other), "--baseline", str(one))
    yield ("audit", "--from", str(other), "--baseline", str(report))
    yield ("checklist", "after-upgrade", "--from", str(other), "--before", str(one))


def test_a_snapshot_knows_its_cluster_by_two_witnesses(made: tuple[Lab, Path, Path]) -> None:
    there, one, _ = made
    with sqlite3.connect(one) as file:
        known = dict(file.execute("select key, value from meta where key in ('cluster_id', 'publisher_id')"))
    key = "select pkid from processnode where tknodeusage = 0 and name = 'cucm-pub'"
    assert known == {
        "cluster_id": there.world.cluster_id,
        "publisher_id": there.world.database.execute(key).fetchone()[0],
    }


def test_another_cluster_id_is_refused_everywhere_and_both_are_named(pair: tuple[Lab, Path, Path]) -> None:
    there, one, other = pair
    meta(one, "cluster_id", "Laboratory")
    for words in ways(there, one, other):
        code, out, err = run(there, *words)
        assert (code, out) == (2, ""), words
        assert "Laboratory" in err, words
        assert there.world.cluster_id in err, words


def test_a_run_of_another_cluster_is_refused_as_well(pair: tuple[Lab, Path, Path]) -> None:
    there, one, _ = pair
    meta(one, "cluster_id", "Laboratory")
    code, out, err = run(there, "audit", "--node", "lab", "--before", str(one), *CHECKS, "--without", "ssh")
    assert (code, out) == (2, "")
    assert "another cluster" in err


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"publisher_id": KEY}, "two rows of processnode"),
        ({"cluster_id": "", "publisher_id": ""}, "did not tell the ClusterID"),
    ],
)
def test_a_doubt_is_told_and_nothing_passes_on_it(
    pair: tuple[Lab, Path, Path], changed: dict[str, str], says: str
) -> None:
    there, one, other = pair
    for key, value in changed.items():
        meta(one, key, value)
    code, out, _ = run(there, "diff", str(one), str(other), "-f", "json")
    assert code == 3
    assert says in json.loads(out)["doubt"]
    assert "IN DOUBT" in run(there, "diff", str(one), str(other))[1]
    code, out, _ = run(
        there, "audit", "--from", str(other), "--before", str(one), "-f", "json", "--check", "phone-away"
    )
    outcome = json.loads(out)["outcomes"][0]
    assert (code, outcome["verdict"], says in outcome["detail"]) == (3, "unknown", True)
    code, out, _ = run(there, "checklist", "after-upgrade", "--from", str(other), "--before", str(one))
    assert (code, out.startswith("NOT KNOWN")) == (3, True)
    assert says in " ".join(out.split())


def test_equal_witnesses_are_compared(pair: tuple[Lab, Path, Path]) -> None:
    there, one, other = pair
    assert run(there, "diff", str(one), str(other))[0] == 0
    meta(one, "cluster_id", "")  # the publisher's key alone is enough, and so is the ClusterID of an older file
    assert run(there, "diff", str(one), str(other))[0] == 0
    meta(one, "cluster_id", there.world.cluster_id)
    meta(one, "publisher_id", "")
    code, out, _ = run(
        there, "audit", "--from", str(other), "--before", str(one), "-f", "json", "--check", "phone-away"
    )
    assert (code, json.loads(out)["outcomes"][0]["verdict"]) == (0, "pass")


def test_of_a_baseline_in_doubt_nothing_is_the_same_and_nothing_gone(pair: tuple[Lab, Path, Path]) -> None:
    there, one, other = pair
    with sqlite3.connect(other) as file:
        file.execute("update disk set used_percent = 99 where name = 'logging'")
    with sqlite3.connect(one) as file:
        file.execute("update disk set used_percent = 99")
    words = ("audit", "--from", str(other), "--baseline", str(one), "--check", "disk-full", "--fail-on", "new-warning")
    assert run(there, *words)[0] == 0, "all of it was there before"
    meta(one, "cluster_id", "")
    code, out, _ = run(there, *words, "-f", "json")
    compared = json.loads(out)["compared"]
    assert code == 1
    assert (compared["same"], compared["gone"], bool(compared["no_longer_known"])) == (0, [], True)
    assert "did not tell the ClusterID" in compared["doubt"]
    assert "not compared: that" in " ".join(run(there, *words)[1].split())


def test_the_last_run_of_another_cluster_under_the_same_name_is_not_compared_with(
    made: tuple[Lab, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    there, _, _ = made
    words = ("audit", "--node", "lab", "--check", "em-url-path", "--without", "ssh")
    assert run(there, *words)[0] == 0
    assert "since the last run" in run(there, *words)[1]
    database, name = there.world.database, "paramname = 'ClusterID'"
    database.execute(f"update processconfig set paramvalue = 'Elsewhere' where {name}")
    try:
        _, out, err = run(there, *words)
    finally:
        database.execute(f"update processconfig set paramvalue = ? where {name}", (there.world.cluster_id,))
    assert "since the last run" not in out
    assert "another cluster (ClusterID StandAloneCluster, now Elsewhere)" in " ".join(err.split())
