"""What schema.sql says: the tables, views and columns of a snapshot, and how a connection to one is made."""

import re
import sqlite3
from dataclasses import dataclass
from functools import cache
from importlib import resources

from cucm_audit.words import WORDS

#: Rises with every change of schema.sql: checks read its tables and views, and a file of another shape lacks some.
SCHEMA_VERSION = "2"

#: Tables of dated knowledge: files below checks/tables fill them.
KNOWLEDGE = frozenset({"bad_load", "release_support", "upgrade_path", "dropped_model", "minimum_load", "pack_rule"})
#: Tables that the run fills itself: always whole, and so never asked for in the ledger.
OWN_TABLES = frozenset({"meta", "ledger", "setting", "api_user", "target"}) | KNOWLEDGE
#: Tables that no check may read.
HIDDEN_TABLES = frozenset({"raw"})

#: The beginnings of schema.sql's statements, to make its objects in an attached database.
SCHEMA_OBJECT = re.compile(r"^create (table|view|index) ", re.MULTILINE)


class SnapshotError(Exception):
    """A file is no snapshot, or one that this program cannot read; the text says which and what to do."""


class RowRefused(SnapshotError):
    """A row does not fit its table: a value that must be there is missing, a key came twice, or a column is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the schema. ``kind`` is integer, real, text or ''; ``key``: it is part of the primary key."""

    name: str
    kind: str
    nullable: bool
    key: bool = False


def connect(uri: str) -> sqlite3.Connection:
    """Open an SQLite database in which our words can be called."""
    # check_same_thread: the collector opens its writer in one thread and writes in another, never in two at once.
    connection = sqlite3.connect(uri, uri=True, check_same_thread=False, timeout=30)
    for name, arguments, function in WORDS:
        connection.create_function(name, arguments, function, deterministic=True)
    return connection


@cache
def schema() -> str:
    """Return the text of schema.sql."""
    return resources.files("cucm_audit").joinpath("schema.sql").read_text("utf-8")


@cache
def empty_snapshot() -> bytes:
    """Return the bytes of a snapshot without a row."""
    connection = connect("file::memory:")
    connection.executescript(schema())
    found = connection.serialize()
    connection.close()
    return found


@cache
def _objects() -> dict[str, str]:
    connection = connect("file::memory:")
    connection.executescript(schema())
    found = connection.execute("select name, type from sqlite_master where type in ('table', 'view')").fetchall()
    connection.close()
    return dict(found)


@cache
def tables() -> frozenset[str]:
    """Return the names of all tables of the schema."""
    return frozenset(name for name, kind in _objects().items() if kind == "table")


@cache
def views() -> frozenset[str]:
    """Return the names of all views of the schema."""
    return frozenset(name for name, kind in _objects().items() if kind == "view")


@cache
def columns(table: str) -> tuple[Column, ...]:
    """Return the columns of a table of the schema, in its order."""
    connection = connect("file::memory:")
    connection.executescript(schema())
    found = connection.execute(f"pragma table_info({table})").fetchall()
    connection.close()
    return tuple(
        Column(name=row[1], kind=row[2].lower(), nullable=not row[3] and not row[5], key=bool(row[5])) for row in found
    )
