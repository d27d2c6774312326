"""show hardware and utils vmtools status: the (virtual) machine and its tools (reference: cli.md section 9).

Cisco's guides name the second to see which tools run and whether they do; of its words only the one sentence about
tools that are out of date is in a source. So they are kept as they are, and nothing is made of them.
"""

import re
from collections.abc import Iterator

from cucm_audit.clients import ClientError
from cucm_audit.clients.commands import HARDWARE, VM_TOOLS
from cucm_audit.facts import Ask, Fact, Per
from cucm_audit.facts.platform.asking import fact, name_of, node_rows
from cucm_audit.facts.platform.reading import Parsed, Reading, Row, harmless, lines, no_answer
from cucm_audit.model import Reason, Source

_FIELD = re.compile(r"([A-Z][A-Za-z]*(?: [A-Za-z]+){0,2}(?: \(in GB\))?) *: *(.*)", re.A)
_NUMBER = re.compile(r"([0-9]{1,9})(?: *(?:MBytes|MB|GB))?", re.A | re.I)
#: Below these words the answer speaks of the controller and its disks, in words of their makers.
_BELOW = re.compile(r"(?:RAID (?:Version|Details)|BIOS Information) *:.*|Physical device information", re.I)
#: What can only be the answer to something else. RAID, BIOS and partitions are free text, and no column wants them.
_FOREIGN = re.compile(r"admin:|Executed command unsuccessful|No valid command entered|Enter valid values", re.I)
_NUMBERS = {"Processors": "processors", "Memory": "memory_mb", "Number of Disks": "disks"}
_TEXTS = {"HW Platform": "platform", "Type": "processor"}
_OF_THE_MACHINE = frozenset({"Processors", "Memory", *_TEXTS})
_TOOLS = re.compile(r"vmware|vm-?tools", re.I)
_LONGEST = 1000


def parse(text: str) -> Parsed:
    """Read show hardware. Raises Unreadable when platform, processors and memory are all missing.

    A number that is not printed is NULL. The sizes of all disks are added up.
    """
    reading = Reading()
    found: dict[str, object] = {}
    disks: list[int] = []
    machine = True
    for line in lines(text):
        machine = machine and not _BELOW.fullmatch(line[:_LONGEST])
        matched = _FIELD.fullmatch(line) if len(line) <= _LONGEST else None
        if _FOREIGN.match(line):
            reading.odd.append(line)
        elif matched and (machine or matched[1] not in _OF_THE_MACHINE):
            _take(reading, found, disks, matched[1], matched[2], line)
    if not found.keys() & {"platform", "processors", "memory_mb"}:
        raise no_answer(text, "line of show hardware")
    empty = {"platform": "", "processors": None, "processor": "", "memory_mb": None, "disks": None}
    reading.add("hardware", "", {**empty, **found, "disk_gb": sum(disks) if disks else None})
    return reading.parsed()


def _take(reading: Reading, found: dict[str, object], disks: list[int], name: str, value: str, line: str) -> None:
    """Take a line that a column wants. The same name with another value is a line that is not understood."""
    number = _NUMBER.fullmatch(value)
    if name in _NUMBERS:
        if number is None or found.setdefault(_NUMBERS[name], int(number[1])) != int(number[1]):
            reading.odd.append(line)
    elif name in _TEXTS:
        if found.setdefault(_TEXTS[name], value) != value:
            reading.odd.append(line)
    elif name == "Size (in GB)":
        if number is None:
            reading.odd.append(line)
        else:
            disks.append(int(number[1]))


def parse_tools(text: str) -> Parsed:
    """Read utils vmtools status. Raises Unreadable when no line speaks of the tools.

    Its words are in no source, so an answer that speaks of them is kept with all its lines, and none is judged.
    """
    reading = Reading()
    said: list[str] = []
    for line in lines(text):
        if len(line) > _LONGEST or _FOREIGN.match(line):
            reading.odd.append(line)
        elif _TOOLS.search(line) or not harmless(line):
            said.append(line)
    if not any(map(_TOOLS.search, said)):
        raise no_answer(text, "word about the tools of the virtual machine")
    reading.add("vm_tools", "", {"raw_state": " ".join(said)[:400]})
    return reading.parsed()


def tools_rows(ask: Ask) -> Iterator[Row]:
    """Yield what the node says of its tools; that it does not know the command is an answer, too."""
    try:
        yield from node_rows(ask, command=VM_TOOLS, parse=parse_tools, table="vm_tools")
    except ClientError as error:
        if error.reason is not Reason.NOT_SUPPORTED:
            raise
        yield {"node": name_of(ask), "raw_state": error.detail}


FACTS: tuple[Fact, ...] = (
    fact("hardware", Per.NODE, HARDWARE, parse, never_empty=True),
    Fact(
        table="vm_tools",
        per=Per.NODE,
        source=Source.SSH,
        gather=tools_rows,
        asks=(VM_TOOLS.text,),
        never_empty=True,
    ),
)
