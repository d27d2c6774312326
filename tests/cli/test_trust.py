"""Trust: the door, a login there, then everything that it names."""

import time
from pathlib import Path

import pytest

from cucm_audit.cli.trusting import comparable
from cucm_audit.simulator.cluster import Cluster
from tests.cli.conftest import Call


def store(tmp_path: Path) -> Path:
    return tmp_path / "state" / "cucm-audit" / "trust.toml"


def fingerprints(call: Call) -> list[str]:
    return [line.split()[-1] for line in call("trust", "list").out.splitlines()[2:]]


def test_without_a_terminal_nothing_is_accepted(lab: Cluster, call: Call, tmp_path: Path) -> None:
    before = len(lab.world.asked)
    said = call("trust", "add", "lab")
    assert said.code == 2
    assert "cucm-audit trust add lab --yes" in said.err
    assert "--fingerprint" in said.err
    assert not store(tmp_path).exists()
    assert len(lab.world.asked) == before


def test_everything_that_can_be_discovered(trusted: Cluster, call: Call, tmp_path: Path) -> None:
    assert store(tmp_path).stat().st_mode & 0o777 == 0o600
    listed = call("trust", "list").out
    for node in trusted.world.nodes:
        assert trusted.certificate_fingerprint(node.name) in listed
        assert f"{node.at}:{node.ssh_port}" in listed
    assert call("trust", "check").code == 0
    again = call("trust", "add", "lab", "--yes")
    assert again.code == 0
    assert again.out.startswith("0 accepted")


def test_only_the_given_fingerprints_are_accepted(lab: Cluster, call: Call) -> None:
    door = lab.certificate_fingerprint("cucm-pub")
    said = call("trust", "add", "lab", "--fingerprint", "00" * 32)
    assert said.code == 2
    assert door in said.err
    assert call("trust", "list").out == "nothing is trusted\n"
    said = call("trust", "add", "lab", "--fingerprint", door.replace(":", "").lower())
    assert said.code == 3
    assert fingerprints(call) == [door]


def test_it_says_who_may_know_an_address_that_dns_does_not(lab: Cluster, call: Call, tmp_path: Path) -> None:
    config = tmp_path / "cucm-audit.toml"
    config.write_text(config.read_text().partition("[cluster.lab.nodes")[0])
    said = call("trust", "add", "lab", "--fingerprint", lab.certificate_fingerprint("cucm-pub"))
    assert said.code == 3
    assert "cucm-sub1: no address is known: cucm-pub may know it once its SSH host key is trusted" in said.err


def test_a_list_of_fingerprints_is_enough_without_yes(trusted: Cluster, call: Call, tmp_path: Path) -> None:
    known = fingerprints(call)
    store(tmp_path).unlink()
    said = call("trust", "add", "lab", *[word for one in known for word in ("--fingerprint", one)])
    assert said.code == 0, said.err
    assert sorted(fingerprints(call)) == sorted(known)


def test_a_node_that_is_down_is_said_and_the_rest_trusted(lab: Cluster, call: Call) -> None:
    lab.down("cucm-sub2")
    try:
        said = call("trust", "add", "lab", "--yes")
    finally:
        lab.up("cucm-sub2")
    assert said.code == 3
    assert said.err.count("not trusted:") == 2
    assert lab.world.node("cucm-sub2").at in said.err
    assert lab.certificate_fingerprint("cucm-imp1") in call("trust", "list").out


def test_one_node_alone_by_the_name_that_an_error_gives(lab: Cluster, call: Call) -> None:
    path = Path("cucm-audit.toml")
    before, _, after = path.read_text().partition('[cluster.lab.nodes."cucm-sub1')
    path.write_text(before + "[cluster" + after.partition("\n[cluster")[2])
    assert "cucm-sub1" not in path.read_text()
    said = call("trust", "add", "cucm-sub1", "--yes")
    assert said.code == 3  # its ports are not the usual ones here, and nobody has said so
    listed = call("trust", "list").out
    assert lab.certificate_fingerprint("cucm-pub") in listed
    assert lab.certificate_fingerprint("cucm-sub2") not in listed
    assert "has no node cucm-sub9; it has cucm-pub" in call("trust", "add", "cucm-sub9", "--yes").err


def test_a_changed_certificate_is_refused_until_a_person_removes_the_old_one(trusted: Cluster, call: Call) -> None:
    old = trusted.certificate_fingerprint("cucm-sub1")
    new = trusted.renew_certificate("cucm-sub1")
    trusted.toml(Path("cucm-audit.toml").absolute())
    assert call("trust", "check").code == 1
    said = call("trust", "add", "lab", "--yes")
    assert said.code == 3
    assert old in said.err
    assert new in said.err
    assert "trust remove" in said.err
    assert call("trust", "remove", "cucm-sub1").code == 0
    assert call("trust", "add", "lab", "--yes").code == 0
    assert new in call("trust", "list").out


def test_remove_and_check_by_cluster(trusted: Cluster, call: Call) -> None:
    assert call("trust", "check", "lab").code == 0
    trusted.down("cucm-imp1")
    try:
        said = call("trust", "check", "lab")
    finally:
        trusted.up("cucm-imp1")
    assert said.code == 3
    assert "no answer" in said.out
    assert call("trust", "remove", "lab").code == 0
    assert call("trust", "list").out == "nothing is trusted\n"
    assert call("trust", "check", "lab").code == 2


def test_a_door_that_never_tells_the_nodes_ends_it_in_time(lab: Cluster, call: Call) -> None:
    door = lab.world.nodes[0]
    door.faults["hang"] = True
    begun = time.monotonic()
    try:
        said = call("trust", "add", "lab", "--yes", "--timeout", "2")
    finally:
        door.faults.pop("hang")
    assert (said.code, time.monotonic() - begun < 8) == (2, True)
    assert "--timeout" in said.err


def test_a_broken_store_is_named(lab: Cluster, call: Call, tmp_path: Path) -> None:
    store(tmp_path).parent.mkdir(parents=True, mode=0o700)
    store(tmp_path).write_text("nonsense")
    for words in (["trust", "list"], ["--node", "lab"], ["trust", "add", "lab", "--yes"]):
        said = call(*words)
        assert said.code == 2
        assert "trust.toml" in said.err


@pytest.mark.parametrize(
    "spelling", ["AB" * 32, "ab" * 32, ":".join(["AB"] * 32), "SHA256:" + "AB" * 32, "sha-256=" + ":".join(["ab"] * 32)]
)
def test_every_spelling_of_a_fingerprint_is_the_same(spelling: str) -> None:
    assert comparable(spelling) == "AB" * 32


def test_the_base64_of_openssh_keeps_its_case() -> None:
    assert comparable("SHA256:aBc/+") != comparable("SHA256:abc/+")
