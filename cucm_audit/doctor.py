"""Before the first run: how far each source of each node lets us: reached, trusted, login, allowed, answers.

One question a source and node, of those that a run asks anyway; how far it came is told by how it failed, so no account
logs in oftener than it must. Uses the clients of a run, and so sends nothing that the guard does not know.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from cucm_audit.clients import ClientError
from cucm_audit.clients.commands import OWN_CERTIFICATES, STATUS
from cucm_audit.clients.journal import Journal
from cucm_audit.clients.statements import for_release
from cucm_audit.config import Cluster
from cucm_audit.connect import Clients
from cucm_audit.discovery import Found, discover, doors, numbers, within
from cucm_audit.facts import Ask, Fact, Per
from cucm_audit.facts.axl import read
from cucm_audit.facts.ris import FINE
from cucm_audit.facts.values import named
from cucm_audit.identity import misnamed
from cucm_audit.model import Node, Reason, Role, Source

if TYPE_CHECKING:
    from cucm_audit.clients.ssh import Ssh


class Step(StrEnum):
    """How far a question has to come, in this order."""

    REACHED = "reached"
    TRUSTED = "trusted"
    LOGIN = "login"
    ALLOWED = "allowed"  # the role, or the privilege level
    ANSWERS = "answers"  # the service runs and says what it should


#: Where a reason stops a question. One that is not here came to the last step.
_STOPS = {
    Step.REACHED: {Reason.UNREACHABLE, Reason.DNS, Reason.TIMEOUT, Reason.DISCONNECTED},
    Step.TRUSTED: {Reason.TLS_UNKNOWN, Reason.TLS_CHANGED, Reason.TLS_EXPIRED, Reason.TLS_WEAK, Reason.TLS_LEGACY}
    | {Reason.HOSTKEY_UNKNOWN, Reason.HOSTKEY_CHANGED, Reason.SSH_LEGACY_ALGORITHMS},
    Step.LOGIN: {Reason.AUTH_FAILED, Reason.PASSWORD_EXPIRED, Reason.SESSION_LIMIT},
    Step.ALLOWED: {Reason.PERMISSION_DENIED},
}
#: The roles that each source wants, for the sentence that says what to do.
_ROLES = {
    Source.AXL: "Standard AXL API Users and Standard AXL Read Only API Access (before 11.5: Standard AXL API Access)",
    Source.RIS: "Standard CCM Server Monitoring",
    Source.SERVICES: "Standard CCM Server Monitoring",
}
_TRUST = "cucm-audit trust add {cluster}, once the fingerprint is compared"
#: Services without which a source is silent.
_NEEDED = {"Cisco AXL Web Service": Source.AXL, "Cisco RIS Data Collector": Source.RIS}
_NOT_ACTIVATED = "-1068"
#: Seconds for the whole examination.
TIMEOUT = 120.0
#: The operations, as facts name them, that Control Center and the certificate of its port stand for.
_CONTROL_CENTER = ("soapGetServiceStatus",)
HANDSHAKE = "TLS handshake"
#: A phone that nobody has: RIS answers that it does not know it.
_NO_PHONE = "SEP000000000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What one source of one node said. ``stopped`` is where it ended, None when all is well.

    ``asks`` are the operations that are lost with it (none = all of the source). ``tried`` is False when there was no
    sense in asking; ``detail`` says why then. ``note`` is worth knowing and no lack.
    """

    node: str
    source: Source
    what: str
    stopped: Step | None = None
    tried: bool = True
    reason: Reason | None = None
    detail: str = ""
    hint: str = ""
    note: str = ""
    asks: tuple[str, ...] = ()

    @property
    def fine(self) -> bool:
        """True when the source can be used."""
        return self.tried and self.stopped is None

    def steps(self) -> dict[str, str]:
        """Return each step with "ok", "not ok" or "not tried"."""
        steps = list(Step)
        end = steps.index(self.stopped) if self.stopped else len(steps) if self.tried else -1
        return {step.value: "ok" if n < end else "not ok" if n == end else "not tried" for n, step in enumerate(steps)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What ``doctor`` found. ``door`` is the node that the cluster's own facts are asked of, '' when none opened."""

    release: str
    door: str
    nodes: tuple[Node, ...]
    probes: tuple[Probe, ...]

    @property
    def reached(self) -> bool:
        """True when at least one source gave an answer."""
        return any(probe.fine for probe in self.probes)

    @property
    def lacks(self) -> tuple[Probe, ...]:
        """Return what a run would miss."""
        return tuple(probe for probe in self.probes if not probe.fine)


def examine(
    cluster: Cluster,
    clients: Clients,
    journal: Journal,
    *,
    user: str,
    with_ssh: bool = True,
    seconds: float = TIMEOUT,
) -> Examined:
    """Ask each source of each node one question. Never raises for what a cluster does.

    ``user`` is the application user, whose roles are looked up. Without the list of nodes, the door stands for all.
    What was not reached within ``seconds`` is a lack; what is still under way then is left to its daemon threads.
    """
    run = _Run(cluster, clients, journal, user, seconds)
    try:
        found = within(seconds, partial(discover, cluster, clients, journal, with_ssh=with_ssh), next(doors(cluster)))
    except ClientError as error:
        door = next(doors(cluster))
        run.note(run.stopped(door, Source.AXL, "AXL", error))
        run.all((door,), door, "", with_ssh=with_ssh)
        return Examined(release="", door="", nodes=(door,), probes=run.probes())
    for closed in found.passed:
        if closed.source == Source.AXL.value:  # a door that did not open; other sources are asked again below
            place = next((one for one in doors(cluster) if one.name == closed.node), next(doors(cluster)))
            run.note(run.stopped(place, Source.AXL, "AXL", closed))
    try:
        within(run.left, partial(run.axl, found), found.door)
    except ClientError as error:
        run.note(run.stopped(found.door, Source.AXL, "AXL", error))
    nodes = found.nodes or (found.door,)
    run.all(nodes, found.door, found.release, with_ssh=with_ssh)
    return Examined(release=found.release, door=found.door.name, nodes=nodes, probes=run.probes())


class _Run:
    """One examination: notes what each source said, in whatever order the nodes answer."""

    def __init__(self, cluster: Cluster, clients: Clients, journal: Journal, user: str, seconds: float) -> None:
        self.cluster, self.clients, self.journal, self.user = cluster, clients, journal, user
        self._end = time.monotonic() + seconds
        self._probes: list[Probe] = []
        self._order: dict[str, int] = {}
        self._presence: tuple[Node, ...] = ()
        self._opened: Ssh | None = None
        self._door = ""

    @property
    def left(self) -> float:
        """Return the seconds that are left."""
        return max(0.0, self._end - time.monotonic())

    def note(self, probe: Probe) -> None:
        """Keep what was found."""
        self._probes.append(probe)

    def probes(self) -> tuple[Probe, ...]:
        """Return everything, node by node in their order, source by source."""
        sources = list(Source)
        return tuple(sorted(self._probes, key=lambda p: (self._order.get(p.node, 0), sources.index(p.source), p.what)))

    def stopped(self, node: Node, source: Source, what: str, error: ClientError, asks: tuple[str, ...] = ()) -> Probe:
        """Return a probe that ended with an error, with what a person can do about it."""
        step = next((step for step, reasons in _STOPS.items() if error.reason in reasons), Step.ANSWERS)
        hint = error.hint
        if error.reason is Reason.HOSTKEY_UNKNOWN or (error.reason is Reason.TLS_UNKNOWN and not self.clients.ca_file):
            hint = _TRUST.format(cluster=self.cluster.name)
        elif step is Step.ALLOWED and source in _ROLES:
            hint = f"Put {self.user} into an access control group with {_ROLES[source]}"
        return Probe(node=node.name, source=source, what=what, stopped=step, reason=error.reason,
                     detail=error.detail or error.doing, hint=hint, asks=asks)  # fmt: skip

    def axl(self, found: Found) -> None:
        """Note what AXL on the door said: the release, the list of nodes, and what the account may do."""
        self._opened, self._door = found.ssh, found.door.name
        if found.error:
            self.note(self.stopped(found.door, Source.AXL, "AXL", found.error))
            return
        try:
            note = self._may_write(found)
        except ClientError as error:
            self.note(self.stopped(found.door, Source.AXL, "AXL", error))
            return
        self.note(Probe(node=found.door.name, source=Source.AXL, what="AXL", note=note))
        self._nodes(found)

    def _nodes(self, found: Found) -> None:
        """Note what the list of nodes lacks: while it is not whole, no check passes."""
        troubles = [(reason, detail) for _, reason, detail, _ in found.troubles]
        if not any(node.voice and node.role is Role.PUBLISHER for node in found.nodes):
            troubles.append((Reason.IMPLAUSIBLE_EMPTY, f"it names {len(found.nodes)} nodes, and no publisher"))
        if troubles:
            self.note(Probe(node=found.door.name, source=Source.AXL, what="list of nodes", stopped=Step.ANSWERS,
                            reason=troubles[0][0], detail="; ".join(detail for _, detail in troubles),
                            hint="Compare it with System > Server"))  # fmt: skip

    def _may_write(self, found: Found) -> str:
        """Say whether the account may also write over AXL."""
        statement = for_release("app_user_role", numbers(found.release))
        if statement is None:
            return ""
        ask = Ask(node=None, nodes=(), release=found.release, select=lambda _sql, _values: iter(()), axl=found.axl)
        rows = list(read("app_user_role", found.axl.rows(statement), ask))
        roles = {row["role"] for row in rows if row["app_user"] == self.user}
        if "Standard AXL API Access" not in roles:
            return (
                "reads only" if "Standard AXL Read Only API Access" in roles else "which role lets it in is not known"
            )
        if numbers(found.release)[:2] < (11, 5):
            return "may also write: before 11.5 there is no role that only reads"
        return f"may also write: give {self.user} Standard AXL Read Only API Access instead of Standard AXL API Access"

    def all(self, nodes: tuple[Node, ...], door: Node, release: str, *, with_ssh: bool) -> None:
        """Ask the other sources, all nodes beside each other."""
        self._order = {node.name: place for place, node in enumerate(nodes)}
        self._presence = tuple(node for node in nodes if not node.voice)
        tasks: list[Callable[[], None]] = []
        for node in nodes:
            tasks.append(partial(self._https, node, release, door=node.name == door.name))
            if with_ssh:
                tasks.append(partial(self._ssh, node))
        _beside(tasks, self.left)
        self._not_reached(nodes, door, with_ssh=with_ssh)

    def _not_reached(self, nodes: Sequence[Node], door: Node, *, with_ssh: bool) -> None:
        """Note what nothing was heard of when the time was over."""
        have = {(probe.node, probe.what) for probe in tuple(self._probes)}
        for node in nodes:
            for source, what, asks in _questions(node, door=node.name == door.name, with_ssh=with_ssh):
                if (node.name, what) not in have:
                    unseen = (HANDSHAKE,) if asks == _CONTROL_CENTER else ()
                    self.note(Probe(node=node.name, source=source, what=what, tried=False, reason=Reason.TIMEOUT,
                                    detail="nothing was heard of it when the time was over", asks=asks + unseen,
                                    hint="See why the node is slow, or give it longer: --timeout SECONDS"))  # fmt: skip

    def _https(self, node: Node, release: str, *, door: bool) -> None:
        """Ask Control Center, PerfMon and (at the door) RIS, with the account that AXL was asked with."""
        how: dict[str, Callable[[], None]] = {
            "Control Center": partial(self._control_center, node, door),
            "PerfMon": partial(self._perfmon, node),
            "RIS": partial(self._ris, node, release),
        }
        going = True
        for number, (source, what, asks) in enumerate(_questions(node, door=door, with_ssh=False)):
            if going:
                came = self._ask(node, source, what, how[what], asks)
                going = came or number > 0
            else:
                self.note(Probe(node=node.name, source=source, what=what, tried=False, asks=asks,
                                detail="the question before it did not come through"))  # fmt: skip

    def _ask(
        self, node: Node, source: Source, what: str, question: Callable[[], None], asks: tuple[str, ...] = ()
    ) -> bool:
        """Put one question; say whether there is sense in the next one to the same port with the same account."""
        try:
            if node.twin:
                raise ClientError(node=node.name, source=source.value, doing="looking for its address",
                                  reason=Reason.INCONSISTENT, detail=f"{node.twin} has the same address",
                                  hint=f'Mend it under [cluster.{self.cluster.name}.nodes."{node.name}"]')  # fmt: skip
            if not node.address:
                raise ClientError(node=node.name, source=source.value, doing="looking for its address",
                                  reason=Reason.DNS, detail="no address is known",
                                  hint=f'Write it under [cluster.{self.cluster.name}.nodes."{node.name}"]')  # fmt: skip
            question()
        except ClientError as error:
            unseen = (HANDSHAKE,) if asks == _CONTROL_CENTER and error.reason in _STOPS[Step.REACHED] else ()
            probe = self.stopped(node, source, what, error, asks + unseen)
            self.note(probe)
            return probe.stopped in (Step.ALLOWED, Step.ANSWERS)
        self.note(Probe(node=node.name, source=source, what=what, asks=asks))
        return True

    def _control_center(self, node: Node, door: bool) -> None:
        """See that Control Center answers, and note services that a source needs and that do not run."""
        services = self.clients.services(node, self.journal).service_status().services
        _not_empty(services, node, Source.SERVICES, "services")
        for service in services:
            name, state = service["ServiceName"], service["ServiceStatus"]
            source = _NEEDED.get(name)
            if source is None or state == "Started" or not (door or (node.voice and source is Source.RIS)):
                continue
            why = "is not activated" if service["ReasonCode"] == _NOT_ACTIVATED else f"is {state}"
            hint = f"Cisco Unified Serviceability > Tools: activate or start {name} on {node.name}"
            self.note(Probe(node=node.name, source=source, what=name, stopped=Step.ANSWERS, detail=f"it {why}",
                            reason=Reason.SERVICE_NOT_ACTIVATED, hint=hint))  # fmt: skip

    def _perfmon(self, node: Node) -> None:
        counters = self.clients.services(node, self.journal).perf(node.name, "Memory")
        _not_empty(counters, node, Source.SERVICES, "counters of Memory")

    def _ris(self, node: Node, release: str) -> None:
        chunk = 1000 if numbers(release)[:2] >= (9, 1) else 200
        ris = self.clients.ris(node, self.journal, per_minute=15, chunk=chunk, pace=2 / 3, waiting=lambda _: None)
        for answer in ris.devices([_NO_PHONE]):  # that an answer comes was the question; and who is silent in it
            for silent in (one for one in answer.nodes if one.return_code not in FINE):
                if named(self._presence, silent.name):  # no phone is registered there
                    continue
                self.note(Probe(node=node.name, source=Source.RIS, what=f"RIS of {silent.name}", stopped=Step.ANSWERS,
                                reason=Reason.UNREACHABLE, detail=f"{node.name} says of it: {silent.return_code}",
                                hint=f"Look at Cisco RIS Data Collector on {silent.name}"))  # fmt: skip

    def _ssh(self, node: Node) -> None:
        if not self.clients.has_platform:
            hint = f"Name an OS administrator in [cluster.{self.cluster.name}.platform], or say --without ssh"
            self.note(Probe(node=node.name, source=Source.SSH, what="SSH", tried=False, hint=hint,
                            detail="no OS account is configured"))  # fmt: skip
            return
        self._ask(node, Source.SSH, "SSH", partial(self._type, node))

    def _type(self, node: Node) -> None:
        """Log in (which switches the pager off), type one command that wants privilege level 1, and ask who it is."""
        opened = self._opened if node.name == self._door else None
        ssh = opened or self.clients.ssh(node, self.journal)  # discovery may have one open: one login a node
        try:
            ssh.run(OWN_CERTIFICATES)
            if other := misnamed(node, ssh.run(STATUS).text):
                hint = f'Mend the address under [cluster.{self.cluster.name}.nodes."{node.name}"], or in DNS'
                raise ClientError(node=node.name, source=Source.SSH.value, doing=STATUS.text, hint=hint,
                                  reason=Reason.INCONSISTENT, detail=f"the node calls itself {other}")  # fmt: skip
            if ssh.busy:
                hint = "Wait for the end of the upgrade; until then a run asks little of this node"
                raise ClientError(node=node.name, source=Source.SSH.value, doing="switching the pager off", hint=hint,
                                  reason=Reason.BUSY, detail=ssh.busy)  # fmt: skip
        finally:
            ssh.close()


def _questions(node: Node, *, door: bool, with_ssh: bool) -> Iterator[tuple[Source, str, tuple[str, ...]]]:
    """Yield what a node is asked besides AXL, in order: the source, what it is called, and the operations lost."""
    yield Source.SERVICES, "Control Center", _CONTROL_CENTER
    if node.voice:
        yield Source.SERVICES, "PerfMon", ("perfmonCollectCounterData",)
    if door:
        yield Source.RIS, "RIS", ()
    if with_ssh:
        yield Source.SSH, "SSH", ()


def _not_empty(told: Sequence[object], node: Node, source: Source, what: str) -> None:
    """Raise ClientError for an answer that is well-formed and says nothing."""
    if not told:
        raise ClientError(node=node.name, source=source.value, doing=f"asking for the {what}",
                          reason=Reason.IMPLAUSIBLE_EMPTY, detail=f"the answer has no {what}",
                          hint="Look at the service of that name in Control Center of the node")  # fmt: skip


def _beside(tasks: list[Callable[[], None]], seconds: float) -> None:
    """Run all tasks at once, for so long. Daemon threads: neither Ctrl-C nor the end waits for a silent node."""
    end = time.monotonic() + seconds
    faults: list[Exception] = []

    def run(task: Callable[[], None]) -> None:
        try:
            task()
        except Exception as fault:  # in a thread it would be lost, and the node with it
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(task,), daemon=True) for task in tasks]
    for thread in threads if seconds > 0 else ():
        thread.start()
    for thread in threads if seconds > 0 else ():
        thread.join(max(0.0, end - time.monotonic()))
    if faults:
        raise faults[0]


def lost(probe: Probe, examined: Examined, facts: Iterable[Fact]) -> set[str]:
    """Return the facts that a run would not get for a lack: those of its source that are asked of its node."""
    mine = (fact for fact in facts if fact.source is probe.source and _asked_of(fact, probe.node, examined))
    return {fact.table for fact in mine if not probe.asks or set(fact.asks) & set(probe.asks)}


def _asked_of(fact: Fact, node: str, examined: Examined) -> bool:
    """Say whether a fact is asked of a node, or tells of it."""
    if fact.per is Per.CLUSTER:
        return fact.nodes_answer or node == examined.door or not examined.door
    if fact.per is Per.PUBLISHER:
        return all(one.role is not Role.PUBLISHER or one.name == node for one in examined.nodes)
    return True
