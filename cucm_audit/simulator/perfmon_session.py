"""PerfMon's sessions: open, add and remove counters, collect, close; and what a counter is about.

A session is the client's own list of counters and changes nothing on the node (reference: serviceability.md section 3).
The words of its faults and of a counter's description are in no source: invented.
"""

import re
import uuid

from cucm_audit.simulator import soap
from cucm_audit.simulator.exchange import Exchange, Reply
from cucm_audit.simulator.soap import box, leaf

OPERATIONS = (
    "perfmonOpenSession",
    "perfmonAddCounter",
    "perfmonRemoveCounter",
    "perfmonCollectSessionData",
    "perfmonCloseSession",
    "perfmonQueryCounterDescription",
)
_PATH = re.compile(r"\\\\([^\\]+)\\([^\\(]+)(?:\((.+)\))?\\(.+)")


def split(path: str) -> tuple[str, str, str, str] | None:
    r"""Return host, object, instance and counter of ``\\host\Object(instance)\Counter``."""
    matched = _PATH.fullmatch(path.strip())
    return (matched[1], matched[2], matched[3] or "", matched[4]) if matched else None


def answer(exchange: Exchange, call: soap.Call) -> Reply:
    """Return the answer to one of OPERATIONS."""
    sessions: dict[str, list[str]] = exchange.world.counters.setdefault(("perfmon", exchange.node.name, "open"), {})
    if call.name == "perfmonOpenSession":
        handle = str(uuid.uuid4())
        sessions[handle] = []
        return _said(call, leaf("perfmonOpenSessionReturn", handle))
    if call.name == "perfmonQueryCounterDescription":
        known = split(call.text("Counter") or "")
        words = f"{known[3]} of {known[1]}, as this simulated node counts it" if known else ""
        return _said(call, leaf("perfmonQueryCounterDescriptionReturn", words))
    counters = sessions.get(call.text("SessionHandle") or "")
    if counters is None:
        return Reply(500, soap.fault("Error: the session handle is not valid"))
    if call.name == "perfmonCollectSessionData":
        return _said(call, *(_value(exchange, path) for path in counters))
    if call.name == "perfmonCloseSession":
        del sessions[call.text("SessionHandle") or ""]
        return _said(call)
    named = _named(call)
    if any(split(path) is None for path in named):
        return Reply(500, soap.fault("Error: a counter is not named \\\\host\\Object(instance)\\Counter"))
    if call.name == "perfmonAddCounter":
        counters += [path for path in named if path not in counters]
    else:
        counters[:] = [path for path in counters if path not in named]
    return _said(call)


def _said(call: soap.Call, *inner: str) -> Reply:
    return Reply(200, soap.response(call.name, *inner), signed_in=True)


def _named(call: soap.Call) -> list[str]:
    array = call.child("ArrayOfCounter")
    names = [] if array is None else [name for counter in array for name in counter if soap.local(name) == "Name"]
    return [(name.text or "").strip() for name in names]


def _value(exchange: Exchange, path: str) -> str:
    """Return a counter's value now; one that the node does not count is marked by its status (2: not usable)."""
    from cucm_audit.simulator.perfmon import objects

    host, name, instance, counter = split(path) or ("", "", "", "")
    try:
        node = exchange.world.node(host)
        value = node.perf.get(counter, objects(exchange.world, node)[name][(instance, counter)])
    except KeyError:
        return box("perfmonCollectSessionDataReturn", leaf("Name", path), leaf("Value", 0), leaf("CStatus", 2))
    return box("perfmonCollectSessionDataReturn", leaf("Name", path), leaf("Value", value), leaf("CStatus", 1))
