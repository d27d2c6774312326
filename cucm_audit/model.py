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


#: Worst first; used to sort and to compare with ``--fail-on``.
SEVERITIES = (Severity.CRITICAL, Severity.WARNING, Severity.NOTE)


class State(StrEnum):
    """How a fact came back, in the ledger."""

    WHOLE = "whole"
    PARTIAL = "partial"  # rows came, but not all, or some lines were not understood
    FAILED = "failed"
    NOT_ASKED = "not_asked"  # the user limited the run
    NOT_SUPPORTED = "not_supported"  # this release has no such thing


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
    False for IM and Presence nodes. Ports are TCP ports on ``address``.
    """

    name: str
    address: str
    role: Role | None
    voice: bool = True
    https_port: int = 8443
    http_port: int = 8080
    ssh_port: int = 22


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a check found wrong (or could not tell).

    Its key for diffs and waivers is (check, node, subject).
    """

    check: str
    node: str
    subject: str
    says: str
    why: str
    fix: str
    evidence: Evidence


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
