"""What this cluster had to bear, as a good operator would count it, and where it was more than was promised.

Counted on this side of the wire, of every client, whatever a fault makes of the request. Nothing is refused for it: a
real cluster would not refuse either (but for RIS, see ``ris.py``). ``Load.broken`` holds a sentence a breach.
"""

import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field

#: Seconds that count as a second of AXL. Tests that shorten the client's second shorten this one with it.
SECOND = 1.0
MINUTE = 60.0
#: A server hears of the end of a session a moment after the client, which may have begun another one elsewhere by then.
HEARD_LATE = 0.3


@dataclass(slots=True, kw_only=True)
class Limits:
    """What is promised. A test may lower or raise one of them, and says why."""

    axl_a_second: int = 4  # requests, a node
    in_flight: int = 2  # requests of AXL, and of RIS, that a node works on at once
    large: int = 2 * 2**20  # bytes: beside a larger AXL answer nothing else of AXL is under way on that node
    ris_share: float = 2 / 3  # of the cluster's own limit of RIS queries a minute
    sessions: int = 1  # over SSH at once, a node
    nodes: int = 8  # over SSH at once
    commands: int = 24  # a session


@dataclass(slots=True)
class _Request:
    node: str
    channel: str
    size: int = 0


@dataclass(slots=True)
class Load:
    """The record. Safe from any thread."""

    limits: Limits = field(default_factory=Limits)
    broken: list[str] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _under_way: list[_Request] = field(default_factory=list)
    _axl: dict[str, deque[float]] = field(default_factory=dict)
    _ris: deque[float] = field(default_factory=deque)
    _sessions: Counter[str] = field(default_factory=Counter)
    _refused: set[tuple[str, str]] = field(default_factory=set)
    _crowd: tuple[float, str] = (0.0, "")  # when too many nodes were under way, and the sentence about it

    def run_begins(self) -> None:
        """Forget the pace and the refusals of an earlier run: the promises are about one run each."""
        with self._lock:
            self._axl.clear()
            self._ris.clear()
            self._refused.clear()

    # ------------------------------------------------------------------------------------------------------------ HTTP
    def begins(self, node: str, channel: str, ris_a_minute: int) -> _Request:
        """Count a request that has come whole; the caller gives the result to ``answers`` and ``ends``."""
        request, now = _Request(node, channel), time.monotonic()
        with self._lock:
            self._under_way.append(request)
            if channel == "axl":
                self._second(node, now)
            elif channel == "ris":
                self._minute(now, ris_a_minute)
            beside = self._beside(node, channel)
            if channel in ("axl", "ris") and len(beside) > self.limits.in_flight:
                self.broken.append(f"{node}: {len(beside)} requests of {channel} at once")
            self._large(node)
        return request

    def answers(self, request: _Request, size: int) -> None:
        """Note how large the answer is, before it is sent."""
        with self._lock:
            request.size = size
            self._large(request.node)

    def ends(self, request: _Request) -> None:
        """Forget a request whose answer is out, or that nobody waits for any more."""
        with self._lock:
            self._under_way = [other for other in self._under_way if other is not request]

    def _beside(self, node: str, channel: str) -> list[_Request]:
        return [one for one in self._under_way if one.node == node and one.channel == channel]

    def _second(self, node: str, now: float) -> None:
        times = self._axl.setdefault(node, deque(maxlen=self.limits.axl_a_second + 1))
        times.append(now)
        if len(times) > self.limits.axl_a_second and now - times[0] < SECOND:
            self.broken.append(f"{node}: {len(times)} requests of AXL within {now - times[0]:.4f} s")

    def _minute(self, now: float, per_minute: int) -> None:
        self._ris.append(now)
        while self._ris[0] <= now - MINUTE:
            self._ris.popleft()
        allowed = max(1, int(per_minute * self.limits.ris_share + 1e-9))
        if per_minute and len(self._ris) > allowed:
            self.broken.append(f"{len(self._ris)} RIS queries in a minute, {allowed} are two thirds of the limit")

    def _large(self, node: str) -> None:
        beside = self._beside(node, "axl")
        if len(beside) > 1 and max(one.size for one in beside) > self.limits.large:
            self.broken.append(f"{node}: another AXL request beside a large answer")

    # ------------------------------------------------------------------------------------------------------------- SSH
    def session_begins(self, node: str) -> None:
        """Count a shell that was opened."""
        with self._lock:
            self._sessions[node] += 1
            if self._sessions[node] > self.limits.sessions:
                self.broken.append(f"{node}: {self._sessions[node]} SSH sessions at once")
            if len(+self._sessions) > self.limits.nodes:
                self._crowd = (time.monotonic(), f"{len(+self._sessions)} nodes over SSH at once")
                self.broken.append(self._crowd[1])

    def session_ends(self, node: str) -> None:
        """One shell less."""
        with self._lock:
            self._sessions[node] -= 1
            since, sentence = self._crowd
            over = len(+self._sessions) > self.limits.nodes
            if sentence in self.broken and not over and time.monotonic() - since < HEARD_LATE:
                self.broken.remove(sentence)

    def command(self, node: str, number: int, *, pager: bool = False) -> None:
        """Note the ``number``-th command of a session. Behind a ``pager`` that nobody can switch off, twice as many."""
        most = self.limits.commands * (2 if pager else 1)  # there an answer is worth something only when it comes twice
        if number == most + 1:
            with self._lock:
                self.broken.append(f"{node}: more than {most} commands in a session")

    # ---------------------------------------------------------------------------------------------------------- logins
    def login(self, node: str, account: str, *, accepted: bool) -> None:
        """Note that a password was sent. After a refusal the same account is not tried again on that node."""
        with self._lock:
            if (node, account) in self._refused:
                self.broken.append(f"{node}: {account} was sent again after a refusal")
            if not accepted:
                self._refused.add((node, account))
