"""What stands how long, and what is accepted: the parts of the text report about earlier reports and waivers."""

import datetime as dt
from collections.abc import Iterator, Sequence

from cucm_audit.model import Change, Compared, Earlier, Finding, Report, Verdict, Waived

_MARKS = {Change.NEW: "NEW: ", Change.NOT_KNOWN_BEFORE: "not known before: "}
_FIRST = (Change.NEW, Change.NOT_KNOWN_BEFORE, None, Change.SAME)


def head(report: Report) -> Iterator[str]:
    """Yield what the findings were compared with, and the numbers."""
    with_ = report.compared
    if with_ is None:
        return
    since = f"since {with_.file}" if with_.file else "since the last run like this one"
    numbers = f"{with_.new} new, {with_.same} as before, {len(with_.gone)} gone, {len(with_.lost)} no longer known"
    unseen = f", {with_.not_known_before} not known before" if with_.not_known_before else ""
    yield f"{since} (taken {with_.taken_at}{_ago(with_, report)}): {numbers}{unseen}"
    if with_.doubt:
        yield f"not compared: {with_.doubt}"


def _ago(with_: Compared, report: Report) -> str:
    """Return how long before this report that was, in words, by the days of UTC; '' when that cannot be said."""
    then, now = _time(with_.taken_at), _time(report.taken_at)
    if then is None or now is None or now < then:
        return ""
    days = (now.date() - then.date()).days
    if days == 0:
        minutes = round((now - then).total_seconds() / 60)
        return f", {minutes} minute{'' if minutes == 1 else 's'} before"
    return ", yesterday" if days == 1 else f", {days} days before"


def _time(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return None


def first_new(found: Sequence[Finding]) -> list[Finding]:
    """Return the findings of a check, what is new in front: the list may be cut further down."""
    return sorted(found, key=lambda finding: _FIRST.index(finding.change))


def told(found: Sequence[Finding], report: Report, *, all_of_them: bool) -> list[Finding]:
    """Return what is listed: everything, or beside a baseline only what it does not have."""
    if all_of_them or report.compared is None or not report.compared.file:
        return list(found)
    return [finding for finding in found if finding.change is not Change.SAME]


def mark(finding: Finding) -> tuple[str, str]:
    """Return what stands before and behind a finding: whether it is new, since when it stands, who accepted it."""
    since = f" (since {finding.first_seen})" if finding.change is Change.SAME and finding.first_seen else ""
    accepted = f" ({accepted_as(finding.waived)})" if finding.waived else ""
    return _MARKS.get(finding.change, "") if finding.change else "", since + accepted


def accepted_as(waived: Waived) -> str:
    """Return why, until when and by whom something was accepted."""
    by = f", {waived.by}" if waived.by else ""
    return f"waived until {waived.until}{by}: {waived.because}; {waived.place}"


def gone(report: Report) -> list[str]:
    """Return the findings of before that are wrong no more."""
    return [_line(one) for one in (report.compared.gone if report.compared else ())]


def lost(report: Report) -> list[str]:
    """Return the findings of before about which nobody can tell now."""
    return [_line(one) for one in (report.compared.lost if report.compared else ())]


def _line(one: Earlier) -> str:
    place = f"{one.node}: " if one.node and one.node != one.subject else ""
    first = f", since {one.first_seen}" if one.first_seen else ""
    why = f": {one.why}" if one.why else ""
    return f"{one.title} [{one.check}] {place}{one.subject}{first}{why}"


def waived(report: Report, most: int) -> list[str]:
    """Return what is wrong and accepted: a line a check and waiver, with at most so many subjects."""
    groups: dict[tuple[str, str, Waived], list[str]] = {}
    for outcome in report.outcomes:
        for finding in outcome.findings if outcome.verdict is Verdict.FAIL else ():
            if finding.waived is not None:
                node = f"{finding.node}: " if finding.node and finding.node != finding.subject else ""
                group = (f"{outcome.severity}  {outcome.title}", outcome.check or "", finding.waived)
                groups.setdefault(group, []).append(f"{node}{finding.subject}")
    lines = []
    for (title, check, accepted), subjects in groups.items():
        more = f" and {len(subjects) - most} more" if len(subjects) > most else ""
        lines.append(f"{title} [{check}]: {', '.join(subjects[:most])}{more} ({accepted_as(accepted)})")
    return lines
