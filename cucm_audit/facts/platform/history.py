"""system-history.log: installs, options, restarts and boots, in the order of the file (reference: cli.md section 8)."""

import re

from cucm_audit.clients.commands import HISTORY
from cucm_audit.facts import Fact, Per
from cucm_audit.facts.platform import packs
from cucm_audit.facts.platform.asking import fact
from cucm_audit.facts.platform.reading import Parsed, Reading, harmless, no_answer, raw_lines

_EVENT = re.compile(
    r"(0[1-9]|1[0-2])/(0[1-9]|[12][0-9]|3[01])/([0-9]{4}) ((?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]) *\| *(.*)"
)
_ACTIONS = (
    "Install",
    "Windows Upgrade",
    "Upgrade During Install",
    "Upgrade",
    "Cisco Option Install",
    "Switch Version",
    "Restart",
    "Shutdown",
    "Boot",
    "DRS Backup",
    "DRS Restore",
    "Import during Install",
    "Product Version",
    "Kernel Image",
)
_KNOWN = frozenset(_ACTIONS)
_CANONICAL = {action.lower(): action for action in _ACTIONS} | {"system restart": "Restart"}
_ACTION = re.compile("(" + "|".join(sorted(_CANONICAL, key=len, reverse=True)) + r")(?!\S)", re.I)
_RESULTS = {
    "start": "Start",
    "success": "Success",
    "failure": "Failure",
    "failed": "Failure",
    "cancel": "Cancel",
    "canceled": "Cancel",
    "cancelled": "Cancel",
}
#: Their subject is one word (a version, a file) or nothing. More means that the end of the line is no known result.
_ONE_WORD = frozenset(_ACTIONS) - {"Switch Version", "DRS Backup", "DRS Restore"}
#: Without a result these say that something happened all the same. The last two only name what an installation brought.
_MOMENTS = frozenset({"Restart", "Shutdown", "Boot", "Product Version", "Kernel Image"})
_HEADER = re.compile(r"(?:Product Name|Product Version|Kernel Image)\s*-(?:\s.*)?", re.A | re.I)


def parse(text: str) -> Parsed:
    """Read the log. ``line`` counts events only. Raises Unreadable when there is no event.

    "System Restart" is written Restart, Failed is Failure: one word for one thing. Actions that no source names stay as
    written; a line with a time and nothing known behind it is the action "other".
    """
    reading = Reading()
    rows: list[dict[str, object]] = []
    last = ""  # the text of the last event, as long as it may go on in the next line
    for full in raw_lines(text):
        line = full.strip()
        if matched := _EVENT.fullmatch(line):
            rows.append(_event(matched, len(rows) + 1))
            _doubt(reading, rows[-1], line)
            last = line
        elif line and not _HEADER.fullmatch(line) and not harmless(line):
            last = _rest(reading, rows, last, line)
    if not rows:
        raise no_answer(text, "event")
    return Parsed({"system_event": tuple(rows)}, tuple(reading.odd), tuple(reading.troubles))


def _event(matched: re.Match[str], line: int) -> dict[str, object]:
    month, day, year, clock, said = matched.groups()
    user, action, subject, result = _said(said)
    return {
        "line": line,
        "local_at": f"{year}-{month}-{day} {clock}",
        "user": user,
        "action": action,
        "subject": subject,
        "stem": packs.stem(subject.split(None, 1)[0]) if action == "Cisco Option Install" and subject else "",
        "result": result,
    }


def _said(text: str) -> tuple[str, str, str, str]:
    """Return user, action, subject and result of what stands behind the bar."""
    user, colon, said = text.partition(":")
    if not colon or (not user.isalnum() and _ACTION.match(text)):  # behind an action there is a blank
        user, said, known = "", text, _ACTION.match(text)
    else:
        said = said.strip()
        known = _ACTION.match(said)
    body, result = _result(said)
    if known:
        return user.strip(), _CANONICAL[known[1].lower()], body[known.end() :].strip(), result
    if not colon or not body:
        return "", "other", text, ""
    return user.strip(), body, "", result


def _result(said: str) -> tuple[str, str]:
    """Split the result word off, and with it a note that one of Cisco's documents puts behind it."""
    words = said.rsplit(None, 1)
    if words and (result := _RESULTS.get(words[-1].lower())):
        return said[: -len(words[-1])].rstrip(), result
    shorter, note, _ = said.partition(" =")
    return _result(shorter.rstrip()) if note else (said, "")


def _doubt(reading: Reading, row: dict[str, object], line: str) -> None:
    """Keep the row but doubt the log when a known action's line does not end as its lines do."""
    action, subject = row["action"], str(row["subject"])
    if "|" in subject or "|" in str(action):  # two events in one line
        reading.odd.append(line)
    if action not in _KNOWN:
        return
    if (action in _ONE_WORD and " " in subject) or (not row["result"] and action not in _MOMENTS):
        reading.odd.append(line)


def _rest(reading: Reading, rows: list[dict[str, object]], last: str, line: str) -> str:
    """Join a wrapped event with its rest when that gives it a result; else the line is not understood."""
    joined = _EVENT.fullmatch(f"{last} {line}")
    if joined and not rows[-1]["result"]:
        row = _event(joined, len(rows))
        if row["result"]:
            if reading.odd and reading.odd[-1] == last:
                reading.odd.pop()
            rows[-1] = row
            _doubt(reading, row, f"{last} {line}")
            return ""
    reading.odd.append(line)
    return last


FACTS: tuple[Fact, ...] = (fact("system_event", Per.NODE, HISTORY, parse, never_empty=True),)
