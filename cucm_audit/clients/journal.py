"""The record of what was sent, and of who was refused: one a run, shared by every client."""

import threading
from collections import Counter

from cucm_audit.model import Source

#: The operation's name under which an SSH login is recorded; every other SSH operation is a command that was typed.
SSH_LOGIN = "login"


class Journal:
    """What left this program, in order. Thread-safe.

    It also remembers which account a node refused or accepted: a password that was refused once is not tried again on
    that node by another client of the run, because CUCM locks accounts.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sent: list[tuple[Source, str, str]] = []
        self._accounts: dict[tuple[str, str], bool] = {}

    def sent(self, *, source: Source, node: str, operation: str) -> None:
        """Record one operation, just before it is sent."""
        with self._lock:
            self._sent.append((source, node, operation))

    @property
    def operations(self) -> list[tuple[Source, str, str]]:
        """(source, node, operation) of everything that was sent so far."""
        with self._lock:
            return list(self._sent)

    def counts(self) -> dict[str, int]:
        """Return how many requests went to axl, ris, services and web, and how many SSH logins and commands."""
        tally = Counter(
            source.value if source is not Source.SSH else ("ssh_sessions" if operation == SSH_LOGIN else "cli_commands")
            for source, _, operation in self.operations
        )
        return {name: tally[name] for name in ("axl", "ris", "services", "web", "ssh_sessions", "cli_commands")}

    def answered(self, *, address: str, user: str, accepted: bool) -> None:
        """Record whether the node at ``address`` let ``user`` in.

        Once let in, it stays so: a later 401 is a missing role.
        """
        with self._lock:
            known = self._accounts.get((address, user), False)
            self._accounts[(address, user)] = known or accepted

    def refused(self, *, address: str, user: str) -> bool:
        """Return True when the node at ``address`` has refused ``user`` in this run and never let it in."""
        with self._lock:
            return self._accounts.get((address, user)) is False
