"""The command line, called as a user calls it, on a simulated cluster."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cucm_audit.cli import run
from cucm_audit.simulator.build import build
from cucm_audit.simulator.cluster import Cluster


@dataclass
class Said:
    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


Call = Callable[..., Said]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call the program in an empty folder, with a state folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "configs"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "120")

    def called(*argv: object) -> Said:
        capsys.readouterr()
        code = run([str(word) for word in argv])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Said(code, out, err)

    return called


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A healthy cluster. A test that breaks it mends it again."""
    with Cluster(build("12.5", "healthy", 60), max_life=600) as running:
        yield running
        assert running.world.writes() == []


@pytest.fixture
def lab(cluster: Cluster, tmp_path: Path) -> Cluster:
    """The cluster, named lab in the cluster file of the working directory."""
    cluster.toml(tmp_path / "cucm-audit.toml")
    return cluster


@pytest.fixture
def trusted(lab: Cluster, call: Call) -> Cluster:
    """The same, its nodes trusted."""
    said = call("trust", "add", "lab", "--yes")
    assert said.code == 0, said.err
    return lab
