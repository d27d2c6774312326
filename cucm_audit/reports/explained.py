"""An explanation as text for a terminal, and as JSON: causes or steps in order, evidence, and what to try."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cucm_audit.answer import Answer, Told, Topic
from cucm_audit.model import Finding, Gathered, Verdict
from cucm_audit.reports.groups import alike, listed, missing
from cucm_audit.reports.lines import hanging
from cucm_audit.reports.sanitize import escape_hidden, plain

NARROWEST = 60
#: How many findings of one check are listed.
MOST_FINDINGS = 5
_CAUSE = {
    Verdict.FAIL: "FOUND HERE",
    Verdict.UNKNOWN: "COULD NOT TELL",
    Verdict.BY_HAND: "LOOK YOURSELF",
    Verdict.PASS: "not here",
    Verdict.NOT_APPLICABLE: "does not apply",
}
_ANSWER = {
    Verdict.FAIL: "FOUND",
    Verdict.UNKNOWN: "could not tell",
    Verdict.PASS: "not found",
    Verdict.NOT_APPLICABLE: "does not apply",
}
_STEP = {
    Verdict.FAIL: "WRONG",
    Verdict.UNKNOWN: "COULD NOT TELL",
    Verdict.BY_HAND: "LOOK YOURSELF",
    Verdict.PASS: "fine",
    Verdict.NOT_APPLICABLE: "does not apply",
}
_LIKELY = {1: "often", 2: "now and then", 3: "rarely"}


def text(told: Told, width: int, *, verbose: bool = False) -> str:
    """Return an explanation, no line wider than ``width`` columns."""
    return "\n".join(line.rstrip() for line in _Page(told, max(width, NARROWEST), verbose).lines()) + "\n"


class _Page:
    def __init__(self, told: Told, width: int, verbose: bool) -> None:
        self.told, self.width, self.verbose = told, width, verbose

    def said(self, words: object, first: str = "", rest: str | None = None) -> Iterator[str]:
        yield from hanging(words, self.width, first, " " * len(first) if rest is None else rest)

    def lines(self) -> Iterator[str]:
        told = self.told
        if told.guessed:
            yield from self.said(f"A guess: {told.guessed}.")
            yield ""
        yield from self.said(told.title)
        for label, words in told.about:
            yield from self.said(words, f"  {label + ':':<12} ", " " * 15)
        if told.cluster:
            yield ""
            for label, words in told.cluster:
                yield from self.said(words, f"  {label + ':':<12} ", " " * 15)
        for stranger in told.strangers:
            yield from self.said(f"! {stranger}", "  ", "    ")
        yield from self.gaps()
        yield from self.topics()
        yield from self.steps()

    def gaps(self) -> Iterator[str]:
        if self.told.gaps:
            yield ""
            yield "COULD NOT BE SEEN"
            for group in alike(self.told.gaps):
                facts, *more = missing(group)
                reason = f"{group[0].reason or group[0].state}"
                yield from self.said(f"{group[0].node or '(cluster)'}, {group[0].source}, {reason}: {facts}", "  - ")
                for line in more:
                    yield from self.said(line, "      ")

    def topics(self) -> Iterator[str]:
        if not self.told.topics:
            return
        asked = any(topic.verdict is not None for topic in self.told.topics)
        yield ""
        yield {"way": "THE WAY OF THE LOGIN", "document": "ROWS"}.get(
            self.told.kind, "CAUSES, THE LIKELIEST HERE FIRST" if asked and self.told.ranked else "CAUSES"
        )
        for number, topic in enumerate(self.told.topics, 1):
            yield from self.topic(number, topic)

    def topic(self, number: int, topic: Topic) -> Iterator[str]:
        words = _STEP if self.told.kind == "way" else _CAUSE
        verdict = f"{words[topic.verdict]}: " if topic.verdict is not None else ""
        name = ", ".join(topic.rows) if self.told.kind == "document" else ""
        yield from self.said(f"{name + ' ' if name else ''}{verdict}{topic.says}", f"{number:>3}. ")
        if topic.verdict is None and topic.likely:
            yield from self.said(f"{_LIKELY[topic.likely]} the cause; {self.place(topic)}", "     ")
        elif self.place(topic) and self.told.kind != "way":
            yield from self.said(self.place(topic), "     ")
        if topic.look:
            yield from self.said(f"where to look: {topic.look}", "     ")
        if topic.detail:
            yield from self.said(f"ruled out, because this is not so: {topic.detail}", "     ")
        for answer in topic.answers:
            yield from self.answer(answer)
        if topic.by_hand and topic.verdict is not Verdict.FAIL:
            yield from self.said(f"by hand: {topic.by_hand}", "     ")
        if topic.do and topic.verdict in (None, Verdict.FAIL):
            yield from self.said(f"do: {topic.do}", "     ")

    def place(self, topic: Topic) -> str:
        parts = [f"service code {topic.code}" if len({t.code for t in self.told.topics}) > 1 and topic.code else ""]
        parts += [f"rows {', '.join(topic.rows)}" if topic.rows and self.told.kind != "document" else ""]
        if not topic.answers:
            parts.append(f"checks {', '.join(topic.checks)}" if topic.checks else "no check can see it")
        return "; ".join(part for part in parts if part)

    def answer(self, answer: Answer) -> Iterator[str]:
        fine = answer.verdict in (Verdict.PASS, Verdict.NOT_APPLICABLE)
        word = _ANSWER[answer.verdict] if answer.here or answer.verdict is not Verdict.FAIL else "found somewhere"
        shown = "; ".join(f"{_name(key)} {listed(value)}" for key, value in sorted(answer.shown.items()))
        yield from self.said(f"{word}: {answer.title} [{answer.id}]" + (f" ({shown})" if shown else ""), "     - ")
        if answer.detail and (answer.verdict is not Verdict.FAIL or not answer.here):
            yield from self.said(answer.detail, "         ")
        most = len(answer.findings) if self.verbose else MOST_FINDINGS
        for finding in answer.findings[:most] if answer.here else answer.findings[:2]:
            yield from self.said(f"{_at(finding)}{finding.says}", "         > ")
        if answer.here and len(answer.findings) > most:
            yield from self.said(f"and {len(answer.findings) - most} more", "         > ")
        for finding in answer.could_not_tell[:2]:
            yield from self.said(f"could not tell whether: {_at(finding)}{finding.says}", "         > ")
        if answer.elsewhere:
            yield from self.said(f"(the same about {answer.elsewhere} other(s) in this cluster)", "         ")
        if self.verbose or (self.told.kind == "way" and not fine):
            for seen in _sources(answer.seen):
                yield from self.said(f"seen: {seen}", "         ")
        elif self.told.kind == "way":
            yield from self.said(f"seen: {_brief(answer.seen)}", "         ") if answer.seen else ()

    def steps(self) -> Iterator[str]:
        steps = self.told.steps
        if steps and self.told.cluster and self.told.kind != "document":
            yield ""
            yield "TRY, IN THIS ORDER"
            for number, step in enumerate(steps, 1):
                yield from self.said(step, f"{number:>3}. ")


def _name(column: str) -> str:
    return column.rpartition(".")[2].replace("_", " ")


def _at(finding: Finding) -> str:
    return f"{finding.node}: " if finding.node and finding.node not in finding.says else ""


def _sources(seen: tuple[Gathered, ...]) -> list[str]:
    return [
        f"{row.fact}{' of ' + row.node if row.node else ''}, {row.source}, {row.taken_at or row.state}: {row.request}"
        for row in seen
    ]


def _brief(seen: tuple[Gathered, ...]) -> str:
    sources: dict[str, list[str]] = {}
    for row in seen:
        sources.setdefault(str(row.source), []).append(row.fact)
    when = max((row.taken_at for row in seen), default="")
    parts = [f"{', '.join(dict.fromkeys(facts))} ({source})" for source, facts in sources.items()]
    return "; ".join(parts) + (f", {when} UTC" if when else "")


def as_json(told: Told) -> str:
    """Return an explanation as one JSON document."""
    return escape_hidden(json.dumps(_plain(_document(told)), ensure_ascii=False, allow_nan=False, indent=2)) + "\n"


def _plain(value: Any) -> Any:
    """Return what other people wrote as JSON can hold it; the order of our own keys stays."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return plain(value)


def _document(told: Told) -> dict[str, Any]:
    return {
        "schema_version": "1.0",
        "asked": told.asked,
        "kind": told.kind,
        "title": told.title,
        "guessed": told.guessed,
        "device": told.device or None,
        "user": told.user or None,
        "not_in_snapshot": list(told.strangers),
        "about": [{"label": label, "text": words} for label, words in (*told.about, *told.cluster)],
        "topics": [_topic(topic) for topic in told.topics],
        "gaps": [_seen(gap) for gap in told.gaps],
        "try": list(told.steps),
    }


def _topic(topic: Topic) -> dict[str, Any]:
    return {
        "code": topic.code or None,
        "says": topic.says,
        "verdict": topic.verdict and str(topic.verdict),
        "likely": topic.likely or None,
        "rows": list(topic.rows),
        "checks": list(topic.checks),
        "look": topic.look or None,
        "detail": topic.detail or None,
        "by_hand": topic.by_hand or None,
        "do": topic.do or None,
        "answers": [_answer(answer) for answer in topic.answers],
    }


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "check": answer.id,
        "title": answer.title,
        "verdict": str(answer.verdict),
        "here": answer.here,
        "severity": answer.severity and str(answer.severity),
        "detail": answer.detail or None,
        "show": dict(answer.shown),
        "findings": [_finding(finding) for finding in answer.findings],
        "could_not_tell": [_finding(finding) for finding in answer.could_not_tell],
        "elsewhere": answer.elsewhere,
        "seen": [_seen(row) for row in answer.seen],
    }


def _finding(finding: Finding) -> Mapping[str, Any]:
    return {
        "subject": finding.subject,
        "node": finding.node or None,
        "says": finding.says,
        "why": finding.why,
        "fix": finding.fix,
    }


def _seen(row: Gathered) -> Mapping[str, Any]:
    return {
        "fact": row.fact,
        "node": row.node or None,
        "source": str(row.source),
        "state": str(row.state),
        "reason": row.reason and str(row.reason),
        "detail": row.detail or None,
        "taken_at": row.taken_at or None,
        "request": row.request or None,
    }
