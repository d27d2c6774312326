"""``utils service list`` and ``utils ntp status`` (reference: cli.md sections 7 and 9)."""

from typing import Any

from cucm_audit.simulator.cli_answer import Answer, Call, ctime, local, siblings, text
from cucm_audit.simulator.world import SimService

_ALWAYS = ("System SSH", "Cluster Manager")
_SPACED = (
    *_ALWAYS,
    "A Cisco DB Replicator",
)  # these stand with a blank before the bracket in the captures, others without


def service_list(call: Call) -> Answer:
    """``utils service list``: one service a line, its state in brackets, the reason behind."""
    services = call.node.services
    platform = [SimService(name=name, feature=False, activated=True) for name in _ALWAYS if name not in services]
    return text(
        "Requesting service status, please wait...",
        *(_service(service) for service in [*platform, *services.values()]),
        f"Primary Node ={'true' if call.node.role == 'publisher' else 'false'}",  # the line is from memory
    )


def _service(service: SimService) -> str:
    space = " " if service.name in _SPACED else ""
    reason = service.reason
    if service.status == "Stopped" and not reason:
        reason = "Commanded Out of Service" if service.activated else "Service Not Activated"
    shown = f"  {reason}" if reason and service.status != "Started" else ""
    return f"{service.name}{space}[{service.status.upper()}]{shown}"


def ntp(call: Call) -> dict[str, Any]:
    """Return the node's NTP facts, completed: subscribers follow their publisher, one stratum further away."""
    first = siblings(call.world, call.node)[0]
    publisher = call.world.publisher
    follows = call.node is not publisher
    stratum = int(publisher.ntp.get("stratum", 3))
    usual = {
        "daemon": "chronyd" if call.release[0] >= 15 else "ntpd",
        "running": True,
        "synchronised": True,
        "server": (publisher if call.node is first else first).address if follows else "192.0.2.123",
        "stratum": stratum + 1 if follows else 3,
        "within_ms": 32,
        "poll": 1024,
        "spelling": "synchronised",  # both spellings occur on the same release
        "pid": 8609,
    }
    facts = {**usual, **call.node.ntp}
    named = [node.address for node in call.world.nodes if facts["server"] in (node.name, node.host)]
    facts["server"] = (named or [facts["server"]])[0]  # the daemons print addresses
    return facts


def ntp_status(call: Call) -> Answer:
    """``utils ntp status`` in ntpd's words or in chronyd's (whose layout is known from other people's parsers only)."""
    facts = ntp(call)
    if not facts["running"]:
        return text(f"{facts['daemon']} is stopped", *_times(call))  # from memory
    body = _chronyd(facts) if facts["daemon"] == "chronyd" else _ntpd(facts)
    return text(f"{facts['daemon']} (pid {facts['pid']}) is running...", "", *body, *_times(call))


def _ntpd(facts: dict[str, Any]) -> list[str]:
    tally, reach, when = ("*", 377, 823) if facts["synchronised"] else (" ", 0, "-")
    poll = facts["poll"] if facts["synchronised"] else 64
    rows = [
        "     remote           refid      st t when poll reach   delay   offset  jitter",
        "==============================================================================",
        f"{tally}{facts['server']:<15} 198.51.100.9    {facts['stratum'] - 1:>3} u {when:>4} {poll:>4}  {reach:>3}"
        f"    0.511    1.234   0.056",
        *facts.get("more_peers", ()),
        "",
        "",
    ]
    word = facts["spelling"]
    if not facts["synchronised"]:
        return [*rows, f"un{word}", "   time server re-starting", f"   polling server every {poll} s", ""]
    return [
        *rows,
        f"{word} to NTP server ({facts['server']}) at stratum {facts['stratum']}",
        f"   time correct to within {facts['within_ms']} ms",
        f"   polling server every {poll} s",
        "",
    ]


def _chronyd(facts: dict[str, Any]) -> list[str]:
    mark, reach = ("*", 377) if facts["synchronised"] else ("?", 0)
    exponent = max(int(facts["poll"]).bit_length() - 1, 0)
    rows = [
        "210 Number of sources = 1",
        "MS Name/IP address         Stratum Poll Reach LastRx Last sample",
        "===============================================================================",
        f"^{mark} {facts['server']:<27}{facts['stratum'] - 1:>3}{exponent:>4}{reach:>6}   823   +123us[ +150us] +/-"
        f"{facts['within_ms']:>5}ms",
        *facts.get("more_peers", ()),
        "",
    ]
    if facts.get("sync_line"):  # whether chronyd's form has this line nobody could tell: a scenario may switch it on
        rows += [f"{facts['spelling']} to NTP server ({facts['server']}) at stratum {facts['stratum']}", ""]
    return rows


def _times(call: Call) -> list[str]:
    now = call.node.now()
    return [
        f"Current time in UTC is : {ctime(now)}",
        f"Current time in {call.node.zone} is : {ctime(local(call.node, now))}",
    ]
