"""The report as one HTML file: no script, no picture from elsewhere, no network; charts as SVG with their words beside.

What clusters say is escaped by the template engine, and what a browser would hide or turn around is shown in words
first. A content security policy forbids everything but the file's own style sheet, by its hash.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from cucm_audit.model import (
    SEVERITIES,
    Finding,
    Gathered,
    Outcome,
    Report,
    State,
    Verdict,
    counting,
    still_wrong,
)
from cucm_audit.reports import Style, cost, standing
from cucm_audit.reports.charts import ROOM, charts
from cucm_audit.reports.groups import alike, by_check, by_reason, missing, node_in_words, place, scope, who
from cucm_audit.reports.json import counts, finding_counts, waived_count
from cucm_audit.reports.sanitize import plain, visible
from cucm_audit.reports.text import shown

if TYPE_CHECKING:
    from jinja2 import Environment

#: How many subjects of a check stand open, and how many are in the file at all: the JSON report has the others.
OPEN, MOST = 10, 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The outcomes of one check: title, place, subjects in words, why, what to do, where it was seen."""

    severity: str
    title: str
    place: str
    subjects: list[str]
    doubts: list[str]
    more: int
    why: list[str]
    fix: list[str]
    seen: list[str]


def render(report: Report, style: Style) -> str:  # noqa: ARG001 - every format has it
    """Return the report as one HTML document."""
    return rendered("report.html.j2", room=ROOM, **_content(report))


def rendered(template: str, **content: Any) -> str:
    """Return one of our pages with its style sheet in it, and the hash that its policy allows."""
    from markupsafe import Markup

    css = _resource("report.css")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    style_sheet = Markup(css)  # noqa: S704 - our own file
    return _environment().get_template(template).render(css=style_sheet, digest=digest, **content) + "\n"


@cache
def _resource(name: str) -> str:
    return resources.files("cucm_audit.reports").joinpath(name).read_text("utf-8")


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    def shown_in_words(value: Any) -> Any:
        return visible(plain(value)) if isinstance(value, str) and not isinstance(value, Markup) else value

    return Environment(
        loader=FunctionLoader(_resource),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown_in_words,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _content(report: Report) -> dict[str, Any]:
    wrong = [o for o in report.outcomes if still_wrong(o) or (o.verdict is Verdict.FAIL and o.could_not_tell)]
    gaps = [gap for gap in report.gaps if gap.state in (State.FAILED, State.PARTIAL)]
    unknown = [outcome for outcome in report.outcomes if outcome.verdict is Verdict.UNKNOWN]
    return {
        "report": report,
        "nodes": [node_in_words(node) for node in report.nodes],
        "scope": scope(report),
        "compared": list(standing.head(report)),
        "counts": counts(report.outcomes),
        "found": finding_counts(report.outcomes),
        "waived_count": waived_count(report.outcomes),
        "gaps": [(who(group)[0], group[0].source, group[0].reason or "", missing(group)) for group in alike(gaps)],
        "explained": [_explained(group) for group in by_check(unknown) if _told_above(group, gaps)],
        "doubts": [_doubt(group) for group in by_check(unknown) if not _told_above(group, gaps)],
        "findings": [_block(g) for s in SEVERITIES for g in by_check(wrong) if g[0].severity is s],
        "lists": [
            ("No longer known", standing.lost(report)),
            ("Gone", standing.gone(report)),
            ("Waived: wrong, accepted, not counted", standing.waived(report, MOST)),
        ],
        "charts": charts(report),
        "values": [(o.node, o.title, shown(o.show)) for o in report.outcomes if o.show],
        "by_hand": [o for o in report.outcomes if o.verdict is Verdict.BY_HAND],
        "cost": " ".join(cost.parts(report.cost)),
    }


def _told_above(group: list[Outcome], gaps: Sequence[Gathered]) -> bool:
    """Say whether the facts that could not be seen tell all that there is to say about a check."""
    told = {(gap.node, gap.reason) for gap in gaps}
    return all((o.node, o.reason) in told and not o.findings and not o.could_not_tell for o in group)


def _explained(group: list[Outcome]) -> str:
    nodes = ", ".join(outcome.node for outcome in group if outcome.node)
    return f"{group[0].title} {place(group[0])}" + (f": {nodes}" if nodes else "")


def _doubt(group: list[Outcome]) -> tuple[str, str, list[str], list[str]]:
    """Return the title of a check that is not known, its place, why, and what was seen on the way."""
    why = []
    for reason, outcomes in by_reason(group):
        nodes = ", ".join(outcome.node for outcome in outcomes if outcome.node)
        why.append(f"{nodes}: {reason}" if nodes else reason)
    so_far = [f"seen wrong so far: {_said(finding)}" for outcome in group for finding in outcome.findings]
    untold = [f"could not tell whether: {_said(finding)}" for outcome in group for finding in outcome.could_not_tell]
    return group[0].title, place(group[0]), why, [*so_far, *untold][:MOST]


def _block(group: list[Outcome]) -> Block:
    found = standing.first_new([finding for outcome in group for finding in counting(outcome)])
    facts = {(f.fact, f.node, str(f.source), f.taken_at, f.request) for one in found for f in one.evidence.facts}
    return Block(
        severity=str(group[0].severity),
        title=group[0].title,
        place=place(group[0]),
        subjects=[_said(finding) for finding in found[:MOST]],
        doubts=[_said(finding) for outcome in group for finding in outcome.could_not_tell][:MOST],
        more=max(len(found) - MOST, 0) + sum(outcome.findings_cut for outcome in group),
        why=list(dict.fromkeys(f.why for f in found if f.why)),
        fix=list(dict.fromkeys(f.fix for f in found if f.fix)),
        seen=[
            f"{fact}{f' of {node}' if node else ''}, {source}, {at} UTC: {request}"
            for fact, node, source, at, request in sorted(facts)
        ],
    )


def _said(finding: Finding) -> str:
    node = f"{finding.node}: " if finding.node and finding.node not in finding.says else ""
    says = finding.says or finding.subject
    subject = "" if finding.subject in says or finding.subject == finding.node else f"{finding.subject}: "
    first, last = standing.mark(finding)
    return f"{first}{node}{subject}{says}{last}"
