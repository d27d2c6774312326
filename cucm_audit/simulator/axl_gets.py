"""A few get operations of AXL: the scalar tags of the list operation, and the members that only get has."""

from collections.abc import Callable, Iterable
from typing import Any

from cucm_audit.simulator import soap
from cucm_audit.simulator.axl_lists import LISTS, Listing
from cucm_audit.simulator.axl_xml import element, run, value, wanted_tags, with_uuid
from cucm_audit.simulator.dictionary import numbers
from cucm_audit.simulator.exchange import Exchange
from cucm_audit.simulator.soap import tag

LINES = """select m.pkid, m.numplanindex, n.pkid as dn_id, n.dnorpattern from devicenumplanmap m
 join numplan n on m.fknumplan = n.pkid where m.fkdevice = ? order by m.numplanindex"""
SERVICES = """select s.pkid, s.servicename, s.serviceurl, s.urlbuttonindex, t.name, t.pkid as t_id
 from telecastersubscribedservice s join telecasterservice t on s.fktelecasterservice = t.pkid
 where s.fkdevice = ? order by s.pkid"""
DEVICES = """select d.name from applicationuserdevicemap m join device d on m.fkdevice = d.pkid
 where m.fkapplicationuser = ? and m.tkuserassociation = 1 order by d.name"""
GROUPS = """select g.name, r.name as role from applicationuserdirgroupmap m join dirgroup g on m.fkdirgroup = g.pkid
 left join functionroledirgroupmap h on h.fkdirgroup = g.pkid left join functionrole r on h.fkfunctionrole = r.pkid
 where m.fkapplicationuser = ? order by g.name, r.name"""
OF_USER = """select d.name, d.pkid from enduserdevicemap m join device d on m.fkdevice = d.pkid
 where m.fkenduser = ? and d.tkclass = ? order by d.name"""
PHONES, PROFILES = 1, 254
MEMBERS = """select m.pkid, m.priority, c.name, c.pkid as c_id from callmanagergroupmember m
 join callmanager c on m.fkcallmanager = c.pkid where m.fkcallmanagergroup = ? order by m.priority"""


class MissingError(Exception):
    """The object asked for is not there."""


def phone(exchange: Exchange, call: soap.Call) -> str:
    """Return getPhone's phone, with lines and services in their places."""
    listing, row = LISTS["Phone"], _one(exchange, call, LISTS["Phone"], "x.name", "name")
    names = wanted_tags(call)
    parts = {t.name: value(t, row) for t in listing.tags if names is None or t.name in names}
    if names is None or "lines" in names:
        parts["lines"] = _box("lines", (_line(line) for line in run(exchange, LINES, (row["pkid"],))))
    if names is None or "services" in names:
        parts["services"] = _box("services", (_service(found) for found in run(exchange, SERVICES, (row["pkid"],))))
    order = [t.name for t in listing.tags]
    order.insert(order.index("numberOfButtons"), "lines")
    order.insert(order.index("loginUserId"), "services")
    return with_uuid("phone", row["pkid"], "".join(parts[name] for name in order if name in parts))


def _line(row: dict[str, Any]) -> str:
    number = with_uuid("dirn", row["dn_id"], tag("pattern", row["dnorpattern"]))
    return with_uuid("line", row["pkid"], tag("index", row["numplanindex"]) + number)


def _service(row: dict[str, Any]) -> str:
    which = with_uuid("telecasterServiceName", row["t_id"], soap.escape(row["name"]))
    own = tag("name", row["servicename"]) + tag("url", row["serviceurl"]) + tag("urlButtonIndex", row["urlbuttonindex"])
    return with_uuid("service", row["pkid"], which + own)


def app_user(exchange: Exchange, call: soap.Call) -> str:
    """Return getAppUser's user, with devices and groups."""
    row, names = _one(exchange, call, LISTS["AppUser"], "x.name", "userid"), wanted_tags(call)
    groups: dict[str, list[str]] = {}
    for found in run(exchange, GROUPS, (row["pkid"],)):
        groups.setdefault(found["name"], []).extend([found["role"]] if found["role"] else [])
    more = {
        "associatedDevices": [tag("device", device["name"]) for device in run(exchange, DEVICES, (row["pkid"],))],
        "associatedGroups": [_user_group(name, roles) for name, roles in groups.items()],
    }
    inner = "".join(_box(name, parts) for name, parts in more.items() if names is None or name in names)
    return element("appUser", LISTS["AppUser"].tags, row, names, inner)


def _user_group(name: str, roles: list[str]) -> str:
    return _box("userGroup", (tag("name", name), _box("userRoles", (tag("userRole", role) for role in roles))))


def group(exchange: Exchange, call: soap.Call) -> str:
    """Return getCallManagerGroup's group, with its members in order."""
    row, names = _one(exchange, call, LISTS["CallManagerGroup"], "x.name", "name"), wanted_tags(call)
    members = [
        with_uuid(
            "member", m["pkid"], with_uuid("callManagerName", m["c_id"], m["name"]) + tag("priority", m["priority"])
        )
        for m in run(exchange, MEMBERS, (row["pkid"],))
    ]
    more = _box("members", members) if names is None or "members" in names else ""
    return element("callManagerGroup", LISTS["CallManagerGroup"].tags, row, names, more)


def user(exchange: Exchange, call: soap.Call) -> str:
    """Return getUser's user, with phones and device profiles."""
    row, names = _one(exchange, call, LISTS["User"], "x.userid", "userid"), wanted_tags(call)
    tags = LISTS["User"].tags
    held = [tag("device", found["name"]) for found in run(exchange, OF_USER, (row["pkid"], PHONES))]
    may = [
        with_uuid("profileName", p["pkid"], soap.escape(p["name"]))
        for p in run(exchange, OF_USER, (row["pkid"], PROFILES))
    ]
    parts = {t.name: value(t, row) for t in tags}
    parts |= {"associatedDevices": _box("associatedDevices", held), "phoneProfiles": _box("phoneProfiles", may)}
    order = [t.name for t in tags]
    place = order.index("department") + 1
    order[place:place] = ["associatedDevices", "phoneProfiles"]
    return with_uuid("user", row["pkid"], "".join(parts[name] for name in order if names is None or name in names))


def profile(exchange: Exchange, call: soap.Call) -> str:
    """Return getDeviceProfile's profile, with lines and services in their places."""
    row, names = _one(exchange, call, LISTS["DeviceProfile"], "x.name", "name"), wanted_tags(call)
    tags = LISTS["DeviceProfile"].tags
    parts = {t.name: value(t, row) for t in tags}
    parts["lines"] = _box("lines", (_line(line) for line in run(exchange, LINES, (row["pkid"],))))
    parts["services"] = _box("services", (_service(found) for found in run(exchange, SERVICES, (row["pkid"],))))
    order = [t.name for t in tags]
    order = [*order[: order.index("phoneTemplateName")], "lines", "phoneTemplateName", "services"]
    inner = "".join(parts[name] for name in order if names is None or name in names)
    return with_uuid("deviceProfile", row["pkid"], inner)


def plain(listing: Listing, column: str, by: str) -> Callable[[Exchange, soap.Call], str]:
    """Return a get operation that says what the list operation says."""

    def answer(exchange: Exchange, call: soap.Call) -> str:
        row = _one(exchange, call, listing, column, by)
        old = numbers(call.namespace.rpartition("/")[2]) < (10, 0)
        tags = tuple(t for t in listing.tags if not (old and t.name == "processNodeRole"))
        return element(listing.element, tags, row, wanted_tags(call))

    return answer


def parameter(exchange: Exchange, call: soap.Call) -> str:
    """Return getServiceParameter's parameter; node names are compared with their case."""
    listing = LISTS["ServiceParameter"]
    asked = tuple(call.text(name) or "" for name in ("processNodeName", "name", "service"))
    rows = run(exchange, f"{listing.sql} and n.name = ? and x.paramname = ? and s.name = ?", asked)
    if not rows:
        raise MissingError(f"Item not valid: The specified {asked[1]} was not found")
    return element(listing.element, listing.tags, rows[0], wanted_tags(call))


OPERATIONS: dict[str, Callable[[Exchange, soap.Call], str]] = {
    "getPhone": phone,
    "getAppUser": app_user,
    "getCallManagerGroup": group,
    "getServiceParameter": parameter,
    "getUser": user,
    "getDeviceProfile": profile,
    "getProcessNode": plain(LISTS["ProcessNode"], "x.name", "name"),
    "getDevicePool": plain(LISTS["DevicePool"], "x.name", "name"),
    "getLine": plain(LISTS["Line"], "x.dnorpattern", "pattern"),
    "getRoutePartition": plain(LISTS["RoutePartition"], "x.name", "name"),
    "getLocation": plain(LISTS["Location"], "x.name", "name"),
}


def _one(exchange: Exchange, call: soap.Call, listing: Listing, column: str, by: str) -> dict[str, Any]:
    """Return the row that uuid or name asks for. Raises MissingError."""
    uuid, name = call.text("uuid"), call.text(by) or ""
    column, text = ("x.pkid", uuid.strip("{}").lower()) if uuid else (column, name)
    rows = run(exchange, f"{listing.sql} and {column} = ?", (text,))
    if not rows:
        raise MissingError(f"Item not valid: The specified {name or uuid} was not found")
    return rows[0]


def _box(name: str, parts: Iterable[str]) -> str:
    inner = "".join(parts)
    return f"<{name}>{inner}</{name}>" if inner else f"<{name}/>"
