"""A running cluster: HTTPS, HTTP and SSH of every node, in threads that end with the process or after a while."""

import json
import os
import socket
import threading
from pathlib import Path
from typing import Any

from cucm_audit.simulator import certificates
from cucm_audit.simulator.rows import guid, put
from cucm_audit.simulator.web_server import WebServer
from cucm_audit.simulator.world import SimNode, World

MAX_LIFE = 6 * 3600.0


class Cluster:
    """Starts and stops the servers of a world, also in a ``with``.

    After ``max_life`` seconds it stops by itself: nobody has to remember to.
    """

    def __init__(self, world: World, *, max_life: float = MAX_LIFE) -> None:
        self.world = world
        self._running: dict[str, list[Any]] = {}
        self._generations: dict[str, int] = {}
        self._max_life = max_life
        self._timer: threading.Timer | None = None
        for node in world.nodes:
            if node.certificate is None:
                node.certificate = certificates.make(node)
        _certificate_rows(world)

    def start(self) -> "Cluster":
        """Start every node that is not down."""
        for node in self.world.nodes:
            self.up(node.name, first=True)
        self._timer = threading.Timer(self._max_life, self.stop)
        self._timer.daemon = True
        self._timer.start()
        return self

    def stop(self) -> None:
        """Stop everything. Safe to call twice."""
        if self._timer is not None:
            self._timer.cancel()
        for name in list(self._running):
            self.down(name)

    def __enter__(self) -> "Cluster":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def up(self, name: str, first: bool = False) -> None:
        """Start a node. At the first start one with the fault "down" only gets port numbers that nobody listens on."""
        node = self.world.node(name)
        off = first and bool(node.faults.get("down"))
        servers: list[Any] = []
        for attribute, tls in (("https_port", True), ("http_port", False)):
            if off or node.faults.get("refuse"):
                setattr(node, attribute, getattr(node, attribute) or _dead_port(node.at))
                continue
            server = WebServer(self.world, node, tls=tls, port=getattr(node, attribute))
            setattr(node, attribute, server.start())
            servers.append(server)
        if off:
            node.ssh_port = node.ssh_port or _dead_port(node.at)
        else:
            servers += _ssh(self.world, node)
        self._running[node.name] = servers

    def down(self, name: str) -> None:
        """Switch a node off: its ports refuse connections from now on."""
        for server in self._running.pop(self.world.node(name).name, []):
            server.stop()

    def renew_certificate(self, name: str, **options: Any) -> str:
        """Give a node another web certificate, with another key, and restart it; returns the new fingerprint."""
        node = self.world.node(name)
        self._generations[name] = self._generations.get(name, 0) + 1
        self.down(name)
        node.certificate = certificates.make(node, self._generations[name], **options)
        self.up(name)
        return self.certificate_fingerprint(name)

    def certificate_fingerprint(self, name: str) -> str:
        """Return the SHA-256 fingerprint of a node's web certificate, AB:CD:..."""
        return str(self.world.node(name).certificate.fingerprint)

    def toml(self, path: str | Path, name: str = "lab") -> Path:
        """Write a cluster file for this cluster, with both password files (mode 0600) beside it, and return its path.

        Every node is named with its address and ports: nobody could discover free ports on loopback.
        """
        path = Path(path)
        for file, (_, password) in (("app.pass", self.world.application), ("os.pass", self.world.platform)):
            _write_private(path.parent / file, password + "\n")
        head = f"cluster.{name}"
        blocks: list[tuple[str, dict[str, object]]] = [
            (head, {"node": self.world.publisher.at, **_ports(self.world.publisher)}),
            (f"{head}.application", {"user": self.world.application[0], "password-file": "app.pass"}),
            (f"{head}.platform", {"user": self.world.platform[0], "password-file": "os.pass"}),
            (f"{head}.extension-mobility", {"api-users": ["emapi"]}),
        ]
        if self.world.settings:
            blocks.append((f"{head}.settings", self.world.settings))
        blocks += [(f'{head}.nodes."{node.name}"', {"address": node.at, **_ports(node)}) for node in self.world.nodes]
        # JSON's strings, numbers and lists are TOML's too.
        text = "\n".join(
            f"[{title}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
            for title, values in blocks
        )
        path.write_text(text, encoding="utf-8")
        return path


def _ports(node: SimNode) -> dict[str, object]:
    return {"https-port": node.https_port, "http-port": node.http_port, "ssh-port": node.ssh_port}


def _ssh(world: World, node: SimNode) -> list[Any]:
    """Start SSH with the other half of the simulator."""
    try:
        from cucm_audit.simulator.ssh import SshServer
    except ImportError:
        node.ssh_port = node.ssh_port or _dead_port(node.at)
        return []
    server = SshServer(world, node)
    node.ssh_port = server.start()
    return [server]


def _dead_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def _write_private(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    path.chmod(0o600)


def _certificate_rows(world: World) -> None:
    """Put the nodes' web certificates into the database, as tomcat (3) and as tomcat-trust (6)."""
    rows, stores = [], []
    for place, node in enumerate(world.nodes):
        pkid, own, name = guid("certificate", place), node.certificate, f"{node.host}.{node.domain}"
        rows.append((pkid, name, own.subject, own.issuer, own.serial, own.pem, node.address))
        there = [store for store in (3, 6) if store not in node.without_certificates]
        stores += [(guid("store", f"{place}/{store}"), pkid, store) for store in there]
    with world.lock:
        world.database.execute("delete from certificate")
        world.database.execute("delete from certificateservicecertificatemap")
        columns = "pkid servername subjectname issuername serialnumber certificate ipv4address"
        put(world, "certificate", columns, rows)
        put(world, "certificateservicecertificatemap", "pkid fkcertificate tkcertificateservice", stores)
