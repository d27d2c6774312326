"""What each lack costs: exactly the outcomes whose checks read what did not come, and not one more.

What a fault takes away is written down here (source, node -> tables), and what a check reads is taken from the words of
its SQL and of schema.sql: neither is asked of the program, which derives the one from its ledger and the other from
SQLite's authorizer. One finding of each source stands beside every fault and has to be found all the same.
"""

import contextlib
import dataclasses
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cucm_audit.checks import Check, load
from cucm_audit.tables import OWN_TABLES
from tests.fault_bench import IMP, OTHER, PUB, SUB, Bench, Seen, assert_invariants, bench, quick, short
from tests.test_faults import another_certificate_of, down, hostile_names, wrong_password

#: Only what is new turns the exit code: so it tells whether anything could not be looked at, beside the findings.
WORDS = ("--baseline", "base.json", "--fail-on", "new-warning")
CHECKS = load(packages=False)

#: Source -> tables, one ledger row a node; and those that are one for the cluster.
AT_EACH = {
    "ssh": "cli_service cluster_member core_file disk fips_state hardware inactive_option inactive_version"
    " installed_option node_clock node_status ntp_source ntp_status own_certificate security_state software_version"
    " system_event vm_tools",
    "ssh, voice": "table_count",
    "control center": "service_status",
    "perfmon": "perf_counter",
    "handshake": "web_certificate",
    "ris": "registration device_registration",
}
FOR_ALL = {
    "ssh of the publisher": "backup_component backup_history backup_status replication replication_check",
    "ris": "ris_node",
    "axl": "activated_service app_user app_user_role certificate cm_group_member credential_policy device_control"
    " device_default device_pool device_profile device_type em_login end_user end_user_admin end_user_proxy"
    " enterprise_param ldap_agreement ldap_authentication ldap_host ldap_schedule ldap_sync ldap_system licence"
    " licence_entitlement login_line node other_device phone phone_service phone_subscription phone_template phone_url"
    " product_feature profile_line remote_cluster replication_dynamic service_param user_credential user_profile",
}
#: What is asked only when a check is named that reads it.
ON_DEMAND = {"diagnostic", "phone_seen", "phone_without_line", "unused_number", "user_without_device", "web_page"}
VOICE = (PUB, SUB, OTHER)
Lost = frozenset[tuple[str, str]]


def at(node: str, *sources: str) -> Lost:
    """The tables of these sources at a node."""
    voice = [source for source in sources if node != IMP or source not in ("ssh, voice", "perfmon", "ris")]
    return frozenset((table, node) for source in voice for table in AT_EACH[source].split())


def for_all(*sources: str) -> Lost:
    """Tables of the cluster."""
    return frozenset((table, "") for source in sources for table in FOR_ALL[source].split())


def command_line(node: str) -> Lost:
    """Everything that the command line of a node tells; the publisher's tells some things for the cluster."""
    return at(node, "ssh", "ssh, voice") | (for_all("ssh of the publisher") if node == PUB else frozenset())


def web(node: str) -> Lost:
    """Everything that is asked of each node over HTTPS."""
    return at(node, "control center", "perfmon", "handshake")


# ------------------------------------------------------------------------------------------------ what a check reads

_SCHEMA = re.sub(r"--.*", "", (Path(__file__).parents[1] / "cucm_audit" / "schema.sql").read_text(encoding="utf-8"))
TABLES = set(re.findall(r"create table (\w+)", _SCHEMA)) - OWN_TABLES
VIEWS = dict(re.findall(r"create view (\w+) as(.*?);", _SCHEMA, re.DOTALL))
_NAMED = re.compile(r"(?:\bfrom|\bjoin|,)\s+\(*(\w+)\b(?!\s*[.(])")


def reads(sql: str, of: str = "") -> set[tuple[str, str]]:
    """Tables that a query names, views opened up, each with the prefix of the view that it is reached through."""
    found: set[tuple[str, str]] = set()
    for name in _NAMED.findall(re.sub(r"'(?:[^']|'')*'", "''", sql)):
        prefix = next((prefix for prefix in ("publisher_", "presence_") if name.startswith(prefix)), "")
        if prefix:
            found |= reads(f"from {name.removeprefix(prefix)}", prefix)
        elif name in VIEWS:
            found |= reads(VIEWS[name], of)
        elif name in TABLES:
            found.add((name, of))
    return found


@pytest.mark.parametrize("name", sorted(CHECKS.checks))
def test_the_words_of_a_check_say_what_the_authorizer_says(name: str, cluster: Bench) -> None:
    theirs = cluster.known[WORDS].reads[name]
    said = {(table, "") for table in theirs.facts} | {(table, "publisher_") for table in theirs.publisher}
    said |= {(table, "presence_") for table in theirs.presence}
    # The list of nodes is asked for whatever a check reads.
    assert {pair for pair in reads(CHECKS.checks[name].sql) ^ said if pair[0] != "node"} == set()


def needed(check: Check, node: str) -> set[tuple[str, str]]:
    """The ledger rows (table, node) that a check needs for a node, or ('') for the cluster."""
    each = {table for tables in AT_EACH.values() for table in tables.split()}
    found = {("node", "")}
    for table, of in reads(check.sql):
        everybody = [*VOICE, IMP] if check.nodes == "all" else list(VOICE)
        nodes = {"publisher_": [PUB], "presence_": [IMP]}.get(of) or ([node] if node else everybody)
        found |= {(table, one) for one in nodes} if table in each else {(table, "")}
    return found


# ------------------------------------------------------------------------------------------------------- the matrix


@dataclass(frozen=True, kw_only=True)
class Lack:
    """A fault: what it is, what it takes away, and (``finds``) a check that now has a finding because of it."""

    lost: Lost
    on: dict[str, Any] = dataclasses.field(default_factory=dict)
    within: Any = None
    reasons: frozenset[str] | set[str] = frozenset()
    finds: tuple[str, ...] = ()
    code: int = 3
    short: float = 0.0


CONTROL_CENTER = "soapGetServiceStatus"


def lacks(node: str) -> Iterator[tuple[str, Lack]]:
    """Every fault, on one node."""
    shell, here, cc = command_line(node), web(node), at(node, "control center")
    nothing: Lost = frozenset()
    yield "refuses SSH", Lack(on={"ssh_refuse": True}, lost=shell, reasons={"unreachable"})
    yield "has another OS password", Lack(within=wrong_password("platform", node), lost=shell, reasons={"auth_failed"})
    yield "never prompts", Lack(on={"cli_never_prompt": True}, lost=shell, reasons={"timeout"}, short=0.8)
    yield "shows another host key", Lack(on={"ssh_host_key": "other"}, lost=shell, reasons={"hostkey_changed"})
    failing = {"cli_error": {"show hardware": "Error: not today"}}
    yield "fails one command", Lack(on=failing, lost=frozenset({("hardware", node)}))
    yield "lacks the serviceability role", Lack(on={"role_services": 403}, lost=cc, reasons={"permission_denied"})
    yield (
        "lacks the PerfMon role",
        Lack(on={"role_perfmon": 403}, lost=at(node, "perfmon"), reasons={"permission_denied"}),
    )
    for name, fault, more in (
        ("answers slowly", {"slow_body": {"value": 0.3, "on": CONTROL_CENTER}}, {"short": 0.8, "reasons": {"timeout"}}),
        ("cuts its answers", {"reset": {"value": 300, "on": CONTROL_CENTER}}, {}),
        ("answers HTML for SOAP", {"html200": {"value": True, "on": CONTROL_CENTER}}, {"reasons": {"not_soap"}}),
    ):
        yield name, Lack(on=fault, lost=cc, **more)
    silent = at(node, "ris")
    heard = {"finds": ("node-silent",), "code": 1}  # RIS of the others testifies
    yield "has RIS stopped", Lack(on={"ris_silent": True}, lost=silent, reasons={"unreachable"}, **heard)
    yield "is full of hostile strings", Lack(within=hostile_names, lost=nothing, code=0)
    if node == PUB:
        one = {"html200": {"value": True, "on": "from telecasterservice"}}
        yield "spoils one answer of AXL", Lack(on=one, lost=frozenset({("phone_service", "")}), reasons={"not_soap"})
        gone = {"status": {"value": 404, "on": "RISService70"}}
        yield "has no RIS", Lack(on=gone, lost=at_all("ris") | for_all("ris"), reasons={"service_not_activated"})
        # The door is shut, and a refusal is final: no other node is tried with the account.
        for name, on, within in (
            ("lacks the AXL role", {"role_axl": 403}, None),
            ("says 401", {}, wrong_password("application", node)),
            ("shows another certificate", {}, another_certificate_of(node)),
        ):
            yield name, Lack(on=on, within=within, lost=EVERYTHING, code=2)
        # AXL goes through a subscriber whose copy of the database is good, as it says itself.
        yield "is down", Lack(within=down(node), lost=shell | here, reasons={"unreachable"})
    else:
        yield "lacks the AXL role", Lack(on={"role_axl": 403}, lost=nothing, code=0)  # it is not asked for AXL
        refused = at(node, "control center", "perfmon")
        yield "says 401", Lack(within=wrong_password("application", node), lost=refused, reasons={"auth_failed"})
        yield "shows another certificate", Lack(within=another_certificate_of(node), lost=here, reasons={"tls_changed"})
        yield "is down", Lack(within=down(node), lost=shell | here, reasons={"unreachable"})
        yield "has its web port closed", Lack(on={"closed": True}, lost=here)


def at_all(*sources: str) -> Lost:
    return frozenset().union(*(at(node, *sources) for node in VOICE))


EVERYTHING = for_all(*FOR_ALL) | at_all(*AT_EACH) | at(IMP, *AT_EACH)
MATRIX = [
    pytest.param(node, lack, id=f"{node} {name}")
    for node, kinds in ((PUB, None), (SUB, None), (IMP, {"refuses SSH", "is down", "lacks the serviceability role"}))
    for name, lack in lacks(node)
    if kinds is None or name in kinds
]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("cost")) as made, pytest.MonkeyPatch.context() as patch:
        quick(patch)
        services = made.world.node(OTHER).services
        services["Cisco CTIManager"] = dataclasses.replace(
            services["Cisco CTIManager"], status="Stopped", reason_code=-1019, reason="Component is not running"
        )
        next(
            one for one in made.world.registrations if one.device_class == "Phone" and one.node == OTHER
        ).status = "Rejected"
        with made.world.lock:
            made.world.database.execute(
                "update telecasterservice set urltemplate = replace(urltemplate, 'EMAppServlet', 'EMApp')"
            )
        plant(made)
        (made.folder / "base.json").write_bytes(made.audit().report_bytes)
        made.known[WORDS] = made.audit(*WORDS)
        yield made


#: A finding of each source that no fault of the matrix has to do with: check, node.
PLANTED = {
    "ssh": ("disk-full", OTHER),
    "services": ("call-service-stopped", OTHER),
    "ris": ("phone-rejected", ""),
    "axl": ("em-url-path", ""),
}


def plant(made: Bench) -> None:
    made.mend()
    made.world.node(OTHER).faults["cli_disk"] = {"logging": (69234984, 1315340, 64379628)}


def outcomes(seen: Seen) -> dict[tuple[str, str], dict[str, Any]]:
    assert seen.report is not None
    return {(one["check"], one["node"] or ""): one for one in seen.report["outcomes"] if one["check"]}


def told(one: dict[str, Any]) -> tuple[Any, ...]:
    """What an outcome says, but for values that are measured anew in each run."""
    subjects = [sorted(each["subject"] for each in one[key]) for key in ("findings", "could_not_tell")]
    return one["verdict"], one["reason"], one["examined"], *subjects


def test_the_cluster_has_these_tables_and_findings(cluster: Bench) -> None:
    seen = cluster.known[WORDS]
    assert {place for place, row in seen.ledger.items() if row.state != "not_asked"} == EVERYTHING
    assert {place for place, row in seen.ledger.items() if row.state == "whole"} == EVERYTHING
    failed = {place for place, one in outcomes(seen).items() if one["verdict"] == "fail"}
    assert failed >= set(PLANTED.values())
    assert not [place for place, one in outcomes(seen).items() if one["verdict"] == "unknown"]
    assert seen.code == 0


@pytest.mark.parametrize(("node", "lack"), MATRIX)
def test_a_lack_costs_exactly_what_it_must(
    node: str, lack: Lack, cluster: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    plant(cluster)
    with monkeypatch.context() as patch:
        if lack.short:
            short(patch, lack.short)
        try:
            with lack.within(cluster, patch) if lack.within else contextlib.nullcontext():
                cluster.world.node(node).faults.update(lack.on)
                seen = cluster.audit(*WORDS)
        finally:
            patch.undo()
    try:
        assert_invariants(
            cluster, seen, *WORDS, limit=30, planted=lack.within is hostile_names, same_world=bool(lack.lost)
        )
        assert seen.code == lack.code, seen.err
        gone = {place for place, row in seen.ledger.items() if row.state in ("partial", "failed")}
        if lack.code == 2:
            assert {row.state for row in seen.ledger.values()} <= {"failed", "not_asked"}
            assert not [one for one in outcomes(seen).values() if one["verdict"] in ("pass", "fail")]
            return
        assert gone == lack.lost
        assert lack.reasons <= seen.reasons
        _only_these(outcomes(seen), outcomes(cluster.known[WORDS]), lack)
    finally:
        cluster.mend()


def _only_these(now: dict[Any, dict[str, Any]], before: dict[Any, dict[str, Any]], lack: Lack) -> None:
    """What changed is what had to; all of it is unknown; the rest is as it was, findings and all."""
    assert now.keys() == before.keys()
    concerned = {place for place in before if needed(CHECKS.checks[place[0]], place[1]) & lack.lost}
    # They do not apply, whatever is lost: another release, no snapshot from before, a fact that nobody asked for.
    idle = {place for place, one in before.items() if (one["detail"] or "").startswith("applies to")}
    idle |= {place for place in before if "before." in CHECKS.checks[place[0]].sql}
    idle |= {place for place in before if {table for table, _ in reads(CHECKS.checks[place[0]].sql)} & ON_DEMAND}
    must = concerned - idle
    changed = {place for place in before if told(now[place]) != told(before[place])}
    assert sorted(changed - must - set(as_found(before, lack.finds))) == [], "it cost more than it had to"
    assert sorted(place for place in must if now[place]["verdict"] != "unknown") == [], "it cost less than it had to"
    for place in PLANTED.values():
        assert place in must or now[place]["verdict"] == "fail", f"{place} is not found beside it"
    for check in lack.finds:
        assert "fail" in {one["verdict"] for (name, _), one in now.items() if name == check}


def as_found(places: Iterable[tuple[str, str]], checks: tuple[str, ...]) -> list[tuple[str, str]]:
    return [place for place in places if place[0] in checks]


@pytest.mark.parametrize(
    ("silent", "upgrade", "presence"),
    [(SUB, "pass", "pass"), (PUB, "unknown", "pass"), (IMP, "pass", "unknown")],
)
def test_a_node_that_has_no_part_in_an_answer_does_not_cost_it(
    silent: str, upgrade: str, presence: str, cluster: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The release of the publisher alone decides the way of an upgrade; IM and Presence is compared with itself."""
    quick(monkeypatch)
    plant(cluster)
    cluster.world.node(silent).faults["ssh_refuse"] = True
    seen = cluster.audit("--target", "15", "--check", "upgrade-path", "--check", "presence-release-differs")
    cluster.mend()
    said = {check: one["verdict"] for (check, _), one in outcomes(seen).items()}
    assert said == {"upgrade-path": upgrade, "presence-release-differs": presence}
    assert seen.code == 3, "the node itself was not heard"
