"""utils ntp status: the daemon, what it follows, its sources (reference: cli.md section 9)."""

import re

from cucm_audit.clients.commands import NTP
from cucm_audit.facts import Fact, Per
from cucm_audit.facts.platform.asking import fact
from cucm_audit.facts.platform.reading import Parsed, Reading, no_answer, raw_lines

#: How the lines that are no row of a table begin. Rows are told from them by this alone.
_SPEAKS = re.compile(
    r"the |ntp|chrony|(?:un|not )?synchroni|time |poll|current |210 |number |no assoc|unable |/usr/|ref|system "
    r"|last |rms |freq|resid|skew|root |update |stratum|leap ",
    re.I,
)
_DAEMON = re.compile(
    r"(?:the )?(ntpd?|chronyd?)\b[^|]{0,40}?\b(is|was|are|dead|stopped|inactive|active)\b.*", re.A | re.I
)
_DOWN = re.compile(r"\b(?:not running|not active|stopped|dead|inactive|failed)\b", re.I)
_UP = re.compile(r"\bis running\b|\bactive \(running\)", re.I)
_SYNCHRONISED = re.compile(r"synchroni[sz]ed to (.{1,200}?)(?:,? at)? stratum ([0-9]{1,2})\.?", re.A | re.I)
_SERVER = re.compile(r"NTP server \(?([^()\s]+)\)?", re.I)
_NOT_SYNCHRONISED = re.compile(
    r"(?:unsynchroni[sz]ed|not synchroni[sz]ed)\b.*|(?:the )?time server re-?starting\b.*", re.I
)
_WITHIN = re.compile(r"time correct to within ([0-9]{1,12}) ms", re.A | re.I)
_POLL = re.compile(r"poll(?:ing)? server every ([0-9]{1,9}) s", re.A | re.I)
_OTHER = re.compile(
    r"current time in \S+ is\b.*|210 number of sources\b.*|number of sources = [0-9]+|no association id's returned\.?"
    r"|unable to talk to ntp daemon\b.{0,40}|(?:/usr/sbin/)?ntpq: read: connection refused"
    r"|(?:reference id|ref time \(utc\)|system time|last offset|rms offset|frequency|residual freq|skew|root delay"
    r"|root dispersion|update interval|stratum|leap status *: *(?:normal|insert second|delete second)) *(?::.*)?",
    re.A | re.I,
)
_LEAP = re.compile(r"leap status *: *not synchroni[sz]ed", re.I)
_HEAD = re.compile(
    r"remote +refid +st +t +when +poll +reach +delay +offset +(?:jitter|disp)|MS +Name/IP address +Stratum\b.*", re.I
)
_NUMBER = r"[+-]?[0-9]{1,12}(?:\.[0-9]{1,9})?"
_PEER = re.compile(
    rf"(\S+) +(\S+) +([0-9]{{1,2}}) +([a-zA-Z-]) +(\S+) +([0-9]+) +([0-7]{{1,3}})"
    rf" +({_NUMBER}) +({_NUMBER}) +({_NUMBER})",
    re.A,
)
_SOURCE = re.compile(
    r"([\^=#][*+?x~-]) +(\S+) +([0-9]{1,2}) +(-?[0-9]{1,2}) +([0-7]{1,3}) +(\S+) +"
    r"([+-]?[0-9]{1,12})(ns|us|ms|s)\[ *([+-]?[0-9]{1,12})(ns|us|ms|s)\] +\+/- *[0-9]+(?:ns|us|ms|s)",
    re.A,
)
_MILLISECONDS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3}
_COLUMNS = ("daemon", "running", "synchronised", "server", "stratum", "within_ms", "poll_seconds")
_WINDOW = 1000  # no line of this answer is longer


def parse(text: str) -> Parsed:
    """Read the answer of ntpd or chronyd. Raises Unreadable when neither speaks.

    ``synchronised`` of ntpd is what its own line says, NULL without one, and where it follows something else than an
    NTP server (its own clock is "local net"); chronyd says it by the mark of its sources.
    """
    reading = Reading()
    status: dict[str, object] = {}
    table = False
    for full in raw_lines(text):
        line = full.strip()
        if len(line) > _WINDOW:
            reading.odd.append(line)
        elif _HEAD.fullmatch(line):
            table = True
        elif line and not _status_line(reading, status, line) and not _source_line(reading, full.rstrip()):
            reading.strange(line)
    return _checked(reading, text, status, table)


def _status_line(reading: Reading, status: dict[str, object], line: str) -> bool:
    if not _SPEAKS.match(line):
        return False
    if matched := _DAEMON.fullmatch(line):
        name = matched[1].lower()
        down, up = bool(_DOWN.search(line)), bool(_UP.search(line))
        if not (down or up):
            return False
        daemon = "chronyd" if name.startswith("chrony") else "ntpd" if name == "ntpd" else None
        _take(reading, status, line, daemon=daemon, running=int(not down))
    elif matched := _SYNCHRONISED.fullmatch(line):
        server = _SERVER.fullmatch(matched[1])
        follows = {"synchronised": 1, "server": server[1]} if server else {"server": matched[1]}
        _take(reading, status, line, **follows, stratum=int(matched[2]))
    elif _NOT_SYNCHRONISED.fullmatch(line) or _LEAP.fullmatch(line):
        _take(reading, status, line, synchronised=0)
    elif matched := _WITHIN.fullmatch(line):
        _take(reading, status, line, within_ms=int(matched[1]))
    elif matched := _POLL.fullmatch(line):
        _take(reading, status, line, poll_seconds=int(matched[1]))
    else:
        return bool(_OTHER.fullmatch(line))
    return True


def _take(reading: Reading, status: dict[str, object], line: str, **values: object) -> None:
    """Take values. A line that contradicts an earlier one leaves the value unknown."""
    for column, value in values.items():
        if status.setdefault(column, value) != value:
            status[column] = None
            reading.odd.append(line)


def _source_line(reading: Reading, line: str) -> bool:
    if matched := _SOURCE.fullmatch(line.strip()):
        tally, remote, stratum, _, reach, _, offset, unit, _, _ = matched.groups()
        _source(reading, line, tally, remote, stratum, reach, int(offset) * _MILLISECONDS[unit])
        return True
    tally, rest = _tally(line)
    if not (matched := _PEER.fullmatch(rest)):
        return False
    _source(reading, line, tally, matched[1], matched[3], matched[7], float(matched[9]))
    return True


def _tally(line: str) -> tuple[str, str]:
    """Split ntpd's mark off. It stands in the first column; x and o are letters, so only there, or before a digit."""
    bare = line.strip()
    if bare[:1] in ("*", "+", "-", "#", "."):
        return bare[0], bare[1:].strip()
    if bare[:1] in ("x", "o") and (line[:1] == bare[:1] or bare[1:2].isdigit()):
        return bare[0], bare[1:].strip()
    return "", bare


def _source(reading: Reading, line: str, tally: str, remote: str, stratum: str, reach: str, offset: float) -> None:
    row = {
        "remote": remote,
        "tally": tally,
        "stratum": int(stratum),
        "reach": reach,
        "offset_ms": round(offset, 6),
    }
    reading.add("ntp_source", remote, row, line.strip())


def _checked(reading: Reading, text: str, status: dict[str, object], table: bool) -> Parsed:
    sources = reading.tables.get("ntp_source")
    if status.get("daemon") == "chronyd" and status.get("running") and sources and "synchronised" not in status:
        # chrony's own mark: a star is the source that the clock follows now. It prints no sentence about it.
        followed = next((row for row in sources.values() if row["tally"][1:] == "*"), None)
        status |= {"synchronised": int(followed is not None), "server": followed["remote"] if followed else None}
    if status:
        reading.add("ntp_status", "", {**dict.fromkeys(_COLUMNS), **status})
    elif sources:
        reading.trouble("only sources, nothing about the daemon", table="ntp_status")
    else:
        raise no_answer(text, "line about ntpd or chronyd")
    if not sources and status.get("running") != 0 and "no association id" not in text.lower():
        why = "the table of sources has no row" if table else "no table of sources"
        reading.trouble(f"{why}, and the daemon does not say that it is down", table="ntp_source")
    return reading.parsed()


FACTS: tuple[Fact, ...] = (
    fact("ntp_status", Per.NODE, NTP, parse, never_empty=True),
    fact("ntp_source", Per.NODE, NTP, parse),
)
