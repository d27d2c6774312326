"""Which part of a node answers which path."""

from collections.abc import Callable

from cucm_audit.simulator import axl, certmgr, perfmon, ris, services, web_pages
from cucm_audit.simulator.exchange import Exchange, Reply, page

#: Path (without a slash at the end) and who answers; these speak HTTPS only.
SECURE: dict[str, Callable[[Exchange], Reply]] = {
    "/axl": axl.answer,
    "/realtimeservice2/services/RISService70": ris.answer,
    "/controlcenterservice2/services/ControlCenterServices": services.answer,
    "/perfmonservice2/services/PerfmonService": perfmon.answer,
}


def answer(exchange: Exchange) -> Reply:
    """Return the node's answer to a request."""
    path = exchange.path.rstrip("/")
    if exchange.secure and path in SECURE:
        if exchange.query.lower() == "wsdl":
            return page(404, exchange.path)
        return SECURE[path](exchange)
    if exchange.secure and path.startswith(certmgr.ROOT):
        return certmgr.answer(exchange)
    return web_pages.answer(exchange) or page(404, exchange.path)
