"""The only room that opens a socket or imports zeep, requests or paramiko. One module a protocol.

Everything that can go wrong on the way to a node becomes a :class:`ClientError` with a reason of the closed list.
"""

from cucm_audit.model import Reason


class ClientError(Exception):
    """A node did not give what it was asked for.

    ``node`` is the node's name ('' when the whole cluster is meant), ``source`` one of axl, ris, services, ssh, web;
    ``doing`` says in a few words what was under way; ``hint`` is what a person can do about it.
    Texts never hold a secret. ``detail`` may hold (a short piece of) what the server said.
    """

    def __init__(self, *, node: str, source: str, doing: str, reason: Reason, hint: str = "", detail: str = "") -> None:
        self.node = node
        self.source = source
        self.doing = doing
        self.reason = reason
        self.hint = hint
        self.detail = detail
        super().__init__(f"{node or 'cluster'}: {doing}: {reason.value}" + (f" ({detail})" if detail else ""))


class WriteBlocked(Exception):
    """Something outside the fixed table of read operations was about to be sent. It never reached a socket."""
