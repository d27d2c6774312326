"""An invented report, for the tests of the formats."""

from typing import Any

from cucm_audit.model import (
    Evidence,
    Finding,
    Gathered,
    Outcome,
    Reason,
    Report,
    Severity,
    Source,
    State,
    Verdict,
)

PHONES = Gathered(
    fact="phone",
    node="",
    source=Source.AXL,
    state=State.WHOLE,
    request="select d.name from device d order by d.name",
    taken_at="2026-11-20 09:00:01",
)
LOST = Gathered(
    fact="installed_option",
    node="cucm-sub2",
    source=Source.SSH,
    state=State.FAILED,
    reason=Reason.HOSTKEY_UNKNOWN,
    detail="nobody has said that this host key is the node's",
    hint="cucm-audit trust add lab",
)


def finding(subject: str, says: str = "", *, node: str = "", check: str = "adp-orphan", **columns: Any) -> Finding:
    return Finding(
        check=check,
        node=node,
        subject=subject,
        says=says or f"{subject} is left over: its phone is gone",
        why="Nobody can be added under this name any more",
        fix="Device > Device Settings > Device Profile: delete it",
        evidence=Evidence(columns=columns or {"name": subject}, facts=(PHONES,)),
    )


def outcome(verdict: Verdict, **changes: Any) -> Outcome:
    made: dict[str, Any] = {
        "check": "adp-orphan",
        "title": "Auto-generated device profile whose phone is gone",
        "rows": ("P24b",),
        "documents": ("cisco-18772",),
        "node": "",
        "verdict": verdict,
        "severity": Severity.WARNING,
    }
    return Outcome(**{**made, **changes})


def report(*outcomes: Outcome, **changes: Any) -> Report:
    made: dict[str, Any] = {
        "cluster": "lab",
        "cluster_id": "StandAloneCluster",
        "release": "12.5.1.14900-63",
        "via": "cucm-pub",
        "version": "0.1.0",
        "taken_at": "2026-11-20 09:00:00",
        "judged_at": "2026-11-20 09:00:10",
        "complete": True,
        "interrupted": False,
        "scope": {},
        "nodes": (
            {"name": "cucm-pub", "address": "127.0.10.1", "role": "publisher", "voice": True, "release": "12.5.1.1-1"},
            {"name": "cucm-imp", "address": None, "role": None, "voice": False, "release": None},
        ),
        "outcomes": outcomes,
        "gaps": (),
        "cost": {"axl": 41.0, "ris": 1.0, "ssh_sessions": 3, "seconds": 12.4},
    }
    return Report(**{**made, **changes})


def full() -> Report:
    """One of everything."""
    return report(
        outcome(
            Verdict.FAIL,
            findings=tuple(finding(f"ADP0000AAAA{number:04}") for number in range(12)),
            findings_cut=5,
            examined=40,
        ),
        outcome(
            Verdict.FAIL,
            check="boot-after-pack",
            title="Node not started since its device pack was installed",
            severity=Severity.CRITICAL,
            rows=("D3", "N1"),
            documents=("scenario-45", "em-login-7821"),
            node="cucm-sub1",
            findings=(
                finding("cucm-sub1", "cucm-sub1 was not started since", node="cucm-sub1", check="boot-after-pack"),
            ),
            could_not_tell=(finding("odd line", "odd line could not be read", node="cucm-sub1"),),
        ),
        outcome(
            Verdict.UNKNOWN,
            check="boot-after-pack",
            title="Node not started since its device pack was installed",
            severity=Severity.CRITICAL,
            node="cucm-sub2",
            reason=Reason.HOSTKEY_UNKNOWN,
            detail="installed_option of cucm-sub2",
        ),
        outcome(Verdict.PASS, check="em-service", examined=3, show={"url": "http://cucm-pub:8080/emapp", "n": 2}),
        outcome(Verdict.BY_HAND, check=None, rows=("P3",), title="Ask the user", severity=None),
        outcome(Verdict.NOT_APPLICABLE, check=None, rows=("P9",), title="Windows", severity=None, detail="retired"),
        gaps=(LOST, Gathered(fact="node_clock", node="cucm-sub2", **_same(LOST))),
        complete=False,
        scope={"limit": ["cucm-pub", "cucm-sub1"], "allow_unknown": ["not_asked"]},
    )


def _same(gap: Gathered) -> dict[str, Any]:
    return {name: getattr(gap, name) for name in ("source", "state", "reason", "detail", "hint")}
