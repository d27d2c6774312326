"""Device packs as a picture: what was installed where and when, what was restarted since, and where the phones are.

Whether a node did what its release asks for is judged by the checks of scenario-45; here their verdicts are laid out by
node and pack, beside the times. Reference: cli.md section 11.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from cucm_audit.checks import Check, Checks
from cucm_audit.explain import Desk
from cucm_audit.model import Outcome, Reason, State, Verdict
from cucm_audit.narrow import whole
from cucm_audit.snapshot import Snapshot
from cucm_audit.tables import tables
from cucm_audit.words import version_in

REBOOT, RESTART = "pack-not-booted", "pack-tomcat-not-restarted"
RULES = (REBOOT, "booted-before-publisher", RESTART, "pack-callmanager-not-restarted")
MISSING, EXTRA, AVOIDS = "device-pack-missing", "device-pack-extra", "model-avoids-first-node"
_TOLD = {
    REBOOT: "reboot the node, the publisher first",
    RESTART: "restart Cisco Tomcat; on the publisher Cisco CallManager too",
}

_PACKS = """select d.stem, d.name, e.local_at, b.local_at from device_pack d
  left join pack_event e on e.node = d.node and e.stem = d.stem
  left join last_boot b on b.node = d.node where d.node = ? order by d.pack_order, d.stem"""
_STARTS = "select service, coalesce(local_at, utc_at || ' UTC') from service_start where node = ? and service in (?, ?)"
_MODELS = """select t.model_number, t.model, max(t.factory is null), count(distinct p.id) from phone p
  join device_type t on t.product_number = p.product_number
  where t.factory is not 1 group by t.model_number, t.model order by t.model"""
_PLACES = """select cm_group, first_node, node, count(*) from registered where model_number = ?
  group by cm_group, first_node, node order by cm_group, node"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackLine:
    """A device pack on a node. Times are the node's own, as text; None = not known. ``done``: yes, no, unknown."""

    node: str
    pack: str
    release: str
    installed: str | None
    booted: str | None
    tomcat: str | None
    callmanager: str | None
    asks: str
    done: str
    detail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLine:
    """Phones of one model of a Call Manager group: at which node they are registered, and which stands first."""

    model: str
    phones: int
    cm_group: str
    first_node: str
    registered: Mapping[str, int]
    certain: bool  # False = nobody knows whether the model came with a pack


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Packs by node, models by group, and what could not be told."""

    packs: tuple[PackLine, ...] = ()
    models: tuple[ModelLine, ...] = ()
    unknown: tuple[str, ...] = ()
    avoiding: tuple[str, ...] = ()


def picture(snapshot: Snapshot, checks: Checks, desk: Desk) -> Picture:
    """Lay out what a snapshot tells about device packs."""
    said = desk.outcomes([*RULES, MISSING, EXTRA, AVOIDS])
    nodes = list(snapshot.select("select name from node where voice order by role <> 'publisher', name"))
    releases = dict(snapshot.select("select node, release from node_release"))
    unknown: list[str] = [] if nodes else ["the nodes of the cluster are not known"]
    lines: list[PackLine] = []
    for (node,) in nodes:
        here = {name: _at(said.get(name, []), node) for name in (*RULES, MISSING, EXTRA)}
        release = str(releases.get(node) or "")
        lines += _lines(snapshot, checks.checks, node, release, here)
        unknown += _unseen(snapshot, node, ("installed_option", "software_version"))
    models = _models(snapshot, unknown)
    avoiding = [finding.says for outcome in said.get(AVOIDS, []) for finding in outcome.findings]
    unknown += [f"whether models avoid their first node: {o.detail}" for o in said.get(AVOIDS, []) if _open(o)]
    return Picture(packs=tuple(lines), models=models, unknown=tuple(unknown), avoiding=tuple(avoiding))


def _open(outcome: Outcome) -> bool:
    return outcome.verdict is Verdict.UNKNOWN or outcome.reason is Reason.NOT_ASKED


def _at(outcomes: Iterable[Outcome], node: str) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.node == node]


def _unseen(snapshot: Snapshot, node: str, facts: tuple[str, ...]) -> list[str]:
    """Say which facts of a node did not come back whole."""
    states = {row.fact: row for row in snapshot.gathered() if row.node == node}
    told = []
    for fact in facts:
        row = states.get(fact)
        if row is None or row.state is not State.WHOLE:
            why = f"{row.reason or row.state}: {row.detail}" if row is not None else "never gathered"
            told.append(f"{fact} of {node} is not known ({why.rstrip(': ')})")
    return told


def _lines(
    snapshot: Snapshot, checks: Mapping[str, Check], node: str, release: str, here: Mapping[str, list[Outcome]]
) -> Iterator[PackLine]:
    """Yield a line for each pack that is on a node, and one for each that the publisher has and the node lacks."""
    starts = dict(snapshot.select(_STARTS, (node, "Cisco Tomcat", "Cisco CallManager")))
    blank = PackLine(
        node=node,
        pack="",
        release=release,
        installed=None,
        booted=None,
        tomcat=starts.get("Cisco Tomcat"),
        callmanager=starts.get("Cisco CallManager"),
        asks="install it first",
        done="no",
    )
    rule = _rule(snapshot, checks, release)
    asks = _TOLD.get(rule, "not known: the release of the node is not known")
    for stem, name, installed, booted in snapshot.select(_PACKS, (node,)):
        done, told = _done(stem, rule, here)
        detail = (*told, *(f.says for o in here[EXTRA] for f in o.findings if f.subject == stem))
        yield replace(
            blank, pack=name, installed=installed, booted=booted, asks=asks, done=done, detail=detail
        )  # fmt: skip
    for finding in (finding for outcome in here[MISSING] for finding in outcome.findings):
        yield replace(blank, pack=finding.subject, installed="NOT INSTALLED", detail=(finding.says,))


def _rule(snapshot: Snapshot, checks: Mapping[str, Check], release: str) -> str:
    """Return the check whose releases hold this one: what has to be restarted is the release's word."""
    if "pack_rule" in tables():
        for low, high, reboot in snapshot.select("select low, high, reboot from pack_rule"):
            if version_in(release, low, high) == 1:
                return REBOOT if reboot else RESTART
    for name in (REBOOT, RESTART):
        check = checks.get(name)
        if check is not None and any(version_in(release, low, high) == 1 for low, high in check.releases):
            return name
    return ""


def _done(stem: str, rule: str, here: Mapping[str, list[Outcome]]) -> tuple[str, tuple[str, ...]]:
    """Say whether a node did what the rule asks for after a pack: what the checks found about this pack decides."""
    if not rule:
        return "unknown", ()
    done = ""
    detail: list[str] = []
    for outcome in (outcome for name in RULES for outcome in here[name]):
        wrong = [finding.says for finding in outcome.findings if finding.subject == stem]
        unsure = any(finding.subject == stem for finding in outcome.could_not_tell)
        if outcome.verdict is Verdict.NOT_APPLICABLE and outcome.reason is None:
            continue
        if wrong:
            done, detail = "no", [*detail, *wrong]
        elif done != "no" and (unsure or (_open(outcome) and outcome.reason is not Reason.VALUE_UNKNOWN)):
            done = "unknown"
            detail.append("the log does not name it, or a time is not known" if unsure else outcome.detail)
        elif not done:
            done = "yes"
    return done or "unknown", tuple(dict.fromkeys(text for text in detail if text))


def _models(snapshot: Snapshot, unknown: list[str]) -> tuple[ModelLine, ...]:
    if not whole(snapshot, _MODELS):
        unknown.append("which models came with a device pack: phones or products did not come back whole")
    if not whole(snapshot, _PLACES.replace("?", "0")):
        unknown.append("where phones are registered: registrations or groups did not come back whole")
    lines = []
    for number, model, doubtful, phones in list(snapshot.select(_MODELS)):
        places: dict[tuple[str, str], dict[str, int]] = {}
        for group, first, node, count in snapshot.select(_PLACES, (number,)):
            places.setdefault((group or "", first or ""), {})[node] = count
        for (group, first), registered in (places or {("", ""): {}}).items():
            lines.append(
                ModelLine(
                    model=model,
                    phones=phones,
                    cm_group=group,
                    first_node=first,
                    registered=registered,
                    certain=not doubtful,
                )
            )
    return tuple(lines)
