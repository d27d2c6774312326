"""utils diagnose test: the platform's own tests, asked on demand only: it leaves a log file (reference: cli.md 9)."""

import re

from cucm_audit.clients.commands import DIAGNOSTICS
from cucm_audit.facts import Cost, Fact, Per
from cucm_audit.facts.platform.asking import fact
from cucm_audit.facts.platform.reading import Parsed, Reading, lines, no_answer

_ROW = re.compile(r"(test|skip) - (\w{1,80}) *: *(.{1,600})", re.A)
_ANOTHER = re.compile(r"(?:test|skip) - ")
_DONE = re.compile(r"Diagnostics Completed\.?", re.I)
_FRAME = re.compile(
    r"Log file: [^ ]{0,300}|Starting diagnostic test.{0,40}|The final output will be in Log file: [^ ]{0,300}"
    r"|Please use 'file view activelog [^ ]{0,300}' command to see the output",
    re.I,
)
_LONGEST = 1000


def parse(text: str) -> Parsed:
    """Read the tests. Raises Unreadable when there is none; without its last line some are missing."""
    reading, done = Reading(), False
    for line in lines(text):
        matched = _ROW.fullmatch(line) if len(line) <= _LONGEST else None
        if matched:
            kind, module, said = matched.groups()
            passed = None if kind == "skip" else int(said.startswith("Passed"))
            row = {"module": module, "skipped": int(kind == "skip"), "passed": passed, "said": said}
            reading.add("diagnostic", module, row, line)
            if _ANOTHER.search(said):  # two tests in one line
                reading.odd.append(line)
        elif _DONE.fullmatch(line):
            done = True
        elif not _FRAME.fullmatch(line[:_LONGEST]):
            reading.strange(line)
    if not reading.tables:
        raise no_answer(text, "test")
    if not done:
        reading.trouble('"Diagnostics Completed" is missing: it was cut')
    return reading.parsed()


FACTS: tuple[Fact, ...] = (fact("diagnostic", Per.NODE, DIAGNOSTICS, parse, never_empty=True, cost=Cost.DEAR),)
