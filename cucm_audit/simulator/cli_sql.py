"""``run sql``: a SELECT over this node's own copy of the database (reference: cli.md section 9)."""

import re
from collections.abc import Sequence
from typing import Any

from cucm_audit.simulator.cli_answer import Answer, Call, failure, text
from cucm_audit.simulator.database import SqlError, node_query

_QUOTED = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|\{.*?\}|/\*.*?\*/", re.DOTALL)
_CHANGES = re.compile(
    r"\b(?:insert|update|delete|merge|truncate|create|drop|alter|rename|grant|revoke|execute|call|into|load|unload|lock|unlock"
    r"|begin|commit|rollback|set|start|stop)\b|;",
    re.IGNORECASE,
)


def writes(sql: str) -> bool:
    """Return whether ``sql`` would change something, or is more than one SELECT: such a text is never run here."""
    bare = _QUOTED.sub(" ", sql)
    return not re.match(r"\s*select\b", bare, re.IGNORECASE) or _CHANGES.search(bare) is not None


def statement(command: str) -> str:
    """Return what stands behind ``run sql``, byte for byte: quotes belong to the SQL."""
    return re.sub(r"^\s*run\s+sql\s*", "", command)


def run_sql(call: Call) -> Answer:
    """Run the SELECT and print it in columns as wide as their longest value."""
    sql = statement(call.text)
    try:
        columns, rows = node_query(call.world, call.node, sql)
    except SqlError as error:
        return failure(str(error))
    return text(*table([str(column) for column in columns], rows))


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """Return the names, the runs of ``=`` and the rows; a value with a line break spills, as on a real node."""
    cells = [[_shown(value) for value in row] for row in rows]
    widths = [max([len(name), *(len(row[index]) for row in cells)]) for index, name in enumerate(columns)]
    lines = [
        _row(columns, widths),
        _row(["=" * width for width in widths], widths),
        *(_row(row, widths) for row in cells),
    ]
    return [part for line in lines for part in line.split("\n")]


def _row(values: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(f"{value:<{width}} " for value, width in zip(values, widths, strict=True))


def _shown(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value).replace("\r\n", "\n")
