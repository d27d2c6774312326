"""Which part of a node answers which path."""

import traceback
from collections.abc import Callable

from cucm_audit.simulator import axl, certmgr, descriptions, perfmon, ris, services, soap, web_pages
from cucm_audit.simulator.exchange import HTML, XML, Exchange, Reply, page

#: Path (without a slash at the end) and who answers; these speak HTTPS only.
SECURE: dict[str, Callable[[Exchange], Reply]] = {
    "/axl": axl.answer,
    "/realtimeservice2/services/RISService70": ris.answer,
    "/controlcenterservice2/services/ControlCenterServices": services.answer,
    "/perfmonservice2/services/PerfmonService": perfmon.answer,
}


#: The services that hand out their own description.
DESCRIBED = {
    "/realtimeservice2/services/RISService70": descriptions.RIS,
    "/controlcenterservice2/services/ControlCenterServices": descriptions.CONTROL_CENTER,
    "/perfmonservice2/services/PerfmonService": descriptions.PERFMON,
}


def _served(exchange: Exchange) -> Reply:
    path = exchange.path.rstrip("/")
    if exchange.secure and path in SECURE:
        if exchange.query.lower() == "wsdl":
            return _description(exchange, path)
        return SECURE[path](exchange)
    if exchange.secure and path.startswith(certmgr.ROOT):
        return certmgr.answer(exchange)
    return web_pages.answer(exchange) or page(404, exchange.path)


def _description(exchange: Exchange, path: str) -> Reply:
    if path not in DESCRIBED:
        return page(404, exchange.path)
    return exchange.refused() or Reply(200, descriptions.wsdl(DESCRIBED[path], path), XML)


def answer(exchange: Exchange) -> Reply:
    """Return the node's answer. What fails in here is our own fault: kept under ``world.counters["errors"]``."""
    early = _early(exchange)
    if early is not None:
        return early
    try:
        return _served(exchange)
    except Exception:
        exchange.world.counters.setdefault("errors", []).append(traceback.format_exc())
        return page(500, "The simulator has failed")


def _early(exchange: Exchange) -> Reply | None:
    """Return the answer of a fault that comes instead of any work."""
    status = exchange.fault("status")
    if status is not None:
        pause = exchange.fault("retry_after")
        return page(
            int(status), "The server is not able to answer", {"Retry-After": str(pause)} if pause is not None else None
        )
    target = exchange.fault("redirect")
    if target is not None:
        return page(307, "Moved", {"Location": str(target) if target is not True else "https://127.0.0.1:1/axl/"})
    words = exchange.fault("soap_fault")
    if words is not None:
        return Reply(500, soap.fault("The service has failed" if words is True else str(words)))
    if exchange.fault("html200"):
        form = "<form action='j_security_check'>Sign in</form>"
        page_text = f"<html><head><title>Cisco Unified CM Console</title></head><body>{form}</body></html>"
        return Reply(200, page_text.encode(), HTML)
    return None
