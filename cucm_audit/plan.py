"""What a run will ask, of whom, before anything is sent: the jobs of the collector and the lines of --dry-run.

Both come from the same list, so the dry run cannot promise something else than the run does.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cucm_audit.clients.commands import NETWORK_CLUSTER, PAGER_KEYS, PAGINATION_OFF, QUIT
from cucm_audit.clients.journal import SSH_LOGIN
from cucm_audit.config import Cluster
from cucm_audit.discovery import numbers
from cucm_audit.facts import DATABASE, Cost, Fact, Per
from cucm_audit.model import ON_DEMAND, Gathered, Node, Reason, Role, Source, State

#: Without these nothing can be said of anything: always asked.
ALWAYS = frozenset({"node", "enterprise_param"})
#: Facts that nothing reads yet: asked only when a selected check or the user wants them.
OPT_IN = frozenset(
    {"web_page", "diagnostic", "phone_without_line", "unused_number", "phone_seen", "user_without_device"}
)

_MEND = 'Give its address in the cluster file: [cluster.NAME.nodes."{}"]'
#: The fact in which a node says who it is.
NAMES = "node_status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a run is limited, and what it puts into the snapshot beside the facts.

    ``tables``: facts that the selected checks read; None = all but the opt-in ones; ``extra`` adds to either.
    ``without``: sources left out. ``limit``: names of nodes; empty = all. ``pace``: share of the cluster's own limit of
    RIS queries a minute. ``timeout``: seconds for the whole run. ``timeout_factor`` stretches every other time limit.
    ``most_requests`` (HTTP requests and CLI commands) and ``most_rows`` end the run like ``timeout``.
    ``axl_a_second``: AXL requests a second, a node; None = as many as is good for a cluster that works.
    ``gentle``: ask slowly, one thing at a time, without the dear facts; None = only where a node says that it is ill.
    ``registration``: whom the registrations of phones are asked of, ``ris`` or ``database``.
    ``stop``: set it from a signal handler, and the run ends within two seconds, with what it has.
    ``settings``, ``api_users``, ``bad_loads``: rows of the tables of that name; ``knowledge``: those of other tables of
    knowledge. ``target``: the release that an upgrade goes to. ``scope`` is kept as it is.
    """

    tables: frozenset[str] | None = None
    extra: frozenset[str] = frozenset()
    without: frozenset[Source] = frozenset()
    limit: tuple[str, ...] = ()
    pace: float = 2 / 3
    timeout: float = 3600.0
    timeout_factor: float = 1.0
    most_requests: int = 10_000
    most_rows: int = 5_000_000
    gentle: bool | None = None
    registration: str = "ris"
    axl_a_second: float | None = None
    ca_file: str | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    settings: Mapping[str, Any] = field(default_factory=dict)
    api_users: tuple[str, ...] = ()
    bad_loads: tuple[Mapping[str, Any], ...] = ()
    knowledge: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    target: str = ""
    scope: Mapping[str, Any] = field(default_factory=dict)


class NoSuchNode(Exception):
    """``limit`` names a node that the cluster does not have: a run of nothing would look like a clean one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One fact to be asked. ``node`` is whom, None for the door; ``scopes`` are the nodes of its ledger rows."""

    fact: Fact
    node: Node | None
    scopes: tuple[str, ...]

    def gathered(self, state: State, reason: Reason | None = None, detail: str = "", hint: str = "") -> list[Gathered]:
        """Return its ledger rows, when there is one answer for all of them."""
        return [_gathered(self.fact, scope, state, reason, detail, hint) for scope in self.scopes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One operation that a run sends to ``node``. ``only_if`` says when, '' for always."""

    source: Source
    node: str
    operation: str
    only_if: str = ""


#: What a node says of itself: asked wherever a session is opened anyway, for ``care`` and for ``visit``.
STATUS = "node_status"


def jobs(
    facts: Iterable[Fact], nodes: tuple[Node, ...], options: Options, release: str
) -> tuple[list[Job], list[Gathered]]:
    """Return what is to be asked, the cheap facts first, and the ledger rows of what is not.

    Every fact is in one of them for every scope.
    """
    todo: list[Job] = []
    left: list[Gathered] = []
    status: list[Job] = []
    everything = tuple(facts)
    wanted = _wanted(everything, options)
    for table in dict.fromkeys(fact.table for fact in everything):
        variants = [fact for fact in everything if fact.table == table]
        fitting = next((fact for fact in variants if fits(fact, release)), None)
        for job in _scopes(fitting or variants[0], nodes):
            reason = _left_out(job, wanted, options)
            if reason == _UNREAD and table == STATUS and not _unreachable(job):
                status.append(job)
            elif reason:
                left += job.gathered(State.NOT_ASKED, Reason.NOT_ASKED, reason)
            elif fitting is None and options.registration == DATABASE and table == "registration":
                detail = f"the database of release {release} does not note where phones are registered"
                left += job.gathered(State.FAILED, Reason.NOT_SUPPORTED, detail, "Leave --registration database out")
            elif fitting is None:
                left += job.gathered(State.NOT_SUPPORTED, Reason.NOT_SUPPORTED, f"release {release} has no {table}")
            elif trouble := _unreachable(job) or _too_dear(job, options):
                left += job.gathered(State.FAILED, *trouble)
            else:
                todo.append(job)
    visited = {job.node.name for job in todo if job.node and job.fact.source is Source.SSH}
    for job in status:
        if job.node and job.node.name in visited:
            todo.insert(0, job)
        else:
            left += job.gathered(State.NOT_ASKED, Reason.NOT_ASKED, _UNREAD)
    return sorted(todo, key=lambda job: job.fact.cost), left


def fits(fact: Fact, release: str) -> bool:
    """Tell whether a release has this fact (this variant of it). A release that is not known has every one."""
    have = numbers(release)
    low, high = numbers(fact.since), numbers(fact.until) if fact.until else None
    return not have or (have[: len(low)] >= low and (high is None or have[: len(high)] < high))


def _wanted(facts: tuple[Fact, ...], options: Options) -> frozenset[str]:
    """Return the tables that are asked for, with those that they need first."""
    chosen = {fact.table for fact in facts} - OPT_IN if options.tables is None else set(options.tables)
    chosen |= options.extra | ALWAYS
    needs = {need for fact in facts for need in fact.needs if fact.table in chosen}
    # Whoever answers at a node's command line also says who it is (identity.py).
    names = {NAMES for fact in facts if fact.table in chosen and fact.source is Source.SSH}
    return frozenset(chosen | needs | names)


def _scopes(fact: Fact, nodes: tuple[Node, ...]) -> Iterator[Job]:
    voice = tuple(node for node in nodes if node.voice)
    if fact.per is Per.CLUSTER:
        names = tuple(node.name for node in voice) if fact.nodes_answer else ()
        yield Job(fact=fact, node=None, scopes=names or ("",))
    elif fact.per is Per.PUBLISHER:
        publisher = next((node for node in voice if node.role is Role.PUBLISHER), None)
        yield Job(fact=fact, node=publisher, scopes=("",))
    elif not nodes:
        yield Job(fact=fact, node=None, scopes=("",))
    else:
        for node in nodes if fact.per is Per.NODE else voice:
            yield Job(fact=fact, node=node, scopes=(node.name,))


def _left_out(job: Job, wanted: frozenset[str], options: Options) -> str:
    if job.fact.table not in wanted:
        return ON_DEMAND if job.fact.table in OPT_IN else _UNREAD
    if job.fact.source in options.without and job.fact.table not in ALWAYS:
        return f"the run leaves out {job.fact.source.value}"
    if options.limit and job.node and not inside(job.node, options.limit):
        return "the run is limited to other nodes"
    return ""


def inside(node: Node, limit: tuple[str, ...]) -> bool:
    """Tell whether a node is one of those that ``limit`` names: by name, host name or address."""
    names = {node.name.casefold(), node.address.casefold()}
    if not node.name[:1].isdigit():
        names.add(node.name.casefold().partition(".")[0])
    return any(wanted.casefold() in names for wanted in limit)


def refuse_strange_limits(limit: tuple[str, ...], nodes: tuple[Node, ...]) -> None:
    """Raise NoSuchNode when a name of ``limit`` is none of the nodes."""
    for wanted in limit:
        if not any(inside(node, (wanted,)) for node in nodes):
            names = ", ".join(node.name for node in nodes)
            raise NoSuchNode(f"--limit {wanted}: this cluster has no such node; it has {names}")


_UNREAD = "no selected check reads it"
_GENTLE = "left out by --gentle: it is dear for a node that works"


def _too_dear(job: Job, options: Options) -> tuple[Reason, str, str] | None:
    if not options.gentle or job.fact.cost is not Cost.DEAR:
        return None
    return Reason.BUDGET, _GENTLE, "Run the audit without --gentle at a quiet time"


def _unreachable(job: Job) -> tuple[Reason, str, str] | None:
    if job.fact.per is Per.CLUSTER:
        return None
    if job.node is None:
        return Reason.PREREQUISITE_UNKNOWN, "which node to ask is not known", "Look at what became of the list of nodes"
    if job.node.twin:
        detail = f"{job.node.name} and {job.node.twin} have one address: which of them answers cannot be told"
        return Reason.INCONSISTENT, detail, _MEND.format(job.node.name)
    if not job.node.address:
        return Reason.DNS, f"no address is known for {job.node.name}", _MEND.format(job.node.name)
    return None


def _gathered(fact: Fact, scope: str, state: State, reason: Reason | None, detail: str, hint: str) -> Gathered:
    return Gathered(
        fact=fact.table,
        node=scope,
        source=fact.source,
        state=state,
        reason=reason,
        detail=detail,
        hint=hint,
        request=request_of(fact),
    )


def request_of(fact: Fact) -> str:
    """Return what is asked for a fact, as a person would repeat it."""
    return "; ".join(fact.asks)


def plan(
    cluster: Cluster,
    facts: Iterable[Fact],
    release: str,
    *,
    nodes: tuple[Node, ...] = (),
    via: str = "",
    options: Options | None = None,
) -> list[Planned]:
    """Return every operation that a run would send, each once, in no order of time. Sends nothing.

    Without ``nodes`` (nobody has asked the cluster yet) operations stand for "each node", "each voice node" and "the
    publisher"; without a release, every release's variant is listed. ``via`` names the door as the cluster does.
    """
    options = options or Options()
    named = tuple(Node(name=name, address="?", role=None) for name in options.limit)
    listed = nodes or named or _STAND_INS
    planned = [Planned(source=Source.AXL, node=cluster.node, operation="getCCMVersion")]
    if Source.SSH not in options.without:
        why = "DNS and the cluster file do not know the address of every node"
        planned += [
            Planned(source=Source.SSH, node=via or cluster.node, operation=text, only_if=why)
            for text in (SSH_LOGIN, PAGINATION_OFF.text, NETWORK_CLUSTER.text, QUIT)
        ]
    if options.ca_file:
        why = "the dates of its certificate do not fit this machine's clock"
        planned += [Planned(source=Source.AXL, node=cluster.node, operation="GET services page", only_if=why)]
    everything = tuple(facts)
    for variant in everything if not release else [fact for fact in everything if fits(fact, release)]:
        others = tuple(fact for fact in everything if fact.table != variant.table)
        for job in jobs((variant, *others), listed, options, release)[0]:
            if job.fact is variant:
                planned += _operations(job, cluster, via, by_name=bool(nodes or named))
    return list(dict.fromkeys(planned))


#: Whom --dry-run names while the nodes are not known.
_STAND_INS = (
    Node(name="the publisher", address="?", role=Role.PUBLISHER),
    Node(name="each node", address="?", role=None),
)


def _operations(job: Job, cluster: Cluster, via: str, *, by_name: bool) -> Iterator[Planned]:
    source = job.fact.source
    node = job.node.name if job.node else (cluster.node if source is Source.AXL else via or cluster.node)
    if job.node and not by_name:
        if job.fact.per is not Per.PUBLISHER and job.node.role is Role.PUBLISHER:
            return
        node = {Per.PUBLISHER: "the publisher", Per.VOICE_NODE: "each voice node"}.get(job.fact.per, "each node")
    if source is Source.SSH:
        for text in (SSH_LOGIN, PAGINATION_OFF.text, QUIT):
            yield Planned(source=source, node=node, operation=text)
        for key in PAGER_KEYS:
            yield Planned(source=source, node=node, operation=f"key {key!r}", only_if="an answer comes in pages")
    apart = "all small tables cannot be counted at once"
    asks = [(ask, "") for ask in (*job.fact.asks, *job.fact.shared)] + [(ask, apart) for ask in job.fact.instead]
    for ask, only_if in asks:
        label = f"executeSQLQuery {ask}" if source is Source.AXL and ask.startswith("select ") else ask
        yield Planned(source=source, node=node, operation=label, only_if=only_if)
