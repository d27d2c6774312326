"""Reading RIS answers, strictly by element name. Source: reference serviceability.md section 1.3."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cucm_audit.clients.guard import SERVICEABILITY_NAMESPACE
from cucm_audit.clients.soap import Malformed, children, is_nil, local, required, text_of

if TYPE_CHECKING:
    from lxml.etree import _Element

#: Members of a device that facts read, beside its address; they are '' when the node leaves them out.
DEVICE_MEMBERS = (
    "Name",
    "Status",
    "StatusReason",
    "TimeStamp",
    "ActiveLoadID",
    "InactiveLoadID",
    "Model",
    "Protocol",
    "LoginUserId",
    "DownloadStatus",
)
#: Those that no node leaves out, empty or not.
_ALWAYS = ("Name", "Status", "StatusReason", "TimeStamp", "ActiveLoadID")
#: Both operations answer with the first, in the description of 12.5. Nobody has that of 14 and 15, and an imitation of
#: RIS that is public names the answer after the operation: what is in it is read by its members all the same.
_NAMES = ("selectCmDevice", "selectCmDeviceExt")
_EMPTY = dict.fromkeys(DEVICE_MEMBERS, "")


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


class _Layout:
    """Where the wanted members stand in elements that are built alike, as the devices of an answer nearly always are.

    Worked out anew only for an element whose members are not those of the one before it, in their order.
    """

    def __init__(self, *wanted: str) -> None:
        self._wanted = wanted
        self._tags: list[Any] = []
        self._places: list[tuple[str, int]] = []
        self._twice = False  # some name is

    def members(self, item: "_Element") -> "dict[str, _Element]":
        """Return the wanted members that are there. Raises :class:`Malformed` when any member is there twice."""
        parts: Any = item[:]  # type: ignore[index]  # a list; the stubs know no slices
        tags = [part.tag for part in parts]
        if tags != self._tags:
            self._learn(tags, [local(part) for part in parts])
        if self._twice:
            _refuse_twice(item)
        return {name: parts[place] for name, place in self._places}

    def _learn(self, tags: list[Any], names: list[str]) -> None:
        self._tags = tags
        self._places = [(name, names.index(name)) for name in self._wanted if name in names]
        self._twice = len(set(names)) < len(names)


def _refuse_twice(item: "_Element") -> None:
    """Raise :class:`Malformed` for a member that is there twice, unless it is a list that no fact reads."""
    seen: dict[str, _Element] = {}
    for part in item:
        name = local(part)
        if name in seen and not (len(part) and len(seen[name]) and name != "IPAddress"):
            raise Malformed(f"{name} is there twice in {local(item)}")
        if name:
            seen[name] = part


def read_devices(element: "_Element", names: tuple[str, ...]) -> RisAnswer:
    """Return what an answer holds. Raises :class:`Malformed` rather than give fewer devices than there are."""
    name = local(element).removesuffix("Response")
    if name not in _NAMES or element.tag != f"{{{SERVICEABILITY_NAMESPACE}}}{name}Response":
        raise Malformed(f"the answer is {element.tag}")
    told = [part for part in element if local(part).removesuffix("Return") in _NAMES]
    if len(told) != 1:
        raise Malformed(f"{len(told)} results in {local(element)}")
    result = required(told[0], "SelectCmDeviceResult")
    text = text_of(required(result, "TotalDevicesFound")).strip()
    if not text.isdecimal():
        raise Malformed(f"TotalDevicesFound is {text[:20]!r}")
    total = int(text)
    list_, devices = required(result, "CmNodes"), _Devices()
    nodes = () if is_nil(list_) else tuple([_node(item, devices) for item in _items(list_)])
    rows = sum(len(node.devices) for node in nodes)
    if rows < total:
        raise Malformed(f"RIS found {total} devices but sent {rows}")
    return RisAnswer(asked=names, nodes=nodes, total_found=total)


def _node(item: "_Element", devices: "_Devices") -> RisNode:
    name, code = text_of(required(item, "Name")), text_of(required(item, "ReturnCode"))
    if not name or not code:
        raise Malformed("a node has no name or no return code")
    list_ = required(item, "CmDevices")
    found = () if is_nil(list_) else tuple([devices.read(device) for device in _items(list_)])
    no_change = text_of(required(item, "NoChange")).strip().lower() in ("true", "1")
    return RisNode(name=name, return_code=code, no_change=no_change, devices=found)


def _items(list_: "_Element") -> "list[_Element]":
    items = children(list_, "item")
    if len(items) < len(list_):
        strange = [local(part) for part in list_ if local(part) not in ("item", "")]
        if strange:
            raise Malformed(f"{strange[0][:60]} in {local(list_)}")
    return items


class _Devices:
    """Reads the devices of one answer."""

    def __init__(self) -> None:
        self._layout = _Layout(*DEVICE_MEMBERS, "IPAddress", "IpAddress")
        self._address_layout = _Layout("IP", "Attribute")

    def read(self, item: "_Element") -> dict[str, str]:
        """Return what facts read of a device."""
        parts = self._layout.members(item)
        for name in _ALWAYS:
            if name not in parts:
                raise Malformed(f"{name} is missing in {local(item)}")
        device = _EMPTY | {
            name: text for name, part in parts.items() if (text := part.text) and not len(part) and not is_nil(part)
        }
        if not device["Name"] or not device["Status"]:
            raise Malformed("a device has no name or no status")
        device["IPAddress"] = self._address(parts.get("IPAddress"), parts.get("IpAddress"))
        return device

    def _address(self, list_: "_Element | None", flat: "_Element | None") -> str:
        """Return the first signalling address, else the first one; older releases give a flat IpAddress."""
        if list_ is None or not len(list_):
            return text_of(list_) or text_of(flat)
        parts = [self._address_layout.members(item) for item in children(list_, "item")]
        found = [(text_of(part.get("IP")), text_of(part.get("Attribute"))) for part in parts]
        signalling = [address for address, attribute in found if address and "signaling" in attribute.lower()]
        return (signalling or [address for address, _ in found if address] or [""])[0]
