"""The publisher's database as SQLite, and Informix's dialect of SELECT as far as anybody sends it.

Tables and columns are those of the release's data dictionary and no others. Flags are the text 't' and 'f'. What
SQLite would forgive and Informix would not (LIMIT, GLOB, functions that it lacks, LIKE without regard to case) is
refused or set right, so that a statement that runs here has at least the right names and no foreign words. It is not
Informix: the fault texts are the server's (reference: axl-database.md 1.6), the planner and the finer syntax are not.
"""

import re
import sqlite3
from dataclasses import dataclass
from typing import Any

from cucm_audit.simulator import informix
from cucm_audit.simulator.dictionary import tables
from cucm_audit.simulator.world import SimNode, World

#: Indexes that the real thing has as well; without them 80,000 phones are slow.
INDEXES: dict[str, tuple[str, ...]] = {
    "device": (
        "pkid",
        "name",
        "tkclass, tkdeviceprofile",
        "ikdevice_defaultprofile",
        "fkdevicepool",
    ),
    "telecastersubscribedservice": (
        "pkid",
        "fkdevice",
    ),
    "enduser": (
        "pkid",
        "userid",
    ),
    "enduserdevicemap": (
        "pkid",
        "fkdevice",
        "fkenduser",
    ),
    "extensionmobilitydynamic": (
        "pkid",
        "fkdevice",
        "fkenduser",
    ),
    "devicenumplanmap": (
        "pkid",
        "fkdevice",
    ),
    "numplan": ("pkid",),
    "registrationdynamic": ("fkdevice",),
    "credential": ("fkenduser",),
    "credentialdynamic": ("fkcredential",),
}
#: Functions that Informix has and that somebody may send. count, min, max, sum and avg are SQLite's own.
FUNCTIONS = informix.NAMES | {
    *("count", "min", "max", "sum", "avg", "lower", "upper", "length", "substr", "trim", "abs", "replace"),
    *("like", "glob"),  # LIKE and MATCHES
}
FOREIGN_WORDS = frozenset(
    {
        "limit",
        "offset",
        "glob",
        "regexp",
        "pragma",
        "with",
        "isnull",
        "notnull",
        "collate",
        "match",
        "indexed",
        "recursive",
    }
)
WRITING = re.compile(r"\b(?:into\s+(?:temp|scratch|raw|standard|external)|for\s+update)\b|;", re.IGNORECASE)
WRITE_WORDS = frozenset(
    (
        *("insert", "update", "delete", "merge", "truncate", "create", "drop", "alter", "rename", "grant", "revoke"),
        *("execute", "call", "load", "unload", "lock", "unlock", "begin", "commit", "rollback", "set"),
    )
)
PAGING = re.compile(r"\s*select\s+(?:skip\s+(\d+)\s+)?(?:(?:first|limit)\s+(\d+)\s+)?(?:(unique)\s+)?", re.IGNORECASE)
TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|\w+|==|\S")


class SqlError(Exception):
    """Informix refused a statement. ``code`` is its number: -201 syntax, -206 table, -217 column, -674 routine."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows of a SELECT. ``labels`` are the columns as SQLite names them: "count(*)" where there is no name."""

    labels: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def create(release: str) -> sqlite3.Connection:
    """Return an empty database with every table of the release's dictionary."""
    db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    db.execute("pragma case_sensitive_like = on")
    informix.teach(db)
    db.execute("begin")
    known = tables(release)
    for table, columns in known.items():
        spelt = ", ".join(f'"{name}" {"integer" if kind == "i" else "text"}' for name, kind in columns.items())
        db.execute(f'create table "{table}" ({spelt})')
    informix.catalogue(db, known)
    for table, wanted in INDEXES.items():
        for place, names in enumerate(wanted):
            if set(names.split(", ")) <= set(known.get(table, {})):
                db.execute(f'create index "i_{table}_{place}" on "{table}" ({names})')
    db.execute("commit")
    return db


def select(world: World, sql: str, node: SimNode | None = None, most: int | None = None) -> Answer:
    """Run a SELECT as a node sees the database (``node.missing_rows``); None is the publisher's copy.

    ``most`` cuts the answer. Raises SqlError as Informix would, also for anything that is no plain SELECT.
    """
    translated = translate(sql)
    prefix = _without_missing_rows(node)
    with world.lock:
        db: sqlite3.Connection = world.database
        db.set_authorizer(_only_reading)
        try:
            cursor = db.execute(prefix + translated)
            labels = tuple(column[0] for column in cursor.description or ())
            rows = cursor.fetchall() if most is None else cursor.fetchmany(most)
        except (sqlite3.DatabaseError, sqlite3.Warning, ValueError) as error:
            raise _as_fault(str(error)) from None
        finally:
            db.set_authorizer(None)
    return Answer(labels, rows)


def translate(sql: str) -> str:
    """Return Informix's SELECT in SQLite's words: ``skip n first m`` becomes a limit. Raises SqlError."""
    text = sql.strip().removesuffix(";").strip()
    words = TOKEN.findall(text)
    if not words or words[0].lower() != "select" or writes(text):
        raise SqlError(-201, "A syntax error has occurred.")
    head = PAGING.match(text)
    assert head is not None  # it begins with select
    rest = text[head.end() :]
    if (
        "==" in words
        or any(word.lower() in FOREIGN_WORDS for word in TOKEN.findall(rest))
        or re.match(r"(?:skip|first)\s+\d", rest, re.I)
    ):
        raise SqlError(-201, "A syntax error has occurred.")
    skip, first, unique = head.groups()
    try:
        rest = informix.respelt(rest)
    except ValueError:
        raise SqlError(-201, "A syntax error has occurred.") from None
    page = f" limit {first or -1} offset {skip or 0}" if skip or first else ""
    return f"select {'distinct ' if unique else ''}{rest}{page}"


def writes(sql: str) -> bool:
    """Say whether a text would change something, or tries to be more than one statement."""
    words = [word for word in TOKEN.findall(sql.strip().removesuffix(";")) if not word.startswith(("'", '"', "--"))]
    return bool(words) and (words[0].lower() in WRITE_WORDS or WRITING.search(" ".join(words)) is not None)


def _without_missing_rows(node: SimNode | None) -> str:
    """Hide the rows that this node's copy lacks with a common table expression under the table's own name."""
    if node is None or not node.missing_rows:
        return ""
    parts = (
        f'"{table}" as (select * from main."{table}" where ({condition}) is not 1)'
        for table, condition in node.missing_rows.items()
    )
    return "with " + ", ".join(parts) + " "


def _only_reading(action: int, first: str | None, second: str | None, _db: str | None, _trigger: str | None) -> int:
    allowed = action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ)
    if action == sqlite3.SQLITE_READ and first is not None and first.startswith("sqlite_"):
        allowed = False
    if action == sqlite3.SQLITE_FUNCTION:
        allowed = (second or "").lower() in FUNCTIONS
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _as_fault(message: str) -> SqlError:
    """SQLite's complaint in Informix's words. The texts of -206 and -217 are from memory, the numbers are standard."""
    column = re.search(r"no such column: (?:\w+\.)?(\S+)", message)
    if column:
        return SqlError(-217, f"Column ({column[1]}) not found in any table in the query (or SLV is undefined).")
    table = re.search(r"no such table: (?:\w+\.)?(\S+)|access to (?:main\.)?(sqlite_\w+)", message)
    if table:
        return SqlError(-206, f"The specified table ({table[1] or table[2]}) is not in the database.")
    routine = re.search(r"no such function: (\S+)|not authorized to use function: (\S+)", message)
    if routine:
        return SqlError(-674, f"Routine ({routine[1] or routine[2]}) can not be resolved.")
    ambiguous = re.search(r"ambiguous column name: (\S+)", message)
    if ambiguous:
        return SqlError(-324, f"Ambiguous column ({ambiguous[1]}).")
    return SqlError(-201, "A syntax error has occurred.")


def node_query(world: World, node: SimNode, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run a SELECT over a node's own copy, for its CLI: column names and rows. Raises SqlError."""
    answer = select(world, sql, node)
    return list(answer.labels), answer.rows
