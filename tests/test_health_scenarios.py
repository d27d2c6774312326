"""The rows of cluster-health.toml, from the command line to a simulated cluster and back: one fault, its row alone.

That a healthy cluster has no finding above a note and nothing unknown is tested on every release in test_scenarios.py.
"""

import json
from pathlib import Path

import pytest
from labs import failing, lab, verdicts

from cucm_audit.checks import load

ALL = ("critical", "warning", "note")
#: Scenario -> the checks that find something there. All of them belong to its row; others may be rows' relatives.
FAULTS = {
    "h2": {"release-differs", "inactive-release-differs"},
    "h3": {"option-missing", "option-extra"},
    "h5": {"unclean-boot"},
    "h6": {"ntp-stratum", "ntp-not-from-publisher"},
    "h6-presence": {"ntp-stratum"},
    "h6-auditor": {"auditor-clock-differs", "auditor-clock-differs-web"},
    "h7": {"replication-link", "replication-queue", "replication-ping"},
    "h7-old-check": {"replication-unchecked"},
    "h8": {"not-authenticated"},
    "h9": {"call-service-stopped", "service-stopped", "service-commanded-out"},
    "h10": {"tftp-nowhere"},
    "h11": {"web-certificate-expires-soon", "web-certificate-expires"},
    "h12": {"backup-too-old", "backup-failed"},
    "h12-parts": {"backup-component-failed", "backup-lacks-node"},
    "h12-none": {"backup-too-old"},
    "h13": {"core-new", "core-old"},
    "h13-presence": {"core-new"},
    "h14-presence": {"disk-full"},
    "h14": {"disk-full", "disk-filling"},
    "h15": {"node-memory-used", "processors-few", "cpu-busy"},
    "h17": {"pool-mostly-away", "model-mostly-away", "phone-rejected", "em-phone-not-registered"},
    "h17-model": {"model-mostly-away", "em-phone-not-registered"},
    "h18": {"load-not-as-given", "model-several-loads"},
    "h19": {"device-down", "trunk-not-in-service"},
    "h21": {"rollback-left-on", "os-security-off", "end-user-writes"},
    "h22": {"licence-not-authorised", "licence-entitlement"},
    "h22-evaluation": {"licence-not-registered", "licence-evaluation"},
    "h22-word": set(),
    "h23": {"ldap-host-plain", "ldap-sync-failed", "ldap-sync-once"},
    "h23-word": set(),
    "h24": {"own-account-writes"},
    "h25": {"em-requests-in-progress"},
    "h26": {"phone-without-line", "number-without-device"},
    "h26-unseen": {"phone-not-seen", "user-without-device"},
}
#: Findings of a healthy cluster that are notes: no PIN expires there, and 9.1 knows some models by a pack.
USUAL = {"credential-policy-weak", "model-from-pack"}
#: What cannot be told there: an old check of the replication, and words that no source names.
STALE = {
    "h7-old-check": {"replication-errors"},
    "h22-word": {"licence-not-registered", "licence-not-authorised", "licence-evaluation", "licence-entitlement"},
    "h23-word": {"ldap-sync-failed"},
}
#: The layouts of the command line, the schema and the services change between these.
RELEASES = ("9.1", "12.5", "14", "15")
#: Scenarios that are for some releases only: a question that an old one cannot be asked, IM and Presence, which is a
#: cluster of its own before 10.0, and relatives of a scenario that runs on all of them.
ONLY_ON = {
    "h6-presence": ("12.5",),
    "h13-presence": ("14",),
    "h14-presence": ("15",),
    "h17-model": ("12.5",),
    "h22": ("12.5", "14", "15"),
    "h22-evaluation": ("12.5", "15"),
    "h22-word": ("14",),
    "h23-word": ("9.1",),
    "h26-unseen": ("12.5", "14", "15"),
}
CASES = [
    pytest.param(name, release, id=f"{name}-{release}") for name in FAULTS for release in ONLY_ON.get(name, RELEASES)
]


@pytest.mark.parametrize(("name", "release"), CASES)
def test_one_fault_gives_its_rows_findings_and_no_other(tmp_path: Path, name: str, release: str) -> None:
    with lab(tmp_path, scenario=name, release=release, brisk=True) as ill:
        by_name = ("--check", "H26") if name.startswith("h26") else ()  # heavy queries
        code, report = ill.audit("--no-gentle", *by_name)  # also of a node that is ill, everything
    found = {check: rows for check, rows in failing(report, ALL).items() if check not in USUAL}
    row = name.partition("-")[0].upper()
    assert set(found) == FAULTS[name]
    assert all(row in rows for rows in found.values())
    assert {outcome["check"] for outcome in verdicts(report, "unknown")} == STALE.get(name, set())
    assert report["gaps"] == []
    assert code == (1 if failing(report) else 3 if name in STALE else 0)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(
    ("name", "check", "node"), [("h16", "diagnostic-failed", "cucm-pub"), ("h20", "network-not-valid", "cucm-sub1")]
)
def test_diagnostics_run_only_for_a_check_that_is_named(
    tmp_path: Path, name: str, check: str, node: str, release: str
) -> None:
    with lab(tmp_path, scenario=name, release=release, brisk=True) as ill:
        ill.audit("--document", "cluster-health", "--without", "ris")
        assert "utils diagnose test" not in {asked.operation for asked in ill.world.asked}
        code, report = ill.audit("--check", check)
        assert "utils diagnose test" in {asked.operation for asked in ill.world.asked}
    (outcome,) = [outcome for outcome in report["outcomes"] if outcome["verdict"] == "fail"]
    assert (outcome["check"], outcome["node"], code) == (check, node, 1)


@pytest.mark.parametrize("release", RELEASES)
def test_a_backup_agent_that_does_not_answer_is_no_missing_backup(tmp_path: Path, release: str) -> None:
    with lab(tmp_path, scenario="h12-agent", release=release, brisk=True) as ill:
        code, report = ill.audit("--check", "H12")
    assert {outcome["verdict"] for outcome in report["outcomes"]} == {"unknown"}
    assert "Master Agent" in json.dumps(report["gaps"])
    assert code == 3


@pytest.mark.parametrize("release", RELEASES)
def test_a_node_that_is_down_is_a_fault_when_the_publisher_says_so(tmp_path: Path, release: str) -> None:
    with lab(tmp_path, scenario="node-down", release=release, brisk=True) as ill:
        code, report = ill.audit("--document", "cluster-health")
    found = failing(report)
    assert "H1" in found["node-offline"]
    assert "H1" in found["node-silent"]
    assert set(found) <= {"node-offline", "node-silent", "pool-mostly-away"}
    assert {outcome["node"] for outcome in verdicts(report, "unknown")} == {"cucm-sub2", None}
    assert code == 1


def test_a_release_that_cisco_no_longer_supports_is_a_note_once_the_table_says_so(tmp_path: Path) -> None:
    tables = tmp_path / "mine" / "tables"
    tables.mkdir(parents=True)
    rows = {"9.1": '"2019-01-31"', "12.5": '"2020-01-31"', "15": '""'}
    text = '[table]\nname = "release_support"\nas-of = "2026-01-01"\nsource = "invented"\n'
    text += "".join(
        f'[[release_support]]\nrelease = "{release}"\nend_of_maintenance = ""\nend_of_support = {end}\n'
        for release, end in rows.items()
    )
    (tables / "ends.toml").write_text(text, encoding="utf-8")
    verdict = {}
    for release in RELEASES:
        folder = tmp_path / release
        folder.mkdir()
        with lab(folder, release=release, brisk=True) as cluster:
            _, report = cluster.audit("--check", "H4", "--checks", str(tmp_path / "mine"))
        verdict[release] = {outcome["verdict"] for outcome in report["outcomes"] if outcome["check"]}
    assert verdict == {"9.1": {"fail"}, "12.5": {"fail"}, "14": {"unknown"}, "15": {"pass"}}


@pytest.mark.parametrize("release", RELEASES[1:])  # before 10.0 IM and Presence is a cluster of its own
def test_an_ill_im_and_presence_node_is_found_beside_voice_nodes_that_are_well(tmp_path: Path, release: str) -> None:
    with lab(tmp_path, scenario="presence-ill", release=release, brisk=True) as ill:
        code, report = ill.audit("--document", "cluster-health")
    of_a_node = {
        outcome["check"]: outcome["node"]
        for outcome in verdicts(report, "fail")
        if outcome["severity"] != "note" and outcome["node"]
    }
    assert of_a_node == dict.fromkeys(
        (
            "unclean-boot",
            "ntp-unsynchronised",
            "web-certificate-expired",
            "database-service-stopped",
            "service-stopped",
            "core-new",
            "disk-full",
        ),
        "cucm-imp1",
    )
    assert set(failing(report)) - set(of_a_node) == {"stored-certificate-expired"}
    assert verdicts(report, "unknown") == []
    assert code == 1


def test_every_automatic_row_has_its_scenario() -> None:
    kinds = {row.id: row.kind for row in load(packages=False).rows if row.document == "cluster-health"}
    shown = {name.partition("-")[0].upper() for name in FAULTS} | {"H1", "H4", "H16", "H20"}
    assert {row for row, kind in kinds.items() if kind in ("automatic", "partly")} == shown
    assert list(kinds) == [f"H{number}" for number in range(1, 27)]
