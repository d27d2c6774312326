"""Asks a cluster everything that its facts want to know, and writes the snapshot and its ledger, whatever happens.

One thread, the caller's, owns the snapshot and does nothing that could block for long; discovery and the lanes run in
daemon threads and speak to it over a bounded queue. AXL is strictly one request at a time; RIS starts when the phones
are written; services and SSH go to the nodes beside each other, the publisher first, at most eight sessions over SSH.
"""

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cucm_audit.board import Board, Changed, Done, Event, Halted, Left, Rows, Tally
from cucm_audit.books import STOPPED, Books, Over
from cucm_audit.care import PATIENCE, Care
from cucm_audit.clients import ClientError
from cucm_audit.clients.journal import SPENT_HINT, Journal
from cucm_audit.config import Cluster
from cucm_audit.connect import Accounts, Clients
from cucm_audit.discovery import Found, discover, numbers, without_address
from cucm_audit.facts import Ask, Fact, Row, asked_as
from cucm_audit.facts.axl import gather_nodes
from cucm_audit.lanes import Lane, fault_of_ours, start
from cucm_audit.model import Node, Role, Source
from cucm_audit.plan import Job, Options, jobs, refuse_strange_limits
from cucm_audit.snapshot import Snapshot
from cucm_audit.visit import ended

if TYPE_CHECKING:
    from cucm_audit.clients.ris import Ris
    from cucm_audit.trust import TrustStore

__all__ = ["Accounts", "Event", "Options", "collect"]

#: How many nodes are asked at once.
WIDTH = {Source.AXL: 1, Source.RIS: 1, Source.SERVICES: 8, Source.SSH: 8, Source.WEB: 8}
#: Rows that AXL is asked for at once, and with --gentle, where there is one request a second too.
PAGE, GENTLE_PAGE, GENTLE_AXL = 5000, 1000, 1.0
_RIS_PER_MINUTE = (
    15  # Allowed Device Queries Per Minute, where the cluster does not say (reference: serviceability.md 1.5)
)
_RIS_LIMIT = "select value from enterprise_param where name = 'AllowedRisQueriesPerMinute'"


def collect(
    cluster: Cluster,
    *,
    path: Path,
    trust: "TrustStore",
    accounts: Accounts,
    options: Options | None = None,
    progress: Callable[[Event], None] = lambda _: None,
    journal: Journal | None = None,
    clients: Clients | None = None,
) -> Snapshot:
    """Collect a cluster into a new snapshot at ``path`` and return it, finished and still open.

    Never raises for what a cluster does or does not do: that is in the ledger. SnapshotError when ``path`` cannot be
    written, NoSuchNode when ``options.limit`` names a node that is not there. ``progress`` is called in this thread.
    ``journal`` gets every operation that is sent.
    """
    options = options or Options()
    clients = clients or Clients(
        trust,
        accounts,
        ca_file=options.ca_file,
        timeout_factor=options.timeout_factor,
        axl_a_second=GENTLE_AXL if options.gentle else options.axl_a_second,
        axl_page=GENTLE_PAGE if options.gentle else PAGE,
    )
    snapshot = Snapshot.create(path)
    run = _Run(cluster, Books(snapshot), clients, journal or Journal(), options, progress)
    try:
        run.all()
    except BaseException:
        snapshot.close()
        raise
    finally:
        run.board.halt.set()
        clients.close()
    return snapshot


class _Run:
    """One run: what was found, and the lanes that ask."""

    def __init__(
        self,
        cluster: Cluster,
        books: Books,
        clients: Clients,
        journal: Journal,
        options: Options,
        progress: Callable[[Event], None],
    ) -> None:
        self.cluster = cluster
        self.books = books
        self.clients = clients
        self.options = options
        self.progress = progress
        care = Care(on=options.gentle is not False, patience=PATIENCE * options.timeout_factor)
        self.board = Board(journal, books.select, care=care, in_turn=bool(options.gentle))
        self.tally = Tally(journal)  # of the door's AXL, which discovery opens
        self.end = time.monotonic() + options.timeout
        self.found: Found | None = None
        self.under_way: set[tuple[str, Source]] = set()  # lanes that are not done with their nodes

    def all(self) -> None:
        """Discover, ask, write; then close the books."""
        self.books.begin(self.cluster, self.options)
        self.board.journal.most = self.options.most_requests
        threading.Thread(target=self._discover, name="discovery", daemon=True).start()
        over = self._listen()
        self.board.halt.set()
        while over is not None and not self.board.queue.empty():  # what has come already is not thrown away
            self._take(self.board.queue.get_nowait())
        self.books.close(over, self.found, self.board.journal, self.options)

    def _listen(self) -> Over | None:
        """Write what comes until nothing is under way. Returns why it ended early, None when it did not."""
        while self.found is None or self.books.pending or self.under_way:
            if self.options.stop.is_set():
                return STOPPED
            if time.monotonic() > self.end:
                return Over(detail="the time for the run was used up", hint=SPENT_HINT)
            if self.books.landed > self.options.most_rows:
                return Over(
                    detail=f"the {self.options.most_rows} rows that this run may take are used up", hint=SPENT_HINT
                )
            with contextlib.suppress(queue.Empty):
                message = self.board.queue.get(timeout=0.1)
                self._take(message)
                if isinstance(message, ClientError):
                    return None
        return None

    def _take(self, message: object) -> None:
        if isinstance(message, Rows):
            self.books.write(message.job, message.rows)
        elif isinstance(message, Done):
            for gathered in self.books.done(message):
                self.progress(Event.of(gathered))
            self.board.came(message.job.fact.table, self.books.state(message.job))
        elif isinstance(message, Left):
            self.under_way.discard((message.node, message.source))
        elif isinstance(message, Changed):
            self.progress(Event(what="trouble", node=message.node, detail=message.detail))
            self.books.changed(message)
        elif isinstance(message, Found):
            self._start(message)
        elif isinstance(message, ClientError):
            self.progress(Event(what="trouble", node=message.node, source=message.source, detail=str(message)))
            self.books.nothing(self.options, message)
        elif isinstance(message, Event):
            if message.what == "ill":
                self.clients.ease(GENTLE_AXL)
            self.progress(message)

    def _discover(self) -> None:
        """Find the nodes (in its own thread) and tell the writer, or tell it why not."""
        with contextlib.suppress(Halted):
            try:
                message: object = discover(
                    self.cluster,
                    self.clients,
                    self.tally,
                    with_ssh=Source.SSH not in self.options.without,
                    note=lambda text: self.board.put(Event(what="door", detail=text)),
                )
            except ClientError as error:
                message = error
            except Halted:
                raise
            except Exception as fault:  # a fault of ours must not leave the writer waiting
                _, reason, detail, hint = fault_of_ours(fault)
                message = ClientError(
                    node="", source="axl", doing="looking for the nodes", reason=reason, detail=detail, hint=hint
                )
            self.board.put(message)

    def _start(self, found: Found) -> None:
        """Start a lane for each client, now that the nodes are known."""
        self.found = found
        if found.nodes and found.error is None:
            refuse_strange_limits(self.options.limit, found.nodes)
        self.progress(Event(what="nodes", node=found.via, detail=f"{len(found.nodes)} nodes, release {found.release}"))
        for error in found.passed:
            self.progress(Event(what="trouble", node=error.node, source=error.source, detail=str(error)))
        todo, left = jobs(
            map(self._with_nodes, asked_as(self.options.registration)), found.nodes, self.options, found.release
        )
        left = [without_address(gathered, found) for gathered in left]
        self.books.expect(todo, left, found.nodes)
        for gathered in left:
            self.board.came(gathered.fact, gathered.state)  # nobody waits for what is not asked
        lanes = self._lanes(todo, found)
        everything = [(lane.name, job.fact.table) for part in lanes.values() for lane in part for job in lane.jobs]
        leaders = {lane.name for part in lanes.values() for lane in part if lane.leads}
        self.board.care.expect(everything, leaders)
        for source, part in lanes.items():
            for lane in part:
                self.board.visits(lane.name, source)
                self.under_way.add((lane.name, source))
        for source, part in lanes.items():
            start(part, 1 if self.options.gentle else WIDTH[source], self.board, source.value)

    def _with_nodes(self, fact: Fact) -> Fact:
        """Let the fact ``node`` go on from what discovery has read, instead of asking again."""
        return replace(fact, gather=self._gather_nodes) if fact.table == "node" else fact

    def _gather_nodes(self, ask: Ask) -> Iterator[Row]:
        assert self.found is not None
        for _, reason, detail, hint in self.found.troubles:
            ask.partial(reason, detail, hint)
        yield from gather_nodes(self.found.rows, self.found.addresses, ask)
        if self.found.axl.uncounted:
            ask.note(self.found.axl.uncounted)
        if self.found.error:
            raise self.found.error

    def _lanes(self, todo: list[Job], found: Found) -> dict[Source, list[Lane]]:
        """Return the lanes by source: one for the door's AXL, one for its RIS, then one a node; the publisher first."""
        lanes: dict[tuple[Source, str], Lane] = {}
        for job in todo:
            node = job.node or found.door
            lane = lanes.get((job.fact.source, node.name)) or self._lane(job.fact.source, node, found)
            lanes[(job.fact.source, node.name)] = lane
            lane.jobs.append(job)
        first = {node.name: node.role is not Role.PUBLISHER for node in found.nodes}
        ordered = sorted(lanes.values(), key=lambda lane: first.get(lane.name, True))
        return {source: [lane for lane in ordered if lane.source is source] for source in Source}

    def _lane(self, source: Source, node: Node, found: Found) -> Lane:
        release = found.release if node.voice else ""
        connect: dict[Source, Callable[[Journal], Any]] = {
            Source.AXL: lambda _: found.axl,
            Source.RIS: partial(self._ris, node, found.release),
            Source.SERVICES: partial(self.clients.services, node),
            Source.WEB: partial(self.clients.web, node),
            Source.SSH: partial(self._ssh, node, found),
        }
        farewells: dict[Source, Callable[[Any], str]] = {Source.AXL: partial(_same_release, found), Source.SSH: ended}
        return Lane(
            source=source,
            name=node.name,
            jobs=[],
            connect=connect[source],
            nodes=found.nodes,
            release=release,
            tally=self.tally if source is Source.AXL else Tally(self.board.journal),
            leads=node.role is Role.PUBLISHER or node.name == found.door.name,
            farewell=farewells.get(source),
            closes=source is Source.SSH,
        )

    def _ssh(self, node: Node, found: Found, journal: Journal) -> Any:
        if found.ssh is not None and node.name == found.door.name:
            return found.ssh  # discovery has opened it: one session a node
        return self.clients.ssh(node, journal)

    def _ris(self, node: Node, release: str, journal: Journal) -> "Ris":
        said = [str(value) for (value,) in self.books.select(_RIS_LIMIT, ())]
        per_minute = int(said[0]) if said and said[0].isdecimal() and int(said[0]) > 0 else _RIS_PER_MINUTE
        return self.clients.ris(
            node,
            journal,
            per_minute=per_minute,
            chunk=1000 if numbers(release)[:2] >= (9, 1) else 200,
            pace=self.options.pace,
            waiting=lambda seconds: self.board.put(Event(what="waiting", source="ris", seconds=seconds)),
        )


def _same_release(found: Found, axl: Any) -> str:
    """Say whether the door runs another release than at the beginning: its database is another one then."""
    try:
        now = str(axl.release_of(found.door.name))
    except ClientError:
        return ""
    return f"its release was {found.release} and is {now}" if now and found.release and now != found.release else ""
