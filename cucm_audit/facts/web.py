"""Do the pages that phones fetch answer? A GET with a device that does not exist; never a user, a PIN or a logout.

Reference: serviceability.md sections 5.1 and 6. No check reads this yet: it is asked only when somebody wants it.
"""

from collections.abc import Iterator

from cucm_audit.facts import Ask, Fact, Per, Row
from cucm_audit.model import Source

#: Page of the client -> the service that has to be activated on the node; '' = every voice node has it.
_PAGES = {"em": "Cisco Extension Mobility", "services": ""}
_ACTIVE = "select 1 from activated_service where node = ? and service = ? and active = 1"


def gather_web_page(ask: Ask) -> Iterator[Row]:
    """Yield the pages of one node. ClientError when it does not answer, also after the first page."""
    assert ask.web is not None
    assert ask.node is not None
    for page, service in _PAGES.items():
        if service and not list(ask.select(_ACTIVE, (ask.node.name, service))):
            continue
        answer = ask.web.get(page)
        yield {
            "node": ask.node.name,
            "page": page,
            "url": answer.url,
            "status": answer.status,
            "millis": answer.millis,
        }


FACTS: tuple[Fact, ...] = (
    Fact(
        table="web_page",
        per=Per.VOICE_NODE,
        source=Source.WEB,
        gather=gather_web_page,
        asks=("GET em page", "GET services page"),
        needs=("activated_service",),
    ),
)
