"""Find and read a scenario file."""

import tomllib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
KEYS = {"about", "base", "release", "sql", "node", "registration", "world", "settings"}


def names() -> list[str]:
    """Return the names of all scenarios."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read(name: str) -> list[dict[str, Any]]:
    """Return a scenario and what it is based on, in the order of application. ValueError if there is none."""
    path = FOLDER / f"{name}.toml"
    if name not in names():
        raise ValueError(f"no such scenario: {name!r}; there are {', '.join(names())}")
    plan = tomllib.loads(path.read_text(encoding="utf-8"))
    unknown = set(plan) - KEYS
    if unknown:
        raise ValueError(f"{path.name}: unknown keys {', '.join(sorted(unknown))}")
    parts: list[dict[str, Any]] = []
    for base in plan.get("base", []):
        parts += [part for part in read(base) if part not in parts]  # what two of them are based on happens once
    return [*parts, plan]
