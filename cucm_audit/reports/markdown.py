"""The report in Markdown, for tickets, wikis and chats: what could not be seen, findings worst first, the counts.

Names are hostile here too: what would become a link, a picture, a mention or a table is told as it is written.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from cucm_audit.model import SEVERITIES, Finding, Outcome, Report, State, Verdict, counting, still_wrong
from cucm_audit.reports import Style, standing
from cucm_audit.reports.groups import alike, by_check, by_reason, missing, node_in_words, place, scope, who
from cucm_audit.reports.json import counts, finding_counts, waived_count
from cucm_audit.reports.sanitize import visible

#: How many subjects of one check are listed before "and N more"; verbose lists them all.
MOST_SUBJECTS = 10
#: What Markdown obeys anywhere, and at the beginning of a line (or a cell) only.
_SPECIAL = re.compile(r"([\\`*_\[\]#|~$!])")
_FIRST = re.compile(r"^(\s*)(?:(\d+)([.)])(?=\s|$)|([-+=]))")
#: Signs that make tags, entities, mentions and links: written as numbers, which every Markdown shows as the sign.
_SIGNS = {"@": "&#64;", "<": "&lt;", ">": "&gt;", "&": "&amp;", "\uff20": "&#65312;"}
_SIGN = re.compile("[@<>&\uff20]")
_LINK = re.compile(r"(?i)(:)(?=//)|(?<=\bwww)(\.)|(?<=\bmailto)(:)|(?<=\bxmpp)(:)")


def render(report: Report, style: Style) -> str:
    """Return the report as GitHub-flavoured Markdown."""
    return "\n".join(_lines(report, 1_000_000 if style.verbose else MOST_SUBJECTS)) + "\n"


def safe(text: object) -> str:
    """Return text that Markdown shows as it is written, on one line."""
    shown = _SPECIAL.sub(r"\\\1", visible(text))
    shown = _FIRST.sub(lambda found: f"{found[1]}{found[2] or ''}\\{found[3] or found[4]}", shown)
    shown = _SIGN.sub(lambda found: _SIGNS[found[0]], shown)
    return _LINK.sub(lambda found: f"&#{ord(found[0])};", shown)


def _table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(headers)} |"
    yield f"|{'---|' * len(headers)}"
    yield from (f"| {' | '.join(str(cell) or ' ' for cell in row)} |" for row in rows)
    yield ""


def _lines(report: Report, most: int) -> Iterator[str]:
    yield f"# cucm-audit: {safe(report.cluster)}"
    yield ""
    release = f"release {safe(report.release)}" if report.release else "release not known"
    via = f", asked via {safe(report.via)}" if report.via else ""
    yield f"{release}{via}; taken {safe(report.taken_at)}, judged {safe(report.judged_at)}, cucm-audit {report.version}"
    yield ""
    if report.nodes:
        yield f"Nodes: {', '.join(safe(node_in_words(node)) for node in report.nodes)}"
        yield ""
    if limits := [f"{safe(name)}: {safe(value)}" for name, value in scope(report)]:
        yield "; ".join(limits)
        yield ""
    for line in standing.head(report):
        yield safe(line)
        yield ""
    if report.interrupted:
        yield "**Interrupted: what was not asked any more is not known.**"
        yield ""
    yield from _not_seen(report)
    yield from _not_told(report, most)
    yield from _listed("No longer known", standing.lost(report))
    yield from _found(report, most)
    yield from _listed("Gone", standing.gone(report))
    yield from _listed("Waived: wrong, accepted, not counted", standing.waived(report, most))
    yield from _counts(report)


def _not_seen(report: Report) -> Iterator[str]:
    gaps = [gap for gap in report.gaps if gap.state in (State.FAILED, State.PARTIAL)]
    if gaps:
        yield "## Could not be seen"
        yield ""
        rows = [
            (safe(who(g)[0]), g[0].source, safe(g[0].reason or ""), "<br>".join(safe(line) for line in missing(g)))
            for g in alike(gaps)
        ]
        yield from _table(("Node", "Source", "Reason", "What is missing"), rows)


def _not_told(report: Report, most: int) -> Iterator[str]:
    unknown = [outcome for outcome in report.outcomes if outcome.verdict is Verdict.UNKNOWN]
    if unknown:
        yield "## Could not tell"
        yield ""
    for group in by_check(unknown):
        yield f"- **unknown** {safe(group[0].title)} {safe(place(group[0]))}"
        for reason, outcomes in by_reason(group):
            nodes = ", ".join(outcome.node for outcome in outcomes if outcome.node)
            yield f"  - {safe(f'{nodes}: {reason}' if nodes else reason)}"
        yield from _subjects([f for o in group for f in o.findings], 0, most, "seen wrong so far: ")
        yield from _subjects([f for o in group for f in o.could_not_tell], 0, most, "could not tell whether: ")
    if unknown:
        yield ""


def _listed(heading: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"## {heading}"
        yield ""
        yield from (f"- {safe(line)}" for line in lines)
        yield ""


def _found(report: Report, most: int) -> Iterator[str]:
    failed = [o for o in report.outcomes if still_wrong(o) or (o.verdict is Verdict.FAIL and o.could_not_tell)]
    if failed:
        yield "## Findings"
        yield ""
    for severity in SEVERITIES:
        for group in by_check(failed):
            if group[0].severity is severity:
                yield from _finding(severity, group, most)


def _finding(severity: str, group: list[Outcome], most: int) -> Iterator[str]:
    yield f"### {severity}: {safe(group[0].title)}"
    yield ""
    yield safe(place(group[0]))
    yield ""
    found = standing.first_new([finding for outcome in group for finding in counting(outcome)])
    yield from _subjects(found, sum(outcome.findings_cut for outcome in group), most)
    yield from _subjects([f for o in group for f in o.could_not_tell], 0, most, "could not tell whether: ")
    for word, texts in (("Why", [f.why for f in found]), ("Fix", [f.fix for f in found])):
        for text in dict.fromkeys(text for text in texts if text):
            yield ""
            yield f"{word}: {safe(text)}"
    seen = {(f.fact, f.node, str(f.source), f.taken_at) for one in found for f in one.evidence.facts}
    if seen:
        yield ""
        told = [f"{fact}{f' of {node}' if node else ''} ({source}, {at})" for fact, node, source, at in sorted(seen)]
        yield f"Seen in: {safe('; '.join(told))}"
    yield ""


def _subjects(found: Sequence[Finding], cut: int, most: int, before: str = "") -> Iterator[str]:
    for finding in found[:most]:
        node = f"{finding.node}: " if finding.node and finding.node not in finding.says else ""
        says = finding.says or finding.subject
        subject = "" if finding.subject in says or finding.subject == finding.node else f"{finding.subject}: "
        first, last = standing.mark(finding)
        yield f"  - {safe(f'{first}{before}{node}{subject}{says}{last}')}"
    if more := max(len(found) - most, 0) + cut:
        yield f"  - {before}and {more} more"


def _counts(report: Report) -> Iterator[str]:
    yield "## Counts"
    yield ""
    documents = sorted({document for outcome in report.outcomes for document in outcome.documents})
    verdicts = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS, Verdict.NOT_APPLICABLE, Verdict.BY_HAND)
    by_document = {d: counts(o for o in report.outcomes if d in o.documents) for d in documents}
    yield from _table(
        ("Document", "Wrong", "Unknown", "Fine", "N/A", "By hand"),
        [(safe(name), *[seen[verdict] for verdict in verdicts]) for name, seen in by_document.items()],
    )
    found = finding_counts(report.outcomes)
    waived = f"; {accepted} waived" if (accepted := waived_count(report.outcomes)) else ""
    yield f"Findings: {', '.join(f'{found[severity]} {severity}' for severity in SEVERITIES)}{waived}."
    if not report.complete:
        yield ""
        yield "**This report is not complete: unknown is not fine.**"
