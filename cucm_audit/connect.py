"""Who logs in where: makes the clients of one run, so that the rest of the collector only names a node.

A client is made late and imports its protocol's library then. ``close`` ends what is open, from any thread.
"""

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from cucm_audit.clients import ClientError
from cucm_audit.clients.journal import Journal
from cucm_audit.model import Node, Reason, Source

if TYPE_CHECKING:
    from cucm_audit.clients.axl import Axl
    from cucm_audit.clients.pace import Gate
    from cucm_audit.clients.ris import Ris
    from cucm_audit.clients.services import Services
    from cucm_audit.clients.ssh import Ssh
    from cucm_audit.clients.web import Web
    from cucm_audit.secrets import Account
    from cucm_audit.trust import TrustStore

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """The two accounts of a cluster: ``application`` (AXL, serviceability) and ``platform`` (SSH). None = not given."""

    application: "Account | None" = None
    platform: "Account | None" = None


class Clients:
    """Makes clients that trust the same pins and use the same accounts. ClientError where an account is missing."""

    def __init__(
        self,
        trust: "TrustStore",
        accounts: Accounts,
        *,
        ca_file: str | None = None,
        timeout_factor: float = 1.0,
        axl_a_second: float | None = None,
        axl_page: int = 5000,
    ) -> None:
        self._trust = trust
        self._accounts = accounts
        self.ca_file = ca_file
        self._factor = timeout_factor
        self._axl_a_second = axl_a_second
        self._axl_page = axl_page
        self._gates: dict[tuple[str, int], Gate] = {}
        self._lock = threading.Lock()
        self._open: list[Any] = []

    def axl(self, node: Node, journal: Journal) -> "Axl":
        """Return an AXL client of a node; nothing is sent yet."""
        from cucm_audit.clients.axl import Axl

        account = self._application(node, Source.AXL)
        return self._kept(
            Axl(
                node,
                account,
                self._trust,
                journal,
                ca_file=self.ca_file,
                patience=self._factor,
                page=self._axl_page,
                gate=self._gate(node),
            )
        )

    def _gate(self, node: Node) -> "Gate":
        """Return the one gate of a node's AXL."""
        from cucm_audit.clients.pace import AXL_A_SECOND, Gate

        with self._lock:
            return self._gates.setdefault((node.address, node.https_port), Gate(self._axl_a_second or AXL_A_SECOND))

    def ease(self, a_second: float) -> None:
        """Slow AXL down on every node, from the next request on."""
        with self._lock:
            self._axl_a_second = a_second
            for gate in self._gates.values():
                gate.ease(a_second)

    def ris(
        self,
        node: Node,
        journal: Journal,
        *,
        per_minute: int,
        chunk: int,
        pace: float,
        waiting: Callable[[float], None],
    ) -> "Ris":
        """Return a RIS client of a node, paced at ``pace`` times ``per_minute``."""
        from cucm_audit.clients.ris import Ris

        account = self._application(node, Source.RIS)
        return self._kept(
            Ris(
                node,
                account,
                self._trust,
                journal,
                per_minute=per_minute,
                chunk=chunk,
                pace=pace,
                ca_file=self.ca_file,
                patience=self._factor,
                waiting=waiting,
            )
        )

    def services(self, node: Node, journal: Journal) -> "Services":
        """Return a Control Center and PerfMon client of a node."""
        from cucm_audit.clients.services import Services

        account = self._application(node, Source.SERVICES)
        return self._kept(Services(node, account, self._trust, journal, ca_file=self.ca_file, patience=self._factor))

    def web(self, node: Node, journal: Journal) -> "Web":
        """Return a client of the phones' pages on a node; it logs in nowhere."""
        from cucm_audit.clients.web import Web

        return self._kept(Web(node, self._trust, journal, patience=self._factor))

    def ssh(self, node: Node, journal: Journal) -> "Ssh":
        """Return an open SSH session on a node. ClientError when it cannot be opened."""
        from cucm_audit.clients.ssh import Ssh

        account = self._accounts.platform
        if account is None:
            raise ClientError(
                node=node.name,
                source=Source.SSH.value,
                doing="logging in",
                reason=Reason.PERMISSION_DENIED,
                hint="Name an OS administrator in [cluster.NAME.platform], or leave the CLI out with --without ssh",
                detail="no OS account is configured",
            )
        ssh = self._kept(
            Ssh(
                node,
                account,
                self._trust,
                journal,
                patience=self._factor,
            )
        )
        ssh.open()
        return ssh

    @property
    def patience(self) -> float:
        """By how much every time limit is stretched."""
        return self._factor

    @property
    def has_platform(self) -> bool:
        """True when an OS account is configured."""
        return self._accounts.platform is not None

    def close(self, seconds: float = 1.0) -> None:
        """Close what is open. A close that hangs is left to its own (daemon) thread after ``seconds``."""
        with self._lock:
            clients, self._open = self._open, []
        threads = [threading.Thread(target=_close, args=(client,), name="close", daemon=True) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(seconds / len(threads))

    def _application(self, node: Node, source: Source) -> "Account":
        if self._accounts.application is None:
            raise ClientError(
                node=node.name,
                source=source.value,
                doing="logging in",
                reason=Reason.PERMISSION_DENIED,
                hint="Name an application user in [cluster.NAME.application]",
                detail="no application user is configured",
            )
        return self._accounts.application

    def _kept(self, client: _T) -> _T:
        with self._lock:
            self._open.append(client)
        return client


def _close(client: Any) -> None:
    close = getattr(client, "close", None)
    if close is not None:
        with contextlib.suppress(Exception):  # it may be in the middle of an answer that nobody wants any more
            close()
