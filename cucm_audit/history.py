"""The runs of a cluster so far, in one small file of the state folder: what each found, and when the last one began.

Of every run the numbers are kept; of the last one of each kind also its findings, by check, node and subject, so that
the next can say what is new. No sentence, no evidence and no password is in it. The file may be lost at any time: then
there is nothing to compare with, and that is all.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from cucm_audit.model import Report, Severity, Verdict
from cucm_audit.since import Past, past_of

VERSION = 1
#: So many runs of a cluster are remembered, so many kinds of run with their findings, and so many findings of each.
MOST_RUNS, MOST_KINDS, MOST_FINDINGS = 100, 8, 20_000
#: Larger than any file that is written here.
MOST_BYTES = 64 * 1024 * 1024
#: What of a report's scope makes another kind of run. What may be unknown does not: the findings are the same.
_SCOPE = ("limit", "without", "document", "check", "severity", "target", "before", "registration", "own_checks")


class HistoryError(Exception):
    """The file cannot be used. The message says why; nothing but the comparison is lost.

    ``broken``: it is nothing that anybody could still use, and may be put aside.
    """

    def __init__(self, says: str, *, broken: bool = False) -> None:
        self.broken = broken
        super().__init__(says)


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run. So many phones that were registered before were ``away``; null when that was not compared, or not known.

    ``before`` names the snapshot that it was compared with ('' = none).
    """

    at: str
    kind: str
    before: str = ""
    findings: dict[str, int] = {}
    unknown: int = 0
    complete: bool = False
    away: int | None = None


class Found(msgspec.Struct, frozen=True, array_like=True):
    """A finding: check, node, subject, severity, and when it was first seen."""

    check: str
    node: str
    subject: str
    severity: Severity | None
    first_seen: str


class Last(msgspec.Struct, frozen=True, kw_only=True):
    """What the last run of one kind knew (:class:`Past`, as it is written)."""

    at: str
    findings: tuple[Found, ...]
    checks: tuple[str, ...]
    unknown: tuple[tuple[str, str], ...]
    doubts: tuple[tuple[str, str, str], ...]
    cluster_id: str = ""

    def past(self) -> Past:
        """Return it as it is compared with."""
        return Past(
            taken_at=self.at,
            findings={(f.check, f.node, f.subject): (f.severity, f.first_seen) for f in self.findings},
            checks=frozenset(self.checks),
            unknown=frozenset(self.unknown),
            doubts=frozenset(self.doubts),
        )


class History(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster's file. ``began`` is when the last run began to ask; runs are in the order of time."""

    version: int = VERSION
    cluster: str = ""
    began: str = ""
    runs: tuple[Run, ...] = ()
    last: dict[str, Last] = {}

    def past(self, kind: str, cluster_id: str = "") -> Past | None:
        """Return what the last run of a kind knew, None when there was none, or when it was of another cluster."""
        last = self.last.get(kind)
        if last is None or (cluster_id and last.cluster_id and last.cluster_id != cluster_id):
            return None
        return last.past()


def read(path: Path) -> History:
    """Read a file; an empty history when there is none. Raises :class:`HistoryError`."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise HistoryError(f"{path} is larger than any history", broken=True)
        found = msgspec.json.decode(path.read_bytes(), type=History)
    except FileNotFoundError:
        return History()
    except OSError as error:
        raise HistoryError(f"{path} cannot be read: {error.strerror}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise HistoryError(f"{path} is no history: {error}", broken=True) from None
    if found.version != VERSION:
        raise HistoryError(f"{path} is of version {found.version}, this program knows {VERSION}")
    return found


def written(history: History) -> str:
    """Return the file's text. Half a character (which UTF-8 cannot hold) is shown by its number."""
    text = json.dumps(msgspec.to_builtins(history), ensure_ascii=False) + "\n"
    return text.encode("utf-8", "xmlcharrefreplace").decode("utf-8")


def kind_of(command: str, scope: Mapping[str, Any]) -> str:
    """Return the kind of a run: only runs that looked at the same things can be compared."""
    asked = json.dumps({name: scope[name] for name in _SCOPE if scope.get(name)}, sort_keys=True, default=str)
    return command if asked == "{}" else f"{command} {hashlib.sha256(asked.encode()).hexdigest()[:12]}"


def remembered(history: History, report: Report, kind: str, before: str = "", *, findings: bool = True) -> History:
    """Return the history with a run more. An interrupted one is counted; the next is compared with one that was not.

    ``findings``: they are kept too, for the next run of this kind.
    """
    runs = (*history.runs, _run(report, kind, before))[-MOST_RUNS:]
    last = dict(history.last)
    if findings and not report.interrupted:
        last.pop(kind, None)  # the newest comes last
        last[kind] = _last(past_of(report), report.cluster_id)
    kept = dict(list(last.items())[-MOST_KINDS:])
    return msgspec.structs.replace(history, cluster=report.cluster, runs=runs, last=kept)


def _run(report: Report, kind: str, before: str) -> Run:
    failed = [outcome for outcome in report.outcomes if outcome.verdict is Verdict.FAIL]
    return Run(
        at=report.taken_at,
        kind=kind,
        before=before,
        findings={
            str(severity): sum(len(o.findings) + o.findings_cut for o in failed if o.severity is severity)
            for severity in Severity
        },
        unknown=sum(outcome.verdict is Verdict.UNKNOWN for outcome in report.outcomes),
        complete=report.complete,
        away=away(report) if before else None,
    )


def away(report: Report) -> int | None:
    """Return how many phones did not come back, by the check that names each; None when it could not tell them all."""
    check = next((outcome for outcome in report.outcomes if outcome.check == "phone-away"), None)
    if check is None or check.verdict not in (Verdict.PASS, Verdict.FAIL) or check.could_not_tell:
        return None
    return len(check.findings) + check.findings_cut


def _last(past: Past, cluster_id: str) -> Last:
    """Return what is written of a run. What has no room is not known the next time: never new, never gone."""
    found = [Found(*key, severity, first) for key, (severity, first) in sorted(past.findings.items())]
    cut = {(one.check, one.node) for one in found[MOST_FINDINGS:]}
    doubts = sorted(past.doubts)
    cut |= {(check, node) for check, node, _ in doubts[MOST_FINDINGS:]}
    return Last(
        at=past.taken_at,
        findings=tuple(found[:MOST_FINDINGS]),
        checks=tuple(sorted(past.checks)),
        unknown=tuple(sorted(past.unknown | cut)),
        doubts=tuple(doubts[:MOST_FINDINGS]),
        cluster_id=cluster_id,
    )


def too_early(history: History, min_interval: int, now: dt.datetime) -> dt.datetime | None:
    """Return when the next run may begin, None when it may now. A last run in the future is a clock that was wrong."""
    try:
        began = dt.datetime.fromisoformat(history.began).replace(tzinfo=dt.UTC)
    except ValueError:
        return None
    after = began + dt.timedelta(seconds=min_interval)
    return after if began <= now < after else None
