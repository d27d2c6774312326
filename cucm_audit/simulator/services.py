"""Control Center: the services of the node that is asked (reference: serviceability.md section 2)."""

from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from cucm_audit.simulator import soap
from cucm_audit.simulator.dictionary import axl_form
from cucm_audit.simulator.exchange import Exchange, Reply, page
from cucm_audit.simulator.soap import tag
from cucm_audit.simulator.world import SimNode, SimService

WRITERS = ("soapDoServiceDeployment", "soapDoControlServices")


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
    exchange.record("services", call.name, write=call.name in WRITERS or call.name.startswith("soapDo"))
    if exchange.fault("services_fault"):
        return Reply(500, soap.fault("Internal Server Error"))
    operations = {
        "soapGetServiceStatus": _status,
        "getProductInformationList": _products,
        "soapGetStaticServiceList": _static,
    }
    if call.name not in operations or call.namespace != soap.AST:
        return Reply(500, soap.fault("The endpoint reference (EPR) for the Operation not found", "soapenv:Client"))
    return Reply(200, soap.envelope(operations[call.name](exchange, call)), signed_in=True)


def _status(exchange: Exchange, call: soap.Call) -> str:
    asked = [(child.text or "").strip() for child in call.element if soap.local(child) == "ServiceStatus"]
    wanted = [name for name in asked if name]
    services = exchange.node.services
    rows = [
        _service(exchange.node, services[name]) if name in services else _unknown(name) for name in wanted or services
    ]
    return (
        f'<ns1:soapGetServiceStatusResponse xmlns:ns1="{soap.AST}"><ns1:soapGetServiceStatusReturn><ns1:ReturnCode>0</ns1:ReturnCode>'
        f"<ns1:ReasonCode>-1</ns1:ReasonCode><ns1:ReasonString/><ns1:ServiceInfoList>{''.join(rows)}</ns1:ServiceInfoList>"
        "</ns1:soapGetServiceStatusReturn></ns1:soapGetServiceStatusResponse>"
    )


def _service(node: SimNode, service: SimService) -> str:
    """Return one service. StartTime is in the node's own zone and holds no zone; a stopped service has none and UpTime -1."""
    started = service.started_at if service.status == "Started" else None
    if started is None:
        return _item(service.name, service.status, service.reason_code, service.reason, "", -1)
    local = started.astimezone(ZoneInfo(node.zone))
    text = f"{local:%a %b} {local.day:2d} {local:%H:%M:%S %Y}"
    return _item(
        service.name,
        service.status,
        service.reason_code,
        service.reason or " ",
        text,
        int((node.now() - started).total_seconds()),
    )


def _unknown(name: str) -> str:
    return _item(name, "Unknown", -1010, "No such service", "", -1)


def _item(name: str, status: str, code: int, reason: str, started: str, up: int) -> str:
    return (
        f"<ns1:item>{tag('ns1:ServiceName', name)}{tag('ns1:ServiceStatus', status)}{tag('ns1:ReasonCode', code)}{tag('ns1:ReasonCodeString', reason)}"
        f"{tag('ns1:StartTime', started)}{tag('ns1:UpTime', up)}</ns1:item>"
    )


def _products(exchange: Exchange, _call: soap.Call) -> str:
    node, publisher = exchange.node, exchange.world.publisher
    product = (
        "Cisco Unified Communications Manager" if node.product == "callmanager" else "Cisco Unified IM and Presence"
    )
    services = "".join(
        f"<ns1:item>{tag('ns1:ServiceName', service.name)}<ns1:ServiceType>Service</ns1:ServiceType>{tag('ns1:Deployable', str(service.feature).lower())}"
        f"<ns1:GroupName>{'CM Services' if service.feature else 'Platform Services'}</ns1:GroupName><ns1:ProductID>CallManager</ns1:ProductID>"
        "<ns1:DependentServices/></ns1:item>"
        for service in node.services.values()
    )
    return (
        f'<ns1:getProductInformationListResponse xmlns:ns1="{soap.AST}"><ns1:getProductInformationListReturn>'
        f"{tag('ns1:ActiveServerVersion', axl_form(node.release))}{tag('ns1:PrimaryNode', publisher.name)}<ns1:SecondaryNode/>"
        f"<ns1:Products><ns1:item>{tag('ns1:ProductName', product)}{tag('ns1:ProductVersion', axl_form(node.release))}{tag('ns1:ProductDescription', product)}"
        f"<ns1:ProductID>CallManager</ns1:ProductID><ns1:ShortName>UCM</ns1:ShortName></ns1:item></ns1:Products>"
        f"<ns1:Services>{services}</ns1:Services></ns1:getProductInformationListReturn></ns1:getProductInformationListResponse>"
    )


def _static(exchange: Exchange, _call: soap.Call) -> str:
    services = "".join(
        f"<ns1:item>{tag('ns1:ServiceName', escape(service.name))}<ns1:ServiceType>Service</ns1:ServiceType>{tag('ns1:Deployable', str(service.feature).lower())}"
        f"<ns1:GroupName>{'CM Services' if service.feature else 'Platform Services'}</ns1:GroupName><ns1:DependentServices/></ns1:item>"
        for service in exchange.node.services.values()
    )
    return (
        f'<ns1:soapGetStaticServiceListResponse xmlns:ns1="{soap.AST}"><ns1:soapGetStaticServiceListReturn><ns1:ReturnCode>0</ns1:ReturnCode>'
        f"<ns1:ReasonCode>-1</ns1:ReasonCode><ns1:ReasonString/><ns1:Services>{services}</ns1:Services>"
        "</ns1:soapGetStaticServiceListReturn></ns1:soapGetStaticServiceListResponse>"
    )
