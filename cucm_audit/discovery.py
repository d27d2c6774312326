"""From a door to the list of nodes: who answers, which servers there are, and where each can be reached.

The door is the node that the cluster file names. When it does not answer, other nodes of the file are asked, and the
run is labelled "via" the one that did. Nothing is sent to a node that is not trusted (the clients see to that).
Reference: axl-database.md section 7; the design's order of addresses: literal, cluster file, DNS, show network cluster.
"""

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from cucm_audit.clients import ClientError
from cucm_audit.clients.commands import NETWORK_CLUSTER
from cucm_audit.clients.journal import Journal
from cucm_audit.clients.names import resolve_all
from cucm_audit.clients.statements import for_release
from cucm_audit.config import Cluster, NodeEntry
from cucm_audit.connect import Clients
from cucm_audit.facts import Ask, Row
from cucm_audit.facts.axl import read
from cucm_audit.facts.axl_rows import is_publisher
from cucm_audit.facts.values import AxlRow
from cucm_audit.model import Gathered, Node, Reason, Role, Source
from cucm_audit.words import same_host

if TYPE_CHECKING:
    from cucm_audit.clients.axl import Axl
    from cucm_audit.clients.ssh import Ssh

_T = TypeVar("_T")
#: A refusal concerns the account, and a certificate concerns a person: no other door is tried after these.
_FINAL = {
    Reason.AUTH_FAILED,
    Reason.PASSWORD_EXPIRED,
    Reason.PERMISSION_DENIED,
    Reason.LOCKED,
    Reason.TLS_UNKNOWN,
    Reason.TLS_CHANGED,
    Reason.TLS_EXPIRED,
    Reason.TLS_WEAK,
    Reason.TLS_LEGACY,
}


@dataclass(slots=True, kw_only=True)
class Found:
    """What discovery came back with. ``rows`` are those of the table ``node``, still without address and release.

    ``addresses`` are for reading (IP addresses where they are known); ``Node.address`` is what we dial.
    ``error`` and ``troubles`` say why the list of nodes is not whole; ``passed`` are the doors that did not open,
    and what kept the door's command line from telling addresses.
    ``ssh`` is a session on the door that is open already, for the run to go on with. ``publisher_id`` is the key of the
    publisher's row, '' where it was not told.
    """

    axl: "Axl"
    door: Node
    release: str
    nodes: tuple[Node, ...] = ()
    rows: tuple[Row, ...] = ()
    addresses: dict[str, str] = field(default_factory=dict)
    error: ClientError | None = None
    troubles: tuple[tuple[str, Reason, str, str], ...] = ()
    passed: tuple[ClientError, ...] = ()
    ssh: "Ssh | None" = None
    publisher_id: str = ""

    @property
    def via(self) -> str:
        """The node that was asked, as System > Server spells it where that is known."""
        return self.door.name


def numbers(release: str) -> tuple[int, ...]:
    """Return a release as numbers: "12.5.1.14900-63" -> (12, 5, 1, 14900, 63)."""
    return tuple(int(part) for part in re.findall(r"\d+", release))


def discover(
    cluster: Cluster,
    clients: Clients,
    journal: Journal,
    *,
    with_ssh: bool = True,
    note: Callable[[str], None] = lambda _: None,
) -> Found:
    """Find the nodes of a cluster through its door. Raises the door's ClientError when no door opens.

    ``with_ssh`` allows ``show network cluster`` on the door for nodes that DNS does not know. ``note`` gets a word on
    what is being asked.
    """
    axl, door, passed = _open_door(cluster, clients, journal, note)
    found = Found(axl=axl, door=door, release=axl.release, passed=passed)
    note(f"{door.name}: asking for the list of nodes")
    _ask_nodes(found)
    _place(cluster, found, clients, journal, with_ssh)
    return found


def within(seconds: float, work: Callable[[], _T], door: Node) -> _T:
    """Return what ``work`` returns. ClientError (timeout, of ``door``) when that takes longer than ``seconds``.

    It goes on in a daemon thread then, until its clients are closed or the program ends. With no time it is not begun.
    """
    future: Future[_T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except Exception as error:  # it belongs to whoever waits
            future.set_exception(error)

    if seconds > 0:
        threading.Thread(target=run, name="within", daemon=True).start()
        wait([future], timeout=seconds)
    if not future.done():
        hint = "See why it is slow, or give it longer: --timeout SECONDS"
        raise ClientError(node=door.name, source=Source.AXL.value, doing="looking for the nodes", hint=hint,
                          reason=Reason.TIMEOUT, detail="not done when the time was over")  # fmt: skip
    return future.result()


def doors(cluster: Cluster) -> Iterator[Node]:
    """Yield the configured door, then the other nodes of the file."""
    first = _door(cluster, cluster.node)
    yield first
    for name in cluster.nodes:
        other = _door(cluster, name)
        if (other.address, other.https_port) != (first.address, first.https_port):
            yield other


def _door(cluster: Cluster, name: str) -> Node:
    entry = _entry(cluster, name)
    ports = entry or cluster
    return Node(
        name=name,
        address=_given(cluster, name) or name,
        role=None,
        https_port=ports.https_port,
        http_port=ports.http_port,
        ssh_port=ports.ssh_port,
        legacy_tls=cluster.legacy_tls,
    )


def _entry(cluster: Cluster, name: str) -> NodeEntry | None:
    wanted = name.casefold()
    return next((entry for known, entry in cluster.nodes.items() if known.casefold() == wanted), None)


def _given(cluster: Cluster, name: str) -> str:
    """Return the address that the cluster file gives a node, '' when it gives none."""
    entry = _entry(cluster, name)
    return entry.address if entry else ""


def _open_door(
    cluster: Cluster, clients: Clients, journal: Journal, note: Callable[[str], None]
) -> "tuple[Axl, Node, tuple[ClientError, ...]]":
    passed: list[ClientError] = []
    for door in doors(cluster):
        note(f"{door.name}: asking for the release")
        try:
            axl = clients.axl(door, journal)
            axl.discover()
        except ClientError as error:
            passed.append(error)
            if error.reason in _FINAL:
                break
            continue
        return axl, door, tuple(passed)
    raise passed[0]


def _ask_nodes(found: Found) -> None:
    """Fill ``rows``; what goes wrong on the way is kept, because half a list is known to be half."""
    ask = Ask(node=None, nodes=(), release=found.release, select=lambda _sql, _values: iter(()), axl=found.axl)
    statement = for_release("node", numbers(found.release))
    if statement is None:
        found.error = ClientError(
            node=found.door.name,
            source=Source.AXL.value,
            doing="asking for the list of nodes",
            reason=Reason.UNSUPPORTED_VERSION,
            detail=f"release {found.release or 'not known'}",
        )
        return
    rows: list[Row] = []
    try:
        for row in read("node", _noting_publisher(found.axl.rows(statement), found), ask):
            rows.append(row)  # noqa: PERF402 - one by one: what came before an error is kept
    except ClientError as error:
        found.error = error
    found.rows = tuple(rows)
    publishers = [row["name"] for row in rows if row["voice"] and row["role"] == Role.PUBLISHER.value]
    if len(publishers) > 1:  # whose word counts, nobody can say
        ask.partial(Reason.INCONSISTENT, f"{' and '.join(publishers)} are both called the publisher")
    found.troubles = tuple(ask.troubles)


def _noting_publisher(rows: Iterable[AxlRow], found: Found) -> Iterator[AxlRow]:
    """Pass rows of processnode on, and keep the key of the publisher's."""
    for row in rows:
        if is_publisher(row):
            found.publisher_id = str(row.get("pkid") or "").strip("{}").lower()
        yield row


def _place(cluster: Cluster, found: Found, clients: Clients, journal: Journal, with_ssh: bool) -> None:
    """Fill ``nodes`` and ``addresses``."""
    addresses = [_given(cluster, row["name"]) or row["name"] for row in found.rows]
    resolved = resolve_all([*addresses, found.door.address], 10.0 * clients.patience)
    door_at = resolved.get(found.door.address, found.door.address)
    nodes = [_node(cluster, row, resolved) for row in found.rows]
    if with_ssh and clients.has_platform and any(not node.address for node in nodes):
        listed = _network_cluster(found, clients, journal)
        nodes = [node if node.address else replace(node, address=_listed(listed, node.name)) for node in nodes]
    certified = _certified(found, nodes)
    for number, node in enumerate(nodes):
        at = resolved.get(node.address, node.address)
        if _is_door(cluster, found.door, node, at, door_at) or number == certified:
            # The door keeps the address that opened, and from now on the name that the cluster has for it.
            nodes[number] = replace(found.door, name=node.name, role=node.role, voice=node.voice)
            found.door = nodes[number]
            at = door_at
        if at:
            found.addresses[node.name] = at
    found.nodes = tuple(_twins(nodes, found.addresses))
    twin = next((node.twin for node in found.nodes if node.name == found.door.name), "")
    found.door = next((node for node in found.nodes if node.name == twin), found.door)


def without_address(gathered: Gathered, found: Found) -> Gathered:
    """Return the ledger row of a node without an address with the reason why the door's command line told none."""
    closed = next((error for error in found.passed if error.source == Source.SSH.value), None)
    if closed is None or gathered.reason is not Reason.DNS:
        return gathered
    why = f"{closed.reason.value}, {closed.detail}" if closed.detail else closed.reason.value
    detail = f"{gathered.detail}; the command line of {found.door.name}, which may know it, was not heard: {why}"
    return replace(gathered, detail=detail, hint=f"{closed.hint} {gathered.hint}".strip())


def _certified(found: Found, nodes: list[Node]) -> int | None:
    """Return the place of the node that the door must be: the only one, or the only one that its certificate names.

    Only of nodes whose address nobody told. A certificate of many servers names them all, and so tells nothing.
    """
    named = [
        number
        for number, node in enumerate(nodes)
        if len(nodes) == 1 or any(same_host(host, node.name) for host in found.axl.hosts)
    ]
    return named[0] if len(named) == 1 and not nodes[named[0]].address else None


def _twins(nodes: list[Node], addresses: Mapping[str, str]) -> Iterator[Node]:
    """Yield the nodes; one that has the address and the ports of an earlier one (the publisher first) is its twin."""
    first: dict[tuple[str, int, int], str] = {}
    for node in sorted(nodes, key=lambda node: node.role is not Role.PUBLISHER):
        if node.address:
            first.setdefault(_where(node, addresses), node.name)
    for node in nodes:
        other = first.get(_where(node, addresses), node.name)
        yield node if other == node.name else replace(node, twin=other)


def _where(node: Node, addresses: Mapping[str, str]) -> tuple[str, int, int]:
    return addresses.get(node.name) or node.address, node.https_port, node.ssh_port


def _node(cluster: Cluster, row: Row, resolved: dict[str, str]) -> Node:
    entry = _entry(cluster, row["name"])
    ports = entry or cluster
    # A name is dialled by name: every address of it gets its chance, and its certificate can be checked against it.
    address = _given(cluster, row["name"]) or (row["name"] if row["name"] in resolved else "")
    return Node(
        name=row["name"],
        address=address,
        role=Role(row["role"]) if row["role"] else None,
        voice=bool(row["voice"]),
        https_port=ports.https_port,
        http_port=ports.http_port,
        ssh_port=ports.ssh_port,
        legacy_tls=cluster.legacy_tls,
    )


def _is_door(cluster: Cluster, door: Node, node: Node, at: str, door_at: str) -> bool:
    if node.name.casefold() == door.name.casefold():
        return True
    if entry := _entry(cluster, node.name):
        # Nodes of a file may share an address (on loopback, behind a gateway): then the port tells them apart.
        return (at, entry.https_port) == (door_at, door.https_port)
    return bool(at) and at == door_at


def _network_cluster(found: Found, clients: Clients, journal: Journal) -> tuple[Row, ...]:
    """Ask the door's CLI who its members are; nothing when it does not say (its own facts will tell why)."""
    from cucm_audit.facts.platform import network_cluster
    from cucm_audit.facts.platform.reading import Unreadable

    try:
        found.ssh = clients.ssh(found.door, journal)
        return network_cluster.parse(found.ssh.run(NETWORK_CLUSTER).text).rows.get("cluster_member", ())
    except ClientError as error:
        found.passed += (error,)
        return ()
    except Unreadable:
        return ()


def _listed(rows: tuple[Row, ...], name: str) -> str:
    wanted = name.casefold()
    for row in rows:
        if wanted in (row["fqdn"].casefold(), row["host"].casefold(), row["address"]):
            return str(row["address"])
    return ""
