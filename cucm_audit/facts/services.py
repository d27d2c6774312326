"""What runs on a node (Control Center), a few counters (PerfMon), its web certificate. Each node is asked for itself.

Reference: serviceability.md sections 2 and 3.
"""

import datetime as dt
from collections.abc import Iterator

from cucm_audit.clients import ClientError
from cucm_audit.facts import Ask, Fact, Per, Row, certificates
from cucm_audit.facts.values import Refused, whole_number
from cucm_audit.model import Reason, Source
from cucm_audit.words import is_ip, same_host

REPLICATION = "Number of Replicates Created and State of Replication"
MOBILITY = "Cisco Extension Mobility"
MEMORY = "Memory"
_USABLE = {0, 1}  # CStatus
_EM_IS_ACTIVE = "select 1 from activated_service where node = ? and service = 'Cisco Extension Mobility' and active = 1"


def gather_service_status(ask: Ask) -> Iterator[Row]:
    """Yield the services of one node, with the node's own clock at that time. ClientError when it does not answer."""
    assert ask.services is not None
    assert ask.node is not None
    answer = ask.services.service_status()
    answered = answer.date.strftime("%Y-%m-%d %H:%M:%S") if answer.date else None
    for service in answer.services:
        try:
            yield _service(ask.node.name, service, answered)
        except Refused as error:
            ask.partial(Reason.MALFORMED, f"{service.get('ServiceName') or 'a service'}: {error}")


def _service(node: str, service: dict[str, str], answered_at: str | None) -> Row:
    if not service.get("ServiceName") or not service.get("ServiceStatus"):
        raise Refused("ServiceName or ServiceStatus is empty")
    up = whole_number("UpTime", service.get("UpTime"))
    return {
        "node": node,
        "service": service["ServiceName"],
        "status": service["ServiceStatus"],
        "reason_code": whole_number("ReasonCode", service.get("ReasonCode")),
        "reason": service.get("ReasonCodeString", "").strip(),
        "local_started_at": started(service.get("StartTime", "")),
        "up_seconds": up if up is not None and up >= 0 else None,  # -1: not running
        "answered_at": answered_at,
    }


def started(text: str) -> str | None:
    """Return a StartTime like 'Mon Jun 17 06:02:11 2024' as ISO text in the node's own zone; None when it is none.

    >>> started("Mon Jun 17 06:02:11 2024")
    '2024-06-17 06:02:11'
    """
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # not the locale's
    parts = text.split()
    if len(parts) != 5 or parts[1] not in months:
        return None
    try:
        hour, minute, second = map(int, parts[3].split(":"))
        at = dt.datetime(int(parts[4]), months.index(parts[1]) + 1, int(parts[2]), hour, minute, second)
    except ValueError:
        return None
    return at.isoformat(" ")


def gather_perf_counter(ask: Ask) -> Iterator[Row]:
    """Yield the counters of one node. An object that the node does not give makes the fact partial."""
    assert ask.services is not None
    assert ask.node is not None
    objects = [REPLICATION, MEMORY]
    if list(ask.select(_EM_IS_ACTIVE, (ask.node.name,))):
        objects.append(MOBILITY)  # the object is there only where the service is
    failed: list[ClientError] = []
    others: set[str] = set()
    for name in objects:
        try:
            counters = ask.services.perf(ask.node.name, name)
            if not counters:
                ask.partial(Reason.IMPLAUSIBLE_EMPTY, f"the answer has no counter of {name}")
            for counter in counters:
                others.update([counter.host] if _another(counter.host, ask.node.name) else [])
                usable = counter.status in _USABLE
                yield {
                    "node": ask.node.name,
                    "object": counter.object,
                    "instance": counter.instance,
                    "counter": counter.counter,
                    "value": counter.value if usable else None,
                    "status": counter.status,
                }
        except ClientError as error:
            failed.append(error)
            if error.reason is Reason.AUTH_FAILED:
                break
    if len(failed) == len(objects) or any(one.reason is Reason.AUTH_FAILED for one in failed):
        raise failed[0]
    for one in failed:
        ask.partial(one.reason, one.detail or str(one), one.hint)
    if others:
        ask.partial(Reason.INCONSISTENT, f"asked for {ask.node.name}, PerfMon tells of {', '.join(sorted(others))}")


def _another(host: str, node: str) -> bool:
    """Say whether counters are of another host than was asked for; an address beside a name does not tell."""
    return not is_ip(host) and not is_ip(node) and not same_host(host, node)


def gather_web_certificate(ask: Ask) -> Iterator[Row]:
    """Yield what the node's web certificate says. ClientError when it shows none."""
    assert ask.services is not None
    assert ask.node is not None
    try:
        yield {"node": ask.node.name, **certificates.der(ask.services.certificate().der)}
    except Refused as error:
        ask.partial(Reason.MALFORMED, str(error))


FACTS: tuple[Fact, ...] = (
    Fact(
        table="service_status",
        per=Per.NODE,
        source=Source.SERVICES,
        gather=gather_service_status,
        asks=("soapGetServiceStatus",),
        never_empty=True,
    ),
    Fact(
        table="perf_counter",
        per=Per.VOICE_NODE,
        source=Source.SERVICES,
        gather=gather_perf_counter,
        asks=("perfmonCollectCounterData",),
        needs=("activated_service",),
    ),
    Fact(
        table="web_certificate",
        per=Per.NODE,
        source=Source.SERVICES,
        gather=gather_web_certificate,
        asks=("TLS handshake",),
        never_empty=True,
        no_login=True,
    ),
)
