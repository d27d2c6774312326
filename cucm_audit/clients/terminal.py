"""An open shell: types whole commands and pager keys, reads until the prompt is back.

Knows nothing of logins and of what an answer means. Reference: cli.md sections 2.4 to 2.6. Time is wall-clock: output
that never ends does not put the limit off.
"""

import contextlib
import datetime as dt
import time
from typing import TYPE_CHECKING

from cucm_audit.clients import ClientError, cli_text
from cucm_audit.clients.cli_text import Tail
from cucm_audit.clients.commands import QUIT, Command
from cucm_audit.clients.dial import Place
from cucm_audit.clients.guard import Journal, check_command, check_key
from cucm_audit.clients.screen import Screen
from cucm_audit.model import Reason, Source

if TYPE_CHECKING:
    import paramiko

MOST_BYTES = 16 * 1024 * 1024  # of one answer
GREETING_QUESTION_SECONDS = 5.0  # a banner may hold a question and go on
_SEND_SECONDS = 10.0


class Terminal:
    """One shell of one node. ``last_byte`` is when output last came, UTC, our clock.

    ``paged`` says whether the output pager, which counts nothing, stood in what was read last. Methods raise
    :class:`ClientError`; after one of those the shell is closed and stays so.
    """

    def __init__(self, channel: "paramiko.Channel", place: Place, journal: Journal) -> None:
        self.last_byte = dt.datetime.now(dt.UTC)
        self.paged = False
        self._channel, self._place, self._journal = channel, place, journal

    def type(self, command: Command) -> None:
        """Type a command of the catalogue and Enter."""
        check_command(command.text)
        self._put(f"{command.text}\n", command.text)

    def press(self, key: str) -> None:
        """Press a key of the pagers."""
        check_key(key)
        self._put(key, f"key {key!r}")

    def quit(self) -> None:
        """Leave the shell, at its prompt."""
        check_key(QUIT)
        self._put(f"{QUIT}\n", QUIT)

    def close(self) -> None:
        """Close the channel without a word."""
        with contextlib.suppress(EOFError, OSError):  # paramiko raises EOFError when the other side was quicker
            self._channel.close()

    def read(self, screen: Screen, end: float, doing: str, *, quiet: float = 0.0, greeting: bool = False) -> None:
        """Read into ``screen`` until the prompt stands at its end and nothing came for a moment (at least ``quiet`` s).

        Drives both pagers; not in a ``greeting``, where nothing may be typed and where a banner may look like anything.
        ``end`` is a monotonic time. Raises :class:`ClientError`: timeout, too_large, disconnected,
        unexpected_prompt (a question; not a byte is typed after it), truncated or inconsistent (a page is missing).
        """
        pages, self.paged = Pages(self._place, doing), False
        while True:
            tail = cli_text.tail_of(screen.tail(), screen.last_line())
            if greeting and tail in (Tail.PAGER, Tail.FILE_PAGER):
                tail = Tail.NOTHING
            left = end - time.monotonic()
            if left <= 0:
                raise self._place.error(
                    Reason.TIMEOUT, doing, _SLOW_HINT, f"no prompt in time; last: {_end_of(screen)}"
                )
            patience = GREETING_QUESTION_SECONDS if greeting and tail is not Tail.PROMPT else quiet
            # On a slow line pieces of an answer lie further apart; on a quick one they do not lie closer.
            pause = None if tail is Tail.NOTHING else max(tail.seconds, patience) * max(1.0, self._place.patience)
            data = self._receive(left if pause is None else min(left, pause))
            if data:
                self._take(screen, data, doing)
            elif data is not None:
                raise self._place.error(Reason.DISCONNECTED, doing, _LOST_HINT, f"last: {_end_of(screen)}")
            elif pause is not None and pause <= left and self._act(tail, screen, pages, doing):
                return

    def _act(self, tail: Tail, screen: Screen, pages: "Pages", doing: str) -> bool:
        """Do what the end of the output calls for; return True when it is the prompt and the answer is whole."""
        if tail is Tail.PROMPT:
            pages.finish()
            return True
        if tail in (Tail.QUESTION, Tail.ASKED_ABOVE):
            self.close()
            raise self._place.error(
                Reason.UNEXPECTED_PROMPT, doing, _QUESTION_HINT, f"the node asks: {_end_of(screen)}"
            )
        self.paged = self.paged or tail is Tail.PAGER
        key = pages.turn(screen) if tail is Tail.FILE_PAGER else " "
        screen.drop_tail(key)
        self.press(key)
        return False

    def _take(self, screen: Screen, data: bytes, doing: str) -> None:
        self.last_byte = dt.datetime.now(dt.UTC)
        screen.feed(data)
        if screen.received > MOST_BYTES:
            raise self._place.error(Reason.TOO_LARGE, doing, detail=f"more than {MOST_BYTES // 1024 // 1024} MiB")

    def _receive(self, seconds: float) -> bytes | None:
        """Return what came, b'' at the end of the connection, None when nothing came within ``seconds``."""
        self._channel.settimeout(seconds)
        try:
            return self._channel.recv(65536)
        except TimeoutError:
            return None
        except OSError:
            return b""

    def _put(self, text: str, operation: str) -> None:
        """Send what the guard has let through; the only line of the SSH side that types."""
        self._journal.sent(source=Source.SSH, node=self._place.node, operation=operation)
        self._channel.settimeout(_SEND_SECONDS * self._place.patience)
        failed = False
        try:
            self._channel.sendall(text.encode("ascii"))
        except OSError:  # closed, or the window stays shut
            failed = True
        if failed:
            raise self._place.error(Reason.DISCONNECTED, f"typing {operation}", _LOST_HINT, "the session is closed")


class Pages:
    """The pages of one file, as its pager counts them: a page that is lost must not make a short file."""

    def __init__(self, place: Place, doing: str) -> None:
        self._place, self._doing = place, doing
        self._last, self._total, self._complete = 0, 0, True

    def turn(self, screen: Screen) -> str:
        """Return the key for the pager line at the end of the screen: n, or q on the last page."""
        found = cli_text.FILE_PAGER.fullmatch(screen.tail())
        assert found is not None
        first, last, total = (int(number) for number in found.groups())
        if first > self._last + 1:
            raise self._error(Reason.TRUNCATED, f"the pager went from line {self._last} to {first}")
        empty = total == last == self._last == 0
        if not empty and not (self._last < first <= last <= total and total >= self._total):
            raise self._error(Reason.INCONSISTENT, f"lines {first} - {last} of {total} came after line {self._last}")
        self._last, self._total, self._complete = last, total, last == total
        at_end = screen.last_line().strip() == cli_text.END_OF_FILE
        if at_end:
            screen.drop_last_line()
        if at_end and not self._complete:
            raise self._error(Reason.TRUNCATED, f"the file ended at line {last} of {total}")
        return "q" if self._complete else "n"

    def finish(self) -> None:
        """Raise truncated when the prompt came back before the last page."""
        if not self._complete:
            raise self._error(Reason.TRUNCATED, f"the prompt came after line {self._last} of {self._total}")

    def _error(self, reason: Reason, detail: str) -> ClientError:
        return self._place.error(reason, self._doing, _PAGES_HINT, detail)


_SLOW_HINT = "The node did not finish in time. Is it under load? Run the audit again, or type the command by hand."
_PAGES_HINT = "The file was not read as a whole; it may have changed meanwhile. Run the audit again."
_LOST_HINT = "The session ended too early. Run the audit again; if it stays so, look at the node's load and network."
_QUESTION_HINT = "The node asked something; nothing was answered. Type the command by hand to see what it wants."


def _end_of(screen: Screen) -> str:
    return repr((screen.tail().strip() or screen.last_line().strip())[-120:])
