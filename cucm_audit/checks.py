"""Finds and reads the check files, and refuses bad ones by file and row.

Checks are data: nothing of them is imported. A document is one TOML file: its rows in its own order, and under each
row the checks that it uses first. What a check means for a verdict is decided in ``judge.py``.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata, util
from pathlib import Path
from typing import Any

from cucm_audit.checkfile import (
    Check,
    CheckError,
    CheckFile,
    DocumentFile,
    RowFile,
    Value,
    compose,
    convert,
    example,
    read,
    sound,
)
from cucm_audit.error_codes import Guide, GuideReader
from cucm_audit.mistakes import in_sql, meant, near
from cucm_audit.queries import QueryRefused
from cucm_audit.resources import folder
from cucm_audit.snapshot import Snapshot
from cucm_audit.tables import KNOWLEDGE, columns

__all__ = ["Check", "CheckError", "Checks", "Document", "Row", "example", "load"]

ENTRY_POINTS = "cucm_audit.checks"
#: The pack that ships with the program.
OWN = "cucm-audit"
_TABLES = ("document", "row", "check", "settings")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document whose table a file holds."""

    id: str
    title: str
    source: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a document's table. ``checks`` are ids of checks; ``by_hand`` and ``retired`` are '' or say why."""

    id: str
    document: str
    symptom: str
    look: str
    checks: tuple[str, ...]
    by_hand: str
    retired: str

    @property
    def kind(self) -> str:
        """What becomes of the row: automatic, partly, by_hand, retired or open."""
        if self.checks:
            return "partly" if self.by_hand else "automatic"
        if self.retired:
            return "retired"
        return "by_hand" if self.by_hand else "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """Every document, row and check that was found, and the tables of settings and knowledge that came with them.

    ``packs``: where those come from that are not our own, as every report repeats it: the folder, or the package.
    """

    documents: tuple[Document, ...]
    rows: tuple[Row, ...]
    checks: Mapping[str, Check]
    settings: Mapping[str, Value]
    knowledge: Mapping[str, tuple[Mapping[str, Value], ...]]
    guide: Guide = field(default_factory=Guide)
    packs: tuple[str, ...] = ()

    @property
    def bad_loads(self) -> tuple[Mapping[str, Value], ...]:
        """Return the loads that are known to be bad."""
        return self.knowledge.get("bad_load", ())

    def rows_of(self, check: str) -> tuple[Row, ...]:
        """Return the rows that use a check, in the documents' order."""
        return tuple(row for row in self.rows if check in row.checks)

    def lend(self, snapshot: Snapshot, target: str = "") -> None:
        """Lay the settings and the knowledge of today beside those of a saved snapshot.

        A setting keeps its saved value; a load that is known to be bad then or now counts; of every other table today's
        rows stand for the saved ones. ``target`` is the release of an upgrade, '' for the saved one.
        """
        settings = [{"name": name, "value": value} for name, value in self.settings.items()]
        snapshot.lend("setting", settings, key=("name",))
        snapshot.lend("bad_load", self.bad_loads)
        for table, rows in self.knowledge.items():
            if table != "bad_load":
                snapshot.replace_own(table, rows)
        if target:
            snapshot.replace_own("target", [{"release": target}])


def load(folders: Sequence[Path] = (), *, packages: bool = True) -> Checks:
    """Read our own check files, those of installed packs, and those of further folders.

    Packs are packages with the entry point group ``cucm_audit.checks``; they are found, not imported.
    CheckError names the file and the row or check that is wrong.
    """
    own = folder("checks")
    places = [(own, OWN)]
    places += _installed_packs() if packages else []
    places += [(path, str(path)) for path in folders]
    reader = _Reader()
    for place, pack in places:
        files = sorted(place.glob("*.toml"))
        if not files and not (place / "tables").is_dir():
            raise CheckError(f"{place}: no check file (NAME.toml) and no tables/NAME.toml in this folder")
        for file in files:
            reader.document(file, pack)
        for file in sorted((place / "tables").glob("*.toml")):
            reader.knowledge(file)
    return replace(reader.finish(), packs=tuple(dict.fromkeys(pack for _, pack in places if pack != OWN)))


def _installed_packs() -> list[tuple[Path, str]]:
    packs = []
    for point in metadata.entry_points(group=ENTRY_POINTS):
        places = _folders_of(point.value)
        if not places:
            raise CheckError(f"the check pack {point.name} names {point.value}, which is no installed package")
        packs += [(place, point.name) for place in places]
    return packs


def _folders_of(package: str) -> list[Path]:
    """Return the folders of a package. ``find_spec`` with a dotted name would import what stands before the dot."""
    top, *below = package.split(".")
    found = util.find_spec(top)
    places = [Path(place, *below) for place in (found and found.submodule_search_locations) or ()]
    return [place for place in places if place.is_dir()]


class _Reader:
    """Reads files one after the other and keeps what it found, so that an id that comes twice names both files."""

    def __init__(self) -> None:
        self._documents: dict[str, Document] = {}
        self._rows: list[Row] = []
        self._checks: dict[str, Check] = {}
        self._files: dict[str, Path] = {}
        self._settings: dict[str, Value] = {}
        self._knowledge: dict[str, list[Mapping[str, Value]]] = {}
        self._compiler = Snapshot.memory()
        self._guide = GuideReader(self._compiler)

    def document(self, file: Path, pack: str) -> None:
        content = read(file)
        if "table" in content and "document" not in content:  # what phones show, and the way of a login
            self._guide.take(content, file, pack)
            return
        unknown = set(content) - set(_TABLES)
        if unknown:
            name = sorted(unknown)[0]
            raise CheckError(f"{file}: unknown table [{name}]{near(name, _TABLES)}")
        document = convert(content.get("document", {}), DocumentFile, file, "[document]")
        if document.id in self._documents:
            other = self._documents[document.id].path
            raise CheckError(f"{file}: document {document.id} is in {other} already: give it another id")
        self._documents[document.id] = Document(id=document.id, title=document.title, source=document.source, path=file)
        for place, table in _listed(content, "row", file):
            self._row(table, file, document.id, place)
        for place, table in _listed(content, "check", file):
            self._check(table, file, pack, document.id, place)
        self._defaults(content.get("settings", {}), file)

    def _defaults(self, settings: Any, file: Path) -> None:
        if not isinstance(settings, Mapping):
            raise CheckError(f"{file}: settings is a table: write [settings], and name = value below it")
        for name, value in settings.items():
            if not isinstance(value, str | int | float | bool):
                raise CheckError(f"{file}: setting {name}: a setting is a number, a text, true or false")
            if name in self._settings:
                raise CheckError(
                    f"{file}: setting {name} has a default in {self._files[f'setting {name}']} already:"
                    " give it another name; a cluster's own value goes into [cluster.NAME.settings]"
                )
            self._files[f"setting {name}"] = file
            self._settings[name] = value

    def _row(self, table: Mapping[str, Any], file: Path, document: str, place: str) -> None:
        row = convert(table, RowFile, file, place)
        if any(row.id == other.id for other in self._rows):
            other = self._files[f"row {row.id}"]
            raise CheckError(f"{file}: {place}: the id is used twice (also in {other}): choose another")
        self._files[f"row {row.id}"] = file
        self._rows.append(
            Row(
                id=row.id,
                document=document,
                symptom=row.symptom,
                look=row.look,
                checks=tuple(row.checks),
                by_hand=row.by_hand,
                retired=row.retired,
            )
        )

    def _check(self, table: Mapping[str, Any], file: Path, pack: str, document: str, place: str) -> None:
        found = convert(table, CheckFile, file, place)
        for name in (found.id, *found.aliases):
            if not _ID.fullmatch(name):
                raise CheckError(f"{file}: {place}: {name!r}: an id is lower-case words with hyphens between them")
            if name in self._files:
                other = self._files[name]
                raise CheckError(f"{file}: {place}: the id {name} is used twice (also in {other}): choose another")
            self._files[name] = file
        check = compose(found, pack, document)
        sound(check, file, place)
        try:
            self._compiler.reads(check.sql)
        except QueryRefused as error:
            raise CheckError(f"{file}: {place}: {in_sql(str(error), check.sql)}") from None
        self._checks[check.id] = check

    def knowledge(self, file: Path) -> None:
        """Read a table of what the world knows: it adds to those that were read before, or replaces them."""
        content = read(file)
        table = content.get("table")
        if not isinstance(table, Mapping):
            raise CheckError(
                f'{file}: [table] is missing: knowledge has a name, a date and a source (name = "bad_load")'
            )
        if missing := [key for key in ("name", "as-of", "source") if key not in table]:
            raise CheckError(f"{file}: [table] lacks {', '.join(missing)}: knowledge has a name, a date and a source")
        name = table["name"]
        if name not in KNOWLEDGE:
            raise CheckError(f"{file}: no table of knowledge is called {name}{near(str(name), sorted(KNOWLEDGE))}")
        if strange := set(table) - {"name", "as-of", "source", "about", "replace"}:
            word = sorted(strange)[0]
            raise CheckError(f"{file}: [table] has an unknown key {word}{near(word, ('as-of', 'source', 'replace'))}")
        if unknown := set(content) - {"table", name}:
            raise CheckError(f"{file}: unknown table [{sorted(unknown)[0]}]{near(sorted(unknown)[0], [name])}")
        if table.get("replace") is True:
            self._knowledge.pop(name, None)
        rows = self._knowledge.setdefault(name, [])
        dated = {"as_of": str(table["as-of"]), "source": str(table["source"])}
        for place, row in _listed(content, name, file):
            rows.append(_fitting(row, name, f"{file}: {place}", dated))

    def finish(self) -> Checks:
        used = {check for row in self._rows for check in row.checks}
        for row in self._rows:
            for check in row.checks:
                if check not in self._checks:
                    place = f"{self._files[f'row {row.id}']}: row {row.id}"
                    raise CheckError(
                        f"{place}: there is no check {check}{meant(check, self._checks) or '; write it below the row'}"
                    )
        for found in self._checks.values():
            if found.id not in used:
                raise CheckError(
                    f"{self._files[found.id]}: check {found.id}: no row uses it; name it in a row's checks"
                )
        return Checks(
            documents=tuple(self._documents.values()),
            rows=tuple(self._rows),
            checks=self._checks,
            settings=self._settings,
            knowledge={name: tuple(rows) for name, rows in self._knowledge.items()},
            guide=self._guide.finish((row.id for row in self._rows), self._checks),
        )


def _listed(content: Mapping[str, Any], name: str, file: Path) -> list[tuple[str, Any]]:
    """Return the tables of a list with the place of each, by its id or its number."""
    listed = content.get(name, [])
    if not isinstance(listed, list):
        raise CheckError(f"{file}: [{name}] is one of several: write [[{name}]]")
    return [
        (f"{name} {table.get('id', number) if isinstance(table, Mapping) else number}", table)
        for number, table in enumerate(listed, 1)
    ]


def _fitting(row: Any, table: str, place: str, dated: Mapping[str, str]) -> Mapping[str, Value]:
    """Return a row of knowledge that has exactly the columns of its table, each of its kind.

    Date and source of the whole file stand for those that a row does not name (bad loads name their own).
    """
    needed = {column.name: int if column.kind == "integer" else str for column in columns(table)}
    if not isinstance(row, Mapping):
        raise CheckError(f"{place}: expected a table with {', '.join(needed)}")
    for name in row:
        if name not in needed:
            raise CheckError(f"{place}: unknown key {name}{near(name, needed)}")
    if "as_of" in needed:
        row = {**dated, **row}
    for name, kind in needed.items():
        if name not in row:
            raise CheckError(f"{place}: {name} is missing; it has {', '.join(needed)}")
        if type(row[name]) is not kind:
            wanted = "a whole number" if kind is int else "a text in quotes"
            raise CheckError(f"{place}: {name}: expected {wanted}")
    return dict(row)
