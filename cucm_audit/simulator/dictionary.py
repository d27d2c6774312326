"""The data dictionary: which tables and columns a release has (``columns.json``), and the builds that are imitated.

Names and types are facts of Cisco's published data dictionary, 9.1 to 12.5; nobody has one for 14 and 15, so those
use 12.5's (reference: axl-database.md section 11).
"""

import functools
import json
from pathlib import Path

#: A short release and the build that stands for it. 11.5.1.14900 is before the change of the reboot rule (cli.md 11).
BUILDS = {
    "9.1": "9.1.2.10000-28",
    "10.5": "10.5.2.10000-5",
    "11.5": "11.5.1.14900-11",
    "12.5": "12.5.1.14900-63",
    "14": "14.0.1.13900-155",
    "15": "15.0.1.12900-234",
}


def build_of(release: str) -> str:
    """Return the full build of a short release ("12.5"); a full one is returned as it is. ValueError if unknown."""
    if release in BUILDS:
        return BUILDS[release]
    if release.count(".") < 3 or numbers(release) < (9, 1):
        raise ValueError(
            f"no such release in the simulator: {release!r}; there are {', '.join(BUILDS)} and whole build numbers"
        )
    return release


def numbers(release: str) -> tuple[int, ...]:
    """Return "12.5.1.14900-63" as (12, 5, 1, 14900, 63)."""
    return tuple(int(part) for part in release.replace("-", ".").split("."))


def axl_form(release: str) -> str:
    """Return a build as AXL and the serviceability services spell it: 12.5.1.14900(63)."""
    head, dash, tail = release.partition("-")
    return f"{head}({tail})" if dash else head


@functools.cache
def tables(release: str) -> dict[str, dict[str, str]]:
    """Return table -> column -> type letter of the dictionary that fits ``release`` (the newest one not above it)."""
    data = json.loads((Path(__file__).parent / "columns.json").read_text(encoding="utf-8"))
    known = [numbers(name) for name in data["releases"]]
    place = max((i for i, name in enumerate(known) if name <= numbers(release)), default=0)
    found: dict[str, dict[str, str]] = {}
    for table, text in data["tables"].items():
        columns = dict(_columns(text, str(place)))
        if columns:
            found[table] = columns
    return found


@functools.cache
def every_column() -> dict[str, frozenset[str]]:
    """Return table -> all columns that any release has: to tell an older release from a misspelt name."""
    data = json.loads((Path(__file__).parent / "columns.json").read_text(encoding="utf-8"))
    return {table: frozenset(word.partition(":")[0] for word in text.split()) for table, text in data["tables"].items()}


def _columns(text: str, place: str) -> list[tuple[str, str]]:
    found = []
    for word in text.split():
        column, _, releases = word.partition("@")
        if not releases or place in releases:
            name, _, kind = column.partition(":")
            found.append((name, kind[0]))
    return found
