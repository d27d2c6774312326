"""The pace of AXL, in real seconds, as the simulated cluster sees it."""

import itertools
import time

import pytest

from cucm_audit.clients import pace
from cucm_audit.clients.pace import Gate
from cucm_audit.simulator import load
from tests.labs import lab


def test_a_gate_counts_from_the_end_of_an_answer(monkeypatch):
    monkeypatch.setattr(pace, "SECOND", 0.2)
    gate, begins, ends = Gate(2), [], []
    for _ in range(5):
        with gate:
            begins.append(time.monotonic())
            time.sleep(0.02)
            ends.append(time.monotonic())
    assert all(begins[n + 2] - ends[n] >= 0.2 for n in range(3))
    assert begins[1] - ends[0] < 0.15  # two may follow each other


def test_less_than_one_a_second(monkeypatch):
    monkeypatch.setattr(pace, "SECOND", 0.1)
    gate, begins = Gate(0.5), []
    for _ in range(3):
        with gate:
            begins.append(time.monotonic())
    assert all(later - earlier >= 0.2 for earlier, later in itertools.pairwise(begins))


@pytest.fixture
def real_second(monkeypatch):
    monkeypatch.setattr(pace, "SECOND", 1.0)
    monkeypatch.setattr(load, "SECOND", 1.0)


def test_a_run_keeps_to_four_requests_of_axl_a_second(real_second, tmp_path):
    """Whether it does is asserted after every test; here that the second is a real one, and that it is waited for."""
    with lab(tmp_path, release="12.5", phones=2, trusted=False) as made:
        made.run("trust", "add", "lab", "--yes")
        made.world.load.run_begins()
        begun = time.monotonic()
        _, report = made.audit("--check", "adp-phone-without-em", "--without", "ssh")
        asked = report["cost"]["axl"]
        assert asked > 4
        assert time.monotonic() - begun >= (asked - 1) // 4
        assert made.world.load.broken == []
