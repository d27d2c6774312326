"""RIS's answer as XML: nodes, devices and the state cursor, members in the schema's order (serviceability.md 1.3)."""

from collections.abc import Mapping

from cucm_audit.simulator.exchange import Exchange
from cucm_audit.simulator.soap import box, leaf, response
from cucm_audit.simulator.world import SimNode, SimRegistration, World

NIL = ' xsi:nil="1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def answer(
    exchange: Exchange, nodes: Mapping[str, tuple[SimNode, bool]], rows: list[SimRegistration], state: str
) -> bytes:
    """Return the answer: ``nodes`` are name -> (node, does it respond); a client that sent ``state`` hears NoChange."""
    old = bool(exchange.fault("ris_old_form"))
    parts, found = [], 0
    sparing = any(node.faults.get("ris_left_out") for node, _ in nodes.values())
    for node, alive in nodes.values():
        mine = [row for row in rows if row.node == node.name]
        if node.faults.get("ris_left_out") or (sparing and not mine):
            continue
        code, still, mine = _says(node, alive, bool(state), mine)
        found += len(mine)
        parts.append(_node(code, node.name, still, [_device(row, old) for row in mine]))
    result = box("SelectCmDeviceResult", leaf("TotalDevicesFound", found), _nodes(parts))
    cursor = leaf("StateInfo", _state([node for node, _ in nodes.values()], rows))
    return response("selectCmDevice", box("selectCmDeviceReturn", result, cursor))


def unknown_node(name: str) -> bytes:
    """Return the answer when the request names a node that is none."""
    result = box(
        "SelectCmDeviceResult", leaf("TotalDevicesFound", 0), _nodes([_node("InvalidNodeName", name, "false", [])])
    )
    return response("selectCmDevice", box("selectCmDeviceReturn", result, leaf("StateInfo", "")))


def no_applications(world: World) -> bytes:
    """Return selectCtiItem's answer: no application controls a phone of this cluster."""
    names = [node.name for node in world.nodes if node.product == "callmanager"]
    nil = f"<ns1:CtiItems{NIL}/>"
    nodes = [
        box("item", leaf("ReturnCode", "NotFound"), leaf("Name", name), leaf("NoChange", "false"), nil)
        for name in names
    ]
    result = box("SelectCtiItemResult", leaf("TotalItemsFound", 0), box("CtiNodes", *nodes))
    return response("selectCtiItem", box("selectCtiItemReturn", result, leaf("StateInfo", "")))


def _says(
    node: SimNode, alive: bool, asked_again: bool, rows: list[SimRegistration]
) -> tuple[str, str, list[SimRegistration]]:
    """Return ReturnCode, NoChange and the devices that a node names."""
    if not alive:
        return "NodeNotResponding", "false", []
    if asked_again or node.faults.get("ris_no_change"):
        return "Ok", "true", []
    if node.faults.get("ris_code"):
        return str(node.faults["ris_code"]), "false", []
    return ("Ok" if rows else "NotFound"), "false", rows


def _nodes(parts: list[str]) -> str:
    return box("CmNodes", *parts) if parts else f"<ns1:CmNodes{NIL}/>"


def _node(code: str, name: str, still: str, devices: list[str]) -> str:
    inside = box("CmDevices", *devices) if devices else f"<ns1:CmDevices{NIL}/>"
    return box("item", leaf("ReturnCode", code), leaf("Name", name), leaf("NoChange", still), inside)


def _device(row: SimRegistration, old: bool) -> str:
    number, _, line_status = row.dir_number.partition("-")
    head = {
        "Name": row.name,
        "DirNumber": row.dir_number,
        "DeviceClass": row.device_class,
        "Model": row.model,
        "Product": row.product,
        "BoxProduct": 0,
        "Httpd": "Yes",
        "RegistrationAttempts": 1,
        "IsCtiControllable": "true",
        "LoginUserId": row.login_user,
        "Status": row.status,
        "StatusReason": row.status_reason,
        "PerfMonObject": 2,
        "DChannel": 0,
        "Description": row.description,
    }
    middle = {"TimeStamp": row.at, "Protocol": row.protocol, "NumOfLines": 1 if number else 0}
    tail = {
        "ActiveLoadID": row.active_load,
        "InactiveLoadID": row.inactive_load,
        "DownloadStatus": row.download_status,
        "DownloadFailureReason": "",
        "DownloadServer": "",
    }
    line = box("item", leaf("DirectoryNumber", number), leaf("Status", line_status)) if number else ""
    lines = box("LinesStatus", line) if line else f"<ns1:LinesStatus{NIL}/>"
    return box(
        "item", _leaves(head), f"<ns1:H323Trunk{NIL}/>", _leaves(middle), lines, _leaves(tail), _address(row, old)
    )


def _leaves(members: Mapping[str, object]) -> str:
    return "".join(leaf(name, value) for name, value in members.items())


def _address(row: SimRegistration, old: bool) -> str:
    if old:
        return leaf("IpAddress", row.address)
    kind = leaf("IPAddrType", "ipv4"), leaf("Attribute", "AdministrativeAndSignaling")
    return box("IPAddress", box("item", leaf("IP", row.address), *kind))


def _state(nodes: list[SimNode], rows: list[SimRegistration]) -> str:
    """Return the cursor's text: XML that is escaped once more when it is sent."""
    if not rows:
        return ""
    counts = [(node.name, sum(row.node == node.name for row in rows)) for node in nodes]
    inner = "".join(
        f'<Node Name="{name}" SubsystemStartTime="1700000000" StateId="1" TotalItemsFound="{count}"'
        f' TotalItemsReturned="{count}"/>'
        for name, count in counts
    )
    return f'<StateInfo ClusterWide="1">{inner}</StateInfo>'
