"""utils os secure status, utils fips status: how the platform guards itself (reference: cli.md section 9).

The words of the second are in no source: what has neither FIPS nor NON-FIPS in it is not known, and kept as it is.
"""

import re

from cucm_audit.clients.commands import FIPS, OS_SECURITY
from cucm_audit.facts import Fact, Per
from cucm_audit.facts.platform.asking import fact
from cucm_audit.facts.platform.reading import Parsed, Reading, lines, no_answer

_FIELD = re.compile(r"(?:(OS Security status)|Current mode) *: *(\S{1,40})", re.I)
_ENFORCING = {"enforcing": 1, "permissive": 0, "disabled": 0}
_FIPS = re.compile(r"(?:.{0,200}[^\w-])?(NON-FIPS|FIPS) mode\b.*", re.I)
_ON = re.compile(r"(?:.{0,200} )?in FIPS mode\b.*", re.I)
_OTHER_FIPS = re.compile(
    r"- (?:S T A R T|E N D) -*|Executing FIPS self-?tests|runlevel is N [0-9]|Self[- ]?tests? status *:?|PASSED|-+"
    r"|(?:Start|End) time: .{1,60}",
    re.I,
)
_PASSED = re.compile(r"[\w ]{1,60} (?:self )?tests? passed\.*", re.I)
_LONGEST = 1000


def parse(text: str) -> Parsed:
    """Read the state of the OS security. Raises Unreadable when there is no line of it."""
    reading = Reading()
    found: dict[str, str] = {}
    for line in lines(text):
        matched = _FIELD.fullmatch(line[:_LONGEST])
        name, value = ("os_security" if matched[1] else "mode", matched[2].lower()) if matched else ("", "")
        if not matched or found.setdefault(name, value) != value:
            reading.strange(line)
    if not found:
        raise no_answer(text, "OS Security status")
    if len(found) < 2:
        reading.trouble("only one of its two lines is there")
    row = {"os_security": "", "mode": "", **found}
    reading.add("security_state", "", {**row, "enforcing": _ENFORCING.get(row["mode"])})
    return reading.parsed()


def parse_fips(text: str) -> Parsed:
    """Read whether FIPS mode is on. Raises Unreadable for an answer that speaks of something else."""
    reading = Reading()
    states: list[tuple[int | None, str]] = []
    for line in lines(text):
        start = line[:_LONGEST]
        low = start.lower()
        matched = _FIPS.fullmatch(line) if "fips" in low and len(line) <= _LONGEST else None
        if matched:
            on = 1 if _ON.fullmatch(line) else None
            states.append((0 if matched[1].upper() == "NON-FIPS" else on, line))
        elif not _OTHER_FIPS.fullmatch(start) and not ("passed" in low and _PASSED.fullmatch(start)):
            reading.strange(line)
    if not states:
        raise no_answer(text, "FIPS mode")
    agreed = len({state for state, _ in states}) == 1
    reading.add("fips_state", "", {"fips": states[0][0] if agreed else None, "raw_state": states[0][1][:200]})
    return reading.parsed()


FACTS: tuple[Fact, ...] = (
    fact("security_state", Per.NODE, OS_SECURITY, parse, never_empty=True),
    fact("fips_state", Per.NODE, FIPS, parse_fips, never_empty=True),
)
