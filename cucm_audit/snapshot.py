"""The snapshot: one SQLite file with everything that a cluster told us. The only door between asking and judging.

The only module that imports sqlite3. Writing: :meth:`Snapshot.create`, one writer, rows checked against the schema.
Judging: :meth:`Snapshot.open`, read-only, and queries of checks run under an authorizer that lets them read facts and
call a list of functions, nothing else. What a query reads is *derived* here, so that no check can forget what it
depends on.
"""

import contextlib
import json
import os
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Self

from cucm_audit.model import Gathered, Reason, Source, State
from cucm_audit.words import WORDS

#: Rises with every change of schema.sql that an older program could not read.
SCHEMA_VERSION = "1"

#: Tables of dated knowledge: files below checks/tables fill them.
KNOWLEDGE = frozenset({"bad_load", "release_support", "upgrade_path", "dropped_model", "minimum_load", "pack_rule"})
#: Tables that the run fills itself: always whole, and so never asked for in the ledger.
OWN_TABLES = frozenset({"meta", "ledger", "setting", "api_user", "target"}) | KNOWLEDGE
#: Tables that no check may read.
HIDDEN_TABLES = frozenset({"raw"})

#: What checks may call: our words and a part of what SQLite has.
FUNCTIONS = frozenset(
    {name for name, _, _ in WORDS}
    | {"abs", "avg", "coalesce", "count", "glob", "group_concat", "ifnull", "iif", "instr", "length", "like", "lower"}
    | {"ltrim", "max", "min", "nullif", "replace", "round", "rtrim", "substr", "substring", "sum", "total", "trim"}
    | {"typeof", "upper", "row_number", "rank", "dense_rank", "lag", "lead", "first_value", "last_value"}
)
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 1_000_000,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_ATTACHED: 1,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 200,
}
#: A query that names the snapshot from before. Only for such a query is it attached: a table that main lacks SQLite
#: takes silently from an attached file.
_BEFORE = re.compile(r"\bbefore\s*\.", re.IGNORECASE)
_SHADOW = re.compile(
    r"\b(\w+)\s*(?:\([^()]*\))?\s+as\s+(?:not\s+)?(?:materialized\s+)?\(\s*(?:select|values)\b", re.IGNORECASE
)


class SnapshotError(Exception):
    """A file is no snapshot, or one that this program cannot read; the text says which and what to do."""


class RowRefused(SnapshotError):
    """A row does not fit its table: a value that must be there is missing, a key came twice, or a column is unknown."""


class QueryRefused(SnapshotError):
    """A check's SQL is not allowed: it writes, reads what is no fact, or calls a function that is not on the list."""


class QueryFailed(SnapshotError):
    """A check's SQL ran into an error or a limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """What a query reads: tables of facts, and those that it reaches for the publisher through ``publisher_`` views.

    ``before`` and ``before_publisher`` are the same for the snapshot from before; ``compares`` says that it reads that
    one at all.
    """

    facts: frozenset[str]
    publisher: frozenset[str]
    before: frozenset[str] = frozenset()
    before_publisher: frozenset[str] = frozenset()
    compares: bool = False


class Snapshot:
    """A snapshot file, open for writing or for judging. Not thread-safe: ``reader()`` gives another thread its own."""

    def __init__(self, connection: sqlite3.Connection, path: Path | None, *, writable: bool) -> None:
        self._connection = connection
        self.path = path
        self._writable = writable
        self.before: Snapshot | None = None
        self._reads: dict[str, Reads] = {}
        self._columns: dict[str, frozenset[str]] = {}

    # ------------------------------------------------------------------------------------------------------ open, close

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a new snapshot file, readable by its owner only.

        SnapshotError when it is there already or cannot be made.
        """
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            connection = _connect(f"{path.absolute().as_uri()}?mode=rw")
            connection.execute("pragma journal_mode = wal")  # the collector reads phone names while it writes
            connection.execute("pragma synchronous = off")  # a snapshot that was cut off is not used: see finish()
            connection.executescript(schema())
        except FileExistsError:
            raise SnapshotError(f"{path} exists already; choose another name") from None
        except (OSError, sqlite3.Error) as error:
            raise SnapshotError(f"{path} cannot be written: {error}") from None
        return cls._started(connection, path)

    @classmethod
    def memory(cls) -> Self:
        """Make a snapshot that lives in memory: for the examples of checks."""
        connection = _connect("file::memory:")
        connection.executescript(schema())
        return cls._started(connection, None)

    @classmethod
    def _started(cls, connection: sqlite3.Connection, path: Path | None) -> Self:
        snapshot = cls(connection, path, writable=True)
        snapshot.meta("schema_version", SCHEMA_VERSION)
        return snapshot

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a saved snapshot for judging.

        Nothing can be written through it. SnapshotError with a sentence if it is none.
        """
        if not path.is_file():
            raise SnapshotError(f"{path} is not there; save one with --save FILE")
        try:
            connection = _connect(f"{path.absolute().as_uri()}?mode=ro")
            found = connection.execute("select value from meta where key = 'schema_version'").fetchone()
            finished = connection.execute("select value from meta where key = 'finished_at'").fetchone()
        except sqlite3.Error as error:
            raise SnapshotError(f"{path} is no snapshot of cucm-audit ({error})") from None
        if found is None or found[0] != SCHEMA_VERSION:
            version = found[0] if found else "none"
            raise SnapshotError(
                f"{path} has schema {version}; this program reads schema {SCHEMA_VERSION}: take a new snapshot"
            )
        if finished is None:
            raise SnapshotError(f"{path} was never finished (the run was cut off): take a new snapshot")
        connection.execute("pragma query_only = on")
        return cls(connection, path, writable=False)

    def reader(self) -> Self:
        """Open the same file again, read-only, for use in the thread that calls this."""
        if self.path is None:
            raise SnapshotError("a snapshot in memory has one connection")
        return type(self)(_connect(f"{self.path.absolute().as_uri()}?mode=ro"), self.path, writable=False)

    def compare_with(self, before: "Snapshot") -> None:
        """Put a snapshot from before beside this one: queries reach it as ``before.table``, read-only.

        Attached only while a query that names it is compiled or run. A file that lacks a table is refused then.
        """
        self.before = before
        self._reads.clear()

    @contextlib.contextmanager
    def _beside(self, sql: str) -> Iterator[bool]:
        """Attach the snapshot from before (an empty one when there is none) for a query that names it."""
        if not _BEFORE.search(sql):
            yield False
            return
        if self.before is not None and self.before.path is not None:
            self._refuse_surprises()
            place = f"{self.before.path.absolute().as_uri()}?mode=ro"
            self._connection.execute("attach database ? as before", (place,))
        else:
            self._connection.execute("pragma query_only = off")
            self._connection.execute("attach database ':memory:' as before")
            self._lay_empty()
            self._copy_before()
            if not self._writable:
                self._connection.execute("pragma query_only = on")
        try:
            yield True
        finally:
            self._connection.execute("detach database before")

    def _lay_empty(self) -> None:
        """Make the attached database an empty snapshot: from its bytes, for each check that compares asks for one."""
        if hasattr(self._connection, "deserialize"):
            self._connection.deserialize(_empty(), name="before")
        else:  # an SQLite that was built without it
            self._connection.executescript(_SCHEMA_OBJECT.sub(r"create \1 before.", schema()))

    def _refuse_surprises(self) -> None:
        """Refuse a file without a table or view that a query could then take from the snapshot from before."""
        found = {name for (name,) in self._connection.execute("select name from sqlite_master")}
        if missing := sorted((tables() | views()) - found):
            raise QueryRefused(f"this snapshot was taken by an older program and lacks {missing[0]}: take a new one")

    def _copy_before(self) -> None:
        """Copy a snapshot that lives in memory: for the examples of checks."""
        for table in sorted(tables()) if self.before is not None else ():
            marks = ", ".join("?" * len(columns(table)))
            rows = self.before.select(f"select * from {table}") if self.before else ()  # noqa: S608
            self._connection.executemany(f"insert into before.{table} values ({marks})", rows)  # noqa: S608
        self._connection.commit()

    def finish(self, finished_at: str) -> None:
        """Mark the snapshot as finished and leave one single file behind."""
        self.meta("finished_at", finished_at)
        self._connection.commit()
        if self.path is not None:
            self._connection.execute("pragma synchronous = full")
            self._connection.execute("pragma journal_mode = delete")

    def close(self) -> None:
        """Close the file."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()

    # ------------------------------------------------------------------------------------------------------------ write

    def write(self, table: str, rows: Iterable[Mapping[str, Any]]) -> int:
        """Write rows into a table of facts and return their number.

        RowRefused when one does not fit; none of them lands then.
        """
        written = 0
        try:
            with self._connection:
                for row in rows:
                    self._known_columns(table, row)
                    names = ", ".join(row)
                    marks = ", ".join("?" * len(row))
                    self._connection.execute(f"insert into {table} ({names}) values ({marks})", tuple(row.values()))  # noqa: S608
                    written += 1
        except (sqlite3.Error, OverflowError) as error:  # a number of more than 64 bits
            raise RowRefused(f"{table}: {error}") from None
        return written

    def _known_columns(self, table: str, row: Mapping[str, Any]) -> None:
        if table not in self._columns:
            if table not in tables():
                raise RowRefused(f"there is no table {table}")
            self._columns[table] = frozenset(column.name for column in columns(table))
        unknown = set(row) - self._columns[table]
        if unknown:
            raise RowRefused(f"{table} has no column {', '.join(sorted(unknown))}")

    def forget(self, table: str, node: str | None = None) -> None:
        """Take back the rows of a fact (of one node): what an ill answer left behind is not half believed."""
        condition, values = ("", ()) if node is None else (" where node = ?", (node,))
        with self._connection:
            self._connection.execute(f"delete from {table}{condition}", values)  # noqa: S608

    def empty(self, table: str, column: str) -> None:
        """Make a column not known (NULL) in every row: how an example tries what a check does then."""
        with self._connection:
            self._connection.execute(f"update {table} set {column} = null")  # noqa: S608

    def lend(self, table: str, rows: Iterable[Mapping[str, Any]], key: tuple[str, ...] = ()) -> None:
        """Lay rows of settings or knowledge beside the saved ones, for this connection; the file stays as it is.

        A row that was saved is not told twice; with a ``key`` the saved row of that key wins.
        """
        names = tuple(column.name for column in columns(table))
        fields = ", ".join(key or names)
        saved = set(self._connection.execute(f"select {fields} from {table}"))  # noqa: S608
        new = [row for row in rows if tuple(row[name] for name in key or names) not in saved]
        if table not in OWN_TABLES or not new:
            return
        self._connection.execute("pragma query_only = off")
        self._connection.execute("pragma temp_store = memory")
        with self._connection:
            self._connection.execute(f"create temp table if not exists {table} as select * from main.{table}")  # noqa: S608
            marks = ", ".join("?" * len(names))
            values = [tuple(row[name] for name in names) for row in new]
            self._connection.executemany(f"insert into temp.{table} values ({marks})", values)  # noqa: S608
        if not self._writable:
            self._connection.execute("pragma query_only = on")

    def replace_own(self, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Let rows stand for all saved ones of an own table, for this connection; the file stays as it is."""
        if table not in OWN_TABLES:
            raise RowRefused(f"{table} holds what a cluster said")
        names = [column.name for column in columns(table)]
        values = [tuple(row[name] for name in names) for row in rows]
        self._connection.execute("pragma query_only = off")
        self._connection.execute("pragma temp_store = memory")
        with self._connection:
            self._connection.execute(f"drop table if exists temp.{table}")
            self._connection.execute(f"create temp table {table} as select * from main.{table} where false")  # noqa: S608
            self._connection.executemany(f"insert into temp.{table} values ({', '.join('?' * len(names))})", values)  # noqa: S608
        if not self._writable:
            self._connection.execute("pragma query_only = on")

    def ledger(self, gathered: Gathered) -> None:
        """Write (or replace) one row of the ledger."""
        with self._connection:
            self._connection.execute(
                "insert or replace into ledger values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    gathered.fact,
                    gathered.node,
                    gathered.source.value,
                    gathered.state.value,
                    gathered.reason.value if gathered.reason else "",
                    gathered.detail,
                    gathered.hint,
                    gathered.request,
                    gathered.rows,
                    gathered.requests,
                    gathered.seconds,
                    gathered.taken_at,
                ),
            )

    def meta(self, key: str, value: str) -> None:
        """Write one fact about the run itself."""
        with self._connection:
            self._connection.execute("insert or replace into meta values (?, ?)", (key, value))

    def keep_raw(self, node: str, request: str, text: str, taken_at: str) -> None:
        """Keep the text of an answer."""
        self.write("raw", [{"node": node, "request": request, "text": text, "taken_at": taken_at}])

    # ------------------------------------------------------------------------------------------------------------- read

    def select(self, sql: str, values: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        """Run one of our own queries, row by row."""
        yield from self._connection.execute(sql, values)

    def get_meta(self, key: str, default: str = "") -> str:
        """Return one fact about the run."""
        found = self._connection.execute("select value from meta where key = ?", (key,)).fetchone()
        return default if found is None else str(found[0])

    def get_json(self, key: str) -> dict[str, Any]:
        """Return a fact about the run that is kept as JSON, {} when there is none."""
        value = json.loads(self.get_meta(key, "{}"))
        return value if isinstance(value, dict) else {}

    def gathered(self) -> list[Gathered]:
        """Return the whole ledger, in the order of fact and node."""
        found = self._connection.execute(
            "select fact, node, source, state, reason, detail, hint, request, rows, requests, seconds, taken_at"
            " from ledger order by fact, node"
        )
        return [
            Gathered(
                fact=row[0],
                node=row[1],
                source=Source(row[2]),
                state=State(row[3]),
                reason=Reason(row[4]) if row[4] else None,
                detail=row[5],
                hint=row[6],
                request=row[7],
                rows=row[8],
                requests=row[9],
                seconds=row[10],
                taken_at=row[11],
            )
            for row in found
        ]

    def reads(self, sql: str) -> Reads:
        """Return which facts a query reads, without running it. QueryRefused when it is not allowed."""
        if sql not in self._reads:
            here, before = self._names(sql)
            self._reads[sql] = Reads(
                facts=_facts(here),
                publisher=_facts(self._through_publisher(here, "")),
                before=_facts(before),
                before_publisher=_facts(self._through_publisher(before, "before.")),
                compares=bool(_BEFORE.search(sql)),
            )
        return self._reads[sql]

    def _through_publisher(self, names: set[str], where: str) -> set[str]:
        """Return what the ``publisher_`` views among the names read."""
        found: set[str] = set()
        for name in names:
            if name.startswith("publisher_"):
                here, before = self._names(f"select * from {where}{name.removeprefix('publisher_')}")  # noqa: S608
                found |= before if where else here
        return found

    def _names(self, sql: str) -> tuple[set[str], set[str]]:
        """Compile a query under the authorizer: every table and view that it touches, here and in the one before."""
        if not sql.lstrip().lower().startswith(("select", "with")):
            raise QueryRefused("only select is allowed")
        for match in _SHADOW.finditer(sql):
            if match[1].lower() in tables() | views():
                raise QueryRefused(f"'with {match[1]}' hides the table or view of that name: choose another")
        with self._beside(sql) as compares:
            return self._compiled(sql, compares=compares)

    def _compiled(self, sql: str, *, compares: bool) -> tuple[set[str], set[str]]:
        here: set[str] = set()
        before: set[str] = set()
        refused: list[str] = []

        def watch(action: int, first: str | None, second: str | None, base: str | None, inner: str | None) -> int:
            if action == sqlite3.SQLITE_READ and first:
                # A bare count(*) names no database: it may be either.
                places = (before,) if base == "before" else (here, before) if base is None and compares else (here,)
                for names in places:
                    names.update({first, inner} if inner else {first})
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
            raise QueryFailed(f"took longer than {seconds:g} s" if late else str(error)) from None
        finally:
            cursor.close()
            self._connection.set_authorizer(None)
            self._connection.set_progress_handler(None, 0)
            for limit, value in before.items():
                self._connection.setlimit(limit, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the schema. ``kind`` is integer, real, text or ''; ``key``: it is part of the primary key."""

    name: str
    kind: str
    nullable: bool
    key: bool = False


#: The beginnings of schema.sql's statements, to make its objects in an attached database.
_SCHEMA_OBJECT = re.compile(r"^create (table|view|index) ", re.MULTILINE)


def _facts(names: Iterable[str]) -> frozenset[str]:
    return frozenset((set(names) & tables()) - OWN_TABLES)


def _connect(uri: str) -> sqlite3.Connection:
    # check_same_thread: the collector opens its writer in one thread and writes in another, never in two at once.
    connection = sqlite3.connect(uri, uri=True, check_same_thread=False, timeout=30)
    for name, arguments, function in WORDS:
        connection.create_function(name, arguments, function, deterministic=True)
    return connection


def _trouble(action: int, first: str | None, second: str | None) -> str:
    """Say why an action of a query is not allowed, '' when it is."""
    if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE):
        return ""
    if action == sqlite3.SQLITE_READ:
        return "" if first in (tables() | views()) - HIDDEN_TABLES else f"reads {first}, which is no fact"
    if action == sqlite3.SQLITE_FUNCTION:
        return "" if second and second.lower() in FUNCTIONS else f"calls {second}(), which is not allowed"
    return "does more than reading"


@cache
def schema() -> str:
    """Return the text of schema.sql."""
    return resources.files("cucm_audit").joinpath("schema.sql").read_text("utf-8")


@cache
def _empty() -> bytes:
    connection = _connect("file::memory:")
    connection.executescript(schema())
    found = connection.serialize()
    connection.close()
    return found


@cache
def _objects() -> dict[str, str]:
    connection = _connect("file::memory:")
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
    connection = _connect("file::memory:")
    connection.executescript(schema())
    found = connection.execute(f"pragma table_info({table})").fetchall()
    connection.close()
    return tuple(
        Column(name=row[1], kind=row[2].lower(), nullable=not row[3] and not row[5], key=bool(row[5])) for row in found
    )
