"""--registration database: where phones are registered as the database noted it, labelled so, and no more than that."""

from pathlib import Path
from typing import Any

import pytest

from tests.labs import Lab, lab

FORMATS = ("table", "json", "html", "markdown", "csv", "ndjson", "junit", "sarif", "prometheus", "nagios")
PHONE = "SEP001BD4100055"
ROW = f"fkdevice = (select pkid from device where name = '{PHONE}')"


@pytest.fixture
def there(tmp_path: Path) -> Any:
    with lab(tmp_path, brisk=True, phones=60) as made:
        yield made


def of(report: dict[str, Any], check: str) -> dict[str, Any]:
    return next(outcome for outcome in report["outcomes"] if outcome["check"] == check)


def test_every_report_says_where_it_comes_from_and_what_it_has_not_is_not_known(there: Lab) -> None:
    code, report = there.audit("--registration", "database", "--without", "ris", "--save", "noted.db")
    assert report["scope"]["registration"].startswith("database (")
    assert report["cost"].get("ris", 0) == 0
    assert of(report, "phone-rejected")["verdict"] == "pass"
    assert of(report, "phone-rejected")["examined"] == 60
    assert sum(map(int, of(report, "registered-by-node")["show"]["r.phones"])) == 60
    for check in ("bad-load-active", "load-not-as-given"):
        assert of(report, check)["verdict"] == "unknown", "the database has no load of a phone"
    assert code == 3
    for kind in FORMATS:
        said = there.run("audit", "--from", "noted.db", "-f", kind)
        assert "database (what it noted last" in said[1], said


def test_what_it_noted_is_judged(there: Lab) -> None:
    there.world.database.execute(f"update registrationdynamic set tkrisstatus = 3 where {ROW}")
    code, report = there.audit("--registration", "database", "--check", "phone-rejected")
    assert [finding["subject"] for finding in of(report, "phone-rejected")["findings"]] == [PHONE]
    assert code == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (f"update registrationdynamic set lastknownucm = 'elsewhere' where {ROW}", "inconsistent"),
        ("update typerisstatus set name = 'Dozing' where name = 'Registered'", "malformed"),
        (f"update registrationdynamic set tkrisstatus = null where {ROW}", "malformed"),
        (f"update registrationdynamic set tkrisstatus = 99 where {ROW}", "malformed"),
        (
            f"update registrationdynamic set lastknownucm = '', lastseen = 0, tkrisstatus = 1 where {ROW}",
            "inconsistent",
        ),
        (
            f"update registrationdynamic set lastknownucm = '', lastseen = 0, tkrisstatus = 3 where {ROW}",
            "inconsistent",
        ),
    ],
)
def test_a_node_or_a_status_that_nobody_knows_makes_it_partial(there: Lab, change: str, reason: str) -> None:
    there.world.database.execute(change)
    _, report = there.audit("--registration", "database", "--check", "phone-rejected")
    assert of(report, "phone-rejected")["verdict"] == "unknown"
    assert {gap["reason"] for gap in report["gaps"] if gap["fact"] == "registration"} == {reason}


def test_a_phone_that_is_noted_twice_is_not_known(there: Lab) -> None:
    columns = "fkdevice, lastknownipaddress, lastknownucm, lastseen"
    there.world.database.execute(
        f"insert into registrationdynamic (pkid, tkrisstatus, {columns}) select 'ffffffff-0000-0000-0000-000000000000',"
        f" 3, {columns} from registrationdynamic where {ROW}"
    )
    _, report = there.audit("--registration", "database", "--check", "phone-rejected")
    assert of(report, "phone-rejected")["verdict"] == "unknown"


@pytest.mark.parametrize("status", ["null", "0"])
def test_a_phone_that_never_registered_has_no_row(there: Lab, status: str) -> None:
    there.world.database.execute(
        f"update registrationdynamic set lastknownucm = '', lastseen = 0, tkrisstatus = {status} where {ROW}"
    )
    _, report = there.audit("--registration", "database", "--check", "phone-rejected")
    assert of(report, "phone-rejected")["verdict"] == "pass"
    assert of(report, "phone-rejected")["examined"] == 59


def test_a_release_whose_database_does_not_note_it_says_so(tmp_path: Path) -> None:
    with lab(tmp_path, brisk=True, phones=20, release="11.5.1.12900-21") as old:
        code, report = old.audit("--registration", "database", "--check", "phone-rejected")
    assert (code, of(report, "phone-rejected")["verdict"]) == (3, "unknown")
    assert ["11.5" in gap["detail"] for gap in report["gaps"] if gap["fact"] == "registration"] == [True]


def test_the_dry_run_asks_the_database_and_the_cluster_file_may_say_it(there: Lab) -> None:
    file = there.folder / "cucm-audit.toml"
    file.write_text(file.read_text().replace("[cluster.lab]\n", '[cluster.lab]\nregistration = "database"\n'))
    said = there.run("--node", "lab", "--dry-run", "--check", "phone-rejected")[1]
    assert "typerisstatus" in said
    assert "selectCmDeviceExt" not in said
    said = there.run("--node", "lab", "--dry-run", "--check", "phone-rejected", "--registration", "ris")[1]
    assert "selectCmDeviceExt" in said
    assert "typerisstatus" not in said


def test_an_explanation_says_where_the_registration_comes_from(there: Lab) -> None:
    there.audit("--registration", "database", "--without", "ris", "--without", "ssh", "--save", "noted.db")
    said = there.run("explain", "23", "--from", "noted.db", "--device", PHONE)[1]
    assert "database (what it noted last" in " ".join(said.split())
