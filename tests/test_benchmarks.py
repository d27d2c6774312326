"""The benchmarks still run. What they measure is no test: a busy machine would fail it."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "cases"),
    [
        ("start", ("an empty script", "cucm-audit --help", "everything imported")),
        ("phones", ("ours: SQL", "ciscoaxl get_phones", "zeep on Cisco's schema")),
        ("ris", ("ours: lxml", "zeep, typed objects")),
        ("readers", ("only strips", "show version active: ", "utils diagnose test: ")),
        ("fleet", ("one cluster", "at once", "one after the other")),
        ("ssh", ("TCP_NODELAY", "as it comes", "ours, pager", "recv_ready")),
    ],
)
def test_it_runs_and_measures_every_case(name: str, cases: tuple[str, ...]) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", name],
        cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert "x of the first" in said.stdout
    for case in cases:
        assert case in said.stdout
