"""show status: the node's clock, its load and memory, its disks (reference: cli.md section 4)."""

import datetime as dt
import re
from collections.abc import Iterator

from cucm_audit.clients.commands import STATUS
from cucm_audit.facts import Ask, Fact, Per
from cucm_audit.facts.platform import dates
from cucm_audit.facts.platform.asking import fact, found, heard, name_of
from cucm_audit.facts.platform.reading import Parsed, Reading, Row, lines, no_answer
from cucm_audit.model import Source

_FIELD = re.compile(r"([A-Z][A-Za-z]*(?: [A-Za-z]+){0,3}) *: *(.*)", re.A)
_BRACKETS = re.compile(r"(?:.*\()?([A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*)\)", re.A)
_UPTIME = re.compile(
    r"[0-9]{1,2}:[0-9]{2}\S* +up +(?:([0-9]{1,6}) days?, *)?(?:([0-9]{1,2}):([0-9]{2})|([0-9]{1,4}) mins?) *,(.*)",
    re.A | re.I,
)
_LOAD = re.compile(r"load average: *([0-9]{1,6}\.[0-9]{1,4}),", re.A)
_IDLE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,4})?)%(?: .*)?", re.A)
_KILOBYTES = re.compile(r"([0-9]{1,15}) ?K", re.A)
_DISK = re.compile(r"Disk/(\w{1,40}) +([0-9]{1,15})K +([0-9]{1,15})K +([0-9]{1,15})K +\( *([0-9]{1,3})%\)", re.A | re.I)
_COLUMNS = re.compile(r"Total +Free +Used", re.A | re.I)
_NAMES = {
    "Host Name": "host_name",
    "Product Ver": "version",
    "Product Version": "version",
    "Unified OS Version": "os_version",
    "OS Version": "os_version",
}
_MEMORY = {"Memory Total": "memory_total_kb", "Free": "memory_free_kb", "Used": "memory_used_kb"}
#: Fields that no column wants, below the head of the answer.
_UNUSED = frozenset({"IOWAIT", "Cached", "Shared", "Buffers", "Locale", "License MAC"})
_COLUMNS_KEPT = (*dict.fromkeys(_NAMES.values()), "uptime_minutes", "cpu_idle_percent", "load_1", *_MEMORY.values())
#: Every node has both, so an answer without one of them was cut.
_DISKS = ("active", "logging")


def parse(text: str) -> Parsed:
    """Read show status. Raises Unreadable when nothing in it is.

    ``node_clock`` rows have the columns of the table but the offsets, which take the time of asking. A date that cannot
    be read (12-hour clock, another language) stays as printed and is never guessed.
    """
    reading = Reading()
    status: dict[str, object] = {}
    clock: dict[str, str] = {}
    in_head = True
    for line in lines(text):
        if line[:5].lower() == "disk/":
            _disk(reading, line)
        elif matched := _UPTIME.fullmatch(line.removeprefix("Uptime:").strip()):
            in_head = False
            _set(reading, status, "uptime_minutes", _minutes(matched), line)
            if load := _LOAD.search(matched[5]):
                status["load_1"] = float(load[1])
        elif matched := _FIELD.fullmatch(line):
            in_head = in_head and matched[1] != "Uptime"
            _field(reading, status, clock, matched[1], matched[2], line, in_head)
        elif not _COLUMNS.fullmatch(line):
            reading.strange(line)
    _finish(reading, text, status, clock)
    return reading.parsed()


def _field(
    reading: Reading, status: dict[str, object], clock: dict[str, str], name: str, value: str, line: str, in_head: bool
) -> None:
    """Take one ``name : value`` line. In the head, names that other releases add do not matter."""
    if name in _NAMES:
        _set(reading, status, _NAMES[name], value or None, line)
    elif name in ("Date", "Time Zone"):
        if clock.setdefault(name, value) != value:
            reading.odd.append(line)
    elif name in _MEMORY:
        kilobytes = _KILOBYTES.fullmatch(value)
        _set(reading, status, _MEMORY[name], int(kilobytes[1]) if kilobytes else None, line)
    elif name == "CPU Idle":
        idle = _IDLE.fullmatch(value)
        _set(reading, status, "cpu_idle_percent", float(idle[1]) if idle else None, line)
    elif name not in _UNUSED and not (name == "Uptime" and not value) and not (in_head and " :" in line):
        reading.strange(line)


def _set(reading: Reading, status: dict[str, object], column: str, value: object, line: str) -> None:
    """Take a value. One that is not readable, or comes again with another value, makes the line one not understood."""
    if value is None or status.setdefault(column, value) != value:
        reading.odd.append(line)


def _minutes(matched: re.Match[str]) -> int:
    days, hours, minutes, only_minutes = (int(number or 0) for number in matched.group(1, 2, 3, 4))
    return (days * 24 + hours) * 60 + minutes + only_minutes


def _disk(reading: Reading, line: str) -> None:
    if not (matched := _DISK.fullmatch(line)):
        reading.odd.append(line)
        return
    name = matched[1].lower()
    total, free, used, percent = (int(number) for number in matched.group(2, 3, 4, 5))
    row = {"name": name, "total_kb": total, "free_kb": free, "used_kb": used, "used_percent": percent}
    reading.add("disk", name, row, line)


def _finish(reading: Reading, text: str, status: dict[str, object], clock: dict[str, str]) -> None:
    disks = reading.tables.get("disk", {})
    if not (status or clock or disks):
        raise no_answer(text, "line of show status")
    if status:
        reading.add("node_status", "", {**dict.fromkeys(_COLUMNS_KEPT), **status})
    else:
        reading.trouble("no host name, release, uptime or memory in the answer", table="node_status")
    if missing := [name for name in _DISKS if name not in disks]:
        reading.trouble(f"no line for Disk/{' and Disk/'.join(missing)}", table="disk")
    _clock(reading, clock)


def _clock(reading: Reading, clock: dict[str, str]) -> None:
    if not (printed := clock.get("Date")):
        reading.trouble("no Date in the answer", table="node_clock")
        return
    local, zone = dates.from_status(printed), _zone(clock.get("Time Zone", ""))
    if local is None:
        reading.trouble(f"the date is in no known form: {printed[:60]!r}", table="node_clock")
    universal = dates.utc(local, zone) if local and zone else None
    row = {"local_at": dates.iso(local) or printed, "zone": zone, "utc_at": dates.iso(universal)}
    reading.add("node_clock", "", row)


def _zone(text: str) -> str | None:
    """Return the IANA name, which stands in brackets after the zone's long name."""
    matched = _BRACKETS.fullmatch(text[:200])
    return matched[1] if matched else None


def clock_rows(ask: Ask) -> Iterator[Row]:
    """Yield the node's clock with its distance from ours, in seconds, as an interval: the answer took time to come.

    The node looked at its clock between our sending and the end of the answer, and cut the fraction of the second off.
    """
    answer, parsed = heard(ask, STATUS, parse)
    for row in found(ask, STATUS, answer.text, parsed, "node_clock"):
        low: float | None = None
        high: float | None = None
        if row["utc_at"]:
            shown = dt.datetime.fromisoformat(row["utc_at"]).replace(tzinfo=dt.UTC)
            low = (shown - answer.ended).total_seconds()
            high = (shown + dt.timedelta(seconds=1) - answer.started).total_seconds()
        yield {"node": name_of(ask), **row, "offset_low": low, "offset_high": high}


FACTS: tuple[Fact, ...] = (
    Fact(
        table="node_clock",
        per=Per.NODE,
        source=Source.SSH,
        gather=clock_rows,
        asks=(STATUS.text,),
        never_empty=True,
    ),
    fact("node_status", Per.NODE, STATUS, parse, never_empty=True),
    fact("disk", Per.NODE, STATUS, parse, never_empty=True),
)
