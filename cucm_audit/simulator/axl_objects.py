"""A few list and get operations, for other people's clients. What is not known here is left out of an answer.

Every element of Cisco's schema is optional, so a shorter answer is a valid one.
"""

from collections.abc import Callable

from cucm_audit.simulator import axl_gets, soap
from cucm_audit.simulator.axl_lists import LISTS, Listing
from cucm_audit.simulator.axl_lists_more import MORE
from cucm_audit.simulator.axl_xml import element, run, wanted_tags
from cucm_audit.simulator.dictionary import numbers
from cucm_audit.simulator.exchange import Exchange

EVERY_LIST = LISTS | MORE


class ItemError(Exception):
    """The operation fails with axlcode 5007: nothing was asked for, or it is not there."""


def answer(exchange: Exchange, call: soap.Call, version: str) -> str | None:
    """Return what stands in the answer's return element, None if there is no such operation here. Raises ItemError."""
    thing = call.name.removeprefix("list")
    if thing != call.name and thing in EVERY_LIST and numbers(version) >= EVERY_LIST[thing].since:
        return _listed(exchange, call, EVERY_LIST[thing])
    get = axl_gets.OPERATIONS.get(call.name) or _plain(call.name, version)
    if get is None:
        return None
    try:
        return get(exchange, call)
    except axl_gets.MissingError as error:
        raise ItemError(str(error)) from None


def _plain(operation: str, version: str) -> Callable[[Exchange, soap.Call], str] | None:
    """Return a get operation that says what its list says, None if there is no such list here."""
    listing = MORE.get(operation.removeprefix("get"))
    if not operation.startswith("get") or listing is None or numbers(version) < listing.since:
        return None
    return axl_gets.plain(listing, listing.criteria[listing.by], listing.by)


def _listed(exchange: Exchange, call: soap.Call, listing: Listing) -> str:
    criteria = call.child("searchCriteria")
    asked = {soap.local(child): child.text or "" for child in criteria} if criteria is not None else {}
    if not set(asked) & set(listing.criteria):
        raise ItemError("Item not valid: no search criteria")
    patterns = {name: text for name, text in asked.items() if name in listing.criteria and text not in ("", "%")}
    wanted = "".join(f" and {listing.criteria[name]} like ?" for name in patterns)
    sql = f"{listing.sql}{wanted} order by {listing.order}{_page(exchange, call)}"
    rows = run(exchange, sql, tuple(patterns.values()))
    names = wanted_tags(call)
    return "".join(element(listing.element, listing.tags, row, names) for row in rows)


def _page(exchange: Exchange, call: soap.Call) -> str:
    """Return the limit; skip is only obeyed with first."""
    first, skip = call.text("first") or "", call.text("skip") or ""
    if not first.isdigit() or exchange.fault("ignore_first"):
        return ""
    place = int(skip) if skip.isdigit() and not exchange.fault("ignore_skip") else 0
    return f" limit {int(first)} offset {place}"
