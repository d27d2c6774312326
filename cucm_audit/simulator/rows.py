"""Writing rows into the imitated database, and the ids of things."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from cucm_audit.simulator.dictionary import every_column, tables
from cucm_audit.simulator.world import World


def guid(kind: str, number: int | str) -> str:
    """Return the pkid of a thing: always the same for the same thing."""
    digest = hashlib.md5(f"{kind}/{number}".encode(), usedforsecurity=False).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"


def put(world: World, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
    """Put rows into a table. ``columns`` are names with blanks between them.

    Columns and tables that only other releases have are left out. KeyError for a name that no release has.
    """
    names = columns.split()
    unknown = [name for name in names if name not in every_column()[table]]
    if unknown:
        raise KeyError(f"{table} has no column {', '.join(unknown)} in any release")
    here = tables(world.release).get(table)
    if here is None:
        return
    places = [place for place, name in enumerate(names) if name in here]
    spelt = ", ".join(f'"{names[place]}"' for place in places)
    sql = f'insert into "{table}" ({spelt}) values ({", ".join("?" * len(places))})'
    if len(places) == len(names):
        world.database.executemany(sql, rows)
    else:
        world.database.executemany(sql, ([row[place] for place in places] for row in rows))
