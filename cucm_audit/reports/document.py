"""The shape of the JSON report, as typed structs. The published JSON Schema is made from them (``cucm-audit schema``).

A key that is added is a minor version, one that is changed or removed a major version.
"""

from typing import Any, Final, Literal

import msgspec

from cucm_audit.model import Change, Reason, Severity, Source, State, Verdict

SCHEMA_VERSION: Final = "1.1"


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the document."""


class ToolPart(_Part, frozen=True, kw_only=True):
    """What wrote the document."""

    version: str


class ClusterPart(_Part, frozen=True, kw_only=True):
    """The cluster; ``via`` is the node that answered for it. Empty texts are not known."""

    name: str
    id: str
    release: str
    via: str


class NodePart(_Part, frozen=True, kw_only=True):
    """A node as in System > Server; ``voice`` is false for IM and Presence. Null is not known."""

    name: str
    address: str | None = None
    role: str | None = None
    voice: bool = True
    release: str | None = None


class GapPart(_Part, frozen=True, kw_only=True):
    """A fact that did not come back whole; ``node`` is null when it is the cluster's."""

    fact: str
    node: str | None
    source: Source
    state: State
    reason: Reason | None
    detail: str
    hint: str
    request: str = ""
    taken_at: str = ""


class FactPart(_Part, frozen=True, kw_only=True):
    """A fact that a finding was judged from: what was asked, of whom, when, and how it came back."""

    table: str
    node: str | None
    source: Source
    request: str
    taken_at: str
    state: State = State.WHOLE


class EvidencePart(_Part, frozen=True, kw_only=True):
    """The columns that a finding names, and the facts behind it."""

    columns: dict[str, Any]
    facts: tuple[FactPart, ...]


class WaivedPart(_Part, frozen=True, kw_only=True):
    """Somebody has accepted this finding: why, until which day (the last on which it holds), who, in which line."""

    because: str
    until: str
    by: str
    place: str


class FindingPart(_Part, frozen=True, kw_only=True):
    """One thing that is wrong, or (under ``could_not_tell``) one thing whose condition could not be told.

    ``waived`` (since 1.1) is null when it counts. ``change`` is null when there was nothing to compare with.
    ``first_seen`` is when a run first saw it, null when no history tells.
    """

    subject: str
    says: str
    why: str
    fix: str
    evidence: EvidencePart
    node: str | None = None
    waived: WaivedPart | None = None
    change: Change | None = None
    first_seen: str | None = None


class OutcomePart(_Part, frozen=True, kw_only=True):
    """What one check says about the cluster (``node`` null) or a node; ``check`` is null for a row without a check.

    ``findings`` under the verdict unknown are what was seen wrong so far; they are not counted. ``findings_cut`` is how
    many more findings there were than are listed. ``could_not_tell`` lists the subjects whose condition was not known.
    """

    check: str | None
    title: str
    rows: tuple[str, ...]
    documents: tuple[str, ...]
    node: str | None
    verdict: Verdict
    severity: Severity | None
    reason: Reason | None
    detail: str | None
    examined: int
    show: dict[str, Any]
    findings: tuple[FindingPart, ...]
    findings_cut: int = 0
    could_not_tell: tuple[FindingPart, ...] = ()


class CountsPart(_Part, frozen=True, kw_only=True):
    """How many outcomes have each verdict."""

    # "pass" is a word of Python: the field is named pass_ and written as pass.
    pass_: int = msgspec.field(name="pass")
    fail: int
    unknown: int
    not_applicable: int
    by_hand: int


class FindingCountsPart(_Part, frozen=True, kw_only=True):
    """How many findings the failed outcomes have, by severity; those that were cut are counted too.

    Waived findings are counted by themselves (since 1.1) and under no severity.
    """

    critical: int
    warning: int
    note: int
    waived: int = 0


class WaiverPart(_Part, frozen=True, kw_only=True):
    """A waiver that was read, and what became of it. An expired one waives nothing; the counts are what it matches."""

    check: str
    subject: str
    node: str | None
    because: str
    until: str
    by: str | None
    place: str
    state: Literal["working", "expired", "unused", "not_tried"]
    findings: int = 0
    could_not_tell: int = 0


class EarlierPart(_Part, frozen=True, kw_only=True):
    """A finding of the earlier report that is not in this one; ``why`` says how that is known, or why it is not."""

    check: str
    title: str
    node: str | None
    subject: str
    severity: Severity | None
    first_seen: str | None
    why: str


class ComparedPart(_Part, frozen=True, kw_only=True):
    """What the findings were compared with: the last run alike (``file`` null) or a baseline, and when it was taken.

    ``new``, ``same`` and ``not_known_before`` count findings of failed checks that nobody has waived.
    ``no_longer_known`` are findings of then about which this run cannot tell: they are not gone. ``doubt`` says why it
    may be another cluster's.
    """

    file: str | None
    taken_at: str
    new: int
    same: int
    not_known_before: int
    gone: tuple[EarlierPart, ...]
    no_longer_known: tuple[EarlierPart, ...]
    doubt: str | None = None


class Document(_Part, frozen=True, kw_only=True):
    """A cucm-audit report. Times are UTC ISO text.

    ``complete`` is true when there is no gap but what the user left out. ``scope`` is what the user left out or
    allowed: limit, without, document, check, severity, allow_unknown (reasons that give no exit code 3), legacy_tls
    (TLS before 1.2 and old ciphers), registration (where it does not come from RIS), own_checks (folders and packages
    of checks beside those of the program).
    ``cost`` counts what was sent; ``seconds`` is measured. ``waivers`` and ``compared`` came with 1.1.
    """

    schema_version: Literal["1.0", "1.1"]
    tool: ToolPart
    complete: bool
    interrupted: bool = False
    taken_at: str
    judged_at: str
    cluster: ClusterPart
    scope: dict[str, Any] = msgspec.field(default_factory=dict)
    nodes: tuple[NodePart, ...]
    counts: CountsPart
    findings: FindingCountsPart
    cost: dict[str, float]
    gaps: tuple[GapPart, ...]
    outcomes: tuple[OutcomePart, ...]
    waivers: tuple[WaiverPart, ...] = ()
    compared: ComparedPart | None = None


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the document."""
    made = msgspec.json.schema(Document)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"cucm-audit report {SCHEMA_VERSION}",
        **made,
    }
