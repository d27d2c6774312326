"""What all readers of CLI answers share: lines, what a reader gives back, and what is no answer at all.

A reader takes the text of one answer and returns :class:`Parsed`. It never guesses and never drops a line: a line is a
row, known not to matter, or listed in ``not_understood``, and then no fact of the answer is whole.
The patterns say [0-9]: the usual short form would take Arabic digits for numbers.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cucm_audit.model import Reason

Row = Mapping[str, Any]

#: An address as the platform prints it: IPv4, or anything of hexadecimal digits and at least two colons.
ADDRESS = r"(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)"

#: A pager's words, a rule, or a warning; the last is a group. A row that ran into the pager's words is none of them.
_KNOWN = re.compile(
    r"options: q=quit, n=next, p=prev, b=begin, e=end \(lines [0-9]+ - [0-9]+ of [0-9]+\) ?:?\Z"
    r"|end of the file reached\Z|Press <enter> for 1 line\b[^0-9]{0,80}<q> to quit\Z"
    r"|Automatic pagination is turned off\.?\Z|[-=*#_]{3}[-=*#_ ]*\Z|(\W{0,8}(?i:warning|caution)\b)",
    re.A,
)
#: What harmless warnings are about. Single words, because a search for all of them at once takes ten times as long.
_PLATFORM = (
    "shutdown",
    "shut down",
    "disk",
    "partition",
    "align",
    "vmware",
    "vmtools",
    "filesystem",
    "file system",
    "rebuild",
    "not supported",
)
_ADDRESS = re.compile(r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]", re.A)
#: No warning and no row of a table is longer.
_LOOK = 1000


class Unreadable(Exception):
    """The text is no answer to the command. Becomes a ClientError where the node is known."""

    def __init__(self, detail: str, *, reason: Reason = Reason.MALFORMED, hint: str = "") -> None:
        self.detail = detail
        self.reason = reason
        self.hint = hint
        super().__init__(detail)


class Trouble(NamedTuple):
    """Why a table of the answer is not whole, though its lines were readable. ``table`` '' means every table."""

    table: str
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """One answer: rows by table (without the node), the lines that no rule explains, and what else is amiss."""

    rows: Mapping[str, tuple[Row, ...]]
    not_understood: tuple[str, ...] = ()
    troubles: tuple[Trouble, ...] = ()


@dataclass(slots=True)
class Reading:
    """An answer while it is read. A key that comes twice with other values is a line that is not understood."""

    tables: dict[str, dict[object, Row]] = field(default_factory=lambda: defaultdict(dict))
    odd: list[str] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)

    def add(self, table: str, key: object, row: Row, line: str = "") -> None:
        """Take ``row``; ``line`` is where it stood."""
        known = self.tables[table].setdefault(key, row)
        if known is not row and known != row:
            self.odd.append(line)

    def strange(self, line: str) -> None:
        """Note a line that is no row, unless it is blank or known not to matter."""
        if line and not harmless(line):
            self.odd.append(line)

    def trouble(self, detail: str, *, table: str = "", reason: Reason = Reason.MALFORMED) -> None:
        """Note that ``table`` is not whole."""
        self.troubles.append(Trouble(table, reason, detail))

    def parsed(self) -> Parsed:
        """Return what was read."""
        rows = {table: tuple(found.values()) for table, found in self.tables.items()}
        return Parsed(rows, tuple(self.odd), tuple(self.troubles))


def raw_lines(text: str) -> list[str]:
    """Return the lines without their ends, tabs as blanks. Only CR and LF end a line: ``splitlines`` knows ten more."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\t" in text:
        text = text.expandtabs()
    return text.split("\n")


def lines(text: str) -> Iterator[str]:
    """Return the lines that are not blank, without blanks around them."""
    return filter(None, map(str.strip, raw_lines(text)))


def unwrapped(
    text: str, read: Callable[[str], Row | None], complete: Callable[[Row], bool] = bool
) -> Iterator[tuple[str, Row | None]]:
    """Yield the lines as :func:`lines` with the row that ``read`` finds in each, a row broken in two made whole again.

    ``complete`` says whether a row has its end. Two lines are joined only when neither is a complete row and both
    together are, so that a row is never swallowed.
    """
    held, part = "", None  # a line that is no complete row, so that the next may belong to it, and what was read in it
    for line in lines(text):
        row = read(line)
        whole = row is not None and complete(row)
        if held:
            if not whole and len(held) + len(line) < _LOOK:
                both = f"{held} {line}"
                joined = read(both)
                if joined is not None and complete(joined):
                    yield both, joined
                    held = ""
                    continue
            yield held, part
        held, part = ("", None) if whole else (line, row)
        if whole:
            yield line, row
    if held:
        yield held, part


def harmless(line: str) -> bool:
    """Say whether a line that is no row is known not to matter: a pager's, a rule, a warning about shutdown or disks.

    The wording of the ungraceful-shutdown warning differs by release and is not published (reference: cli.md sections
    2.3 and 8.3). A line with an address is never harmless: it may be a row that could not be read.
    """
    known = _KNOWN.match(line)
    if known and not known[1]:
        return True
    low = line[:_LOOK].lower()
    if known:
        said = any(map(low.__contains__, _PLATFORM)) or not any(map(str.isalnum, line[known.end() :]))
    else:
        said = "ungraceful" in low
    return said and len(line) <= _LOOK and not has_address(line)


def has_address(line: str) -> bool:
    """Say whether an IPv4 address stands in the line, so that it may be a row."""
    return line.count(".") > 2 and bool(_ADDRESS.search(line))


def no_answer(text: str, wanted: str) -> Unreadable:
    """Return the error for a text in which ``wanted`` was not found: refused, busy, or simply something else."""
    said = shortened([line for line in lines(text) if not harmless(line)])
    low = text[:4000].lower() + text[-4000:].lower()
    if "during upgrade" in low or "upgrade is in progress" in low or "system is busy" in low:
        return Unreadable(said, reason=Reason.BUSY, hint="Ask again when the upgrade or the other task has finished.")
    if "no valid command entered" in low:
        hint = "Give the platform account privilege level 1; if it has it, this release lacks the command."
        return Unreadable(said, hint=hint)
    if "command unsuccessful" in low:
        return Unreadable(said, hint="Type the command on the node and see what it says.")
    return Unreadable(f"no {wanted} in the answer" + (f": {said}" if said else ", it is empty"))


def shortened(odd: list[str] | tuple[str, ...]) -> str:
    """Return the first few lines in quotation marks, cut to a length that fits a message."""
    shown = "; ".join(repr(line if len(line) <= 90 else line[:87] + "...") for line in odd[:3])
    return shown + (f" and {len(odd) - 3} more" if len(odd) > 3 else "")
