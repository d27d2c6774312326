"""The whole way, from the command line to a simulated cluster and back: healthy, one fault at a time, the stories."""

import pytest
from labs import failing, lab, verdicts

from cucm_audit.checks import load

RELEASES = ("9.1", "10.5", "11.5", "12.5", "14", "15")
#: Scenario and the rows one of which every finding above a note belongs to. The first is the row of the scenario.
FAULTS = {
    "t1": ["T1"],
    "t4": ["T4", "C6"],
    "t8": ["T8", "C5", "T7"],
    "p2": ["P2"],
    "p13": ["P13", "P17"],
    "p20": ["P20", "C6"],
    "p21": ["P21", "P7b", "P12b"],
    "p23": ["P23"],
    "p24a": ["P24a", "P24b"],
    "p24b": ["P24b", "P24a"],
    "p28": ["P28"],
    "p34": ["P34"],
    "c1": ["C1"],
    "c2": ["C2"],
    "c3": ["C3"],
    "n1": ["N1"],
    "d1": ["D1"],
    "d2": ["D2"],
    "d3": ["D3"],
    "d4": ["D4"],
    "d7": ["D7", "P28"],
}


@pytest.mark.parametrize("release", RELEASES)
def test_a_healthy_cluster_has_no_finding_above_a_note_and_nothing_unknown(tmp_path, release):
    with lab(tmp_path, release=release) as healthy:
        code, report = healthy.audit()
    assert failing(report) == {}
    assert verdicts(report, "unknown") == []
    assert report["gaps"] == []
    assert (report["complete"], code) == (True, 0)
    assert report["counts"]["pass"] > 30


@pytest.mark.parametrize("name", FAULTS)
def test_one_fault_gives_its_rows_finding_and_no_other(tmp_path, name):
    with lab(tmp_path, scenario=name) as ill:
        code, report = ill.audit()
    row, *kin = FAULTS[name]
    found = failing(report, ("critical", "warning", "note") if name == "c1" else ("critical", "warning"))
    assert any(row in rows for rows in found.values()), found
    strangers = {check: rows for check, rows in failing(report).items() if not rows & {row, *kin}}
    assert strangers == {}
    assert verdicts(report, "unknown") == []
    assert code == (1 if failing(report) else 0)


@pytest.mark.parametrize("name", ["d3", "d3-callmanager", "d3-order", "d3-everywhere"])
@pytest.mark.parametrize("release", ["9.1", "11.5.1.14900-11", "11.5.1.15900-18", "12.0.1.21900-7", "12.5", "14", "15"])
def test_what_a_device_pack_asks_for_is_chosen_by_release(tmp_path, release, name):
    with lab(tmp_path, scenario=name, release=release) as ill:
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
    with lab(tmp_path / "ill", scenario=story, release=release) as ill:
        code, report = ill.audit()
    assert rows <= set().union(*failing(report).values())
    assert code == 1
    with lab(tmp_path / "mended", scenario=f"{story}-mended", release=release) as mended:
        code, report = mended.audit()
    assert (failing(report), code) == ({}, 0)


def test_every_row_of_the_first_set_has_its_scenario():
    first = "T1 T4 T8 P2 P13 P20 P21 P23 P24a P24b P28 P34 C1 C2 C3 N1 D1 D2 D3 D4 D7"
    assert {rows[0] for rows in FAULTS.values()} == set(first.split())
    kinds = {row.id: row.kind for row in load(packages=False).rows}
    assert all(kinds[row] in ("automatic", "partly") for row in first.split())
