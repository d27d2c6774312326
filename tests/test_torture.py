"""Every step of an audit, spoilt in every way, one at a time: whatever breaks wherever, nothing unseen passes.

The steps are recorded from a healthy run. Usually a slice of (step, kind) is tried, always the same one; with
TORTURE=all in the environment (``make torture``) all of them.
"""

import os
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import pytest

from tests.fault_bench import PUB, SUB, Bench, assert_invariants, bench, quick, short

RUNS = 40
NO_SSH, ONE_NODE = ("--without", "ssh"), ("--limit", SUB)
SECONDS = 0.8  # that nothing may take longer than, where something hangs

#: What may become of a request. A number after the name tells kinds of one fault apart.
HTTP: Mapping[str, tuple[str, Any]] = {
    "reset": ("reset", True),
    "cut": ("reset", 200),
    "hang": ("hang", True),
    "truncate": ("truncate", True),
    "garbage": ("bad_utf8", True),
    "401": ("status", 401),
    "403": ("status", 403),
    "500": ("status", 500),
    "503": ("status", 503),
    "html": ("html200", True),
    "elsewhere": ("redirect", "https://127.0.0.1:1/"),
    "doctype": ("doctype", True),
    "namespace": ("wrong_namespace", True),
    "surprise": ("extra_element", True),
}
#: What may become of a command.
TYPED: Mapping[str, Any] = {
    "hang": ("cli_hang", None),
    "reset": ("cli_cut", True),
    "truncate": ("cli_cut", "eof"),
    "garbage": ("cli_garbage", ["\x1b[31m%s?? 12:61 admin", "=====>"]),
    "empty": ("cli_answer", ""),
    "nonsense": ("cli_answer", "<html>Sign in</html>"),
    "error": ("cli_error", "Error: database is not running"),
    "question": ("cli_question", "Continue (y/n)? "),
    "endless": ("cli_endless", None),
}
#: What may become of the whole session.
LOGIN: Mapping[str, tuple[str, Any]] = {
    "refuse": ("ssh_refuse", True),
    "reset": ("ssh_drop", "connect"),
    "dropped": ("ssh_drop", "login"),
    "hang": ("ssh_silent", True),
    "401": ("ssh_auth", "refused"),
    "busy": ("cli_busy", "The system is busy"),
    "locked": ("cli_locked", True),
    "never": ("cli_never_prompt", True),
}


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One fault at one step: where, what it is called, what is switched on, and how the audit is narrowed."""

    node: str
    step: str
    kind: str
    faults: Mapping[str, Any]
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind} at {self.node}: {self.step[:80]}"


def requests(bench: Bench) -> Iterator[Trial]:
    """The requests of a run without SSH, the first time they are sent or every time."""
    seen = bench.healthy(*NO_SSH)
    steps = {(one.node, one.operation, one.detail) for one in seen.asked if one.channel != "web"}
    for number, (node, operation, detail) in enumerate(sorted(steps)):
        on = escape(detail) if operation == "executeSQLQuery" else operation.removeprefix("GET ")
        for place, (kind, (name, value)) in enumerate(HTTP.items()):
            once = {"times": 1} if (number + place) % 2 else {}
            faults = {name: {"value": value, "on": on, **once}}
            step = f"{operation} {detail}{' once' if once else ''}"
            yield Trial(node=node, step=step, kind=kind, faults=faults, words=NO_SSH)


def commands(bench: Bench) -> Iterator[Trial]:
    """The commands typed on one node, and its login."""
    seen = bench.healthy(*ONE_NODE)
    typed = sorted({one.operation for one in seen.asked if one.channel == "ssh" and one.node == SUB})
    for command in typed:
        if command != "quit":
            for kind, (name, value) in TYPED.items():
                faults = {name: command if value is None else {command: value}}
                yield Trial(node=SUB, step=command, kind=kind, faults=faults, words=ONE_NODE)
    for kind, (name, value) in LOGIN.items():
        yield Trial(node=SUB, step="login", kind=kind, faults={name: value}, words=ONE_NODE)


def trials(bench: Bench) -> list[Trial]:
    """All of them, in an order that is mixed and always the same."""
    found = [*requests(bench), *commands(bench)]
    random.Random(7).shuffle(found)
    return found


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("torture"), phones=8) as made:
        yield made


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick(monkeypatch)


def attempt(cluster: Bench, trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run one and see that it costs no more than it must."""
    cluster.mend()
    with monkeypatch.context() as patch:
        if trial.kind in ("hang", "endless", "never", "truncate"):
            short(patch, SECONDS)
        cluster.world.node(trial.node).faults.update(trial.faults)
        seen = cluster.audit(*trial.words)
    assert_invariants(cluster, seen, *trial.words, limit=20)
    assert seen.code in (0, 2, 3), f"exit {seen.code}: a fault of the line is no finding"
    if seen.code == 0:
        assert seen.report is not None
        assert seen.report["complete"]
        assert not seen.reasons
    if seen.code == 2:
        assert trial.node == PUB, "one node that is no door cannot cost everything"
    cluster.mend()


@pytest.mark.parametrize("number", range(RUNS))
def test_a_slice_of_the_torture(cluster: Bench, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    trial = trials(cluster)[number]
    print(trial)
    attempt(cluster, trial, monkeypatch)


@pytest.mark.skipif(os.environ.get("TORTURE") != "all", reason="make torture")
@pytest.mark.timeout(0)
def test_all_of_the_torture(cluster: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = []
    for trial in trials(cluster):
        try:
            attempt(cluster, trial, monkeypatch)
        except AssertionError as error:
            wrong.append(f"{trial}: {error}")
            print(wrong[-1], flush=True)
    assert wrong == []


def test_there_is_a_trial_for_every_step(cluster: Bench) -> None:
    found = trials(cluster)
    assert len(found) > 900
    assert {trial.node for trial in found} == {node.name for node in cluster.world.nodes}
    assert {"executeSQLQuery", "selectCmDeviceExt", "soapGetServiceStatus"} <= {one.step.split()[0] for one in found}
