"""What a request asks for, in the words of the record: noted before anything else happens to it.

So a request that is refused, or that a fault swallows, has been seen all the same. ``write`` is true for everything
that could change a cluster.
"""

import re
from urllib.parse import parse_qs

from cucm_audit.simulator import database, soap
from cucm_audit.simulator.exchange import Exchange

#: Everything in Cisco's AXL schema that is neither get nor list (675 of 1068 operations), and Control Center's writers.
WRITERS = re.compile(r"^(add|update|remove|apply|reset|restart|do|lock|wipe|assign|unassign|executeSQLUpdate|soapDo)")
CHANNELS = {"axl": "axl", "realtimeservice2": "ris", "controlcenterservice2": "services", "perfmonservice2": "perfmon"}
READING_METHODS = ("GET", "HEAD", "OPTIONS")
#: Parameters of the Extension Mobility page that log somebody in or out.
LOGIN_PARAMETERS = {"userid", "seq", "dologout"}


def channel(exchange: Exchange) -> str:
    """Return which part of a node a request is for."""
    first = exchange.path.strip("/").partition("/")[0]
    return "certmgr" if first == "platformcom" else CHANNELS.get(first, "web")


def note(exchange: Exchange) -> None:
    """Remember the request."""
    if exchange.method in READING_METHODS or not exchange.body:
        _page(exchange)
        return
    try:
        call = soap.read(exchange.body)
    except soap.NotSoap:
        _page(exchange)
        return
    detail, write = _detail(call), WRITERS.match(call.name) is not None
    if call.name.startswith("executeSQL"):
        write = write or database.writes(detail)
    exchange.record(channel(exchange), call.name, detail, write)


def _page(exchange: Exchange) -> None:
    """Note a request without SOAP: whatever is not reading might write."""
    names = {name.lower() for name in parse_qs(exchange.query, keep_blank_values=True)}
    write = exchange.method not in READING_METHODS or bool(names & LOGIN_PARAMETERS)
    exchange.record(channel(exchange), f"{exchange.method} {exchange.path}", exchange.query, write)


def _detail(call: soap.Call) -> str:
    """Return the SQL, the host and object, the number of names, or the search criteria."""
    if call.child("sql") is not None:
        return call.text("sql") or ""
    if call.child("CmSelectionCriteria") is not None:
        items = call.child("CmSelectionCriteria", "SelectItems")
        return f"{0 if items is None else len(items)} items"
    criteria = call.child("searchCriteria")
    children = criteria if criteria is not None else call.element
    words = [(soap.local(child), (child.text or "").strip()) for child in children]
    return " ".join(f"{name}={text}" for name, text in words if name and text)
