"""The AXL service: versions, roles, SQL and its limits (reference: axl-database.md section 1)."""

import re
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from cucm_audit.simulator import axl_objects, axl_small, axl_version, database, soap
from cucm_audit.simulator.asked import WRITERS
from cucm_audit.simulator.dictionary import axl_form
from cucm_audit.simulator.exchange import HTML, Exchange, Reply, page

EIGHT_MB, SIXTEEN_MB = 8 * 2**20, 16 * 2**20
NIL = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"'
#: What XML 1.0 cannot carry.
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class _TooLarge(Exception):
    """The answer would pass the limit; holds the fault's text."""


def answer(exchange: Exchange) -> Reply:
    """Return AXL's answer to a request to /axl/."""
    service = exchange.node.services.get("Cisco AXL Web Service")
    if exchange.fault("axl_off") or (service is not None and service.status != "Started"):
        return page(404, "/axl/")
    refused = exchange.refused()
    if refused is not None:
        return refused
    role = exchange.fault("role_axl")
    if role is not None:
        return page(403 if role is True else int(role), "Access to the requested resource has been denied")
    if exchange.method != "POST":
        return Reply(
            200,
            b"<html><head><title>Cisco AXL</title></head><body>The AXL service is up.</body></html>",
            HTML,
            signed_in=True,
        )
    try:
        call = soap.read(exchange.body)
    except soap.NotSoap as error:
        return Reply(500, soap.fault(str(error), "soapenv:Client"))
    version = axl_version.chosen(exchange.world.release, exchange.headers.get("soapaction"), call.namespace)
    if version is None:
        return axl_version.refusal(exchange.world.release)
    reply = _operation(exchange, call, version)
    reply.signed_in = True
    return reply


def _operation(exchange: Exchange, call: soap.Call, version: str) -> Reply:
    if WRITERS.match(call.name):
        return page(
            401, "This request requires HTTP authentication"
        )  # what a read-only account gets (axl-database.md 1.4)
    code = exchange.fault("axl_fault")
    if code is not None:
        return axl_fault(-1 if code is True else int(code), "An internal error occurred.", call.name)
    if call.name == "getCCMVersion":
        return _version(exchange, call, version)
    if call.name == "executeSQLQuery":
        return _query(exchange, call, version)
    small = axl_small.answer(exchange, call, version, axl_fault)
    if small is not None:
        return small
    try:
        found = axl_objects.answer(exchange, call, version)
    except axl_objects.ItemError as error:
        return axl_fault(5007, str(error), call.name)
    if found is None:
        return axl_fault(-1, f"The operation {call.name} is not simulated.", call.name)
    return success(version, call.name, found)


def axl_fault(code: int, text: str, operation: str) -> Reply:
    """Return a fault in AXL's shape, under HTTP 500."""
    detail = f"<axlcode>{code}</axlcode><axlmessage>{escape(text)}</axlmessage><request>{operation}</request>"
    return Reply(500, soap.fault(text, detail=f"<axlError>{detail}</axlError>"))


def success(version: str, operation: str, inner: str) -> Reply:
    """Return an answer with ``inner`` in its ``return`` element."""
    name = f"ns:{operation}Response"
    content = f"<return>{inner}</return>" if inner else "<return/>"
    return Reply(200, soap.envelope(f'<{name} xmlns:ns="http://www.cisco.com/AXL/API/{version}">{content}</{name}>'))


def _version(exchange: Exchange, call: soap.Call, version: str) -> Reply:
    name = call.text("processNodeName") or ""
    nodes = {node.name.lower(): node for node in exchange.world.nodes}
    node = nodes.get(name.lower()) if name else exchange.node
    if node is None:
        return axl_fault(5007, f"Item not valid: The specified {name} was not found", call.name)
    return success(
        version, call.name, f"<componentVersion><version>{axl_form(node.release)}</version></componentVersion>"
    )


def _query(exchange: Exchange, call: soap.Call, version: str) -> Reply:
    sql = call.text("sql") or ""
    try:
        found = database.select(exchange.world, _as_asked(exchange, sql), exchange.node)
    except database.SqlError as error:
        return axl_fault(error.code, error.message, call.name)
    if exchange.fault("axl_memory"):
        return axl_fault(
            -1,
            "Maximum AXL Memory Allocation Consumed. Please retry once requests in progress have completed",
            call.name,
        )
    try:
        rows = _rows(
            exchange, [_tag(label) for label in found.labels], _rows_as_wanted(exchange, sql, found.labels, found.rows)
        )
    except _TooLarge as error:
        return axl_fault(-1, str(error), call.name)
    size = sum(map(len, rows))
    with exchange.world.lock:
        in_flight = exchange.world.counters.get(("axl_bytes", exchange.node.name), 0)
    if in_flight + size > SIXTEEN_MB:
        return axl_fault(
            -1,
            "Maximum AXL Memory Allocation Consumed. Please retry once requests in progress have completed",
            call.name,
        )
    return success(version, call.name, "".join(rows))


def _as_asked(exchange: Exchange, sql: str) -> str:
    """Return the statement as a server with paging faults understands it."""
    page_text = re.match(r"\s*select\s+skip\s+([1-9]\d*)\s+first\s+(\d+)\s", sql, re.IGNORECASE)
    if exchange.fault("ignore_first"):
        return re.sub(r"(?i)^(\s*select\s+(?:skip\s+\d+\s+)?)first\s+\d+\s", r"\1", sql)
    if page_text and (
        exchange.fault("ignore_skip") or (page_text[1] == page_text[2] and exchange.fault("repeat_page"))
    ):
        return re.sub(r"(?i)^(\s*select\s+)skip\s+\d+\s", r"\1", sql)
    return sql


def _rows_as_wanted(
    exchange: Exchange, sql: str, labels: Sequence[str], rows: list[tuple[Any, ...]]
) -> list[tuple[Any, ...]]:
    counting = "count(" in sql.lower().partition(" from ")[0].replace(" ", "")
    if counting and (" union all " in sql or (len(rows) == 1 and len(labels) == 1)):
        off = exchange.fault("count_off")
        return [(*row[:-1], row[-1] + (1 if off is True else int(off))) for row in rows] if off is not None else rows
    if exchange.fault("empty_answer"):
        return []
    return rows[:-1] if rows and exchange.fault("short_page") else rows


def _tag(label: str) -> str:
    """Return the element's name for a column; that of an unnamed expression is inferred (axl-database.md 1.2)."""
    if re.fullmatch(r"[A-Za-z_]\w*", label):
        return label.lower()
    function = re.match(r"(count|min|max|sum|avg)\s*\(", label, re.IGNORECASE)
    return function[1].lower() if function else "expression"


def _rows(exchange: Exchange, tags: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """Return the rows as XML. Raises _TooLarge when they pass the limit of one answer."""
    limit = int(exchange.fault("axl_limit") or EIGHT_MB)
    nothing = [f"<{tag}{NIL}/>" if exchange.fault("axl_nil") else f"<{tag}/>" for tag in tags]
    written: list[str] = []
    size = 0
    for row in rows:
        cells = []
        for place, value in enumerate(row):
            if value is None:
                cells.append(nothing[place])
            elif value == "":
                cells.append(f"<{tags[place]}/>")
            else:
                cells.append(f"<{tags[place]}>{escape(ILLEGAL.sub('?', str(value)))}</{tags[place]}>")
        text = f"<row>{''.join(cells)}</row>"
        # Unicode is counted as up to three bytes a character.
        size += len(text) if text.isascii() else len(text.encode()) + len(text)
        if size > limit:
            word = exchange.fault("axl_spelling") or "Suggestive"
            some = "row fetch" if word == "Suggested" else "Row Fetch"
            raise _TooLarge(
                f"Query request too large. Total rows matched: {len(rows)} rows."
                f" {word} {some}: less than {max(1, len(written))} rows"
            )
        written.append(text)
    return written
