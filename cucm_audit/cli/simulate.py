"""``cucm-audit simulate``: the imitated cluster alone, for training and for tests of other tools."""

import json
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cucm_audit.cli.console import Problem, complain, say
from cucm_audit.cli.options import Number, debug_option, file_path

if TYPE_CHECKING:
    from cucm_audit.simulator.cluster import Cluster


@click.command("simulate")
@click.option("--scenario", default="healthy", show_default=True, metavar="NAME", help="What is broken in it.")
@click.option("--release", metavar="X.Y", help="Which release it imitates; else the scenario's own, or 12.5.")
@click.option(
    "--phones", type=click.IntRange(1, 200_000), default=60, show_default=True, help="How many phones it has."
)
@click.option("--real-ports", is_flag=True, help="Listen on 8443, 8080 and 22 instead of free ports.")
@click.option("--address", "addresses", multiple=True, metavar="ADDRESS",
              help="Addresses of its servers, publisher first (repeatable, four of them).")  # fmt: skip
@click.option("--write", "folder", type=file_path(file_okay=False), metavar="FOLDER",
              help="Write cucm-audit.toml and both password files there.")  # fmt: skip
@click.option("--seconds", type=Number(min=0), metavar="SECONDS", help="Stop by itself after so long.")
@debug_option
def command(
    scenario: str,
    release: str | None,
    phones: int,
    real_ports: bool,
    addresses: tuple[str, ...],
    folder: Path | None,
    seconds: float | None,
) -> int:
    """Run a simulated cluster on loopback until Ctrl-C. Prints one line of JSON when it listens."""
    with running(scenario, release=release, phones=phones, real_ports=real_ports, addresses=addresses) as cluster:
        config = write_config(cluster, folder) if folder else None
        over = _over()
        say(json.dumps(told(cluster, config)))
        over.wait(seconds)
        if writes := cluster.world.writes():
            complain(f"{len(writes)} operations would have changed the cluster; the first: {writes[0].operation}")
    return 0


def running(
    scenario: str,
    *,
    release: str | None = None,
    phones: int = 60,
    real_ports: bool = False,
    addresses: tuple[str, ...] = (),
) -> "Cluster":
    """Return a simulated cluster, to be started with ``with``. Raises Problem for a scenario or release it has not."""
    from cucm_audit.simulator.build import build
    from cucm_audit.simulator.cluster import Cluster

    try:
        world = build(release, scenario, phones, addresses or None, real_ports)
        return Cluster(world)
    except (ValueError, FileNotFoundError) as error:
        raise Problem(f"this cluster cannot be simulated: {error}") from None


def write_config(cluster: "Cluster", folder: Path) -> Path:
    """Write the cluster file and the passwords (which are public) into a folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return cluster.toml(folder / "cucm-audit.toml")
    except OSError as error:
        raise Problem(f"{folder} cannot be written: {error.strerror}") from None


def told(cluster: "Cluster", config: Path | None) -> dict[str, Any]:
    """Return what a person or a script needs to talk to the cluster. Its passwords guard nothing and are public."""
    world = cluster.world
    accounts = {
        kind: {"user": user, "password": password}
        for kind, (user, password) in (("application", world.application), ("platform", world.platform))
    }
    nodes = [
        {
            "name": node.name,
            "address": node.at,
            "role": node.role,
            "product": node.product,
            "https_port": node.https_port,
            "http_port": node.http_port,
            "ssh_port": node.ssh_port,
        }
        for node in world.nodes
    ]
    return {
        "release": world.release,
        "nodes": nodes,
        "accounts": accounts,
        "config": str(config) if config else None,
    }


def _over() -> threading.Event:
    """Return what Ctrl-C and SIGTERM set from now on: whoever reads our line may send one at once."""
    over = threading.Event()
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGINT", "SIGTERM"):
            signal.signal(getattr(signal, name), lambda *_: over.set())
    return over
