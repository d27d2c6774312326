"""Lanes: threads that ask one node over one client, one fact after the other, and put what they hear on the board.

A lane never touches the snapshot; the one writer (``books``) does. Whatever happens in a fact, its lane says how it
ended.
"""

import contextlib
import datetime as dt
import queue
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cucm_audit.board import Board, Changed, Done, Event, Halted, Rows, Tally, Trouble
from cucm_audit.care import HINT, TELLING, Complaint, complaint, of_error
from cucm_audit.clients import ClientError
from cucm_audit.clients.journal import Journal
from cucm_audit.facts import Ask, Row
from cucm_audit.model import Node, Reason, Source, State
from cucm_audit.plan import Job
from cucm_audit.shortage import shortage
from cucm_audit.visit import HINT as CHANGED_HINT

BATCH = 500  # rows in a message to the writer

#: What is wrong with the account, not with the node: facts that need no login are asked all the same.
_OF_THE_ACCOUNT = {Reason.AUTH_FAILED, Reason.PASSWORD_EXPIRED}
#: After these nothing else is asked of the node over this client: the answer would be the same, or harm would be done.
_HOPELESS = {
    Reason.BUDGET,
    Reason.AUTH_FAILED,
    Reason.PASSWORD_EXPIRED,
    Reason.LOCKED,
    Reason.SESSION_LIMIT,
    Reason.UNREACHABLE,
    Reason.DNS,
    Reason.TLS_UNKNOWN,
    Reason.TLS_CHANGED,
    Reason.TLS_EXPIRED,
    Reason.TLS_WEAK,
    Reason.TLS_LEGACY,
    Reason.HOSTKEY_UNKNOWN,
    Reason.HOSTKEY_CHANGED,
    Reason.SSH_LEGACY_ALGORITHMS,
}


@dataclass(slots=True, kw_only=True)
class Lane:
    """Jobs for one client. ``connect`` makes the client, late: when the first job has what it needs."""

    source: Source
    name: str
    jobs: list[Job]
    connect: Callable[[Journal], Any]
    nodes: tuple[Node, ...]
    release: str
    tally: Tally
    client: Any = None
    leads: bool = False  # the publisher, or the door
    farewell: Callable[[Any], str] | None = None  # asked last: what has changed since the beginning, '' = nothing
    closes: bool = False  # close the client at the end (an SSH session holds one of the node's few places)
    hopeless: Trouble | None = None

    def run(self, board: Board) -> None:
        """Ask one job after the other. Never raises but Halted."""
        try:
            for job in self.jobs:
                board.put(self.ask(job, board))
                board.care.told(self.name, job.fact.table)
            self._look_back(board)
        finally:
            if self.closes and self.client is not None:
                with contextlib.suppress(Exception):  # the answers are here; how the goodbye went does not matter
                    self.client.close()
            board.leaves(self.name, self.source)

    def _look_back(self, board: Board) -> None:
        """See whether the node is still the one that told all this; if not, say so."""
        if self.farewell is None or self.client is None or self.hopeless:
            return
        if self.source is Source.SSH:
            board.last_one(self.name, self.source)
        with board.turn:
            detail = self.farewell(self.client)
        if detail:
            board.put(Changed(node=self.name if self.source is Source.SSH else "", detail=detail, hint=CHANGED_HINT))

    def ask(self, job: Job, board: Board) -> Done:
        """Ask one job, put its rows on the queue and return how it ended."""
        begun, sent = time.monotonic(), self.tally.count
        taken_at = _now()
        ask = Ask(node=job.node, nodes=self.nodes, release=self.release, select=board.select)
        error: Trouble | None = None
        try:
            self._wait(job, ask, board)
            with board.turn:
                self._connect(ask, board)
                board.put(Event(what="asking", node=self.name, source=self.source.value, fact=job.fact.table))
                self._gather(job, ask, board)
        except Halted:
            raise
        except ClientError as trouble:
            self._complain(of_error(trouble.reason, trouble.detail), board)
            error = ("", trouble.reason, f"{trouble.doing}: {trouble.detail or trouble.reason.value}", trouble.hint)
            if trouble.reason in _HOPELESS:
                self.hopeless = error
        except _NotAsked as trouble:
            error = trouble.trouble
        except Exception as fault:
            error = fault_of_ours(fault)
        return Done(
            job=job,
            error=error,
            troubles=tuple(ask.troubles),
            notes=tuple(ask.notes),
            raw=tuple(ask.keep_raw),
            requests=self.tally.count - sent,
            seconds=time.monotonic() - begun,
            taken_at=taken_at,
        )

    def _wait(self, job: Job, ask: Ask, board: Board) -> None:
        """Wait for the facts that this one needs, and for the node's word that it is well, if this one is not cheap."""
        if spared := board.care.spared(self.name, job.fact.cost, board.halt):
            raise _NotAsked(("", spared[1], spared[0], HINT))
        for table in job.fact.needs:
            state = board.wait(table)
            if state is State.PARTIAL:
                ask.partial(Reason.PREREQUISITE_UNKNOWN, f"{table} is not whole")
            elif state is not State.WHOLE:
                raise _NotAsked(("", Reason.PREREQUISITE_UNKNOWN, f"{table} is {state.value}", ""))
        if self.hopeless and not (job.fact.no_login and self.hopeless[1] in _OF_THE_ACCOUNT):
            raise _NotAsked(self.hopeless)

    def _connect(self, ask: Ask, board: Board) -> None:
        """Make the client if there is none yet."""
        if self.client is None:
            try:
                self.client = self.connect(self.tally)
            except ClientError as trouble:
                # No session, no answers: the next job would only knock again.
                self.hopeless = ("", trouble.reason, trouble.detail or trouble.doing, trouble.hint)
                raise
            if busy := getattr(self.client, "busy", ""):
                self._complain(of_error(Reason.BUSY, busy), board)
        setattr(ask, self.source.value, self.client)

    def _complain(self, said: Complaint | None, board: Board) -> None:
        """Spare the node from now on, and the whole cluster when it is the one that everything hangs on."""
        if said is None:
            return
        whole = self.leads and said.reason is Reason.BUSY
        if board.care.complain("" if whole else self.name, said):
            board.put(Event(what="ill", node=self.name, source=self.source.value, detail=said.says))

    def _gather(self, job: Job, ask: Ask, board: Board) -> None:
        batch: list[Row] = []
        try:
            for row in job.fact.gather(ask):
                if job.fact.table in TELLING and job.node:
                    self._complain(complaint(job.fact.table, row), board)
                batch.append(row)
                if len(batch) >= BATCH:
                    board.put(Rows(job=job, rows=batch))
                    batch = []
        finally:
            if batch:  # also after an error: what came before it is listed under the UNKNOWN
                board.put(Rows(job=job, rows=batch))


class _NotAsked(Exception):
    def __init__(self, trouble: Trouble) -> None:
        self.trouble = trouble
        super().__init__(trouble[2])


def start(lanes: list[Lane], width: int, board: Board, name: str) -> None:
    """Run the lanes in daemon threads, the first ones first, at most ``width`` at once. Returns at once."""
    waiting: queue.SimpleQueue[Lane] = queue.SimpleQueue()
    for lane in lanes:
        waiting.put(lane)

    def work() -> None:
        with contextlib.suppress(Halted):
            while not board.halt.is_set():
                try:
                    lane = waiting.get_nowait()
                except queue.Empty:
                    return
                try:
                    lane.run(board)
                except Halted:
                    raise
                except Exception as fault:  # out of memory, most likely: the writer must not wait for what nobody asks
                    _give_up(lane, board, fault_of_ours(fault))

    for number in range(min(width, len(lanes))):
        try:
            threading.Thread(target=work, name=f"{name} {number + 1}", daemon=True).start()
        except RuntimeError:  # the system gives no more threads: those that run do the work
            if number == 0:
                raise
            return


def _give_up(lane: Lane, board: Board, error: Trouble) -> None:
    """Say of every job of a lane that nobody asks it any more; those that have ended stay as they are."""
    for job in lane.jobs:
        board.care.told(lane.name, job.fact.table)
        board.put(Done(job=job, error=error, taken_at=_now()))
    board.leaves(lane.name, lane.source)  # where it died it may not have said so


def fault_of_ours(fault: Exception) -> Trouble:
    """Return what an error means that is no answer of a node: too little of something here, or a fault of the program.

    A shortage is the run's budget: what this machine lets it have is used up.
    """
    if says := shortage(fault):
        return "", Reason.BUDGET, f"{type(fault).__name__} on this machine", says
    return "", Reason.INTERNAL_ERROR, where(fault), "This is a fault of the program: please report it"


def where(fault: Exception) -> str:
    """Return the type of a fault of ours and where it happened, never its text: that may hold what a cluster said."""
    last = traceback.extract_tb(fault.__traceback__)[-1]
    return f"{type(fault).__name__} in {last.filename.replace(chr(92), '/').rpartition('/')[2]}:{last.lineno}"


def _now() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")
