"""A slice of the torture (tests/torture.py): each kind of fault, each client, another slice for another program.

``make torture`` runs all of it.
"""

import gc
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests import torture
from tests.fault_bench import Bench, bench

RUNS = 36


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("torture"), phones=8) as made:
        yield made
    gc.collect()


@pytest.mark.parametrize("number", range(RUNS))
def test_a_slice_of_the_torture(cluster: Bench, number: int) -> None:
    trial = torture.part(torture.trials(cluster), RUNS, torture.content())[number]
    print(f"python -m tests.torture --match {str(trial)!r}")
    torture.patiently(cluster, trial)


def test_there_is_a_trial_for_every_step(cluster: Bench) -> None:
    found = torture.trials(cluster)
    assert len(found) == len({str(trial) for trial in found})
    assert len(found) > 1500
    assert {trial.node for trial in found} == {node.name for node in cluster.world.nodes} | {""}
    assert {trial.client for trial in found} == {"axl", "ris", "services", "perfmon", "ssh", "tls", "disk", "here"}


def test_every_kind_and_every_client_is_in_every_slice(cluster: Bench) -> None:
    found = torture.trials(cluster)
    for seed in range(20):
        chosen = torture.part(found, RUNS, seed)
        assert len(chosen) == RUNS
        assert {trial.kind for trial in chosen} == {trial.kind for trial in found}
        assert {trial.client for trial in chosen} == {trial.client for trial in found}


#: Trials that an earlier program failed: all of them, always.
FOUND = (
    "disk: disk-full at : a file beyond 0 KB",
    "disk: disk-full at : a file beyond 2048 KB",
    "here: SIGINT at : judging",
)


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_before(cluster: Bench, name: str) -> None:
    found = [trial for trial in torture.trials(cluster) if str(trial) == name]
    assert len(found) == 1 or not torture.POSIX
    for trial in found:
        torture.patiently(cluster, trial)


def test_ctrl_c_while_it_judges_costs_no_saved_snapshot(cluster: Bench) -> None:
    cluster.mend()
    kept = cluster.folder / "kept.db"
    trial = next(trial for trial in torture.trials(cluster) if str(trial) == "here: SIGINT at : judging")
    seen = torture.patiently(cluster, replace(trial, words=(*trial.words, "--save", str(kept))))
    assert seen.report is None
    assert cluster.lab.run("--from", str(kept))[0] == 0
    kept.unlink()
