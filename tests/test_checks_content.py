"""The troubleshooting tables that ship: every row of the documents, and the verdicts that the documents turn on.

That each check's example is true, and that nothing unknown passes, is tested for all checks in test_every_check.py.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest
from example_snapshots import outcomes, whole

from cucm_audit.checks import Check, example, load
from cucm_audit.model import Outcome, Verdict

CHECKS = load(packages=False)
OURS = {
    "cisco-18772": (
        "T1 T2 T3 T4 T5 T6 T7 T8 T9 T10 T11 T12 P1 P2 P3 P4 P5 P6 P7a P7b P7c P8 P9 P10 P11 P12a P12b P12c P12d P13 P14"
        " P15 P16 P17 P18 P19 P20 P21 P22 P23 P24a P24b P25 P26 P27 P28 P29 P30 P31 P32 P33 P34 C1 C2 C3 C4 C5 C6"
    ),
    "em-login-7821": "N1 N2 N3 N4",
    "scenario-45": "D1 D2 D3 D4 D5 D6 D7 D8 D9 D10",
}


def judged(check: str, tables: Mapping[str, Any] | None = None) -> list[Outcome]:
    """Judge a check on rows given in the form of an example (without: its own)."""
    found: Check = CHECKS.checks[check]
    if tables is not None:
        found = dataclasses.replace(found, example=tables)
    snapshot = example(found, CHECKS.settings)
    whole(snapshot)
    rows = tuple(dataclasses.replace(row, checks=(check,)) for row in CHECKS.rows_of(check))
    try:
        return outcomes(snapshot, dataclasses.replace(CHECKS, rows=rows, checks={check: found}), check)
    finally:
        snapshot.close()


def checks_of(row: str) -> set[str]:
    return next(set(r.checks) for r in CHECKS.rows if r.id == row)


@pytest.mark.parametrize("document", OURS)
def test_every_row_of_a_document_stands_in_its_order(document):
    assert " ".join(row.id for row in CHECKS.rows if row.document == document) == OURS[document]


def test_no_row_is_both_retired_and_checked():
    assert not [row.id for row in CHECKS.rows if row.retired and row.checks]


EM = "/emapp/EMAppServlet?device=#DEVICENAME#"
FAULTS = {
    "em-url-case": "http://10.1.1.1:8080/emapp/emappservlet?device=#DEVICENAME#",
    "em-url-device": "http://10.1.1.1:8080/emapp/EMAppServlet",
    "em-url-path": "http://10.1.1.1:8080/emapp/EMAppServlet ?device=#DEVICENAME#",
    "em-url-host": f"http://10.1.1.9:8080{EM}",
    "em-url-port": f"http://10.1.1.1:8443{EM}",
    "em-url-port-missing": f"http://10.1.1.1{EM}",
    "em-url-node-inactive": f"http://10.1.1.2:8080{EM}",
}
MORE = {
    f"http://10.1.1.1:8080{EM}": set(),
    f"http://10.1.1.1:8080{EM}&EMCC=#EMCC#&loginType=UID": set(),
    f"http://10.1.1.1:8080{EM}&amp;EMCC=#EMCC#": {"em-url-path"},
    "http://10.1.1.1:8080/emapp/EMAppServlet?device=#DEVICENAME# &loginType=UID": {"em-url-path"},
    "http://10.1.1.1:8080/emapp/EMAppServlet?device=#devicename#": {"em-url-case"},
    f"http://127.0.0.1:8080{EM}": {"em-url-host"},
    f"10.1.1.1:8080{EM}": {"em-url-path"},
    f"https://pub:8443{EM}": set(),
    f"http://10.1.1.1:80{EM}": {"em-url-port"},
} | {url: {name} for name, url in FAULTS.items()}


@pytest.mark.parametrize(("url", "expected"), MORE.items())
def test_one_fault_of_the_url_is_found_by_one_check(url, expected):
    rows = {
        "node": [{"name": "pub", "address": "10.1.1.1"}, {"name": "sub", "address": "10.1.1.2"}],
        "activated_service": [
            {"node": "pub", "service": "Cisco Extension Mobility", "active": 1},
            {"node": "sub", "service": "Cisco Extension Mobility", "active": 0},
        ],
        "phone_service": [{"id": "1", "name": "EM", "enabled": 1, "em": 1, "url": url}],
    }
    found = {name for name in FAULTS if judged(name, rows)[0].verdict is Verdict.FAIL}
    assert found == expected


PACK = "cmterm-devicepack{0}.99999-1"


@pytest.mark.parametrize(
    ("release", "asked"),
    [
        ("9.1.2.10000-28", "boot"),
        ("11.0.1.20000-2", "boot"),
        ("11.5.1.14900-11", "boot"),
        ("11.5.1.15900-18", "services"),
        ("11.5.1.18900-97", "services"),
        ("12.0.1.10000-10", "boot"),
        ("12.0.1.21900-7", "boot"),
        ("12.0.1.22900-11", "services"),
        ("12.5.1.14900-63", "services"),
        ("14.0.1.13900-155", "services"),
        ("15.0.1.11900-23", "services"),
    ],
)
def test_what_a_device_pack_asks_for_depends_on_the_release(release, asked):
    made_for = ".".join(release.split(".")[:3])
    stem = PACK.format(made_for)
    rows = {
        "node": [{"name": "pub", "release": release, "role": "publisher"}],
        "software_version": [{"node": "pub", "version": release}],
        "activated_service": [{"node": "pub", "service": "Cisco CallManager", "active": 1}],
        "installed_option": [{"node": "pub", "name": f"{stem}.cop", "stem": stem, "pack_for": made_for}],
        "system_event": [
            {"node": "pub", "line": 1, "local_at": "2026-01-01 08:00:00", "action": "Boot"},
            {
                "node": "pub",
                "line": 2,
                "local_at": "2026-06-01 20:00:00",
                "action": "Cisco Option Install",
                "stem": stem,
                "result": "Success",
            },
        ],
        "node_clock": [{"node": "pub", "zone": "Europe/Berlin"}],
        "service_status": [
            {"node": "pub", "service": name, "status": "Started", "local_started_at": "2026-01-01 08:10:00"}
            for name in ("Cisco Tomcat", "Cisco CallManager")
        ],
    }
    verdicts = {
        name: judged(name, rows)[0].verdict
        for name in ("pack-not-booted", "pack-tomcat-not-restarted", "pack-callmanager-not-restarted")
    }
    boot, services = (
        (Verdict.FAIL, Verdict.NOT_APPLICABLE) if asked == "boot" else (Verdict.NOT_APPLICABLE, Verdict.FAIL)
    )
    assert verdicts == {
        "pack-not-booted": boot,
        "pack-tomcat-not-restarted": services,
        "pack-callmanager-not-restarted": services,
    }
    rows["system_event"].append({"node": "pub", "line": 3, "local_at": "2026-06-01 20:30:00", "action": "Boot"})
    after = {judged(name, rows)[0].verdict for name in verdicts}
    assert after == {Verdict.PASS, Verdict.NOT_APPLICABLE}


def test_a_pack_that_the_log_does_not_name_is_unknown_not_fine():
    check = CHECKS.checks["pack-not-booted"]
    rows = {**check.example, "system_event": [row for row in check.example["system_event"] if row["action"] == "Boot"]}
    assert {o.verdict for o in judged(check.id, rows)} == {Verdict.UNKNOWN}


def test_callmanager_on_subscribers_only_asks_for_no_restart():
    check = CHECKS.checks["pack-callmanager-not-restarted"]
    for services in ([], [{"node": "pub", "service": "Cisco CallManager", "active": 0}]):
        (found,) = judged(check.id, {**check.example, "activated_service": services})
        assert found.verdict is Verdict.NOT_APPLICABLE


def test_a_lookup_of_a_known_bad_load_names_the_bug_and_no_more_than_reported():
    assert {(row["model_number"], row["fixed_in"]) for row in CHECKS.bad_loads} == {
        (621, "sip78xx.10-2-1"),
        (622, "sip78xx.10-2-1"),
        (623, "sip78xx.10-2-1"),
    }
    for name in ("bad-load-default", "bad-load-override", "bad-load-active"):
        assert "reported fixed in" in CHECKS.checks[name].says


def test_multiple_login_behaviour_is_told_by_word_or_setting_never_by_number():
    check = CHECKS.checks["em-logged-in-twice"]

    def verdict(value: str, setting: str = "") -> Verdict:
        rows = {key: rows for key, rows in check.example.items() if key not in ("wrong", "unknown")}
        rows["node"] = [{"name": "pub"}]
        rows["service_param"] = [{"service": "Cisco Extension Mobility", "name": "multiDevHoteling", "value": value}]
        rows["setting"] = [{"name": "multiple-login-behavior", "value": setting}]
        return judged(check.id, rows)[0].verdict

    assert verdict("Multiple Logins Allowed") is Verdict.PASS
    assert verdict("1") is Verdict.UNKNOWN
    assert verdict("1", "not-allowed") is Verdict.FAIL
    assert verdict("1", "allowed") is Verdict.PASS


def test_nobody_logged_in_passes_and_says_why():
    check = CHECKS.checks["em-logged-in-twice"]
    (found,) = judged(check.id, {"node": [{"name": "pub"}], "em_login": [{"phone_id": "p1"}]})
    assert (found.verdict, found.detail) == (Verdict.PASS, "nobody is logged in")


def test_rows_that_mean_the_same_share_their_checks():
    assert checks_of("C5") == checks_of("T8")
    assert checks_of("C6") == checks_of("T4") | checks_of("P20")
    assert checks_of("D7") <= checks_of("P28")


PHONE = {"id": "p1", "name": "SEP000011112222", "em_enabled": 1}
ADP = {"id": "a1", "name": "ADP000011112222", "kind_number": 2}


@pytest.mark.parametrize(
    ("phones", "profile", "found"),
    [
        ([{**PHONE, "logout_profile_id": "a1"}], ADP, set()),
        ([], ADP, {"adp-orphan"}),
        ([PHONE], ADP, {"adp-stale", "adp-leftover"}),
        ([{**PHONE, "logout_profile_id": "u1"}], ADP, {"adp-stale", "adp-leftover"}),
        ([{**PHONE, "name": "SEP00001111FFFF", "logout_profile_id": "a1"}], ADP, {"adp-mislinked"}),
        ([{**PHONE, "em_enabled": 0, "logout_profile_id": "a1"}], ADP, {"adp-phone-without-em"}),
        ([PHONE], {**ADP, "kind_number": 1}, {"named-like-adp"}),
    ],
)
@pytest.mark.parametrize("release", ["11.0.1.20000-2", "12.5.1.14900-63"])
def test_an_auto_generated_profile_gets_one_verdict_on_every_release(phones, profile, found, release):
    rows = {"node": [{"name": "pub", "release": release}], "phone": phones, "device_profile": [profile]}
    wrong = {name for name in checks_of("P24b") if judged(name, rows)[0].verdict is Verdict.FAIL}
    assert wrong == found - {"adp-leftover" if release.startswith("11.0") else "adp-stale"}


def test_a_node_of_another_release_needs_other_packs():
    check = CHECKS.checks["device-pack-missing"]
    versions = [
        {**row, "version": "10.5.2.10000-5"} if row["node"] == "sub2" else row
        for row in check.example["software_version"]
    ]
    verdicts = {o.node: o.verdict for o in judged(check.id, {**check.example, "software_version": versions})}
    assert verdicts["sub2"] is Verdict.NOT_APPLICABLE
    assert verdicts["sub1"] is Verdict.PASS


def test_one_phone_away_from_its_first_node_is_no_sign_of_a_missing_pack():
    check = CHECKS.checks["model-avoids-first-node"]
    phones = [*check.example["phone"], {**check.example["phone"][0], "id": "9", "name": "SEP000000000009"}]
    there = [
        *check.example["registration"],
        {"node": "sub", "phone": "SEP000000000009", "status": "Registered"},
    ]
    rows = {**check.example, "phone": phones, "registration": there}
    assert not judged(check.id, rows)[0].findings
    (other,) = judged("phone-not-on-first-node", rows)
    assert "SEP000000000001" in {finding.subject for finding in other.findings}
