"""The snapshot: one SQLite file with everything that a cluster told us. The only door between asking and judging.

Writing: :meth:`Snapshot.create`, one writer, rows checked against the schema. Judging: :meth:`Snapshot.open`,
read-only; what checks may ask of it stands in ``queries.py``.
"""

import contextlib
import json
import math
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from cucm_audit.model import Gathered, Reason, Source, State
from cucm_audit.queries import Queries, Reads
from cucm_audit.tables import (
    OWN_TABLES,
    SCHEMA_VERSION,
    RowRefused,
    SnapshotError,
    columns,
    connect,
    schema,
    tables,
)

__all__ = ["RowRefused", "Snapshot", "SnapshotError"]


class Snapshot:
    """A snapshot file, open for writing or for judging. Not thread-safe: ``reader()`` gives another thread its own."""

    def __init__(self, connection: sqlite3.Connection, path: Path | None, *, writable: bool) -> None:
        self._connection = connection
        self.path = path
        self._writable = writable
        self._saved = False  # a file of an earlier run, that anything may have happened to
        self.before: Snapshot | None = None
        self.before_doubt = ""
        self._queries = Queries(connection, writable=writable)
        self._columns: dict[str, frozenset[str]] = {}
        self._counts: dict[tuple[str, str], int] = {}

    # ------------------------------------------------------------------------------------------------------ open, close

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a new snapshot file, readable by its owner only.

        SnapshotError when it is there already or cannot be made.
        """
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            connection = connect(f"{path.absolute().as_uri()}?mode=rw")
            connection.execute("pragma journal_mode = wal")  # the collector reads phone names while it writes
            connection.execute("pragma synchronous = off")  # a snapshot that was cut off is not used: see finish()
            connection.executescript(
                f"begin;{schema()}commit;"
            )  # one transaction: a third of the time, a tenth of the WAL
        except FileExistsError:
            raise SnapshotError(f"{path} exists already; choose another name") from None
        except (OSError, sqlite3.Error) as error:
            raise SnapshotError(f"{path} cannot be written: {error}") from None
        return cls._started(connection, path)

    @classmethod
    def memory(cls) -> Self:
        """Make a snapshot that lives in memory: for the examples of checks."""
        connection = connect("file::memory:")
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
            connection = connect(f"{path.absolute().as_uri()}?mode=ro")
            found = connection.execute("select value from meta where key = 'schema_version'").fetchone()
            finished = connection.execute("select value from meta where key = 'finished_at'").fetchone()
            with contextlib.closing(connect(f"{path.absolute().as_uri()}?mode=ro")) as other:  # it leaves a temp behind
                # A page that was lost or came to another place may hold rows that are believed, or lack some.
                sound = [str(says) for (says,) in other.execute("pragma integrity_check(1)")]
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise SnapshotError(f"{path} is no snapshot of cucm-audit ({error})") from None
        if sound != ["ok"]:
            says = " ".join(sound[0].split())[:200]
            raise SnapshotError(f"{path} is damaged ({says}): copy it again, or take a new snapshot")
        if found is None or found[0] != SCHEMA_VERSION:
            version = found[0] if found else "none"
            raise SnapshotError(
                f"{path} has schema {version}; this program reads schema {SCHEMA_VERSION}: take a new snapshot"
            )
        if finished is None:
            raise SnapshotError(f"{path} was never finished (the run was cut off): take a new snapshot")
        connection.execute("pragma query_only = on")
        opened = cls(connection, path, writable=False)
        opened._saved = True
        return opened

    def reader(self) -> Self:
        """Open the same file again, read-only, for use in the thread that calls this."""
        if self.path is None:
            raise SnapshotError("a snapshot in memory has one connection")
        return type(self)(connect(f"{self.path.absolute().as_uri()}?mode=ro"), self.path, writable=False)

    def compare_with(self, before: "Snapshot", doubt: str = "") -> None:
        """Put a snapshot from before beside this one: queries reach it as ``before.table``, read-only.

        A query then refuses a file that lacks a table. ``doubt`` says why it may be another cluster's, '' = it is not.
        """
        self.before, self.before_doubt = before, doubt
        self._queries.compare_with(before.path, before._connection)

    def finish(self, finished_at: str) -> None:
        """Mark the snapshot as finished and leave one single file behind. SnapshotError when the disk is full."""
        self.meta("finished_at", finished_at)
        with self._writing():
            self._connection.commit()
        if self.path is not None:
            with self._writing():
                self._connection.execute("pragma synchronous = full")
                self._connection.execute("pragma journal_mode = delete")

    def close(self) -> None:
        """Close the file."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()

    # ------------------------------------------------------------------------------------------------------------ write

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction. SnapshotError when the disk does not take it: that is no fault of a row."""
        try:
            with self._connection:
                yield
        except sqlite3.OperationalError as error:
            raise SnapshotError(f"{self.path or 'the snapshot'} cannot be written: {error}") from None

    def write(self, table: str, rows: Iterable[Mapping[str, Any]]) -> int:
        """Write rows into a table of facts and return their number.

        RowRefused when one does not fit, SnapshotError when the disk is full; none of them lands then.
        """
        written = 0
        try:
            with self._writing():
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

    def name_hosts(self, hosts: Mapping[str, str]) -> None:
        """Write what the machines of nodes call themselves beside the nodes. SnapshotError when the disk is full."""
        with self._writing():
            self._connection.executemany("update node set host = ? where name = ?", [(h, n) for n, h in hosts.items()])

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
        """Write (or replace) one row of the ledger. SnapshotError when the disk is full."""
        with self._writing():
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
        """Write one fact about the run itself. SnapshotError when the disk is full."""
        with self._writing():
            self._connection.execute("insert or replace into meta values (?, ?)", (key, value))

    def keep_raw(self, node: str, request: str, text: str, taken_at: str) -> None:
        """Keep the text of an answer."""
        self.write("raw", [{"node": node, "request": request, "text": text, "taken_at": taken_at}])

    # ------------------------------------------------------------------------------------------------------------- read

    def select(self, sql: str, values: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        """Run one of our own queries, row by row."""
        with self._legible():
            yield from self._connection.execute(sql, values)

    @contextlib.contextmanager
    def _legible(self) -> Iterator[None]:
        """SnapshotError when what stands in a saved file cannot be read, or is no word of the ledger."""
        try:
            yield
        except (sqlite3.DatabaseError, ValueError) as error:
            if not self._saved:
                raise
            raise SnapshotError(f"{self.path or 'the snapshot'} is damaged: {str(error)[:200]}") from None

    def get_meta(self, key: str, default: str = "") -> str:
        """Return one fact about the run."""
        with self._legible():
            found = self._connection.execute("select value from meta where key = ?", (key,)).fetchone()
        return default if found is None else str(found[0])

    def get_json(self, key: str) -> dict[str, Any]:
        """Return a fact about the run that is kept as JSON, {} when there is none."""
        with self._legible():
            value = json.loads(self.get_meta(key, "{}"))
        return value if isinstance(value, dict) else {}

    def gathered(self) -> list[Gathered]:
        """Return the whole ledger, in the order of fact and node.

        A saved fact that has lost rows since it was gathered, or got more (a file put together from two: what is there
        twice counts twice), is no longer whole.
        """
        with self._legible():
            found = self._connection.execute(
                "select fact, node, source, state, reason, detail, hint, request, rows, requests, seconds, taken_at"
                " from ledger order by fact, node"
            ).fetchall()
            return [self._as_it_is(_gathered(row)) for row in found]

    def _as_it_is(self, row: Gathered) -> Gathered:
        if self._writable or row.state is not State.WHOLE or row.rows == (there := self._count(row.fact, row.node)):
            return row
        detail = f"{row.rows} row(s) came, the file has {there}"
        return replace(row, state=State.PARTIAL, reason=Reason.INCONSISTENT, detail=detail, hint="Take a new snapshot")

    def _count(self, table: str, node: str) -> int:
        if (table, node) not in self._counts:
            condition, values = (" where node = ?", (node,)) if node else ("", ())
            self._counts[table, node] = 0
            if table in tables():
                with contextlib.suppress(sqlite3.OperationalError):  # an older file has no such table
                    found = self._connection.execute(f"select count(*) from {table}{condition}", values)  # noqa: S608
                    self._counts[table, node] = int(found.fetchone()[0])
        return self._counts[table, node]

    def reads(self, sql: str) -> Reads:
        """Return which facts a query reads, without running it. QueryRefused when it is not allowed."""
        return self._queries.reads(sql)

    def run(
        self, sql: str, *, seconds: float = 60.0, rows: int = 5_000_000, left: float = math.inf
    ) -> Iterator[tuple[Any, ...]]:
        """Run a check's query, row by row, under the authorizer and within limits of time, rows and text length.

        ``left``: seconds that the run can still spare for it, if that is less.
        QueryRefused when it is not allowed, QueryFailed on an error or a limit.
        """
        yield from self._queries.run(sql, seconds=min(seconds, left), rows=rows)


def _gathered(row: tuple[Any, ...]) -> Gathered:
    """Return a row of the ledger. ValueError when a word in it is none of ours."""
    return Gathered(
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
