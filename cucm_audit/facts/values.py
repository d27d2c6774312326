"""Text as clusters send it, read strictly: keys, whole numbers, t and f, seconds since 1970.

A value that cannot be read is :class:`Refused`; nothing is ever replaced by a default.
Reference: axl-database.md sections 1.2 and 4.4.
"""

import datetime as dt
from collections.abc import Mapping
from typing import TypeVar

from cucm_audit.model import Node

AxlRow = Mapping[str, str | None]
_T = TypeVar("_T")
_FLAGS = {"t": 1, "true": 1, "f": 0, "false": 0}


class Refused(ValueError):
    """A value cannot be what its column says; the message names both."""


class Line:
    """One row of AXL, read strictly. Every method raises :class:`Refused` when the value is none of its kind."""

    def __init__(self, row: AxlRow) -> None:
        self.row = row

    def text(self, column: str) -> str:
        """Return the text, '' for none."""
        return self.row[column] or ""

    def name(self, column: str) -> str:
        """Return a text that cannot be empty."""
        return self._there(column, self.row[column] or None)

    def key(self, column: str) -> str:
        """Return a foreign key in lower case without braces, '' for none."""
        return self.text(column).strip("{}").lower()

    def id(self, column: str) -> str:
        """Return a key that cannot be empty."""
        return self._there(column, self.key(column) or None)

    def maybe_number(self, column: str) -> int | None:
        """Return a whole number; None for an empty value and for a column that this release lacks."""
        return whole_number(column, self.row.get(column))

    def number(self, column: str) -> int:
        """Return a whole number that cannot be empty."""
        return self._there(column, self.maybe_number(column))

    def maybe_flag(self, column: str) -> int | None:
        """Return 1 or 0; None for an empty value and for a column that this release lacks."""
        value = self.row.get(column)
        if not value:
            return None
        if value.lower() not in _FLAGS:
            raise Refused(f"{column} is {value!r}, neither t nor f")
        return _FLAGS[value.lower()]

    def flag(self, column: str) -> int:
        """Return 1 or 0."""
        return self._there(column, self.maybe_flag(column))

    def time(self, column: str) -> str | None:
        """Return seconds since 1970 as UTC ISO text; None for an empty value and for 0, which is no time."""
        seconds = self.maybe_number(column)
        if not seconds:
            return None
        try:
            return utc(seconds)
        except (OverflowError, OSError, ValueError):
            raise Refused(f"{column} is {seconds}, no time") from None

    @staticmethod
    def _there(column: str, value: _T | None) -> _T:
        if value is None:
            raise Refused(f"{column} is empty")
        return value


def whole_number(column: str, value: str | None) -> int | None:
    """Return a whole number, None for an empty value. Refused for anything else."""
    if not value:
        return None
    digits = value.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):  # SQLite keeps 64 bits
        raise Refused(f"{column} is {value!r}, not a whole number")
    return int(value)


def utc(seconds: int) -> str:
    """Return seconds since 1970 as UTC ISO text. ValueError or OverflowError when they are no time."""
    if seconds < 0:
        raise ValueError(f"{seconds} is before 1970")
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%d %H:%M:%S")


def named(nodes: tuple[Node, ...], name: str) -> Node | None:
    """Return the node that is meant: by name, else by address, else by host name where only one node has it."""
    wanted = name.casefold()
    for node in nodes:
        if wanted in (node.name.casefold(), node.address):
            return node
    same = [node for node in nodes if node.name.casefold().partition(".")[0] == wanted.partition(".")[0]]
    return same[0] if len(same) == 1 and not wanted[:1].isdigit() else None
