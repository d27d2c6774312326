"""The phones, profiles, people and logins of a healthy cluster, as many as wanted, the same every time.

Of five phones two have Extension Mobility, with one user device profile and one user each; every fourth of them is logged
in. Up to 11.0 such a phone has an auto-generated profile as its logout profile, later none (axl-database.md 4.2).
"""

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cucm_audit.simulator import base_types as types
from cucm_audit.simulator.base_cluster import CM_GROUPS, DEVICE_POOLS, EM_SERVICE, em_urls, guid
from cucm_audit.simulator.database import add
from cucm_audit.simulator.dictionary import numbers
from cucm_audit.simulator.world import SimRegistration, World

FIRST_NAMES = (
    "anna",
    "bernd",
    "clara",
    "david",
    "elif",
    "frank",
    "greta",
    "henrik",
    "ines",
    "jonas",
    "katja",
    "lukas",
    "mira",
    "nils",
    "olga",
    "pavel",
)
LAST_NAMES = (
    "albers",
    "brandt",
    "conrad",
    "dietz",
    "engel",
    "fuchs",
    "graf",
    "huber",
    "iversen",
    "jansen",
    "keller",
    "lorenz",
    "maurer",
    "neumann",
    "otto",
)
FLAGS = {"isprotected": "f", "isactive": "t", "resettoggle": "f"}
DEVICE_COLUMNS = (
    "pkid", "name", "description", "tkclass", "tkdeviceprofile", "tkmodel", "tkproduct", "tkdeviceprotocol", "fkdevicepool", "fkphonetemplate",
    "allowhotelingflag", "isprotected", "isactive", "ikdevice_defaultprofile", "specialloadinformation", "fkenduser", "tkphoneservicedisplay",
    "fkcommonphoneconfig", "fklocation", "versionstamp",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Phone:
    """What is derived from a phone's number."""

    number: int
    model: types.Model
    pool: str
    em: bool

    @property
    def name(self) -> str:
        """SEP and twelve digits: the MAC address."""
        return f"SEP001BD4{self.number * 7 + 0x100001:06X}"

    @property
    def pkid(self) -> str:
        """The phone's row."""
        return guid("phone", self.number)

    @property
    def logged_in(self) -> bool:
        """Whether somebody is logged in with Extension Mobility."""
        return self.em and self.number % 4 == 0


def phones(count: int) -> Iterator[Phone]:
    """Return the cluster's phones. The first seven are one of each model, the rest mostly 7841 and 8841."""
    common = (0, 2, 0, 1, 2, 3, 0, 4, 2, 5)
    for number in range(count):
        place = number if number < len(types.MODELS) else common[number % len(common)]
        yield Phone(
            number, types.MODELS[place], DEVICE_POOLS[number % 2][0], number % 5 in (0, 1) or number < len(types.MODELS)
        )


def user_of(number: int) -> str:
    """Return the user id that belongs to a phone's number."""
    name = f"{FIRST_NAMES[number % len(FIRST_NAMES)]}.{LAST_NAMES[number // len(FIRST_NAMES) % len(LAST_NAMES)]}"
    again = number // (len(FIRST_NAMES) * len(LAST_NAMES))
    return f"{name}{again}" if again else name


def has_auto_profiles(release: str) -> bool:
    """Say whether phones of this release get an auto-generated profile (rules RI-20, RI-21, RI-23, gone from 11.5 on)."""
    return numbers(release) < (11, 5)


def fill(db: sqlite3.Connection, world: World, count: int) -> None:
    """Write ``count`` phones with everything that belongs to them, and register them."""
    release = world.release
    add(db, release, "device", DEVICE_COLUMNS, _devices(world, count))
    _subscriptions(db, world, count)
    _people(db, world, count)
    _logins(db, world, count)
    _lines(db, world, count)
    world.registrations.extend(_registrations(world, count))
    columns = ("pkid", "fkdevice", "lastknownucm", "lastknownipaddress", "lastseen", "lastactive", "datetimestamp")
    now = int(time.time())
    seen = (
        (guid("seen", p.number), p.pkid, first_node(world, p.pool), address(p), now - 60, now - 60, now - 60)
        for p in phones(count)
    )
    add(db, release, "registrationdynamic", columns, seen)


def first_node(world: World, pool: str) -> str:
    """Return the name of the first server of a device pool's Call Manager group."""
    group = dict(DEVICE_POOLS)[pool]
    return world.nodes[dict(CM_GROUPS)[group][0]].name


def address(phone: Phone) -> str:
    """Return the phone's IPv4 address."""
    return f"10.{20 + phone.number // 65000}.{phone.number // 250 % 250}.{phone.number % 250 + 1}"


def _devices(world: World, count: int) -> Iterator[tuple[Any, ...]]:
    auto = has_auto_profiles(world.release)
    for model in types.MODELS:
        yield _device(
            guid("dpd", model.number),
            f"{model.name.removeprefix('Cisco ')} {types.PROTOCOLS[model.protocol]} default",
            "Device profile default",
            254,
            3,
            model,
        )
    for phone in phones(count):
        profile = guid("adp", phone.number) if auto and phone.em else None
        words = f"{'EM ' if phone.em else ''}{phone.model.name} room {phone.number % 900 + 100}"
        yield _device(phone.pkid, phone.name, words, 1, 0, phone.model, phone.pool, "t" if phone.em else "f", profile)
        if phone.em:
            yield _device(
                guid("udp", phone.number),
                f"UDP-{user_of(phone.number)}",
                f"Profile of {user_of(phone.number)}",
                254,
                1,
                phone.model,
            )
        if profile:
            yield _device(profile, "ADP" + phone.name[3:], "", 254, 2, phone.model)


def _device(
    pkid: str,
    name: str,
    words: str,
    kind: int,
    profile: int,
    model: types.Model,
    pool: str = "",
    em: str = "f",
    logout: str | None = None,
) -> tuple[Any, ...]:
    return (
        pkid, name, words, kind, profile, model.number, model.product, model.protocol, guid("pool", pool) if pool else None,
        guid("template", model.number), em, "f", "t", logout, None, None, 3, guid("commonphone", 1), guid("location", "Hub_None"), "1-1",
    )  # fmt: skip


def _subscriptions(db: sqlite3.Connection, world: World, count: int) -> None:
    plain, secure = em_urls(world)
    service, auto = guid("service", EM_SERVICE), has_auto_profiles(world.release)

    def rows() -> Iterator[tuple[Any, ...]]:
        for phone in phones(count):
            kinds = ("phone", "udp", "adp") if auto else ("phone", "udp")
            for kind in kinds if phone.em else ():
                yield (
                    guid("tss" + kind, phone.number),
                    guid(kind, phone.number),
                    service,
                    EM_SERVICE,
                    EM_SERVICE,
                    plain,
                    secure,
                    0,
                    50,
                )

    columns = (
        "pkid",
        "fkdevice",
        "fktelecasterservice",
        "servicename",
        "servicenameascii",
        "serviceurl",
        "secureserviceurl",
        "urlbuttonindex",
        "priority",
    )
    add(db, world.release, "telecastersubscribedservice", columns, rows())


def _people(db: sqlite3.Connection, world: World, count: int) -> None:
    release, now = world.release, int(time.time())
    users = [phone for phone in phones(count) if phone.em]
    columns = ("pkid", "userid", "firstname", "lastname", "displayname", "status", "islocaluser", "enableemcc", "tkuserprofile", "emmaxlogintime", "userrank",
               "passwordreverse", "mailid", "department")  # fmt: skip

    def people() -> Iterator[tuple[Any, ...]]:
        for phone in users:
            first, _, last = user_of(phone.number).partition(".")
            yield (
                guid("user", phone.number),
                f"{first}.{last}",
                first.title(),
                last.title(),
                "",
                1,
                "t",
                "f",
                1,
                None,
                1,
                "not-a-real-hash",
                "",
                "Hall 3",
            )
        for name in ("lobby", "nightwatch"):  # people without Extension Mobility
            yield (guid("user", name), name, "", name.title(), "", 1, "t", "f", 1, None, 1, "not-a-real-hash", "", "")

    add(db, release, "enduser", columns, people())
    profiles = ((guid("eudm", p.number), guid("user", p.number), guid("udp", p.number), "f", 5) for p in users)
    add(
        db,
        release,
        "enduserdevicemap",
        ("pkid", "fkenduser", "fkdevice", "defaultprofile", "tkuserassociation"),
        profiles,
    )
    columns = (
        "pkid",
        "fkenduser",
        "tkcredential",
        "credentials",
        "credmustchange",
        "doesntexpire",
        "cantchange",
        "timechanged",
        "timeadminlockout",
        "fkcredentialpolicy",
    )
    pins = (
        (
            guid("pin", p.number),
            guid("user", p.number),
            4,
            "not-a-real-hash",
            "f",
            "t",
            "f",
            now - 5_000_000,
            0,
            guid("policy", 1),
        )
        for p in users
    )
    add(db, release, "credential", columns, pins)
    dynamic = ((guid("pindyn", p.number), guid("pin", p.number), 0, 0, now - 9_000) for p in users)
    add(
        db,
        release,
        "credentialdynamic",
        ("pkid", "fkcredential", "hackcount", "timehackedlockout", "timelastaccessed"),
        dynamic,
    )
    controlled = (
        (guid("audm", p.number), guid("appuser", "ctiapp"), p.pkid, 1)
        for p in phones(min(count, 60))
        if not p.em and p.number % 10 == 3
    )
    add(
        db,
        release,
        "applicationuserdevicemap",
        ("pkid", "fkapplicationuser", "fkdevice", "tkuserassociation"),
        controlled,
    )


def _logins(db: sqlite3.Connection, world: World, count: int) -> None:
    now = int(time.time())

    def rows() -> Iterator[tuple[Any, ...]]:
        for phone in phones(count):
            if phone.logged_in:
                user = guid("user", phone.number)
                yield (
                    guid("emd", phone.number),
                    phone.pkid,
                    user,
                    user,
                    guid("udp", phone.number),
                    now - 3_600 - phone.number % 3_000,
                    28_800,
                    "f",
                    now,
                )
            elif phone.em:
                yield (
                    guid("emd", phone.number),
                    phone.pkid,
                    None,
                    guid("user", phone.number) if phone.number % 3 else None,
                    None,
                    0,
                    0,
                    "f",
                    now,
                )

    columns = (
        "pkid",
        "fkdevice",
        "fkenduser",
        "fkenduser_lastlogin",
        "fkdevice_currentloginprofile",
        "logintime",
        "loginduration",
        "mismatchedlogin",
        "datetimestamp",
    )
    add(db, world.release, "extensionmobilitydynamic", columns, rows())


def _lines(db: sqlite3.Connection, world: World, count: int) -> None:
    auto = has_auto_profiles(world.release)
    numbers_of = (
        (guid("dn", p.number), str(400000 + p.number), guid("partition", "Internal"), 2, "t") for p in phones(count)
    )
    add(
        db,
        world.release,
        "numplan",
        ("pkid", "dnorpattern", "fkroutepartition", "tkpatternusage", "iscallable"),
        numbers_of,
    )

    def rows() -> Iterator[tuple[Any, ...]]:
        for phone in phones(count):
            yield (guid("line", phone.number), phone.pkid, guid("dn", phone.number), 1)
            if phone.em and auto:
                yield (guid("adpline", phone.number), guid("adp", phone.number), guid("dn", phone.number), 1)

    add(db, world.release, "devicenumplanmap", ("pkid", "fkdevice", "fknumplan", "numplanindex"), rows())


def _registrations(world: World, count: int) -> Iterator[SimRegistration]:
    release, now = numbers(world.release), int(time.time())
    nodes = {pool: first_node(world, pool) for pool, _ in DEVICE_POOLS}
    loads = {model.family: types.load_of(model.family, release) for model in types.MODELS}
    for phone in phones(count):
        model = phone.model
        yield SimRegistration(
            node=nodes[phone.pool], name=phone.name, model=model.number, product=model.product, protocol=types.PROTOCOLS[model.protocol],
            active_load=loads[model.family], inactive_load=loads[model.family], address=address(phone),
            login_user=user_of(phone.number) if phone.logged_in else "", dir_number=f"{400000 + phone.number}-Registered",
            description=f"Phone {phone.number}", at=now - 86_400 - phone.number % 50_000,
        )  # fmt: skip
