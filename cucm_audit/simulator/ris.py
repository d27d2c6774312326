"""RISPort70: which phone is registered where (reference: serviceability.md section 1)."""

import html
import time
from collections import deque
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from xml.sax.saxutils import escape

from cucm_audit.simulator import soap
from cucm_audit.simulator.exchange import Exchange, Reply, page
from cucm_audit.simulator.soap import tag
from cucm_audit.simulator.world import SimNode, SimRegistration

#: Members of CmSelectionCriteria, in the schema's order; all have to be there.
CRITERIA = (
    "MaxReturnedDevices",
    "DeviceClass",
    "Model",
    "Status",
    "NodeName",
    "SelectBy",
    "SelectItems",
    "Protocol",
    "DownloadStatus",
)
ANY_MODEL = "255"
NIL = ' xsi:nil="1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def answer(exchange: Exchange) -> Reply:
    """Return RIS's answer. The SOAPAction is not looked at: live servers do not either."""
    refused = exchange.refused()
    if refused is not None:
        return refused
    role = exchange.fault("role_ris")
    if role is not None:
        return page(403 if role is True else int(role), "Access to the requested resource has been denied")
    try:
        call = soap.read(exchange.body)
    except soap.NotSoap as error:
        return Reply(500, soap.fault(str(error), "soapenv:Client"))
    if call.name not in ("selectCmDevice", "selectCmDeviceExt") or call.namespace != soap.AST:
        return Reply(
            500,
            soap.fault(
                f"The endpoint reference (EPR) for the Operation not found is {escape(exchange.path)} and the WSA Action = null",
                "soapenv:Client",
            ),
        )
    names = items(call)
    exchange.record("ris", call.name, f"{len(names)} items")
    rate = exchange.world.ris_per_minute
    if exchange.fault("ris_rate") or too_fast(exchange, "ris", rate):
        text = f"AxisFault: Exceeded allowed rate for Reatime information. Current allowed rate for realtime information is {rate} requests per minute."
        return Reply(int(exchange.fault("ris_rate_status") or 500), soap.fault(text))
    wrong = _wrong_criteria(call)
    if wrong:
        return Reply(500, soap.fault(f"org.apache.axis2.databinding.ADBException: Unexpected subelement {wrong}"))
    reply = Reply(200, soap.envelope(_result(exchange, call, names)))
    reply.signed_in = True
    return reply


def items(call: soap.Call) -> list[str]:
    """Return the texts of SelectItems/item/Item."""
    chosen = call.child("CmSelectionCriteria", "SelectItems")
    if chosen is None:
        return []
    return [(inner.text or "").strip() for item in chosen for inner in item if soap.local(inner) == "Item"]


def too_fast(exchange: Exchange, service: str, per_minute: int) -> bool:
    """Say whether the node has answered as often as it may in the last minute; counts this request. 0 is no limit."""
    now = time.monotonic()
    with exchange.world.lock:
        asked: deque[float] = exchange.world.counters.setdefault((service, exchange.node.name), deque())
        while asked and asked[0] <= now - 60:
            asked.popleft()
        if per_minute and len(asked) >= per_minute:
            return True
        asked.append(now)
        return False


def _wrong_criteria(call: soap.Call) -> str:
    """Return what is wrong with the request by the schema, '' if nothing is."""
    if [soap.local(child) for child in call.element if soap.local(child)] != ["StateInfo", "CmSelectionCriteria"]:
        return "StateInfo"
    criteria = call.child("CmSelectionCriteria")
    assert criteria is not None  # seen one line above
    names = [soap.local(child) for child in criteria if soap.local(child)]
    for place, wanted in enumerate(CRITERIA):
        if place >= len(names) or names[place] != wanted:
            return wanted
    most = call.text("CmSelectionCriteria", "MaxReturnedDevices") or ""
    return "" if most.isdigit() else "MaxReturnedDevices"


def _result(exchange: Exchange, call: soap.Call, names: list[str]) -> str:
    world = exchange.world
    voice = [node for node in world.nodes if node.product == "callmanager"]
    asked = call.text("CmSelectionCriteria", "NodeName") or ""
    nodes = [node for node in voice if not asked or asked in (node.name, node.host, node.address)]
    alive = {node.name for node in nodes if not _silent(exchange, node)}
    rows = _chosen(exchange, call, names, alive)
    most = min(int(call.text("CmSelectionCriteria", "MaxReturnedDevices") or 0), world.ris_cap)
    rows = rows[:most]  # silently: TotalDevicesFound counts what is returned
    unchanged = bool(call.text("StateInfo"))
    parts, found = [], 0
    for node in nodes:
        mine = [row for row in rows if row.node == node.name]
        found += 0 if unchanged else len(mine)
        parts.append(_node(exchange, node, [] if unchanged else mine, node.name in alive, unchanged))
    if asked and not nodes:
        parts.append(
            f"<ns1:item><ns1:ReturnCode>InvalidNodeName</ns1:ReturnCode><ns1:Name>{escape(asked)}</ns1:Name><ns1:NoChange>false</ns1:NoChange><ns1:CmDevices/></ns1:item>"
        )
    inside = f"<ns1:CmNodes>{''.join(parts)}</ns1:CmNodes>" if parts else f"<ns1:CmNodes{NIL}/>"
    return (
        f'<ns1:selectCmDeviceResponse xmlns:ns1="{soap.AST}"><ns1:selectCmDeviceReturn><ns1:SelectCmDeviceResult>'
        f"<ns1:TotalDevicesFound>{found}</ns1:TotalDevicesFound>{inside}</ns1:SelectCmDeviceResult>"
        f"<ns1:StateInfo>{html.escape(_state(nodes, rows))}</ns1:StateInfo></ns1:selectCmDeviceReturn></ns1:selectCmDeviceResponse>"
    )


def _silent(exchange: Exchange, node: SimNode) -> bool:
    collector = node.services.get("Cisco RIS Data Collector")
    stopped = collector is not None and collector.status != "Started"
    return bool(node.faults.get("down") or node.faults.get("ris_silent")) or stopped


def _chosen(exchange: Exchange, call: soap.Call, names: list[str], alive: set[str]) -> list[SimRegistration]:
    """Return the rows that the criteria choose, consolidated for the Ext operation."""
    extended = call.name == "selectCmDeviceExt"
    with exchange.world.lock:
        rows = [row for row in exchange.world.registrations if row.node in alive]
    wanted = _by(call, names, wildcards=not extended)
    filters = _filters(call)
    rows = [row for row in rows if wanted(row) and all(accept(row) for accept in filters)]
    if not extended or exchange.fault("ris_duplicates"):
        return rows
    newest: dict[str, SimRegistration] = {}
    for row in rows:
        if row.name not in newest or row.at >= newest[row.name].at:
            newest[row.name] = row
    return list(newest.values())


def _by(call: soap.Call, names: list[str], wildcards: bool) -> Callable[[SimRegistration], bool]:
    field = {"Name": "name", "IPV4Address": "address", "DirNumber": "dir_number", "Description": "description"}.get(
        call.text("CmSelectionCriteria", "SelectBy") or "Name", ""
    )
    if wildcards and (not names or any(name in ("", "*") for name in names)):
        return lambda row: True
    plain = {name.upper() for name in names if "*" not in name}
    patterns = [name.upper() for name in names if "*" in name] if wildcards else []

    def matches(row: SimRegistration) -> bool:
        value = str(getattr(row, field, "")).upper()
        value = value.partition("-")[0] if field == "dir_number" else value
        return value in plain or any(fnmatchcase(value, pattern) for pattern in patterns)

    return matches


def _filters(call: soap.Call) -> list[Callable[[SimRegistration], bool]]:
    texts = {name: call.text("CmSelectionCriteria", name) or "" for name in CRITERIA}
    found: list[Callable[[SimRegistration], bool]] = []
    for name, field in (
        ("DeviceClass", "device_class"),
        ("Status", "status"),
        ("Protocol", "protocol"),
        ("DownloadStatus", "download_status"),
    ):
        if texts[name] not in ("", "Any"):
            found.append(lambda row, field=field, text=texts[name]: getattr(row, field) == text)  # type: ignore[misc]
    if texts["Model"] not in ("", ANY_MODEL):
        found.append(lambda row: str(row.model) == texts["Model"])
    return found


def _node(exchange: Exchange, node: SimNode, rows: list[SimRegistration], alive: bool, unchanged: bool) -> str:
    code = "Ok" if rows else "NotFound"
    still = "false"
    if not alive:
        code = "NodeNotResponding"
    elif unchanged or node.faults.get("ris_no_change"):
        code, still, rows = "Ok", "true", []
    elif node.faults.get("ris_code"):
        code, rows = str(node.faults["ris_code"]), []
    old = bool(exchange.fault("ris_old_form"))
    devices = (
        f"<ns1:CmDevices>{''.join(_device(row, old) for row in rows)}</ns1:CmDevices>"
        if rows
        else f"<ns1:CmDevices{NIL}/>"
    )
    return f"<ns1:item><ns1:ReturnCode>{code}</ns1:ReturnCode>{tag('ns1:Name', node.name)}<ns1:NoChange>{still}</ns1:NoChange>{devices}</ns1:item>"


def _device(row: SimRegistration, old: bool) -> str:
    """Return a CmDevice, its members in the schema's order."""
    number, _, line_status = row.dir_number.partition("-")
    lines = (
        f"<ns1:item>{tag('ns1:DirectoryNumber', number)}{tag('ns1:Status', line_status)}</ns1:item>" if number else ""
    )
    address = (
        tag("ns1:IpAddress", row.address) if old
        else f"<ns1:IPAddress><ns1:item>{tag('ns1:IP', row.address)}<ns1:IPAddrType>ipv4</ns1:IPAddrType><ns1:Attribute>AdministrativeAndSignaling</ns1:Attribute></ns1:item></ns1:IPAddress>"
    )  # fmt: skip
    members = (
        ("Name", row.name), ("DirNumber", row.dir_number), ("DeviceClass", row.device_class), ("Model", row.model), ("Product", row.product),
        ("BoxProduct", 0), ("Httpd", "Yes"), ("RegistrationAttempts", 1), ("IsCtiControllable", "true"), ("LoginUserId", row.login_user),
        ("Status", row.status), ("StatusReason", row.status_reason), ("PerfMonObject", 2), ("DChannel", 0), ("Description", row.description),
    )  # fmt: skip
    tail = (
        ("TimeStamp", row.at), ("Protocol", row.protocol), ("NumOfLines", 1 if number else 0), ("LinesStatus", None), ("ActiveLoadID", row.active_load),
        ("InactiveLoadID", row.inactive_load), ("DownloadStatus", row.download_status), ("DownloadFailureReason", ""), ("DownloadServer", ""),
    )  # fmt: skip
    return (
        "<ns1:item>" + _members(members) + f"<ns1:H323Trunk{NIL}/>"
        + _members(tail, f"<ns1:LinesStatus>{lines}</ns1:LinesStatus>" if lines else f"<ns1:LinesStatus{NIL}/>") + address + "</ns1:item>"
    )  # fmt: skip


def _members(members: Iterable[tuple[str, object]], lines: str = "") -> str:
    return "".join(lines if name == "LinesStatus" else tag(f"ns1:{name}", value) for name, value in members)


def _state(nodes: list[SimNode], rows: list[SimRegistration]) -> str:
    if not rows:
        return ""
    inner = "".join(
        f'<Node Name="{node.name}" SubsystemStartTime="1700000000" StateId="1" TotalItemsFound="{sum(row.node == node.name for row in rows)}"'
        f' TotalItemsReturned="{sum(row.node == node.name for row in rows)}"/>'
        for node in nodes
    )
    return f'<StateInfo ClusterWide="1">{inner}</StateInfo>'
