"""The report as a monitoring plugin says it: one line with a state, performance data behind a bar, details below.

States as in the Monitoring Plugins Guidelines: CRITICAL for a critical finding, WARNING for a warning, UNKNOWN when
something could not be checked, OK only when all was seen and nothing found. The exit code is the state's.
"""

from collections.abc import Iterator

from cucm_audit.model import (
    ABOUT_WAIVERS,
    SEVERITIES,
    Outcome,
    Report,
    Severity,
    State,
    Verdict,
    counting,
    still_wrong,
    unknown_reasons,
)
from cucm_audit.reports import Style
from cucm_audit.reports.groups import alike, listed, scope
from cucm_audit.reports.json import finding_counts, waived_count
from cucm_audit.reports.sanitize import visible

OK, WARNING, CRITICAL, UNKNOWN = range(4)
_WORDS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
#: Plugins may say some kilobytes; more is cut by the schedulers in a place that nobody chose.
MOST_LINES = 40
_SIGNS = str.maketrans({"|": "\u00a6", "\n": " ", "\r": " "})


def state(report: Report) -> int:
    """Return the state, which is the plugin's exit code."""
    found = finding_counts(report.outcomes)
    if found[Severity.CRITICAL]:
        return CRITICAL
    if found[Severity.WARNING]:
        return WARNING
    allowed = listed(report.scope.get("allow_unknown", ())).split(", ")
    unknown = {str(reason) for reason in unknown_reasons(report)} - set(allowed)
    looked = any(o.verdict in (Verdict.PASS, Verdict.FAIL) for o in report.outcomes if o.check not in ABOUT_WAIVERS)
    return UNKNOWN if unknown or report.interrupted or not looked else OK


def unknown_line(says: str) -> str:
    """Return the whole output of a plugin that could not do its work."""
    return f"CUCM-AUDIT UNKNOWN - {_line(says)}\n"


def render(report: Report, style: Style) -> str:  # noqa: ARG001 - every format has it
    """Return the plugin's output."""
    found = finding_counts(report.outcomes)
    unknown = sum(o.verdict is Verdict.UNKNOWN for o in report.outcomes)
    lost = sum(gap.state in (State.FAILED, State.PARTIAL) for gap in report.gaps)
    told = ", ".join([*(f"{found[s]} {s}" for s in SEVERITIES), f"{unknown} unknown"])
    head = f"CUCM-AUDIT {_WORDS[state(report)]} - {report.cluster}: {told}, taken {report.taken_at} UTC"
    measured = {**{str(s): found[s] for s in SEVERITIES}, "unknown": unknown, "not_seen": lost}
    measured["waived"] = waived_count(report.outcomes)
    data = [f"{name}={number};;;0;" for name, number in measured.items()]
    lines = list(_details(report))
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], f"and {len(lines) - MOST_LINES + 1} more lines: see the report"]
    return "\n".join([f"{_line(head)} | {' '.join(data)}", *map(_line, lines)]) + "\n"


def _line(text: str) -> str:
    """Return text that a scheduler takes for one line without performance data."""
    return visible(text).translate(_SIGNS)


def _details(report: Report) -> Iterator[str]:
    if limits := [f"{name}: {value}" for name, value in scope(report) if name != "door"]:
        yield f"asked with: {'; '.join(limits)}"
    for severity in SEVERITIES[:2]:
        for outcome in report.outcomes:
            if still_wrong(outcome) and outcome.severity is severity:
                yield f"{severity}: {_told(outcome)}"
    for group in alike(gap for gap in report.gaps if gap.state in (State.FAILED, State.PARTIAL)):
        gap = group[0]
        facts = ", ".join(sorted(one.fact for one in group))
        yield f"not seen: {gap.node or 'cluster'}, {gap.source}, {gap.reason or gap.state}: {facts}"
    for outcome in report.outcomes:
        if outcome.verdict is Verdict.UNKNOWN:
            yield f"unknown: {_told(outcome)}"


def _told(outcome: Outcome) -> str:
    where = f"{outcome.node}: " if outcome.node else ""
    if outcome.verdict is Verdict.UNKNOWN:
        return f"{where}{outcome.title} ({outcome.reason})"
    found = counting(outcome)
    first = found[0].says if found else ""
    more = len(found) + outcome.findings_cut - 1
    return f"{where}{outcome.title}: {first}" + (f" and {more} more" if more > 0 else "")
