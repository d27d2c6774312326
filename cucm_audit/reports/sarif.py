"""The report as SARIF 2.1.0 (OASIS), for code scanning and security dashboards: a rule a check, a result a finding.

SARIF has words for what is not known: such a result is ``open``, what a person has to look at is ``review``. Facts that
did not come back whole are notifications of the run, and the run then counts as not successful.
"""

import json
from collections.abc import Iterator
from typing import Any

from cucm_audit.model import Change, Finding, Gathered, Outcome, Report, Severity, State, Verdict
from cucm_audit.reports import Style
from cucm_audit.reports.groups import scope
from cucm_audit.reports.sanitize import escape_hidden, plain, visible
from cucm_audit.reports.standing import accepted_as

_LEVELS = {Severity.CRITICAL: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
_KINDS = {
    Verdict.PASS: "pass",
    Verdict.UNKNOWN: "open",
    Verdict.NOT_APPLICABLE: "notApplicable",
    Verdict.BY_HAND: "review",
}


def render(report: Report, style: Style) -> str:  # noqa: ARG001 - every format has it
    """Return the report as a SARIF log with one run."""
    lost = [gap for gap in report.gaps if gap.state in (State.FAILED, State.PARTIAL)]
    rules = {_rule(outcome): outcome for outcome in report.outcomes}
    run = {
        "tool": {"driver": {"name": "cucm-audit", "version": report.version, "rules": _rules(rules)}},
        "properties": {"scope": dict(scope(report))},
        "automationDetails": {"id": f"cucm-audit/{visible(report.cluster)}/"},
        "invocations": [
            {
                "executionSuccessful": report.complete and not report.interrupted,
                "startTimeUtc": f"{report.taken_at.replace(' ', 'T')}Z",
                "toolExecutionNotifications": [_notification(gap) for gap in lost],
            }
        ],
        "results": [result for outcome in report.outcomes for result in _results(outcome, list(rules))],
    }
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return escape_hidden(json.dumps(_plain(log), ensure_ascii=False, indent=2)) + "\n"


def _plain(value: Any) -> Any:
    """Return a value for JSON, in the order in which it was written."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if isinstance(value, bool) else plain(value)


def _rule(outcome: Outcome) -> str:
    return outcome.check or " ".join(outcome.rows)


def _rules(rules: dict[str, Outcome]) -> list[dict[str, Any]]:
    return [
        {
            "id": name,
            "shortDescription": {"text": visible(outcome.title)},
            "defaultConfiguration": {"level": _LEVELS.get(outcome.severity or Severity.NOTE, "note")},
            "properties": {"tags": [*outcome.documents, *outcome.rows]},
        }
        for name, outcome in rules.items()
    ]


def _notification(gap: Gathered) -> dict[str, Any]:
    of = f" of {gap.node}" if gap.node else ""
    text = f"{gap.fact}{of} is {gap.state}: {gap.reason or 'no reason'}" + (f": {gap.detail}" if gap.detail else "")
    return {
        "level": "error" if gap.state is State.FAILED else "warning",
        "message": {"text": visible(f"{text}. {gap.hint}" if gap.hint else text)},
        "descriptor": {"id": str(gap.reason or gap.state)},
    }


def _results(outcome: Outcome, rules: list[str]) -> Iterator[dict[str, Any]]:
    """Yield a result for each finding and doubt, and one for an outcome that has none."""
    base = {"ruleId": _rule(outcome), "ruleIndex": rules.index(_rule(outcome))}
    failed = outcome.verdict is Verdict.FAIL
    for finding in outcome.findings:
        kind = {"kind": "fail", "level": _LEVELS[outcome.severity or Severity.NOTE]} if failed else _open()
        yield {**base, **kind, **_about(outcome, finding)}
    for finding in outcome.could_not_tell:
        yield {**base, **_open(), **_about(outcome, finding)}
    if outcome.findings_cut:
        text = f"and {outcome.findings_cut} more findings that are not listed"
        yield {**base, "kind": "fail", "level": _LEVELS[outcome.severity or Severity.NOTE], **_whole(outcome, text)}
    elif not outcome.findings and not outcome.could_not_tell:
        text = f"{outcome.title}: {outcome.reason}: {outcome.detail}" if outcome.reason else outcome.title
        yield {**base, "kind": _KINDS.get(outcome.verdict, "open"), "level": "none", **_whole(outcome, text)}


def _open() -> dict[str, Any]:
    return {"kind": "open", "level": "none"}


def _whole(outcome: Outcome, text: str) -> dict[str, Any]:
    return {"message": {"text": visible(text)}, "locations": [_location(outcome.node, "")]}


def _about(outcome: Outcome, finding: Finding) -> dict[str, Any]:
    node = finding.node or outcome.node
    return {
        "message": {
            "text": visible(f"{finding.says or finding.subject}" + (f" Fix: {finding.fix}" if finding.fix else ""))
        },
        "locations": [_location(node, finding.subject)],
        **_standing(finding),
        "partialFingerprints": {"key/v1": visible("/".join((_rule(outcome), node, finding.subject)))},
    }


def _standing(finding: Finding) -> dict[str, Any]:
    """Return whether somebody has accepted a finding, and whether an earlier report has it."""
    standing: dict[str, Any] = {}
    if finding.waived:
        standing["suppressions"] = [{"kind": "external", "justification": visible(accepted_as(finding.waived))}]
    if finding.change:
        standing["baselineState"] = "new" if finding.change is Change.NEW else "unchanged"
    return standing


def _location(node: str, subject: str) -> dict[str, Any]:
    name = visible("/".join(part for part in (node or "cluster", subject) if part))
    return {"logicalLocations": [{"fullyQualifiedName": name, "kind": "resource"}]}
