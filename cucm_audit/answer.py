"""What ``explain`` answers: an explanation, its topics (causes, rows, steps), and what each check said. Frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cucm_audit.model import Finding, Gathered, Severity, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one check says. ``here`` is False when it fails, but not surely for the phone and user that were named."""

    id: str
    title: str
    verdict: Verdict
    here: bool = True
    severity: Severity | None = None
    detail: str = ""
    findings: tuple[Finding, ...] = ()
    could_not_tell: tuple[Finding, ...] = ()
    shown: Mapping[str, Any] = field(default_factory=dict)
    seen: tuple[Gathered, ...] = ()
    elsewhere: int = 0  # findings of the same check about other phones, users and services
    others: tuple[Finding, ...] = ()  # the first of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One cause, or one step. ``verdict`` is None when no cluster was asked."""

    says: str
    verdict: Verdict | None = None
    code: str = ""
    likely: int = 0
    rows: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    by_hand: str = ""
    do: str = ""
    detail: str = ""
    look: str = ""

    @property
    def fixes(self) -> tuple[str, ...]:
        """Return what to do about what was found wrong here."""
        found = [finding.fix for answer in self.answers if fails(answer) for finding in answer.findings]
        return tuple(dict.fromkeys(text for text in found if text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An explanation. ``about``: lines of label and text. ``ranked``: the topics stand in order of likelihood."""

    asked: str
    kind: str
    title: str
    about: tuple[tuple[str, str], ...] = ()
    topics: tuple[Topic, ...] = ()
    ranked: bool = False
    guessed: str = ""
    strangers: tuple[str, ...] = ()
    gaps: tuple[Gathered, ...] = ()
    device: str = ""
    user: str = ""
    cluster: tuple[tuple[str, str], ...] = ()

    @property
    def steps(self) -> tuple[str, ...]:
        """Return what to try, in order: remedies of what fails, then the places where nobody could look."""
        fails = [fix for topic in self.topics if topic.verdict is Verdict.FAIL for fix in (topic.fixes or (topic.do,))]
        open_ = [
            text
            for topic in self.topics
            if topic.verdict in (Verdict.UNKNOWN, Verdict.BY_HAND, None)
            for text in (topic.fixes or (topic.by_hand or topic.do,))
        ]
        hints = [gap.hint for gap in self.gaps]
        return tuple(dict.fromkeys(text for text in (*fails, *open_, *hints) if text))


def fails(answer: Answer) -> bool:
    """Say whether a check found something about the phone and user that were named."""
    return answer.verdict is Verdict.FAIL and answer.here
