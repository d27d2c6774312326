"""A few list and get operations, for other people's clients: scalar tags in the order of Cisco's schema.

What is not known here is left out of an answer; every element of the schema is optional.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from cucm_audit.simulator import soap
from cucm_audit.simulator.axl_lists import LISTS, Listing, Tag
from cucm_audit.simulator.dictionary import numbers, tables
from cucm_audit.simulator.exchange import Exchange, Reply


@dataclass(frozen=True, slots=True)
class _Missing(Exception):
    """The object asked for is not there."""

    text: str


def detail(call: soap.Call) -> str:
    """Return what an operation is about, for the record."""
    criteria = call.child("searchCriteria")
    texts = [
        f"{soap.local(e)}={e.text or ''}"
        for e in (criteria if criteria is not None else call.element)
        if e.text and soap.local(e)
    ]
    return " ".join(texts)


def answer(exchange: Exchange, call: soap.Call, version: str) -> Reply | None:
    """Return the answer of a list or get operation, None if there is no such operation here."""
    from cucm_audit.simulator.axl import axl_fault, success

    verb, thing = (call.name[:4], call.name[4:]) if call.name.startswith("list") else (call.name[:3], call.name[3:])
    if verb == "list" and thing in LISTS and numbers(version) >= LISTS[thing].since:
        found = _listed(exchange, call, LISTS[thing])
        return (
            success(version, call.name, found)
            if found is not None
            else axl_fault(5007, "Item not valid: no search criteria", call.name)
        )
    special: dict[str, Callable[[Exchange, soap.Call], str]] = {
        "getPhone": _phone, "getAppUser": _app_user, "getCallManagerGroup": _group, "getServiceParameter": _parameter,
    }  # fmt: skip
    if call.name not in special:
        return None
    try:
        return success(version, call.name, special[call.name](exchange, call))
    except _Missing as error:
        return axl_fault(5007, error.text, call.name)


def run(exchange: Exchange, sql: str, values: tuple[Any, ...] = ()) -> list[dict[str, Any]]:
    """Run one of our own statements; ``{role}`` is the node's role where the release has it."""
    has_role = "tkprocessnoderole" in tables(exchange.world.release)["processnode"]
    sql = sql.replace(
        "{role}",
        "case x.tkprocessnoderole when 2 then 'CUCM IM and Presence' else 'CUCM Voice/Video' end"
        if has_role
        else "'CUCM Voice/Video'",
    )
    with exchange.world.lock:
        cursor = exchange.world.database.execute(sql, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _listed(exchange: Exchange, call: soap.Call, listing: Listing) -> str | None:
    criteria = call.child("searchCriteria")
    wanted, values = ["1=1"], []
    known = {soap.local(e): e.text or "" for e in criteria} if criteria is not None else {}
    if not set(known) & set(listing.criteria):
        return None
    for name, pattern in known.items():
        if name in listing.criteria and pattern and pattern != "%":
            wanted.append(f"{listing.criteria[name]} like ?")
            values.append(pattern)
    first, skip = call.text("first"), call.text("skip")
    sql = f"{listing.sql} and {' and '.join(wanted)} order by {listing.order}"
    if first and first.isdigit() and not exchange.fault("ignore_first"):
        # skip is only obeyed with first
        place = 0 if exchange.fault("ignore_skip") or not (skip or "").isdigit() else int(skip or 0)
        sql += f" limit {int(first)} offset {place}"
    names = _returned(call)
    return "".join(_element(listing.element, listing.tags, row, names) for row in run(exchange, sql, tuple(values)))


def _returned(call: soap.Call) -> set[str] | None:
    tags = call.child("returnedTags")
    found = {soap.local(e) for e in tags} if tags is not None else set()
    return found or None


def _element(name: str, tags: tuple[Tag, ...], row: Mapping[str, Any], wanted: set[str] | None, more: str = "") -> str:
    inner = "".join(value(tag, row) for tag in tags if wanted is None or tag.name in wanted)
    identity = f" uuid={quoteattr(braced(row['pkid']))}" if row.get("pkid") else ""
    return f"<{name}{identity}>{inner}{more}</{name}>"


def braced(pkid: str) -> str:
    """Return a pkid as AXL's uuid attributes spell it."""
    return "{" + pkid.upper() + "}"


def value(tag: Tag, row: Mapping[str, Any]) -> str:
    """Return one tag of one row."""
    raw = row[tag.column]
    if tag.kind == "flag":
        return f"<{tag.name}>{'true' if raw == 't' else 'false'}</{tag.name}>"
    if tag.kind == "key":
        pkid = row[tag.column + "_id"]
        return (
            f"<{tag.name} uuid={quoteattr(braced(pkid))}>{escape(str(raw or ''))}</{tag.name}>"
            if pkid
            else f"<{tag.name}/>"
        )
    if tag.kind == "load":
        return (
            f'<{tag.name} special="{"true" if row.get("special") else "false"}">{escape(str(raw or ""))}</{tag.name}>'
        )
    return soap.tag(tag.name, raw)


def _wanted(exchange: Exchange, call: soap.Call, sql: str, column: str, by: str) -> dict[str, Any]:
    uuid, name = call.text("uuid"), call.text(by)
    if uuid:
        rows = run(exchange, f"{sql} and x.pkid = ?", (uuid.strip("{}").lower(),))
    else:
        rows = run(exchange, f"{sql} and {column} = ?", (name or "",))
    if not rows:
        raise _Missing(f"Item not valid: The specified {name or uuid} was not found")
    return rows[0]


def _phone(exchange: Exchange, call: soap.Call) -> str:
    listing = LISTS["Phone"]
    row = _wanted(exchange, call, listing.sql, "x.name", "name")
    names = _returned(call)
    parts = {tag.name: value(tag, row) for tag in listing.tags if names is None or tag.name in names}
    lines = run(exchange, "select m.pkid, m.numplanindex, n.pkid as dn_id, n.dnorpattern from devicenumplanmap m join numplan n on m.fknumplan = n.pkid"
                " where m.fkdevice = ? order by m.numplanindex", (row["pkid"],))  # fmt: skip
    services = run(exchange, "select s.pkid, s.servicename, s.serviceurl, s.urlbuttonindex, t.name, t.pkid as t_id from telecastersubscribedservice s"
                   " join telecasterservice t on s.fktelecasterservice = t.pkid where s.fkdevice = ? order by s.pkid", (row["pkid"],))  # fmt: skip
    if names is None or "lines" in names:
        inner = "".join(f"<line uuid={quoteattr(braced(r['pkid']))}><index>{r['numplanindex']}</index><dirn uuid={quoteattr(braced(r['dn_id']))}>"
                        f"<pattern>{r['dnorpattern']}</pattern></dirn></line>" for r in lines)  # fmt: skip
        parts["lines"] = f"<lines>{inner}</lines>" if inner else "<lines/>"
    if names is None or "services" in names:
        inner = "".join(f"<service uuid={quoteattr(braced(r['pkid']))}><telecasterServiceName uuid={quoteattr(braced(r['t_id']))}>{escape(r['name'])}"
                        f"</telecasterServiceName>{soap.tag('name', r['servicename'])}{soap.tag('url', r['serviceurl'])}"
                        f"{soap.tag('urlButtonIndex', r['urlbuttonindex'])}</service>" for r in services)  # fmt: skip
        parts["services"] = f"<services>{inner}</services>" if inner else "<services/>"
    order = [tag.name for tag in listing.tags]
    order.insert(order.index("numberOfButtons"), "lines")
    order.insert(order.index("loginUserId"), "services")
    inner = "".join(parts[name] for name in order if name in parts)
    return f"<phone uuid={quoteattr(braced(row['pkid']))}>{inner}</phone>"


def _app_user(exchange: Exchange, call: soap.Call) -> str:
    row = _wanted(exchange, call, LISTS["AppUser"].sql, "x.name", "userid")
    names = _returned(call)
    devices = run(exchange, "select d.name from applicationuserdevicemap m join device d on m.fkdevice = d.pkid"
                  " where m.fkapplicationuser = ? and m.tkuserassociation = 1 order by d.name", (row["pkid"],))  # fmt: skip
    groups = run(exchange, "select g.name, r.name as role from applicationuserdirgroupmap m join dirgroup g on m.fkdirgroup = g.pkid"
                 " left join functionroledirgroupmap h on h.fkdirgroup = g.pkid left join functionrole r on h.fkfunctionrole = r.pkid"
                 " where m.fkapplicationuser = ? order by g.name, r.name", (row["pkid"],))  # fmt: skip
    by_group: dict[str, list[str]] = {}
    for found in groups:
        by_group.setdefault(found["name"], []).extend([found["role"]] if found["role"] else [])
    inner = "".join(
        f"<userGroup>{soap.tag('name', name)}<userRoles>{''.join(soap.tag('userRole', role) for role in roles)}</userRoles></userGroup>"
        for name, roles in by_group.items()
    )
    more = ""
    if names is None or "associatedDevices" in names:
        more += f"<associatedDevices>{''.join(soap.tag('device', d['name']) for d in devices)}</associatedDevices>"
    if names is None or "associatedGroups" in names:
        more += f"<associatedGroups>{inner}</associatedGroups>"
    return _element("appUser", LISTS["AppUser"].tags, row, names, more)


def _group(exchange: Exchange, call: soap.Call) -> str:
    row = _wanted(exchange, call, LISTS["CallManagerGroup"].sql, "x.name", "name")
    members = run(exchange, "select m.pkid, m.priority, c.name, c.pkid as c_id from callmanagergroupmember m join callmanager c on m.fkcallmanager = c.pkid"
                  " where m.fkcallmanagergroup = ? order by m.priority", (row["pkid"],))  # fmt: skip
    inner = "".join(f"<member uuid={quoteattr(braced(m['pkid']))}><callManagerName uuid={quoteattr(braced(m['c_id']))}>{m['name']}</callManagerName>"
                    f"<priority>{m['priority']}</priority></member>" for m in members)  # fmt: skip
    names = _returned(call)
    more = f"<members>{inner}</members>" if names is None or "members" in names else ""
    return _element("callManagerGroup", LISTS["CallManagerGroup"].tags, row, names, more)


def _parameter(exchange: Exchange, call: soap.Call) -> str:
    listing = LISTS["ServiceParameter"]
    node, name, service = (call.text(tag) or "" for tag in ("processNodeName", "name", "service"))
    rows = run(exchange, f"{listing.sql} and n.name = ? and x.paramname = ? and s.name = ?", (node, name, service))
    if not rows:
        raise _Missing(f"Item not valid: The specified {re.sub(r'[^A-Za-z0-9 ]', '', name)} was not found")
    return _element(listing.element, listing.tags, rows[0], _returned(call))
