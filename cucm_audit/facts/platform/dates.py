"""Dates as the platform prints them, to ISO text. English month names only: another language is not guessed."""

import datetime as dt
import re
from zoneinfo import ZoneInfo

_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MONTH = "(" + "|".join(MONTHS) + ")"
_CLOCK = r"([0-9]{1,2}):([0-9]{2}):([0-9]{2})"
#: CEST, +05, -0330, and GMT-03:00 for a zone without a name of its own.
_ZONE = r"(?:[A-Z][A-Za-z]{1,5}(?:[+-][0-9]{1,2}:[0-9]{2})?|[+-][0-9]{2,4})"
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_STATUS = re.compile(rf"{_DAY} {_MONTH} +([0-9]{{1,2}}), ([0-9]{{4}}) {_CLOCK}")
_CTIME = re.compile(rf"{_DAY} {_MONTH} +([0-9]{{1,2}}) {_CLOCK} (?:{_ZONE} )?([0-9]{{4}})")


def from_status(text: str) -> dt.datetime | None:
    """Read ``Fri Sep 29, 2023 17:20:40`` (show status), None when it is anything else."""
    if not (matched := _STATUS.fullmatch(text)):
        return None
    month, day, year, *clock = matched.groups()
    return moment(year, MONTHS[month], day, *clock)


def from_ctime(text: str) -> dt.datetime | None:
    """Read ``Wed Jul  3 09:11:03 CDT 2019``, the zone left out, None when it is anything else."""
    if not (matched := _CTIME.fullmatch(text)):
        return None
    month, day, hour, minute, second, year = matched.groups()
    return moment(year, MONTHS[month], day, hour, minute, second)


def iso(moment: dt.datetime | None) -> str | None:
    """Return the snapshot's form of a time, without a zone."""
    return str(moment)[:19] if moment else None


def is_iso(text: str) -> bool:
    """Say whether a text is a time in the snapshot's form, and no text that was kept as printed."""
    return bool(_ISO.fullmatch(text))


def utc(local: dt.datetime, zone: str) -> dt.datetime | None:
    """Return a node's local time as UTC; None when the zone is unknown here or the hour came twice or never.

    Windows has no zones of its own: without the package tzdata every zone is unknown there.
    """
    try:
        place = ZoneInfo(zone)
        early, late = (local.replace(tzinfo=place, fold=fold).astimezone(dt.UTC) for fold in (0, 1))
    except (KeyError, ValueError, OSError, OverflowError):
        return None
    return early if early == late else None


def moment(*numbers: int | str) -> dt.datetime | None:
    """Return year, month, day, hour, minute[, second] as a time, None when there is no such moment."""
    try:
        return dt.datetime(*map(int, numbers))  # type: ignore[arg-type] # numbers only, no zone
    except ValueError:
        return None
