"""The canonical report: one JSON document (its shape is in ``document.py``).

Every other format can be made from it again: :func:`read` turns a document back into a Report.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

import msgspec

from cucm_audit.model import (
    SEVERITIES,
    Compared,
    Earlier,
    Evidence,
    Finding,
    Gathered,
    Outcome,
    Report,
    Severity,
    Verdict,
    Waived,
    WaiverUse,
    counting,
)
from cucm_audit.reports import Style
from cucm_audit.reports.document import (
    SCHEMA_VERSION,
    ClusterPart,
    ComparedPart,
    CountsPart,
    Document,
    EarlierPart,
    EvidencePart,
    FactPart,
    FindingCountsPart,
    FindingPart,
    GapPart,
    NodePart,
    OutcomePart,
    ToolPart,
    WaivedPart,
    WaiverPart,
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
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ReportError(f"this is no cucm-audit report of version {SCHEMA_VERSION} or older: {error}") from None
    return _report(document)


def counts(outcomes: Iterable[Outcome]) -> dict[Verdict, int]:
    """Return how many outcomes have each verdict."""
    seen = Counter(outcome.verdict for outcome in outcomes)
    return {verdict: seen[verdict] for verdict in Verdict}


def finding_counts(outcomes: Iterable[Outcome]) -> dict[Severity, int]:
    """Return how many findings the failed outcomes have, by severity. Waived ones are not among them."""
    seen: Counter[Severity | None] = Counter()
    for outcome in outcomes:
        if outcome.verdict is Verdict.FAIL:
            seen[outcome.severity] += len(counting(outcome)) + outcome.findings_cut
    return {severity: seen[severity] for severity in SEVERITIES}


def waived_count(outcomes: Iterable[Outcome]) -> int:
    """Return how many findings of the failed outcomes are waived."""
    return sum(len(o.findings) - len(counting(o)) for o in outcomes if o.verdict is Verdict.FAIL)


def _document(report: Report) -> Document:
    by_verdict = {str(verdict): count for verdict, count in counts(report.outcomes).items()}
    found = {str(severity): count for severity, count in finding_counts(report.outcomes).items()}
    return Document(
        schema_version=SCHEMA_VERSION,
        tool=ToolPart(version=report.version),
        complete=report.complete,
        interrupted=report.interrupted,
        taken_at=report.taken_at,
        judged_at=report.judged_at,
        cluster=ClusterPart(name=report.cluster, id=report.cluster_id, release=report.release, via=report.via),
        scope=plain(report.scope),
        nodes=tuple(_node(node) for node in report.nodes),
        counts=msgspec.convert(by_verdict, CountsPart),
        findings=msgspec.convert({**found, "waived": waived_count(report.outcomes)}, FindingCountsPart),
        cost={name: _number(report.cost[name]) for name in sorted(report.cost)},
        gaps=tuple(_gap(gap) for gap in report.gaps),
        outcomes=tuple(_outcome(outcome) for outcome in report.outcomes),
        waivers=tuple(_waiver(use) for use in report.waivers),
        compared=_compared(report.compared) if report.compared else None,
    )


def _waiver(use: WaiverUse) -> WaiverPart:
    return msgspec.convert({**asdict(use), "node": use.node or None, "by": use.by or None}, WaiverPart)


def _compared(with_: Compared) -> ComparedPart:
    return ComparedPart(
        file=with_.file or None,
        taken_at=with_.taken_at,
        new=with_.new,
        same=with_.same,
        not_known_before=with_.not_known_before,
        gone=tuple(_earlier(one) for one in with_.gone),
        no_longer_known=tuple(_earlier(one) for one in with_.lost),
        doubt=with_.doubt or None,
    )


def _earlier(one: Earlier) -> EarlierPart:
    return msgspec.convert({**asdict(one), "node": one.node or None, "first_seen": one.first_seen or None}, EarlierPart)


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
        waived=WaivedPart(**asdict(finding.waived)) if finding.waived else None,
        change=finding.change,
        first_seen=finding.first_seen or None,
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
        waivers=tuple(_waiver_back(use) for use in document.waivers),
        compared=_compared_back(document.compared) if document.compared else None,
    )


def _waiver_back(part: WaiverPart) -> WaiverUse:
    return WaiverUse(**{**msgspec.structs.asdict(part), "node": part.node or "", "by": part.by or ""})


def _compared_back(part: ComparedPart) -> Compared:
    return Compared(
        file=part.file or "",
        taken_at=part.taken_at,
        new=part.new,
        same=part.same,
        not_known_before=part.not_known_before,
        gone=tuple(_earlier_back(one) for one in part.gone),
        lost=tuple(_earlier_back(one) for one in part.no_longer_known),
        doubt=part.doubt or "",
    )


def _earlier_back(part: EarlierPart) -> Earlier:
    return Earlier(**{**msgspec.structs.asdict(part), "node": part.node or "", "first_seen": part.first_seen or ""})


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
        waived=Waived(**msgspec.structs.asdict(finding.waived)) if finding.waived else None,
        change=finding.change,
        first_seen=finding.first_seen or "",
    )


def _outcome_back(part: OutcomePart) -> Outcome:
    outcome = Outcome(**{**msgspec.structs.asdict(part), "node": part.node or "", "detail": part.detail or ""})
    return replace(
        outcome,
        findings=tuple(_finding_back(part.check, finding) for finding in part.findings),
        could_not_tell=tuple(_finding_back(part.check, finding) for finding in part.could_not_tell),
    )
