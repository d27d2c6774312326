"""Reading RIS answers, strictly by element name. Source: reference serviceability.md section 1.3."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cucm_audit.clients.guard import SERVICEABILITY_NAMESPACE
from cucm_audit.clients.soap import Malformed, child, children, is_nil, local, required, text_of

if TYPE_CHECKING:
    from lxml.etree import _Element

#: Members of a device that checks read; they are '' when the node leaves them out.
DEVICE_MEMBERS = [
    "Name",
    "DirNumber",
    "DeviceClass",
    "Model",
    "Product",
    "BoxProduct",
    "Httpd",
    "RegistrationAttempts",
    "IsCtiControllable",
    "LoginUserId",
    "Status",
    "StatusReason",
    "PerfMonObject",
    "DChannel",
    "Description",
    "H323Trunk",
    "TimeStamp",
    "Protocol",
    "NumOfLines",
    "ActiveLoadID",
    "InactiveLoadID",
    "DownloadStatus",
    "DownloadFailureReason",
    "DownloadServer",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RisNode:
    """What one node said.

    ``return_code`` Ok or NotFound is an answer; anything else means that the node is not known.
    """

    name: str
    return_code: str
    no_change: bool
    devices: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RisAnswer:
    """The answer to one request. ``total_found`` is the number of devices that RIS says it returned."""

    asked: tuple[str, ...]
    nodes: tuple[RisNode, ...]
    total_found: int


def read_devices(element: "_Element", names: tuple[str, ...]) -> RisAnswer:
    """Return what an answer holds. Raises :class:`Malformed` rather than give fewer devices than there are."""
    if element.tag != f"{{{SERVICEABILITY_NAMESPACE}}}selectCmDeviceResponse":
        raise Malformed(f"the answer is {element.tag}")
    result = required(required(element, "selectCmDeviceReturn"), "SelectCmDeviceResult")
    text = text_of(required(result, "TotalDevicesFound")).strip()
    if not text.isdecimal():
        raise Malformed(f"TotalDevicesFound is {text[:20]!r}")
    total = int(text)
    list_ = required(result, "CmNodes")
    nodes = () if is_nil(list_) else tuple(_node(item) for item in _items(list_))
    rows = sum(len(node.devices) for node in nodes)
    if rows < total:
        raise Malformed(f"RIS found {total} devices but sent {rows}")
    return RisAnswer(asked=names, nodes=nodes, total_found=total)


def _node(item: "_Element") -> RisNode:
    name, code = text_of(required(item, "Name")), text_of(required(item, "ReturnCode"))
    if not name or not code:
        raise Malformed("a node has no name or no return code")
    list_ = required(item, "CmDevices")
    devices = () if is_nil(list_) else tuple(_device(device) for device in _items(list_))
    no_change = text_of(required(item, "NoChange")).strip().lower() in ("true", "1")
    return RisNode(name=name, return_code=code, no_change=no_change, devices=devices)


def _items(list_: "_Element") -> "list[_Element]":
    strange = [local(part) for part in list_ if local(part) not in ("item", "")]
    if strange:
        raise Malformed(f"{strange[0][:60]} in {local(list_)}")
    return children(list_, "item")


def _device(item: "_Element") -> dict[str, str]:
    parts = _members(item)
    for name in ("Name", "Status", "StatusReason", "TimeStamp", "ActiveLoadID"):
        if name not in parts:
            raise Malformed(f"{name} is missing in {local(item)}")
    if not text_of(parts["Name"]) or not text_of(parts["Status"]):
        raise Malformed("a device has no name or no status")
    device = dict.fromkeys(DEVICE_MEMBERS, "")
    device |= {name: text_of(part) for name, part in parts.items() if not len(part)}
    device.pop("LinesStatus", None)
    device["IPAddress"] = _address(parts.get("IPAddress"), parts.get("IpAddress"))
    return device


def _members(item: "_Element") -> "dict[str, _Element]":
    """Return a device's members by name. In one go: a search for each takes twice as long as all of zeep's parsing."""
    parts: dict[str, _Element] = {}
    for part in item:
        name = local(part)
        if name in parts and not (len(part) and len(parts[name]) and name != "IPAddress"):
            raise Malformed(f"{name} is there twice in {local(item)}")
        if name:
            parts[name] = part
    return parts


def _address(list_: "_Element | None", flat: "_Element | None") -> str:
    """Return the first signalling address, else the first one; older releases give a flat IpAddress."""
    if list_ is None or not len(list_):
        return text_of(list_) or text_of(flat)
    found = [(text_of(child(part, "IP")), text_of(child(part, "Attribute"))) for part in children(list_, "item")]
    signalling = [address for address, attribute in found if address and "signaling" in attribute.lower()]
    return (signalling or [address for address, _ in found if address] or [""])[0]
