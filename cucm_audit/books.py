"""The collector's books: rows into the snapshot, and for every fact and scope one ledger row that tells the truth.

Only the thread that owns the snapshot calls this; :meth:`Books.select` alone reads over a connection of its own.
"""

import datetime as dt
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from cucm_audit.board import Changed, Done, Halted, Trouble
from cucm_audit.clients import ClientError
from cucm_audit.clients.journal import Journal
from cucm_audit.config import Cluster
from cucm_audit.discovery import Found
from cucm_audit.facts import DATABASE, Row, asked_as
from cucm_audit.identity import doubted, host_names, narrow_views, strangers
from cucm_audit.model import Gathered, Node, Reason, Role, Source, State
from cucm_audit.plan import Job, Options, jobs
from cucm_audit.snapshot import RowRefused, Snapshot

_CLUSTER_ID = "select value from enterprise_param where name = 'ClusterID'"
_RELEASE = "select release from node where role = 'publisher' and release is not null"
_Key = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """Why a run ends before everything was asked."""

    reason: Reason = Reason.BUDGET
    detail: str
    hint: str = ""


STOPPED = Over(reason=Reason.INTERRUPTED, detail="the run was stopped")


class Books:
    """What was expected, what came, and what became of it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.landed = 0  # rows of all facts
        self.pending: dict[_Key, Job] = {}
        self._begun = time.monotonic()
        self._rows: dict[_Key, Counter[str]] = {}  # rows that landed, by the node that answered ('' where it is one)
        self._refused: dict[_Key, list[str]] = {}
        self._states: dict[_Key, State] = {}
        self._no_voice: frozenset[str] = frozenset()
        self._reading = threading.Lock()
        self._closed = False
        self._publisher = ""
        self._changed: list[Changed] = []

    def begin(self, cluster: Cluster, options: Options) -> None:
        """Write what is known before anything is asked."""
        self.snapshot.meta("tool_version", _version())
        self.snapshot.meta("cluster", cluster.name)
        self.snapshot.meta("taken_at", now())
        self.snapshot.meta("interrupted", "0")
        self.snapshot.meta("scope", json.dumps(_scope(cluster, options)))
        self.snapshot.write("setting", ({"name": key, "value": value} for key, value in options.settings.items()))
        self.snapshot.write("api_user", ({"name": name} for name in dict.fromkeys(options.api_users)))
        self.snapshot.write("bad_load", options.bad_loads)
        for table, rows in options.knowledge.items():
            self.snapshot.write(table, rows)
        if options.target:
            self.snapshot.write("target", [{"release": options.target}])

    def expect(self, todo: list[Job], left: list[Gathered], nodes: tuple[Node, ...]) -> None:
        """Note what will be asked, and write down what will not."""
        self.pending = {_key(job): job for job in todo}
        self._no_voice = frozenset(node.name for node in nodes if not node.voice)
        self._publisher = next((node.name for node in nodes if node.role is Role.PUBLISHER and node.voice), "")
        for gathered in left:
            self.snapshot.ledger(replace(gathered, taken_at=now()))

    def select(self, sql: str, values: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
        """Read what is written so far, from any thread. The connection is gone before the first row is used.

        Halted when the books are closed: a file that somebody else reads could not be finished.
        """
        with self._reading:
            if self._closed:
                raise Halted
            reader = self.snapshot.reader()
            try:
                rows = list(reader.select(sql, values))
            finally:
                reader.close()
        return iter(rows)

    def write(self, job: Job, rows: list[Row]) -> None:
        """Write a batch. A row that the schema refuses is left out, alone, and makes its fact partial."""
        try:
            self._landed(job, rows)
        except RowRefused:
            for row in rows:
                try:
                    self._landed(job, [row])
                except RowRefused as error:
                    self._refused.setdefault(_key(job), []).append(str(error))

    def _landed(self, job: Job, rows: list[Row]) -> None:
        self.landed += len(rows)
        self.snapshot.write(job.fact.table, rows)
        count = self._rows.setdefault(_key(job), Counter())
        count.update(str(row["node"]) if job.fact.nodes_answer else "" for row in rows)

    def done(self, done: Done) -> list[Gathered]:
        """Write the ledger rows of a job that has ended, and return them."""
        job, key = done.job, _key(done.job)
        if self.pending.pop(key, None) is None:
            return []
        for request, text in done.raw:
            self.snapshot.keep_raw(job.node.name if job.node else "", request, text, done.taken_at)
        rows = self._rows.get(key, Counter())
        troubles = [*([done.error] if done.error else []), *self._troubles(job, done, rows)]
        state = State.FAILED if done.error and not rows.total() else State.PARTIAL
        gathered = [self._void(self._row(job, scope, done, rows, troubles, state)) for scope in job.scopes]
        for row in gathered:
            self.snapshot.ledger(row)
        bad = [row.state for row in gathered if row.state is not State.WHOLE]
        self._states[key] = bad[0] if bad else State.WHOLE
        return gathered

    def changed(self, changed: Changed) -> None:
        """Discard what a node told before it was restarted or its release switched.

        Of the door ('') that is everything out of its database, also what is still to come.
        """
        self._changed.append(changed)
        for row in self.snapshot.gathered():
            if (void := self._void(row)) is not row:
                if changed.node:
                    self.snapshot.forget(row.fact, row.node or None)
                self.snapshot.ledger(void)

    def _void(self, row: Gathered) -> Gathered:
        """Return a ledger row as it is, or failed when what it stands for has changed meanwhile."""
        for changed in self._changed:
            if self._concerns(changed, row) and row.state in (State.WHOLE, State.PARTIAL):
                who = changed.node or "the node that was asked"
                return replace(
                    row,
                    state=State.FAILED,
                    reason=Reason.CHANGED_DURING_RUN,
                    detail=f"{who} changed during the run: {changed.detail}",
                    hint=changed.hint,
                    rows=0,
                )
        return row

    def _concerns(self, changed: Changed, row: Gathered) -> bool:
        if not changed.node:
            return row.source in (Source.AXL, Source.RIS)
        if row.node:
            return row.node == changed.node
        return row.source is Source.SSH and changed.node == self._publisher  # facts that only the publisher can tell

    def _troubles(self, job: Job, done: Done, rows: Counter[str]) -> list[Trouble]:
        """Return everything that makes the job less than whole, beside its error."""
        # RIS also speaks for servers that have no registrations; a name that nobody knows concerns everybody.
        troubles = [
            (node if node in job.scopes else "", reason, detail, hint)
            for node, reason, detail, hint in done.troubles
            if node not in self._no_voice
        ]
        if refused := self._refused.get(_key(job)):
            detail = f"{len(refused)} row(s) do not fit the table, the first: {refused[0]}"
            troubles.append(("", Reason.MALFORMED, detail, ""))
        if job.fact.never_empty and not rows.total() and not done.error:
            troubles.append(("", Reason.IMPLAUSIBLE_EMPTY, "the answer has no rows, and no cluster is without", ""))
        return troubles

    @staticmethod
    def _row(job: Job, scope: str, done: Done, rows: Counter[str], troubles: list[Trouble], bad: State) -> Gathered:
        mine = [trouble for trouble in troubles if trouble[0] in ("", scope)]
        state = bad if mine else State.WHOLE
        gathered = job.gathered(state)[0]
        return replace(
            gathered,
            node=scope,
            reason=mine[0][1] if mine else None,
            detail="; ".join(dict.fromkeys(words for words in (*(one[2] for one in mine), *done.notes) if words)),
            hint=next((trouble[3] for trouble in mine if trouble[3]), ""),
            rows=rows[scope if job.fact.nodes_answer else ""],
            requests=done.requests,
            seconds=round(done.seconds, 3),
            taken_at=done.taken_at,
        )

    def state(self, job: Job) -> State:
        """Return how a job came back, the worst of its scopes."""
        return self._states.get(_key(job), State.FAILED)

    def nothing(self, options: Options, error: ClientError) -> None:
        """No door opened: nothing was asked, and the ledger says so for every fact."""
        self._all_failed(options, error.reason, f"{error.doing}: {error.detail or error.reason.value}", error.hint)

    def _all_failed(self, options: Options, reason: Reason, detail: str, hint: str) -> None:
        todo, left = jobs(asked_as(options.registration), (), options, "")
        rows = [*left, *(row for job in todo for row in job.gathered(State.FAILED))]
        for row in rows:
            failed = row.state is State.FAILED
            told = replace(row, reason=reason, detail=detail, hint=hint) if failed else row
            self.snapshot.ledger(replace(told, taken_at=now()))

    def close(self, over: Over | None, found: Found | None, journal: Journal, options: Options) -> None:
        """Write what was not reached (``over`` says why) and what is known at the end, and finish the snapshot."""
        if over is not None:
            if found is None:
                self._all_failed(options, over.reason, over.detail, over.hint)
            for job in list(self.pending.values()):
                self.done(Done(job=job, error=("", over.reason, over.detail, over.hint), taken_at=now()))
        if over is STOPPED:
            self.snapshot.meta("interrupted", "1")
        if found is not None:
            self.snapshot.meta("via", found.via)
            self.snapshot.meta("axl_version", found.axl.version)
            self.snapshot.meta("publisher_id", found.publisher_id)
            self.snapshot.meta("release", self._one(_RELEASE) or found.release)
            self._doubt(found)
            self.snapshot.name_hosts(host_names(self.snapshot, found.nodes))
        self.snapshot.meta("cluster_id", self._one(_CLUSTER_ID))
        cost: Mapping[str, float] = {**journal.counts(), "seconds": round(time.monotonic() - self._begun, 1)}
        self.snapshot.meta("cost", json.dumps(cost))
        with self._reading:
            self._closed = True
        self.snapshot.finish(now())

    def _doubt(self, found: Found) -> None:
        """Take back what a node said that is not the one which was meant."""
        told = strangers(self.snapshot, found.nodes)
        for row in doubted(self.snapshot.gathered(), told, narrow_views(self.snapshot, found.nodes)):
            self.snapshot.ledger(row)

    def _one(self, sql: str) -> str:
        return next((str(value) for (value,) in self.snapshot.select(sql)), "")


def _key(job: Job) -> _Key:
    return job.fact.table, job.scopes


#: What every report repeats (reference: architecture.md section 8).
NOTED = "database (what it noted last; nobody has verified how fresh that is)"


def _scope(cluster: Cluster, options: Options) -> dict[str, Any]:
    """Return what the run was limited to, as the report repeats it."""
    return {
        "door": cluster.node,
        "limit": list(options.limit),
        "gentle": "asked for" if options.gentle else "",
        "without": sorted(source.value for source in options.without),
        **({"registration": NOTED} if options.registration == DATABASE else {}),
        **({"legacy_tls": True} if cluster.legacy_tls else {}),
        **options.scope,
    }


def _version() -> str:
    try:
        return version("cucm-audit")
    except PackageNotFoundError:  # run from a copy of the source
        return "0"


def now() -> str:
    """Return the time, UTC, as the snapshot has it."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")
