"""What can be made to go wrong over HTTP, by name. Put into ``node.faults`` or, for every node, into ``world.faults``.

A value is True, a number or text as said below, or a table with it under ``value`` and, as wanted: ``on`` (strikes only
where this text occurs in the method, the path or the body: "/axl", "typemodel"), ``after`` (not the first n times),
``times`` (only n times then). The SSH half has its own list in ``cli_faults.py``.
"""

from collections.abc import Mapping
from typing import Any

from cucm_audit.simulator.world import SimNode, World

FAULTS: dict[str, str] = {
    # the door
    "down": "the whole node is off: nothing listens on any of its ports (read when it starts, and by Cluster.down)",
    "refuse": "HTTPS and HTTP refuse connections, SSH works (read when it starts)",
    "closed": "HTTPS and HTTP drop every new connection from now on, as if the web server had just died",
    "tls_silent": "the connection is taken, the TLS handshake never answered",
    "tls_old": "TLS 1.0 only (read when it starts)",
    # any request
    "hang": "the request is read and never answered",
    "reset": "the connection is reset before the answer; a number resets it after so many bytes of the answer",
    "status": "this HTTP status with an HTML page: 401, 403, 404, 500, 503, 599 ...",
    "retry_after": "seconds that a 503 of `status` names",
    "soap_fault": "500 with a SOAP fault that holds this text",
    "html200": "200 with a sign-on page",
    "redirect": "307 to this address",
    "slow_headers": "one byte of the headers every so many seconds (True: 0.5)",
    "slow_body": "one byte of the body every so many seconds (True: 0.5)",
    "truncate": "the body ends in the middle, whatever Content-Length said",
    "long_length": "Content-Length promises a thousand bytes more than there are",
    "gzip_bomb": "a small compressed body that becomes this many MB (True: 300)",
    "big": "a body of this many MB, sent in chunks without end mark until then (True: 400)",
    "doctype": "the XML answer has a DOCTYPE with an external entity",
    "lol": "the XML answer has the billion laughs",
    "deep": "the XML answer is nested this deep (True: 100000)",
    "bad_utf8": "the XML answer has a byte that is no UTF-8",
    "latin1": "the XML answer is declared and written in ISO-8859-1",
    "wrong_namespace": "the XML answer is in another version's or service's namespace",
    "extra_element": "an element that no schema has stands first in the return of the answer",
    "missing_element": "every element with this name is left out of the answer",
    "double_element": "every element with this name comes twice",
    # AXL
    "axl_off": "404 on /axl/: the service is not activated",
    "axl_limit": "bytes that one answer may have (default 8 MB)",
    "axl_spelling": "the size fault's word: Suggestive (default) or Suggested",
    "axl_memory": "the fault Maximum AXL Memory Allocation Consumed",
    "axl_nil": "SQL NULL is sent as xsi:nil instead of an empty element",
    "axl_fault": "a fault with this axlcode and an unhelpful text",
    "ignore_skip": "skip is not obeyed: every page is the first",
    "ignore_first": "first is not obeyed: everything that follows comes in one answer",
    "repeat_page": "the second page repeats the first",
    "short_page": "every page lacks its last row",
    "empty_answer": "queries that succeed have no rows",
    "count_off": "every count(*) is off by this number",
    "licence_without_return": "the licence comes without the return element, as from live nodes",
    "role_axl": "401 or 403: the account lacks the AXL role",
    # serviceability
    "role_ris": "401 or 403 from RIS",
    "role_services": "401 or 403 from Control Center",
    "role_perfmon": "401 or 403 from PerfMon",
    "ris_rate": "the rate fault, whatever the rate",
    "ris_rate_status": "the HTTP status of the rate fault (default 500; 200 is seen as well)",
    "ris_silent": "this node's RIS does not answer the others: ReturnCode NodeNotResponding",
    "ris_no_change": "this node says NoChange and names no device",
    "ris_code": "this ReturnCode for the node: InternalError, InvalidRequest ...",
    "ris_left_out": "answers name neither this node nor any without the devices that were asked",
    "ris_duplicates": "selectCmDeviceExt does not consolidate either: stale rows come too",
    "ris_old_form": "answers carry the older flat IpAddress instead of the list",
    "services_fault": "Control Center answers with a fault",
    "perf_rate": "PerfMon's rate fault",
    "perf_host": "PerfMon's counters name this host, as those of a node of another cluster do",
    "perf_missing": "PerfMon leaves out this counter",
    "perf_status": "CStatus of every counter (default 1)",
}


def value(world: World, node: SimNode, name: str, where: str = "") -> Any:
    """Return a fault's value if it strikes now, else None. Counts for ``after`` and ``times``."""
    if name not in FAULTS:
        raise KeyError(name)
    for home, faults in (("", world.faults), (node.name, node.faults)):
        found = faults.get(name)
        if found is None or found is False:
            continue
        if not isinstance(found, Mapping):
            return found
        if found.get("on", "") not in where:
            continue
        with world.lock:
            strikes = world.counters[("fault", home, name)] = world.counters.get(("fault", home, name), 0) + 1
        after = found.get("after", 0)
        if strikes > after and ("times" not in found or strikes <= after + found["times"]):
            return found.get("value", True)
    return None
