"""The report for a terminal: first what could not be seen, then findings worst first, then the counts and the cost."""

import re
from collections.abc import Iterator, Mapping, Sequence

from tabulate import tabulate

from cucm_audit.model import SEVERITIES, Evidence, Finding, Outcome, Report, State, Verdict, counting, still_wrong
from cucm_audit.reports import Style, cost, standing
from cucm_audit.reports.groups import (
    alike,
    alike_doubts,
    by_check,
    by_reason,
    listed,
    missing,
    node_in_words,
    place,
    scope,
    who,
)
from cucm_audit.reports.json import counts, finding_counts, waived_count
from cucm_audit.reports.lines import cells, drawn, hanging, together
from cucm_audit.reports.sanitize import visible

#: How many subjects of one check are listed before "and N more"; -v lists them all.
MOST_SUBJECTS = 10
#: How many different reasons and remedies of one check are shown; -v shows them all.
MOST_TEXTS = 2
#: How many lines of a request (a long SELECT) are shown; -v shows it all.
MOST_LINES = 2
NARROWEST = 60
_PADDING = 2  # tabulate makes a column that much wider than its heading

#: What is shown under its own name; anything else is an expression.
_COLUMN = re.compile(r"(\w+\.)?\w+")

_COLOURS = {"critical": "1;31", "warning": "33", "unknown": "35", "note": "36", "heading": "1"}
_VERDICTS = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS, Verdict.NOT_APPLICABLE, Verdict.BY_HAND)
_WORDS = {
    Verdict.FAIL: "wrong",
    Verdict.UNKNOWN: "unknown",
    Verdict.PASS: "fine",
    Verdict.NOT_APPLICABLE: "not applicable",
    Verdict.BY_HAND: "by hand",
}


def render(report: Report, style: Style) -> str:
    """Return the report as text, no line wider than ``style.width`` columns."""
    return "\n".join(line.rstrip() for line in _Page(report, style).lines()) + "\n"


def columns(headers: Sequence[str], rows: Sequence[Sequence[object]], width: int) -> str:
    """Return a table, no wider than ``width``: for lists that are no report (checks, trust)."""
    return _grid(headers, [[[cell] for cell in row] for row in rows], max(width, NARROWEST))


def _grid(headers: Sequence[str], rows: Sequence[Sequence[Sequence[object]]], width: int) -> str:
    """Return a table whose last column takes the room that the others leave. Numbers stay as they are written."""
    least = [drawn(header) + _PADDING for header in headers]
    widths = [
        max([least[column], *(drawn(visible(text)) for row in rows for text in row[column])])
        for column in range(len(headers) - 1)
    ]
    room = width - 2 * len(widths)
    last = max(min(room // 3, 40), least[-1])
    while sum(widths) > room - last and widths != least[:-1]:
        slack = [have - need for have, need in zip(widths, least, strict=False)]
        widths[slack.index(max(slack))] -= 1
    widths.append(max(room - sum(widths), least[-1]))
    return tabulate(cells(rows, widths), headers=headers, disable_numparse=True)


def _whose(report: Report) -> str:
    """Say of a subscriber that was asked in the publisher's place what that means."""
    publisher = {node.get("name"): node.get("role") == "publisher" for node in report.nodes}.get(report.via, True)
    return "" if publisher else ", not the publisher: what the database says is what that node's copy says"


class _Page:
    """One report on its way to text."""

    def __init__(self, report: Report, style: Style) -> None:
        self.report = report
        self.style = style
        self.width = max(style.width, NARROWEST)

    def lines(self) -> Iterator[str]:
        """Yield the whole page."""
        yield from self.title()
        yield from self.not_seen()
        yield from self.not_told()
        yield from self.listed("NO LONGER KNOWN", standing.lost(self.report), "unknown")
        yield from self.findings()
        yield from self.listed("GONE", standing.gone(self.report))
        yield from self.listed("WAIVED: wrong, accepted, not counted", standing.waived(self.report, self.most()))
        yield from self.values()
        yield from self.summary()

    def paint(self, text: str, kind: str) -> str:
        """Return ``text`` coloured where that is wanted. The words say it all: colour only helps."""
        return f"\x1b[{_COLOURS[kind]}m{text}\x1b[0m" if self.style.colour and kind in _COLOURS else text

    def heading(self, text: str, kind: str = "heading") -> Iterator[str]:
        """Yield a heading with a line of air above."""
        yield ""
        yield self.paint(text, kind)

    def said(self, text: object, first: str = "  ", rest: str | None = None) -> Iterator[str]:
        """Yield a paragraph, wrapped."""
        yield from hanging(text, self.width, first, " " * len(first) if rest is None else rest)

    def title(self) -> Iterator[str]:
        """Yield who was audited, when, how far."""
        report = self.report
        known = [f"release {report.release}" if report.release else "release not known"]
        known += [f"asked via {report.via}{_whose(report)}"] if report.via else []
        identity = f" ({report.cluster_id})" if report.cluster_id else ""
        yield from self.said(f"Cluster {report.cluster}{identity}, {', '.join(known)}", "")
        yield from self.said(f"taken {report.taken_at}, judged {report.judged_at}, cucm-audit {report.version}", "")
        if report.nodes:
            yield from self.said("nodes: " + ", ".join(node_in_words(node) for node in report.nodes), "")
        for name, value in scope(report):
            yield from self.said(f"{name}: {value}", "")
        for line in standing.head(report):
            yield from self.said(line, "")
        if report.interrupted:
            yield self.paint("INTERRUPTED: what was not asked any more is not known", "unknown")

    def not_seen(self) -> Iterator[str]:
        """Yield the gaps, those with the same cause together, each with what a person can do about it."""
        gaps = [gap for gap in self.report.gaps if gap.state in (State.FAILED, State.PARTIAL)]
        if gaps:
            yield from self.heading("COULD NOT BE SEEN", "unknown")
            rows = [(who(group), [group[0].source], [group[0].reason or ""], missing(group)) for group in alike(gaps)]
            yield from self.table(("Node", "Source", "Reason", "What is missing"), rows)
        left_out = sorted({gap.fact for gap in self.report.gaps if gap.state is State.NOT_ASKED})
        if left_out:
            yield ""
            yield from self.said(f"Left out as asked: {', '.join(left_out)}", "")

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[Sequence[object]]]) -> Iterator[str]:
        """Yield a table as wide as the page."""
        yield from _grid(headers, rows, self.width).splitlines()

    def not_told(self) -> Iterator[str]:
        """Yield the checks that could not be judged, and what was seen wrong on the way."""
        unknown = [outcome for outcome in self.report.outcomes if outcome.verdict is Verdict.UNKNOWN]
        if not unknown:
            return
        explained = {(gap.node, str(gap.reason)) for gap in self.report.gaps} if not self.style.verbose else set()
        yield from self.heading("COULD NOT TELL", "unknown")
        groups = by_check(unknown)
        bundles = alike_doubts(groups, explained)
        for group in groups:
            if any(group in bundle for bundle in bundles.values()):
                continue
            yield from self.said(f"{group[0].title} {place(group[0])}", "unknown   ")
            for reason, outcomes in by_reason(group, explained):
                nodes = ", ".join(outcome.node for outcome in outcomes if outcome.node)
                yield from self.said(f"{nodes}: {reason}" if nodes else reason, " " * 10 + "- ")
            yield from self.subjects([f for o in group for f in o.findings], 0, "seen wrong so far: ")
            yield from self.subjects([f for o in group for f in o.could_not_tell], 0, "could not tell whether: ")
        for why, bundle in bundles.items():
            yield from self.said(f"{len(bundle)} checks, {why}, see above (-v tells each):", "unknown   ")
            yield from self.said(", ".join(group[0].check or " ".join(group[0].rows) for group in bundle), " " * 10)

    def listed(self, heading: str, lines: Sequence[str], kind: str = "heading") -> Iterator[str]:
        """Yield a section of plain lines, nothing when there are none."""
        if lines:
            yield from self.heading(heading, kind)
        for line in lines[: self.most()]:
            yield from self.said(line, "  - ")
        if len(lines) > self.most():
            yield f"  - and {len(lines) - self.most()} more (-v lists them)"

    def findings(self) -> Iterator[str]:
        """Yield what is wrong and not waived, worst first, one block a check."""
        failed = [o for o in self.report.outcomes if still_wrong(o) or (o.verdict is Verdict.FAIL and o.could_not_tell)]
        if not failed:
            return
        yield from self.heading("FINDINGS")
        groups = by_check(failed)
        for severity in SEVERITIES:
            for group in groups:
                if group[0].severity is severity:
                    yield from self.finding(severity, group)

    def finding(self, severity: str, group: Sequence[Outcome]) -> Iterator[str]:
        """Yield one check's findings over all its nodes: what, why, what to do, and where it was seen."""
        lines = list(self.said(f"{group[0].title} {place(group[0])}", f"{severity:<10}"))
        yield self.paint(lines[0][:10], severity) + lines[0][10:]
        yield from lines[1:]
        found = standing.first_new([finding for outcome in group for finding in counting(outcome)])
        told = standing.told(found, self.report, all_of_them=self.style.verbose)
        yield from self.subjects(told, sum(outcome.findings_cut for outcome in group))
        if len(told) < len(found):
            yield f"          - {len(found) - len(told)} as in the baseline (-v lists them)"
        for word, texts in (("why", [f.why for f in found]), ("fix", [f.fix for f in found])):
            different = list(dict.fromkeys(text for text in texts if text))
            most = len(different) if self.style.verbose else MOST_TEXTS
            for text in different[:most]:
                yield from self.said(text, f"          {word}: ")
            if len(different) > most:
                yield f"          {word}: and {len(different) - most} more like it"
        yield from self.seen([finding.evidence for finding in found])
        yield from self.subjects([f for o in group for f in o.could_not_tell], 0, "could not tell whether: ")

    def most(self) -> int:
        """Return how many subjects are listed."""
        return 1_000_000 if self.style.verbose else MOST_SUBJECTS

    def subjects(self, found: Sequence[Finding], cut: int, before: str = "") -> Iterator[str]:
        """Yield at most ten findings of a check and how many more there are."""
        for finding in found[: self.most()]:
            node = f"{finding.node}: " if finding.node and finding.node not in finding.says else ""
            says = finding.says or finding.subject
            subject = "" if finding.subject in says or finding.subject == finding.node else f"{finding.subject}: "
            mark, since = standing.mark(finding)
            yield from self.said(f"{mark}{before}{node}{subject}{says}{since}", " " * 10 + "- ")
            if self.style.verbose and finding.evidence.columns:
                columns = ", ".join(f"{name} = {value}" for name, value in sorted(finding.evidence.columns.items()))
                yield from self.said(columns, " " * 12)
        if more := max(len(found) - self.most(), 0) + cut:
            yield f"          - {before}and {more} more"

    def seen(self, evidence: Sequence[Evidence]) -> Iterator[str]:
        """Yield the sources of the findings: fact, node, source, when, and what a person can ask again."""
        nodes: dict[tuple[str, str, str], dict[str, None]] = {}
        when: dict[tuple[str, str, str], str] = {}
        for fact in (fact for one in evidence for fact in one.facts):
            key = (fact.fact, str(fact.source), fact.request)
            nodes.setdefault(key, {})[fact.node] = None
            when[key] = max(when.get(key, ""), fact.taken_at)
        for key, names in nodes.items():
            table, source, request = key
            of = f" of {', '.join(name for name in names if name)}" if any(names) else ""
            lines = list(self.said(f"{table}{of}, {source}, {when[key]}: {request}", "          seen: "))
            if len(lines) > MOST_LINES and not self.style.verbose:
                lines[MOST_LINES - 1 :] = [f"{lines[MOST_LINES - 1][: self.width - 4]} ..."]
            yield from lines

    def values(self) -> Iterator[str]:
        """Yield the values that checks show without judging them."""
        showing = [outcome for outcome in self.report.outcomes if outcome.show]
        if not showing:
            return
        yield from self.heading("INFORMATION")
        for outcome in showing:
            values = shown(outcome.show)
            told = f"{outcome.node}: {outcome.title}" if outcome.node else outcome.title
            yield from self.said(f"{told}: {values[0]}" if len(values) == 1 else told)
            for value in values if len(values) > 1 else ():
                yield from self.said(value, "    - ")

    def summary(self) -> Iterator[str]:
        """Yield the counts by document, in one line, and what the audit cost the cluster."""
        yield from self.heading("COUNTS")
        documents = sorted({document for outcome in self.report.outcomes for document in outcome.documents})
        rows: list[list[list[str]]] = [
            [[document], *[[str(by_verdict[verdict])] for verdict in _VERDICTS]]
            for document in documents
            for by_verdict in [counts(o for o in self.report.outcomes if document in o.documents)]
        ]
        if rows:
            yield from self.table(("Document", "Wrong", "Unknown", "Fine", "N/A", "By hand"), rows)
            yield ""
        total, found = counts(self.report.outcomes), finding_counts(self.report.outcomes)
        told = ", ".join(f"{total[verdict]} {_WORDS[verdict]}" for verdict in _VERDICTS)
        yield from self.said(f"Checks: {told}.", "")
        accepted = waived_count(self.report.outcomes)
        waived = f"; {accepted} waived" if accepted else ""
        yield from self.said("Findings: " + ", ".join(f"{found[s]} {s}" for s in SEVERITIES) + waived + ".", "")
        if not self.report.complete:
            yield from self.said("This report is not complete: unknown is not fine.", "")
        yield from together(cost.parts(self.report.cost), self.width)


def shown(show: Mapping[str, object]) -> list[str]:
    """Return the values that a check shows: those of one row beside each other, however many rows there are."""
    show = dict(sorted(show.items()))
    columns = [value if isinstance(value, list | tuple) else [value] for value in show.values()]
    if len({len(column) for column in columns}) > 1:
        return [f"{name} {listed(value)}" for name, value in show.items()]
    names = [_heading(name) for name in show]
    if len(names) == 1:
        return [f"{names[0]}{listed(list(columns[0]))}"]
    return [
        ", ".join(f"{name}{listed(value)}" for name, value in zip(names, row, strict=True))
        for row in zip(*columns, strict=True)
    ]


def _heading(column: str) -> str:
    """Return the words before a shown value: the name of its column; an expression speaks for itself."""
    name = column.rpartition(".")[2]
    return f"{name} " if name.isidentifier() and _COLUMN.fullmatch(column) else ""
