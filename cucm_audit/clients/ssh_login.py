"""The login over SSH and the opening of the shell: one password, once.

A question for a new password is never answered. paramiko's own sequence would answer it, with the old one, so the steps
are taken one by one here. Reference: cli.md section 2.2.
"""

import re
from typing import TYPE_CHECKING, NoReturn

from cucm_audit.clients import ClientError, cli_text
from cucm_audit.clients.dial import Deadline, Place
from cucm_audit.clients.ssh_connect import attempt
from cucm_audit.model import Reason

if TYPE_CHECKING:
    import paramiko

    from cucm_audit.secrets import Account

LOGIN_SECONDS = 120.0  # connection, key exchange, authentication and the opening of the shell together


def authenticate(transport: "paramiko.Transport", place: Place, account: "Account", deadline: Deadline) -> None:
    """Log in: ``password``, or keyboard-interactive where that is the only way. One attempt, never a second password.

    Raises :class:`ClientError`: auth_failed, password_expired, timeout, disconnected.
    """
    import paramiko

    transport.auth_timeout = deadline.left()
    left: list[str] = []
    failure = attempt(lambda: left.extend(transport.auth_password(account.user, _password(account), fallback=False)))
    if isinstance(failure, paramiko.BadAuthenticationType) and "keyboard-interactive" in failure.allowed_types:
        dialogue = _Dialogue(account)
        failure = attempt(lambda: left.extend(transport.auth_interactive(account.user, dialogue.answer)))
        failure = dialogue.trouble or failure
    if failure is None and not left:
        return
    raise (
        _no_login(place, failure, deadline)
        if failure
        else place.error(
            Reason.AUTH_FAILED, "logging in", _SECOND_FACTOR, f"the node wants more than a password: {', '.join(left)}"
        )
    )


_TOO_MANY = re.compile(r"maximum\b.{0,60}\bsession|too many\b.{0,30}\b(?:session|login)|session limit", re.I)
_ASKS_FOR_NEW = re.compile(r"\bnew\b|\bre-?(?:type|enter)\b|\bchange\b|\bcurrent\b")
_SECOND_FACTOR = "Use an OS administrator account without a second factor for the audit."
_CHANGE_PASSWORD = (
    "Log in by hand with this OS administrator account and change its password; the audit never does that."  # noqa: S105 - a sentence
)


def _password(account: "Account") -> str:
    """Unwrap the password: the one line of the SSH side that does."""
    return account.password.reveal()


class _Dialogue:
    """Answers one question for the password, once; everything else that the node may ask ends the login."""

    def __init__(self, account: "Account") -> None:
        self._account = account
        self._answered = False
        self.trouble: Exception | None = None

    def answer(self, title: str, instructions: str, prompts: list[tuple[str, bool]]) -> list[str]:
        """Return the answers to one set of prompts; raise (in paramiko's thread) what ends the login."""
        if not prompts:
            return []  # a message without a question has to be acknowledged
        asked = prompts[0][0].lower()
        if _ASKS_FOR_NEW.search(asked) or "expired" in f"{title} {instructions}".lower():
            self._stop(_Expired("the node asks for a new password"))
        if len(prompts) > 1 or "pass" not in asked:
            self._stop(_SomethingElse("the node asks for something else than a password"))
        if self._answered:
            self._stop(_Refused("the password was refused"))
        self._answered = True
        return [_password(self._account)]

    def _stop(self, trouble: Exception) -> NoReturn:
        self.trouble = trouble
        raise trouble


class _Expired(Exception):
    pass


class _SomethingElse(Exception):
    pass


class _Refused(Exception):
    pass


def open_shell(transport: "paramiko.Transport", place: Place, deadline: Deadline) -> "paramiko.Channel":
    """Return a shell on a wide and tall terminal (a narrow one wraps the echo, a short one pages).

    Raises :class:`ClientError`: session_limit when the node closes the door again, timeout.
    """
    opened: list[paramiko.Channel] = []
    failure = attempt(lambda: opened.append(transport.open_session(timeout=deadline.left())))
    if failure is None:
        channel = opened[0]
        channel.set_combine_stderr(True)
        failure = attempt(lambda: channel.get_pty(term="vt100", width=400, height=1000))
        failure = failure or attempt(channel.invoke_shell)
        if failure is None:
            transport.set_keepalive(30)
            return channel
    doing, words = "opening the shell", str(failure)[:200]
    if deadline.passed or "timeout" in words.lower():
        raise place.error(Reason.TIMEOUT, doing, "The node did not open a shell in time; try again.", "no answer")
    raise place.error(Reason.SESSION_LIMIT, doing, SESSION_LIMIT_HINT, words)


SESSION_LIMIT_HINT = (
    "The node closes new sessions: probably as many are open as it allows (show session maxlimit). "
    "Close some, or wait for the idle ones to time out."
)


def _no_login(place: Place, failure: Exception, deadline: Deadline) -> ClientError:
    import paramiko

    doing, words = "logging in", str(failure)[:200]
    # A request to change the password comes, in the password method, as a message that paramiko calls illegal.
    if isinstance(failure, _Expired) or "Illegal info request" in words:
        return place.error(Reason.PASSWORD_EXPIRED, doing, _CHANGE_PASSWORD, "the node asks for a new password")
    if deadline.passed or "timeout" in words.lower():
        return place.error(Reason.TIMEOUT, doing, "The node did not answer the login in time; try again.", "no answer")
    if "EOF" in words or "transport shut down" in words:
        return place.error(Reason.DISCONNECTED, doing, "The node closed the connection during the login.", words)
    if isinstance(failure, _SomethingElse):
        return place.error(Reason.AUTH_FAILED, doing, _SECOND_FACTOR, words)
    if isinstance(failure, (_Refused, paramiko.AuthenticationException)):
        hint = (
            "Check user and password of the OS administrator ([cluster.<name>.platform], not the application user). "
            "It was tried once and is not tried again: CUCM locks accounts."
        )
        return place.error(Reason.AUTH_FAILED, doing, hint, words)
    return place.error(Reason.DISCONNECTED, doing, "The connection was lost during the login; try again.", words)


def greeting_error(error: ClientError, place: Place, text: str) -> ClientError:
    """Return what it means that the greeting ``text`` never came to a prompt."""
    doing, words = "waiting for the first prompt", text.strip()[-200:]
    if error.reason in (Reason.UNEXPECTED_PROMPT, Reason.TIMEOUT) and cli_text.asks_for_new_password(text):
        return place.error(Reason.PASSWORD_EXPIRED, doing, _CHANGE_PASSWORD, "the node asks for a new password")
    if error.reason is Reason.DISCONNECTED and (not words or _TOO_MANY.search(text)):
        return place.error(Reason.SESSION_LIMIT, doing, SESSION_LIMIT_HINT, words)
    return error
