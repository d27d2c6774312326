"""Two snapshots compared, as text and as JSON."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from cucm_audit.diff import Change, Difference, TableDiff
from cucm_audit.reports.lines import hanging
from cucm_audit.reports.sanitize import escape_hidden, plain

NARROWEST = 60
MOST = 10


def text(found: Difference, width: int, *, verbose: bool = False) -> str:
    """Return the comparison as text, no line wider than ``width`` columns."""
    return "\n".join(line.rstrip() for line in _Page(found, max(width, NARROWEST), verbose).lines()) + "\n"


def document(found: Difference) -> str:
    """Return the comparison as JSON, with a line end."""
    told: dict[str, Any] = {
        "schema_version": "1.0",
        "one": dict(found.one),
        "other": dict(found.other),
        "different": found.different,
        "no_longer_known": found.lost,
        "not_everything_compared": found.doubtful,
        "doubt": found.doubt or None,
        "tables": [_table(table) for table in found.tables],
    }
    return escape_hidden(json.dumps(told, ensure_ascii=False, indent=2)) + "\n"


def _table(table: TableDiff) -> dict[str, Any]:
    return {
        "table": table.table,
        "new": plain(table.new),
        "gone": plain(table.gone),
        "changed": [
            {"key": plain(one.key), "columns": {name: plain(list(pair)) for name, pair in one.columns.items()}}
            for one in table.changed
        ],
        "no_longer_known": plain(table.lost),
        "not_known_before": plain(table.unknown_before),
        "known_by_neither": plain(table.unknown),
    }


class _Page:
    def __init__(self, found: Difference, width: int, verbose: bool) -> None:
        self.found, self.width, self.verbose = found, width, verbose

    def said(self, words: object, first: str = "") -> Iterator[str]:
        yield from hanging(words, self.width, first, " " * len(first))

    def lines(self) -> Iterator[str]:
        found = self.found
        for word, whose in (("from", found.one), ("to", found.other)):
            yield from self.said(f"{whose['cluster']}, {whose['release']}, taken {whose['taken_at']}", f"{word:<5}")
        if found.doubt:
            yield ""
            yield from self.said(f"IN DOUBT: {found.doubt}")
        lost = [table for table in found.tables if table.lost]
        if lost:
            yield from ("", "NO LONGER KNOWN")
            for table in lost:
                yield from self.said(f"{table.table}: {'; '.join(table.lost)}", "  ")
        for table in (table for table in found.tables if table.different):
            yield ""
            yield from self.table(table)
        yield from self.unseen("NOT KNOWN BEFORE, AND SO NOT COMPARED", [(t, t.unknown_before) for t in found.tables])
        yield from self.unseen("KNOWN BY NEITHER, AND SO NOT COMPARED", [(t, t.unknown) for t in found.tables])
        if not found.different:
            yield from ("", "Nothing that both know is different.")

    def unseen(self, head: str, tables: Sequence[tuple[TableDiff, Sequence[str]]]) -> Iterator[str]:
        if any(why for _, why in tables):
            yield from ("", head)
        for table, why in tables:
            if why:
                yield from self.said(f"{table.table}: {'; '.join(why)}", "  ")

    def table(self, table: TableDiff) -> Iterator[str]:
        counts = ((len(table.new), "new"), (len(table.gone), "gone"), (len(table.changed), "changed"))
        yield from self.said(f"{table.table}: {', '.join(f'{count} {word}' for count, word in counts if count)}")
        yield from self.listed(table.new, "+ ")
        yield from self.listed(table.gone, "- ")
        yield from self.listed([_change(one) for one in table.changed], "~ ")

    def listed(self, words: Sequence[str], mark: str) -> Iterator[str]:
        most = len(words) if self.verbose else MOST
        for word in words[:most]:
            yield from self.said(word, f"  {mark}")
        if len(words) > most:
            yield f"  {mark}and {len(words) - most} more (-v lists them)"


def _change(one: Change) -> str:
    differ = "; ".join(f"{name} {_value(old)} -> {_value(new)}" for name, (old, new) in one.columns.items())
    return f"{one.key}: {differ}"


def _value(value: Any) -> str:
    return "(not known)" if value is None else "''" if value == "" else str(value)
