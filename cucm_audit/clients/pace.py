"""How fast a cluster may be asked: AXL so many times a second, RIS its allowance in any minute, shared with others.

The limit of RIS is the cluster's (enterprise parameter Allowed Device Queries Per Minute, 15 by default) and is
shared by all applications: reference serviceability.md section 1.5, performance.md section 3.
"""

import threading
import time
from collections import deque
from collections.abc import Callable

#: Seconds of the sliding window: a minute, and one more for the way there.
WINDOW = 61.0
#: Seconds of AXL's window.
SECOND = 1.0
#: Requests of AXL that a node gets in a second: its answers are built in the publisher's memory, beside the phones'.
AXL_A_SECOND = 4.0


class Gate:
    """Lets at most ``a_second`` requests pass in a second, those of every client of one node.

    Counted from the end of each answer to the request after next: so it holds on the node's side of the line too,
    however long the way there takes. Below 1, a request waits longer than a second for the one before.
    """

    def __init__(self, a_second: float = AXL_A_SECOND) -> None:
        self._lock = threading.Lock()
        self._ends: deque[float] = deque()
        self.ease(a_second)

    def ease(self, a_second: float) -> None:
        """Take another pace from the next request on."""
        self._most = max(1, int(a_second))
        self._stretch = max(1.0, 1.0 / a_second)

    def __enter__(self) -> "Gate":
        self._lock.acquire()
        while len(self._ends) > self._most:
            self._ends.popleft()
        if len(self._ends) == self._most:
            time.sleep(max(0.0, self._ends[0] + SECOND * self._stretch - time.monotonic()))
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.append(time.monotonic())
        self._lock.release()


class Pace:
    """Says how long to wait before the next request.

    The first ``pace * per_minute`` requests go at once (a small cluster never waits); after that they are spaced
    evenly.
    """

    def __init__(self, per_minute: int, pace: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = max(1, per_minute)
        self._pace = pace
        self._clock = clock
        self._sent: deque[float] = deque(maxlen=1000)
        self._count = 0

    @property
    def allowance(self) -> int:
        """Return the number of requests that any minute may hold, at least one."""
        return max(1, int(self._per_minute * self._pace + 1e-9))

    def lower(self, per_minute: int) -> None:
        """Take a lower limit, which a node has named. A higher one is not believed."""
        self._per_minute = max(1, min(self._per_minute, per_minute))

    def wait(self) -> float:
        """Return the seconds to wait before the next request may go."""
        if not self._sent:
            return 0.0
        allowance, now, due = self.allowance, self._clock(), 0.0
        if len(self._sent) >= allowance:
            due = self._sent[-allowance] + WINDOW
        if self._count > allowance:  # the first burst is used up: no second one
            due = max(due, self._sent[-1] + WINDOW / allowance)
        return max(0.0, due - now)

    def sent(self) -> None:
        """Take note that a request goes now."""
        self._sent.append(self._clock())
        self._count += 1
