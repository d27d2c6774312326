"""The words of the program: nodes, verdicts, reasons, findings. Frozen, and imported by every other room.

Nothing here does anything. What the types mean for a verdict is decided in ``judge.py`` alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """What a check says about one scope (the cluster or a node)."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"  # could not check; always with a Reason
    NOT_APPLICABLE = "not_applicable"  # retired, another release, nothing to look at, or left out by the user
    BY_HAND = "by_hand"  # a person has to look


class Severity(StrEnum):
    """How much a finding hurts."""

    CRITICAL = "critical"  # calls or logins fail now
    WARNING = "warning"  # will hurt at the next change
    NOTE = "note"  # information; never turns the exit code


#: So many findings of one check are kept (and so many subjects that could not be told); the rest is counted.
MOST_FINDINGS = 10_000
#: Worst first; used to sort and to compare with ``--fail-on``.
SEVERITIES = (Severity.CRITICAL, Severity.WARNING, Severity.NOTE)


class State(StrEnum):
    """How a fact came back, in the ledger."""

    WHOLE = "whole"
    PARTIAL = "partial"  # rows came, but not all, or some lines were not understood
    FAILED = "failed"
    NOT_ASKED = "not_asked"  # the user limited the run
    NOT_SUPPORTED = "not_supported"  # this release has no such thing


#: Why a fact was not asked that an ordinary run leaves out (the detail of its ledger row).
ON_DEMAND = "asked only on demand"


class Reason(StrEnum):
    """The closed list of reasons why something is not known (the ``reason`` of the JSON report)."""

    # from the clients
    UNREACHABLE = "unreachable"
    DNS = "dns"
    TIMEOUT = "timeout"
    DISCONNECTED = "disconnected"
    REDIRECTED = "redirected"
    TLS_UNKNOWN = "tls_unknown"
    TLS_CHANGED = "tls_changed"
    TLS_EXPIRED = "tls_expired"
    TLS_WEAK = "tls_weak"
    TLS_LEGACY = "tls_legacy"
    HOSTKEY_UNKNOWN = "hostkey_unknown"
    HOSTKEY_CHANGED = "hostkey_changed"
    SSH_LEGACY_ALGORITHMS = "ssh_legacy_algorithms"
    AUTH_FAILED = "auth_failed"
    PASSWORD_EXPIRED = "password_expired"
    PERMISSION_DENIED = "permission_denied"
    SERVICE_NOT_ACTIVATED = "service_not_activated"
    THROTTLED = "throttled"
    SESSION_LIMIT = "session_limit"
    TOO_LARGE = "too_large"
    TRUNCATED = "truncated"
    NOT_SOAP = "not_soap"
    MALFORMED = "malformed"
    INCONSISTENT = "inconsistent"
    IMPLAUSIBLE_EMPTY = "implausible_empty"
    UNSUPPORTED_VERSION = "unsupported_version"
    UNEXPECTED_PROMPT = "unexpected_prompt"
    BUSY = "busy"
    LOCKED = "locked"
    # from the run
    BUDGET = "budget"
    INTERRUPTED = "interrupted"
    NOT_ASKED = "not_asked"
    NOT_SUPPORTED = "not_supported"
    CHANGED_DURING_RUN = "changed_during_run"
    PREREQUISITE_UNKNOWN = "prerequisite_unknown"
    VALUE_UNKNOWN = "value_unknown"
    INTERNAL_ERROR = "internal_error"  # a fault in a check, or in us


class Source(StrEnum):
    """Where a fact comes from."""

    AXL = "axl"
    RIS = "ris"
    SERVICES = "services"  # Control Center and PerfMon
    SSH = "ssh"
    WEB = "web"


class Role(StrEnum):
    """A node's role in the cluster (``processnode.tknodeusage``)."""

    PUBLISHER = "publisher"
    SUBSCRIBER = "subscriber"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One server of the cluster.

    ``name`` is spelled as in System > Server. ``address`` is what we dial, '' when it could not be found. ``voice`` is
    False for IM and Presence nodes. Ports are TCP ports on ``address``. ``legacy_tls``: TLS before 1.2 will do.
    ``twin`` is another node with the same address and ports, asked in its stead: one of the two names is wrong.
    """

    name: str
    address: str
    role: Role | None
    voice: bool = True
    https_port: int = 8443
    http_port: int = 8080
    ssh_port: int = 22
    twin: str = ""
    legacy_tls: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """A ledger row: how one fact came back for one scope. ``node`` is '' for a fact of the cluster.

    ``request`` is what was asked, in words that a person can repeat (the SQL, the command). ``seconds`` is wall time.
    """

    fact: str
    node: str
    source: Source
    state: State
    reason: Reason | None = None
    detail: str = ""
    hint: str = ""
    request: str = ""
    rows: int = 0
    requests: int = 0
    seconds: float = 0.0
    taken_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where a finding comes from: the columns that it names and the ledger rows of the facts that it read."""

    columns: Mapping[str, object]
    facts: tuple[Gathered, ...]


class Change(StrEnum):
    """What a finding is beside an earlier report."""

    NEW = "new"
    SAME = "same"
    NOT_KNOWN_BEFORE = "not_known_before"  # the check could not look there then, or was not asked to


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """Who accepted a finding, why, and until which day (ISO date, the last on which it holds). ``place``: file:line."""

    because: str
    until: str
    by: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a check found wrong (or could not tell).

    Its key for diffs and waivers is (check, node, subject). ``first_seen`` is UTC ISO text, '' when no history tells.
    """

    check: str
    node: str
    subject: str
    says: str
    why: str
    fix: str
    evidence: Evidence
    waived: Waived | None = None
    change: Change | None = None
    first_seen: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one check, or one row without a check, says about one scope.

    ``check`` is None for a row that stands for itself (by hand, retired). ``node`` is '' for the cluster.
    ``could_not_tell`` lists subjects whose condition came out NULL. ``show`` holds values without a verdict.
    """

    check: str | None
    title: str
    rows: tuple[str, ...]
    documents: tuple[str, ...]
    node: str
    verdict: Verdict
    severity: Severity | None
    reason: Reason | None = None
    detail: str = ""
    examined: int = 0
    findings: tuple[Finding, ...] = ()
    could_not_tell: tuple[Finding, ...] = ()
    findings_cut: int = 0  # how many more findings there were than the limit lets through
    show: Mapping[str, object] = field(default_factory=dict)


#: Findings about the waivers themselves: no check of the cluster, and nothing was audited by them.
WAIVER_EXPIRED, WAIVER_UNUSED = "waiver-expired", "waiver-unused"
ABOUT_WAIVERS = frozenset({WAIVER_EXPIRED, WAIVER_UNUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverUse:
    """A waiver and what became of it in this report.

    ``state``: working, expired, unused (it matched nothing), not_tried (its check gave no verdict in this run).
    ``findings`` and ``could_not_tell`` count what it matched; an expired one waives none of it.
    """

    check: str
    subject: str
    node: str
    because: str
    until: str
    by: str
    place: str
    state: str
    findings: int = 0
    could_not_tell: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A finding of an earlier report that this one does not have. ``why`` says how that is known, or why it is not."""

    check: str
    title: str
    node: str
    subject: str
    severity: Severity | None
    first_seen: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What the findings were compared with: the last run alike (``file`` is '') or a baseline.

    ``taken_at`` is when that was taken. ``lost`` are no longer known: nobody could look, which is not gone.
    ``doubt`` says why it may be another cluster's, '' = it is this one's.
    """

    file: str
    taken_at: str
    new: int
    same: int
    not_known_before: int
    gone: tuple[Earlier, ...] = ()
    lost: tuple[Earlier, ...] = ()
    doubt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A judged snapshot: everything that the report formats print. Times are UTC ISO text."""

    cluster: str
    cluster_id: str
    release: str
    via: str
    version: str
    taken_at: str
    judged_at: str
    complete: bool
    interrupted: bool
    scope: Mapping[str, object]
    nodes: tuple[Mapping[str, object], ...]
    outcomes: tuple[Outcome, ...]
    gaps: tuple[Gathered, ...]
    cost: Mapping[str, float]
    waivers: tuple[WaiverUse, ...] = ()
    compared: Compared | None = None


def counting(outcome: Outcome) -> tuple[Finding, ...]:
    """Return the findings of an outcome that nobody has waived."""
    return tuple(finding for finding in outcome.findings if finding.waived is None)


def still_wrong(outcome: Outcome) -> bool:
    """Say whether an outcome is wrong, and not all of it waived. What was cut from the list cannot have been."""
    return outcome.verdict is Verdict.FAIL and bool(counting(outcome) or outcome.findings_cut)


def in_doubt(outcome: Outcome) -> bool:
    """Say whether subjects that could not be told are left that nobody has waived."""
    return any(finding.waived is None for finding in outcome.could_not_tell)


def accepted_doubt(outcome: Outcome) -> bool:
    """Say whether an outcome is unknown for nothing but single subjects, and each of them is waived.

    UNKNOWN as a whole (a fact that did not come back, a check that failed) cannot be accepted so. The judge keeps so
    many subjects and no more: a list that is full may not be all of them.
    """
    if outcome.verdict is not Verdict.UNKNOWN or outcome.reason is not Reason.VALUE_UNKNOWN:
        return False
    return 0 < len(outcome.could_not_tell) < MOST_FINDINGS and not in_doubt(outcome)


def unknown_reasons(report: Report) -> set[Reason]:
    """Return every reason for which something could not be checked, those of facts that no check reads included."""
    unknown = [o for o in report.outcomes if o.verdict is Verdict.UNKNOWN]
    reasons = {o.reason or Reason.INTERNAL_ERROR for o in unknown if not accepted_doubt(o)}
    if any(in_doubt(o) for o in report.outcomes if o.verdict is Verdict.FAIL):
        reasons.add(Reason.VALUE_UNKNOWN)
    lost = {g.reason or Reason.INTERNAL_ERROR for g in report.gaps if g.state in (State.FAILED, State.PARTIAL)}
    if not report.complete and not reasons and not lost:
        reasons.add(Reason.PREREQUISITE_UNKNOWN)
    return reasons | lost
