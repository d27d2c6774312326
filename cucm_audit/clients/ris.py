"""RISPort70: which devices are registered where, by name, at a pace that leaves room for other programs.

``selectCmDeviceExt`` with explicit names gives one row a device. What it does not give is never taken for "not registered":
silence of a node, a cut answer and "no change" are handed up as what they are. Source: reference serviceability.md section 1.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cucm_audit.clients import ClientError
from cucm_audit.clients.guard import RIS_PATH, SERVICEABILITY_NAMESPACE
from cucm_audit.clients.http import Session
from cucm_audit.clients.pace import WINDOW, Pace
from cucm_audit.clients.soap import (
    Fault,
    FaultAnswer,
    Malformed,
    build,
    child,
    children,
    fault_error,
    is_nil,
    local,
    malformed,
    operation_of,
    required,
    text_of,
)
from cucm_audit.model import Node, Reason, Source

if TYPE_CHECKING:
    from lxml.etree import _Element

    from cucm_audit.clients.journal import Journal
    from cucm_audit.secrets import Account
    from cucm_audit.trust import TrustStore

#: Numbers of devices at which some release cuts an answer without a word.
CAPS = (200, 1000, 2000)
#: Waits of one request for a throttled or broken answer before we give up.
PATIENCE = 3

#: Members of a device that checks read; they are '' when the node leaves them out.
DEVICE_MEMBERS = (
    "Name DirNumber DeviceClass Model Product BoxProduct Httpd RegistrationAttempts IsCtiControllable LoginUserId Status"
    " StatusReason PerfMonObject DChannel Description H323Trunk TimeStamp Protocol NumOfLines ActiveLoadID InactiveLoadID"
    " DownloadStatus DownloadFailureReason DownloadServer"
).split()

_NO_OPERATION = re.compile(
    r"selectCmDeviceExt|no such operation|operation .{0,80}not found|EPR|cannot find dispatch", re.IGNORECASE
)
_NAME = re.compile(r"[!-~]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RisNode:
    """What one node said. ``return_code`` Ok or NotFound is an answer; anything else means that the node is not known."""

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


class Ris:
    """RIS through one node, for the whole cluster.

    ``per_minute`` is the cluster's own limit, of which the share ``pace`` is used; ``chunk`` names go in one request (1000,
    200 before release 9.1). ``waiting`` is told the seconds of each wait. ``requests`` counts what was sent.
    """

    def __init__(
        self,
        node: Node,
        account: "Account",
        trust: "TrustStore",
        journal: "Journal",
        *,
        per_minute: int,
        chunk: int,
        pace: float = 2 / 3,
        ca_file: str | None = None,
        deadline: float = 60.0,
        waiting: Callable[[float], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.requests = 0
        self._chunk = max(1, min(chunk, 1000))
        self._pace = Pace(per_minute, pace, clock=clock)
        self._waiting = waiting
        self._sleep = sleep
        self._operation = "selectCmDeviceExt"
        self._session = Session(node, account, trust, journal, source=Source.RIS, ca_file=ca_file, deadline=deadline)
        self._place = self._session.place

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def devices(self, names: Iterable[str]) -> Iterator[RisAnswer]:
        """Yield one answer a request for explicit device names. Raises :class:`ClientError`, also after some answers."""
        wanted = tuple(dict.fromkeys(name.upper() for name in names))
        odd = [name for name in wanted if not _NAME.fullmatch(name) or set(name) & set("*%?,")]
        if odd:
            raise self._place.error(Reason.MALFORMED, "asking RIS", "This is not a device name.", repr(odd[0])[:80])
        for start in range(0, len(wanted), self._chunk):
            yield from self._whole(wanted[start : start + self._chunk])

    def _whole(self, names: tuple[str, ...]) -> Iterator[RisAnswer]:
        """Yield the answer for some names, or, when it may have been cut without a word, the answers for their halves."""
        answer = self._select(names)
        rows = sum(len(node.devices) for node in answer.nodes)
        # Ext gives one row a device, so as many rows as names is whole; the older operation may give several.
        cut = (rows in CAPS or rows >= self._chunk) and (len(names) > rows or self._operation == "selectCmDevice")
        if cut and len(names) > 1:
            middle = len(names) // 2
            yield from self._whole(names[:middle])
            yield from self._whole(names[middle:])
        else:
            yield answer

    def _select(self, names: tuple[str, ...]) -> RisAnswer:
        """Send one request, and again after a wait when RIS says that it was asked too often; at most three times."""
        doing = f"asking RIS for {len(names)} devices"
        for _ in range(PATIENCE):
            wait, last = WINDOW, None
            try:
                return self._send(names, doing)
            except FaultAnswer as error:
                fault = error.fault
                if fault.throttled:
                    last = fault_error(fault, self._place, doing)
                    self._pace.lower(fault.per_minute or self._pace.allowance)
                elif self._falls_back(fault):
                    wait, last = 0.0, fault_error(fault, self._place, doing)
                else:
                    last = fault_error(fault, self._place, doing)
                    break
            except ClientError as error:
                if error.reason not in (Reason.THROTTLED, Reason.DISCONNECTED):
                    raise
                wait, last = (WINDOW if error.reason is Reason.THROTTLED else 0.0), error
            self._rest(wait)
        raise last

    def _falls_back(self, fault: Fault) -> bool:
        """Switch to the older operation when the release does not know the newer one. Once."""
        if self._operation == "selectCmDevice" or not _NO_OPERATION.search(fault.text):
            return False
        self._operation = "selectCmDevice"
        return True

    def _rest(self, seconds: float) -> None:
        if seconds > 0:
            if self._waiting is not None:
                self._waiting(seconds)
            self._sleep(seconds)

    def _send(self, names: tuple[str, ...], doing: str) -> RisAnswer:
        self._rest(self._pace.wait())
        self._pace.sent()
        self.requests += 1
        body = build("ris.wsdl", self._operation, **_criteria(names, self._chunk))
        answer = self._session.post(RIS_PATH, body, self._operation, doing=doing, resend=False)
        element = operation_of(answer, self._place, doing)
        trouble: ClientError | None = None
        try:
            return _read(element, names)
        except Malformed as error:
            trouble = malformed(self._place, doing, str(error))
        raise trouble


def _criteria(names: tuple[str, ...], most: int) -> dict[str, object]:
    """Return a request. Any class: with explicit names a filter could only lose devices (RIS calls CTI ports no phones)."""
    return {
        "StateInfo": "",
        "CmSelectionCriteria": {
            "MaxReturnedDevices": most,
            "DeviceClass": "Any",
            "Model": 255,
            "Status": "Any",
            "NodeName": "",
            "SelectBy": "Name",
            "SelectItems": {"item": [{"Item": name} for name in names]},
            "Protocol": "Any",
            "DownloadStatus": "Any",
        },
    }


def _read(element: "_Element", names: tuple[str, ...]) -> RisAnswer:
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
    for name in ("Name", "Status", "StatusReason", "TimeStamp", "ActiveLoadID"):
        required(item, name)
    if not text_of(required(item, "Name")) or not text_of(required(item, "Status")):
        raise Malformed("a device has no name or no status")
    device = dict.fromkeys(DEVICE_MEMBERS, "")
    for part in item:
        if local(part) and not len(part):
            device[local(part)] = text_of(child(item, local(part)))
    device.pop("LinesStatus", None)
    device["IPAddress"] = _address(item)
    return device


def _address(item: "_Element") -> str:
    """Return the first signalling address, else the first one; older releases give a flat IpAddress."""
    list_ = child(item, "IPAddress")
    if list_ is None or not len(list_):
        return text_of(list_) or text_of(child(item, "IpAddress"))
    found = [(text_of(child(part, "IP")), text_of(child(part, "Attribute"))) for part in children(list_, "item")]
    signalling = [address for address, attribute in found if address and "signaling" in attribute.lower()]
    return (signalling or [address for address, _ in found if address] or [""])[0]
