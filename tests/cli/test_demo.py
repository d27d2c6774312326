"""The two commands that need no cluster of one's own."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import jsonschema

from cucm_audit.reports.document import schema
from tests.cli.conftest import Call


def test_the_demo_shows_a_finding_an_unknown_and_a_pass(call: Call) -> None:
    start = time.monotonic()
    said = call("demo")
    assert said.code == 0, said.err
    assert time.monotonic() - start < 30  # under 10 s on an idle machine
    for words in ("COULD NOT BE SEEN", "COULD NOT TELL", "FINDINGS", "COUNTS", "0 writes possible", "trust add"):
        assert words in said.out
    document = json.loads(Path("demo-report.json").read_text())
    jsonschema.validate(document, schema())
    assert document["cost"]["ssh_sessions"] >= 3
    assert call("report", "demo-report.json").code == 0
    assert sorted(path.name for path in Path().iterdir() if path.is_file()) == ["demo-report.html", "demo-report.json"]


def test_the_simulator_alone(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "cucm_audit", "simulate", "--write", str(tmp_path / "lab"), "--seconds", "60"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        told = json.loads(run.stdout.readline())
        run.send_signal(signal.SIGINT)
        assert run.wait(timeout=10) == 0
    assert len(told["nodes"]) == 4
    assert all(node["https_port"] and node["ssh_port"] for node in told["nodes"])
    assert (tmp_path / "lab" / "cucm-audit.toml").is_file()
    for kind, file in (("application", "app.pass"), ("platform", "os.pass")):
        account = told["accounts"][kind]
        assert account["user"]
        assert (tmp_path / "lab" / file).read_text().strip() == account["password"]
    assert (tmp_path / "lab" / "app.pass").stat().st_mode & 0o777 == 0o600


def test_the_simulator_says_nothing_of_clients_that_leave(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "cucm_audit", "simulate", "--seconds", "60"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        node = json.loads(run.stdout.readline())["nodes"][0]
        for _ in range(3):
            with socket.create_connection((node["address"], node["ssh_port"]), 5) as door:
                door.recv(4)
                door.sendall(b"GET / HTTP/1.0\r\n\r\n")
                door.recv(4096)
        run.send_signal(signal.SIGINT)
        assert run.wait(timeout=10) == 0
        assert run.stderr.read() == ""


def test_a_scenario_that_is_not_there(call: Call) -> None:
    said = call("simulate", "--scenario", "no-such")
    assert said.code == 2
    assert "cannot be simulated" in said.err
