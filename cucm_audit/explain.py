"""Why a phone shows what it shows: the causes of a code, or the steps of a login, with the verdicts of a snapshot.

Verdicts are made in ``judge.py`` alone, from checks that were narrowed to a phone and a user (``narrow.py``). Here they
are put in order: what fails for this phone and user first, then what could not be told, then what is fine.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from cucm_audit.answer import Answer, Topic
from cucm_audit.checks import Checks, Row
from cucm_audit.error_codes import Cause, Code, Step
from cucm_audit.judge import judge
from cucm_audit.model import Gathered, Outcome, Reason, Severity, State, Verdict
from cucm_audit.narrow import Narrowed, Person
from cucm_audit.snapshot import Snapshot

#: So many findings about others are kept with an answer.
MOST_OTHERS = 3
_UNSEEN = (State.FAILED, State.PARTIAL, State.NOT_ASKED)
_ORDER = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.BY_HAND, Verdict.PASS, Verdict.NOT_APPLICABLE)


def cause(code: Code, one: Cause) -> Topic:
    """Return a cause before anything was asked."""
    checks = (*one.checks, *one.asks, *one.only_if)
    return Topic(
        says=one.says, code=code.code, likely=one.likely, rows=one.rows, checks=checks, by_hand=one.by_hand, do=one.do
    )


def causes(codes: Iterable[Code]) -> list[tuple[Topic, Cause]]:
    """Return every cause that makes a phone show the same, likely ones first; the order of the file decides ties."""
    found = [(cause(code, one), one) for code in codes for one in code.cause]
    return sorted(found, key=lambda pair: pair[0].likely)


def of_row(row: Row) -> Topic:
    """Return a row of a document before anything was asked."""
    by_hand = row.by_hand or row.retired
    return Topic(says=row.symptom, rows=(row.id,), checks=row.checks, by_hand=by_hand, look=row.look)


def of_step(step: Step) -> Topic:
    """Return a step of the login before anything was asked."""
    return Topic(says=step.title, code=step.id, checks=(*step.checks, *step.asks), by_hand=step.by_hand)


class Desk:
    """A snapshot, the checks, a phone and a user: answers for any check or ask, each judged once."""

    def __init__(
        self, snapshot: Snapshot, checks: Checks, *, judged_at: str, version: str, device: str = "", user: str = ""
    ) -> None:
        self._snapshot = snapshot
        self._checks = checks
        self._judged_at, self._version = judged_at, version
        self.person = Person(snapshot, checks, device, user)
        self._ledger = snapshot.gathered()
        self._answers: dict[str, Answer] = {}

    def prepare(self, names: Iterable[str]) -> None:
        """Judge checks and asks, all at once."""
        wanted = [name for name in dict.fromkeys(names) if name not in self._answers]
        narrowed = {name: self.person.narrowed(name) for name in wanted}
        missing = {name: one for name, one in narrowed.items() if one.lacks and name in self._checks.guide.asks}
        here = self._judged({name: one.check for name, one in narrowed.items() if name not in missing})
        wide = {}
        if self.person.named:
            wide = self._judged({n: self._checks.checks[n] for n in wanted if n in self._checks.checks})
        for name, one in narrowed.items():
            if name in missing:
                self._answers[name] = self._unasked(name, one)
            else:
                self._answers[name] = self._answer(name, one, here.get(name, []), wide.get(name, []))

    def outcomes(self, names: Iterable[str]) -> dict[str, list[Outcome]]:
        """Return the outcomes of whole checks, not narrowed to anybody. Checks that are not there are left out."""
        return self._judged({name: self._checks.checks[name] for name in names if name in self._checks.checks})

    def _judged(self, checks: Mapping[str, Any]) -> dict[str, list[Outcome]]:
        rows = tuple(
            Row(id=name, document="", symptom="", look="", checks=(name,), by_hand="", retired="") for name in checks
        )
        small = replace(self._checks, documents=(), rows=rows, checks=checks)
        found: dict[str, list[Outcome]] = {}
        for outcome in judge(self._snapshot, small, judged_at=self._judged_at, version=self._version).outcomes:
            found.setdefault(outcome.check or "", []).append(outcome)
        return found

    def _unasked(self, name: str, one: Narrowed) -> Answer:
        told = f"whose? name the {'phone' if one.lacks == 'device' else 'user'} with --{one.lacks}"
        return Answer(id=name, title=one.check.title, verdict=Verdict.UNKNOWN, detail=told, severity=one.check.severity)

    def _answer(self, name: str, one: Narrowed, outcomes: list[Outcome], wide: list[Outcome]) -> Answer:
        mine = [_missed(o) for o in outcomes if not o.node or one.nodes is None or o.node in one.nodes]
        verdict = _worst(outcome.verdict for outcome in mine)
        findings = tuple(finding for outcome in mine for finding in outcome.findings)
        total = sum(len(o.findings) + o.findings_cut for o in wide if o.verdict is Verdict.FAIL)
        known = {(finding.node, finding.subject) for finding in findings}
        others = (f for o in wide if o.verdict is Verdict.FAIL for f in o.findings if (f.node, f.subject) not in known)
        detail = next((o.detail for o in mine if o.verdict is verdict and o.detail), "")
        if one.lacks and verdict is Verdict.FAIL and not one.here:
            what = "phone" if one.lacks == "device" else "user"
            detail = f"wrong in this cluster; whether it concerns this login only --{one.lacks} tells (the {what})"
        elif not one.here and verdict is Verdict.FAIL:
            detail = "wrong in this cluster; whether it concerns this phone and user could not be told"
        shown = {key: value for outcome in mine for key, value in outcome.show.items() if value not in (None, "")}
        return Answer(
            id=name,
            title=one.check.title,
            verdict=verdict,
            here=one.here,
            severity=one.check.severity,
            detail=detail,
            findings=findings,
            could_not_tell=tuple(finding for outcome in mine for finding in outcome.could_not_tell),
            shown=shown,
            seen=self._seen(one),
            elsewhere=max(total - len(findings), 0) if one.here else 0,
            others=tuple(islice(others, MOST_OTHERS)) if one.here else (),
        )

    def _seen(self, one: Narrowed) -> tuple[Gathered, ...]:
        """Return the ledger's rows of what a check reads: source, time and state of the evidence."""
        reads = self._snapshot.reads(one.check.sql)
        names = reads.every
        nodes = {"", *(one.nodes or ())}
        return tuple(row for row in self._ledger if row.fact in names and (one.nodes is None or row.node in nodes))

    def topic(self, topic: Topic, only_if: Iterable[str] = (), *, doubt: bool = False) -> Topic:
        """Return a topic with its verdict.

        ``doubt``: the phone shows a code, so a fault of a service that it seems not to have may be the cause all the
        same.
        """
        self.prepare(topic.checks)
        conditions = tuple(only_if)
        answers = tuple(self._answers[name] for name in topic.checks)
        if doubt:
            answers = tuple(self._doubted(answer) for answer in answers)
        ruled_out = next((a for a in answers if a.id in conditions and a.verdict is Verdict.PASS), None)
        if ruled_out is not None:
            return replace(topic, answers=answers, verdict=ruled_out.verdict, by_hand="", detail=ruled_out.title)
        counted = [a for a in answers if a.id not in conditions]
        verdict = _worst(_counts(answer) for answer in counted)
        if verdict is not Verdict.FAIL and topic.by_hand:
            verdict = Verdict.UNKNOWN if verdict is Verdict.UNKNOWN else Verdict.BY_HAND
        return replace(topic, answers=answers, verdict=verdict)

    def _doubted(self, answer: Answer) -> Answer:
        """Return what is wrong with another service as possible: a phone may keep what it was subscribed to before."""
        service = self._checks.guide.about.get(answer.id) == "service"
        if not service or not answer.elsewhere or answer.verdict not in (Verdict.PASS, Verdict.NOT_APPLICABLE):
            return answer
        detail = "found at a service that this phone is not subscribed to, as far as the database knows"
        return replace(answer, verdict=Verdict.FAIL, here=False, detail=detail, findings=answer.others, elsewhere=0)

    def ranked(self, pairs: Iterable[tuple[Topic, Cause]]) -> tuple[Topic, ...]:
        """Return causes in the order of likelihood on this cluster."""
        pairs = list(pairs)
        self.prepare(name for topic, _ in pairs for name in topic.checks)
        return tuple(sorted((self.topic(topic, one.only_if, doubt=True) for topic, one in pairs), key=_rank))

    def gaps(self, topics: Iterable[Topic]) -> tuple[Gathered, ...]:
        """Return what could not be seen of all that the topics needed."""
        seen = [row for topic in topics for answer in topic.answers for row in answer.seen]
        return tuple(row for row in dict.fromkeys(seen) if row.state in _UNSEEN)


def _missed(outcome: Outcome) -> Outcome:
    """Return what was left out of the run as not known: nobody looked, and a person wants to know."""
    if outcome.verdict is Verdict.NOT_APPLICABLE and outcome.reason is Reason.NOT_ASKED:
        return replace(outcome, verdict=Verdict.UNKNOWN)
    return outcome


def _counts(answer: Answer) -> Verdict:
    """Return the verdict that an answer brings to its topic.

    What fails, but perhaps for others, is not known; a note is no fault: a person looks at it.
    """
    if answer.verdict is not Verdict.FAIL:
        return answer.verdict
    if not answer.here:
        return Verdict.UNKNOWN
    return Verdict.BY_HAND if answer.severity is Severity.NOTE else Verdict.FAIL


def _worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst verdict; not applicable when there is none."""
    found = set(verdicts)
    return next((verdict for verdict in _ORDER if verdict in found), Verdict.NOT_APPLICABLE)


def _rank(topic: Topic) -> tuple[int, bool, int]:
    """Order: fails here; fails, perhaps for others; nobody can tell; fine. Within that as likely as it is anyway."""
    place = {Verdict.FAIL: 0, Verdict.UNKNOWN: 2, Verdict.BY_HAND: 2, Verdict.PASS: 3, Verdict.NOT_APPLICABLE: 4}
    assert topic.verdict is not None
    somewhere = any(answer.verdict is Verdict.FAIL and not answer.here for answer in topic.answers)
    others = any(answer.elsewhere for answer in topic.answers)
    rank = 1 if somewhere and topic.verdict is Verdict.UNKNOWN else place[topic.verdict]
    return rank, rank > 2 and not others, topic.likely
