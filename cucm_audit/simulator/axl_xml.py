"""Objects of the database as AXL's elements: what list and get operations share."""

from collections.abc import Mapping
from typing import Any

from cucm_audit.simulator import soap
from cucm_audit.simulator.axl_lists import Tag
from cucm_audit.simulator.dictionary import tables
from cucm_audit.simulator.exchange import Exchange

ROLE = "case x.tkprocessnoderole when 2 then 'CUCM IM and Presence' else 'CUCM Voice/Video' end"


def run(exchange: Exchange, sql: str, values: tuple[Any, ...] = ()) -> list[dict[str, Any]]:
    """Run one of our own statements; ``{role}`` is the node's role where the release has it."""
    has_role = "tkprocessnoderole" in tables(exchange.world.release)["processnode"]
    with exchange.world.lock:
        cursor = exchange.world.database.execute(
            sql.replace("{role}", ROLE if has_role else "'CUCM Voice/Video'"), values
        )
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def wanted_tags(call: soap.Call) -> set[str] | None:
    """Return the names under returnedTags, None when there are none."""
    tags = call.child("returnedTags")
    return ({soap.local(child) for child in tags} if tags is not None else set()) or None


def element(name: str, tags: tuple[Tag, ...], row: Mapping[str, Any], wanted: set[str] | None, more: str = "") -> str:
    """Return an object with its wanted tags in the schema's order, and ``more`` behind them."""
    inner = "".join(value(tag, row) for tag in tags if wanted is None or tag.name in wanted)
    return with_uuid(name, row["pkid"], inner + more)


def with_uuid(name: str, pkid: str, inner: str) -> str:
    """Return an element with an object's id as AXL spells it: braces and capitals."""
    return f'<{name} uuid="{{{pkid.upper()}}}">{inner}</{name}>'


def value(tag: Tag, row: Mapping[str, Any]) -> str:
    """Return one tag of one row."""
    raw = row[tag.column]
    if tag.kind == "flag":
        return soap.tag(tag.name, "true" if raw == "t" else "false")
    if tag.kind == "key":
        pkid = row[tag.column + "_id"]
        return with_uuid(tag.name, pkid, soap.escape(raw or "")) if pkid else soap.tag(tag.name, None)
    if tag.kind == "load":
        special = "true" if row.get("special") else "false"
        return f'<{tag.name} special="{special}">{soap.escape(raw or "")}</{tag.name}>'
    return soap.tag(tag.name, raw)
