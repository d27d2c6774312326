"""The certificate REST service of 14 and later, reading only (reference: axl-database.md section 9).

The paths are known; the shape of the answers is in no source and invented here: nothing may rely on it.
"""

import json
from urllib.parse import parse_qs

from cucm_audit.simulator.certificates import WebCertificate
from cucm_audit.simulator.dictionary import numbers
from cucm_audit.simulator.exchange import Exchange, Reply, page
from cucm_audit.simulator.world import SimNode

ROOT = "/platformcom/api/v1/certmgr/config"


def answer(exchange: Exchange) -> Reply:
    """Return the service's answer; it wants the platform account. Anything but GET is refused and remembered."""
    path = exchange.path.rstrip("/").removeprefix(ROOT)
    if numbers(exchange.node.release) < (14,):
        return page(404, exchange.path)
    refused = exchange.refused("platform")
    if refused is not None:
        return refused
    if exchange.method != "GET":
        return page(403, "Access to the requested resource has been denied")
    service = parse_qs(exchange.query).get("service", [""])[0]
    if path == "/snapshot/server":
        return _json({"servers": [f"{node.host}.{node.domain}" for node in exchange.world.nodes]})
    if path == "/identity/certificate" and service:
        return _json({"certificates": [_certificate(exchange.node, service)] if service == "tomcat" else []})
    if path == "/trust/certificate" and service:
        return _json({"certificates": [_certificate(node, f"{service}-trust") for node in exchange.world.nodes]})
    return page(404, exchange.path)


def _json(data: object) -> Reply:
    return Reply(200, json.dumps(data).encode(), "application/json")


def _certificate(node: SimNode, store: str) -> dict[str, str]:
    own: WebCertificate = node.certificate
    return {
        "service": store,
        "commonName": f"{node.host}.{node.domain}",
        "certificate": own.pem,
        "serialNumber": own.serial,
        "notAfter": own.not_after.isoformat(),
    }
