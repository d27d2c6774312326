"""Reading AXL's answers: the release, and the rows of a SQL query, one after the other, with memory for one.

A row is taken only when it has each column of the select list exactly once and nothing else: a row that is short would
be a value that is silently missing. Sources: reference axl-database.md sections 1.2 and 1.6.
"""

import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cucm_audit.clients import ClientError
from cucm_audit.clients.axl_version import normal_release
from cucm_audit.clients.guard import AXL_NAMESPACE, ENVELOPE_NAMESPACE
from cucm_audit.clients.place import Place
from cucm_audit.clients.soap import (
    HARDENED,
    Fault,
    FaultAnswer,
    Malformed,
    has_doctype,
    local,
    malformed,
    operation_of,
    read_fault,
    refuse_status,
    required,
    syntax_error,
    text_of,
)
from cucm_audit.model import Reason

if TYPE_CHECKING:
    from lxml.etree import _Element

    from cucm_audit.clients.http import Answer

Row = dict[str, str | None]

_TOO_LARGE = re.compile(r"query request too large", re.IGNORECASE)
_SUGGESTED = re.compile(r"suggest\w*\s+row\s+fetch:?\s*less than\s*(\d+)", re.IGNORECASE)
_MEMORY = re.compile(r"maximum axl memory allocation consumed", re.IGNORECASE)
_NO_SUCH = re.compile(
    r"column \(?.{1,80}\)? not found|table \(?.{1,80}\)? is not in the database"
    r"|(table|column|view) .{1,80} does ?n[o']t exist",
    re.IGNORECASE,
)
_VERSION = re.compile(
    r"(incorrect|unsupported|invalid) (axl|schema) ?version|version .{0,40}not supported", re.IGNORECASE
)


class AnotherVersion(Exception):
    """The answer is in another AXL namespace than the request was."""


def columns_of(sql: str) -> tuple[str, ...]:
    """Return the column names of a SELECT as AXL gives them back: alias, else the name without its table; lower case.

    >>> columns_of("select d.pkid, tm.name as model, count(*) as n from device d")
    ('pkid', 'model', 'n')
    """
    head = re.split(r"\sfrom\s", sql[len("select ") :], maxsplit=1, flags=re.IGNORECASE)[0]
    names: list[str] = []
    depth, part = 0, ""
    for letter in head + ",":
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            names.append(re.split(r"[\s.]", part.strip())[-1].lower())
            part = ""
        else:
            part += letter
    return tuple(names)


def release_in(answer: "Answer", place: Place, doing: str) -> str:
    """Return the release that an answer to getCCMVersion holds. Raises :class:`FaultAnswer` and :class:`ClientError`.

    Any AXL namespace will do: a node answers a request in 1.0 with its own oldest.
    """
    operation = operation_of(answer, place, doing)
    trouble: ClientError | None = None
    try:
        if not re.fullmatch(rf"{{{re.escape(AXL_NAMESPACE)}[0-9.]+}}getCCMVersionResponse", str(operation.tag)):
            raise Malformed(f"the answer is {operation.tag}")
        part = required(required(required(operation, "return"), "componentVersion"), "version")
        release = normal_release(text_of(part))
        if release is None:
            raise Malformed(f"no release: {text_of(part)[:80]!r}")
        return release
    except Malformed as error:
        trouble = malformed(place, doing, str(error))
    raise trouble


def rows_in(answer: "Answer", version: str, columns: tuple[str, ...], place: Place, doing: str) -> Iterator[Row]:
    """Yield the rows of an answer to executeSQLQuery.

    Raises :class:`FaultAnswer`, and :class:`ClientError`: not_soap, malformed, truncated, unsupported_version; also
    after some rows were yielded.
    """
    from lxml import etree

    refuse_status(answer, place, doing)
    trouble: ClientError | None = None
    try:
        yield from _rows(answer, version, frozenset(columns))
        return
    except (etree.XMLSyntaxError, ValueError) as error:
        trouble = syntax_error(answer, place, doing, str(error))
    except Malformed as error:
        trouble = malformed(place, doing, str(error))
    except AnotherVersion as error:
        hint = "The node answers in another AXL version than it was asked in; nothing of it is believed."
        trouble = place.error(Reason.UNSUPPORTED_VERSION, doing, hint, str(error))
    raise trouble


def _rows(answer: "Answer", version: str, columns: frozenset[str]) -> Iterator[Row]:
    """Take each row when it is closed, drop it, and look at what is left of the tree in the end."""
    from lxml import etree

    rows: _Element | None = None
    parse = etree.iterparse(io.BytesIO(answer.body), events=("end",), tag="{*}row", **HARDENED)
    for _, element in parse:
        parent = element.getparent()
        if rows is None and parent is not None:
            _check_above(parent, version, answer.status)  # before the first row is believed
            rows = parent
        if parent is None or parent is not rows:
            raise Malformed("a row is out of place")
        yield _row(element, columns)
        _forget(element)
    _check_whole(parse.root, version, answer.status)


def _check_above(rows: "_Element", version: str, status: int) -> None:
    """Check that ``rows`` is the return element of our answer, from the root down."""
    above = list(rows.iterancestors())
    if local(rows) != "return" or [local(part) for part in above[1:]] != ["Body", "Envelope"]:
        raise Malformed("the rows are out of place")
    _check_envelope(above[-1])
    _check_operation(str(above[0].tag), version, status)


def _check_whole(root: "_Element", version: str, status: int) -> None:
    """Check the tree when everything was read: one envelope, one answer or fault, one return, only rows in it."""
    _check_envelope(root)
    bodies = [part for part in root if local(part) not in ("", "Header")]
    if len(bodies) != 1 or local(bodies[0]) != "Body":
        raise Malformed("the envelope does not hold one body")
    parts = [part for part in bodies[0] if local(part)]
    if len(parts) != 1:
        raise Malformed(f"its body holds {len(parts)} elements")
    if local(parts[0]) == "Fault":
        raise FaultAnswer(read_fault(parts[0]))
    _check_operation(str(parts[0].tag), version, status)
    if [local(part) for part in parts[0] if local(part)] != ["return"]:
        raise Malformed("the answer does not hold one return element")
    if any(local(part) not in ("row", "") for part in required(parts[0], "return")):
        raise Malformed("something else than rows in the return element")


def _check_envelope(root: "_Element") -> None:
    if has_doctype(root):
        raise Malformed("it has a DOCTYPE")
    if root.tag != f"{{{ENVELOPE_NAMESPACE}}}Envelope":
        raise Malformed("it is no SOAP envelope")


def _check_operation(tag: str, version: str, status: int) -> None:
    if tag == f"{{{AXL_NAMESPACE}{version}}}executeSQLQueryResponse":
        if status != 200:
            raise Malformed(f"HTTP {status} with an answer that is no fault")
        return
    if tag.startswith(f"{{{AXL_NAMESPACE}") and tag.endswith("}executeSQLQueryResponse"):
        raise AnotherVersion(f"asked in {version}, answered in {tag[1:].partition('}')[0]}")
    raise Malformed(f"the answer is {tag[:120]}")


def _row(element: "_Element", columns: frozenset[str]) -> Row:
    row: Row = {}
    for part in element:
        name = (part.tag if isinstance(part.tag, str) else "").rpartition("}")[2].lower()
        if name not in columns or name in row or len(part):
            raise Malformed(f"a row's column {name[:60]!r} is unknown, twice there or not plain")
        row[name] = part.text or None  # an element with xsi:nil is empty
    if len(row) != len(columns):
        raise Malformed(f"a row lacks {', '.join(sorted(columns - row.keys()))}")
    return row


def _forget(element: "_Element") -> None:
    """Drop a row that was read and those before it, so that memory does not grow with the answer."""
    element.clear()
    parent = element.getparent()
    while parent is not None and (before := element.getprevious()) is not None:
        if local(before) not in ("row", ""):
            raise Malformed(f"{local(before)[:60]} among the rows")
        parent.remove(before)


def suggested_rows(fault: Fault) -> int | None:
    """Return the number of rows that "too large" suggests, 0 when it names none; None for any other fault."""
    if not _TOO_LARGE.search(fault.text):
        return None
    found = _SUGGESTED.search(fault.text)
    return int(found.group(1)) if found else 0


def out_of_memory(fault: Fault) -> bool:
    """Return True when AXL says that too many large answers are under way."""
    return _MEMORY.search(fault.text) is not None


def sql_reason(fault: Fault) -> tuple[Reason, str] | None:
    """Return reason and hint for a fault about the statement itself: a missing table or column, or syntax."""
    code = fault.code.lstrip("-")
    if _VERSION.search(fault.text):
        return Reason.UNSUPPORTED_VERSION, "The node does not speak the AXL version that it was asked in."
    if code in ("206", "217") or _NO_SUCH.search(fault.text):
        return Reason.NOT_SUPPORTED, "The database of this release lacks a table or column that the statement names."
    if code == "201":
        return (
            Reason.INTERNAL_ERROR,
            "The database does not understand the statement: please report it with the release.",
        )
    return None
