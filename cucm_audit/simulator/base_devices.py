"""The rows of phones and profiles of a healthy cluster: devices, subscriptions, lines, registrations."""

import time
from collections.abc import Iterator
from typing import Any

from cucm_audit.simulator.base_cluster import EM_SERVICE
from cucm_audit.simulator.base_parameters import em_urls
from cucm_audit.simulator.base_phones import Phone, first_nodes, has_auto_profiles, phones
from cucm_audit.simulator.base_types import MODELS, PROTOCOLS, Model, load_of
from cucm_audit.simulator.dictionary import numbers
from cucm_audit.simulator.rows import guid, put
from cucm_audit.simulator.world import SimRegistration, World

PHONE, PROFILE = 1, 254
#: Other devices of the cluster: class, name, model, class of RIS, server (place). The models are invented.
OTHERS = (
    (18, "SBC-Berlin", 131, "SIPTrunk", 1),
    (18, "SBC-Munich", 131, "SIPTrunk", 2),
    (4, "CFB_1", 50, "MediaResources", 1),
    (5, "MTP_1", 110, "MediaResources", 1),
    (12, "MOH_1", 70, "MediaResources", 2),
    (10, "RP-Hotline", 73, "Cti", 1),
)
REAL, USER, AUTO, DEFAULT = 0, 1, 2, 3


def fill(world: World, count: int) -> None:
    """Write ``count`` phones with their profiles, and register them."""
    columns = (
        "pkid name description tkclass tkdeviceprofile tkmodel tkproduct tkdeviceprotocol fkdevicepool fkphonetemplate"
        " allowhotelingflag isprotected isactive ikdevice_defaultprofile specialloadinformation fkenduser"
        " tkphoneservicedisplay fkcommonphoneconfig fklocation versionstamp"
    )
    put(world, "device", columns, _devices(world, count))
    columns = (
        "pkid fkdevice fktelecasterservice servicename servicenameascii serviceurl secureserviceurl urlbuttonindex"
    )
    put(world, "telecastersubscribedservice", f"{columns} priority", _subscriptions(world, count))
    lines = ((guid("dn", p.number), p.line, guid("partition", "Internal"), 2, "t") for p in phones(count))
    put(world, "numplan", "pkid dnorpattern fkroutepartition tkpatternusage iscallable", lines)
    put(world, "devicenumplanmap", "pkid fkdevice fknumplan numplanindex", _lines(world, count))
    world.registrations.extend(_registrations(world, count))
    _others(world)
    columns = "pkid fkdevice lastknownucm lastknownipaddress lastseen lastactive datetimestamp tkrisstatus"
    put(world, "registrationdynamic", columns, _last_seen(world, count))


def _others(world: World) -> None:
    """Write trunks, media resources and a route point, and register them."""
    columns = "pkid name description tkclass tkdeviceprofile tkmodel tkdeviceprotocol fkdevicepool isactive"
    pool = guid("pool", "Default")
    rows = [(guid("other", name), name, "", kind, REAL, model, 11, pool, "t") for kind, name, model, _, _ in OTHERS]
    put(world, "device", columns, rows)
    now, last = int(time.time()), sum(node.product == "callmanager" for node in world.nodes) - 1
    for _, name, model, kind, place in OTHERS:
        world.registrations.append(
            SimRegistration(
                node=world.nodes[min(place, last)].name,
                name=name,
                device_class=kind,
                model=model,
                address="192.0.2.61",
                at=now - 90_000,
            )
        )


def _devices(world: World, count: int) -> Iterator[tuple[Any, ...]]:
    auto = has_auto_profiles(world)
    for model in MODELS:
        name = f"{model.name.removeprefix('Cisco ')} {PROTOCOLS[model.protocol]} default"
        yield _device(guid("dpd", model.number), name, "Device profile default", PROFILE, DEFAULT, model)
    for phone in phones(count):
        profile = guid("adp", phone.number) if auto and phone.em else None
        words = f"{'EM ' if phone.em else ''}{phone.model.name} room {phone.number % 900 + 100}"
        where = (guid("pool", phone.pool), "t" if phone.em else "f", profile)
        yield _device(phone.pkid, phone.name, words, PHONE, REAL, phone.model, *where)
        if phone.em:
            words = f"Profile of {phone.user}"
            yield _device(guid("udp", phone.number), f"UDP-{phone.user}", words, PROFILE, USER, phone.model)
        if profile:
            yield _device(profile, f"ADP{phone.name[3:]}", "", PROFILE, AUTO, phone.model)


def _device(
    pkid: str,
    name: str,
    words: str,
    kind: int,
    profile: int,
    model: Model,
    pool: str | None = None,
    em: str = "f",
    logout: str | None = None,
) -> tuple[Any, ...]:
    head = (pkid, name, words, kind, profile, model.number, model.product, model.protocol, pool)
    flags = (guid("template", model.number), em, "f", "t", logout, None, None)
    return (*head, *flags, 3, guid("commonphone", 1), guid("location", "Hub_None"), "1-1")


def _subscriptions(world: World, count: int) -> Iterator[tuple[Any, ...]]:
    """Return the subscriptions to the Extension Mobility service; an auto-generated profile has those of its phone."""
    service, urls = guid("service", EM_SERVICE), em_urls(world)
    kinds = ("phone", "udp", "adp") if has_auto_profiles(world) else ("phone", "udp")
    for phone in phones(count):
        for kind in kinds if phone.em else ():
            pkid, device = guid("tss" + kind, phone.number), guid(kind, phone.number)
            yield (pkid, device, service, EM_SERVICE, EM_SERVICE, *urls, 0, 50)


def _lines(world: World, count: int) -> Iterator[tuple[Any, ...]]:
    auto = has_auto_profiles(world)
    for phone in phones(count):
        yield (guid("line", phone.number), phone.pkid, guid("dn", phone.number), 1)
        if phone.em and auto:
            yield (guid("adpline", phone.number), guid("adp", phone.number), guid("dn", phone.number), 1)
        if phone.em:
            yield (guid("udpline", phone.number), guid("udp", phone.number), guid("dn", phone.number), 1)


def _last_seen(world: World, count: int) -> Iterator[tuple[Any, ...]]:
    nodes, at = first_nodes(world), int(time.time()) - 60
    for phone in phones(count):
        yield (guid("seen", phone.number), phone.pkid, nodes[phone.pool], phone.address, at, at, at, 1)


def _registrations(world: World, count: int) -> Iterator[SimRegistration]:
    nodes, now = first_nodes(world), int(time.time())
    loads = {model.family: load_of(model.family, numbers(world.release)) for model in MODELS}
    for phone in phones(count):
        yield _registration(phone, nodes[phone.pool], loads[phone.model.family], now)


def _registration(phone: Phone, node: str, load: str, now: int) -> SimRegistration:
    return SimRegistration(
        node=node,
        name=phone.name,
        model=phone.model.number,
        product=phone.model.product,
        protocol=PROTOCOLS[phone.model.protocol],
        active_load=load,
        inactive_load=load,
        address=phone.address,
        login_user=phone.user if phone.logged_in else "",
        dir_number=f"{phone.line}-Registered",
        description=f"Phone {phone.number}",
        at=now - 86_400 - phone.number % 50_000,
    )
