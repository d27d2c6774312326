"""The healthy cluster's servers: names, addresses, services, boots and device packs, as each release's rule wants them.

The rule after a device pack (reference: cli.md section 11): up to 11.5(1)SU4, and on 12.0(1) to SU1, every node is
rebooted, publisher first; later Cisco Tomcat is restarted on all nodes and Cisco CallManager on the publisher.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from cucm_audit.simulator.base_types import PACKS
from cucm_audit.simulator.dictionary import numbers
from cucm_audit.simulator.world import SimEvent, SimNode, SimService

PUBLISHER = "cucm-pub"
#: How the servers are called in System > Server.
STYLES = ("host", "fqdn", "address")
DOMAIN = "example.com"
INSTALLED_DAYS_AGO = 300
PACK_DAYS_AGO = 60

#: Services and where they run: y, n (not activated) or o (stopped, as on every subscriber) on the publisher, the first
#: subscriber and the others. A lone publisher has all that anybody has. Network services run without being activated.
NETWORK_SERVICES = {
    "System SSH": "yyy",
    "Cluster Manager": "yyy",
    "A Cisco DB": "yyy",
    "A Cisco DB Replicator": "yyy",
    "Cisco Tomcat": "yyy",
    "Cisco Database Layer Monitor": "yyy",
    "Cisco RIS Data Collector": "yyy",
    "Cisco CallManager Cisco IP Phone Services": "yyy",
    "Cisco Extension Mobility Application": "yyy",
    "Cisco Trust Verification Service": "yyy",
    "Cisco Certificate Expiry Monitor": "yyy",
    "Cisco CDR Agent": "yyy",
    "Cisco DRF Local": "yyy",
    "Cisco DRF Master": "yoo",
    "Cisco Intercluster Lookup Service": "yoo",
}
FEATURE_SERVICES = {
    "Cisco CallManager": "yyy",
    "Cisco Tftp": "yyn",
    "Cisco CTIManager": "nyy",
    "Cisco IP Voice Media Streaming App": "nyy",
    "Cisco Extension Mobility": "yyy",
    "Cisco AXL Web Service": "yyy",
    "Cisco DirSync": "ynn",
    "Cisco Bulk Provisioning Service": "ynn",
    "Cisco Serviceability Reporter": "ynn",
    "Cisco Certificate Authority Proxy Function": "ynn",
    "Cisco WebDialer Web Service": "nnn",
}
PRESENCE_SERVICES = (
    "System SSH",
    "Cluster Manager",
    "A Cisco DB",
    "A Cisco DB Replicator",
    "Cisco Tomcat",
    "Cisco RIS Data Collector",
    "Cisco DRF Local",
    "Cisco AXL Web Service",
    "Cisco Presence Engine",
    "Cisco XCP Router",
    "Cisco SIP Proxy",
)
OTHER_OPTION = "ciscocm.free_common_space_v1.10.cop"
NOT_ACTIVATED = (-1068, "Service Not Activated")
COMMANDED_OUT = (-1069, "Commanded Out of Service")


def reboots_after_pack(release: str) -> bool:
    """Say whether a device pack wants a reboot of every node on this build."""
    build = numbers(release)[:4]
    return build < (11, 5, 1, 15900) or (12, 0, 1) <= build < (12, 0, 1, 22900)


def healthy_nodes(
    release: str, addresses: Sequence[str], voice: int = 3, presence: int = 1, called: str = "host"
) -> list[SimNode]:
    """Return the servers of a healthy cluster, so many ``voice`` servers and IM and Presence servers, publisher first.

    Before 10.0 IM and Presence is a cluster of its own and is left out. ``called``: one of STYLES. ValueError when the
    addresses are too few, or for a style that there is not.
    """
    if called not in STYLES:
        raise ValueError(f"{called!r} is no way to call a server; there are {', '.join(STYLES)}")
    servers = [(PUBLISHER, "callmanager"), *((f"cucm-sub{place}", "callmanager") for place in range(1, voice))]
    if numbers(release) >= (10, 0):
        servers += [(f"cucm-imp{place}", "cups") for place in range(1, presence + 1)]
    if len(addresses) < len(servers):
        raise ValueError(f"{len(servers)} addresses are needed, {len(addresses)} were given")
    made = [_node(place, *server, addresses[place], release) for place, server in enumerate(servers)]
    for place, node in enumerate(made):
        node.name = {"host": node.host, "fqdn": f"{node.host}.{node.domain}", "address": node.address}[called]
        node.services = _services(place, node.product == "callmanager", node.booted_at, release, lone=voice == 1)
    return made


def _node(place: int, host: str, product: str, address: str, release: str) -> SimNode:
    voice = product == "callmanager"
    pack, survivor = PACKS[max(key for key in PACKS if key <= numbers(release)[:2])]
    node = SimNode(
        name=host,
        host=host,
        domain=DOMAIN,
        address=address,
        role="subscriber" if place else "publisher",
        product=product,
        release=release,
        options=[OTHER_OPTION, pack] if voice else [OTHER_OPTION],
        ntp=_ntp(place, release),
        replication={"state": 2, "queue": 0, "ping": 0.02 + 0.23 * place, "y": "Y/Y/Y", "details": "Setup Completed"},
    )
    if place < 2 and numbers(release) >= (10, 0):
        node.options.append(survivor)  # came through an upgrade; that a node lacks it is no difference that matters
    node.booted_at = _history(node, place, pack if voice else "")
    return node


def _ntp(place: int, release: str) -> dict[str, Any]:
    """Return the state of NTP: the publisher follows a time server, the others follow the publisher."""
    return {
        "daemon": "chronyd" if numbers(release) >= (15,) else "ntpd",
        "running": True,
        "synchronised": True,
        "server": PUBLISHER if place else "192.0.2.123",
        "stratum": 4 if place else 3,
        "within_ms": 12 + 7 * place,
        "poll": 1024,
    }


def _history(node: SimNode, place: int, pack: str) -> dt.datetime:
    """Write the node's system history and return the time of its last boot."""
    later = dt.timedelta(minutes=20 * place)
    release, installed = node.release, days_ago(INSTALLED_DAYS_AGO, 8) + later
    booted = installed + dt.timedelta(minutes=46)
    node.events = [
        SimEvent(at=installed, action="Install", subject=release, result="Start"),
        SimEvent(at=installed + dt.timedelta(minutes=45), action="Install", subject=release, result="Success"),
        SimEvent(at=booted, action="Boot", subject=release, result="Start"),
        SimEvent(at=booted + dt.timedelta(days=9), action="Cisco Option Install", subject=OTHER_OPTION, result="Start"),
        SimEvent(
            at=booted + dt.timedelta(days=9, minutes=2),
            action="Cisco Option Install",
            subject=OTHER_OPTION,
            result="Success",
        ),
    ]
    if pack:
        node.events += pack_events(pack, pack_time(place))
        if reboots_after_pack(release):
            booted = pack_time(place) + dt.timedelta(hours=2, minutes=10 * place)
            node.events += boot_events(release, booted)
    return booted


def pack_time(place: int) -> dt.datetime:
    """Return when the pack was started on the server at ``place`` (0 is the publisher)."""
    return days_ago(PACK_DAYS_AGO, 9) + dt.timedelta(minutes=20 * place)


def pack_events(pack: str, at: dt.datetime) -> list[SimEvent]:
    """Return the lines of an option's installation, eleven minutes long."""
    return [
        SimEvent(at=at, action="Cisco Option Install", subject=pack, result="Start"),
        SimEvent(at=at + dt.timedelta(minutes=11), action="Cisco Option Install", subject=pack, result="Success"),
    ]


def boot_events(release: str, at: dt.datetime) -> list[SimEvent]:
    """Return the lines of a clean restart that comes up at ``at``."""
    return [
        SimEvent(at=at - dt.timedelta(minutes=3), action="Restart", subject=release, result="Start"),
        SimEvent(at=at, action="Boot", subject=release, result="Start"),
    ]


def _services(
    place: int, voice: bool, booted: dt.datetime | None, release: str, *, lone: bool
) -> dict[str, SimService]:
    assert booted is not None
    up = booted + dt.timedelta(minutes=4)
    if not voice:
        return {name: SimService(name=name, feature=False, activated=True, started_at=up) for name in PRESENCE_SERVICES}
    services = {}
    for name, letters in {**NETWORK_SERVICES, **FEATURE_SERVICES}.items():
        letter = "y" if lone and "y" in letters else letters[min(place, 2)]
        activated = letter != "n"
        service = SimService(name=name, feature=name in FEATURE_SERVICES, activated=activated, started_at=up)
        if letter != "y":
            service.status, service.started_at = "Stopped", None
            service.reason_code, service.reason = COMMANDED_OUT if activated else NOT_ACTIVATED
        services[name] = service
    if not reboots_after_pack(release):
        services["Cisco Tomcat"].started_at = pack_time(place) + dt.timedelta(minutes=50)
        if place == 0:
            services["Cisco CallManager"].started_at = pack_time(2) + dt.timedelta(minutes=90)
    return services


def days_ago(days: int, hour: int) -> dt.datetime:
    """Return a time of day some days ago, UTC; never in the hours in which European clocks change."""
    today = dt.datetime.now(dt.UTC).replace(hour=hour, minute=0, second=0, microsecond=0)
    return today - dt.timedelta(days=days)
