"""Healthy clusters of other shapes: a lone publisher, twenty-one servers, servers known by FQDN or by address.

Nothing above a note is found and nothing is unknown, in an audit and before an upgrade.
"""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from labs import Lab, failing, lab, verdicts

from cucm_audit.simulator.cli_answer import Call
from cucm_audit.simulator.cli_show import network_cluster

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


#: Checks of the host of a URL.
HOSTS = {"em-url-host", "em-url-node-inactive", "services-url", "phone-url-host"}
MEMBERS = tuple(word for name in ("not-authenticated", *sorted(HOSTS)) for word in ("--check", name))


@pytest.fixture(scope="module")
def by_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Servers are known by their addresses, and the URLs name the publisher."""
    with lab(tmp_path_factory.mktemp("by-address"), brisk=True, called="address") as there:
        for table, column in (("telecasterservice", "urltemplate"), ("processconfig", "paramvalue")):
            there.world.database.execute(f"update {table} set {column} = replace({column}, '192.0.2.11', 'cucm-pub')")
        yield there


def host_verdicts(there: Lab, *words: str) -> tuple[int, dict[str, str]]:
    code, report = there.audit(*words)
    return code, {one["check"]: one["verdict"] for one in report["outcomes"] if one["check"] in HOSTS}


def test_the_cluster_itself_says_whose_host_name_it_is(by_address: Lab) -> None:
    """Of servers that are known by address: show network cluster has the machine's names beside each."""
    code, report = by_address.audit()
    assert (code, failing(report), verdicts(report, "unknown")) == (0, {}, [])
    assert {one["check"] for one in verdicts(report, "pass")} >= HOSTS


@pytest.mark.parametrize("host", ["cucm-old", "cucm-pub.elsewhere.test"])
def test_a_host_name_that_no_machine_of_the_cluster_has_leads_nowhere(by_address: Lab, host: str) -> None:
    with urls_to(by_address, host):
        code, told = host_verdicts(by_address, *MEMBERS)
    assert (code, told) == (1, {**dict.fromkeys(HOSTS, "fail"), "em-url-node-inactive": "pass"})


def test_without_a_whole_list_a_host_name_is_not_known(by_address: Lab) -> None:
    """It may well be one of them: DNS knows, and this program does not."""
    code, told = host_verdicts(by_address, *MEMBERS, "--without", "ssh")
    assert (code, set(told.values())) == (3, {"unknown"})
    list_of = {node.name: answer_of(by_address, node) for node in by_address.world.nodes}
    for lacking in ("cucm-sub2", "authenticated"):  # a node is missing; a line is not understood
        for node in by_address.world.nodes:
            lines = [line for line in list_of[node.name] if lacking not in line or lacking == "authenticated"]
            lines += ["192.0.2.99 ??? strange line"] if lacking == "authenticated" else []
            node.faults["cli_answer"] = {"show network cluster": "\n".join(lines)}
        code, told = host_verdicts(by_address, *MEMBERS)
        assert (code, set(told.values())) == (3, {"unknown"}), lacking
    for node in by_address.world.nodes:
        del node.faults["cli_answer"]


def test_two_lists_that_do_not_agree_prove_no_name(by_address: Lab) -> None:
    node = by_address.world.node("192.0.2.12")
    lines = [line.replace("cucm-pub", "cucm-first") for line in answer_of(by_address, node)]
    node.faults["cli_answer"] = {"show network cluster": "\n".join(lines)}
    code, told = host_verdicts(by_address, *MEMBERS)
    del node.faults["cli_answer"]
    assert (code, set(told.values())) == (3, {"unknown"})


def test_a_machine_without_a_domain_may_have_one_in_a_url(by_address: Lab) -> None:
    """Its short name is its name; the same with a domain may be another machine."""
    for node in by_address.world.nodes:
        lines = [line.replace(f".{node.domain} ", " ") for line in answer_of(by_address, node)]
        node.faults["cli_answer"] = {"show network cluster": "\n".join(lines)}
    _, told = host_verdicts(by_address, *MEMBERS)
    assert set(told.values()) == {"pass"}
    with urls_to(by_address, "cucm-pub.example.com"):
        _, told = host_verdicts(by_address, *MEMBERS)
    assert set(told.values()) == {"unknown"}
    for node in by_address.world.nodes:
        del node.faults["cli_answer"]


@contextlib.contextmanager
def urls_to(there: Lab, host: str) -> Iterator[None]:
    change = "update {0} set {1} = replace({1}, '//{2}:', '//{3}:')"
    places = (("telecasterservice", "urltemplate"), ("processconfig", "paramvalue"))
    for table, column in places:
        there.world.database.execute(change.format(table, column, "cucm-pub", host))
    try:
        yield
    finally:
        for table, column in places:
            there.world.database.execute(change.format(table, column, host, "cucm-pub"))


def answer_of(there: Lab, node: Any) -> list[str]:
    return list(network_cluster(Call(world=there.world, node=node, text="show network cluster")).lines)


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
