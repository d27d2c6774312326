"""A simulated cluster, trusted and configured as a user would, and the program run on it through its command line."""

import contextlib
import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cucm_audit import cli
from cucm_audit.clients.cli_text import QUIET, Tail
from cucm_audit.simulator import Cluster, build

ABOVE_A_NOTE = ("critical", "warning")
#: Seconds that a prompt is believed after where a test is about verdicts, not about the reading of a shell: the
#: simulator's answers come in one piece there, and twenty prompts a node are most of an audit's time.
BRISK = 0.02


@dataclass
class Lab:
    """A running cluster and the folder with its cluster file."""

    cluster: Cluster
    folder: Path
    brisk: bool = False

    @property
    def world(self):
        return self.cluster.world

    def run(self, *words: str) -> tuple[int, str, str]:
        """Run the program; returns its exit code, stdout and stderr."""
        self.world.load.run_begins()
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), _folder(self.folder), _pace(self.brisk):
            code = cli.run([*words, "--state-dir", str(self.folder / "state")])
        return code, out.getvalue(), err.getvalue()

    def audit(self, *words: str) -> tuple[int, dict[str, Any]]:
        """Run an audit; returns its exit code and the JSON report."""
        code, out, err = self.run("audit", "--node", "lab", "--format", "json", *words)
        assert "Traceback" not in err
        assert out, f"exit {code} without a report: {err}"
        return code, json.loads(out)


@contextlib.contextmanager
def _folder(path: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(path)
    try:
        yield
    finally:
        os.chdir(before)


@contextlib.contextmanager
def _pace(brisk: bool) -> Iterator[None]:
    before = dict(QUIET)
    try:
        if brisk:
            QUIET[Tail.PROMPT] = BRISK
        yield
    finally:
        QUIET.update(before)


@contextlib.contextmanager
def lab(folder: Path, *, trusted: bool = True, brisk: bool = False, **options: Any) -> Iterator[Lab]:
    """Start a cluster (``options`` as for the simulator's ``build``), write its cluster file, trust it.

    ``brisk``: wait less at each prompt of the command line (see BRISK).
    """
    with Cluster(build(**options), max_life=300) as cluster:
        cluster.toml(folder / "cucm-audit.toml")
        made = Lab(cluster, folder, brisk)
        if trusted:
            code, out, err = made.run("trust", "add", "lab", "--yes")
            assert code in (0, 3), out + err
        yield made
        assert cluster.world.writes() == [], "something that could change a cluster was sent"


def failing(report: dict[str, Any], severities: tuple[str, ...] = ABOVE_A_NOTE) -> dict[str, set[str]]:
    """Checks with a finding of these severities, and the rows that they stand for."""
    return {
        outcome["check"]: set(outcome["rows"])
        for outcome in report["outcomes"]
        if outcome["verdict"] == "fail" and outcome["severity"] in severities
    }


def verdicts(report: dict[str, Any], verdict: str) -> list[dict[str, Any]]:
    """All outcomes with a verdict."""
    return [outcome for outcome in report["outcomes"] if outcome["verdict"] == verdict]
