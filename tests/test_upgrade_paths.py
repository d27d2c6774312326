"""Before and after an upgrade on several paths, each of the seven faults alone, other names, clocks and services."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from labs import Lab, lab, verdicts

from cucm_audit.cli import run
from cucm_audit.simulator.upgrade import not_rebooted

#: Release before -> after. 9.1 to 12.5 is no step of Cisco's table: what came of it can be told all the same.
PATHS = {"9.1": "12.5", "11.5": "14", "12.5": "15"}
SHAPES: dict[str, dict[str, Any]] = {
    "fqdn": {"called": "fqdn"},
    "address": {"called": "address"},
    "large": {"voice": 17, "presence": 4},
}
#: Scenario -> the check that names it, and what it must say; {sub1}, {sub2}: what System > Server calls them.
SEVEN = {
    "not-booted": ("not-booted-since-switch", ["{sub1}"]),
    "pack-gone": ("model-gone", ["Cisco 8861"]),
    "phones-away": ("phones-away", ["Munich-DP", "Cisco 8841", "load sip88xx", "of 100 in all"]),
    "service-off": ("service-no-longer-activated", ["Cisco IP Voice Media Streaming App", "{sub2}"]),
    "certificate-gone": ("certificate-gone", ["tomcat-trust", "cucm-sub1"]),
    "parameter-reset": ("enterprise-param-changed", ["OrganizationDomain", "example.com"]),
    "replication-broken": ("replication-no-longer-good", ["cucm-sub2"]),
}
WRONG_ALL = {check for check, _ in SEVEN.values()}


def save(folder: Path, old: str, **shape: Any) -> Path:
    """Save the snapshot from before of a healthy cluster."""
    with lab(folder, release=old, phones=100, brisk=True, **shape) as healthy:
        _, out, _ = healthy.run(
            "checklist", "before-upgrade", "--node", "lab", "--target", PATHS[old], "--save", "pre.db"
        )
    assert "Saved: pre.db, whole." in out
    return folder / "pre.db"


@pytest.fixture(scope="module", params=PATHS)
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, Path]:
    """A release before and after, and the snapshot from before."""
    return request.param, PATHS[request.param], save(tmp_path_factory.mktemp("before"), request.param)


@pytest.fixture(scope="module")
def pre(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The snapshot from before of the healthy cluster of 12.5."""
    return save(tmp_path_factory.mktemp("before"), "12.5")


@pytest.fixture
def good(tmp_path: Path) -> Iterator[Lab]:
    """The same cluster after a good upgrade to 15, for a test to spoil."""
    with lab(tmp_path, scenario="upgraded", phones=100, brisk=True) as there:
        yield there


def after(there: Lab, before: Path) -> tuple[int, dict[str, Any], dict[str, list[str]]]:
    """The checklist after an upgrade: exit code, JSON, and what every check found that is more than a note."""
    code, out, err = there.run(
        "checklist", "after-upgrade", "--node", "lab", "--before", str(before), "--format", "json"
    )
    assert "Traceback" not in err
    told = json.loads(out)
    return code, told, wrong(told)


def wrong(told: dict[str, Any]) -> dict[str, list[str]]:
    return {
        outcome["check"]: [
            finding["says"]
            for same in told["report"]["outcomes"]
            if same["check"] == outcome["check"]
            for finding in same["findings"]
        ]
        for outcome in told["report"]["outcomes"]
        if outcome["verdict"] == "fail" and outcome["severity"] != "note"
    }


def said(found: dict[str, list[str]], check: str) -> str:
    return "\n".join(found[check])


@pytest.mark.parametrize("name", ["", "badly", *SEVEN])
def test_each_way_to_go_wrong_is_named_and_nothing_else(tmp_path: Path, path: tuple[str, str, Path], name: str) -> None:
    old, new, before = path
    scenario = f"upgraded-{name}" if name else "upgraded"
    with lab(tmp_path, scenario=scenario, release=new, old=old, phones=100, brisk=True) as there:
        code, told, found = after(there, before)
        names = {word: there.world.node(f"cucm-{word}").name for word in ("sub1", "sub2")}
    expected = WRONG_ALL if name == "badly" else {SEVEN[name][0]} if name else set()
    assert set(found) == expected
    for check, words in SEVEN.values():
        assert check not in found or all(word.format(**names) in said(found, check) for word in words), check
    assert verdicts(told["report"], "unknown") == []
    assert (code, told["verdict"]) == ((1, "no-go") if name else (0, "go"))
    assert len(told["why"]) == len(expected)


@pytest.mark.parametrize("name", SHAPES)
def test_other_names_and_sizes_make_no_difference(tmp_path: Path, name: str) -> None:
    for folder in ("before", "good", "bad"):
        (tmp_path / folder).mkdir()
    before = save(tmp_path / "before", "12.5", **SHAPES[name])
    with lab(tmp_path / "good", scenario="upgraded", phones=100, brisk=True, **SHAPES[name]) as there:
        code, told, found = after(there, before)
    assert (code, told["verdict"], found) == (0, "go", {})
    with lab(tmp_path / "bad", scenario="upgraded-badly", phones=100, brisk=True, **SHAPES[name]) as there:
        code, told, found = after(there, before)
        names = {word: there.world.node(f"cucm-{word}").name for word in ("sub1", "sub2")}
    assert set(found) == WRONG_ALL
    for check, words in SEVEN.values():
        assert all(word.format(**names) in said(found, check) for word in words), check
    assert verdicts(told["report"], "unknown") == []


def test_a_lone_publisher_goes_well_too(tmp_path: Path) -> None:
    lone: dict[str, Any] = {"voice": 1, "presence": 0}
    before = save(tmp_path, "12.5", **lone)
    with lab(tmp_path, scenario="upgraded", phones=100, brisk=True, **lone) as there:
        code, told, found = after(there, before)
        assert (code, told["verdict"], found) == (0, "go", {})
        not_rebooted(there.world.publisher)
        code, told, found = after(there, before)
    assert (code, set(found)) == (1, {"not-booted-since-switch"})


def test_an_im_and_presence_node_that_was_left_behind_is_named(good: Lab, pre: Path) -> None:
    node = good.world.node("cucm-imp1")
    new = node.release
    node.release = "12.5.1.14900-63"
    code, _, found = after(good, pre)
    assert (code, found) == (1, {"presence-not-upgraded": ["cucm-imp1 runs 12.5.1.14900-63, as before the upgrade"]})
    node.release = new
    not_rebooted(node)
    node.services["Cisco Presence Engine"].status = "Stopped"
    node.services["Cisco Presence Engine"].reason_code = -1019
    code, _, found = after(good, pre)
    assert (code, set(found)) == (1, {"not-booted-since-switch", "service-no-longer-running"})
    assert all("cucm-imp1" in said(found, check) for check in found)


def test_a_service_that_the_new_release_does_not_have_is_told_and_stops_nothing(good: Lab, pre: Path) -> None:
    dropped, kept = "Cisco Bulk Provisioning Service", "Cisco CTIManager"
    for node in good.world.nodes:
        node.services.pop(dropped, None)
    number = "(select enum from typeservice where name = '{}')"
    drop = "delete from processnodeservice where tkservice = " + number
    good.world.database.execute(drop.format(dropped))
    code, told, found = after(good, pre)
    assert (code, found) == (0, {})
    (note,) = [o for o in told["report"]["outcomes"] if o["check"] == "service-not-in-release" and o["findings"]]
    assert [finding["subject"] for finding in note["findings"]] == [dropped]
    # A service that every release has is no matter of the release: gone from the list, nobody knows what became of it,
    # nor whether it runs now.
    for node in good.world.nodes:
        node.services.pop(kept, None)
    good.world.database.execute(drop.format(kept))
    code, told, found = after(good, pre)
    assert set(found) == {"service-no-longer-activated"}
    assert {o["check"] for o in verdicts(told["report"], "unknown")} == {
        "service-no-longer-running",
        "call-service-stopped",
    }


def test_a_pool_that_stays_away_counts_for_itself(tmp_path: Path, pre: Path, good: Lab) -> None:
    """Six phones of one site are few of a hundred: with a tolerance of ten percent only their pool tells."""
    munich = [row for row in good.world.registrations if row.device_class == "Phone" and row.node == "cucm-sub2"]
    good.world.settings["phones-away-percent"] = 60.0
    good.cluster.toml(good.folder / "cucm-audit.toml")
    for row in munich[:30]:
        row.status = "UnRegistered"
    code, _, found = after(good, pre)
    assert (code, found) == (1, {"pool-away": ["30 of 50 phones in Munich-DP did not come back"]})
    for row in munich[20:30]:
        row.status = "Registered"
    code, _, found = after(good, pre)
    assert (code, found) == (0, {})


def test_cores_of_before_are_not_of_the_upgrade(tmp_path: Path, good: Lab) -> None:
    (tmp_path / "ill").mkdir()
    old, new = [292616, 2, "core.62556.6.ccm.1645336926"], [100, 0.1, "core.7.6.ccm.7"]
    with lab(tmp_path / "ill", scenario="h13", phones=100, brisk=True) as ill:
        code, _, _ = ill.run("checklist", "before-upgrade", "--node", "lab", "--target", "15", "--save", "pre.db")
        assert code == 1, "a crash of this week stops an upgrade"
    good.world.node("cucm-sub1").faults["cli_cores"] = [old]
    assert after(good, tmp_path / "ill" / "pre.db")[2] == {}
    good.world.node("cucm-sub1").faults["cli_cores"] = [old, new]
    _, _, found = after(good, tmp_path / "ill" / "pre.db")
    assert set(found) == {"core-since-before"}
    assert "core.7.6.ccm.7" in said(found, "core-since-before")


def test_a_backup_of_the_old_release_is_none_of_the_new_one(good: Lab, pre: Path) -> None:
    good.world.publisher.faults["cli_backups"] = [
        {"at": 100, "ok": True},
        {"at": 81, "ok": True},
    ]  # switched 80 days ago
    code, told, found = after(good, pre)
    assert (code, set(found)) == (1, {"backup-before-switch"})
    assert [why.partition(":")[0] for why in told["why"]] == ["A12"]


def test_zones_of_the_nodes_do_not_confuse_the_order(tmp_path: Path) -> None:
    """Half the world lies between publisher and subscribers: only who came up first counts, not what its clock says."""
    zones = {"cucm-sub1": "America/Mexico_City", "cucm-sub2": "Asia/Kolkata"}
    (tmp_path / "after").mkdir()
    with lab(tmp_path, release="12.5", phones=100, brisk=True) as healthy:
        for name, zone in zones.items():
            healthy.world.node(name).zone = zone
        code, _, _ = healthy.run("checklist", "before-upgrade", "--node", "lab", "--target", "15", "--save", "pre.db")
        assert code == 0
    with lab(tmp_path / "after", scenario="upgraded", phones=100, brisk=True) as there:
        for name, zone in zones.items():
            there.world.node(name).zone = zone
        code, told, found = after(there, tmp_path / "pre.db")
        assert (code, told["verdict"], found) == (0, "go", {})
        _swap_boots(there)
        code, _, found = after(there, tmp_path / "pre.db")
    assert (code, set(found)) == (1, {"booted-before-publisher-since-switch"})
    assert len(found["booted-before-publisher-since-switch"]) == 1


def _swap_boots(there: Lab) -> None:
    """Let the first subscriber come up a minute before the publisher."""
    first = [event for event in there.world.publisher.events if event.action == "Switch Version"][-1].at
    events = there.world.node("cucm-sub1").events
    late = next(event for event in events if event.action == "Switch Version").at
    for event in events:
        if event.at >= late and event.action in ("Switch Version", "Restart", "Boot"):
            event.at -= late - first
    for event in events:
        if event.action == "Boot" and event.at > first:
            event.at = first.replace(minute=first.minute + 1)
            break


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("node-down", ()),
        ("h12-agent", ()),
        ("healthy", ("--without", "ris")),
        ("healthy", ("--without", "services")),
    ],
)
def test_a_snapshot_from_before_with_any_hole_is_refused_as_whole(
    tmp_path: Path, scenario: str, words: tuple[str, ...]
) -> None:
    with lab(tmp_path, scenario=scenario, brisk=True) as there:
        code, out, _ = there.run(
            "checklist", "before-upgrade", "--node", "lab", "--target", "15", "--save", "pre.db", *words
        )
    assert "Saved: pre.db, NOT WHOLE" in out
    assert ", whole" not in out
    doubts = [line for line in out.split("LOOKED AT")[0].split("\n  - ") if "could not tell" in line]
    assert all(line.count(";") <= 5 for line in doubts), "three questions a row, the rest is counted"
    assert code == (1 if scenario == "node-down" else 3)
    assert out.splitlines()[0].startswith("NO-GO" if scenario == "node-down" else "NOT KNOWN")


def test_diff_of_the_two_snapshots_names_the_same(
    tmp_path: Path, pre: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with lab(tmp_path, scenario="upgraded-badly", phones=100, brisk=True) as there:
        there.run("snapshot", "save", "post.db", "--node", "lab")
    words = ["diff", str(pre), str(tmp_path / "post.db"), "--format", "json"]
    capsys.readouterr()
    assert run(words) == 1
    out = capsys.readouterr().out
    assert run([*words, "--table", "system_event"]) == 1
    history = capsys.readouterr().out
    tables = {table["table"]: table for table in json.loads(out)["tables"]}

    def changed(table: str, column: str) -> dict[str, list[Any]]:
        return {c["key"]: c["columns"][column] for c in tables[table]["changed"] if column in c["columns"]}

    assert tables["device_type"]["gone"] == ["Cisco 8861"] or "8861" in str(tables["device_type"]["gone"])
    assert sum(new == "UnRegistered" for _, new in changed("registration", "status").values()) == 40
    assert changed("activated_service", "active") == {"cucm-sub2, Cisco IP Voice Media Streaming App": [1, 0]}
    assert [key for key in tables["certificate"]["gone"] if key.startswith("tomcat-trust") and "sub1" in key]
    assert changed("enterprise_param", "value")["OrganizationDomain"] == ["example.com", ""]
    assert changed("replication", "state") == {"cucm-sub2": [2, 4]}
    (events,) = json.loads(history)["tables"]
    booted = {key.split(", ")[0] for key in events["new"] if "Boot" in key and "15.0.1" in key}
    assert {"cucm-pub", "cucm-sub2"} <= booted
    assert "cucm-sub1" not in booted
