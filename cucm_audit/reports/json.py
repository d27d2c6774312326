"""The canonical report: one JSON document (its shape is in ``document.py``).

Every other format can be made from it again: :func:`read` turns a document back into a Report.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from cucm_audit.model import SEVERITIES, Evidence, Finding, Gathered, Outcome, Report, Severity, Verdict
from cucm_audit.reports import Style
from cucm_audit.reports.document import (
    SCHEMA_VERSION,
    ClusterPart,
    CountsPart,
    Document,
    EvidencePart,
    FactPart,
    FindingCountsPart,
    FindingPart,
    GapPart,
    NodePart,
    OutcomePart,
    ToolPart,
)
from cucm_audit.reports.sanitize import escape_hidden, plain


class ReportError(Exception):
    """A file is no report of this program. The message says why."""


def render(report: Report, style: Style = Style()) -> str:  # noqa: ARG001, B008 - frozen, and every format has it
    """Return the document as text, with a line end. The same report always gives the same bytes."""
    document = _in_order(msgspec.to_builtins(_document(report), enc_hook=str))
    return escape_hidden(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2)) + "\n"


def _in_order(value: Any) -> Any:
    """Return the document's own parts in the order of the structs; free mappings were sorted on the way in."""
    if isinstance(value, dict):
        return {key: _in_order(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_in_order(item) for item in value]
    return plain(value)


def read(text: str | bytes) -> Report:
    """Turn a document back into the Report that it was made from. Raises :class:`ReportError`."""
    try:
        document = msgspec.json.decode(text, type=Document)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ReportError(f"this is no cucm-audit report of version {SCHEMA_VERSION}: {error}") from None
    return _report(document)


def counts(outcomes: Iterable[Outcome]) -> dict[Verdict, int]:
    """Return how many outcomes have each verdict."""
    seen = Counter(outcome.verdict for outcome in outcomes)
    return {verdict: seen[verdict] for verdict in Verdict}


def finding_counts(outcomes: Iterable[Outcome]) -> dict[Severity, int]:
    """Return how many findings the failed outcomes have, by severity."""
    seen: Counter[Severity | None] = Counter()
    for outcome in outcomes:
        if outcome.verdict is Verdict.FAIL:
            seen[outcome.severity] += len(outcome.findings) + outcome.findings_cut
    return {severity: seen[severity] for severity in SEVERITIES}


def _document(report: Report) -> Document:
    by_verdict = {str(verdict): count for verdict, count in counts(report.outcomes).items()}
    return Document(
        schema_version="1.0",
        tool=ToolPart(version=report.version),
        complete=report.complete,
        interrupted=report.interrupted,
        taken_at=report.taken_at,
        judged_at=report.judged_at,
        cluster=ClusterPart(name=report.cluster, id=report.cluster_id, release=report.release, via=report.via),
        scope=plain(report.scope),
        nodes=tuple(_node(node) for node in report.nodes),
        counts=msgspec.convert(by_verdict, CountsPart),
        findings=msgspec.convert({str(s): n for s, n in finding_counts(report.outcomes).items()}, FindingCountsPart),
        cost={name: _number(report.cost[name]) for name in sorted(report.cost)},
        gaps=tuple(_gap(gap) for gap in report.gaps),
        outcomes=tuple(_outcome(outcome) for outcome in report.outcomes),
    )


def _number(value: float) -> float:
    """Return 41.0 as 41: requests are counted, seconds are measured."""
    return int(value) if float(value).is_integer() else value


def _node(node: Mapping[str, object]) -> NodePart:
    def text(key: str) -> str | None:
        value = node.get(key)
        return None if value is None else str(value)

    voice = bool(node.get("voice", True))
    return NodePart(
        name=text("name") or "", address=text("address"), role=text("role"), voice=voice, release=text("release")
    )


def _gap(gap: Gathered) -> GapPart:
    return GapPart(
        fact=gap.fact,
        node=gap.node or None,
        source=gap.source,
        state=gap.state,
        reason=gap.reason,
        detail=gap.detail,
        hint=gap.hint,
        request=gap.request,
        taken_at=gap.taken_at,
    )


def _finding(finding: Finding) -> FindingPart:
    facts = tuple(
        FactPart(
            table=fact.fact,
            node=fact.node or None,
            source=fact.source,
            request=fact.request,
            taken_at=fact.taken_at,
            state=fact.state,
        )
        for fact in finding.evidence.facts
    )
    return FindingPart(
        subject=finding.subject,
        node=finding.node or None,
        says=finding.says,
        why=finding.why,
        fix=finding.fix,
        evidence=EvidencePart(columns=plain(finding.evidence.columns), facts=facts),
    )


def _outcome(outcome: Outcome) -> OutcomePart:
    return OutcomePart(
        check=outcome.check,
        title=outcome.title,
        rows=outcome.rows,
        documents=outcome.documents,
        node=outcome.node or None,
        verdict=outcome.verdict,
        severity=outcome.severity,
        reason=outcome.reason,
        detail=outcome.detail or None,
        examined=outcome.examined,
        show=plain(outcome.show),
        findings=tuple(_finding(finding) for finding in outcome.findings),
        findings_cut=outcome.findings_cut,
        could_not_tell=tuple(_finding(finding) for finding in outcome.could_not_tell),
    )


def _report(document: Document) -> Report:
    return Report(
        cluster=document.cluster.name,
        cluster_id=document.cluster.id,
        release=document.cluster.release,
        via=document.cluster.via,
        version=document.tool.version,
        taken_at=document.taken_at,
        judged_at=document.judged_at,
        complete=document.complete,
        interrupted=document.interrupted,
        scope=document.scope,
        nodes=tuple(msgspec.structs.asdict(node) for node in document.nodes),
        outcomes=tuple(_outcome_back(outcome) for outcome in document.outcomes),
        gaps=tuple(_gap_back(gap) for gap in document.gaps),
        cost=document.cost,
    )


def _gap_back(gap: GapPart) -> Gathered:
    return Gathered(**{**msgspec.structs.asdict(gap), "node": gap.node or ""})


def _finding_back(check: str | None, finding: FindingPart) -> Finding:
    facts = tuple(
        Gathered(
            fact=fact.table,
            node=fact.node or "",
            source=fact.source,
            state=fact.state,
            request=fact.request,
            taken_at=fact.taken_at,
        )
        for fact in finding.evidence.facts
    )
    return Finding(
        check=check or "",
        node=finding.node or "",
        subject=finding.subject,
        says=finding.says,
        why=finding.why,
        fix=finding.fix,
        evidence=Evidence(columns=finding.evidence.columns, facts=facts),
    )


def _outcome_back(part: OutcomePart) -> Outcome:
    outcome = Outcome(**{**msgspec.structs.asdict(part), "node": part.node or "", "detail": part.detail or ""})
    return replace(
        outcome,
        findings=tuple(_finding_back(part.check, finding) for finding in part.findings),
        could_not_tell=tuple(_finding_back(part.check, finding) for finding in part.could_not_tell),
    )
