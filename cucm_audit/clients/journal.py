"""The record of what was sent, and of who was refused: one a run, shared by every client."""

import threading
from collections import Counter

from cucm_audit.clients import ClientError
from cucm_audit.clients.commands import QUIT
from cucm_audit.model import Reason, Source

#: The operation's name under which an SSH login is recorded; every other SSH operation is a command that was typed.
SSH_LOGIN = "login"


#: For what a run did not get to.
SPENT_HINT = "Raise it in the cluster file, [cluster.NAME.budget], or ask for less (--check, --limit)"


def _of_another(operation: str) -> bool:
    """Return True for what belongs to a command that was sent: turning its pages, and leaving."""
    return operation == QUIT or operation.startswith("key ")


class Journal:
    """What left this program, in order. Thread-safe.

    It also remembers which account a node refused or accepted: a password that was refused once is not tried again on
    that node by another client of the run, because CUCM locks accounts. ``most`` is how much may be sent, None = all.
    """

    def __init__(self) -> None:
        self.most: int | None = None
        self._lock = threading.RLock()  # a signal may want the counts while its own thread has it
        self._sent: list[tuple[Source, str, str]] = []
        self._accounts: dict[tuple[str, str], bool] = {}

    def sent(self, *, source: Source, node: str, operation: str) -> None:
        """Record one operation, just before it is sent. ClientError (budget) instead of one more than ``most``."""
        with self._lock:
            if self.most is not None and len(self._sent) >= self.most and not _of_another(operation):
                raise ClientError(
                    node=node,
                    source=source.value,
                    doing="asking",
                    reason=Reason.BUDGET,
                    hint=SPENT_HINT,
                    detail=f"the {self.most} requests that this run may send are used up",
                )
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
