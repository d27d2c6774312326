"""run sql select count(*): the rows in a node's own copy of the database (reference: cli.md section 9, run sql)."""

import re
from collections.abc import Iterator
from itertools import islice

from cucm_audit.clients import ClientError
from cucm_audit.clients.commands import COUNTS, Command
from cucm_audit.clients.statements import COUNTED_TABLES
from cucm_audit.facts import Ask, Cost, Fact, Per
from cucm_audit.facts.platform.asking import node_rows
from cucm_audit.facts.platform.reading import Parsed, Reading, Unreadable, harmless, no_answer, raw_lines, shortened
from cucm_audit.model import Source

_RULES = re.compile(r"=+(?: +=+)*", re.A)
_RUN = re.compile(r"=+")
#: So many rows are looked at: a count has one, and a million say no more than two.
_MOST = 2
_INTEGER = re.compile(r"[0-9]{1,15}")


def parse(text: str) -> Parsed:
    """Read the answer of one count: a row of ``table_count`` without its table. Raises Unreadable on anything else.

    Informix' own words (a table that this release lacks, a syntax error) stand in the error's detail.
    """
    reading = Reading()
    names, values = table(text, reading)
    if len(values) != 1 or [name.lower() for name in names] != ["n"] or not _INTEGER.fullmatch(values[0][0]):
        said = shortened([" ".join(row) for row in (names, *values)])
        raise Unreadable(f"not one whole number in a column n: {said}")
    reading.add("table_count", "", {"rows": int(values[0][0])})
    return reading.parsed()


def table(text: str, reading: Reading) -> tuple[list[str], list[list[str]]]:
    """Return the column names and the first rows of a ``run sql`` answer, sliced by the runs of = below the names."""
    found = filter(None, map(str.rstrip, raw_lines(text)))
    above, rule = _head(found)
    if not (rule and above):
        raise no_answer(text, "column with a line of = below")
    starts = [run.start() for run in _RUN.finditer(rule)]
    cuts = list(zip(starts, [*starts[1:], None], strict=True))
    for line in above[:-1]:
        reading.strange(line.strip())
    rows = islice((line for line in found if not harmless(line.strip())), _MOST)
    return _cells(above[-1], cuts), [_cells(line, cuts) for line in rows]


def _head(found: Iterator[str]) -> tuple[list[str], str]:
    """Take the lines up to the first rule and the rule, '' when there is none."""
    above: list[str] = []
    for line in found:
        if _RULES.fullmatch(line.strip()):
            return above, line
        above.append(line)
    return above, ""


def _cells(line: str, cuts: list[tuple[int, int | None]]) -> list[str]:
    """Slice a line. A line whose leading blanks differ from the rule's is taken whole when there is one column only."""
    return [line.strip()] if len(cuts) == 1 else [line[start:end].strip() for start, end in cuts]


def rows(ask: Ask) -> Iterator[dict[str, object]]:
    """Yield the count of each table; one that fails does not take the rest with it. Raises ClientError when all do."""
    failed: list[tuple[Command, ClientError]] = []
    for command, name in zip(COUNTS, COUNTED_TABLES, strict=True):
        try:
            for row in node_rows(ask, command=command, parse=parse, table="table_count"):
                yield {**row, "table_name": name}
        except ClientError as error:
            failed.append((command, error))
    if len(failed) == len(COUNTS):
        raise failed[0][1]
    for command, why in failed:
        ask.partial(why.reason, f"{command.text}: {why.detail}", why.hint)


FACTS: tuple[Fact, ...] = (
    Fact(
        table="table_count",
        per=Per.VOICE_NODE,
        source=Source.SSH,
        gather=rows,
        asks=tuple(command.text for command in COUNTS),
        never_empty=True,
        cost=Cost.DEAR,
    ),
)
