"""One check file: its TOML as typed tables, and a check's fragments composed into one query with its example.

The fragments (``look_at``, ``wrong_if``, ``subject``) are never edited; the composer only selects them side by side.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from cucm_audit.mistakes import in_example, in_fragment, in_table
from cucm_audit.model import Severity
from cucm_audit.snapshot import RowRefused, Snapshot
from cucm_audit.tables import columns
from cucm_audit.toml_lines import parse
from cucm_audit.words import numbers, version_in

_PLACE = re.compile(r"\{([a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)?)\}")

Text = Annotated[str, msgspec.Meta(min_length=1)]
Value = str | int | float | bool
IfNone = Literal["not_applicable", "unknown", "pass"]
Kind = TypeVar("Kind", bound=msgspec.Struct)


class CheckError(Exception):
    """A check file is wrong. The text names the file, the row or check, what is wrong and what to do."""


class DocumentFile(msgspec.Struct, forbid_unknown_fields=True):
    """The ``[document]`` table of a check file."""

    id: Text
    title: Text
    source: Text


class RowFile(msgspec.Struct, forbid_unknown_fields=True):
    """A ``[[row]]`` of a check file."""

    id: Text
    symptom: Text
    look: Text
    checks: list[str]
    by_hand: str = ""
    retired: str = ""


class CheckFile(msgspec.Struct, forbid_unknown_fields=True):
    """A ``[[check]]`` of a check file."""

    id: Text
    title: Text
    severity: Severity
    look_at: Text
    subject: Text
    says: Text
    fix: Text
    example: dict[str, Any]
    wrong_if: str = ""
    fine: dict[str, Any] = msgspec.field(default_factory=dict)
    why: str = ""
    per: Literal["cluster", "node"] = "cluster"
    node: str = "node"
    nodes: Literal["voice", "all"] = "voice"
    show: list[str] = msgspec.field(default_factory=list)
    if_none: IfNone = "not_applicable"
    none_says: str = ""
    references: list[str] = msgspec.field(default_factory=list)
    releases: list[tuple[str, str]] = msgspec.field(default_factory=list)
    aliases: list[str] = msgspec.field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check. ``sql`` is the composed query: subject, wrong, node, then the columns named in ``columns``."""

    id: str
    title: str
    severity: Severity
    per: str
    look_at: str
    wrong_if: str
    says: str
    why: str
    fix: str
    show: tuple[str, ...]
    if_none: IfNone
    none_says: str
    references: tuple[str, ...]
    releases: tuple[tuple[str, str], ...]
    aliases: tuple[str, ...]
    example: Mapping[str, Any]
    fine: Mapping[str, Any]
    pack: str
    document: str
    sql: str
    columns: tuple[str, ...]
    nodes: str = "voice"  # whose answers it needs, which nodes it looks at; "all": IM and Presence too


def read(file: Path) -> dict[str, Any]:
    """Read a TOML file; CheckError says what is no TOML and where."""
    try:
        return parse(file.read_text("utf-8-sig"))
    except UnicodeDecodeError:
        raise CheckError(f"{file}: this is not UTF-8: save the file as UTF-8") from None
    except OSError as error:
        raise CheckError(f"{file}: cannot be read: {error.strerror}; see who may read it") from None
    except tomllib.TOMLDecodeError as error:
        raise CheckError(f"{file}: this is not TOML: {error}; texts stand in quotes, lists in [ ]") from None


def convert(table: Any, kind: type[Kind], file: Path, place: str) -> Kind:
    """Turn a TOML table into a typed one; CheckError names what is wrong, and what was perhaps meant."""
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        raise CheckError(f"{file}: {place}: {in_table(table, kind, error)}") from None


def compose(found: CheckFile, pack: str, document: str) -> Check:
    """Put a check's fragments together into one query; the fragments themselves are never edited."""
    named = list(
        dict.fromkeys(m for text in (found.says, found.why, found.fix) for m in _PLACE.findall(text) if m != "node")
    )
    named += [expression for expression in found.show if expression not in named]
    node = f"({found.node})" if found.per == "node" else "''"
    parts = [f"({found.subject}) as subject_", f"({found.wrong_if or 'null'}) as wrong_", f"{node} as node_"]
    parts += [f"({expression}) as c{number}_" for number, expression in enumerate(named)]
    return Check(
        id=found.id,
        title=found.title,
        severity=found.severity,
        per=found.per,
        nodes=found.nodes,
        look_at=found.look_at,
        wrong_if=found.wrong_if,
        says=found.says,
        why=found.why,
        fix=found.fix,
        show=tuple(found.show),
        if_none=found.if_none,
        none_says=found.none_says,
        references=tuple(found.references),
        releases=tuple(found.releases),
        aliases=tuple(found.aliases),
        example=found.example,
        fine=found.fine,
        pack=pack,
        document=document,
        sql=f"select {', '.join(parts)} from {found.look_at}",  # noqa: S608 - compiled and run under the authorizer
        columns=tuple(named),
    )


def sound(check: Check, file: Path, place: str) -> None:
    """Refuse what SQL would accept and a person would regret."""
    if check.if_none == "pass" and not check.none_says:
        raise CheckError(
            f'{file}: {place}: if_none = "pass" needs none_says: what is it that is fine when there is none?'
        )
    if not check.wrong_if and not check.show:
        raise CheckError(f"{file}: {place}: without wrong_if it has to show something")
    for low, high in check.releases:
        for end in (low, high):
            if end and numbers(end) is None:
                raise CheckError(f"{file}: {place}: {end} in releases is no release; write it as 12.5 or 11.5.1.15900")
    for name, fragment in (("look_at", check.look_at), ("wrong_if", check.wrong_if)):
        if trouble := in_fragment(fragment):
            raise CheckError(f"{file}: {place}: {name}: {trouble}")
    for told, tables_of in (("example", check.example), ("fine", check.fine)):
        if trouble := in_example(tables_of):
            raise CheckError(f"{file}: {place}: the {told} {trouble}")
    if check.wrong_if and not check.example.get("wrong"):
        raise CheckError(f"{file}: {place}: the example has nothing wrong in it: name at least one subject in wrong")


def example(check: Check, checks_settings: Mapping[str, Value], *, fine: bool = False) -> Snapshot:
    """Return a snapshot in memory that holds a check's example, or the one in which nothing is wrong (``fine``).

    Columns that are not named take the schema's defaults.

    A node that rows name is there, the first one as publisher. The table ``before`` is the snapshot from before; its
    nodes are the same unless it says otherwise. CheckError when a row does not fit its table.
    """
    source = check.fine if fine else check.example
    tables = {name: rows for name, rows in source.items() if name not in ("wrong", "unknown", "before")}
    snapshot = _told(check, tables, checks_settings)
    if "before" in source:
        nodes = [{"name": name, "role": role} for name, role in snapshot.select("select name, role from node")]
        snapshot.compare_with(_told(check, {"node": nodes, **source["before"]}, checks_settings))
    return snapshot


def _told(check: Check, tables: Mapping[str, Any], checks_settings: Mapping[str, Value]) -> Snapshot:
    snapshot = Snapshot.memory()
    given = {name: list(rows) for name, rows in tables.items()}
    named = [row["node"] for rows in given.values() for row in rows if row.get("node")]
    named += [] if named or given.get("node") else ["pub"]
    known = {row.get("name") for row in given.get("node", [])}
    given["node"] = given.get("node", []) + [{"name": name} for name in dict.fromkeys(named) if name not in known]
    if not any(row.get("role") == "publisher" for row in given["node"]):
        given["node"] = [
            {**row, "role": "subscriber" if number else "publisher"} for number, row in enumerate(given["node"])
        ]
    settings = {**checks_settings, **{row["name"]: row["value"] for row in given.pop("setting", [])}}
    release = _release_for(check)
    try:
        for name, rows in given.items():
            snapshot.write(name, [_filled(name, row, release) for row in rows])
        snapshot.write("setting", [{"name": name, "value": value} for name, value in settings.items()])
    except RowRefused as error:
        raise CheckError(f"check {check.id}: its example does not fit the tables: {error}") from None
    return snapshot


def _release_for(check: Check) -> str:
    """Return a release that a check is for: the nodes of its example run it unless they say otherwise."""
    usual = "12.5.1.14900-63"
    if not check.releases or any(version_in(usual, low, high) for low, high in check.releases):
        return usual
    return next(low or "8.6.2.20000-2" for low, _ in check.releases)


def _filled(table: str, row: Mapping[str, Any], release: str) -> dict[str, Any]:
    """Fill the columns that an example leaves out: '' or 0, NULL where the schema allows it, a node's own defaults."""
    filled: dict[str, Any] = {}
    for column in columns(table):
        if not column.nullable:
            filled[column.name] = 0 if column.kind in ("integer", "real") else ""
    if table == "node":
        filled |= {"voice": 1, "address": row.get("name", ""), "release": release, "role": "subscriber"}
    return {**filled, **row}
