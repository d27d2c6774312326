"""Two pages that phones ask for, the Extension Mobility form and the list of services, for a phone that is not there.

Never a user, a PIN (seq) or doLogout: a GET with doLogout logs somebody out (reference: serviceability.md section 5.1).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cucm_audit.clients.http import Session
from cucm_audit.model import Node, Source

if TYPE_CHECKING:
    from cucm_audit.clients.journal import Journal
    from cucm_audit.trust import TrustStore

#: Path and query of each page, as phones ask for it.
PAGES = {
    "em": "/emapp/EMAppServlet?device=SEP000000000000",
    "services": "/ccmcip/getservicesmenu.jsp",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAnswer:
    """What a page gave: the URL asked, the HTTP status (redirects are not followed), and the milliseconds it took."""

    url: str
    status: int
    millis: int


class Web:
    """The phones' pages on one node, over plain HTTP as phones use it by default. No account is ever sent."""

    def __init__(
        self, node: Node, trust: "TrustStore", journal: "Journal", *, deadline: float = 15.0, patience: float = 1.0
    ) -> None:
        self.requests = 0
        self._session = Session(
            node, None, trust, journal, source=Source.WEB, deadline=deadline, patience=patience, scheme="http"
        )

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def get(self, page: str) -> WebAnswer:
        """Fetch "em" or "services".

        Raises :class:`ClientError` when no HTTP answer came at all, KeyError for another page.
        """
        path = PAGES[page]
        self.requests += 1
        answer = self._session.get(path, doing=f"fetching the {page} page")
        return WebAnswer(url=f"http://{self._session.place}{path}", status=answer.status, millis=answer.millis)
