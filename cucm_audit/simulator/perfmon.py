"""PerfMon: counters of a few objects, of any node (reference: serviceability.md section 3)."""

from collections.abc import Mapping

from cucm_audit.simulator import soap
from cucm_audit.simulator.exchange import Exchange, Reply, page
from cucm_audit.simulator.ris import too_fast
from cucm_audit.simulator.soap import tag
from cucm_audit.simulator.world import SimNode, World

PER_MINUTE = 80
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
    exchange.record("perfmon", call.name, f"{host} {name}")
    if exchange.fault("perf_rate") or too_fast(exchange, "perfmon", PER_MINUTE):
        text = f"Exceeded allowed rate for Perfmon information. Current allowed rate for perfmon information is {PER_MINUTE} requests per minute.PerfmonService"
        return Reply(500, soap.fault(text))
    if call.name != "perfmonCollectCounterData" or call.namespace != soap.AST:
        return Reply(500, soap.fault("The endpoint reference (EPR) for the Operation not found", "soapenv:Client"))
    try:
        node = exchange.world.node(host)
        counters = objects(exchange.world, node)[name]
    except KeyError:
        # The wording for an unknown host or object is in no source: invented.
        return Reply(500, soap.fault(f"Error: {name} on {host} is not available"))
    return Reply(200, soap.envelope(_counters(exchange, host, name, counters)), signed_in=True)


def objects(world: World, node: SimNode) -> dict[str, Mapping[tuple[str, str], int]]:
    """Return object -> (instance, counter) -> value."""
    registered = sum(row.node == node.name and row.status == "Registered" for row in world.registrations)
    logins = len(world.registrations) // 7
    replication = {
        ("ReplicateCount", "Number of Replicates Created"): 753,
        ("ReplicateCount", "Replicate_State"): int(node.replication.get("state") or 0),
    }
    return {
        REPLICATION: replication,
        "Cisco Extension Mobility": {
            ("", "RequestsHandled"): 2 * logins, ("", "RequestsInProgress"): 0, ("", "RequestsThrottled"): 0, ("", "LoginsSuccessful"): logins,
            ("", "LogoutsSuccessful"): logins, ("", "Total Login/LogoutRequestsAttempted"): 2 * logins,
        },
        "Cisco CallManager": {("", "RegisteredHardwarePhones"): registered, ("", "RegisteredOtherStationDevices"): 0, ("", "PartiallyRegisteredPhone"): 0, ("", "CallsActive"): registered // 20, ("", "CallManagerHeartBeat"): 4711, ("", "InitializationState"): 100},
        "Memory": {("", "% Mem Used"): 61, ("", "% VM Used"): 38, ("", "Total KBytes"): 7990056, ("", "Free KBytes"): 1130848},
        "Partition": {(disk, "% Used"): used for disk, used in (("Active", 69), ("Inactive", 67), ("Common", 54), ("Swap", 3))},
        "Processor": {(cpu, counter): value for cpu in ("0", "1", "_Total") for counter, value in (("% CPU Time", 12), ("IOwait Percentage", 1))},
        "System": {("", "Total Processes"): 231, ("", "Total Threads"): 1460},
    }  # fmt: skip


def _counters(exchange: Exchange, host: str, name: str, counters: Mapping[tuple[str, str], int]) -> str:
    missing, status = exchange.fault("perf_missing"), exchange.fault("perf_status")
    rows = []
    for (instance, counter), value in counters.items():
        if counter == missing:
            continue
        path = f"\\\\{host}\\{name}({instance})\\{counter}" if instance else f"\\\\{host}\\{name}\\{counter}"
        rows.append(
            f"<ns1:perfmonCollectCounterDataReturn>{tag('ns1:Name', path)}{tag('ns1:Value', value)}{tag('ns1:CStatus', 1 if status is None else int(status))}"
            "</ns1:perfmonCollectCounterDataReturn>"
        )
    return f'<ns1:perfmonCollectCounterDataResponse xmlns:ns1="{soap.AST}">{"".join(rows)}</ns1:perfmonCollectCounterDataResponse>'
