"""Control Center Services and PerfMon of one node: which services run since when, and a few counters.

Both answer strictly by element name; what is missing is malformed, never a default. Source: reference serviceability.md
sections 2 and 3.
"""

import datetime as dt
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from cucm_audit.clients import ClientError
from cucm_audit.clients.dial import Certificate, peek_certificate
from cucm_audit.clients.guard import CONTROL_CENTER_PATH, PERFMON_PATH, SERVICEABILITY_NAMESPACE
from cucm_audit.clients.http import Answer, Session
from cucm_audit.clients.soap import (
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

_T = TypeVar("_T")

#: Seconds to wait after "Exceeded allowed rate", attempt by attempt.
RATE_WAITS = (10.0, 30.0, 30.0)

#: How the journal calls looking at a node's certificate.
HANDSHAKE = "TLS handshake"

SERVICE_MEMBERS = ("ServiceName", "ServiceStatus", "ReasonCode", "ReasonCodeString", "StartTime", "UpTime")
PRODUCT_SERVICE_MEMBERS = ("ServiceName", "ServiceType", "Deployable", "GroupName", "ProductID")

_OBJECT = re.compile(r"(?P<object>[^(]+?)(?:\((?P<instance>.*)\))?", re.DOTALL)
_INTEGER = re.compile(r"-?\d{1,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAnswer:
    """All services of a node. ``date`` is the node's own clock in the answer's Date header, UTC. Texts are as sent."""

    services: tuple[dict[str, str], ...]
    date: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PerfCounter:
    r"""One counter.

    ``name`` is whole: \\\\host\\Object(instance)\\Counter. ``status`` is CStatus: 0 and 1 are usable.
    """

    name: str
    host: str
    object: str
    instance: str
    counter: str
    value: int
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductInformation:
    """What is installed on a node.

    ``services`` have ``Deployable`` "true" when they can be activated and deactivated.
    """

    active_version: str
    primary_node: str
    secondary_node: str
    services: tuple[dict[str, str], ...]


class Services:
    """Control Center and PerfMon on one node.

    Every method raises :class:`ClientError`. ``requests`` counts what was sent.
    """

    def __init__(
        self,
        node: Node,
        account: "Account",
        trust: "TrustStore",
        journal: "Journal",
        *,
        ca_file: str | None = None,
        deadline: float = 60.0,
        patience: float = 1.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.requests = 0
        self._node = node
        self._journal = journal
        self._sleep = sleep
        self._session = Session(
            node,
            account,
            trust,
            journal,
            source=Source.SERVICES,
            ca_file=ca_file,
            deadline=deadline,
            patience=patience,
            sleep=sleep,
        )
        self._place = self._session.place

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def service_status(self) -> ServiceAnswer:
        """Return every service of this node. One empty element asks for all."""
        doing = "asking for the services"
        body = build("controlcenter.wsdl", "soapGetServiceStatus", ServiceStatus=[""])
        element, answer = self._ask(CONTROL_CENTER_PATH, "soapGetServiceStatus", body, doing)
        rows = self._strictly(lambda: _service_rows(element), doing)
        return ServiceAnswer(services=rows, date=answer.date)

    def product_information(self) -> ProductInformation:
        """Return what is installed on this node, and which services can be activated."""
        doing = "asking for the installed products"
        body = build("controlcenter.wsdl", "getProductInformationList", ServiceInfo="")
        element, _ = self._ask(CONTROL_CENTER_PATH, "getProductInformationList", body, doing)
        return self._strictly(lambda: _product(element), doing)

    def perf(self, host: str, object_name: str) -> tuple[PerfCounter, ...]:
        """Return the counters of one object on ``host``, a node as System > Server spells it."""
        doing = f"asking for the counters of {object_name} on {host}"
        body = build("perfmon.wsdl", "perfmonCollectCounterData", Host=host, Object=object_name)
        element, _ = self._ask(PERFMON_PATH, "perfmonCollectCounterData", body, doing)
        return self._strictly(lambda: _counters(element, object_name), doing)

    def certificate(self) -> Certificate:
        """Return the certificate that this node's HTTPS port shows; nothing but a TLS handshake is sent."""
        self.requests += 1
        self._journal.sent(source=Source.SERVICES, node=self._node.name, operation=HANDSHAKE)
        return peek_certificate(
            self._place.address, self._place.port, 5 * self._place.patience, legacy=self._node.legacy_tls
        )

    def _ask(self, path: str, operation: str, body: bytes, doing: str) -> "tuple[_Element, Answer]":
        """Send one request; after "Exceeded allowed rate" wait and send it again, three times at most."""
        last: ClientError | None = None
        for wait in (*RATE_WAITS, None):
            self.requests += 1
            answer = self._session.post(path, body, operation, doing=doing)
            try:
                element = operation_of(answer, self._place, doing)
            except FaultAnswer as error:
                last = fault_error(error.fault, self._place, doing)
            else:
                if element.tag == f"{{{SERVICEABILITY_NAMESPACE}}}{operation}Response":
                    return element, answer
                last = malformed(self._place, doing, f"the answer is {element.tag}")
            if last.reason is not Reason.THROTTLED or wait is None:
                break
            self._sleep(wait)
        assert last is not None
        raise last

    def _strictly(self, read: Callable[[], _T], doing: str) -> _T:
        trouble: Malformed
        try:
            return read()
        except Malformed as error:
            trouble = error
        raise malformed(self._place, doing, str(trouble))


def _service_rows(element: "_Element") -> tuple[dict[str, str], ...]:
    result = required(element, "soapGetServiceStatusReturn")
    code = text_of(required(result, "ReturnCode")).strip()
    if code != "0":
        words = text_of(child(result, "ReasonString"))
        raise Malformed(f"ReturnCode {code[:20]!r}: {words[:200]}")
    list_ = required(result, "ServiceInfoList")
    rows = [] if is_nil(list_) else [_members(item, SERVICE_MEMBERS, must=2) for item in children(list_, "item")]
    if len(rows) != len(list_):
        raise Malformed("something else than services in the list of services")
    return tuple(rows)


def _product(element: "_Element") -> ProductInformation:
    result = required(element, "getProductInformationListReturn")
    services = required(result, "Services")
    return ProductInformation(
        active_version=text_of(required(result, "ActiveServerVersion")),
        primary_node=text_of(child(result, "PrimaryNode")),
        secondary_node=text_of(child(result, "SecondaryNode")),
        services=tuple(_members(item, PRODUCT_SERVICE_MEMBERS, must=3) for item in children(services, "item")),
    )


def _members(item: "_Element", names: tuple[str, ...], *, must: int) -> dict[str, str]:
    """Return an item's members; the first ``must`` of ``names`` have to be there and not empty."""
    for name in names[:must]:
        if not text_of(required(item, name)):
            raise Malformed(f"{name} is empty")
    return {name: text_of(child(item, name)) for name in names}


def _counters(element: "_Element", object_name: str) -> tuple[PerfCounter, ...]:
    counters = tuple(
        _counter(item) for item in children(element, "perfmonCollectCounterDataReturn") if not is_nil(item)
    )
    strange = [part for part in element if local(part) not in ("perfmonCollectCounterDataReturn", "")]
    if strange:
        raise Malformed(f"{local(strange[0])[:60]} among the counters")
    other = [counter.name for counter in counters if counter.object.casefold() != object_name.casefold()]
    if other:
        raise Malformed(f"asked for {object_name}, got {other[0][:120]}")
    return counters


def _counter(item: "_Element") -> PerfCounter:
    name, value = text_of(required(item, "Name")), text_of(required(item, "Value")).strip()
    status = text_of(required(item, "CStatus")).strip()
    host, _, rest = name.removeprefix("\\\\").partition("\\")
    left, _, counter = rest.rpartition("\\")
    found = _OBJECT.fullmatch(left)
    if not name.startswith("\\\\") or found is None or not counter:
        raise Malformed(f"a counter is named {name[:120]!r}")
    if not _INTEGER.fullmatch(value) or not _INTEGER.fullmatch(status):
        raise Malformed(f"{name[:120]} has the value {value[:20]!r} and the status {status[:20]!r}")
    return PerfCounter(
        name=name,
        host=host,
        object=found["object"],
        instance=found["instance"] or "",
        counter=counter,
        value=int(value),
        status=int(status),
    )
