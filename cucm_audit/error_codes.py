"""What a phone shows when Extension Mobility refuses, and the way of a login: data, read from two files under checks/.

Numbers inside the software and on the phone differ at times: service code 40 is shown as (23). A cause names the checks
that look at it, and asks: checks about one phone and one user. Reference: serviceability.md sections 5.3 and 5.4.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec

from cucm_audit.checkfile import Check, CheckError, CheckFile, compose, convert, sound
from cucm_audit.mistakes import meant
from cucm_audit.queries import QueryRefused
from cucm_audit.snapshot import Snapshot

_PARAMETER = re.compile(r":(device|user)\b")
TABLES = ("em_error_code", "login_way")
#: Whom a check can speak of (table [about]).
KINDS = (
    "phone", "profile", "auto", "device", "user", "service", "answers", "model", "product", "control", "subscription",
    "cluster",
)  # fmt: skip


class Cause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that makes a phone show a code. ``likely``: 1 often, 2 now and then, 3 rare."""

    says: str
    likely: Literal[1, 2, 3] = 1
    do: str = ""
    rows: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    only_if: tuple[str, ...] = ()
    by_hand: str = ""


class Code(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One code of the software. ``phone`` is the number that the phone shows for it, None when it is the same."""

    code: str
    kind: Literal["application", "service", "page", "old"]
    name: str
    shows: tuple[str, ...]
    means: str
    cause: tuple[Cause, ...]
    phone: str | None = None
    since: str = ""

    @property
    def shown(self) -> str:
        """Return the number on the phone, '' when it shows none."""
        return self.code if self.phone is None else self.phone


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step of the way of a login."""

    id: str
    title: str
    checks: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    by_hand: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """Everything that ``explain`` knows. ``about``: check or ask -> whom it speaks of."""

    codes: tuple[Code, ...] = ()
    unlisted: frozenset[str] = frozenset()
    steps: tuple[Step, ...] = ()
    asks: Mapping[str, Check] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)


def filled(sql: str, device: str = "", user: str = "") -> str:
    """Return a query with the two names in place of ``:device`` and ``:user``, as SQL literals.

    >>> filled("select :user", user="o'brien")
    "select 'o''brien'"
    """
    names = {"device": device, "user": user}
    return _PARAMETER.sub(lambda found: "'" + names[found[1]].replace("'", "''") + "'", sql)


def parameters(sql: str) -> set[str]:
    """Return which of device and user a query asks for."""
    return set(_PARAMETER.findall(sql))


class GuideReader:
    """Reads the two kinds of files; refuses what is misspelt, by file and place."""

    def __init__(self, compiler: Snapshot) -> None:
        self._compiler = compiler
        self._codes: dict[str, Code] = {}
        self._unlisted: set[str] = set()
        self._steps: dict[str, Step] = {}
        self._asks: dict[str, Check] = {}
        self._about: dict[str, str] = {}
        self._files: list[Path] = []

    def take(self, content: Mapping[str, Any], file: Path, pack: str) -> None:
        """Read one file. CheckError names the place of what is wrong in it."""
        table = content["table"]
        if table.get("name") not in TABLES or {"as-of", "source"} - set(table):
            name = str(table.get("name"))
            raise CheckError(f"{file}: [table] needs a name, as-of and source; {name} is none{meant(name, TABLES)}")
        known = ("table", "about", "code", "step", "ask")
        for name in content:
            if name not in known:
                raise CheckError(f"{file}: unknown table [{name}]{meant(name, known)}")
        self._files.append(file)
        self._unlisted |= set(table.get("unlisted", ()))
        for kind, checks in content.get("about", {}).items():
            if kind not in KINDS:
                raise CheckError(f"{file}: [about] {kind}: no check speaks of that{meant(kind, KINDS)}")
            self._about |= dict.fromkeys(checks, kind)
        for number, entry in enumerate(content.get("code", []), 1):
            place = f"code {entry.get('code', number)}"
            self._once(self._codes, convert(entry, Code, file, place), "code", file)
        for number, entry in enumerate(content.get("step", []), 1):
            place = f"step {entry.get('id', number)}"
            self._once(self._steps, convert(entry, Step, file, place), "id", file)
        for number, entry in enumerate(content.get("ask", []), 1):
            self._ask(entry, file, pack, f"ask {entry.get('id', number)}")

    @staticmethod
    def _once(found: dict[str, Any], entry: Any, key: str, file: Path) -> None:
        name = getattr(entry, key)
        if name in found:
            raise CheckError(f"{file}: {key} {name} is used twice")
        found[name] = entry

    def _ask(self, entry: Any, file: Path, pack: str, place: str) -> None:
        check = compose(convert(entry, CheckFile, file, place), pack, "")
        if not check.example.get("unknown"):
            sound(check, file, place)
        try:
            self._compiler.reads(filled(check.sql))
        except QueryRefused as error:
            raise CheckError(f"{file}: {place}: its SQL does not work: {error}") from None
        self._once(self._asks, check, "id", file)

    def finish(self, rows: Iterable[str], checks: Iterable[str]) -> Guide:
        """Return what was read. CheckError when it names a row, check or ask that is not there."""
        rows, checks = set(rows), set(checks)
        for code in self._codes.values():
            for cause in code.cause:
                self._there(f"code {code.code}", rows, cause.rows, "row")
                self._there(f"code {code.code}", checks, cause.checks, "check")
                self._there(f"code {code.code}", set(self._asks), (*cause.asks, *cause.only_if), "ask")
        for step in self._steps.values():
            self._there(f"step {step.id}", checks, step.checks, "check")
            self._there(f"step {step.id}", set(self._asks), step.asks, "ask")
        if twice := checks & set(self._asks):
            raise CheckError(f"{self._files[-1]}: {min(twice)} is the id of a check and of an ask")
        return Guide(
            codes=tuple(self._codes.values()),
            unlisted=frozenset(self._unlisted),
            steps=tuple(self._steps.values()),
            asks=self._asks,
            about=self._about,
        )

    def _there(self, place: str, known: set[str], names: Iterable[str], word: str) -> None:
        for name in names:
            if name not in known:
                files = ", ".join(str(file) for file in self._files)
                raise CheckError(f"{files}: {place}: there is no {word} {name}{meant(name, known)}")
