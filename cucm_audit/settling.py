"""Do the phones still come back after an upgrade? The number that is away now, beside the runs before (row A4).

A number that falls excuses nothing: it says whether to wait, not whether it is well.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from cucm_audit.history import Run, away
from cucm_audit.model import Report

#: Minutes until the next look, unless the cluster file asks for longer; and below so many two looks say little.
AGAIN, TOO_SOON = 10, 5
#: So many earlier numbers are told.
MOST_EARLIER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """How many phones are away at ``at``, and were in ``earlier`` (time, number; oldest first). Times are UTC ISO text.

    ``again`` is in how many minutes to look again.
    """

    at: str
    away: int
    earlier: tuple[tuple[str, int], ...]
    again: int

    @property
    def state(self) -> str:
        """Return falling, steady or rising; first when there is nothing to compare with, back when none is away."""
        if not self.away:
            return "back"
        if not self.earlier:
            return "first"
        then = self.earlier[-1][1]
        return "falling" if self.away < then else "rising" if self.away > then else "steady"

    @property
    def minutes(self) -> int:
        """Return how long ago the last look was; 0 when there was none."""
        return _minutes(self.earlier[-1][0], self.at) if self.earlier else 0

    @property
    def says(self) -> str:
        """Return it as a sentence, '' when there is nothing to say."""
        again = f"run this again in {self.again} minutes"
        if self.state == "first":
            return f"{_phones(self.away)} away. Phones take a while: {again}, and it says whether the number falls"
        if not self.earlier:
            return ""
        moment, then = self.earlier[-1]
        told = f"{_phones(self.away)} away now, {then} {_were(then)} {self.minutes} minutes before{self._course()}"
        if self.state == "back":
            return f"all phones are back; at {moment}, {self.minutes} minutes before, {then} {_were(then)} away"
        if self.state == "falling":
            return f"still settling: {told}: the number falls; {again}"
        if self.minutes < TOO_SOON:
            return f"{told}: too soon to say whether it falls; {again}"
        return f"not settling: {told}: the number {'grows' if self.state == 'rising' else 'does not fall'}"

    def _course(self) -> str:
        if len(self.earlier) < 2:
            return ""
        return f" ({', '.join(f'{number} at {moment}' for moment, number in self.earlier)})"


def settling(report: Report, runs: Sequence[Run], kind: str, before: str, min_interval: int = 0) -> Settling | None:
    """Return what the runs of a kind with the same snapshot from before say; None where the number is not known now.

    ``min_interval`` is the cluster's, in seconds.
    """
    number = away(report)
    if number is None:
        return None
    alike = [run for run in runs if run.kind == kind and run.before == before and run.at < report.taken_at]
    earlier = sorted((run.at, run.away) for run in alike if run.away is not None)
    again = max(AGAIN, -(-min_interval // 60))
    return Settling(at=report.taken_at, away=number, earlier=tuple(earlier[-MOST_EARLIER:]), again=again)


def _phones(number: int) -> str:
    return "1 phone is" if number == 1 else f"{number} phones are"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _minutes(then: str, now: str) -> int:
    try:
        return round((dt.datetime.fromisoformat(now) - dt.datetime.fromisoformat(then)).total_seconds() / 60)
    except ValueError:
        return 0
