"""RISPort70: which devices are registered where, by name, at a pace that leaves room for other programs.

``selectCmDeviceExt`` with explicit names gives one row a device. What it does not give is never taken for "not
registered": silence of a node, a cut answer and "no change" are handed up as what they are. Source: reference
serviceability.md section 1.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from cucm_audit.clients import ClientError
from cucm_audit.clients.guard import RIS_PATH
from cucm_audit.clients.http import Session
from cucm_audit.clients.pace import WINDOW, Pace
from cucm_audit.clients.ris_answer import RisAnswer, RisNode, read_devices
from cucm_audit.clients.soap import Fault, FaultAnswer, Malformed, build, fault_error, malformed, operation_of
from cucm_audit.model import Node, Reason, Source

if TYPE_CHECKING:
    from cucm_audit.clients.journal import Journal
    from cucm_audit.secrets import Account
    from cucm_audit.trust import TrustStore

__all__ = ["Ris", "RisAnswer", "RisNode"]

#: Numbers of devices at which some release cuts an answer without a word.
CAPS = (200, 1000, 2000)
#: Waits of one request for a throttled or broken answer before we give up.
PATIENCE = 3

_NO_OPERATION = re.compile(
    r"(no such|unknown) operation|operation .{0,80}not found|\bEPR\b|cannot find dispatch", re.IGNORECASE
)
_NAME = re.compile(r"[^\x00-\x1f\x7f*%?,]{1,128}")  # explicit: no wildcard, no list


class Ris:
    """RIS through one node, for the whole cluster.

    ``per_minute`` is the cluster's own limit, of which the share ``pace`` is used; ``chunk`` names go in one request
    (1000, 200 before release 9.1). ``waiting`` is told the seconds of each wait. ``requests`` counts what was sent,
    ``codes`` in how many answers which node had which return code.
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
        patience: float = 1.0,
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
        self.codes: Counter[tuple[str, str]] = Counter()
        self._session = Session(
            node, account, trust, journal, source=Source.RIS, ca_file=ca_file, deadline=deadline, patience=patience
        )
        self._place = self._session.place

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def devices(self, names: Iterable[str]) -> Iterator[RisAnswer]:
        """Yield one answer a request for explicit device names.

        Raises :class:`ClientError`, also after some answers.
        """
        wanted = tuple(dict.fromkeys(name.upper() for name in names))
        odd = [name for name in wanted if not _NAME.fullmatch(name)]
        if odd:
            raise self._place.error(Reason.MALFORMED, "asking RIS", "This is not a device name.", repr(odd[0])[:80])
        for start in range(0, len(wanted), self._chunk):
            yield from self._whole(wanted[start : start + self._chunk])

    def _whole(self, names: tuple[str, ...]) -> Iterator[RisAnswer]:
        """Yield the answer for some names, or the answers for their halves when it may have been cut without a word."""
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
        last = self._place.error(Reason.THROTTLED, doing)
        for left in reversed(range(PATIENCE)):
            try:
                return self._send(names, doing)
            except FaultAnswer as error:
                fault = error.fault
                last = fault_error(fault, self._place, doing)
            except ClientError as error:
                fault, last = None, error
            wait = self._next_try(fault, last)
            self._rest(wait if left else 0)
        raise last

    def _next_try(self, fault: Fault | None, error: ClientError) -> float:
        """Return the seconds to wait before another try; raise ``error`` when there is no point in one."""
        if fault is not None and self._falls_back(fault):
            return 0.0
        if error.reason is Reason.THROTTLED:
            if fault is not None and fault.per_minute is not None:
                self._pace.lower(fault.per_minute)
            return WINDOW
        if error.reason is Reason.DISCONNECTED:
            return 0.0
        raise error

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
            found = read_devices(element, names)
            self.codes.update({(node.name, node.return_code) for node in found.nodes})
            return found
        except Malformed as error:
            trouble = malformed(self._place, doing, str(error))
        raise trouble


def _criteria(names: tuple[str, ...], most: int) -> dict[str, Any]:
    """Return a request.

    Any class: with explicit names a filter could only lose devices (RIS calls CTI ports no phones).
    """
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
