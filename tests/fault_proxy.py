"""A line that misbehaves: a TCP relay on loopback between the program and a node, whatever is spoken through it.

It knows nothing of TLS or SSH: it counts bytes and connections, as a bad line, a firewall or a provider does.
"""

import contextlib
import socket
import struct
import threading
import time
from dataclasses import dataclass, field

_AT_ONCE = 65536


@dataclass(kw_only=True)
class Line:
    """What goes wrong with what a node sends us. Bytes are counted a connection, from its first byte."""

    reset_after: int | None = None  # bytes, then RST
    end_after: int | None = None  # bytes, then FIN
    silent_after: int | None = None  # bytes, then nothing more in either direction, and nobody is told
    slice_bytes: int = 0  # never more than this at once ...
    slice_pause: float = 0.0  # ... and then this many seconds nothing
    latency: float = 0.0  # seconds each way
    bytes_per_second: float = 0.0
    only: range | None = None  # only these connections (0 is the first); None = all
    connections: int = 0


@dataclass(kw_only=True)
class Proxy:
    """A relay from a free port to ``target``. ``line`` may be changed at any time; a context manager."""

    target: tuple[str, int]
    address: str = "127.0.0.1"
    line: Line = field(default_factory=Line)
    port: int = 0

    def __enter__(self) -> "Proxy":
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        self._listener = socket.create_server((self.address, 0), family=family, backlog=64)
        self.port = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._over = threading.Event()
        threading.Thread(target=self._listen, name="proxy", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the accept
        self._listener.close()
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _listen(self) -> None:
        while not self._over.is_set():
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            number, self.line.connections = self.line.connections, self.line.connections + 1
            threading.Thread(target=self._connect, args=(near, number), daemon=True).start()

    def _connect(self, near: socket.socket, number: int) -> None:
        try:
            far = socket.create_connection(self.target, timeout=10)
        except OSError:
            near.close()
            return
        far.settimeout(None)
        for sock in (near, far):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.add(sock)
        struck = self.line.only is None or number in self.line.only
        line, dead = self.line if struck else Line(), threading.Event()
        there = threading.Thread(target=self._ask, args=(near, far, line, dead), daemon=True)
        there.start()
        self._answer(far, near, line, dead)
        there.join()
        for sock in (near, far):
            self._open.discard(sock)
            sock.close()

    def _ask(self, near: socket.socket, far: socket.socket, line: Line, dead: threading.Event) -> None:
        """Carry what the program sends, until there is an end; nowhere any more when the line is dead."""
        with contextlib.suppress(OSError):
            while data := near.recv(_AT_ONCE):
                self._over.wait(line.latency)
                if not dead.is_set():
                    far.sendall(data)
        with contextlib.suppress(OSError):
            far.shutdown(socket.SHUT_WR)

    def _answer(self, far: socket.socket, near: socket.socket, line: Line, dead: threading.Event) -> None:
        """Carry what the node sends, until there is an end or the fault strikes."""
        passed = 0
        with contextlib.suppress(OSError):
            while data := far.recv(line.slice_bytes or _AT_ONCE):
                self._over.wait(line.latency + (len(data) / line.bytes_per_second if line.bytes_per_second else 0))
                if not self._within(data, passed, near, line, dead):
                    break
                passed += len(data)
                self._over.wait(line.slice_pause)
        with contextlib.suppress(OSError):
            near.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            far.shutdown(socket.SHUT_RDWR)

    def _within(self, data: bytes, passed: int, near: socket.socket, line: Line, dead: threading.Event) -> bool:
        """Send what may still pass; False when the fault has struck and all is over."""
        limits = (line.reset_after, line.end_after, line.silent_after)
        limit = min((one for one in limits if one is not None), default=None)
        if limit is None or passed + len(data) <= limit:
            near.sendall(data)
            return True
        near.sendall(data[: max(0, limit - passed)])
        if limit == line.silent_after:
            dead.set()
            self._over.wait()  # until the test is over: this connection is dead and nobody is told
        elif limit == line.reset_after:
            time.sleep(0.02)  # what was sent before the reset is not lost with it
            near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            near.shutdown(socket.SHUT_RD)  # ends the other thread's recv, which holds the socket
            near.close()
        return False
