"""The whole way, from the command line to a simulated cluster and back: healthy, one fault at a time, the stories."""

from typing import Any

import pytest
from labs import failing, lab, verdicts

from cucm_audit.checks import load
from cucm_audit.simulator.scenarios import names, read

RELEASES = ("9.1", "10.5", "11.5", "12.5", "14", "15")
#: Scenario -> the rows that have to be found, and their kin: rows that share a check with them. Nothing else may be
#: found above a note. The first row is the scenario's own; the others have an alias of the scenario, or none.
FAULTS = {
    "t1": ("T1", "P4"),
    "t2": ("T2 P9", "P3"),
    "t3": ("T3 T9 P32", ""),
    "t4": ("T4 C6", ""),
    "t5": ("T5", "T3"),
    "t6": ("T6 P32", ""),
    "t7": ("T7 P18", ""),
    "t8": ("T8 C5", "T7"),
    "t9": ("T9 P25", "T3 P7a P31 P32"),
    "t10": ("T10 T3", ""),
    "p1": ("P1", ""),
    "p2": ("P2", ""),
    "p3": ("P3 P10", ""),
    "p4": ("P4", ""),
    "p5": ("P5", ""),
    "p7a": ("P7a P15", ""),
    "p13": ("P13", "P17"),
    "p15": ("P15 P16 P17 P32", ""),
    "p16": ("P16 T6", "P7a"),
    "p17": ("P17 P32", ""),
    "p18": ("P18 T7", ""),
    "p19": ("P19", ""),
    "p20": ("P20 C6", ""),
    "p21": ("P21 P7b P12b", "P4 T9"),
    "p23": ("P23", ""),
    "p24a": ("P24a", "P24b"),
    "p24b": ("P24b", "P24a"),
    "p26": ("P26", ""),
    "p26-memory": ("P26", ""),
    "p27": ("P27", ""),
    "p28": ("P28", "D7"),
    "p31": ("P31", ""),
    "p31-name": ("P31", ""),
    "p31-trust": ("P31", ""),
    "p32": ("P32 T6 P16", ""),
    "p33": ("P33", ""),
    "p34": ("P34", ""),
    "c2": ("C2", ""),
    "c3": ("C3", ""),
    "n1": ("N1", ""),
    "n2": ("N2", ""),
    "d1": ("D1", ""),
    "d2": ("D2", ""),
    "d3": ("D3", ""),
    "d4": ("D4", "D10"),
    "d7": ("D7", "P28"),
    "d8": ("D8", ""),
    "d10": ("D10 D3", ""),
}
#: Scenarios whose fault is worth a note and no more.
NOTES = {"c1": "C1", "p12c": "P12c", "n3": "N3", "d5": "D5", "d9": "D9"}
#: Scenarios that are another one under the name of a row, which tells the same fault by another symptom.
ALIASES = {"p9": "t2", "p10": "p3", "p7b": "p21", "p12b": "p21", "p25": "t9", "c5": "t8", "c6": "t4"}
#: Rows of these documents are those of the troubleshooting tables; other files of checks have scenarios of their own.
DOCUMENTS = ("cisco-18772", "em-login-7821", "scenario-45")


def ours(report: dict[str, Any]) -> dict[str, Any]:
    """The report without the checks of other files: what they find beside is tested with them."""
    kept = [outcome for outcome in report["outcomes"] if set(outcome["documents"]) & set(DOCUMENTS)]
    return {**report, "outcomes": kept}


def sources(name: str) -> tuple[str, ...]:
    """Leave the CLI out where a scenario leaves the nodes alone: it says the same as of the healthy cluster, slowly.

    An ill node is asked for everything: what it would be spared is not what these tests are about.
    """
    return ("--no-gentle", *(() if any("node" in part for part in read(name)) else ("--without", "ssh")))


@pytest.mark.parametrize("release", RELEASES)
def test_a_healthy_cluster_has_no_finding_above_a_note_and_nothing_unknown(tmp_path, release):
    with lab(tmp_path, brisk=True, release=release) as healthy:
        code, report = healthy.audit()
    assert failing(report) == {}
    assert verdicts(report, "unknown") == []
    assert report["gaps"] == []
    assert (report["complete"], code) == (True, 0)
    assert report["counts"]["pass"] > 30


@pytest.mark.parametrize("name", FAULTS)
def test_one_fault_gives_its_rows_finding_and_no_other(tmp_path, name):
    must, kin = (rows.split() for rows in FAULTS[name])
    with lab(tmp_path, brisk=True, scenario=name) as ill:
        code, report = ill.audit(*sources(name))
    found = failing(ours(report))
    for row in must:
        assert any(row in rows for rows in found.values()), (row, found)
    strangers = {check: rows for check, rows in found.items() if not rows & {*must, *kin}}
    assert strangers == {}
    assert verdicts(ours(report), "unknown") == []
    assert code == 1


@pytest.mark.parametrize("name", NOTES)
def test_what_is_worth_a_note_is_noted_and_no_more(tmp_path, name):
    with lab(tmp_path, brisk=True, scenario=name) as odd:
        _, report = odd.audit(*sources(name))
    found = failing(ours(report), ("critical", "warning", "note"))
    assert any(NOTES[name] in rows for rows in found.values()), found
    # A profile that is a user's and a phone's logout profile at once makes the phone ring for that user.
    assert set(failing(ours(report))) == ({"logout-profile-shared"} if name == "c1" else set())
    assert verdicts(ours(report), "unknown") == []


@pytest.mark.parametrize("name", ALIASES)
def test_an_alias_is_the_scenario_that_it_names(name):
    *parts, own = read(name)
    assert parts == read(ALIASES[name])
    assert set(own) == {"about", "base"}
    row = next(row for rows in FAULTS[ALIASES[name]] for row in rows.split() if row.lower() == name)
    assert row in FAULTS[ALIASES[name]][0].split()


def test_a_number_that_a_login_brought_is_on_the_list(tmp_path):
    with lab(tmp_path, brisk=True, scenario="p29") as cluster:
        code, report = cluster.audit("--check", "P29")
    (told,) = [outcome for outcome in report["outcomes"] if outcome["check"] == "em-login-numbers"]
    assert "SEP001BD4100008 bernd.albers 400001" in next(iter(told["show"].values()))
    assert code == 0


def test_the_login_page_is_asked_only_when_somebody_wants_it_and_its_refusal_is_found(tmp_path):
    with lab(tmp_path, brisk=True, scenario="n4") as ill:
        code, report = ill.audit("--check", "N4")
        asked = {asked.operation for asked in ill.world.asked if asked.channel == "web"}
    assert failing(report) == {"em-page-refuses": {"N4"}}
    assert {
        outcome["node"]: outcome["verdict"] for outcome in report["outcomes"] if outcome["check"] == "em-page-refuses"
    } == {
        "cucm-pub": "fail",
        "cucm-sub1": "pass",
        "cucm-sub2": "pass",
    }
    assert code == 1
    assert asked
    with lab(tmp_path, brisk=True, scenario="n4") as ill:
        ill.audit("--document", "scenario-45")
        assert not [asked for asked in ill.world.asked if asked.channel == "web"]


def test_the_download_status_is_told_and_never_judged(tmp_path):
    with lab(tmp_path, brisk=True, scenario="d6") as cluster:
        code, report = cluster.audit("--document", "scenario-45")
    (told,) = [outcome for outcome in report["outcomes"] if outcome["check"] == "download-status"]
    assert (told["verdict"], told["findings"], code) == ("not_applicable", [], 0)
    assert next(iter(told["show"].values())).startswith("Unknown: ")


def test_one_node_that_fails_alone_is_named(tmp_path):
    with lab(tmp_path, brisk=True, scenario="p22") as ill:
        _, report = ill.audit("--check", "P15")
    failed = {outcome["node"] for outcome in verdicts(report, "fail") if outcome["check"] == "replication-counter"}
    assert failed == {"cucm-sub1"}


@pytest.mark.parametrize("name", ["d3", "d3-callmanager", "d3-order", "d3-everywhere"])
@pytest.mark.parametrize("release", ["9.1", "11.5.1.14900-11", "11.5.1.15900-18", "12.0.1.21900-7", "12.5", "14", "15"])
def test_what_a_device_pack_asks_for_is_chosen_by_release(tmp_path, release, name):
    with lab(tmp_path, brisk=True, scenario=name, release=release) as ill:
        _, report = ill.audit("--document", "scenario-45")
    found = {check for check, rows in failing(report).items() if "D3" in rows}
    reboots = release in ("9.1", "11.5.1.14900-11", "12.0.1.21900-7")
    assert found <= (
        {"pack-not-booted", "booted-before-publisher"}
        if reboots
        else {"pack-tomcat-not-restarted", "pack-callmanager-not-restarted"}
    )
    if name in ("d3", "d3-everywhere") or (name == "d3-order") == reboots:
        assert found


@pytest.mark.parametrize(
    ("story", "release", "rows"),
    [
        ("em-login-7821", "10.5", {"N1"}),
        ("cisco-18772", "12.5", {"P24b", "T8", "P20"}),
        ("scenario-45", "9.1", {"D1", "D3"}),
    ],
)
def test_the_documents_own_stories_are_found_and_are_gone_once_mended(tmp_path, story, release, rows):
    (tmp_path / "ill").mkdir()
    (tmp_path / "mended").mkdir()
    with lab(tmp_path / "ill", brisk=True, scenario=story, release=release) as ill:
        code, report = ill.audit()
    assert rows <= set().union(*failing(report).values())
    assert code == 1
    with lab(tmp_path / "mended", brisk=True, scenario=f"{story}-mended", release=release) as mended:
        code, report = mended.audit()
    assert (failing(report), code) == ({}, 0)


def test_every_row_that_the_program_checks_has_its_scenario():
    """By its own name; P22 is retired and has one all the same, T12 and the like have none."""
    checked = {row.id for row in load(packages=False).rows if row.document in DOCUMENTS and row.checks}
    without = {row for row in checked if row.lower() not in names()}
    assert without == set()
    tried = {row for must, _ in FAULTS.values() for row in must.split()} | set(NOTES.values()) | {"P29", "N4", "D6"}
    assert checked - tried == set()
