"""Registrations, asked of RISPort with the names of the phones of the database: one row a phone, the newest.

RIS knows only what registered since it was started: a phone without an answer has no row; that is not "unregistered".
A node that did not answer makes its own registrations partial, not those of the others.
Reference: serviceability.md sections 1 and 9.
"""

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from cucm_audit.facts import Ask, Cost, Fact, Per, Row
from cucm_audit.facts.values import Refused, named, utc, whole_number
from cucm_audit.model import Reason, Source

if TYPE_CHECKING:
    from cucm_audit.clients.ris import RisAnswer, RisNode

#: What a node says of itself in RIS when it can be believed.
FINE = frozenset({"Ok", "NotFound"})
#: CmDevRegStat, without Any, which is only asked for (reference: serviceability.md section 1).
_STATES = frozenset({"Registered", "UnRegistered", "Rejected", "PartiallyRegistered", "Unknown"})
#: An answer with exactly so many devices, and fewer than asked, was probably cut: RIS cuts without a word.
_CAPS = {200, 1000, 2000}
_PAGE = 1000
_SOME = 20  # devices that are asked for when only the nodes' return codes are wanted
#: Visible ASCII, without what means something else to RIS.
_NAME = re.compile(r"[^\x00-\x20*%?,\x7f-\U0010ffff]{1,128}")
_NAMES = "select name from phone where name > ? order by name limit ?"
_OTHER_NAMES = "select name from other_device where name > ? order by name limit ?"
_NO_CALLMANAGER = "select node from activated_service where service = 'Cisco CallManager' and active = 0"


def gather_registration(ask: Ask) -> Iterator[Row]:
    """Yield the newest registration of each phone. ClientError from RIS, also after some rows."""
    yield from _gather(ask, _NAMES, _row)


def gather_device_registration(ask: Ask) -> Iterator[Row]:
    """Yield the same of trunks, gateways, media resources and route points."""
    yield from _gather(ask, _OTHER_NAMES, _other_row)


def gather_ris_node(ask: Ask) -> Iterator[Row]:
    """Yield what RIS said of each node in the answers so far; asks for a few devices when there was none.

    A node that is named with another spelling than System > Server has is left out: nobody's testimony.
    """
    assert ask.ris is not None
    if not ask.ris.codes:
        some = [str(name) for (name,) in ask.select(_OTHER_NAMES, ("", _SOME)) if _NAME.fullmatch(str(name))]
        list(ask.ris.devices(some))
    said: Counter[tuple[str, str]] = Counter()
    for (name, code), answers in ask.ris.codes.items():
        if node := named(ask.nodes, name):
            said[(node.name, code)] += answers
    if not ask.nodes:
        ask.partial(Reason.PREREQUISITE_UNKNOWN, "the nodes are not known: whom RIS speaks of cannot be told")
    for (name, code), answers in sorted(said.items()):
        yield {"node": name, "code": code, "answers": answers}


def _gather(ask: Ask, names: str, row: Callable[[str, str, Mapping[str, str]], Row]) -> Iterator[Row]:
    assert ask.ris is not None
    spelling: dict[str, list[str]] = {}  # as RIS is asked -> as the database spells it; holds what is under way only
    nodes = _Nodes(ask)
    refused = ""
    for answer in ask.ris.devices(_names(ask, spelling, names)):
        nodes.note(answer)
        asked = {name: spelling.pop(name, []) for name in answer.asked}
        for name, (node, device) in _newest(answer, asked).items():
            for phone in asked[name]:
                try:
                    yield row(nodes.spelled(node), phone, device)
                except Refused as error:
                    refused = refused or f"{phone}: {error}"
    nodes.tell()
    if refused:
        ask.partial(Reason.MALFORMED, f"an answer could not be read: {refused}")


def _names(ask: Ask, spelling: dict[str, list[str]], sql: str) -> Iterator[str]:
    """Yield the devices' names as RIS wants them: upper case, each once. Read page by page, so nothing stays open."""
    last = ""
    odd: list[str] = []
    while page := [str(name) for (name,) in ask.select(sql, (last, _PAGE))]:
        for name in page:
            if not _NAME.fullmatch(name):
                odd.append(name)
                continue
            spelled = spelling.setdefault(name.upper(), [])
            spelled.append(name)
            if len(spelled) == 1:
                yield name.upper()
        last = page[-1]
    if odd:
        ask.partial(Reason.NOT_ASKED, f"{len(odd)} device(s) have a name that RIS cannot be asked for, as {odd[0]!r}")


def _newest(answer: "RisAnswer", asked: Mapping[str, object]) -> dict[str, tuple[str, Mapping[str, str]]]:
    """Return the device with the newest TimeStamp for each name that was asked; others are nobody's business."""
    newest: dict[str, tuple[str, Mapping[str, str]]] = {}
    for node in answer.nodes:
        for device in node.devices:
            name = device.get("Name", "").upper()
            if name in asked and (name not in newest or _age(device) > _age(newest[name][1])):
                newest[name] = (node.name, device)
    return newest


def _age(device: Mapping[str, str]) -> tuple[int, bool]:
    stamp = device.get("TimeStamp", "")
    if not stamp:
        return 0, device.get("Status") == "Registered"
    # One that cannot be read may be the newest: it is taken, and refused as a row.
    return int(stamp) if stamp.isdecimal() else sys.maxsize, device.get("Status") == "Registered"


def _row(node: str, phone: str, device: Mapping[str, str]) -> Row:
    seen = whole_number("TimeStamp", device.get("TimeStamp"))
    return {
        "node": node,
        "phone": phone,
        "status": _status(device),
        "status_reason": whole_number("StatusReason", device.get("StatusReason")),
        "model_number": whole_number("Model", device.get("Model")),
        "protocol": device.get("Protocol", ""),
        "active_load": device.get("ActiveLoadID", ""),
        "inactive_load": device.get("InactiveLoadID", ""),
        "download_status": device.get("DownloadStatus", ""),
        "login_user": device.get("LoginUserId", ""),
        "address": device.get("IPAddress", ""),
        "seen_at": utc(seen) if seen else None,
    }


def _other_row(node: str, name: str, device: Mapping[str, str]) -> Row:
    seen = whole_number("TimeStamp", device.get("TimeStamp"))
    return {
        "node": node,
        "device": name,
        "status": _status(device),
        "status_reason": whole_number("StatusReason", device.get("StatusReason")),
        "address": device.get("IPAddress", ""),
        "seen_at": utc(seen) if seen else None,
    }


def _status(device: Mapping[str, str]) -> str:
    """Return the state. A word that is none of RIS' own would count as neither registered nor away: refused."""
    status = device.get("Status", "")
    if status not in _STATES:
        raise Refused(f"Status is {status!r}" if status else "Status is empty")
    return status


class _Nodes:
    """What the nodes said of themselves, over all answers; ``tell`` turns it into what is not whole."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.voice = tuple(node for node in ask.nodes if node.voice)
        self.answers = 0
        self.named: Counter[str] = Counter()  # in how many answers each node was
        self.names_empty = False  # this server also names nodes that have none of the asked devices
        self.said: set[tuple[str, Reason, str]] = set()

    def spelled(self, name: str) -> str:
        """Return a node as System > Server spells it; ``name`` itself when it is none of them."""
        node = named(self.ask.nodes, name)
        return node.name if node else name

    def note(self, answer: "RisAnswer") -> None:
        """Take in one answer."""
        self.answers += 1
        self.named.update({self.spelled(node.name) for node in answer.nodes})
        found = sum(len(node.devices) for node in answer.nodes)
        for node in answer.nodes:
            self._node(node)
        if found < len(answer.asked) and found in _CAPS:
            self._say("", Reason.TRUNCATED, f"an answer has exactly {found} devices of {len(answer.asked)}")
        elif found != answer.total_found:
            self._say("", Reason.INCONSISTENT, f"RIS found {answer.total_found} devices and gave {found}")

    def _node(self, node: "RisNode") -> None:
        name = self.spelled(node.name)
        if node.return_code == "NodeNotResponding":
            self._say(name, Reason.UNREACHABLE, "RIS: NodeNotResponding")
        elif node.return_code not in FINE:
            self._say(name, Reason.INCONSISTENT, f"RIS: {node.return_code or 'no return code'}")
        elif node.no_change:
            self._say(name, Reason.INCONSISTENT, "RIS: no change since an earlier question, which nobody asked")
        elif not node.devices:
            self.names_empty = True
        if node.devices and not named(self.ask.nodes, node.name):
            self._say("", Reason.INCONSISTENT, f"RIS names {node.name}, which is not in the list of nodes")

    def tell(self) -> None:
        """Say which nodes are not whole."""
        if self.names_empty:  # else a node without an answer may simply have none of the devices
            excused = {str(node) for (node,) in self.ask.select(_NO_CALLMANAGER, ())}
            for node in self.voice:
                missing = self.answers - self.named[node.name]
                if missing and node.name not in excused:
                    detail = f"RIS left the node out of {missing} of {self.answers} answers"
                    self._say(node.name, Reason.INCONSISTENT, detail)
        for name, reason, detail in sorted(self.said):
            self.ask.partial(reason, detail, "Look at Cisco RIS Data Collector on that node", node=name)

    def _say(self, node: str, reason: Reason, detail: str) -> None:
        self.said.add((node, reason, detail))


FACTS: tuple[Fact, ...] = (
    Fact(
        table="registration",
        per=Per.CLUSTER,
        source=Source.RIS,
        gather=gather_registration,
        asks=("selectCmDeviceExt",),
        needs=("phone",),
        nodes_answer=True,
        cost=Cost.DEAR,
    ),
    Fact(
        table="device_registration",
        per=Per.CLUSTER,
        source=Source.RIS,
        gather=gather_device_registration,
        asks=("selectCmDeviceExt",),
        needs=("other_device",),
        nodes_answer=True,
        cost=Cost.DEAR,
    ),
    # After the others: it goes by the answers that they got.
    Fact(
        table="ris_node",
        per=Per.CLUSTER,
        source=Source.RIS,
        gather=gather_ris_node,
        asks=("selectCmDeviceExt",),
        needs=("other_device",),
        cost=Cost.DEAR,
    ),
)
