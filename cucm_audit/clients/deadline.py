"""One wall-clock limit for everything that a request does."""

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType


class Deadline:
    """One wall-clock limit for everything that a request does; a context manager.

    When it passes, the socket under watch is shut down, which ends any read or write at once, however slowly the other
    side drips (a socket timeout alone starts anew with every byte).
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._over = False
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def left(self) -> float:
        """Return the seconds that are left, never less than a millisecond (0 would mean 'never' to a socket)."""
        return max(0.001, self._end - time.monotonic())

    @property
    def passed(self) -> bool:
        """True when the time is over."""
        return time.monotonic() >= self._end

    def watch(self, sock: socket.socket | None) -> None:
        """Put ``sock`` under the deadline, in place of the one before."""
        with self._lock:
            self._socket = sock
            if self._over:
                self._shut()

    def _cut(self) -> None:
        with self._lock:
            self._over = True
            self._shut()

    def _shut(self) -> None:
        if self._socket is None:
            return
        with contextlib.suppress(OSError):  # it may be closed already
            # The plain socket's shutdown: SSLSocket's own drops the TLS state under the reader's feet.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def __enter__(self) -> "Deadline":
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self._timer.cancel()
        self.watch(None)
