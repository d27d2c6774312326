"""The head of utils dbreplication runtimestate: the last check or sync, its outcome (reference: cli.md section 6)."""

import re

from cucm_audit.facts.platform import dates
from cucm_audit.facts.platform.reading import Reading, has_address
from cucm_audit.model import Reason

#: How the lines that are known begin. Most others are told from them by this alone.
_KNOWN = re.compile(
    r"Server Time:|Cluster Replication State:|(?:Last )?Sync (?:Result:|command|Status:|Errors:)"
    r"|Replication (?:status|repair) command|No Errors or|Use |Last Completed Table:|DB |D{1,2}B and|Repltimeout set"
    r"|PROCESS option|Number of replicated|Getting cluster|Please wait",
    re.I,
)
_SERVER_TIME = re.compile(r"Server Time: *(.{1,80})", re.I)
_STATE = re.compile(r"Cluster Replication State: *(.{1,400})", re.I)
_AT = re.compile(r"\bat: *([0-9]{4})-([0-9]{2})-([0-9]{2})-([0-9]{2})-([0-9]{2})(?![0-9])")
_TABLES = re.compile(r"\b([0-9]{1,9}) tables\b.{0,40}? out of ([0-9]{1,9})\b", re.I | re.A)
_PROGRESS = re.compile(
    r"(?:(?:Last )?Sync Result:|Replication (?:status|repair) command\b|Sync command\b).{0,200}", re.I
)
_FINE = re.compile(
    r"No Errors or Mismatches found\.?|Sync Status: *All Tables are in sync\.?|Sync Errors: *NO ERRORS\.?", re.I
)
_WRONG = ("rror", "ismatch", "not in sync", "out of sync")
_ONLY_PUBLISHER = re.compile(r"Only available on the PUB", re.I)
_OTHER = re.compile(
    r"(?:Use (?:CLI to see detail)?.{0,20}file view\b|Last Completed Table:|DB Version:|Repltimeout set to:"
    r"|PROCESS option set to:|Number of replicated tables:|DB CLI Status: *No other"
    r"|D{1,2}B and Replication Services: *ALL RUNNING\s*$|Getting cluster\b|Please wait\b).*",
    re.I,
)


def read_head(reading: Reading, head: list[str]) -> None:
    """Read the lines that are no row. Adds the one row of ``replication_check`` when there is a state line."""
    row: dict[str, object] = dict.fromkeys(
        ("local_at", "what", "tables_checked", "tables_total", "errors", "server_local_at")
    )
    for line in head:
        if not _KNOWN.match(line) and not _wrong(line[:400]):
            reading.strange(line)
        elif matched := _SERVER_TIME.fullmatch(line):
            row["server_local_at"] = dates.iso(dates.from_ctime(matched[1]))
            if row["server_local_at"] is None:
                reading.odd.append(line)
        elif (matched := _STATE.fullmatch(line)) and row["what"] in (None, matched[1]):
            _state(reading, row, matched[1])
        elif not _outcome(row, line[:400]) and not _OTHER.match(line[:400]):
            reading.strange(line)
    if row["what"] is not None:
        reading.add("replication_check", "", row)


def _state(reading: Reading, row: dict[str, object], what: str) -> None:
    row["what"] = what
    if matched := _AT.search(what):
        year, month, day, hour, minute = map(int, matched.groups())
        row["local_at"] = dates.iso(dates.moment(year, month, day, hour, minute))
    if _ONLY_PUBLISHER.search(what):
        reading.trouble("this node says that it is not the publisher", reason=Reason.INCONSISTENT)
    _tables(row, what)


def _outcome(row: dict[str, object], line: str) -> bool:
    """Read a line about the outcome. Error lines win over the line that says that there are none."""
    known = bool(_PROGRESS.fullmatch(line))
    if known:
        _tables(row, line)
    if _FINE.fullmatch(line):
        row["errors"] = row["errors"] or 0
        return True
    if _wrong(line) and not _OTHER.match(line):
        row["errors"] = 1
        return not has_address(line)  # it may be the row of a server as well
    return known or line.lower().startswith("sync status:")


def _wrong(line: str) -> bool:
    return any(map(line.lower().__contains__, _WRONG))


def _tables(row: dict[str, object], text: str) -> None:
    if matched := _TABLES.search(text):
        row["tables_checked"], row["tables_total"] = int(matched[1]), int(matched[2])
