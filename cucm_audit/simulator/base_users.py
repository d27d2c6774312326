"""The people of a healthy cluster: end users, their profiles and PINs, who is logged in (axl-database.md 4, 10)."""

import time
from collections.abc import Iterator
from typing import Any

from cucm_audit.simulator.base_phones import phones
from cucm_audit.simulator.base_roles import CONTROLLER, SECRET
from cucm_audit.simulator.rows import guid, put
from cucm_audit.simulator.world import World

#: People without Extension Mobility: they control a phone of their own.
OTHERS = ("lobby", "nightwatch")
CONTROLLED, PROFILE_AVAILABLE = 1, 5
PIN = 4


def fill(world: World, count: int) -> None:
    """Write the people who belong to ``count`` phones."""
    users, now = [phone for phone in phones(count) if phone.em], int(time.time())
    columns = "pkid userid firstname lastname displayname status islocaluser enableemcc tkuserprofile emmaxlogintime"
    names = [(guid("user", phone.number), phone.user) for phone in users] + [(guid("user", n), n) for n in OTHERS]
    put(world, "enduser", f"{columns} userrank passwordreverse mailid department", (_person(*name) for name in names))
    profiles = (
        (guid("eudm", p.number), guid("user", p.number), guid("udp", p.number), "f", PROFILE_AVAILABLE) for p in users
    )
    put(world, "enduserdevicemap", "pkid fkenduser fkdevice defaultprofile tkuserassociation", profiles)
    plain = [phone for phone in phones(count) if not phone.em]
    own = ((guid("eudmo", n), guid("user", n), p.pkid, "f", CONTROLLED) for n, p in zip(OTHERS, plain, strict=False))
    put(world, "enduserdevicemap", "pkid fkenduser fkdevice defaultprofile tkuserassociation", own)
    pins = (
        (guid("pin", p.number), guid("user", p.number), PIN, SECRET, *"ftf", now - 5_000_000, 0, guid("policy", 1))
        for p in users
    )
    columns = "pkid fkenduser tkcredential credentials credmustchange doesntexpire cantchange timechanged"
    put(world, "credential", f"{columns} timeadminlockout fkcredentialpolicy", pins)
    tries = ((guid("pindyn", p.number), guid("pin", p.number), 0, 0, now - 9_000) for p in users)
    put(world, "credentialdynamic", "pkid fkcredential hackcount timehackedlockout timelastaccessed", tries)
    columns = "pkid fkdevice fkenduser fkenduser_lastlogin fkdevice_currentloginprofile logintime loginduration"
    put(world, "extensionmobilitydynamic", f"{columns} mismatchedlogin datetimestamp", _logins(count, now))
    application = guid("appuser", CONTROLLER)
    held = [p for p in phones(min(count, 60)) if not p.em and p.number % 10 == 3]
    rows = ((guid("audm", phone.number), application, phone.pkid, CONTROLLED) for phone in held)
    put(world, "applicationuserdevicemap", "pkid fkapplicationuser fkdevice tkuserassociation", rows)


def _person(pkid: str, userid: str) -> tuple[Any, ...]:
    first, _, last = userid.rpartition(".")
    return (
        pkid,
        userid,
        first.title(),
        last.title(),
        "",
        1,
        "t",
        "f",
        1,
        None,
        1,
        SECRET,
        "",
        "Hall 3" if first else "",
    )


def _logins(count: int, now: int) -> Iterator[tuple[Any, ...]]:
    """Return a row for each phone with Extension Mobility, with a user while somebody is logged in."""
    for phone in phones(count):
        user, row = guid("user", phone.number), (guid("emd", phone.number), phone.pkid)
        if phone.logged_in:
            at = now - 3_600 - phone.number % 3_000
            yield (*row, user, user, guid("udp", phone.number), at, 28_800, "f", now)
        elif phone.em:
            yield (*row, None, user if phone.number % 3 else None, None, 0, 0, "f", now)
