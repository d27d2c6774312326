"""Make a cluster: a release, a scenario, so many phones, and the addresses of its servers."""

import sys
from collections.abc import Sequence

from cucm_audit.simulator import (
    base_cluster,
    base_devices,
    base_directory,
    base_parameters,
    base_products,
    base_roles,
    base_users,
    database,
)
from cucm_audit.simulator.dictionary import build_of, numbers
from cucm_audit.simulator.nodes import healthy_nodes
from cucm_audit.simulator.scenarios.apply import apply
from cucm_audit.simulator.scenarios.read import read
from cucm_audit.simulator.world import World

HTTPS_PORT, HTTP_PORT, SSH_PORT = 8443, 8080, 22
LOOPBACK = tuple(f"127.0.10.{number}" for number in range(1, 31))
DOCUMENTATION = tuple(f"192.0.2.{number}" for number in range(11, 41))


def build(
    release: str | None = None,
    scenario: str = "healthy",
    phones: int = 60,
    addresses: Sequence[str] | None = None,
    real_ports: bool = False,
    voice: int = 3,
    presence: int = 1,
    called: str = "host",
    old: str = "",
) -> World:
    """Return a cluster that has not been started.

    It has so many ``voice`` and ``presence`` (IM and Presence) servers, ``called`` in System > Server by host, fqdn or
    address. A scenario of an upgrade comes from the release ``old``, if that is given.

    Without ``addresses`` the servers are 127.0.10.1, 127.0.10.2 and so on (where only 127.0.0.1 exists, they all listen
    there and call themselves 192.0.2.11 and so on), on free ports; ``real_ports`` asks for 8443, 8080 and 22. Without a
    ``release`` it is the one that the scenario names, else 12.5. Raises ValueError for an unknown release or scenario.
    """
    plan = read(scenario)
    # A phone that is sent to 127.x asks itself: a server that is known by such an address is none.
    world_addresses, listen = (DOCUMENTATION, "127.0.0.1") if called == "address" else _addresses(addresses)
    full = build_of(release or next((part["release"] for part in reversed(plan) if "release" in part), "12.5"))
    nodes = healthy_nodes(full, world_addresses, voice, presence, called)
    world = World(release=full, nodes=nodes, scenario=scenario, old_release=old)
    if numbers(full) < (9, 1):
        world.ris_cap = 200
    for node in world.nodes:
        node.listen = listen
        if real_ports:
            node.https_port, node.http_port, node.ssh_port = HTTPS_PORT, HTTP_PORT, SSH_PORT
    db = world.database = database.create(full)
    db.execute("begin")
    for part in (base_products, base_cluster, base_parameters, base_roles, base_directory):
        part.fill(world)
    base_devices.fill(world, phones)
    base_users.fill(world, phones)
    db.execute("commit")
    db.execute("analyze")
    apply(plan, world)
    return world


def _addresses(addresses: Sequence[str] | None) -> tuple[Sequence[str], str]:
    if addresses:
        return addresses, ""
    # Only Linux answers on all of 127/8 without being asked to.
    return (LOOPBACK, "") if sys.platform == "linux" else (DOCUMENTATION, "127.0.0.1")
