"""The board between the lanes and the writer: their messages, the bounded queue, and who waits for which fact."""

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cucm_audit.care import Care
from cucm_audit.clients.journal import Journal
from cucm_audit.facts import Row
from cucm_audit.model import Gathered, Reason, Source, State
from cucm_audit.plan import Job

QUEUE = 64  # batches that may wait for the writer: memory stays flat however large the cluster is

Trouble = tuple[str, Reason, str, str]  # node ('' = all), reason, detail, hint


class Halted(Exception):
    """The run is over (stopped, or out of time): nobody wants the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that a person who waits wants to know. ``what``: door, nodes, asking, done, waiting, trouble, ill."""

    what: str
    node: str = ""
    source: str = ""
    fact: str = ""
    detail: str = ""
    seconds: float = 0.0

    @classmethod
    def of(cls, gathered: Gathered) -> "Event":
        """Return the event of a ledger row."""
        words = [gathered.state.value, gathered.reason.value if gathered.reason else "", gathered.detail]
        return cls(
            what="done",
            node=gathered.node,
            source=gathered.source.value,
            fact=gathered.fact,
            detail=": ".join(word for word in words if word),
            seconds=gathered.seconds,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A batch of rows for the writer."""

    job: Job
    rows: list[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a job ended. ``error`` is None when its generator came to its end. ``notes`` change nothing."""

    job: Job
    error: Trouble | None = None
    troubles: tuple[Trouble, ...] = ()
    notes: tuple[str, ...] = ()
    raw: tuple[tuple[str, str], ...] = ()
    requests: int = 0
    seconds: float = 0.0
    taken_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A node is not any more what it was when its facts came. ``node`` '' is the door, for all that it told."""

    node: str
    detail: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A lane is done with its node, and has looked back."""

    node: str
    source: Source


class Tally(Journal):
    """The journal of one lane: counts what the lane sends and passes everything on to the journal of the run."""

    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self._journal = journal
        self.count = 0

    def sent(self, *, source: Source, node: str, operation: str) -> None:
        """Count and pass on."""
        self.count += 1
        self._journal.sent(source=source, node=node, operation=operation)

    def answered(self, *, address: str, user: str, accepted: bool) -> None:
        """Pass on."""
        self._journal.answered(address=address, user=user, accepted=accepted)

    def refused(self, *, address: str, user: str) -> bool:
        """Ask the journal of the run."""
        return self._journal.refused(address=address, user=user)


class Board:
    """What lanes and writer share: the queue, the end of the run, and how the facts that others wait for came back.

    ``turn`` is held while a fact is asked: with ``in_turn`` one at a time, of all nodes.
    """

    def __init__(
        self,
        journal: Journal,
        select: Callable[[str, tuple[Any, ...]], Iterator[tuple[Any, ...]]],
        *,
        care: Care | None = None,
        in_turn: bool = False,
    ) -> None:
        self.journal = journal
        self.select = select
        self.halt = threading.Event()
        self.care = care or Care()
        self.turn: contextlib.AbstractContextManager[Any] = threading.Lock() if in_turn else contextlib.nullcontext()
        self.queue: queue.Queue[Any] = queue.Queue(maxsize=QUEUE)
        self._states: dict[str, State] = {}
        self._came = threading.Condition()
        self._there: dict[str, set[Source]] = {}

    def put(self, message: object) -> None:
        """Hand a message to the writer. Halted when the run ends first."""
        while not self.halt.is_set():
            with contextlib.suppress(queue.Full):
                self.queue.put(message, timeout=0.2)
                return
        raise Halted

    def came(self, table: str, state: State) -> None:
        """Tell the lanes that a fact of the cluster is written (or never will be)."""
        with self._came:
            self._states[table] = state
            self._came.notify_all()

    def visits(self, place: str, source: Source) -> None:
        """Take note that a lane will ask a node."""
        self._there.setdefault(place, set()).add(source)

    def leaves(self, place: str, source: Source) -> None:
        """Take note that a lane is done with a node."""
        with self._came:
            self._there.get(place, set()).discard(source)
            self._came.notify_all()
        with contextlib.suppress(Halted):
            self.put(Left(node=place, source=source))

    def last_one(self, place: str, mine: Source) -> None:
        """Wait until nobody else asks a node. RIS is not waited for: its pace takes minutes. Halted as ``wait``."""
        with self._came:
            while self._there.get(place, set()) - {mine, Source.RIS}:
                if self.halt.is_set():
                    raise Halted
                self._came.wait(0.2)

    def wait(self, table: str) -> State:
        """Wait until a fact of the cluster is written and return its state. Halted when the run ends first."""
        with self._came:
            while table not in self._states:
                if self.halt.is_set():
                    raise Halted
                self._came.wait(0.2)
            return self._states[table]
