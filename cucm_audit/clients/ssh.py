"""The platform CLI over SSH: one session a node, commands of the catalogue one after the other, clean answers.

Nothing is typed but whole commands of ``commands.py``, the pagers' keys and ``quit``. A question is never answered: the
session is closed. Behaviour of the CLI: reference cli.md section 2.
"""

import datetime as dt
import threading
import time
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING

from cucm_audit.clients import ClientError, cli_text, paged, ssh_login
from cucm_audit.clients.commands import PAGINATION_OFF, Command, Paged
from cucm_audit.clients.dial import Deadline, Place
from cucm_audit.clients.guard import SSH_LOGIN, Journal, check_command
from cucm_audit.clients.screen import Screen
from cucm_audit.clients.ssh_connect import HostKey, connect_trusted, peek_host_key
from cucm_audit.clients.terminal import Terminal
from cucm_audit.model import Node, Reason, Source

if TYPE_CHECKING:
    import paramiko

    from cucm_audit.secrets import Account
    from cucm_audit.trust import TrustStore

__all__ = ["CliAnswer", "HostKey", "Ssh", "peek_host_key"]

UNKNOWN_ANSWER_QUIET = 2.0  # seconds after which an unfamiliar answer to the first command counts as its answer
_LOST_HINT = "Two sessions with this node were lost; see the errors of the commands before, and run the audit again."
_HINTS = {
    Reason.BUSY: "The node is busy or an upgrade is under way: wait for its end and run the audit again.",
    Reason.LOCKED: "Somebody else holds the command line: wait, or ask who is logged in.",
    Reason.PERMISSION_DENIED: "Use an OS administrator of privilege level 1.",
    Reason.NOT_SUPPORTED: "This release does not know the command.",
    Reason.MALFORMED: "Type the command by hand on the node to see what it says.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CliAnswer:
    """What a command printed: LF only, without echo, prompt and pager lines.

    ``started`` is when it was typed, ``ended`` when its last byte came; both are our clock, UTC. ``steady`` is the same
    beginning in seconds of a clock that nobody sets. ``paged`` says that it came over the pager that counts nothing,
    ``doubt`` why it may be short after all, '' when it is whole.
    """

    command: str
    text: str
    started: dt.datetime
    ended: dt.datetime
    paged: bool = False
    doubt: str = ""
    steady: float = 0.0


class Ssh:
    """One node's command line. Answers and errors are remembered: a command is typed once.

    ``busy`` is what the node said when it did not let the pager be switched off, as it does during an upgrade.

    ``first_prompt`` and ``connect_timeout`` are seconds; ``patience`` stretches them and all others. After a lost
    session (timeout, question, disconnect) the next command opens a new one, once; a login that failed is never
    repeated. Every method raises :class:`ClientError`.
    """

    def __init__(
        self,
        node: Node,
        account: "Account",
        trust: "TrustStore",
        journal: Journal,
        *,
        first_prompt: float = 120.0,
        connect_timeout: float = 5.0,
        patience: float = 1.0,
    ) -> None:
        self.greeting = ""
        self.busy = ""
        self._place = Place(
            node=node.name, address=node.address, port=node.ssh_port, source=Source.SSH, patience=patience
        )
        self._account, self._trust, self._journal = account, trust, journal
        self._first_prompt, self._connect_timeout = first_prompt, connect_timeout
        self._lock = threading.RLock()
        self._known: dict[str, CliAnswer | ClientError] = {}
        self._transport: paramiko.Transport | None = None
        self._terminal: Terminal | None = None
        self._openings = 0
        self._failed: ClientError | None = None  # why no session can be had any more
        self._mute = False  # this session echoes nothing

    def __enter__(self) -> "Ssh":
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open(self) -> None:
        """Log in, wait for the first prompt and switch the pager off. Does nothing when a session is open."""
        with self._lock:
            if self._terminal is not None:
                return
            if self._failed:
                raise self._failed.with_traceback(None)
            if self._openings > 1:
                raise self._place.error(Reason.DISCONNECTED, "logging in", _LOST_HINT, "the session was lost twice")
            self._openings += 1
            try:
                terminal = self._log_in()
                self._greet(terminal)
                self._first_command(terminal)
            except ClientError as error:
                self._failed = error
                raise
            finally:
                if self._failed or self._terminal is None:
                    self._drop()

    def run(self, command: Command) -> CliAnswer:
        """Return the answer of one command of the catalogue; the second time from memory."""
        with self._lock:
            if command.text not in self._known:
                check_command(command.text)
                self._known[command.text] = self._ask(command)
            known = self._known[command.text]
        if isinstance(known, ClientError):
            raise known.with_traceback(None)
        return known

    def answered(self, command: Command) -> CliAnswer | None:
        """Return what is remembered of a command, None when it was not answered (yet)."""
        known = self._known.get(command.text)
        return known if isinstance(known, CliAnswer) else None

    def again(self, command: Command) -> CliAnswer:
        """Type a command although its answer is known, and return the new one, which is not remembered."""
        with self._lock:
            check_command(command.text)
            known = self._ask(command)
        if isinstance(known, ClientError):
            raise known.with_traceback(None)
        return known

    def close(self) -> None:
        """Leave with ``quit``, then close; cut the connection when another thread is in mid-command. Never raises."""
        if not self._lock.acquire(timeout=0.2):
            self._cut()
            return
        try:
            if self._terminal is not None:
                self._terminal.quit()
        except ClientError:
            pass  # it is gone already
        finally:
            self._drop()
            self._lock.release()

    def _cut(self) -> None:
        """End what another thread is waiting for; its command, and all that follow, raise ClientError."""
        hint = "Run the audit again."
        self._failed = self._place.error(Reason.INTERRUPTED, "closing the session", hint, "the run was ended")
        transport = self._transport
        if transport is not None:
            transport.close()

    # --- a session --------------------------------------------------------------------------------------------------

    def _log_in(self) -> Terminal:
        place, known = self._place, self._trust.ssh(self._place.address, self._place.port)
        user = f"{self._account.user} (OS)"  # the platform's accounts are not those of AXL, even under the same name
        if self._journal.refused(address=place.address, user=user):
            raise place.error(
                Reason.AUTH_FAILED, "logging in", "The node refused this password before.", "not tried again"
            )
        with Deadline(ssh_login.LOGIN_SECONDS * place.patience) as deadline:
            self._transport = connect_trusted(place, known, deadline, self._connect_timeout)
            self._journal.sent(source=Source.SSH, node=place.node, operation=SSH_LOGIN)
            try:
                ssh_login.authenticate(self._transport, place, self._account, deadline)
            except ClientError as error:
                if error.reason is Reason.AUTH_FAILED:
                    self._journal.answered(address=place.address, user=user, accepted=False)
                raise
            self._journal.answered(address=place.address, user=user, accepted=True)
            return Terminal(ssh_login.open_shell(self._transport, place, deadline), place, self._journal)

    def _greet(self, terminal: Terminal) -> None:
        """Read up to the first prompt. Nothing is typed before it (what is typed ahead comes back in a muddle)."""
        screen = Screen()
        trouble: ClientError | None = None
        try:
            end = time.monotonic() + self._first_prompt * self._place.patience
            terminal.read(screen, end, "waiting for the first prompt", greeting=True)
        except ClientError as error:
            trouble = ssh_login.greeting_error(error, self._place, "\n".join([*screen.lines, screen.tail()]))
        self.greeting = "\n".join(screen.lines).strip("\n")
        if trouble:
            raise trouble

    def _first_command(self, terminal: Terminal) -> None:
        """Switch the pager off, and see by the answer that what looked like a prompt is one (a banner may hold it).

        A node that does not know the command, or does not allow it now, is fine: the pagers are driven as well.
        """
        text = PAGINATION_OFF.text
        screen, started, doing = Screen(), dt.datetime.now(dt.UTC), f"typing {text}"
        terminal.type(PAGINATION_OFF)
        end = time.monotonic() + self._first_prompt * self._place.patience
        terminal.read(screen, end, doing)
        answer = self._first_answer(screen)
        while answer is None or not cli_text.is_first_answer(answer):
            before = screen.received
            terminal.read(screen, end, doing, quiet=UNKNOWN_ANSWER_QUIET)
            answer = self._first_answer(screen)
            if screen.received == before:
                break
        if answer is None:
            hint = "What looked like the prompt did not answer as one. Log in by hand and look at the greeting."
            raise self._place.error(Reason.MALFORMED, doing, hint, "the prompt was not confirmed")
        refused = cli_text.refusal(answer)
        self.busy = refused[1] if refused and refused[0] is Reason.BUSY else ""
        self._known.setdefault(text, _answer(text, answer, started, terminal))
        self._terminal = terminal

    def _first_answer(self, screen: Screen) -> list[str] | None:
        """Return what follows the echo of the first command, or the known answer alone where nothing is echoed."""
        echoed = cli_text.after_echo(screen.lines, PAGINATION_OFF.text, last=True)
        alone = cli_text.first_without_echo(screen.lines) if echoed is None else None
        self._mute = alone is not None
        return alone if echoed is None else echoed

    def _ask(self, command: Command) -> CliAnswer | ClientError:
        doing = f"typing {command.text}"
        try:
            answer = self._read(command, doing)
            if not answer.paged or command.paged is Paged.ITSELF:
                return answer
            if command.paged is Paged.NOTHING:
                return replace(answer, doubt=paged.ONCE)
            answer, doubt = paged.agreed(answer, lambda: self._read(command, doing))
            return replace(answer, doubt=doubt)
        except ClientError as error:
            return error.with_traceback(None)

    def _read(self, command: Command, doing: str) -> CliAnswer:
        self.open()
        assert self._terminal is not None
        terminal, screen, started = self._terminal, Screen(), dt.datetime.now(dt.UTC)
        steady = time.monotonic()
        try:
            terminal.type(command)
            terminal.read(screen, time.monotonic() + command.timeout * self._place.patience, doing)
            lines = cli_text.after_echo(screen.lines, command.text)
            if lines is None and self._mute:
                lines = cli_text.without_prompts(screen.lines)
            if lines is None:
                raise self._place.error(Reason.MALFORMED, doing, detail="the answer does not begin with the command")
        except ClientError:
            self._drop()
            raise
        refused = cli_text.refusal(lines)
        if refused:
            raise self._place.error(refused[0], doing, _HINTS.get(refused[0], ""), refused[1])
        return replace(_answer(command.text, lines, started, terminal), steady=steady)

    def _drop(self) -> None:
        """Close without a word."""
        terminal, transport = self._terminal, self._transport
        self._terminal = self._transport = None
        if terminal is not None:
            terminal.close()
        if transport is not None:
            transport.close()


def _answer(command: str, lines: list[str], started: dt.datetime, terminal: Terminal) -> CliAnswer:
    text = "\n".join(lines)
    return CliAnswer(command=command, text=text, started=started, ended=terminal.last_byte, paged=terminal.paged)
