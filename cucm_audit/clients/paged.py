"""Answers over the output pager, which counts neither pages nor lines: two readings have to agree (fault F66).

Only nodes that do not know ``set cli pagination off`` page at all, and only what is longer than a page. Numbers do not
count, because clocks, loads and free kilobytes change from one reading to the next; lines do.
"""

import re
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from cucm_audit.clients import ClientError

MOST_READINGS = 3
ONCE = "it came over the pager, which counts no lines, and it is typed only once"
_NUMBER = re.compile(r"[0-9]+")


class Text(Protocol):
    """What is compared: the text of an answer."""

    @property
    def text(self) -> str:
        """Return the lines, LF only."""


_T = TypeVar("_T", bound=Text)


def shape(text: str) -> list[str]:
    """Return the lines with every number as 0 and every run of blanks as one.

    >>> shape("Uptime:  9:59 up   5 days") == shape("Uptime: 10:00 up  5 days")
    True
    """
    return [" ".join(_NUMBER.sub("0", line).split()) for line in text.splitlines()]


def agreed(first: _T, again: Callable[[], _T]) -> tuple[_T, str]:
    """Return a reading that another one agrees with and '', or the longest one and why it may be short.

    Two that agree are not believed when a third has more lines: both may have lost the same page.
    ``again`` reads once more and may raise ClientError; then what came before is what there is.
    """
    readings: list[_T] = [first]
    while len(readings) < MOST_READINGS:
        try:
            readings.append(again())
        except ClientError as error:
            return _longest(readings), f"it came over the pager, and could not be read again: {error.reason.value}"
        last, *others = [shape(reading.text) for reading in reversed(readings)]
        if last in others and len(last) == max(map(len, others)):
            return readings[-1], ""
    return _longest(readings), f"it came over the pager, and {len(readings)} readings of it differ"


def _longest(readings: Sequence[_T]) -> _T:
    return max(readings, key=lambda reading: len(shape(reading.text)))
