"""Whom --node means."""

import click
import pytest

from cucm_audit.cli.door import resolve
from cucm_audit.config import Cluster, Config, NodeEntry

LAB = Cluster(
    name="lab",
    node="10.0.0.1",
    nodes={
        "cucm-sub1.example.com": NodeEntry(address="10.0.0.2", ssh_port=2222, https_port=9443),
        "cucm-sub2": NodeEntry(),
    },
)
WEST = Cluster(name="west", node="cucm-pub.west.example.com")
ONE, TWO = Config(clusters={"lab": LAB}), Config(clusters={"lab": LAB, "west": WEST})


@pytest.mark.parametrize("name", [None, "lab", "LAB", "pub", "cucm-pub", "publisher", "10.0.0.1"])
def test_the_cluster(name: str | None) -> None:
    assert resolve(name, ONE) is LAB


@pytest.mark.parametrize("name", ["cucm-sub1.example.com", "CUCM-SUB1.example.com", "10.0.0.2"])
def test_another_node_of_the_file_is_the_door(name: str) -> None:
    door = resolve(name, TWO)
    assert (door.name, door.node, door.https_port, door.ssh_port) == ("lab", "10.0.0.2", 9443, 2222)


def test_a_node_without_an_address_is_asked_by_name() -> None:
    assert resolve("cucm-sub2", TWO).node == "cucm-sub2"


@pytest.mark.parametrize("name", ["pub", "labb", None])
def test_with_several_clusters_a_name_that_fits_none_is_refused_with_the_names(name: str | None) -> None:
    with pytest.raises(click.UsageError, match="lab, west"):
        resolve(name, TWO)


def test_a_slip_is_no_host_name() -> None:
    with pytest.raises(click.UsageError, match="lab"):
        resolve("lap", ONE)


@pytest.mark.parametrize(
    ("typed", "address", "port"),
    [
        ("192.0.2.1", "192.0.2.1", 8443),
        ("pub.example.com:443", "pub.example.com", 443),
        ("[2001:db8::1]:9443", "2001:db8::1", 9443),
        ("2001:db8::1", "2001:db8::1", 8443),
        ("fe80::1%eth0", "fe80::1%eth0", 8443),
    ],
)
def test_an_address(typed: str, address: str, port: int) -> None:
    for config in (Config(), ONE):
        cluster = resolve(typed, config)
        assert (cluster.node, cluster.https_port, cluster.application) == (address, port, None)


@pytest.mark.parametrize("typed", ["a b", "10.0.0.1:99999", "http://x.y/", "", "x\x1b.y", "1::2::3"])
def test_what_is_no_address(typed: str) -> None:
    with pytest.raises(click.UsageError):
        resolve(typed, Config())
