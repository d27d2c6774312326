"""Certificates: what a node shows in the TLS handshake, and what its certificate interface (release 14 on) lists.

Reading only, with an account of the platform (reference: axl-database.md section 9).
"""

import json
from typing import TYPE_CHECKING, Any

from cucm_audit.clients import ClientError
from cucm_audit.clients.dial import Certificate, peek_certificate
from cucm_audit.clients.http import Session
from cucm_audit.model import Node, Reason, Source

if TYPE_CHECKING:
    from cucm_audit.clients.journal import Journal
    from cucm_audit.secrets import Account
    from cucm_audit.trust import TrustStore

__all__ = ["Certificate", "Certificates", "peek_certificate"]

#: Path and query of what can be read.
PAGES = {
    "snapshot": "/platformcom/api/v1/certmgr/config/snapshot/server",
    "identity": "/platformcom/api/v1/certmgr/config/identity/certificate?service=tomcat",
    "trust": "/platformcom/api/v1/certmgr/config/trust/certificate?service=tomcat",
}


class Certificates:
    """The certificate interface of one node. ``account`` is of the platform, not of AXL."""

    def __init__(
        self,
        node: Node,
        account: "Account",
        trust: "TrustStore",
        journal: "Journal",
        *,
        ca_file: str | None = None,
        deadline: float = 30.0,
    ) -> None:
        self._session = Session(node, account, trust, journal, source=Source.WEB, ca_file=ca_file, deadline=deadline)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def get(self, page: str) -> Any:
        """Return the JSON of "snapshot", "identity" or "trust", as it came: no source here describes its members.

        Raises :class:`ClientError`: permission_denied, service_not_activated (before release 14), redirected,
        malformed.
        """
        place, doing = self._session.place, f"reading the {page} certificates"
        answer = self._session.get(PAGES[page], doing=doing, accept="application/json")
        reasons = {403: Reason.PERMISSION_DENIED, 404: Reason.SERVICE_NOT_ACTIVATED, 503: Reason.THROTTLED}
        if answer.status != 200:
            reason = Reason.REDIRECTED if 300 <= answer.status < 400 else reasons.get(answer.status, Reason.MALFORMED)
            raise place.error(reason, doing, "The interface exists from release 14 on.", f"HTTP {answer.status}")
        trouble: ClientError | None = None
        try:
            return json.loads(answer.body)
        except ValueError:
            trouble = place.error(Reason.MALFORMED, doing, "This is not JSON.", answer.content_type[:80])
        raise trouble
