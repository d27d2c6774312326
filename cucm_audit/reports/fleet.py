"""A fleet for people: what nothing is known of first, then the clusters, then check by cluster, worst first."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence

from cucm_audit.model import SEVERITIES
from cucm_audit.reports import Style
from cucm_audit.reports.csv import cell
from cucm_audit.reports.fleet_document import CheckLine, ClusterLine, FleetDocument, written
from cucm_audit.reports.lines import hanging
from cucm_audit.reports.text import columns

NARROWEST = 60
NOBODY = "No cluster is in shard {}: nothing was audited."
#: How many names stand in a line before "and N more"; -v: all of them.
MOST_NAMES = 10
#: So many clusters have a column each in the matrix of a terminal; more are told by name.
MOST_COLUMNS = 16
#: What stands in the matrix: a number is so many findings.
MARKS = {"unknown": "?", "waived": "w", "pass": ".", "by_hand": "h", "not_applicable": "-"}
_LEGEND = "a number: findings; ? not known; . fine; - not applicable; h by hand; w waived; empty: not judged there"
_COLUMNS = (
    "cluster", "state", "says", "release", "taken_at", "check", "title", "severity", "verdict", "findings", "reason",
    "scope",
)  # fmt: skip


def mark(line: CheckLine, cluster: str) -> str:
    """Return what stands in the matrix for a check at a cluster."""
    verdict = line.verdicts.get(cluster)
    if verdict is None:
        return ""
    return str(line.findings.get(cluster, 0)) if verdict == "fail" else MARKS[verdict]


def told(line: CheckLine) -> bool:
    """Say whether a check is worth a line: it is wrong or not known somewhere, or what is wrong is waived."""
    return bool({"fail", "unknown", "waived"} & set(line.verdicts.values()))


def fine(line: CheckLine) -> bool:
    """Say whether a check is wrong nowhere, and was judged at all: not only by hand, or not applicable."""
    return not told(line) and "pass" in line.verdicts.values()


def found(line: CheckLine, cell_is: str) -> list[str]:
    """Return the clusters at which a check has a verdict, with the number of findings or the reason."""
    more = line.findings if cell_is == "fail" else line.reasons
    names = sorted(name for name, verdict in line.verdicts.items() if verdict == cell_is)
    return [f"{name} ({more[name]})" if name in more else name for name in names]


def summary(document: FleetDocument) -> str:
    """Return the whole in one line."""
    states = [line.state for line in document.clusters]
    part = "" if document.shard == "1/1" else f"; shard {document.shard} of a fleet of {len(document.fleet)}"
    missing = f", {states.count('missing')} missing" if "missing" in states else ""
    number = f"{len(states)} cluster{'' if len(states) == 1 else 's'}"
    return (
        f"{number}: {states.count('audited')} audited, {states.count('not_audited')} not{missing}{part};"
        f" taken {document.taken_at} UTC, cucm-audit {document.version}"
    )


def asked_with(document: FleetDocument) -> list[str]:
    """Return what the user left out or allowed, once for all clusters of which it is the same."""
    audited = [line for line in document.clusters if line.state == "audited"]
    alike: dict[str, list[str]] = {}
    for line in audited:
        words = "; ".join(f"{name}: {value}" for name, value in sorted(line.scope.items()))
        alike.setdefault(words, []).append(line.name)
    return [
        f"asked with {words}" + ("" if len(names) == len(audited) else f" (at {', '.join(sorted(names))})")
        for words, names in alike.items()
        if words
    ]


def text(document: FleetDocument, style: Style) -> str:
    """Return it for a terminal."""
    return "\n".join(line.rstrip() for line in _Page(document, style).lines()) + "\n"


class _Page:
    def __init__(self, document: FleetDocument, style: Style) -> None:
        self.document, self.style = document, style
        self.width = max(style.width, NARROWEST)
        self.audited = [line for line in document.clusters if line.state == "audited"]

    def said(self, words: str, first: str = "  ") -> Iterator[str]:
        yield from hanging(words, self.width, first, " " * len(first))

    def lines(self) -> Iterator[str]:
        yield from self.said(summary(self.document), "")
        if self.document.interrupted:
            yield "INTERRUPTED: clusters that had not had their turn are not known"
        for words in asked_with(self.document):
            yield from self.said(words, "")
        for note in self.document.notes:
            yield from self.said(f"note: {note}", "")
        if lost := [line for line in self.document.clusters if line.state != "audited"]:
            yield from ("", "NOT AUDITED: nothing is known of these")
            for line in lost:
                yield from self.said(f"{line.name}: {line.says}", "  - ")
        if self.audited:
            yield from ("", "CLUSTERS, worst first", self.clusters())
        if shown := [line for line in self.document.checks if told(line)]:
            yield from ("", "CHECKS, worst first")
            yield from self.matrix(shown) if len(self.audited) <= MOST_COLUMNS else self.listed(shown)
        yield ""
        if not self.document.clusters:
            yield NOBODY.format(self.document.shard)
        if self.document.checks:
            well, number = sum(map(fine, self.document.checks)), len(self.document.checks)
            yield f"{well} of {number} checks are wrong nowhere and known wherever they were judged."
        if rest := len(self.document.checks) - len(shown) - sum(map(fine, self.document.checks)):
            yield f"{rest} were judged nowhere: they are for people (h), or apply to no cluster (-)."

    def clusters(self) -> str:
        rows = [
            [
                str(number),
                line.name,
                line.release or "not known",
                *(str(line.findings.get(str(severity), 0)) for severity in SEVERITIES),
                str(line.outcomes.get("unknown", 0)),
                "interrupted" if line.interrupted else "all" if line.complete else "not all",
            ]
            for number, line in enumerate(self.audited, 1)
        ]
        headers = ("#", "Cluster", "Release", "Critical", "Warning", "Note", "Unknown", "Seen")
        return columns(headers, rows, self.width)

    def matrix(self, shown: Sequence[CheckLine]) -> Iterator[str]:
        numbers = [str(number) for number in range(1, len(self.audited) + 1)]
        rows = [
            [
                line.severity or "",
                *(mark(line, cluster.name) for cluster in self.audited),
                f"{line.title} [{line.check}]",
            ]
            for line in shown
        ]
        yield columns(("Severity", *numbers, "Check"), rows, self.width)
        yield from self.said(_LEGEND, "")

    def listed(self, shown: Sequence[CheckLine]) -> Iterator[str]:
        for line in shown:
            yield from self.said(f"{line.severity or 'check'}: {line.title} [{line.check}]", "")
            for words, verdict in (("wrong at", "fail"), ("not known at", "unknown"), ("waived at", "waived")):
                if names := found(line, verdict):
                    yield from self.said(f"{words} {len(names)} of {len(self.audited)}: {self.some(names)}")

    def some(self, names: Sequence[str]) -> str:
        most = len(names) if self.style.verbose else MOST_NAMES
        more = f" and {len(names) - most} more (-v lists them)" if len(names) > most else ""
        return ", ".join(names[:most]) + more


def table(document: FleetDocument, style: Style) -> str:  # noqa: ARG001 - every format has it
    """Return it as CSV: a line for each check at each cluster, and one for each cluster without any."""
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    for cluster in document.clusters:
        for row in _rows(cluster, document.checks):
            writer.writerow({name: cell(value) for name, value in row.items()})
    return out.getvalue()


def _rows(cluster: ClusterLine, checks: Sequence[CheckLine]) -> Iterator[dict[str, object]]:
    about: dict[str, object] = {
        "cluster": cluster.name,
        "state": cluster.state,
        "says": cluster.says,
        "release": cluster.release,
        "taken_at": cluster.taken_at,
        "scope": "; ".join(f"{name}: {value}" for name, value in sorted(cluster.scope.items())),
    }
    judged = [line for line in checks if cluster.name in line.verdicts]
    for line in judged:
        yield {
            **about,
            "check": line.check,
            "title": line.title,
            "severity": line.severity or "",
            "verdict": line.verdicts[cluster.name],
            "findings": line.findings.get(cluster.name, ""),
            "reason": line.reasons.get(cluster.name, ""),
        }
    if not judged:
        yield about


def page(document: FleetDocument, style: Style) -> str:  # noqa: ARG001 - every format has it
    """Return it as one HTML file: no script, nothing from elsewhere."""
    from cucm_audit.reports.html import rendered

    return rendered(
        "fleet.html.j2",
        document=document,
        summary=summary(document),
        asked_with=asked_with(document),
        audited=[line for line in document.clusters if line.state == "audited"],
        lost=[line for line in document.clusters if line.state != "audited"],
        severities=[str(severity) for severity in SEVERITIES],
        shown=[line for line in document.checks if told(line)],
        nobody="" if document.clusters else NOBODY.format(document.shard),
        fine=[line for line in document.checks if fine(line)],
        rest=[line for line in document.checks if not fine(line) and not told(line)],
        mark=mark,
        legend=_LEGEND,
    )


#: ``--format`` of a fleet.
FLEET: dict[str, Callable[[FleetDocument, Style], str]] = {
    "table": text,
    "json": lambda document, _style: written(document),
    "html": page,
    "csv": table,
}
