"""Is it the node that answered? What a run heard of each node is held against what the node says that it is.

Three things tell: the name that a node gives itself, the host that PerfMon's counters name, and, where neither does,
its release. AXL says of each node which release it runs, as the database has it; a command line that says another one
is that of another machine, or the node was switched to its other version and the database does not know it. A node that
proved its name is believed there: a release that differs is row H2's finding, and must not be hidden by a doubt
(reference: axl-database.md section 7, cli.md sections 3 and 4, serviceability.md section 3).

A wrong address in the cluster file or in DNS, two names with one address, the address of a server that was replaced:
every answer is then well-formed and whole, and about another node. The snapshot does not believe such a node: what came
over its address becomes ``inconsistent``, and no check passes on it.
Source: the platform's host name, address and the name in System > Server belong together (reference: cli.md sections 4
and 5); a node's own row in show network cluster has its address beside its host name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from cucm_audit.facts.platform import status
from cucm_audit.facts.platform.reading import Unreadable
from cucm_audit.model import Gathered, Node, Reason, Role, Source, State
from cucm_audit.snapshot import Snapshot
from cucm_audit.words import is_ip, same_build, same_host

#: Sources that are asked of each node at its own address.
_AT_THE_NODE = frozenset({Source.SSH, Source.SERVICES, Source.WEB})
_HINT = 'Look at the address of the node in the cluster file ([cluster.NAME.nodes."{}"]) and in DNS'
_SAYS = """select n.name, s.host_name,
  (select min(m.address) from cluster_member m where m.node = n.name and same_host(m.host, s.host_name))
  from node n join node_status s on s.node = n.name where s.host_name <> ''"""

_OTHER_RELEASE = (
    "Was {} replaced, or switched to its other version while its replication does not run? Look there, and at its"
    " address in the cluster file and in DNS"
)
#: What AXL says that a node runs, and what its command line says of it in its two answers.
_RELEASES = """select n.name, n.release, v.version, s.version from node n
  left join software_version v on v.node = n.name left join node_status s on s.node = n.name where n.voice"""
#: Why what a node said is not believed, and what to do.
Doubt = tuple[str, str]

_MEMBERS = """select m.node, m.address, m.host, m.fqdn from cluster_member m join node n on n.name = m.node
  where n.voice"""
_WHOLE = " and m.node in (select node from ledger where fact = 'cluster_member' and state = 'whole')"


def strangers(snapshot: Snapshot, nodes: tuple[Node, ...]) -> dict[str, Doubt]:
    """Return the nodes whose answers may be another's, why, and what to do; '' is what the publisher says of all."""
    named, proven = _by_name(snapshot, nodes)
    told = {name: (why, _HINT.format(name or "the publisher")) for name, why in named.items()}
    for name, why in _by_release(snapshot).items():
        if name not in proven:
            told.setdefault(name, (why, _OTHER_RELEASE.format(name)))
    for row in snapshot.gathered():
        # No other thing makes counters inconsistent (facts/services.py).
        if row.fact == "perf_counter" and row.state is State.PARTIAL and row.reason is Reason.INCONSISTENT:
            told.setdefault(row.node, (row.detail, _HINT.format(row.node)))
    publisher = next((node.name for node in nodes if node.role is Role.PUBLISHER), "")
    if publisher in told:
        told[""] = told[publisher]  # facts of the cluster that its command line tells
    return told


def _by_release(snapshot: Snapshot) -> dict[str, str]:
    """Return the voice nodes whose command line runs another release than AXL says of them. No release: no word."""
    found: dict[str, str] = {}
    for name, axl, *versions in snapshot.select(_RELEASES):
        for version in versions:
            if same_build(axl, version) is False:
                found[str(name)] = f"the command line of {name} runs {version}, and AXL says that {name} runs {axl}"
    return found


def _by_name(snapshot: Snapshot, nodes: tuple[Node, ...]) -> tuple[dict[str, str], set[str]]:
    """Return the nodes that call themselves otherwise, and whom; and those that gave their right name."""
    told: dict[str, str] = {}
    proven: set[str] = set()
    for name, host, address in snapshot.select(_SAYS):
        other = _other(str(name), str(host), address)
        if other:
            told[str(name)] = f"the node that answers for {name} calls itself {other}"
        elif other is not None:
            proven.add(str(name))
    for node in nodes:
        if node.twin and node.twin not in proven:
            told.setdefault(node.twin, f"{node.twin} and {node.name} have one address: which of them answered?")
    return told, proven


def _other(name: str, host: str, address: str | None) -> str | None:
    """Return whom a node takes itself for when it is another one, '' when it is the right one, None: not to be told."""
    if not is_ip(name):
        return "" if same_host(host, name) else host
    if address is None:
        return None
    return "" if address == name else f"{host}, {address}"


def misnamed(node: Node, text: str) -> str:
    """Return whom a node takes itself for in show status when it is not ``node``, else ''.

    Of a node that is named by its address this answer alone does not tell.
    """
    try:
        rows = status.parse(text).rows.get("node_status", ())
    except Unreadable:
        return ""
    host = str(rows[0]["host_name"] or "") if rows else ""
    return (_other(node.name, host, None) or "") if host else ""


def narrow_views(snapshot: Snapshot, nodes: tuple[Node, ...]) -> dict[str, str]:
    """Return the voice nodes whose list of the cluster's members lacks another voice node, and whom it lacks.

    Such a node was never told of the other one, or belongs to another cluster: nobody has seen how they get on.
    """
    voice = tuple(node for node in nodes if node.voice)
    lists: dict[str, list[tuple[str, ...]]] = {}
    for name, *member in snapshot.select(_MEMBERS):
        lists.setdefault(str(name), []).append(tuple(str(part) for part in member))
    told = {
        name: ", ".join(node.name for node in voice if not any(_means(member, node) for member in members))
        for name, members in lists.items()
    }
    return {name: f"the list lacks {lacks}" for name, lacks in told.items() if lacks}


def _means(member: tuple[str, ...], node: Node) -> bool:
    address, host, fqdn = member
    return address in (node.name, node.address) or any(same_host(one, node.name) for one in (host, fqdn) if one)


def host_names(snapshot: Snapshot, nodes: tuple[Node, ...]) -> dict[str, str]:
    """Return what the machine of each node calls itself, with its domain where it has one.

    Only lists of members that are whole are heard; a node about which two of them do not agree, and two nodes of one
    name, are left out. Source: show network cluster, which has address, full name and host name in one line (reference:
    cli.md section 5); without a domain the full name repeats the host name or is missing.
    """
    heard: dict[str, set[str]] = {}
    for _, *member in snapshot.select(_MEMBERS + _WHOLE):
        address, host, fqdn = (str(part) for part in member)
        name = (fqdn if "." in fqdn else host).lower()
        for node in nodes:
            if (address == node.name) if is_ip(node.name) else any(same_host(one, node.name) for one in (host, fqdn)):
                heard.setdefault(node.name, set()).add("" if is_ip(name) else name)
    told = {node: next(iter(names)) for node, names in heard.items() if len(names) == 1}
    return {node: name for node, name in told.items() if name and list(told.values()).count(name) == 1}


def doubted(ledger: list[Gathered], told: Mapping[str, Doubt], narrow: Mapping[str, str]) -> Iterator[Gathered]:
    """Yield the ledger rows that came from a stranger, or are a list that lacks a node: no longer whole."""
    for row in ledger:
        if row.source not in _AT_THE_NODE or row.state not in (State.WHOLE, State.PARTIAL):
            continue
        if row.node in told:
            yield _doubtful(row, *told[row.node])
        elif row.fact == "cluster_member" and row.node in narrow:
            yield _doubtful(row, narrow[row.node], f"show network cluster on {row.node} and on the publisher")


def _doubtful(row: Gathered, why: str, hint: str) -> Gathered:
    detail = "; ".join(part for part in (why, row.detail) if part)
    return replace(row, state=State.PARTIAL, reason=Reason.INCONSISTENT, detail=detail, hint=hint)
