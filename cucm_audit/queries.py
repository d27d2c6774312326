"""Queries of checks: what they read, and running them where they can do nothing but read.

SQLite's authorizer is asked for every table, view and function: what a query reads is *derived*, so that no check can
forget what it depends on, and what is no fact cannot be reached.
"""

import contextlib
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cucm_audit.tables import (
    HIDDEN_TABLES,
    OWN_TABLES,
    SCHEMA_OBJECT,
    SnapshotError,
    columns,
    empty_snapshot,
    schema,
    tables,
    views,
)
from cucm_audit.words import WORDS

#: What checks may call: our words and a part of what SQLite has.
FUNCTIONS = frozenset(
    {name for name, _, _ in WORDS}
    | {"abs", "avg", "coalesce", "count", "glob", "group_concat", "ifnull", "iif", "instr", "length", "like", "lower"}
    | {"ltrim", "max", "min", "nullif", "replace", "round", "rtrim", "substr", "substring", "sum", "total", "trim"}
    | {"typeof", "upper", "row_number", "rank", "dense_rank", "lag", "lead", "first_value", "last_value"}
)
#: Views of what the publisher alone says, and the IM and Presence nodes alone: a query that reads a table through one
#: does not need it of the other nodes, whose rows it cannot reach.
PUBLISHER, PRESENCE = "publisher_", "presence_"
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 1_000_000,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_ATTACHED: 1,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 200,
}
#: A query that names the snapshot from before. Only for such a query is it attached: a table that main lacks SQLite
#: takes silently from an attached file.
_BEFORE = re.compile(r"\bbefore\s*\.", re.IGNORECASE)
#: A name that "with" gives to a query of its own: nothing else stands before "as (". SQLite's authorizer would take it
#: for the view of that name.
_SHADOW = re.compile(
    r"""["'`\[]?\b(\w+)["'`\]]?\s*(?:\([^()]*\)\s*)?\bas\s*(?:not\s+)?(?:materialized\s*)?\(""", re.IGNORECASE
)
_TEXT = re.compile(r"'(?:[^']|'')*'")


class QueryRefused(SnapshotError):
    """A check's SQL is not allowed: it writes, reads what is no fact, or calls a function that is not on the list."""


class QueryFailed(SnapshotError):
    """A check's SQL ran into an error or a limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """What a query reads: tables of facts, and those that it reaches for some nodes only.

    ``publisher``: through ``publisher_`` views; ``presence``: of the IM and Presence nodes, through ``presence_``.
    ``before...`` is the same for the snapshot from before; ``compares`` says that it reads that one at all.
    """

    facts: frozenset[str]
    publisher: frozenset[str]
    presence: frozenset[str] = frozenset()
    before: frozenset[str] = frozenset()
    before_publisher: frozenset[str] = frozenset()
    before_presence: frozenset[str] = frozenset()
    compares: bool = False

    @property
    def every(self) -> frozenset[str]:
        """Return all facts of this snapshot, of whichever nodes."""
        return self.facts | self.publisher | self.presence

    @property
    def earlier(self) -> "Reads":
        """Return what it reads of the snapshot from before, as if that were this one."""
        return Reads(facts=self.before, publisher=self.before_publisher, presence=self.before_presence)


class Queries:
    """The queries that run on one connection to a snapshot, and the snapshot from before beside it."""

    def __init__(self, connection: sqlite3.Connection, *, writable: bool) -> None:
        self._connection = connection
        self._writable = writable
        self._before: tuple[Path | None, sqlite3.Connection | None] = (None, None)
        self._reads: dict[str, Reads] = {}

    def compare_with(self, path: Path | None, memory: sqlite3.Connection) -> None:
        """Let ``before.table`` be that file, attached only while a query that names it is compiled or run.

        Without a file it is the snapshot in memory that a connection is to.
        """
        self._before = (path, memory)
        self._reads.clear()

    @contextlib.contextmanager
    def _beside(self, sql: str) -> Iterator[bool]:
        """Attach the snapshot from before (an empty one when there is none) for a query that names it."""
        if not _BEFORE.search(sql):
            yield False
            return
        path, memory = self._before
        if path is not None:
            self._refuse_surprises()
            self._connection.execute("attach database ? as before", (f"{path.absolute().as_uri()}?mode=ro",))
        else:
            self._connection.execute("pragma query_only = off")
            self._connection.execute("attach database ':memory:' as before")
            self._lay_empty()
            if memory is not None:
                self._copy(memory)
            if not self._writable:
                self._connection.execute("pragma query_only = on")
        try:
            yield True
        finally:
            self._connection.execute("detach database before")

    def _lay_empty(self) -> None:
        """Make the attached database an empty snapshot: from its bytes, for each check that compares asks for one."""
        if hasattr(self._connection, "deserialize"):
            self._connection.deserialize(empty_snapshot(), name="before")
        else:  # an SQLite that was built without it
            self._connection.executescript(SCHEMA_OBJECT.sub(r"create \1 before.", schema()))

    def _refuse_surprises(self) -> None:
        """Refuse a file without a table or view that a query could then take from the snapshot from before."""
        found = {name for (name,) in self._connection.execute("select name from sqlite_master")}
        if missing := sorted((tables() | views()) - found):
            raise QueryRefused(f"this snapshot was taken by an older program and lacks {missing[0]}: take a new one")

    def _copy(self, before: sqlite3.Connection) -> None:
        """Copy a snapshot that lives in memory: for the examples of checks."""
        for table in sorted(tables()):
            marks = ", ".join("?" * len(columns(table)))
            rows = before.execute(f"select * from {table}")  # noqa: S608
            self._connection.executemany(f"insert into before.{table} values ({marks})", rows)  # noqa: S608
        self._connection.commit()

    def reads(self, sql: str) -> Reads:
        """Return which facts a query reads, without running it. QueryRefused when it is not allowed."""
        if sql not in self._reads:
            here, before = self._names(sql)
            self._reads[sql] = Reads(
                facts=_facts(here),
                publisher=_facts(self._through(PUBLISHER, here, "")),
                presence=_facts(self._through(PRESENCE, here, "")),
                before=_facts(before),
                before_publisher=_facts(self._through(PUBLISHER, before, "before.")),
                before_presence=_facts(self._through(PRESENCE, before, "before.")),
                compares=bool(_BEFORE.search(sql)),
            )
        return self._reads[sql]

    def _through(self, prefix: str, names: set[str], where: str) -> set[str]:
        """Return what the ``publisher_`` (or ``presence_``) views among the names read."""
        found: set[str] = set()
        for name in names:
            if name.startswith(prefix):
                here, before = self._names(f"select * from {where}{name.removeprefix(prefix)}")  # noqa: S608
                found |= before if where else here
        return found

    def _names(self, sql: str) -> tuple[set[str], set[str]]:
        """Compile a query under the authorizer: every table and view that it touches, here and in the one before."""
        if not sql.lstrip().lower().startswith(("select", "with")):
            raise QueryRefused("only select is allowed")
        self._refuse_shadows(sql)
        with self._beside(sql) as compares:
            return self._compiled(sql, compares=compares)

    @staticmethod
    def _refuse_shadows(sql: str) -> None:
        """Refuse a query that calls something of its own as a table or view is called.

        What it reads under that name would be taken for what the view reads: of the publisher alone, say.
        """
        bare = _TEXT.sub("''", sql)
        if "--" in bare or "/*" in bare:
            raise QueryRefused("a query has no comments")
        for match in _SHADOW.finditer(sql):  # SQLite takes a name in any kind of quotes
            if match[1].lower() in tables() | views():
                raise QueryRefused(f"'with {match[1]}' hides the table or view of that name: choose another")

    def _compiled(self, sql: str, *, compares: bool) -> tuple[set[str], set[str]]:
        here: set[str] = set()
        before: set[str] = set()
        refused: list[str] = []

        def watch(action: int, first: str | None, second: str | None, base: str | None, inner: str | None) -> int:
            if action == sqlite3.SQLITE_READ and first:
                # A bare count(*) names no database: it may be either.
                places = (before,) if base == "before" else (here, before) if base is None and compares else (here,)
                narrow = inner in views() and inner in (f"{PUBLISHER}{first}", f"{PRESENCE}{first}")
                for names in places:
                    names.update({inner} if narrow and inner else {first, inner} if inner else {first})
            if inner and not compares:
                here.add(inner)
            trouble = _trouble(action, first, second)
            if trouble:
                refused.append(trouble)
                return sqlite3.SQLITE_DENY
            return sqlite3.SQLITE_OK

        self._connection.set_authorizer(watch)
        try:
            self._connection.execute(f"explain {sql}").close()
        except sqlite3.Warning as error:
            raise QueryRefused(str(error)) from None
        except (sqlite3.Error, ValueError) as error:
            raise QueryRefused("; ".join(refused) or str(error)) from None
        finally:
            self._connection.set_authorizer(None)
        return here, before

    def run(self, sql: str, *, seconds: float = 60.0, rows: int = 5_000_000) -> Iterator[tuple[Any, ...]]:
        """Run a check's query, row by row, under the authorizer and within limits of time, rows and text length.

        QueryRefused when it is not allowed, QueryFailed on an error or a limit.
        """
        self.reads(sql)
        with self._beside(sql):
            yield from self._running(sql, seconds, rows)

    def _running(self, sql: str, seconds: float, rows: int) -> Iterator[tuple[Any, ...]]:
        end = time.monotonic() + seconds
        before = {limit: self._connection.setlimit(limit, value) for limit, value in _LIMITS.items()}
        self._connection.set_authorizer(
            lambda a, b, c, _d, _e: sqlite3.SQLITE_DENY if _trouble(a, b, c) else sqlite3.SQLITE_OK
        )
        self._connection.set_progress_handler(lambda: int(time.monotonic() > end), 10_000)
        cursor = self._connection.cursor()
        try:
            cursor.execute(sql)
            for number, row in enumerate(cursor):
                if number >= rows:
                    raise QueryFailed(f"more than {rows} rows")
                yield row
        except sqlite3.Error as error:
            late = time.monotonic() > end
            raise QueryFailed(f"took longer than {seconds:.2g} s" if late else str(error)) from None
        finally:
            cursor.close()
            self._connection.set_authorizer(None)
            self._connection.set_progress_handler(None, 0)
            for limit, value in before.items():
                self._connection.setlimit(limit, value)


def _facts(names: Iterable[str]) -> frozenset[str]:
    return frozenset((set(names) & tables()) - OWN_TABLES)


def _trouble(action: int, first: str | None, second: str | None) -> str:
    """Say why an action of a query is not allowed, '' when it is."""
    if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE):
        return ""
    if action == sqlite3.SQLITE_READ:
        return "" if first in (tables() | views()) - HIDDEN_TABLES else f"reads {first}, which is no fact"
    if action == sqlite3.SQLITE_FUNCTION:
        return "" if second and second.lower() in FUNCTIONS else f"calls {second}(), which is not allowed"
    return "does more than reading"
