"""Whom a client talks to."""

from dataclasses import dataclass

from cucm_audit.clients import ClientError
from cucm_audit.model import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Whom we talk to and what about: the words that every error of a connection needs.

    ``patience`` stretches every time limit on the way there: more than 1 for a slow line.
    """

    node: str
    address: str
    port: int
    source: str
    patience: float = 1.0

    def error(self, reason: Reason, doing: str, hint: str = "", detail: str = "") -> ClientError:
        """Return a :class:`ClientError` about this place."""
        return ClientError(node=self.node, source=self.source, doing=doing, reason=reason, hint=hint, detail=detail)

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"
