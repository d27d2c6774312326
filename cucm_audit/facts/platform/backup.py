"""utils disaster_recovery history backup, status backup: asked of the publisher (reference: cli.md section 9).

An agent that does not answer is an error, never "no backup".
"""

import re

from cucm_audit.clients.commands import BACKUP_HISTORY, BACKUP_STATUS
from cucm_audit.facts import Fact
from cucm_audit.facts.platform import dates
from cucm_audit.facts.platform.asking import publisher_fact
from cucm_audit.facts.platform.reading import Parsed, Reading, Unreadable, lines, no_answer
from cucm_audit.model import Reason

_AT = r"([A-Z][a-z]{2} [A-Z][a-z]{2} +[0-9]{1,2} [0-9:]{8} \S{1,10} [0-9]{4})"
_RUN = re.compile(rf"(TAR file not created|\S+\.tar) +(\S+) +{_AT} +(\S+)(?: +(.*)|)", re.A | re.I)
_COMPONENT = re.compile(rf"(\S+) +(\S+) +(\S+) +(\S+) +{_AT}(?: +(.*)|)", re.A)
_NO_HISTORY = re.compile(r"drfCliMsg: *No history data is available\.?", re.I)
_NO_STATUS = re.compile(r"drfCliMsg: *No backup status (?:is )?available\.?", re.I)
_HISTORY_HEAD = re.compile(r"Tar Filename +(?:Backup )?Device\b[A-Za-z /]*", re.I)
_STATUS_HEAD = re.compile(r"Feature +Server +Component +Status\b[A-Za-z /]*", re.I)
#: Behind a row these mean that the next one has run into it. The second is said of all of them, and is found at once.
_ANOTHER = re.compile(rf"\.tar\b|TAR file|{_AT}", re.A | re.I)
_MAY_BE_ANOTHER = re.compile(r"[tT][aA][rR]| [0-9:]{8} ", re.A)
_TIME = re.compile(_AT, re.A)
_KIND = re.compile(r"[A-Z][A-Z_-]{2,30}")
_FIELD = re.compile(r"(Status|Tar Filename|Storage Location|Operation|Percentage Complete) *: *(.*)", re.I)
_WORD = re.compile(r"([A-Za-z_]{1,40})\b.*")
#: Errors of the agents, what may stand before them, and what the group that matched means.
_TROUBLE = re.compile(
    r"(?:drfCliMsg: *)?(?:Error occurred: *)?(?:(Unable to connect to (?:Master|Local) Agent)"
    r"|(Network request timed ?out)|((?:Master|Local) Agent (?:may be (?:processing|down)|is down)))",
    re.I,
)
_MEANS = (Reason.MALFORMED, Reason.SERVICE_NOT_ACTIVATED, Reason.TIMEOUT, Reason.BUSY)
_SUCCEEDED = {"success": 1, "successful": 1, "error": 0, "failure": 0, "failed": 0, "cancelled": 0, "canceled": 0}
_LONGEST = 2000


def parse_history(text: str) -> Parsed:
    """Read the history. Raises Unreadable when the agent does not answer, and for anything that is no history."""
    reading, none, place = Reading(), False, 0
    for line in lines(text):
        _no_agent(line)
        matched = _RUN.fullmatch(line) if len(line) <= _LONGEST else None
        if matched:
            place += 1
            reading.add("backup_history", place, {"place": place, **_run(reading, matched)}, line)
            if _holds_another(matched[5] or ""):
                reading.odd.append(line)
        elif _NO_HISTORY.fullmatch(line):
            none = True
        elif not _HISTORY_HEAD.fullmatch(line[:_LONGEST]):
            reading.strange(line)
    if not none and not reading.tables:
        raise no_answer(text, "backup")
    if none and reading.tables:
        reading.trouble("backups are listed and it says that there are none")
    return reading.parsed()


def _run(reading: Reading, matched: re.Match[str]) -> dict[str, object]:
    tar, device, at, result, rest = matched.groups()
    kind, _, details = (rest or "").partition(" ")
    known = bool(_KIND.fullmatch(kind))
    return {
        "tar": tar if tar.lower().endswith(".tar") else "",
        "device": device,
        "local_at": _time(reading, at),
        "result": result,
        "succeeded": _SUCCEEDED.get(result.lower()),
        "kind": kind if known else "",
        "details": (details if known else rest or "").strip(),
    }


def _time(reading: Reading, text: str) -> str | None:
    """Return a printed time, its zone left out. One that is none makes the answer less than whole."""
    at = dates.iso(dates.from_ctime(text))
    if at is None:
        reading.odd.append(text)
    return at


def parse_status(text: str) -> Parsed:
    """Read the state of the last backup and of its components. Raises Unreadable as :func:`parse_history`."""
    reading, none = Reading(), False
    head: dict[str, str] = {}
    for line in lines(text):
        _no_agent(line)
        if len(line) > _LONGEST:
            reading.odd.append(line)
        elif matched := _FIELD.fullmatch(line):
            if head.setdefault(matched[1].lower(), matched[2]) != matched[2] or _TIME.search(matched[2]):
                reading.odd.append(line)
        elif matched := _COMPONENT.fullmatch(line):
            feature, server, component, status, at, _ = matched.groups()
            row = {"feature": feature, "server": server, "component": component, "status": status}
            row |= {"succeeded": _SUCCEEDED.get(status.lower()), "local_at": _time(reading, at)}
            reading.add("backup_component", (feature, server, component), row, line)
            if _holds_another(matched[6] or ""):
                reading.odd.append(line)
        elif _NO_STATUS.fullmatch(line):
            none = True
        elif not _STATUS_HEAD.fullmatch(line):
            reading.strange(line)
    return _checked(reading, text, head, none)


def _checked(reading: Reading, text: str, head: dict[str, str], none: bool) -> Parsed:
    if not (none or head or reading.tables):
        raise no_answer(text, "state of a backup")
    if none and (head or reading.tables):
        reading.trouble("a backup is listed and it says that there is none")
    if head:
        word = _WORD.fullmatch(head.get("status", ""))
        percent = head.get("percentage complete", "").rstrip(" %")
        row = {
            "tar": head.get("tar filename", ""),
            "status": head.get("status", "")[:300],
            "succeeded": _SUCCEEDED.get(word[1].lower()) if word else None,
            "percent": int(percent) if percent.isascii() and percent.isdigit() and len(percent) < 4 else None,
            "device": head.get("storage location", ""),
        }
        reading.add("backup_status", "", row)
    if head and "status" not in head:
        reading.trouble("its status is missing")
    if head and "backup_component" not in reading.tables:
        reading.trouble("no component is listed", table="backup_component")
    if reading.tables and not head:
        reading.trouble("its head is missing", table="backup_status")
    return reading.parsed()


def _holds_another(rest: str) -> bool:
    """Say whether the next row runs on behind a row."""
    return bool(_MAY_BE_ANOTHER.search(rest) and _ANOTHER.search(rest))


def _no_agent(line: str) -> None:
    if matched := _TROUBLE.match(line):
        hint = "See Cisco DRF Master and Cisco DRF Local in utils service list of the publisher."
        raise Unreadable(line[:300], reason=_MEANS[matched.lastindex or 0], hint=hint)


FACTS: tuple[Fact, ...] = (
    publisher_fact("backup_history", BACKUP_HISTORY, parse_history),
    publisher_fact("backup_status", BACKUP_STATUS, parse_status),
    publisher_fact("backup_component", BACKUP_STATUS, parse_status),
)
