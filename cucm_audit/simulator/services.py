"""Control Center: the services of the node that is asked (reference: serviceability.md section 2)."""

from zoneinfo import ZoneInfo

from cucm_audit.simulator import soap
from cucm_audit.simulator.asked import WRITERS
from cucm_audit.simulator.dictionary import axl_form
from cucm_audit.simulator.exchange import Exchange, Reply, page
from cucm_audit.simulator.soap import box, leaf
from cucm_audit.simulator.world import SimNode, SimService

SUCCESS = leaf("ReturnCode", 0) + leaf("ReasonCode", -1) + leaf("ReasonString", "")


def answer(exchange: Exchange) -> Reply:
    """Return Control Center's answer. Operations that start, stop or activate are refused and remembered."""
    refused = exchange.refused()
    if refused is not None:
        return refused
    role = exchange.fault("role_services")
    if role is not None:
        return page(403 if role is True else int(role), "Access to the requested resource has been denied")
    try:
        call = soap.read(exchange.body)
    except soap.NotSoap as error:
        return Reply(500, soap.fault(str(error), "soapenv:Client"))
    if exchange.fault("services_fault"):
        return Reply(500, soap.fault("Internal Server Error"))
    operations = {
        "soapGetServiceStatus": _status,
        "getProductInformationList": _products,
        "soapGetStaticServiceList": _static,
    }
    if WRITERS.match(call.name):
        return page(403, "Access to the requested resource has been denied")
    if call.name not in operations or call.namespace != soap.AST:
        return Reply(500, soap.fault("The endpoint reference (EPR) for the Operation not found", "soapenv:Client"))
    return Reply(200, soap.response(call.name, operations[call.name](exchange, call)), signed_in=True)


def _status(exchange: Exchange, call: soap.Call) -> str:
    asked = [(child.text or "").strip() for child in call.element if soap.local(child) == "ServiceStatus"]
    services = exchange.node.services
    rows = [
        _service(exchange.node, services[name])
        if name in services
        else _item(name, "Unknown", -1010, "No such service")
        for name in [name for name in asked if name] or services
    ]
    return box("soapGetServiceStatusReturn", SUCCESS, box("ServiceInfoList", *rows))


def _service(node: SimNode, service: SimService) -> str:
    """Return one service. StartTime is in the node's own zone; a service that does not run has none, and UpTime -1."""
    started = service.started_at if service.status == "Started" else None
    if started is None:
        return _item(service.name, service.status, service.reason_code, service.reason)
    at = started.astimezone(ZoneInfo(node.zone))
    text = f"{at:%a %b} {at.day:2d} {at:%H:%M:%S %Y}"
    up = int((node.now() - started).total_seconds())
    return _item(service.name, service.status, service.reason_code, service.reason or " ", text, up)


def _item(name: str, status: str, code: int, reason: str, started: str = "", up: int = -1) -> str:
    known, why = (leaf("ServiceName", name), leaf("ServiceStatus", status)), leaf("ReasonCodeString", reason)
    return box("item", *known, leaf("ReasonCode", code), why, leaf("StartTime", started), leaf("UpTime", up))


def _products(exchange: Exchange, _call: soap.Call) -> str:
    node, release = exchange.node, axl_form(exchange.node.release)
    product = f"Cisco Unified {'Communications Manager' if node.product == 'callmanager' else 'IM and Presence'}"
    names = leaf("ProductName", product), leaf("ProductVersion", release), leaf("ProductDescription", product)
    return box(
        "getProductInformationListReturn",
        leaf("ActiveServerVersion", release),
        leaf("PrimaryNode", exchange.world.publisher.name),
        leaf("SecondaryNode", ""),
        box("Products", box("item", *names, leaf("ProductID", "CallManager"), leaf("ShortName", "UCM"))),
        box("Services", *(_described(service, product=True) for service in node.services.values())),
    )


def _static(exchange: Exchange, _call: soap.Call) -> str:
    services = [_described(service, product=False) for service in exchange.node.services.values()]
    return box("soapGetStaticServiceListReturn", box("Services", *services))


def _described(service: SimService, *, product: bool) -> str:
    """Describe a service; a feature service is one that is deployable."""
    kind = leaf("ServiceType", "Service"), leaf("Deployable", str(service.feature).lower())
    group = leaf("GroupName", "CM Services" if service.feature else "Platform Services")
    owner = leaf("ProductID", "CallManager") if product else ""
    return box("item", leaf("ServiceName", service.name), *kind, group, owner, leaf("DependentServices", ""))
