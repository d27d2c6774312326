"""utils service list: every service of the node and its state (reference: cli.md section 7)."""

import re

from cucm_audit.clients.commands import SERVICES
from cucm_audit.facts import Cost, Fact, Per
from cucm_audit.facts.platform.asking import fact
from cucm_audit.facts.platform.reading import Parsed, Reading, lines, no_answer

_STATUS = re.compile(r"\[ ?(STARTED|STOPPED|STARTING|STOPPING|NOTRUNNING|UNKNOWN) ?\]", re.I)
# The last three stand between the platform's services and CUCM's own on real nodes (from memory: in no source).
_FRAME = re.compile(
    r"Requesting service status\b.{0,60}|Primary Node ?= ?(?:true|false)"
    r"|Service Manager is running|Getting list of all services|>> Return code = 0",
    re.I,
)


def parse(text: str) -> Parsed:
    """Read the list. Raises Unreadable when no service is in it. A blank may stand before the bracket or not."""
    reading = Reading()
    for line in lines(text):
        matched = _STATUS.search(line)
        if matched and (name := line[: matched.start()].rstrip()):
            row = {"service": name, "status": matched[1].upper(), "reason": line[matched.end() :].strip()}
            reading.add("cli_service", name, row, line)
            if "[" in row["reason"]:  # two services in one line
                reading.odd.append(line)
        elif not _FRAME.fullmatch(line):
            reading.strange(line)
    if not reading.tables:
        raise no_answer(text, "service")
    return reading.parsed()


FACTS: tuple[Fact, ...] = (fact("cli_service", Per.NODE, SERVICES, parse, never_empty=True, cost=Cost.DEAR),)
