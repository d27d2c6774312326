"""cucm-audit --node pub, on a simulated cluster, over HTTPS and SSH."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cucm_audit.reports.document import schema
from cucm_audit.simulator.cluster import Cluster
from tests.cli.conftest import Call


def outcomes(document: dict[str, Any]) -> dict[tuple[str, str | None], str]:
    return {(o["check"] or o["rows"][0], o["node"]): o["verdict"] for o in document["outcomes"]}


def test_the_way_of_the_data(trusted: Cluster, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    said = call("--node", "pub", "--format", "json", "--save", "lab.db")
    document = said.json()
    jsonschema.validate(document, schema())
    assert said.code in (0, 1, 3), said.err
    assert document["cluster"]["name"] == "lab"
    assert document["cluster"]["release"] == "12.5.1.14900-63"
    assert [node["name"] for node in document["nodes"] if node["voice"]] == ["cucm-pub", "cucm-sub1", "cucm-sub2"]
    assert document["cost"]["ssh_sessions"] == 4
    assert document["counts"]["pass"] > 30
    assert Path("lab.db").stat().st_mode & 0o777 == 0o600

    asked = len(trusted.world.asked)
    monkeypatch.setattr("socket.socket", None)  # judging and reporting open no socket
    again = call("audit", "--from", "lab.db", "--format", "json")
    assert outcomes(again.json()) == outcomes(document)
    assert again.code == said.code
    assert outcomes(call("report", "lab.db", "-f", "json").json()) == outcomes(document)
    assert "ledger" not in (shown := call("snapshot", "show", "lab.db").out)
    assert "12.5.1.14900-63" in shown
    assert len(trusted.world.asked) == asked  # nothing of this was sent
    assert call("--node", "pub", "--save", "lab.db").code == 2  # it is there already

    for password in (trusted.world.application[1], trusted.world.platform[1]):
        for file in Path().iterdir():
            if file.is_file() and file.suffix != ".pass":
                assert password.encode() not in file.read_bytes(), file


def test_nothing_is_sent_to_a_cluster_that_nobody_trusts(lab: Cluster, call: Call) -> None:
    before = len(lab.world.asked)
    said = call("--node", "lab", "-f", "json")
    assert said.code == 2
    assert {gap["reason"] for gap in said.json()["gaps"]} == {"tls_unknown"}
    assert any("trust add" in gap["hint"] for gap in said.json()["gaps"])
    assert said.json()["counts"]["pass"] == 0
    assert len(lab.world.asked) == before
    assert "0 writes possible" in said.err
    assert "Cost" not in call("--node", "lab", "-f", "json", "-q").err


def test_what_a_run_cost_is_told_once_wherever_the_report_goes(trusted: Cluster, call: Call) -> None:
    few = ("--node", "lab", "--check", "adp-orphan", "--without", "ssh")
    words = re.compile(r"Cost: \d+ AXL requests, .*0 writes possible \(\d+\.\d s\)\.")
    table, json_, file = call(*few), call(*few, "-f", "json"), call(*few, "-o", "report.txt")
    assert words.search(table.out)
    assert "Cost" not in table.err
    assert words.search(json_.err)
    assert words.search(file.err)


def test_one_node_that_refuses_ssh_is_unknown_and_the_rest_is_judged(trusted: Cluster, call: Call) -> None:
    node = trusted.world.node("cucm-sub2")
    node.accounts["platform"] = ("osadmin", "another")
    try:
        said = call("--node", "lab", "-f", "json")
    finally:
        del node.accounts["platform"]
    document = said.json()
    lost = {gap["node"] for gap in document["gaps"] if gap["source"] == "ssh"}
    assert lost == {"cucm-sub2"}
    assert said.code in (1, 3)
    assert not document["complete"]
    per_node = [(o["node"], o["verdict"]) for o in document["outcomes"] if o["reason"] == "auth_failed" and o["node"]]
    assert per_node
    assert set(per_node) == {("cucm-sub2", "unknown")}


def test_a_wrong_password_of_the_door_is_nothing_audited(trusted: Cluster, call: Call) -> None:
    path = Path("app.pass")
    path.write_text("wrong\n")
    said = call("--node", "lab", "-f", "json")
    assert said.code == 2
    assert said.json()["counts"]["pass"] == 0
    assert "auth_failed" in {gap["reason"] for gap in said.json()["gaps"]}


def test_a_password_file_that_others_may_read_is_refused(trusted: Cluster, call: Call) -> None:
    Path("app.pass").chmod(0o644)
    said = call("--node", "lab")
    assert (said.code, said.out) == (2, "")
    assert "chmod 600" in said.err


def test_a_dry_run_lists_what_a_run_sends_and_sends_nothing(trusted: Cluster, call: Call) -> None:
    before = len(trusted.world.asked)
    dry = call("--node", "lab", "--dry-run")
    assert dry.code == 0
    assert len(trusted.world.asked) == before
    Path("app.pass").unlink()  # no password is asked for either
    assert call("--node", "lab", "--dry-run").out == dry.out

    trusted.toml(Path("cucm-audit.toml").absolute())
    call("--node", "lab")
    sent = {asked.operation for asked in trusted.world.asked[before:] if asked.channel == "ssh"}
    listed = {line.split(maxsplit=1)[1] for line in dry.out.splitlines() if line.startswith("  ssh ")}
    always = {text for text in listed if "(only if" not in text} - {
        "login",
        "quit",
    }  # the node counts them as no command
    possible = {text.partition("   (only if")[0] for text in listed}
    assert always <= sent <= possible


def test_a_limited_run_says_so(trusted: Cluster, call: Call) -> None:
    before = len(trusted.world.asked)
    said = call("--node", "lab", "--limit", "cucm-sub1", "--without", "ris", "-f", "json")
    document = said.json()
    assert document["scope"]["limit"] == ["cucm-sub1"]
    assert document["scope"]["without"] == ["ris"]
    asked = trusted.world.asked[before:]
    assert {one.node for one in asked if one.channel == "ssh"} <= {"cucm-sub1"}
    assert not [one for one in asked if one.channel == "ris"]
    assert said.code != 2


def test_one_check_asks_only_what_it_reads(trusted: Cluster, call: Call) -> None:
    before = len(trusted.world.asked)
    said = call("--node", "lab", "--check", "adp-orphan", "-f", "json")
    assert [(o["check"], o["verdict"]) for o in said.json()["outcomes"]] == [("adp-orphan", "pass")]
    assert said.code == 0, said.out
    assert {one.channel for one in trusted.world.asked[before:]} == {"axl"}


def test_an_unknown_setting_is_refused(trusted: Cluster, call: Call) -> None:
    path = Path("cucm-audit.toml")
    path.write_text(path.read_text() + "[cluster.lab.settings]\nno-such = 3\n")
    said = call("--node", "lab")
    assert said.code == 2
    assert "no check reads 'no-such'" in said.err


@pytest.mark.parametrize("value", ["true", '"90"', "-1", "101"])
def test_a_limit_that_is_never_reached_is_refused(trusted: Cluster, call: Call, value: str) -> None:
    """SQLite calls every number smaller than a text: the check would pass whatever the disk holds."""
    path = Path("cucm-audit.toml")
    path.write_text(path.read_text() + f"[cluster.lab.settings]\ndisk-critical-percent = {value}\n")
    said = call("--node", "lab", "--check", "disk-full")
    assert said.code == 2
    assert "disk-critical-percent: expected" in said.err


def test_an_allowed_reason_stands_in_the_report(trusted: Cluster, call: Call) -> None:
    said = call("--node", "lab", "--check", "adp-orphan", "--allow-unknown", "timeout")
    assert said.code == 0
    assert "allow-unknown: timeout" in said.out


def test_options_that_a_saved_file_would_ignore_are_refused(trusted: Cluster, call: Call) -> None:
    call("snapshot", "save", "lab.db", "--node", "lab", "--without", "ssh")
    said = call("--from", "lab.db", "--node", "lab", "--limit", "x")
    assert said.code == 2
    assert "--node, --limit" in said.err


def test_what_is_no_snapshot_is_refused(call: Call) -> None:
    Path("x.db").write_text("no")
    assert call("--from", "x.db").code == 2
    with sqlite3.connect("y.db") as database:
        database.execute("create table t (a)")
    said = call("--from", "y.db")
    assert said.code == 2
    assert "no snapshot" in said.err


def _started(folder: Path, *argv: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "XDG_STATE_HOME": str(folder / "state"), "TMPDIR": str(folder / "tmp")}
    (folder / "tmp").mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "cucm_audit", *argv],
        cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def _wait_until(true: Any, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def hanging(trusted: Cluster) -> Any:
    """Serviceability of one node never answers."""
    node = trusted.world.node("cucm-sub1")
    node.faults["hang"] = True
    yield trusted
    del node.faults["hang"]


def test_ctrl_c_gives_a_report_that_says_so_within_two_seconds(hanging: Cluster, tmp_path: Path) -> None:
    before = len(hanging.world.asked)
    with _started(tmp_path, "--node", "lab", "-f", "json") as run:
        _wait_until(lambda: len(hanging.world.asked) > before + 60)
        start = time.monotonic()
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=20)
        took = time.monotonic() - start
    assert run.returncode == 130, err
    assert took < 2.5
    assert "stopping" in err
    assert re.search(r"Cost: \d+ AXL requests, .*0 writes possible", err)
    assert "Traceback" not in err
    document = json.loads(out)
    jsonschema.validate(document, schema())
    assert document["interrupted"]
    assert not document["complete"]
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_second_signal_ends_it_at_once_and_leaves_nothing(hanging: Cluster, tmp_path: Path) -> None:
    before = len(hanging.world.asked)
    with _started(tmp_path, "--node", "lab", "-o", "r.txt", "--save", "s.db") as run:
        _wait_until(lambda: len(hanging.world.asked) > before + 20)
        run.send_signal(signal.SIGTERM)
        out, err = run.communicate(timeout=5)
    assert run.returncode == 143, err
    assert re.search(r"Cost: \d+ AXL requests, .*0 writes possible", err)
    assert out == ""
    assert not (tmp_path / "r.txt").exists()
    assert not (tmp_path / "s.db").exists()
    assert [one for one in tmp_path.iterdir() if one.name.startswith(".cucm")] == []


def test_the_second_run_on_a_cluster_is_told_about_the_first(hanging: Cluster, call: Call, tmp_path: Path) -> None:
    before = len(hanging.world.asked)
    with _started(tmp_path, "--node", "lab") as run:
        _wait_until(lambda: len(hanging.world.asked) > before + 5)
        said = call("--node", "lab")
        run.send_signal(signal.SIGTERM)
        run.communicate(timeout=5)
    assert said.code == 2
    assert re.search(rf"locked by pid {run.pid} since ", said.err)
    assert "Cost: nothing was sent" in said.err
