"""Healthy clusters of other shapes: a lone publisher, twenty-one servers, servers known by FQDN or by address.

Nothing above a note is found and nothing is unknown, in an audit and before an upgrade.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from labs import failing, lab, verdicts

LONE: dict[str, Any] = {"voice": 1, "presence": 0}
LARGE: dict[str, Any] = {"voice": 17, "presence": 4}
#: Release -> a target, and what the table of upgrade paths lets it be.
TARGETS = {"9.1": ("12.5", "not-known"), "12.5": ("15", "go"), "14": ("15", "go"), "15": ("15.0.1.13900", "not-known")}
SHAPES = [
    pytest.param(release, shape, id=f"{name}-{release}")
    for name, shape, releases in (
        ("lone", LONE, TARGETS),
        ("large", LARGE, ("12.5", "15")),
        ("fqdn", {"called": "fqdn"}, TARGETS),
        ("address", {"called": "address"}, ("9.1", "15")),
    )
    for release in releases
]


@pytest.mark.parametrize(("release", "shape"), SHAPES)
def test_a_healthy_cluster_of_any_shape_is_healthy(tmp_path: Path, release: str, shape: dict[str, Any]) -> None:
    with lab(tmp_path, release=release, brisk=True, **shape) as healthy:
        code, report = healthy.audit("--save", "now.db")
        target, verdict = TARGETS[release]
        after, out, _ = healthy.run(
            "checklist", "before-upgrade", "--from", "now.db", "--target", target, "--format", "json"
        )
    assert failing(report) == {}
    assert verdicts(report, "unknown") == []
    assert report["gaps"] == []
    assert code == 0
    assert len(report["nodes"]) == {1: 1, 17: 17 if release == "9.1" else 21}.get(
        shape.get("voice", 0), 3 if release == "9.1" else 4
    )
    told = json.loads(out)
    assert {row["row"] for row in told["rows"] if row["verdict"] not in ("pass", "not_applicable", None)} == (
        set() if verdict == "go" else {"B2"}
    )
    assert (told["verdict"], after) == (verdict, {"go": 0, "not-known": 3}[verdict])


def test_a_host_name_is_not_known_where_servers_are_known_by_address(tmp_path: Path) -> None:
    """It may well be one of them: DNS knows, and this program does not."""
    with lab(tmp_path, brisk=True, called="address") as there:
        for table, column in (("telecasterservice", "urltemplate"), ("processconfig", "paramvalue")):
            there.world.database.execute(f"update {table} set {column} = replace({column}, '192.0.2.11', 'cucm-pub')")
        code, report = there.audit("--document", "cisco-18772", "--without", "ssh", "--without", "ris")
    assert failing(report) == {}
    unknown = {outcome["check"] for outcome in verdicts(report, "unknown")}
    assert unknown == {"em-url-host", "services-url", "phone-url-host"}
    assert code == 3


def test_a_lone_publisher_has_nothing_to_replicate_and_nobody_to_compare_with(tmp_path: Path) -> None:
    with lab(tmp_path, brisk=True, **LONE) as alone:
        _, report = alone.audit("--document", "cluster-health", "--without", "ris")
    said = {outcome["check"]: outcome for outcome in report["outcomes"] if outcome["check"]}
    assert said["replication-queue"]["verdict"] == "pass"
    assert "single node" in said["replication-queue"]["detail"]
    assert said["release-differs"]["verdict"] == "not_applicable"
    assert said["presence-release-differs"]["detail"] == "this cluster has no IM and Presence node"


@pytest.mark.parametrize("place", [3, 20])
def test_one_ill_node_of_twenty_one_is_named(tmp_path: Path, place: int) -> None:
    with lab(tmp_path, brisk=True, **LARGE) as large:
        ill = large.world.nodes[place]
        ill.faults["cli_disk"] = {"logging": (69234984, 1315340, 64379628)}
        code, report = large.audit("--check", "disk-full")
    assert {outcome["node"] for outcome in verdicts(report, "fail")} == {ill.name}
    assert len(verdicts(report, "pass")) == 20
    assert code == 1
