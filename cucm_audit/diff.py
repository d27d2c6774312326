"""Two snapshots compared, table by table: what is new, gone, changed, and what is no longer known.

A row is found again by what an engineer calls it (a phone's name, not its pkid), and every reference to another row is
read as that row's name, so that a restored or migrated cluster compares with its past. What changes by itself (times,
counters, load) is left out unless it is asked for. A fact that did not come back whole is not compared: what the older
snapshot knew of it is *no longer known*.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cucm_audit.kinship import doubt, of_snapshot
from cucm_audit.model import ON_DEMAND, State
from cucm_audit.snapshot import Snapshot
from cucm_audit.tables import HIDDEN_TABLES, OWN_TABLES, columns, tables

#: Table -> columns that name a row, where its primary key does not, or is one of the database's own numbers.
KEYS: Mapping[str, tuple[str, ...]] = {
    "certificate": ("store", "subject", "server"),
    "backup_history": ("tar", "local_at", "result"),
    "credential_policy": ("name",),
    "device_control": ("app_user", "device_id"),
    "device_default": ("model", "protocol"),
    "device_pool": ("name",),
    "device_profile": ("name",),
    "device_type": ("product", "product_number"),
    "em_login": ("phone_id",),
    "end_user": ("userid",),
    "end_user_proxy": ("userid", "access_group"),
    "app_user_role": ("app_user", "access_group", "role"),
    "end_user_admin": ("userid", "access_group", "role"),
    "ldap_schedule": ("agreement", "every", "unit"),
    "ldap_authentication": ("base",),
    "ldap_system": ("user_id_attribute",),
    "licence": ("smart_licensing",),
    "login_line": ("phone_id", "profile_id", "number"),
    "phone": ("name",),
    "phone_service": ("name",),
    "phone_subscription": ("device_id", "service_id", "button"),
    "phone_template": ("name", "model_number", "protocol_number"),
    "product_feature": ("product_number", "feature", "protocol_number"),
    "profile_line": ("profile", "number"),
    "system_event": ("node", "local_at", "action", "subject", "result"),
    "phone_seen": ("phone_id",),
    "user_without_device": ("userid",),
    "user_credential": ("user_id",),
    "user_profile": ("user_id", "profile_id"),
}
#: Tables whose ids other tables hold, and what their rows are called.
NAMED: Mapping[str, str] = {
    "phone": "name",
    "device_profile": "name",
    "device_pool": "name",
    "phone_template": "name",
    "phone_service": "name",
    "end_user": "userid",
    "credential_policy": "name",
}
#: Tables and columns that change by themselves.
VOLATILE_TABLES = frozenset(
    {
        "backup_history",
        "backup_status",
        "node_clock",
        "ntp_source",
        "perf_counter",
        "phone_seen",
        "replication_check",
        "ris_node",
        "system_event",
    }
)
VOLATILE: Mapping[str, frozenset[str]] = {
    "node_status": frozenset({"cpu_idle_percent", "load_1", "memory_free_kb", "memory_used_kb"}),
    "cluster_member": frozenset({"state"}),  # since when the link stands; authenticated is compared
    "user_credential": frozenset({"failed_tries"}),
    "disk": frozenset({"free_kb", "used_kb", "used_percent"}),
    "ntp_status": frozenset({"within_ms", "poll_seconds", "stratum"}),
    "ldap_schedule": frozenset({"raw_next"}),
    "licence": frozenset({"last_contact", "authorisation_expires", "registration_expires", "evaluation_days"}),
    "licence_entitlement": frozenset({"count"}),
    "replication": frozenset({"ping_ms", "queue"}),
    "replication_dynamic": frozenset({"stamp"}),
    "registration": frozenset({"inactive_load", "download_status"}),
    "profile_line": frozenset({"profile_id"}),
}
_VOLATILE_NAME = re.compile(r"(.*_)?(at|seconds|minutes|millis|ms)")
#: Times that somebody set, or that mean something by being there.
LASTING = frozenset(
    {
        ("user_credential", "changed_at"),
        ("user_credential", "admin_locked_at"),
        ("credential_policy", "lockout_minutes"),
        ("end_user", "em_max_minutes"),
    }
)
#: How the reasons begin for which nobody expects a fact to be compared. The first is that of every ordinary run.
_ON_DEMAND = f"{State.NOT_ASKED.value}: {ON_DEMAND}"
_LEFT_OUT = (State.NOT_ASKED.value, State.NOT_SUPPORTED.value)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One row that both snapshots have, and the columns in which they differ: old and new value."""

    key: str
    columns: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDiff:
    """What differs in one table. ``lost`` says why it is no longer known, ``unknown_before`` why it was not before.

    ``unknown`` says why neither of them knows it. ``doubtful``: what could not be compared was not left out on purpose.
    """

    table: str
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    changed: tuple[Change, ...] = ()
    lost: tuple[str, ...] = ()
    unknown_before: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    doubtful: bool = False

    @property
    def different(self) -> bool:
        """Say whether anything that both knew is another."""
        return bool(self.new or self.gone or self.changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two snapshots, compared. ``one`` and ``other`` say whose they are and when they were taken.

    ``doubt`` says why they may be of two clusters, '' = they are of one.
    """

    one: Mapping[str, str]
    other: Mapping[str, str]
    tables: tuple[TableDiff, ...]
    doubt: str = ""

    @property
    def different(self) -> bool:
        """Say whether anything that both know is another."""
        return any(table.different for table in self.tables)

    @property
    def lost(self) -> bool:
        """Say whether something is no longer known."""
        return any(table.lost for table in self.tables)

    @property
    def doubtful(self) -> bool:
        """Say whether something could not be compared that nobody left out of both on purpose."""
        return bool(self.doubt) or any(table.lost or table.doubtful for table in self.tables)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is compared: all facts or only some tables, volatile columns or not, and how far numbers may differ.

    ``tolerances`` maps ``table.column`` to an absolute number or to a share ("5%") of the older value.
    """

    tables: frozenset[str] = frozenset()
    volatile: bool = False
    tolerances: Mapping[str, "Tolerance"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How far a number may be from its older value."""

    amount: float
    percent: bool = False

    def holds(self, old: Any, new: Any) -> bool:
        """Say whether the difference is small enough; what is no number is never near."""
        if not isinstance(old, int | float) or not isinstance(new, int | float):
            return False
        return abs(new - old) <= (abs(old) * self.amount / 100 if self.percent else self.amount)


def tolerance(text: str | float) -> Tolerance:
    """Read a tolerance: 5, 0.5 or "5%". ValueError with a sentence."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", str(text))
    if found is None:
        raise ValueError(f"{text!r} is no tolerance: write a number, or a share like 5%")
    return Tolerance(amount=float(found[1]), percent=bool(found[2]))


def columns_of_facts() -> frozenset[str]:
    """Return every ``table.column`` that can be compared."""
    return frozenset(f"{table}.{column.name}" for table in _facts() for column in columns(table))


def diff(one: Snapshot, other: Snapshot, wanted: Wanted) -> Difference:
    """Compare two snapshots; ``one`` is the older."""
    made = [_table(table, one, other, wanted) for table in sorted(wanted.tables or _facts())]
    return Difference(
        one=_identity(one),
        other=_identity(other),
        doubt=doubt(of_snapshot(one, "the older"), of_snapshot(other, "the newer")),
        tables=tuple(
            table
            for table in made
            if table is not None and (table.different or table.lost or table.unknown_before or table.unknown)
        ),
    )


def _facts() -> frozenset[str]:
    return tables() - OWN_TABLES - HIDDEN_TABLES


def _identity(snapshot: Snapshot) -> dict[str, str]:
    return {name: snapshot.get_meta(name) for name in ("cluster", "cluster_id", "release", "taken_at", "tool_version")}


def _table(table: str, one: Snapshot, other: Snapshot, wanted: Wanted) -> TableDiff | None:
    if table in VOLATILE_TABLES and not wanted.volatile and table not in wanted.tables:
        return None
    was, now = _scopes(one, table), _scopes(other, table)
    lost = {
        scope: now.get(scope, "was never gathered") for scope, state in was.items() if not state and now.get(scope, " ")
    }
    unseen = {scope: state for scope, state in was.items() if state and scope in now and not now[scope]}
    # A node that went is gone, not unknown, and the table of nodes says so once.
    there = _nodes(other)
    went = {scope for scope in was if scope and scope not in there and scope not in now}
    blind = set(lost) | set(unseen) | went | {scope for scope, state in {**was, **now}.items() if state}
    found = _compared(table, one, other, wanted, blind)
    lost = {scope: why for scope, why in lost.items() if scope not in went}
    neither = _neither(was, now)
    asked_for = table in wanted.tables
    return replace(
        found,
        lost=(*_said(lost), *found.lost),
        unknown_before=_said(unseen),
        unknown=_said({scope: why for scope, why in neither.items() if asked_for or not _left_out(why, _ON_DEMAND)}),
        doubtful=any(not _left_out(why, _ON_DEMAND, State.NOT_SUPPORTED.value) for why in unseen.values())
        or any(asked_for or not _left_out(why, *_LEFT_OUT) for why in neither.values()),
    )


def _neither(was: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """Return why neither snapshot knows a fact, by scope: what failed in one of them rather than what was left out."""
    if not was and not now:
        return {"": "was never gathered"}
    both = {scope: (was.get(scope, ""), why) for scope, why in now.items() if why and was.get(scope, why)}
    return {scope: before if before and _left_out(why, *_LEFT_OUT) else why for scope, (before, why) in both.items()}


def _left_out(why: str, *words: str) -> bool:
    return why.startswith(words)


def _scopes(snapshot: Snapshot, table: str) -> dict[str, str]:
    """Return how a fact came back for each scope: '' = whole, else why not. Left out on purpose is not known either."""
    return {
        row.node: "" if row.state is State.WHOLE else f"{row.state.value}{f': {row.detail}' if row.detail else ''}"
        for row in snapshot.gathered()
        if row.fact == table
    }


def _nodes(snapshot: Snapshot) -> set[str]:
    return {str(name) for (name,) in snapshot.select("select name from node")}


def _said(scopes: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{scope}: {why}" if scope else why for scope, why in sorted(scopes.items()))


def _compared(table: str, one: Snapshot, other: Snapshot, wanted: Wanted, blind: set[str]) -> TableDiff:
    if "" in blind:
        return TableDiff(table=table)
    (old, hidden), (new, unseen) = _rows(table, one, wanted, blind), _rows(table, other, wanted, blind)
    gone, fresh = old.keys() - new.keys() - unseen, new.keys() - old.keys() - hidden
    lost: tuple[str, ...] = ()
    if blind and gone and _wanders(table):
        lost = (f"{len(gone)} that may be at a node that is not known",)
        gone = set()
    return TableDiff(
        table=table,
        new=tuple(sorted(fresh)),
        gone=tuple(sorted(gone)),
        changed=tuple(_changes(table, old, new, wanted)),
        lost=lost,
    )


def _wanders(table: str) -> bool:
    """Say whether a row may be at another node than before: what a node no longer has, one that is silent may have."""
    return "node" not in key_of(table) and any(column.name == "node" for column in columns(table))


def _changes(table: str, old: Mapping[str, Row], new: Mapping[str, Row], wanted: Wanted) -> Iterator[Change]:
    for key in sorted(old.keys() & new.keys()):
        differ = {
            name: (old[key][name], new[key][name])
            for name in old[key]
            if old[key][name] != new[key][name] and not _near(table, name, old[key][name], new[key][name], wanted)
        }
        if differ:
            yield Change(key=key, columns=differ)


def _near(table: str, name: str, old: Any, new: Any, wanted: Wanted) -> bool:
    allowed = wanted.tolerances.get(f"{table}.{name}")
    return allowed is not None and allowed.holds(old, new)


def _rows(table: str, snapshot: Snapshot, wanted: Wanted, blind: set[str]) -> tuple[dict[str, Row], set[str]]:
    """Return the rows by their names in words, and the names of those that are at a node that is not compared.

    Rows with one name are numbered in the order of their values.
    """
    names = [column.name for column in columns(table)]
    key, kept = key_of(table), _kept(table, names, wanted)
    called = _called(snapshot) if any(name == "id" or name.endswith("_id") for name in names) else {}
    found: list[tuple[str, Row]] = []
    hidden: set[str] = set()
    for values in snapshot.select(f"select {', '.join(names)} from {table}"):  # noqa: S608 - names of our own schema
        row = {name: _word(name, value, called) for name, value in zip(names, values, strict=True)}
        words = ", ".join(str(row[name]) for name in key)
        if row.get("node") in blind:
            hidden.add(words)
        else:
            found.append((words, {name: row[name] for name in kept}))
    seen: Counter[str] = Counter()
    numbered: dict[str, Row] = {}
    for words, row in sorted(found, key=lambda one: (one[0], str(sorted(one[1].items())))):
        seen[words] += 1
        numbered[words if seen[words] == 1 else f"{words} ({seen[words]})"] = row
    return numbered, hidden


def key_of(table: str) -> tuple[str, ...]:
    """Return the columns by which a row of a table is found again."""
    if table in KEYS:
        return KEYS[table]
    names = [column.name for column in columns(table) if column.name != "id"]
    made = [column.name for column in columns(table) if column.key and column.name != "id"]
    if not made and "name" in names:  # what people call it, rather than a number of the database
        made = ["name"]
    return tuple(made or names)


def _kept(table: str, names: list[str], wanted: Wanted) -> list[str]:
    """Return the columns that are compared: not the key, not the database's numbers, nothing volatile."""
    key = key_of(table)
    kept = [name for name in names if name not in key and name != "id"]
    if wanted.volatile:
        return kept
    # A column with a tolerance is wanted, volatile or not.
    return [name for name in kept if not volatile(table, name) or f"{table}.{name}" in wanted.tolerances]


def volatile(table: str, name: str) -> bool:
    """Say whether a column changes by itself: times, counters, durations."""
    if name in VOLATILE.get(table, ()):
        return True
    return bool(_VOLATILE_NAME.fullmatch(name)) and (table, name) not in LASTING


def _called(snapshot: Snapshot) -> dict[str, str]:
    """Return the name of everything that has an id of the database."""
    return {
        str(pkid): str(name)
        for table, column in NAMED.items()
        for pkid, name in snapshot.select(f"select id, {column} from {table}")  # noqa: S608 - names of our own schema
    }


def _word(name: str, value: Any, called: Mapping[str, str]) -> Any:
    return called.get(value, value) if name.endswith("_id") and isinstance(value, str) else value
