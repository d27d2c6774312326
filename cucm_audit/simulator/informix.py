"""What public scripts use of Informix' SELECT and SQLite spells differently: functions, substrings, casts, MATCHES.

Which functions there are is Informix' own manual's affair; here are those that scripts for CUCM send.
"""

import datetime as dt
import re
import sqlite3
from typing import Any

#: Quoted text and comments, which are left as they are.
_QUOTED = re.compile(r"('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*)")
_SUBSCRIPT = re.compile(r"([A-Za-z_]\w*(?:\.\w+)?)\s*\[\s*(\d+)\s*,\s*(\d+)\s*\]")
_FROM_FOR = re.compile(r"\bsubstring\s*\(\s*([\w.]+)\s+from\s+(\d+)(?:\s+for\s+(\d+))?\s*\)", re.IGNORECASE)
_CAST = re.compile(r"::\s*[A-Za-z]\w*(?:\s*\(\s*\d+(?:\s*,\s*\d+)?\s*\))?")
_MATCHES = re.compile(r"\bmatches\b", re.IGNORECASE)


def respelt(sql: str) -> str:
    """Return a SELECT with Informix' own forms in SQLite's words. Raises ValueError for a bracket that is none."""
    parts = _QUOTED.split(sql)
    for place in range(0, len(parts), 2):
        text = _SUBSCRIPT.sub(_substr, parts[place])
        text = _FROM_FOR.sub(lambda m: f"substr({m[1]}, {m[2]}{f', {m[3]}' if m[3] else ''})", text)
        text = _MATCHES.sub("glob", _CAST.sub("", text))
        if "[" in text:
            raise ValueError("a bracket that is no substring")
        parts[place] = text
    return "".join(parts)


def _substr(matched: re.Match[str]) -> str:
    first, last = int(matched[2]), int(matched[3])
    return f"substr({matched[1]}, {first}, {max(0, last - first + 1)})"


def _decode(value: Any, *pairs: Any) -> Any:
    """Return what stands behind the first of the pairs that fits, else the odd one at the end, else NULL."""
    for place in range(0, len(pairs) - 1, 2):
        if pairs[place] == value:
            return pairs[place + 1]
    return pairs[-1] if len(pairs) % 2 else None


def _padded(left: bool) -> Any:
    def pad(value: Any, length: int, *signs: str) -> str | None:
        if value is None:
            return None
        text, sign = str(value)[:length], (signs[0] if signs else " ") or " "
        more = (sign * length)[: length - len(text)]
        return more + text if left else text + more

    return pad


def _dbinfo(what: str, value: Any) -> str | None:
    """Return dbinfo('utc_to_datetime', seconds); whether a node answers in its own zone is in no source: here UTC."""
    if str(what).lower() != "utc_to_datetime":
        raise ValueError("only utc_to_datetime is simulated")
    return None if value is None else dt.datetime.fromtimestamp(int(value), dt.UTC).strftime("%Y-%m-%d %H:%M:%S")


def _concat(one: Any, other: Any) -> str | None:
    return None if one is None or other is None else f"{one}{other}"


def _nvl(value: Any, other: Any) -> Any:
    return other if value is None else value


#: Name -> number of arguments (-1: any) and the function; ltrim, rtrim and round are SQLite's own.
_FUNCTIONS: dict[str, tuple[int, Any]] = {
    "nvl": (2, _nvl),
    "decode": (-1, _decode),
    "lpad": (-1, _padded(left=True)),
    "rpad": (-1, _padded(left=False)),
    "concat": (2, _concat),
    "initcap": (1, lambda text: None if text is None else str(text).title()),
    "char_length": (1, lambda text: None if text is None else len(str(text))),
    "mod": (2, lambda one, other: None if None in (one, other) else int(one) % int(other)),
    "dbinfo": (2, _dbinfo),
}
NAMES = frozenset(_FUNCTIONS) | {"ltrim", "rtrim", "round"}


def teach(db: sqlite3.Connection) -> None:
    """Give a database the functions."""
    for name, (arguments, function) in _FUNCTIONS.items():
        db.create_function(name, arguments, function, deterministic=True)


def catalogue(db: sqlite3.Connection, tables: dict[str, dict[str, str]]) -> None:
    """Write systables and syscolumns, as far as a data dictionary tells: its lengths are not among what we hold."""
    db.execute("create table systables (tabname text, owner text, tabid integer, ncols integer, tabtype text)")
    db.execute(
        "create table syscolumns (colname text, tabid integer, colno integer, coltype integer, collength integer)"
    )
    numbered = list(enumerate(tables.items(), 100))
    known = [(name, at, len(columns)) for at, (name, columns) in numbered]
    db.executemany("insert into systables values (?, 'informix', ?, ?, 'T')", known)
    rows = [
        (name, at, number, 2 if kind == "i" else 13, 4 if kind == "i" else None)
        for at, (_, columns) in numbered
        for number, (name, kind) in enumerate(columns.items(), 1)
    ]
    db.executemany("insert into syscolumns values (?, ?, ?, ?, ?)", rows)
