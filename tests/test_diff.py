"""Two snapshots compared through the command line."""

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from example_snapshots import recounted, whole

from cucm_audit.cli import run
from cucm_audit.diff import KEYS, LASTING, NAMED, VOLATILE, VOLATILE_TABLES, Difference, TableDiff, key_of
from cucm_audit.model import ON_DEMAND
from cucm_audit.reports import difference
from cucm_audit.snapshot import Snapshot
from cucm_audit.tables import columns, tables

PHONE = {
    "description": "", "model_number": 622, "model": "Cisco 7841", "product_number": 509, "protocol_number": 11,
    "template_id": "", "em_enabled": 0, "protected": 0, "logout_profile_id": "", "load_override": "", "owner_id": "",
}  # fmt: skip


def save(path: Path, *, again: bool = False) -> Path:
    """A snapshot with two nodes, a pool, two phones and their registrations; ``again``: with other pkids, later."""
    p = "second-" if again else ""
    made = Snapshot.create(path)
    made.meta("cluster", "lab")
    made.meta("cluster_id", "StandAloneCluster")
    made.meta("taken_at", "2026-01-02 00:00:00" if again else "2026-01-01 00:00:00")
    for place, name in enumerate(("pub", "sub")):
        role = "subscriber" if place else "publisher"
        made.write("node", [{"name": name, "role": role, "voice": 1, "description": "", "address": "10.1.1.1"}])
        disk = {"name": "logging", "total_kb": 100, "free_kb": 50, "used_kb": 50, "used_percent": 60 if again else 50}
        made.write("disk", [{"node": name, **disk}])
    made.write("device_pool", [{"id": f"{p}dp", "name": "Office", "cm_group": "Default", "datetime_group": "CMLocal"}])
    made.write(
        "phone", [{"id": f"{p}{n}", "name": f"SEP00000000000{n}", "device_pool_id": f"{p}dp", **PHONE} for n in (1, 2)]
    )
    seen = {
        "status": "Registered",
        "seen_at": "2026-01-02 00:00:00" if again else None,
        "active_load": "sip78xx.12-5-1-16",
    }
    registered = dict.fromkeys(("protocol", "inactive_load", "download_status", "login_user", "address"), "") | seen
    made.write("registration", [{"node": "sub", "phone": f"SEP00000000000{n}", **registered} for n in (1, 2)])
    whole(made)
    made.finish("2026-01-02 00:00:01")
    made.close()
    return path


def change(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as file:
        for statement in statements:
            file.execute(statement)
    recounted(path)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return save(tmp_path / "a.db"), save(tmp_path / "b.db", again=True)


def compare(pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = run(["diff", str(pair[0]), str(pair[1]), "--format", "json", *words])
    said = capsys.readouterr()
    assert said.out, said.err
    told = json.loads(said.out)
    return code, {**told, "tables": {table["table"]: table for table in told["tables"]}}


def test_other_pkids_and_times_are_no_difference(pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    code, told = compare(pair, capsys)
    assert (code, told["different"], told["no_longer_known"], told["tables"]) == (0, False, False, {})


def test_new_gone_and_changed_by_the_names_that_people_use(
    pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    change(
        pair[1],
        "update phone set name = 'SEP0000000000FF' where name = 'SEP000000000002'",
        "insert into device_pool values ('third', 'Shop', 'Default', 'CMLocal')",
        "update phone set device_pool_id = 'third' where name = 'SEP000000000001'",
        "update registration set status = 'UnRegistered' where phone = 'SEP000000000001'",
    )
    code, told = compare(pair, capsys)
    assert code == 1
    assert told["tables"]["phone"]["new"] == ["SEP0000000000FF"]
    assert told["tables"]["phone"]["gone"] == ["SEP000000000002"]
    assert told["tables"]["phone"]["changed"] == [
        {"key": "SEP000000000001", "columns": {"device_pool_id": ["Office", "Shop"]}}
    ]
    assert told["tables"]["registration"]["changed"][0]["columns"] == {"status": ["Registered", "UnRegistered"]}
    assert set(told["tables"]) == {"phone", "device_pool", "registration"}
    assert run(["diff", str(pair[0]), str(pair[1])]) == 1
    text = capsys.readouterr().out
    assert "phone: 1 new, 1 gone, 1 changed" in text
    assert "  ~ SEP000000000001: device_pool_id Office -> Shop" in text


def test_what_changes_by_itself_only_when_asked_for(
    pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = compare(pair, capsys, "--volatile", "--table", "disk")
    assert code == 1
    assert [one["columns"] for one in told["tables"]["disk"]["changed"]] == [{"used_percent": [50, 60]}] * 2


@pytest.mark.parametrize(("allowed", "code"), [("10", 0), ("20%", 0), ("9", 1), ("19%", 1)])
def test_tolerances_from_the_command_line_and_the_cluster_file(
    pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str], tmp_path: Path, allowed: str, code: int
) -> None:
    assert compare(pair, capsys, "--tolerance", f"disk.used_percent={allowed}")[0] == code
    file = tmp_path / "cucm-audit.toml"
    for line in (f'"disk.used_percent" = "{allowed}"', f'disk.used_percent = "{allowed}"'):
        file.write_text(f'[cluster.lab]\nnode = "10.1.1.1"\n[cluster.lab.tolerances]\n{line}\n', "utf-8")
        assert compare(pair, capsys, "--config", str(file))[0] == code


def test_a_tolerance_that_means_nothing_is_refused(
    pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for text, says in (("disk.used_per=5", "did you mean disk.used_percent?"), ("disk.used_percent=x", "no tolerance")):
        assert run(["diff", str(pair[0]), str(pair[1]), "--tolerance", text]) == 2
        assert says in capsys.readouterr().err
    file = tmp_path / "cucm-audit.toml"
    file.write_text('[cluster.lab]\nnode = "10.1.1.1"\n[cluster.lab.tolerances]\ndisk = true\n', "utf-8")
    assert run(["diff", str(pair[0]), str(pair[1]), "--config", str(file)]) == 2
    assert "cucm-audit.toml:4: disk: a tolerance is a number" in capsys.readouterr().err


def test_a_pin_that_an_administrator_locked_is_a_difference(
    pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    row = "'u1', '', 0, 0, '2026-01-01 00:00:00', '{}', '', 0"
    for path, locked in zip(pair, ("", "2026-01-01 12:00:00"), strict=True):
        change(path, f"insert into user_credential values ({row.format(locked)})")
    code, told = compare(pair, capsys)
    assert code == 1
    assert told["tables"]["user_credential"]["changed"][0]["columns"] == {
        "admin_locked_at": ["", "2026-01-01 12:00:00"]
    }


def test_what_is_no_longer_known_is_not_gone(pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    change(
        pair[1],
        "update ledger set state = 'failed', detail = 'no answer' where fact = 'registration' and node = 'sub'",
        "delete from registration",
        "update ledger set state = 'failed' where fact = 'phone'",
        "delete from phone",
    )
    code, told = compare(pair, capsys)
    assert (code, told["different"], told["no_longer_known"]) == (3, False, True)
    assert told["tables"]["registration"]["no_longer_known"] == ["sub: failed: no answer"]
    assert told["tables"]["phone"]["no_longer_known"] == ["failed"]
    change(pair[1], "update device_pool set cm_group = 'Other'")
    assert compare(pair, capsys)[0] == 1, "a difference that is known counts more"


def test_a_phone_that_may_be_at_a_silent_node_is_not_gone(
    pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    change(pair[0], "update registration set node = 'pub' where phone = 'SEP000000000001'")
    change(
        pair[1],
        "delete from registration",
        "update ledger set state = 'failed' where fact = 'registration' and node = 'sub'",
    )
    code, told = compare(pair, capsys)
    assert code == 3
    assert told["tables"]["registration"]["gone"] == []
    assert "may be at a node that is not known" in told["tables"]["registration"]["no_longer_known"][-1]


def test_a_node_that_went_is_gone_once(pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    change(
        pair[1],
        "delete from node where name = 'sub'",
        "delete from disk where node = 'sub'",
        "delete from ledger where node = 'sub'",
        "update registration set node = 'pub'",
    )
    code, told = compare(pair, capsys)
    assert code == 1
    assert told["tables"]["node"]["gone"] == ["sub"]
    assert "disk" not in told["tables"]


def test_what_was_not_known_before_is_said_and_is_no_difference(
    pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    change(pair[0], "update ledger set state = 'partial' where fact = 'phone'", "delete from phone")
    code, told = compare(pair, capsys)
    assert (code, told["tables"]["phone"]["not_known_before"]) == (3, ["partial"])
    assert not told["different"]


@pytest.mark.parametrize(
    ("before", "now", "detail", "code"),
    [
        ("failed", "failed", "timeout", 3),
        ("not_asked", "failed", "timeout", 3),
        ("not_asked", "not_asked", "the run leaves out ssh", 0),
        ("not_supported", "not_supported", "release 9.1 has no phone", 0),
    ],
)
def test_what_neither_saw_is_not_the_same(
    pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str], before: str, now: str, detail: str, code: int
) -> None:
    for path, state in zip(pair, (before, now), strict=True):
        change(path, f"update ledger set state = '{state}', detail = '{detail}' where fact = 'phone'")
    found, told = compare(pair, capsys)
    assert found == code
    assert told["tables"]["phone"]["known_by_neither"] == [f"{now}: {detail}"]
    assert told["not_everything_compared"] == (code == 3)


def test_what_is_asked_on_demand_is_missed_only_where_it_is_wanted(
    pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    for path in pair:
        change(path, f"update ledger set state = 'not_asked', detail = '{ON_DEMAND}' where fact = 'diagnostic'")
    assert compare(pair, capsys)[0] == 0
    assert compare(pair, capsys, "--table", "diagnostic")[0] == 3


def test_everything_that_is_said_of_tables_exists() -> None:
    """The lists of keys and volatile columns cannot rot: a column that is renamed is missed here."""
    known = {(table, column.name) for table in tables() for column in columns(table)}
    told = {(table, name) for table, names in KEYS.items() for name in names}
    told |= {(table, name) for table, names in VOLATILE.items() for name in names} | set(LASTING)
    told |= {(table, name) for table, name in NAMED.items()} | {(table, "id") for table in NAMED}
    assert told <= known
    assert tables() >= VOLATILE_TABLES


def test_no_row_is_found_again_by_a_number_of_the_database() -> None:
    for table in tables():
        assert key_of(table)
        assert "id" not in key_of(table)


def test_each_part_of_the_page() -> None:
    whose = [{"cluster": "lab", "release": "12.5", "taken_at": f"2026-11-{day} 05:15:00"} for day in (18, 19)]
    tables = (
        TableDiff(table="phone", new=tuple(f"SEP{number:03}" for number in range(99)), lost=("sub1: timeout",)),
        TableDiff(table="registration", unknown_before=("pub: left out", "sub1: left out")),
        TableDiff(table="certificate", unknown=("ssh was left out",)),
    )
    found = Difference(one=whose[0], other=whose[1], tables=tables, doubt="another publisher")
    page = difference.text(found, 100)
    head, rest = page.split("phone: 99 new\n", 1)
    assert head.split("\n\n") == [
        "from lab, 12.5, taken 2026-11-18 05:15:00\nto   lab, 12.5, taken 2026-11-19 05:15:00",
        "IN DOUBT: another publisher",
        "NO LONGER KNOWN\n  phone: sub1: timeout",
        "",
    ]
    listed, before, neither = rest.rstrip("\n").split("\n\n")
    assert re.fullmatch(r"(  \+ SEP\d{3}\n)+  \+ and (\d+) more \(-v lists them\)", listed)
    assert before == "NOT KNOWN BEFORE, AND SO NOT COMPARED\n  registration: pub: left out; sub1: left out"
    assert neither == "KNOWN BY NEITHER, AND SO NOT COMPARED\n  certificate: ssh was left out"
    assert difference.text(found, 100, verbose=True).count("  + SEP") == 99
    same = Difference(one=whose[0], other=whose[1], tables=(TableDiff(table="phone"),))
    assert difference.text(same, 100).rstrip("\n").split("\n\n")[1:] == ["Nothing that both know is different."]
