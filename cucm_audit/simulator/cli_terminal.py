"""The terminal of one session: keys come in, text goes out; the echo, the line editing and the noise on the way."""

import time
from collections.abc import Callable
from typing import Any

from cucm_audit.simulator.cli_faults import Faults

CTRL_C, CTRL_D, ESCAPE = "\x03", "\x04", "\x1b"
_POLL = 0.02  # seconds between two looks at whether the server stops
_PACKET = 16384  # bytes


class GoneError(Exception):
    """The other side, or the server, has ended the session."""


class InterruptedByKeyError(Exception):
    """Somebody pressed Ctrl-C."""


class Terminal:
    """A pseudo terminal over an SSH channel (of paramiko, or anything with recv, recv_ready, sendall and closed).

    ``size()`` gives columns and lines, ``echo`` is off where no terminal was asked for. ``received`` keeps every byte
    that came in: a test can prove that nothing was typed after a question.
    """

    def __init__(
        self,
        channel: Any,
        faults: Faults,
        size: Callable[[], tuple[int, int]],
        stopped: Callable[[], bool],
        *,
        echo: bool = True,
    ) -> None:
        self._channel, self._faults, self._stopped = channel, faults, stopped
        self._keys: list[str] = []
        self.size, self.echo = size, echo
        self.received = bytearray()

    # -------------------------------------------------------------------------------------------------------------- out
    def write(self, text: str) -> None:
        """Send text as it stands. GoneError when nobody is there any more."""
        data = text.encode("utf-8", "surrogateescape")
        step = int(self._faults.get("cli_chunk") or _PACKET)
        for number, start in enumerate(range(0, len(data), step)):
            self._channel.settimeout(None)  # a reader who takes his time is no fault
            try:
                self._channel.sendall(data[start : start + step])
            except (OSError, EOFError) as error:
                raise GoneError from error
            if step < _PACKET and number < 200:
                time.sleep(0.001)  # apart, so that they stay packets; a long answer is not slowed for ever

    def lines(self, lines: list[str]) -> None:
        """Send whole lines, each ended with CR LF, with the noise that a fault wants."""
        noisy = self._faults.get("cli_noise")
        self.write("".join(_noise(number, line) if noisy else f"{line}\r\n" for number, line in enumerate(lines)))

    # --------------------------------------------------------------------------------------------------------------- in
    def _fill(self, timeout: float) -> bool:
        """Read what is there, waiting at most ``timeout`` seconds. Return whether a key waits."""
        until = time.monotonic() + timeout
        while not self._keys:
            if self._stopped():
                raise GoneError
            left = until - time.monotonic()
            if not self._take(max(min(left, _POLL), 0.001)) and left <= 0:
                return False
        return True

    def _take(self, timeout: float) -> bool:
        self._channel.settimeout(timeout)
        try:
            data = self._channel.recv(4096)
        except TimeoutError:
            return False
        if not data:
            raise GoneError
        self.received += data
        self._keys += data.decode("utf-8", "replace")
        return True

    def key(self) -> str:
        """Wait for a key and return it; a whole escape sequence (an arrow) is one key."""
        while not self._fill(_POLL):
            pass
        key = self._keys.pop(0)
        if key != ESCAPE:
            return key
        while self._fill(0.01):
            key += self._keys.pop(0)
            if len(key) > 2 and key[-1].isalpha():
                break
        return key

    def wait(self, seconds: float, *, typed_ahead: bool = False) -> None:
        """Let time pass. What is typed meanwhile is kept, echoed at once if ``typed_ahead``; Ctrl-C ends the wait."""
        until = time.monotonic() + seconds
        kept: list[str] = []
        while (left := until - time.monotonic()) > 0:
            if not self._fill(left):
                break
            key = self._keys.pop(0)
            if key == CTRL_C and not typed_ahead and self._faults.get("cli_ctrl_c", True):
                self._keys = kept + self._keys
                raise InterruptedByKeyError
            kept.append(key)
            if typed_ahead and self.echo:
                self.write("\r\n" if key in "\r\n" else key)
        self._keys = kept + self._keys

    def heard_ctrl_c(self) -> bool:
        """Return whether Ctrl-C was pressed while output runs."""
        while self._channel.recv_ready():
            self._take(_POLL)
        return CTRL_C in self._keys and bool(self._faults.get("cli_ctrl_c", True))

    def forget(self) -> None:
        """Drop the keys that were typed so far."""
        self._keys.clear()

    def line(self, used: int) -> str:
        """Read a line behind a prompt of ``used`` columns, echoing and wrapping it. InterruptedByKeyError on Ctrl-C."""
        typed: list[str] = []
        while True:
            key = self.key()
            if key in ("\r", "\n"):
                self._say("\r\n")
                return "".join(typed)
            if key == CTRL_C:
                self._say("^C\r\n")
                raise InterruptedByKeyError
            if key == CTRL_D and not typed:
                raise GoneError
            if key in ("\x7f", "\b"):
                if typed:
                    typed.pop()
                    self._say("\b \b")
            elif key == "\x15":  # Ctrl-U
                self._say("\b \b" * len(typed))
                typed.clear()
            elif key.isprintable():
                typed.append(key)
                # At the right margin the cursor is driven to the next line, as line editors do.
                columns = self.size()[0]
                self._say(key + (" \r" if columns and (used + len(typed)) % columns == 0 else ""))

    def _say(self, text: str) -> None:
        if self.echo:
            self.write(text)


def _noise(number: int, line: str) -> str:
    half = len(line) // 2
    forms = (
        f"{line}\r\r\n",
        f"\r{line}\x1b[K\r\n",
        f"\x1b[0m{line[:half]}\x1b[1m{line[half:]}\x1b[0m\r\n",
        f"{line[:half]}#\b{line[half:]}\r\n",
        f"\x1b[24;1H{line}\x1b[K\r\n",
    )
    return forms[number % len(forms)]
