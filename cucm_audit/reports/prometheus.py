"""The report as Prometheus text, for the textfile collector of the node exporter: gauges of the last audit.

Nothing here is a rate: a file is a picture of one run, and ``cucm_audit_taken_timestamp_seconds`` says of when. A board
that does not look at that age shows an old picture as today's.
"""

import datetime as dt
from typing import Any

from cucm_audit.model import Report, State, counting, still_wrong
from cucm_audit.reports import Style
from cucm_audit.reports.groups import scope
from cucm_audit.reports.json import counts, finding_counts, waived_count
from cucm_audit.reports.sanitize import visible


def render(report: Report, style: Style) -> str:  # noqa: ARG001 - every format has it
    """Return the metrics in the Prometheus text format."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry()
    _whole(report, registry)
    _by_check(report, registry)
    _not_seen(report, registry)
    text: bytes = generate_latest(registry)
    return text.decode("utf-8")


def _gauge(registry: Any, name: str, says: str, *labels: str) -> Any:
    from prometheus_client import Gauge

    return Gauge(f"cucm_audit_{name}", says, ("cluster", *labels), registry=registry)


def _seconds(text: str) -> float:
    """Return a UTC time as seconds since 1970; NaN when there is none."""
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp()
    except ValueError:
        return float("nan")


def _whole(report: Report, registry: Any) -> None:
    cluster = visible(report.cluster)
    info = _gauge(registry, "info", "What was audited, and by which version.", "release", "version", "via")
    info.labels(cluster, visible(report.release), report.version, visible(report.via)).set(1)
    limits = _gauge(registry, "scope", "What the user left out or allowed: 1 for each.", "name", "value")
    for name, value in scope(report):
        limits.labels(cluster, visible(name), visible(value)).set(1)
    for name, says, text in (
        ("taken", "When the cluster was asked (Unix time).", report.taken_at),
        ("judged", "When what it said was judged (Unix time).", report.judged_at),
    ):
        _gauge(registry, f"{name}_timestamp_seconds", says).labels(cluster).set(_seconds(text))
    complete = _gauge(registry, "complete", "1 when everything that was asked for was seen, 0 when something was not.")
    complete.labels(cluster).set(int(report.complete and not report.interrupted))
    outcomes = _gauge(registry, "outcomes", "Outcomes of checks, by verdict.", "verdict")
    for verdict, number in counts(report.outcomes).items():
        outcomes.labels(cluster, verdict).set(number)
    findings = _gauge(
        registry, "findings", "Findings of failed checks that nobody has waived, by severity.", "severity"
    )
    for severity, number in finding_counts(report.outcomes).items():
        findings.labels(cluster, severity).set(number)
    _gauge(registry, "waived", "Findings that are waived.").labels(cluster).set(waived_count(report.outcomes))
    cost = _gauge(registry, "cost", "What the audit sent, by kind; seconds: how long it took.", "kind")
    for kind, spent in sorted(report.cost.items()):
        cost.labels(cluster, visible(kind)).set(spent)


def _by_check(report: Report, registry: Any) -> None:
    verdict = _gauge(
        registry, "check_verdict", "1 for the verdict of a check on a node ('' = the cluster).",
        "check", "node", "verdict", "severity",
    )  # fmt: skip
    number = _gauge(
        registry, "check_findings", "Findings of a check on a node that nobody has waived.", "check", "node", "severity"
    )
    for outcome in report.outcomes:
        if outcome.check is None:
            continue
        labels = (visible(report.cluster), outcome.check, visible(outcome.node))
        severity = str(outcome.severity or "")
        verdict.labels(*labels, outcome.verdict, severity).set(1)
        if still_wrong(outcome):
            number.labels(*labels, severity).set(len(counting(outcome)) + outcome.findings_cut)


def _not_seen(report: Report, registry: Any) -> None:
    lost = _gauge(registry, "not_seen", "Facts that did not come back whole.", "node", "source", "reason")
    for gap in report.gaps:
        if gap.state in (State.FAILED, State.PARTIAL):
            lost.labels(visible(report.cluster), visible(gap.node), gap.source, str(gap.reason or "")).inc()
