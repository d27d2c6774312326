"""PerfMon: counters of a few objects, of any node (reference: serviceability.md section 3)."""

from collections.abc import Mapping

from cucm_audit.simulator import perfmon_session, soap
from cucm_audit.simulator.exchange import Exchange, Reply, page
from cucm_audit.simulator.ris import too_fast
from cucm_audit.simulator.soap import box, leaf
from cucm_audit.simulator.world import SimNode, World

PER_MINUTE = 80
ANSWERS = ("perfmonCollectCounterData", "perfmonListCounter", "perfmonListInstance")
REPLICATION = "Number of Replicates Created and State of Replication"


def answer(exchange: Exchange) -> Reply:
    """Return PerfMon's answer; no SOAPAction is needed, and the path may end in a slash."""
    refused = exchange.refused()
    if refused is not None:
        return refused
    role = exchange.fault("role_perfmon")
    if role is not None:
        return page(403 if role is True else int(role), "Access to the requested resource has been denied")
    try:
        call = soap.read(exchange.body)
    except soap.NotSoap as error:
        return Reply(500, soap.fault(str(error), "soapenv:Client"))
    host, name = call.text("Host") or "", call.text("Object") or ""
    if exchange.fault("perf_rate") or too_fast(exchange, "perfmon", PER_MINUTE):
        now = f"Current allowed rate for perfmon information is {PER_MINUTE} requests per minute."
        return Reply(500, soap.fault(f"Exceeded allowed rate for Perfmon information. {now}PerfmonService"))
    if call.name in perfmon_session.OPERATIONS and call.namespace == soap.AST:
        return perfmon_session.answer(exchange, call)
    if call.name not in ANSWERS or call.namespace != soap.AST:
        return Reply(500, soap.fault("The endpoint reference (EPR) for the Operation not found", "soapenv:Client"))
    try:
        known = objects(exchange.world, exchange.world.node(host))
        if call.name == "perfmonListCounter":
            return Reply(200, soap.response(call.name, *_listed(known)), signed_in=True)
        counters = known[name]
    except KeyError:
        # The wording for an unknown host or object is in no source: invented.
        return Reply(500, soap.fault(f"Error: {name} on {host} is not available"))
    if call.name == "perfmonListInstance":
        return Reply(200, soap.response(call.name, *_instances(counters)), signed_in=True)
    return Reply(200, soap.response(call.name, *_counters(exchange, host, name, counters)), signed_in=True)


def objects(world: World, node: SimNode) -> dict[str, Mapping[tuple[str, str], int]]:
    """Return object -> (instance, counter) -> value."""
    registered = sum(row.node == node.name and row.status == "Registered" for row in world.registrations)
    logins = len(world.registrations) // 7
    mobility = {
        "RequestsHandled": 2 * logins,
        "RequestsInProgress": 0,
        "RequestsThrottled": 0,
        "LoginsSuccessful": logins,
        "LogoutsSuccessful": logins,
        "Total Login/LogoutRequestsAttempted": 2 * logins,
    }
    callmanager = {
        "RegisteredHardwarePhones": registered,
        "RegisteredOtherStationDevices": 0,
        "PartiallyRegisteredPhone": 0,
        "CallsActive": registered // 20,
        "CallManagerHeartBeat": 4711,
        "InitializationState": 100,
    }
    memory = {"% Mem Used": 61, "% VM Used": 38, "Total KBytes": 7990056, "Free KBytes": 1130848}
    disks = {"Active": 69, "Inactive": 67, "Common": 54, "Swap": 3}
    load = {"% CPU Time": 12, "IOwait Percentage": 1, "Idle Percentage": 88}
    state = int(node.replication.get("state") or 0)
    return {
        REPLICATION: {
            ("ReplicateCount", "Number of Replicates Created"): 753,
            ("ReplicateCount", "Replicate_State"): state,
        },
        "Cisco Extension Mobility": {("", name): value for name, value in mobility.items()},
        "Cisco CallManager": {("", name): value for name, value in callmanager.items()},
        "Memory": {("", name): value for name, value in memory.items()},
        "Partition": {(disk, "% Used"): used for disk, used in disks.items()},
        "Processor": {(cpu, name): value for cpu in ("0", "1", "_Total") for name, value in load.items()},
        "System": {("", "Total Processes"): 231, ("", "Total Threads"): 1460},
    }


def _instances(counters: Mapping[tuple[str, str], int]) -> list[str]:
    names = dict.fromkeys(instance for instance, _ in counters if instance)
    return [box("perfmonListInstanceReturn", leaf("Name", name)) for name in names]


def _listed(known: Mapping[str, Mapping[tuple[str, str], int]]) -> list[str]:
    """Return every object with the names of its counters."""
    rows = []
    for name, counters in known.items():
        many = leaf("MultiInstance", str(any(instance for instance, _ in counters)).lower())
        items = [box("item", leaf("Name", counter)) for counter in dict.fromkeys(counter for _, counter in counters)]
        rows.append(box("perfmonListCounterReturn", leaf("Name", name), many, box("ArrayOfCounter", *items)))
    return rows


def _counters(exchange: Exchange, host: str, name: str, counters: Mapping[tuple[str, str], int]) -> list[str]:
    missing, status = exchange.fault("perf_missing"), exchange.fault("perf_status")
    usable = leaf("CStatus", 1 if status is None else int(status))
    named = exchange.fault("perf_host") or host
    rows = []
    changed = exchange.world.node(host).perf
    for (instance, counter), healthy in counters.items():
        value = changed.get(counter, healthy)
        if counter != missing:
            path = f"\\\\{named}\\{name}{f'({instance})' if instance else ''}\\{counter}"
            rows.append(box("perfmonCollectCounterDataReturn", leaf("Name", path), leaf("Value", value), usable))
    return rows
