"""Rows of before-upgrade.toml that a fault of one node shows, from the command line to a simulated cluster and back."""

from pathlib import Path

import pytest
from labs import failing, lab, verdicts

ALL = ("critical", "warning", "note")


@pytest.mark.parametrize("release", ["9.1", "12.5", "14"])
def test_fips_mode_asks_for_a_longer_password_than_anybody_can_read(tmp_path: Path, release: str) -> None:
    with lab(tmp_path, scenario="b7", release=release, brisk=True) as ill:
        _, report = ill.audit("--check", "B7", "--target", "15", "--without", "ris")
        _, calm = ill.audit("--check", "B7", "--without", "ris")
    assert failing(report, ALL) == {"fips-before-upgrade": {"B7"}}
    assert [outcome["node"] for outcome in verdicts(report, "fail")] == ["cucm-sub1"]
    assert len(verdicts(report, "pass")) == 2
    assert verdicts(report, "by_hand"), "how long the password is, a person has to know"
    assert not failing(calm, ALL)
    assert not verdicts(calm, "pass"), "without a target the question is not asked"


@pytest.mark.parametrize("release", ["9.1", "12.5", "15"])
def test_what_a_node_says_of_its_machine_is_shown_and_is_no_pass(tmp_path: Path, release: str) -> None:
    with lab(tmp_path, scenario="b8", release=release, brisk=True) as ill:
        _, report = ill.audit("--check", "B8", "--target", "15", "--without", "ris")
    shown = {(outcome["check"], outcome["node"]): outcome for outcome in report["outcomes"] if outcome.get("show")}
    assert "out-of-date" in str(shown[("vm-tools", "cucm-sub1")]["show"])
    assert "VMware Virtual Machine" in str(shown[("machine-before-upgrade", "cucm-pub")]["show"])
    assert {outcome["verdict"] for outcome in shown.values()} == {"not_applicable"}
    assert not failing(report, ALL)
    assert not verdicts(report, "unknown")


@pytest.mark.parametrize(("release", "running"), [("9.1", 3), ("12.5", 0)])
def test_extension_mobility_is_to_be_stopped_before_9_is_left(tmp_path: Path, release: str, running: int) -> None:
    with lab(tmp_path, release=release, brisk=True) as healthy:
        _, report = healthy.audit("--check", "B10", "--target", "15", "--without", "ris")
    verdict = "fail" if running else "pass"
    found = [outcome["node"] for outcome in verdicts(report, verdict) if outcome["check"] == "em-to-stop"]
    assert len(found) == 3
    assert set(failing(report, ALL)) == ({"em-to-stop"} if running else set())


def test_the_licence_counts_before_an_upgrade(tmp_path: Path) -> None:
    with lab(tmp_path, scenario="h22", release="14", brisk=True) as ill:
        _, report = ill.audit("--check", "B9", "--target", "15", "--without", "ris", "--without", "ssh")
    assert set(failing(report)) == {"licence-not-authorised", "licence-entitlement"}
