"""What a report means for the caller: the exit code (architecture, section 6)."""

from collections.abc import Collection

from cucm_audit.model import (
    ABOUT_WAIVERS,
    SEVERITIES,
    Outcome,
    Reason,
    Report,
    Severity,
    State,
    Verdict,
    still_wrong,
    unknown_reasons,
)
from cucm_audit.since import new_findings

CLEAN, FOUND, NOTHING, UNKNOWN, INTERRUPTED = 0, 1, 2, 3, 130


def exit_code(report: Report, *, fail_on: Severity, allowed: Collection[Reason] = (), only_new: bool = False) -> int:
    """Return the exit code: 130, 2, 1, 3, 0, the first that applies.

    A note never turns it, whatever ``fail_on`` says below a warning. ``allowed`` are reasons for which not knowing is
    accepted: by name, never wholesale. A waived finding does not count, and neither does a check of which nothing is
    unknown but single subjects that are waived. ``only_new``: a finding that stood before does not count; where there
    was nothing to compare with, all are new.
    """
    if report.interrupted:
        return INTERRUPTED
    if nothing_audited(report):
        return NOTHING
    wrong = [outcome for outcome in report.outcomes if still_wrong(outcome) and _counts(outcome, fail_on)]
    if any(not only_new or outcome.findings_cut or any(new_findings(outcome)) for outcome in wrong):
        return FOUND
    return UNKNOWN if unknown_reasons(report) - set(allowed) else CLEAN


def nothing_audited(report: Report) -> bool:
    """Say whether nothing at all could be audited: no node is known, or the list of nodes never came."""
    judged = [outcome for outcome in report.outcomes if outcome.check not in ABOUT_WAIVERS]
    if any(outcome.verdict in (Verdict.PASS, Verdict.FAIL) for outcome in judged):
        return False
    lost = any(gap.fact == "node" and gap.state is State.FAILED for gap in report.gaps)
    return not judged or not report.nodes or lost


def _counts(outcome: Outcome, fail_on: Severity) -> bool:
    if outcome.severity is None or outcome.severity is Severity.NOTE:
        return False
    return SEVERITIES.index(outcome.severity) <= SEVERITIES.index(fail_on)
