"""The servers, groups, pools and phone services of a healthy cluster (reference: axl-database.md sections 3 and 7)."""

import time
from collections.abc import Sequence
from typing import Any

from cucm_audit.simulator.base_parameters import EVERYBODY, em_urls
from cucm_audit.simulator.base_types import SERVICES
from cucm_audit.simulator.dictionary import axl_form
from cucm_audit.simulator.rows import guid, put
from cucm_audit.simulator.world import World

#: Call Manager groups: name, places of the servers in order, in which the publisher comes last; see groups().
_GROUPS = {"CMG-Sub1": (1, 2, 0), "CMG-Sub2": (2, 1, 0), "Default": (1, 0)}
DEVICE_POOLS = {"Berlin-DP": "CMG-Sub1", "Munich-DP": "CMG-Sub2", "Default": "Default"}
EM_SERVICE = "Extension Mobility"
#: Other phone services: name, url, enterprise subscription, button (0 Services, 1 Directories, 2 Messages).
OTHER_SERVICES = (
    ("Missed Calls", "Application:Cisco/MissedCalls", "t", 1),
    ("Received Calls", "Application:Cisco/ReceivedCalls", "t", 1),
    ("Placed Calls", "Application:Cisco/PlacedCalls", "t", 1),
    ("Corporate Directory", "Application:Cisco/CorporateDirectory", "t", 1),
    ("Voicemail", "Application:Cisco/Voicemail", "t", 2),
    ("Canteen Menu", "http://192.0.2.80/canteen/menu.xml", "f", 0),
)


def groups(world: World) -> dict[str, tuple[int, ...]]:
    """Return the Call Manager groups with the places of those of their servers that the cluster has."""
    there = sum(node.product == "callmanager" for node in world.nodes)
    return {name: tuple(place for place in places if place < there) for name, places in _GROUPS.items()}


def fill(world: World) -> None:
    """Write everything of this file."""
    for part in (_nodes, _versions, _callmanagers, _activated, _groups, _pools, _phone_services, _rest):
        part(world)


def _nodes(world: World) -> None:
    rows: list[Sequence[Any]] = [(EVERYBODY, "EnterpriseWideData", "", "t", "t", "1", 1, 1, "")]
    for place, node in enumerate(world.nodes):
        usage, role = min(place, 1), 1 if node.product == "callmanager" else 2
        words = f"{node.role} {node.host}"
        rows.append((guid("node", place), node.name, words, "t", "f", str(place + 2), usage, role, ""))
    columns = "pkid name description isactive systemnode nodeid tknodeusage tkprocessnoderole ipv6name"
    put(world, "processnode", columns, rows)


def _versions(world: World) -> None:
    versions, replication = [], []
    for place, node in enumerate(world.nodes):
        for part in ("cm-ver", "master"):
            pkid = guid("version", f"{place}{part}")
            versions.append((pkid, guid("node", place), part, part, axl_form(node.release)))
        replication.append((guid("replication", place), guid("node", place), int(time.time()), 2, 1))
    put(world, "componentversion", "pkid fkprocessnode installationcomponent softwarecomponent version", versions)
    columns = "pkid fkprocessnode datetimestamp tkreplicationstatus replicationsetuptime"
    put(world, "replicationdynamic", columns, replication)


def _callmanagers(world: World) -> None:
    rows = [
        (guid("callmanager", place), f"CM_{node.name}", guid("node", place), node.host, 2000, 5060, 5061, "f")
        for place, node in enumerate(world.nodes)
        if node.product == "callmanager"
    ]
    columns = "pkid name fkprocessnode description ethernetphoneport sipport sipsecuredport resettoggle"
    put(world, "callmanager", columns, rows)


def _activated(world: World) -> None:
    rows = []
    for place, node in enumerate(world.nodes):
        for service in node.services.values():
            if service.name in SERVICES:
                pkid, active = guid("activated", f"{place}{service.name}"), "t" if service.activated else "f"
                rows.append((pkid, guid("node", place), SERVICES[service.name], active, "t", 0, 250, 1))
    columns = "pkid fkprocessnode tkservice isactive enable tracelevel numfiles maxfilesize"
    put(world, "processnodeservice", columns, rows)


def _groups(world: World) -> None:
    rows = [(guid("group", name), name, "t" if name == "Default" else "f") for name in _GROUPS]
    put(world, "callmanagergroup", "pkid name tftpdefault", rows)
    members = [
        (guid("member", f"{name}{priority}"), guid("group", name), guid("callmanager", place), priority)
        for name, places in groups(world).items()
        for priority, place in enumerate(places)
    ]
    put(world, "callmanagergroupmember", "pkid fkcallmanagergroup fkcallmanager priority", members)


def _pools(world: World) -> None:
    clock, place = guid("datetime", "CMLocal"), guid("location", "Hub_None")
    put(world, "datetimesetting", "pkid name datetemplate tktimezone", [(clock, "CMLocal", "D/M/Y", 22)])
    put(world, "location", "pkid name", [(place, "Hub_None")])
    region = guid("region", "Default")
    put(world, "region", "pkid name", [(region, "Default")])
    pools = [
        (guid("pool", name), name, guid("group", group), clock, place, region) for name, group in DEVICE_POOLS.items()
    ]
    put(world, "devicepool", "pkid name fkcallmanagergroup fkdatetimesetting fklocation fkregion", pools)


def _phone_services(world: World) -> None:
    plain, secure = em_urls(world)
    rows = [(guid("service", EM_SERVICE), EM_SERVICE, EM_SERVICE, plain, secure, 0, 0, "t", "f", 50)]
    for name, url, everybody, button in OTHER_SERVICES:
        rows.append((guid("service", name), name, name, url, "", button, 0, "t", everybody, 50))
    columns = "pkid name nameascii urltemplate secureurltemplate tkphoneservice tkphoneservicecategory enabled"
    put(world, "telecasterservice", f"{columns} enterprisesubscription priority", rows)


def _rest(world: World) -> None:
    profile = (guid("commonphone", 1), "Standard Common Phone Profile", "", 3, "t")
    put(world, "commonphoneconfig", "pkid name description tkphoneservicedisplay isstandard", [profile])
    policy = (guid("policy", 1), "Default Credential Policy", 3, 30, 0, 5, "t")
    put(world, "credentialpolicy", "pkid displayname maxhacks lockoutduration maxdays minlength isstandard", [policy])
    put(world, "ntpserver", "pkid name description", [(guid("ntp", 1), "192.0.2.123", "phones' NTP reference")])
    # The key names of featureconfig are in no source: this one is invented.
    put(world, "featureconfig", "pkid keyname value tkfeatureconfig", [(guid("feature", 1), "EmccMaxDevices", "0", 1)])
    put(world, "routepartition", "pkid name", [(guid("partition", "Internal"), "Internal-PT")])
