"""RISPort70: which phone is registered where (reference: serviceability.md section 1)."""

import time
from collections import deque
from collections.abc import Callable
from fnmatch import fnmatchcase

from cucm_audit.simulator import ris_answer, soap
from cucm_audit.simulator.exchange import Exchange, Reply, page
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
    if call.name not in ("selectCmDevice", "selectCmDeviceExt", "selectCtiItem") or call.namespace != soap.AST:
        return Reply(500, soap.fault("The endpoint reference (EPR) for the Operation not found", "soapenv:Client"))
    names = items(call)
    rate = exchange.world.ris_per_minute
    if exchange.fault("ris_rate") or too_fast(exchange, "ris", rate):
        now = f"Current allowed rate for realtime information is {rate} requests per minute."
        text = f"AxisFault: Exceeded allowed rate for Reatime information. {now}"
        return Reply(int(exchange.fault("ris_rate_status") or 500), soap.fault(text))
    if call.name == "selectCtiItem":
        return Reply(200, ris_answer.no_applications(exchange.world), signed_in=True)
    wrong = _wrong_criteria(call)
    if wrong:
        return Reply(500, soap.fault(f"org.apache.axis2.databinding.ADBException: Unexpected subelement {wrong}"))
    reply = Reply(200, _result(exchange, call, names))
    reply.signed_in = True
    return reply


def items(call: soap.Call) -> list[str]:
    """Return the texts of SelectItems/item/Item; some clients write many names with commas into one."""
    chosen = call.child("CmSelectionCriteria", "SelectItems")
    if chosen is None:
        return []
    texts = [inner.text or "" for item in chosen for inner in item if soap.local(inner) == "Item"]
    return [name.strip() for text in texts for name in text.split(",")]


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


def _result(exchange: Exchange, call: soap.Call, names: list[str]) -> bytes:
    world = exchange.world
    asked = call.text("CmSelectionCriteria", "NodeName") or ""
    nodes = {
        node.name: (node, not _silent(node))
        for node in world.nodes
        if node.product == "callmanager" and (not asked or asked in (node.name, node.host, node.address))
    }
    if asked and not nodes:
        return ris_answer.unknown_node(asked)
    rows = _chosen(exchange, call, names, {name for name, (_, alive) in nodes.items() if alive})
    # Cut without a word: TotalDevicesFound counts what is returned.
    most = min(int(call.text("CmSelectionCriteria", "MaxReturnedDevices") or 0), world.ris_cap)
    return ris_answer.answer(exchange, nodes, rows[:most], call.text("StateInfo") or "")


def _silent(node: SimNode) -> bool:
    collector = node.services.get("Cisco RIS Data Collector")
    stopped = collector is not None and collector.status != "Started"
    return bool(node.faults.get("down") or node.faults.get("ris_silent")) or stopped


def _chosen(exchange: Exchange, call: soap.Call, names: list[str], alive: set[str]) -> list[SimRegistration]:
    """Return the rows that the criteria choose, consolidated for the Ext operation."""
    extended = call.name == "selectCmDeviceExt"
    with exchange.world.lock:
        rows = [row for row in exchange.world.registrations if row.node in alive]
    wanted = _by(call, names)
    filters = _filters(call)
    rows = [row for row in rows if wanted(row) and all(accept(row) for accept in filters)]
    if not extended or exchange.fault("ris_duplicates"):
        return rows
    newest: dict[str, SimRegistration] = {}
    for row in rows:
        if row.name not in newest or row.at >= newest[row.name].at:
            newest[row.name] = row
    return list(newest.values())


def _by(call: soap.Call, names: list[str]) -> Callable[[SimRegistration], bool]:
    """Return what SelectItems choose.

    One source says that the Ext operation knows no wildcards, public clients send it a star or nothing and count on
    rows: they get them.
    """
    field = {"Name": "name", "IPV4Address": "address", "DirNumber": "dir_number", "Description": "description"}.get(
        call.text("CmSelectionCriteria", "SelectBy") or "Name", ""
    )
    if not names or any(name in ("", "*") for name in names):
        return lambda _: True
    plain = {name.upper() for name in names if "*" not in name}
    patterns = [name.upper() for name in names if "*" in name]

    def matches(row: SimRegistration) -> bool:
        value = str(getattr(row, field, "")).upper()
        value = value.partition("-")[0] if field == "dir_number" else value
        return value in plain or any(fnmatchcase(value, pattern) for pattern in patterns)

    return matches


def _filters(call: soap.Call) -> list[Callable[[SimRegistration], bool]]:
    fields = {
        "DeviceClass": "device_class",
        "Status": "status",
        "Protocol": "protocol",
        "DownloadStatus": "download_status",
    }
    wanted = {field: call.text("CmSelectionCriteria", name) or "" for name, field in fields.items()}
    wanted = {field: text for field, text in wanted.items() if text not in ("", "Any")}
    model = call.text("CmSelectionCriteria", "Model") or ANY_MODEL

    def fits(row: SimRegistration) -> bool:
        return all(getattr(row, field) == text for field, text in wanted.items())

    return [fits] if model == ANY_MODEL else [fits, lambda row: str(row.model) == model]
