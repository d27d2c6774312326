"""utils core active list: what processes left behind when they crashed (reference: cli.md section 9)."""

import re

from cucm_audit.clients.commands import CORES
from cucm_audit.facts import Fact, Per
from cucm_audit.facts.platform.asking import fact
from cucm_audit.facts.platform.reading import Parsed, Reading, lines, no_answer

_NONE = re.compile(r"No core files found\.?", re.I)
_HEAD = re.compile(r"Size +Date +Core File Name", re.I)
_ROW = re.compile(
    r"(?:([0-9]{1,15}) *([KMG]?)B +)?([0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r" (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]) +(core\S*)",
    re.A,
)
_KILOBYTES = {"": 1 / 1024, "K": 1, "M": 1024, "G": 1024 * 1024}
_LONGEST = 1000


def parse(text: str) -> Parsed:
    """Read the list. Raises Unreadable when it neither names a core nor says that there is none.

    A size can be missing; it is NULL then.
    """
    reading, none = Reading(), False
    for line in lines(text):
        if len(line) > _LONGEST:
            reading.odd.append(line)
        elif matched := _ROW.fullmatch(line):
            size, unit, at, name = matched.groups()
            kilobytes = round(int(size) * _KILOBYTES[unit]) if size else None
            row = {"name": name, "process": _process(name), "local_at": at, "size_kb": kilobytes}
            reading.add("core_file", name, row, line)
        elif _NONE.fullmatch(line):
            none = True
        elif not _HEAD.fullmatch(line):
            reading.strange(line)
    if not none and not reading.tables:
        raise no_answer(text, "core file")
    if none and reading.tables:
        reading.trouble("cores are listed and it says that there are none")
    return reading.parsed()


def _process(name: str) -> str:
    """Return the process of core.PID.SIGNAL.PROCESS.TIME, or of core.PROCESS.core; '' for any other form.

    >>> _process("core.62556.6.ccm.1645336926"), _process("core.jvm.core"), _process("core.4711")
    ('ccm', 'jvm', '')
    """
    parts = name.split(".")
    if len(parts) >= 5 and parts[1].isdigit() and parts[2].isdigit() and parts[-1].isdigit():
        return ".".join(parts[3:-1])
    return parts[1] if len(parts) == 3 and parts[2] == "core" and not parts[1].isdigit() else ""


FACTS: tuple[Fact, ...] = (fact("core_file", Per.NODE, CORES, parse),)
