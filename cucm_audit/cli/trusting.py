"""Accepting what the nodes of a cluster show: the door's certificate, a login there, then all that it names."""

import re
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from cucm_audit.cli.console import Problem
from cucm_audit.clients import ClientError
from cucm_audit.config import Cluster
from cucm_audit.model import Node, Reason
from cucm_audit.trust import TrustError, TrustStore, key_family

if TYPE_CHECKING:
    from cucm_audit.connect import Clients

#: Asks a person about one key: the place, what it shows. True = trust it.
Ask = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One certificate or host key that a node shows. ``kind`` is tls, or the type of the host key."""

    node: str
    address: str
    port: int
    kind: str
    fingerprint: str
    about: str = ""
    not_after: str = ""

    @property
    def place(self) -> str:
        """Where it was seen: node, address and port."""
        address = f"[{self.address}]" if ":" in self.address else self.address
        name = "" if self.node == self.address else f"{self.node} "
        return f"{name}{address}:{self.port}"


@dataclass(slots=True, kw_only=True)
class Trusting:
    """One ``trust add``: what was accepted, and in ``troubles`` what was not, each in a sentence.

    ``named`` limits it to one node of the cluster; ``only`` to these fingerprints, which nobody is asked about then.
    ``timeout`` are the seconds in which the door has to tell the other nodes, each time it is asked.
    ``elsewhere`` says who may know the address of a node that DNS does not know.
    """

    cluster: Cluster
    store: TrustStore
    ask: Ask
    only: Collection[str] = ()
    say: Callable[[str], None] = lambda _: None
    accepted: list[Shown] = field(default_factory=list)
    known: int = 0
    troubles: list[str] = field(default_factory=list)
    named: str = ""
    elsewhere: str = ""
    timeout: float = 120.0

    def everything(self, clients: "Clients") -> None:
        """Trust the door, log in there, then trust TLS and SSH of all nodes. Problem when the door stays shut."""
        from cucm_audit.clients.journal import Journal
        from cucm_audit.discovery import discover, doors, within

        door = next(doors(self.cluster))
        if not self.certificate(door):
            raise Problem(f"{self.troubles[-1]}; without the door nothing else can be found")
        try:
            found = within(self.timeout, partial(discover, self.cluster, clients, Journal(), with_ssh=False), door)
            if any(not node.address for node in found.nodes):  # the door's command line may know what DNS does not
                if not clients.has_platform:
                    self.elsewhere = "name an OS administrator, whose command line may know it, or "
                elif self.host_keys(found.door):
                    found = within(self.timeout, partial(discover, self.cluster, clients, Journal()), door)
                else:
                    self.elsewhere = f"{found.door.name} may know it once its SSH host key is trusted; or "
        except ClientError as error:
            raise Problem(
                f"the door is trusted, but the other nodes could not be found: {error}; {error.hint}"
            ) from None
        if found.error:
            self.troubles.append(f"the list of nodes is not whole: {found.error}")
        self.nodes(self.wanted(found.nodes))

    def wanted(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        """Return all nodes, or the one that was named."""
        from cucm_audit.plan import inside

        chosen = tuple(node for node in nodes if not self.named or inside(node, (self.named,)))
        if not chosen:
            raise Problem(f"{self.cluster.name} has no node {self.named}; it has {', '.join(n.name for n in nodes)}")
        return chosen

    def nodes(self, nodes: tuple[Node, ...]) -> None:
        """Trust TLS and SSH of each node. They are looked at beside each other, and asked about one by one."""
        for node in (node for node in nodes if not node.address):
            table = f'[cluster.{self.cluster.name}.nodes."{node.name}"]'
            self.troubles.append(f"{node.name}: no address is known: {self.elsewhere}write it under {table}")
        for shown in _looks([node for node in nodes if node.address]):
            self._settle(shown)

    def certificate(self, node: Node) -> bool:
        """Trust the certificate of a node; False when it is not trusted in the end."""
        return self._settle(_certificate(node))

    def host_keys(self, node: Node) -> bool:
        """Trust the SSH host keys of a node; False when none of them is trusted in the end."""
        return self._settle(_host_keys(node))

    def _settle(self, shown: "list[Shown] | ClientError") -> bool:
        if isinstance(shown, ClientError):
            self.troubles.append(f"{shown}" + (f"; {shown.hint}" if shown.hint else ""))
            return False
        done = [self._one(one) for one in shown]
        if not any(done) and self.only:
            self.troubles.append(f"{shown[0].place}: none of the given fingerprints: it shows {shown[0].fingerprint}")
        return any(done)

    def _one(self, shown: Shown) -> bool:
        if _is_known(self.store, shown):
            self.known += shown not in self.accepted  # the door is looked at twice
            return True
        if self.only and comparable(shown.fingerprint) not in {comparable(one) for one in self.only}:
            return False
        try:
            self._refuse_other(shown)
            if not self.only and not self.ask(shown.place, describe(shown)):
                self.troubles.append(f"{shown.place}: not accepted")
                return False
            self._add(shown)
        except TrustError as error:
            self.troubles.append(str(error))
            return False
        self.store.save()
        self.accepted.append(shown)
        self.say(f"trusted {shown.place} {describe(shown)}")
        return True

    def _refuse_other(self, shown: Shown) -> None:
        """Do not even ask about a key that differs from the trusted one: a changed key wants a second thought."""
        if shown.kind == "tls":
            other = self.store.tls(shown.address, shown.port)
        else:
            other = self.store.ssh(shown.address, shown.port).get(key_family(shown.kind))
        if other:
            raise TrustError(
                f"{shown.place}: it shows {shown.fingerprint}, but {other} is trusted: if you know why it changed, "
                f"cucm-audit trust remove {shown.address}, then add it again"
            )

    def _add(self, shown: Shown) -> None:
        _add(self.store, shown, self.cluster.name)


def _add(store: TrustStore, shown: Shown, cluster: str) -> None:
    if shown.kind == "tls":
        store.add_tls(
            shown.address,
            shown.port,
            shown.fingerprint,
            subject=shown.about,
            not_after=shown.not_after,
            cluster=cluster,
        )
    else:
        store.add_ssh(shown.address, shown.port, shown.kind, shown.fingerprint, cluster=cluster)


def _is_known(store: TrustStore, shown: Shown) -> bool:
    if shown.kind == "tls":
        return comparable(store.tls(shown.address, shown.port) or "-") == comparable(shown.fingerprint)
    return shown.fingerprint in store.ssh(shown.address, shown.port).values()


def comparable(fingerprint: str) -> str:
    """Return a fingerprint so that every spelling of it is equal: hex with or without colons, SHA256:..."""
    text = fingerprint.strip()
    bare = re.sub(r"^(sha-?256[:=])", "", text, flags=re.IGNORECASE)
    if re.fullmatch(r"[0-9A-Fa-f]{2}([: ]?[0-9A-Fa-f]{2}){31}", bare):
        return re.sub(r"[: ]", "", bare).upper()
    return bare.rstrip("=")


def describe(shown: Shown) -> str:
    """Return what a person compares with what the node's own console shows."""
    if shown.kind != "tls":
        return f"SSH host key {shown.kind} {shown.fingerprint}"
    return f"certificate of {shown.about or 'nobody'}, until {shown.not_after}, SHA-256 {shown.fingerprint}"


def _looks(nodes: list[Node]) -> "list[list[Shown] | ClientError]":
    """Look at all nodes at once. Daemon threads: Ctrl-C need not wait for a node that is silent."""
    looks = [(node, peek) for node in nodes for peek in (_certificate, _host_keys)]
    seen: dict[int, list[Shown] | ClientError] = {}

    def take(number: int) -> None:
        node, peek = looks[number]
        try:
            seen[number] = peek(node)
        except Exception as fault:  # in a thread it would be lost, and the node with it
            doing = f"looking at what it shows ({type(fault).__name__})"
            seen[number] = ClientError(node=node.name, source="web", doing=doing, reason=Reason.INTERNAL_ERROR)

    threads = [threading.Thread(target=take, args=(number,), daemon=True) for number in range(len(looks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [seen[number] for number in sorted(seen)]


def look(node: Node, kind: str) -> "list[Shown] | list[ClientError]":
    """Return what a node shows now, its certificate (tls) or host keys (ssh); sends no login and no request."""
    seen = _certificate(node) if kind == "tls" else _host_keys(node)
    return [seen] if isinstance(seen, ClientError) else seen


def _certificate(node: Node) -> "list[Shown] | ClientError":
    from cucm_audit.clients.dial import peek_certificate

    try:
        seen = peek_certificate(node.address, node.https_port, legacy=node.legacy_tls)
    except ClientError as error:
        return error
    return [
        Shown(
            node=node.name,
            address=node.address,
            port=node.https_port,
            kind="tls",
            fingerprint=seen.fingerprint,
            about=seen.subject,
            not_after=seen.not_after.strftime("%Y-%m-%d %H:%M:%S"),
        )
    ]


def _host_keys(node: Node) -> "list[Shown] | ClientError":
    from cucm_audit.clients.ssh import peek_host_key

    try:
        keys = peek_host_key(node.address, node.ssh_port)
    except ClientError as error:
        return error
    return [
        Shown(node=node.name, address=node.address, port=node.ssh_port, kind=key.key_type, fingerprint=key.fingerprint)
        for key in keys
    ]
