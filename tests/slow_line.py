"""A slow line: a proxy on loopback before each port of a simulated cluster, with so much delay and so few bits.

Each direction of each connection is a queue: a piece is passed on when it has been on its way for ``delay`` seconds and
when everything before it has been written at ``rate`` bytes a second, the line being shared by all connections.
"""

import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

PIECE = 1400  # bytes, as on an Ethernet


class Line:
    """One line that all connections share, in each direction for itself."""

    def __init__(self, delay: float, rate: float) -> None:
        self.delay, self.rate = delay, rate
        self._free = {"to": 0.0, "from": 0.0}  # when the line has written all that it was given
        self._lock = threading.Lock()
        self.carried = 0

    def due(self, way: str, size: int) -> float:
        """Take a piece and return when it comes out at the other end."""
        with self._lock:
            self.carried += size
            self._free[way] = max(self._free[way], time.monotonic()) + size / self.rate
            return self._free[way] + self.delay


class Proxy:
    """Listens on a free port and carries every connection over the line to ``target``."""

    def __init__(self, line: Line, address: str, port: int) -> None:
        self._line, self._target = line, (address, port)
        self._listener = socket.create_server((address, 0))
        self.port = int(self._listener.getsockname()[1])
        self._open: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for sock in self._open:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = self._listener.accept()
                there = socket.create_connection(self._target)
                for sock in (here, there):
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._open.append(sock)
                threading.Thread(target=self._carry, args=(here, there, "to"), daemon=True).start()
                threading.Thread(target=self._carry, args=(there, here, "from"), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, way: str) -> None:
        """Read what comes, and let another thread write it when it is due."""
        waiting: list[tuple[float, bytes]] = []
        news = threading.Condition()

        def write() -> None:
            with contextlib.suppress(OSError):
                while True:
                    with news:
                        while not waiting:
                            news.wait()
                        due, data = waiting.pop(0)
                    time.sleep(max(0.0, due - time.monotonic()))
                    if not data:
                        sink.shutdown(socket.SHUT_WR)
                        return
                    sink.sendall(data)

        threading.Thread(target=write, daemon=True).start()
        data = b"x"
        while data:
            try:
                data = source.recv(PIECE)
            except OSError:
                data = b""
            with news:
                waiting.append((self._line.due(way, len(data)), data))
                news.notify()


@contextlib.contextmanager
def slow_line(file: Path, *, delay: float, rate: float) -> Iterator[Line]:
    """Put a slow line before every port of a cluster file: ``delay`` seconds each way, ``rate`` bytes a second."""
    text, line = file.read_text(encoding="utf-8"), Line(delay, rate)
    proxies: dict[tuple[str, int], Proxy] = {}
    address = ""
    lines = []
    for written in text.splitlines():
        if found := re.fullmatch(r'(?:node|address) = "([^"]+)"', written):
            address = found[1]
        if found := re.fullmatch(r"(https|http|ssh)-port = (\d+)", written):
            place = (address, int(found[2]))
            if place not in proxies:
                proxies[place] = Proxy(line, *place)
            written = f"{found[1]}-port = {proxies[place].port}"
        lines.append(written)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    try:
        yield line
    finally:
        file.write_text(text, encoding="utf-8")
        for proxy in proxies.values():
            proxy.close()
