"""Before and after an upgrade, from the command line to simulated clusters and back."""

import datetime as dt
import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from labs import Lab, lab, verdicts

from cucm_audit.cli import run
from cucm_audit.history import Run
from cucm_audit.model import Reason, Verdict
from cucm_audit.settling import settling
from tests.reports.invented import finding, outcome, report

#: What went wrong in the scenario upgraded-badly: the check that names it, and the words that it must say.
SEVEN = {
    "not-booted-since-switch": ["cucm-sub1"],
    "model-gone": ["Cisco 8861"],
    "phones-away": ["Munich-DP"],
    "service-no-longer-activated": ["Cisco IP Voice Media Streaming App", "cucm-sub2"],
    "certificate-gone": ["tomcat-trust", "cucm-sub1"],
    "enterprise-param-changed": ["OrganizationDomain", "example.com"],
    "replication-no-longer-good": ["cucm-sub2"],
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, str]:
    """The snapshot from before of the healthy cluster, and what was said when it was saved."""
    folder = tmp_path_factory.mktemp("before")
    with lab(folder, brisk=True, release="12.5", phones=100) as healthy:
        code, out, err = healthy.run(
            "checklist", "before-upgrade", "--node", "lab", "--target", "15", "--save", "pre.db"
        )
    assert "Traceback" not in err
    return folder / "pre.db", code, out


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The same cluster after an upgrade as it should be."""
    with lab(tmp_path_factory.mktemp("after"), brisk=True, scenario="upgraded", phones=100) as there:
        yield there


def after(there: Lab, before: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """The checklist after an upgrade, as JSON."""
    code, out, err = there.run(
        "checklist", "after-upgrade", "--node", "lab", "--before", str(before), "--format", "json", *words
    )
    assert "Traceback" not in err
    return code, json.loads(out)


def wrong(told: dict[str, Any]) -> dict[str, list[str]]:
    """Every check that found something more than a note, and what it says."""
    return {
        outcome["check"]: [finding["says"] for finding in outcome["findings"]]
        for outcome in told["report"]["outcomes"]
        if outcome["verdict"] == "fail" and outcome["severity"] != "note"
    }


def test_a_healthy_cluster_is_a_go_and_its_snapshot_is_whole(saved: tuple[Path, int, str]) -> None:
    file, code, out = saved
    assert (code, out.splitlines()[0]) == (0, "GO: lab, 12.5.1.14900-63 to 15")
    assert "Saved: pre.db, whole" in out
    assert file.stat().st_mode & 0o777 == 0o600
    assert "[ ] B12" in out, "rows for people have a box"
    assert "Decided by ____" in out


def test_a_good_upgrade_ends_in_go(upgraded: Lab, saved: tuple[Path, int, str]) -> None:
    code, told = after(upgraded, saved[0])
    assert wrong(told) == {}
    assert (code, told["verdict"], told["why"]) == (0, "go", [])
    assert told["target"] == "15", "the target is that of the snapshot from before"
    assert verdicts(told["report"], "unknown") == []
    rows = {row["row"]: row["verdict"] for row in told["rows"]}
    assert {rows[row] for row in ("A1", "A2", "A3", "A4", "A6", "A7", "A8", "A9")} == {"pass"}
    assert {row["row"] for row in told["rows"] if row["signed"]} >= {"A14"}


def test_an_upgrade_that_went_wrong_in_seven_ways_names_all_seven_and_nothing_else(
    tmp_path: Path, saved: tuple[Path, int, str]
) -> None:
    with lab(tmp_path, brisk=True, scenario="upgraded-badly", phones=100) as there:
        code, told = after(there, saved[0])
        _, text, _ = there.run("checklist", "after-upgrade", "--node", "lab", "--before", str(saved[0]))
    found = wrong(told)
    assert set(found) == set(SEVEN)
    for check, words in SEVEN.items():
        assert all(any(word in says for says in found[check]) for word in words), check
    assert [len(found[check]) for check in SEVEN if check != "phones-away"] == [1] * 6
    assert sum(int(says.split()[0]) for says in found["phones-away"]) == 40
    assert not any("Berlin-DP" in says for says in found["phones-away"])
    assert len(away(told)) == 40, "and each of them by name"
    assert verdicts(told["report"], "unknown") == []
    assert (code, told["verdict"], len(told["why"])) == (1, "no-go", 7)
    assert text.splitlines()[0] == "NO-GO: lab, 15.0.1.12900-234 to 15"
    assert text.count("\n  - A") == 7, "why stands right below"
    phones = [line.split(": SEP")[0].strip(" -") for line in text.splitlines() if ": SEP" in line]
    assert len(phones) == 10, "the others with -v"
    assert phones == sorted(phones), "by pool, model and load"
    assert {line.partition(",")[0] for line in phones} == {"Munich-DP"}
    assert "Row A4: " in text, "and whether phones still come back"


def test_a_trunk_that_was_up_and_a_bridge_that_nobody_heard_of_again_are_named(
    tmp_path: Path, saved: tuple[Path, int, str]
) -> None:
    with lab(tmp_path, scenario="upgraded-trunk", phones=100, brisk=True) as there:
        code, told = after(there, saved[0])
    assert set(wrong(told)) == {"device-not-back", "trunk-not-in-service"}
    assert sorted(says.split()[0] for says in wrong(told)["device-not-back"]) == ["CFB_1", "SBC-Munich"]
    assert (code, told["verdict"]) == (1, "no-go")


def test_a_node_that_was_added_meanwhile_has_to_be_well_too(tmp_path: Path, saved: tuple[Path, int, str]) -> None:
    """Nothing of before can be compared with it: that is no reason to call it fine."""
    before, name = tmp_path / "before.db", "cucm-sub2"
    shutil.copy(saved[0], before)
    with sqlite3.connect(before) as file:
        tables = [table for (table,) in file.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            if any(row[1] == "node" for row in file.execute(f"pragma table_info({table})")):
                file.execute(f"delete from {table} where node = ?", (name,))
        for table, column in (("node", "name"), ("replication", "server"), ("cluster_member", "host")):
            file.execute(f"delete from {table} where {column} glob ?", (f"{name}*",))
        for fact, of in file.execute("select fact, node from ledger where state = 'whole'").fetchall():
            rows = file.execute(f"select count(*) from {fact}" + (" where node = ?" if of else ""), (of,) if of else ())
            file.execute("update ledger set rows = ? where fact = ? and node = ?", (rows.fetchone()[0], fact, of))
    with lab(tmp_path, brisk=True, scenario="upgraded", phones=100) as there:
        good, told = after(there, before)
        assert (good, wrong(told)) == (0, {})
        node = there.world.node(name)
        node.replication["state"] = 3
        stopped = node.services["Cisco CallManager"]
        stopped.status, stopped.reason_code = "Stopped", -1019
        code, told = after(there, before)
    assert {"replication-no-longer-good", "call-service-stopped"} <= set(wrong(told))
    assert (code, told["verdict"]) == (1, "no-go")


def test_registrations_that_the_database_noted_make_no_go(tmp_path: Path, saved: tuple[Path, int, str]) -> None:
    """What it noted before the switch looks as if every phone were back."""
    with lab(tmp_path, brisk=True, scenario="upgraded", phones=100) as there:
        for row in there.world.registrations:
            row.status = "UnRegistered" if row.device_class == "Phone" else row.status
        code, told = after(there, saved[0], "--registration", "database")
    assert wrong(told) == {}
    assert (code, told["verdict"]) == (3, "not-known")
    assert any("as the database noted them" in why for why in told["why"])


def test_registrations_of_the_database_and_of_ris_are_not_compared(
    upgraded: Lab, saved: tuple[Path, int, str], tmp_path: Path
) -> None:
    """What the database did not call registered before is not missed now."""
    before = tmp_path / "noted.db"
    shutil.copy(saved[0], before)
    with sqlite3.connect(before) as file:
        file.execute("update registration set status = 'Unknown'")
        file.execute("update ledger set source = 'axl' where fact = 'registration'")
    code, out, _ = upgraded.run("snapshot", "save", str(tmp_path / "now.db"), "--node", "lab")
    assert code == 0, out
    assert run(["audit", "--from", str(tmp_path / "now.db"), "--before", str(before), "--check", "phones-away"]) == 3


def away(told: dict[str, Any]) -> set[str]:
    """The names of the phones that did not come back."""
    check = next(outcome for outcome in told["report"]["outcomes"] if outcome["check"] == "phone-away")
    return {finding["subject"] for finding in check["findings"]}


def test_phones_within_the_tolerance_are_listed_and_stop_nothing(upgraded: Lab, saved: tuple[Path, int, str]) -> None:
    three = upgraded.world.registrations[:3]
    try:
        for row in three[:2]:
            row.status = "UnRegistered"
        code, told = after(upgraded, saved[0])
        three[2].status = "Rejected"
        stricter, _ = after(upgraded, saved[0])
    finally:
        for row in three:
            row.status = "Registered"
    assert away(told) == {row.name for row in three[:2]}
    assert (code, stricter) == (0, 1), "two of a hundred may be away, three may not"


def minutes_ago(there: Lab, minutes: int) -> None:
    """Let the runs that are remembered be older."""
    path = next((there.folder / "state" / "history").glob("lab-*.json"))
    kept = json.loads(path.read_text("utf-8"))
    for one in kept["runs"]:
        one["at"] = str(dt.datetime.fromisoformat(one["at"]) - dt.timedelta(minutes=minutes))
    path.write_text(json.dumps(kept), "utf-8")


def test_the_next_run_says_whether_phones_still_come_back(
    upgraded: Lab, saved: tuple[Path, int, str], tmp_path: Path
) -> None:
    for path in (upgraded.folder / "state").glob("history/*"):
        path.unlink()
    copy = tmp_path / "moved.db"
    shutil.copy(saved[0], copy)
    rows = upgraded.world.registrations[:12]
    told = []
    try:
        for row in rows:
            row.status = "UnRegistered"
        for number, before in ((12, saved[0]), (7, copy)):
            for row in rows[number:]:
                row.status = "Registered"
            told.append(after(upgraded, before))
            minutes_ago(upgraded, 12)
    finally:
        for row in rows:
            row.status = "Registered"
    assert [made["settling"]["state"] for _, made in told] == ["first", "falling"]
    assert [(code, made["verdict"]) for code, made in told] == [(1, "no-go")] * 2, "a number that falls excuses nothing"
    assert told[0][1]["settling"]["says"].startswith("12 phones are away. Phones take a while: run this again in 10 ")
    assert "still settling: 7 phones are away now, 12 were 12 minutes before" in told[1][1]["settling"]["says"]
    assert [one["away"] for one in told[1][1]["settling"]["earlier"]] == [12]


RUNS = [
    ((), 4, "first", "4 phones are away. Phones take a while"),
    ((), 0, "back", ""),
    (((20, 5),), 0, "back", "all phones are back; at"),
    (((20, 5),), 1, "falling", "still settling: 1 phone is away now, 5 were 20 minutes before: the number falls"),
    (((20, 1),), 3, "rising", "not settling: 3 phones are away now, 1 was 20 minutes before: the number grows"),
    (((2, 3),), 3, "steady", "too soon to say"),
    (((40, 9), (30, 8), (20, 7), (10, 5)), 3, "falling", "(8 at"),
]


@pytest.mark.parametrize(("earlier", "away", "state", "says"), RUNS)
def test_what_is_said_about_phones_that_are_away(
    earlier: tuple[tuple[int, int], ...], away: int, state: str, says: str
) -> None:
    now = dt.datetime(2026, 11, 20, 9, 0, 0)
    runs = [
        Run(at=str(now - dt.timedelta(minutes=minutes)), kind="k", before="b", away=number)
        for minutes, number in earlier
    ]
    strange = [Run(at=str(now - dt.timedelta(minutes=1)), kind=kind, before=before, away=99)
               for kind, before in (("k", "other"), ("other", "b"))]  # fmt: skip
    found = tuple(finding(f"SEP{number}") for number in range(away))
    away_now = outcome(Verdict.FAIL if away else Verdict.PASS, check="phone-away", findings=found)
    made = settling(report(away_now, taken_at=str(now)), [*runs, *strange], "k", "b")
    assert made is not None
    assert (made.state, says in made.says, bool(made.says)) == (state, True, bool(says))
    unsure = outcome(Verdict.UNKNOWN, check="phone-away", reason=Reason.TIMEOUT)
    assert settling(report(unsure, taken_at=str(now)), runs, "k", "b") is None
    longer = settling(report(away_now, taken_at=str(now)), runs, "k", "b", min_interval=3600)
    assert longer is not None
    assert longer.again == 60


def test_a_snapshot_with_holes_is_not_called_whole(tmp_path: Path) -> None:
    with lab(tmp_path, brisk=True, scenario="ssh-refused") as there:
        code, out, _ = there.run("checklist", "before-upgrade", "--node", "lab", "--target", "15", "--save", "pre.db")
        again, out_json, _ = there.run(
            "checklist", "before-upgrade", "--from", "pre.db", "--target", "15", "--format", "json"
        )
    assert (code, out.splitlines()[0].partition(":")[0]) == (3, "NOT KNOWN")
    assert "NOT WHOLE" in out
    told = json.loads(out_json)
    assert (again, told["verdict"]) == (3, "not-known")
    assert next(row for row in told["rows"] if row["row"] == "B13")["verdict"] == "fail"


@pytest.mark.parametrize(
    ("target", "verdict"), [("15", "go"), ("14.0.1.13900", "go"), ("16", "not-known"), ("11.5", "no-go")]
)
def test_the_path_to_the_target_counts(tmp_path: Path, saved: tuple[Path, int, str], target: str, verdict: str) -> None:
    words = ("--from", str(saved[0]), "--target", target, "--format", "json", "--output", str(tmp_path / "told.json"))
    code = run(["checklist", "before-upgrade", *words, "--state-dir", str(tmp_path)])
    told = json.loads((tmp_path / "told.json").read_text("utf-8"))
    assert (told["verdict"], told["target"], code) == (verdict, target, {"go": 0, "no-go": 1, "not-known": 3}[verdict])
    step = f"From 12.5.1.14900-63 to {target}"
    assert [line for line in told["why"] if line.startswith("B2")] == {
        "go": [],
        "not-known": [f"B2: could not tell: {step}: the table of upgrade paths does not name this step"],
        "no-go": [f"B2: No direct upgrade from this release to the target: {step}: that is no upgrade"],
    }[verdict]
    path = next(outcome for outcome in told["report"]["outcomes"] if outcome["check"] == "upgrade-path")
    assert path["verdict"] == {"go": "pass", "no-go": "fail", "not-known": "unknown"}[verdict]


@pytest.mark.parametrize(("days", "verdict"), [(2, "go"), (30, "not-known"), (-30, "not-known")])
def test_nothing_is_decided_on_what_was_seen_long_ago(
    tmp_path: Path, saved: tuple[Path, int, str], days: int, verdict: str
) -> None:
    shutil.copy(saved[0], tmp_path / "old.db")
    taken = (dt.datetime.now(dt.UTC) - dt.timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S")
    with sqlite3.connect(tmp_path / "old.db") as file:
        file.execute("update meta set value = ? where key = 'taken_at'", (taken,))
    words = ("--from", str(tmp_path / "old.db"), "--target", "15", "--format", "json")
    code = run(["checklist", "before-upgrade", *words, "--output", str(tmp_path / "told.json")])
    told = json.loads((tmp_path / "told.json").read_text("utf-8"))
    assert (told["verdict"], code) == (verdict, 0 if verdict == "go" else 3)
    assert verdict == "go" or "what the cluster is like today was not looked at" in told["why"][-1]


def test_what_a_person_left_out_is_no_go_by_default(upgraded: Lab, saved: tuple[Path, int, str]) -> None:
    code, told = after(upgraded, saved[0], "--without", "ssh")
    assert (code, told["verdict"]) == (3, "not-known")


def test_an_audit_takes_the_snapshot_from_before_too(upgraded: Lab, saved: tuple[Path, int, str]) -> None:
    _, plain = upgraded.audit("--check", "model-gone")
    _, compared = upgraded.audit("--before", str(saved[0]), "--check", "model-gone")
    assert [(o["verdict"], o["detail"]) for o in plain["outcomes"]] == [
        ("not_applicable", "no snapshot from before was given")
    ]
    assert [o["verdict"] for o in compared["outcomes"]] == ["pass"]
    assert compared["scope"]["before"] == str(saved[0])


def test_what_cannot_be_compared_is_refused_with_a_sentence(tmp_path: Path, saved: tuple[Path, int, str]) -> None:
    shutil.copy(saved[0], tmp_path / "now.db")

    def say(*words: str) -> int:
        return run(["checklist", *words, "--state-dir", str(tmp_path)])

    assert say("before-upgrade", "--node", "lab") == 2, "no target"
    assert say("before-upgrade", "--node", "lab", "--target", "fifteen") == 2
    assert say("after-upgrade", "--node", "lab") == 2, "no snapshot from before"
    (tmp_path / "note.db").write_text("no snapshot", "utf-8")
    assert say("after-upgrade", "--from", str(saved[0]), "--before", str(tmp_path / "note.db")) == 2


def test_a_snapshot_of_another_cluster_or_of_tomorrow_is_refused(
    tmp_path: Path, saved: tuple[Path, int, str], capsys: pytest.CaptureFixture[str]
) -> None:
    for name, statement in (
        ("other.db", "update node set name = 'x-' || name"),
        ("young.db", "update meta set value = '2099-01-01 00:00:00' where key = 'taken_at'"),
    ):
        shutil.copy(saved[0], tmp_path / name)
        with sqlite3.connect(tmp_path / name) as file:
            file.execute(statement)
        words = ("--from", str(saved[0]), "--before", str(tmp_path / name), "--state-dir", str(tmp_path))
        assert run(["checklist", "after-upgrade", *words]) == 2
    said = capsys.readouterr().err
    assert "another cluster" in said
    assert "after the one that it is to be compared with" in said
