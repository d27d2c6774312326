"""Care for the nodes: one that says that it is ill is asked for what is cheap, and for nothing else.

Ill is a node whose processor has no rest, whose copy of the database does not keep up, that calls itself busy or is
being upgraded, or whose AXL has no room for another answer. What is spared is unknown, with the reason. Which facts are
dear: ``facts.Cost``.
"""

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cucm_audit.facts import Cost
from cucm_audit.model import Reason

#: Percent of the processor that are free on a node that is not under load (``show status`` averages over seconds).
IDLE = 10.0
#: Seconds that a lane waits for the first word of a node about itself, before it asks what is not cheap.
PATIENCE = 60.0
#: Facts that tell how a node is.
TELLING = frozenset({"node_status", "perf_counter"})

HINT = "Run the audit again when the node is well, or ask for everything with --no-gentle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What a node said, and from which cost on it is spared."""

    says: str
    reason: Reason = Reason.BUDGET
    spare: Cost = Cost.LARGE


def complaint(table: str, row: Mapping[str, Any]) -> Complaint | None:
    """Return what a row says about its node's health, None when nothing is amiss."""
    idle = row.get("cpu_idle_percent") if table == "node_status" else None
    if idle is not None and idle < IDLE:
        return Complaint(says=f"only {idle:g} % of its processor is free")
    state = row.get("value") if table == "perf_counter" and row.get("counter") == "Replicate_State" else None
    if state not in (None, 2):
        # The large answers come out of the door's own database; what is dear is asked of this very copy.
        return Complaint(says=f"its database replication is in state {state}", spare=Cost.DEAR)
    return None


def of_error(reason: Reason, detail: str) -> Complaint | None:
    """Return what a refusal says about the node's health."""
    if reason is Reason.BUSY:
        return Complaint(says=f"it is busy or being upgraded ({detail[:120]})", reason=Reason.BUSY)
    if reason is Reason.THROTTLED:
        return Complaint(says=f"it asks to be left alone ({detail[:120]})", reason=Reason.BUSY)
    return None


class Care:
    """What the nodes said of their health so far; shared by all lanes.

    ``on`` False: everything is asked, whatever they say. ``patience``: seconds; see :data:`PATIENCE`.
    """

    def __init__(self, *, on: bool = True, patience: float = PATIENCE) -> None:
        self._on = on
        self._patience = patience
        self._expected: dict[str, set[str]] = {}
        self._leaders: frozenset[str] = frozenset()
        self._said: dict[str, Complaint] = {}
        self._news = threading.Condition()

    def expect(self, asked: Iterable[tuple[str, str]], leaders: Iterable[str] = ()) -> None:
        """Take note of the facts (node, table) that will be asked. A busy one of the ``leaders`` spares all."""
        with self._news:
            self._leaders = frozenset(leaders)
            for node, table in asked:
                if table in TELLING:
                    self._expected.setdefault(node, set()).add(table)

    def told(self, node: str, table: str) -> None:
        """Take note that a fact has come, or never will."""
        with self._news:
            self._expected.get(node, set()).discard(table)
            self._news.notify_all()

    def complain(self, node: str, said: Complaint) -> bool:
        """Remember what a node said ('' = the whole cluster has to be spared). True when it is news."""
        with self._news:
            known = self._said.get(node)
            if known is not None and known.spare <= said.spare:
                return False
            self._said[node] = said
            return self._on

    def spared(self, node: str, cost: Cost, over: threading.Event) -> tuple[str, Reason] | None:
        """Return why a fact of this cost is not asked of a node now, None when it is.

        Waits a while for the word of the node and of the leaders, unless the fact is cheap.
        """
        if cost is Cost.CHEAP or not self._on:
            return None
        end = time.monotonic() + self._patience
        with self._news:
            while self._silent(node) and time.monotonic() < end and not over.is_set():
                self._news.wait(0.1)
            for place in (node, ""):
                said = self._said.get(place)
                if said is not None and cost >= said.spare:
                    return f"not asked, to spare {place or 'the cluster'}: {said.says}", said.reason
        return None

    def _silent(self, node: str) -> bool:
        return any(self._expected.get(one) for one in (node, *self._leaders))
