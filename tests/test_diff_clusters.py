"""Snapshots of simulated clusters compared: a day that passed, other releases, nodes that are down, other clusters."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from labs import Lab, lab

from cucm_audit.cli import run
from cucm_audit.diff import VOLATILE_TABLES
from cucm_audit.model import State
from cucm_audit.simulator.nodes import boot_events, days_ago
from cucm_audit.snapshot import Snapshot

RELEASES = ("9.1", "12.5", "15")


def save(there: Lab, name: str, *words: str) -> Path:
    there.run("snapshot", "save", name, "--node", "lab", *words)
    return there.folder / name


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One snapshot a release, one with a node that is down, one without SSH."""
    found = {}
    for name, options, words in (
        *((release, {"release": release}, ()) for release in RELEASES),
        ("node-down", {"scenario": "node-down"}, ()),
        ("no-ssh", {}, ("--without", "ssh")),
    ):
        with lab(tmp_path_factory.mktemp("snapshot"), brisk=True, **options) as there:
            found[name] = save(there, f"{name}.db", *words)
    return found


def compare(one: Path, other: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = run(["diff", str(one), str(other), "--format", "json"])
    told = json.loads(capsys.readouterr().out)
    return code, {table["table"]: table for table in told["tables"]}


def test_a_day_that_passes_is_no_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with lab(tmp_path, brisk=True) as there:
        publisher = there.world.publisher
        publisher.faults["cli_backups"] = [{"at": 2, "ok": True}]
        before = save(there, "a.db")
        publisher.faults["cli_backups"] = [{"at": 2, "ok": True}, {"at": 1, "ok": True}]
        for node in there.world.nodes[1:2]:  # somebody restarted a subscriber in the night
            node.events += boot_events(node.release, days_ago(1, 3))
            node.booted_at = days_ago(1, 3)
            node.ntp["within_ms"] = 25
        for row in there.world.registrations:
            row.at += 3600
        after = save(there, "b.db")
    assert compare(before, after, capsys) == (0, {})


@pytest.mark.parametrize(
    ("one", "other"), list(itertools.permutations((*RELEASES, "node-down", "no-ssh"), 2)), ids=lambda value: value
)
def test_what_is_not_known_is_neither_gone_nor_the_same(
    snapshots: dict[str, Path], one: str, other: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever is compared with whatever: only what both ledgers call whole is new, gone or changed."""
    code, tables = compare(snapshots[one], snapshots[other], capsys)
    was, now, there = _whole(snapshots[one]), _whole(snapshots[other]), _nodes(snapshots[other])
    for name in was.keys() | now.keys():
        table = tables.get(name, {"new": [], "gone": [], "changed": [], "no_longer_known": []})
        if not (was.get(name) and now.get(name)):
            assert (table["gone"], table["new"], table["changed"]) == ([], [], []), name
        # A node that is in System > Server no longer is gone, once, and its facts are not missed.
        lost = {scope for scope in was.get(name, set()) - now.get(name, set()) if not scope or scope in there}
        if name not in VOLATILE_TABLES:
            assert bool(lost) <= bool(table["no_longer_known"]), name
            assert all(scope in " ".join(table["no_longer_known"]) for scope in lost), name
        assert not any(key.startswith(f"{scope}, ") for scope in lost if scope for key in table["gone"]), name
    assert code in (1, 3)


def _whole(path: Path) -> dict[str, set[str]]:
    snapshot = Snapshot.open(path)
    try:
        found: dict[str, set[str]] = {}
        for row in snapshot.gathered():
            if row.state is State.WHOLE:
                found.setdefault(row.fact, set()).add(row.node)
        return found
    finally:
        snapshot.close()


def _nodes(path: Path) -> set[str]:
    snapshot = Snapshot.open(path)
    try:
        return {str(name) for (name,) in snapshot.select("select name from node")}
    finally:
        snapshot.close()


def test_another_release_differs_by_what_people_call_things(
    snapshots: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    _, tables = compare(snapshots["12.5"], snapshots["15"], capsys)
    changed = {change["key"]: change["columns"] for change in tables["device_default"]["changed"]}
    assert changed["Cisco 7841, SIP"]["load"] == ["sip78xx.12-5-1-16", "sip78xx.14-3-1-0001-60"]
    assert {change["key"] for change in tables["software_version"]["changed"]} == {
        "cucm-pub",
        "cucm-sub1",
        "cucm-sub2",
        "cucm-imp1",
    }
    assert "phone" not in tables, "the same phones"
