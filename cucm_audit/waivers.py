"""Findings that somebody has accepted: read from a file, with a reason and a last day, and laid over a report.

A waived finding stays where it is and is marked; it does not count any more. What is not known cannot be waived
wholesale: only a single subject that could not be told, named in full. A waiver that has expired, or that matched
nothing, is itself a finding.
"""

import datetime as dt
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from cucm_audit.mistakes import in_table, meant
from cucm_audit.model import (
    WAIVER_EXPIRED,
    WAIVER_UNUSED,
    Evidence,
    Finding,
    Outcome,
    Reason,
    Report,
    Severity,
    Verdict,
    Waived,
    WaiverUse,
)
from cucm_audit.since import counted
from cucm_audit.toml_lines import keys, parse

#: So many days ahead a waiver may reach: what is accepted is looked at again once a year.
MOST_DAYS = 400
_TITLES = {WAIVER_EXPIRED: "Waiver that has expired", WAIVER_UNUSED: "Waiver that matches nothing"}


class WaiverError(Exception):
    """A file of waivers cannot be used. The message holds the file, the line and the next step."""


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    """One [[waiver]] as it is written."""

    check: str
    subject: str
    because: str
    until: dt.date
    node: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One accepted finding, or a pattern of them. ``until`` is the last day on which it holds (UTC).

    ``check`` is an id or a pattern, ``node`` a name or '' for all; in patterns * and ? stand for anything, unless a
    backslash is before them. ``place`` is file:line.
    """

    check: str
    subject: str
    node: str
    because: str
    until: dt.date
    by: str
    place: str

    def is_of(self, outcome: Outcome) -> bool:
        """Say whether an outcome is one of the checks and nodes that are meant."""
        if outcome.check is None or (self.node and self.node.casefold() != outcome.node.casefold()):
            return False
        return bool(_pattern(self.check).fullmatch(outcome.check))

    def matches(self, subject: str) -> bool:
        """Say whether a subject is meant."""
        return bool(_pattern(self.subject).fullmatch(subject))

    def use(self, state: str, findings: int, could_not_tell: int) -> WaiverUse:
        """Return what became of it, as the report prints it."""
        return WaiverUse(
            check=self.check,
            subject=self.subject,
            node=self.node,
            because=self.because,
            until=self.until.isoformat(),
            by=self.by,
            place=self.place,
            state=state,
            findings=findings,
            could_not_tell=could_not_tell,
        )


def is_pattern(text: str) -> bool:
    """Say whether a text has a * or ? that stands for something else."""
    return bool(re.search(r"[*?]", re.sub(r"\\.", "", text)))


@cache
def _pattern(text: str) -> "re.Pattern[str]":
    """Return a pattern whose time grows with the subject, however many stars it has.

    What stands between two stars is taken where it comes first, and that is not tried again: the last part alone has to
    stand at the end.
    """
    runs = [""]
    for part in re.findall(r"\\[*?\\]|.", text, re.DOTALL):
        if part == "*":
            runs.append("")
        else:
            runs[-1] += "." if part == "?" else re.escape(part[-1])
    first, *between = runs
    middle = "".join(f"(?>.*?{run})" for run in between[:-1])
    return re.compile(first + (f"{middle}.*{between[-1]}" if between else ""), re.DOTALL)


# ------------------------------------------------------------------------------------------------------------- reading


def read(path: Path, known: Mapping[str, Collection[str]], today: dt.date) -> tuple[Waiver, ...]:
    """Read a file of waivers. ``known``: each check's id and its other names. Raises :class:`WaiverError`."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        data = parse(text)
    except OSError as error:
        raise WaiverError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise WaiverError(f"{path}: this is not UTF-8: save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"\(at line (\d+)", str(error))
        raise WaiverError(f"{path}:{line[1] if line else len(text.splitlines()) or 1}: no TOML: {error}") from None
    return _Reader(path, text, known, today).waivers(data)


class _Reader:
    """Turns the tables of one file into waivers, and knows which line to blame."""

    def __init__(self, path: Path, text: str, known: Mapping[str, Collection[str]], today: dt.date) -> None:
        self.path, self.known, self.today = path, known, today
        self.ids = {name: check for check, aliases in known.items() for name in (check, *aliases)}
        self.lines: list[dict[str, int]] = []
        self.top: dict[str, int] = {}
        for key, line in keys(text):
            if key == ("waiver",):
                self.lines.append({"": line})
            elif key[0] == "waiver" and self.lines:
                self.lines[-1].setdefault(key[1], line)
            self.top.setdefault(key[0], line)

    def wrong(self, number: int, key: str, says: str) -> WaiverError:
        """Return the error for a key of a waiver; without a line of its own it has that of the waiver."""
        lines = self.lines[number] if number < len(self.lines) else {}
        return WaiverError(f"{self.path}:{lines.get(key, lines.get('', 1))}: {says}")

    def waivers(self, data: dict[str, Any]) -> tuple[Waiver, ...]:
        """Return the whole file. One without a waiver is fine: the last one was taken out."""
        for key in data:
            if key != "waiver":
                says = f"unknown key {key!r}{meant(key, ['waiver']) or '; this file has [[waiver]] tables only'}"
                raise WaiverError(f"{self.path}:{self.top.get(key, 1)}: {says}")
        entries = data.get("waiver", [])
        if not isinstance(entries, list):
            raise WaiverError(f"{self.path}:{self.top.get('waiver', 1)}: write [[waiver]], with two brackets")
        made: dict[tuple[str, str, str], Waiver] = {}
        for number, entry in enumerate(entries):
            waiver = self.waiver(number, entry)
            other = made.setdefault((waiver.check, waiver.subject, waiver.node.casefold()), waiver)
            if other is not waiver:
                raise self.wrong(number, "", f"the same check, subject and node as in {other.place}")
        return tuple(made.values())

    def waiver(self, number: int, table: Any) -> Waiver:
        """Return one waiver, all of it understood."""
        try:
            entry = msgspec.convert(table, _Entry, strict=True)
        except msgspec.ValidationError as error:
            raise self.wrong(number, _key(table, error), _says(table, error)) from None
        for key in ("check", "subject", "because"):
            if not getattr(entry, key).strip():
                raise self.wrong(number, key, f"{key} is empty: write it")
        self.check_date(number, entry.until)
        return Waiver(
            check=self.check_id(number, entry),
            subject=entry.subject,
            node=entry.node,
            because=entry.because.strip(),
            until=entry.until,
            by=entry.by.strip(),
            place=f"{self.path.name}:{self.lines[number]['']}" if number < len(self.lines) else self.path.name,
        )

    def check_date(self, number: int, until: dt.date) -> None:
        """Refuse a date so far ahead that nobody would look again."""
        last = self.today + dt.timedelta(days=MOST_DAYS)
        if until > last:
            raise self.wrong(number, "until", f"until is more than {MOST_DAYS} days ahead: {last} at the latest")

    def check_id(self, number: int, entry: _Entry) -> str:
        """Return the check that is meant, by its id of today; or the pattern, if only the check is one."""
        if not is_pattern(entry.check):
            if entry.check not in self.ids:
                raise self.wrong(number, "check", f"no check is called {entry.check!r}{meant(entry.check, self.ids)}")
            return self.ids[entry.check]
        if is_pattern(entry.subject):
            says = "check and subject are both patterns, which would hide what nobody has looked at: name one in full"
            raise self.wrong(number, "check", says)
        if not any(_pattern(entry.check).fullmatch(check) for check in self.known):
            raise self.wrong(number, "check", f"no check is called like {entry.check!r}")
        return entry.check


def _key(table: Any, error: msgspec.ValidationError) -> str:
    """Return the key that a mistake is about, '' when it is one that is missing."""
    if isinstance(table, Mapping):
        for key in table:
            if key not in _Entry.__struct_fields__:
                return str(key)
    found = re.search(r"at `\$\.(\w+)`", str(error))
    return found[1] if found else ""


def _says(table: Any, error: msgspec.ValidationError) -> str:
    if _key(table, error) == "until":
        return "until is a day without quotes or a time: until = 2027-01-31"
    return in_table(table, _Entry, error)


# ------------------------------------------------------------------------------------------------------------ applying


def apply(report: Report, waivers: Sequence[Waiver], today: dt.date) -> Report:
    """Return the report with what the waivers accept marked, and with findings about waivers that do nothing.

    Marks of an earlier application go.
    """
    bare = tuple(_bare(o) for o in report.outcomes if o.check not in (WAIVER_EXPIRED, WAIVER_UNUSED))
    working = [waiver for waiver in waivers if waiver.until >= today]
    outcomes = tuple(_marked(outcome, [w for w in working if w.is_of(outcome)]) for outcome in bare)
    uses = [_use(waiver, bare, report, expired=waiver.until < today) for waiver in waivers]
    about = (_about(name, state, uses) for name, state in ((WAIVER_EXPIRED, "expired"), (WAIVER_UNUSED, "unused")))
    told = (*outcomes, *(one for one in about if one is not None))
    return counted(replace(report, outcomes=told, waivers=tuple(uses)))


def _bare(outcome: Outcome) -> Outcome:
    found, doubts = outcome.findings, outcome.could_not_tell
    if not any(finding.waived for finding in (*found, *doubts)):
        return outcome
    return replace(
        outcome,
        findings=tuple(replace(finding, waived=None) for finding in found),
        could_not_tell=tuple(replace(finding, waived=None) for finding in doubts),
    )


def _marked(outcome: Outcome, waivers: Sequence[Waiver]) -> Outcome:
    """Return an outcome with its waived findings marked. Only a subject that is named in full may be unknown."""
    if not waivers:
        return outcome
    exact = [waiver for waiver in waivers if not is_pattern(waiver.subject)] if _single_doubts(outcome) else []
    found = outcome.findings if outcome.verdict is Verdict.FAIL else ()
    return replace(
        outcome,
        findings=tuple(_mark(finding, waivers) for finding in found) or outcome.findings,
        could_not_tell=tuple(_mark(finding, exact) for finding in outcome.could_not_tell),
    )


def _single_doubts(outcome: Outcome) -> bool:
    """Say whether the check did its work, and only single subjects could not be told."""
    return outcome.verdict is Verdict.FAIL or (
        outcome.verdict is Verdict.UNKNOWN and outcome.reason is Reason.VALUE_UNKNOWN
    )


def _mark(finding: Finding, waivers: Sequence[Waiver]) -> Finding:
    for waiver in waivers:
        if waiver.matches(finding.subject):
            until = waiver.until.isoformat()
            return replace(
                finding, waived=Waived(because=waiver.because, until=until, by=waiver.by, place=waiver.place)
            )
    return finding


def _use(waiver: Waiver, outcomes: Sequence[Outcome], report: Report, *, expired: bool) -> WaiverUse:
    """Return what a waiver matches, whether it still works, and whether its check could be judged at all."""
    own = [outcome for outcome in outcomes if waiver.is_of(outcome)]
    found = sum(waiver.matches(f.subject) for o in own if o.verdict is Verdict.FAIL for f in o.findings)
    exact = not is_pattern(waiver.subject)
    doubts = [f for o in own if _single_doubts(o) for f in o.could_not_tell if exact and waiver.matches(f.subject)]
    if expired:
        state = "expired"
    elif found or doubts:
        state = "working"
    else:
        state = "unused" if _tried(waiver, own, outcomes, report) else "not_tried"
    return waiver.use(state, found, len(doubts))


def _tried(waiver: Waiver, own: Sequence[Outcome], outcomes: Sequence[Outcome], report: Report) -> bool:
    """Say whether a waiver had its chance: where its check gave no verdict, nobody can call it useless."""
    if not own:  # a node that is not in the cluster, or a check that is not of a node: if the check was judged at all
        return bool(report.nodes) and any(replace(waiver, node="").is_of(outcome) for outcome in outcomes)
    return not any(
        o.verdict is Verdict.UNKNOWN or o.findings_cut or (o.verdict is Verdict.NOT_APPLICABLE and o.reason)
        for o in own
    )


def _about(check: str, state: str, uses: Sequence[WaiverUse]) -> Outcome | None:
    """Return the finding about the waivers in one state, None when there is none."""
    found = tuple(_finding(check, use) for use in uses if use.state == state)
    if not found:
        return None
    return Outcome(
        check=check,
        title=_TITLES[check],
        rows=(),
        documents=("waivers",),
        node="",
        verdict=Verdict.FAIL,
        severity=Severity.NOTE,
        examined=len(uses),
        findings=found,
    )


def _finding(check: str, use: WaiverUse) -> Finding:
    meant_for = f"{use.check} for {use.subject}" + (f" on {use.node}" if use.node else "")
    if check == WAIVER_EXPIRED:
        again = f"; {use.findings + use.could_not_tell} that it matches count again"
        says = f"the waiver of {meant_for} ended on {use.until}{again if use.findings + use.could_not_tell else ''}"
        why = f"It was accepted until then only: {use.because}"
        fix = f"Mend what it is about and take it out of {use.place}; or decide anew, for at most {MOST_DAYS} days"
    else:
        says = f"the waiver of {meant_for} matches nothing"
        why = "What it accepted is mended, or it never named it: one day it could hide something else"
        fix = f"Take it out of {use.place}, or mend its check, subject or node"
    columns = {"check": use.check, "subject": use.subject, "node": use.node, "until": use.until, "place": use.place}
    return Finding(
        check=check,
        node="",
        subject=use.place,
        says=f"{use.place}: {says}",
        why=why,
        fix=fix,
        evidence=Evidence(columns=columns, facts=()),
    )
