"""Charts of the HTML report: what is drawn where, as numbers; the template draws it as SVG, with a table beside it.

They are drawn from outcomes, as everything in a report: a check that shows values is a chart's source, and where that
check knew nothing there is no chart but a sentence.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cucm_audit.model import Outcome, Report, Verdict
from cucm_audit.reports.json import counts

#: Width of a bar chart's bars, in the SVG's units (pixels at 1280).
ROOM = 560.0
#: Verdicts in the order of a bar, and the class of the colour.
ORDER = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS, Verdict.BY_HAND, Verdict.NOT_APPLICABLE)
_MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a bar: from ``x``, so wide, drawn in the colour of ``kind``; ``says`` is its text."""

    x: float
    width: float
    kind: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One line of a chart: its label, its pieces, and the same in words."""

    label: str
    parts: tuple[Part, ...]
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart, or (``lacking``) why there is none. ``legend`` pairs a kind with its words."""

    title: str
    bars: tuple[Bar, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()
    lacking: str = ""


def charts(report: Report) -> list[Chart]:
    """Return the charts of a report. A check that was left out of the run has none."""
    drawn = [
        _verdicts(report),
        _shares(report, "registered-by-node", "Registered phones by node", ("r.node",), "r.phones"),
        _shares(report, "loads-by-model", "Loads by model", ("r.model", "r.active_load"), "r.phones"),
        _packs(report),
        _certificates(report),
    ]
    return [chart for chart in drawn if chart is not None]


def _verdicts(report: Report) -> Chart | None:
    documents = sorted({document for outcome in report.outcomes for document in outcome.documents})
    seen = {d: counts(o for o in report.outcomes if d in o.documents) for d in documents}
    most = max((sum(one.values()) for one in seen.values()), default=0)
    if not most:
        return None
    words = {Verdict.FAIL: "wrong", Verdict.UNKNOWN: "unknown", Verdict.PASS: "fine", Verdict.BY_HAND: "by hand",
             Verdict.NOT_APPLICABLE: "not applicable"}  # fmt: skip
    bars = tuple(
        Bar(
            label=name,
            parts=tuple(_row([(str(v), float(one[v]), f"{one[v]} {words[v]}") for v in ORDER], float(most))),
            says=", ".join(f"{one[v]} {words[v]}" for v in ORDER if one[v]),
        )
        for name, one in seen.items()
    )
    return Chart(title="Verdicts by document", bars=bars, legend=tuple((str(v), words[v]) for v in ORDER))


def _row(values: Sequence[tuple[str, float, str]], most: float) -> Iterator[Part]:
    at = 0.0
    for kind, value, says in values:
        width = ROOM * value / most
        if value:
            yield Part(x=round(at, 1), width=round(width, 1), kind=kind, says=says)
        at += width


def _rows(outcome: Outcome) -> list[Mapping[str, object]]:
    """Return what an outcome shows, a mapping a row."""
    columns = {name: value if isinstance(value, list | tuple) else [value] for name, value in outcome.show.items()}
    if len({len(values) for values in columns.values()}) != 1:
        return []
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _of(report: Report, check: str) -> list[Outcome]:
    return [outcome for outcome in report.outcomes if outcome.check == check]


def _lacking(title: str, outcomes: Sequence[Outcome]) -> Chart | None:
    """Return a chart that says why there is nothing to draw, None where nothing was meant to be."""
    unknown = [o for o in outcomes if o.verdict is Verdict.UNKNOWN]
    if not unknown:
        return None
    return Chart(title=title, lacking=f"not known ({unknown[0].reason}): {unknown[0].detail}")


def _shares(report: Report, check: str, title: str, names: tuple[str, ...], number: str) -> Chart | None:
    outcomes = _of(report, check)
    rows = [row for outcome in outcomes if outcome.verdict is not Verdict.UNKNOWN for row in _rows(outcome)]
    counted = [
        (" ".join(str(row.get(name) or "(none)") for name in names), value)
        for row in rows
        if isinstance(value := row.get(number), int)
    ]
    if not counted:
        return _lacking(title, outcomes)
    most = float(max(value for _, value in counted)) or 1.0
    bars = tuple(
        Bar(label=label, parts=tuple(_row([("count", float(value), str(value))], most)), says=str(value))
        for label, value in counted[:_MOST]
    )
    return Chart(title=title, bars=bars)


def _time(value: object) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(str(value))
    except ValueError:
        return None


def _packs(report: Report) -> Chart | None:
    """Return when packs came and when nodes were booted, a line a node and pack, on one axis of time."""
    title = "Device packs and the last boot of each node (each in its own time)"
    outcomes = _of(report, "packs-and-boots")
    told = [(o.node, row) for o in outcomes if o.verdict is not Verdict.UNKNOWN for row in _rows(o)]
    times = [t for _, row in told for name in ("e.local_at", "b.local_at") if (t := _time(row.get(name)))]
    if not told:
        return _lacking(title, outcomes)
    first, span = min(times, default=None), (max(times) - min(times)).total_seconds() if times else 0.0
    bars = []
    for node, row in told:
        came, booted = row.get("e.local_at"), row.get("b.local_at")
        parts = [
            Part(x=_place(time, first, span), width=8.0, kind=kind, says=f"{word} {value}")
            for kind, word, value in (("pack", "pack", came), ("boot", "last boot", booted))
            if (time := _time(value)) and first
        ]
        says = f"pack came {came or '(not in the log)'}, last boot {booted or '(not known)'}"
        bars.append(Bar(label=f"{node}: {row.get('d.name')}", parts=tuple(parts), says=says))
    return Chart(
        title=title, bars=(*bars, *_unknown(outcomes)), legend=(("pack", "pack installed"), ("boot", "last boot"))
    )


def _place(time: dt.datetime, first: dt.datetime, span: float) -> float:
    return round((ROOM - 8.0) * ((time - first).total_seconds() / span if span else 0.0), 1)


def _certificates(report: Report) -> Chart | None:
    """Return how long the Tomcat certificate of each node lasts, from the day of the run on."""
    title = "Tomcat certificates: days that are left"
    outcomes = _of(report, "web-certificate-ends")
    now = _time(report.taken_at)
    left = [
        (o.node, (ends - now).days, str(row.get("not_after")))
        for o in outcomes
        if o.verdict is not Verdict.UNKNOWN
        for row in _rows(o)
        if now and (ends := _time(row.get("not_after")))
    ]
    if not left:
        return _lacking(title, outcomes)
    most = float(max(1, *(days for _, days, _ in left)))
    bars = [
        Bar(
            label=node,
            parts=tuple(_row([(_age(days), float(max(days, 0)), f"{days} days")], most)),
            says=f"{days} days, until {ends} UTC" if days >= 0 else f"ended {ends} UTC",
        )
        for node, days, ends in sorted(left, key=lambda one: one[1])
    ]
    bars += [
        Bar(label=o.node, parts=(), says=f"not known ({o.reason})") for o in outcomes if o.verdict is Verdict.UNKNOWN
    ]
    return Chart(title=title, bars=tuple(bars))


def _unknown(outcomes: Sequence[Outcome]) -> Iterator[Bar]:
    """Yield an empty bar for each node about which nothing is known: it is not left out of a picture."""
    for outcome in outcomes:
        if outcome.verdict is Verdict.UNKNOWN:
            yield Bar(label=outcome.node, parts=(), says=f"not known ({outcome.reason})")


def _age(days: int) -> str:
    return "fail" if days < 30 else "unknown" if days < 90 else "count"
