"""A machine that is short of something, and runs that are killed or meet each other: as processes, on Linux."""

import contextlib
import json
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cucm_audit import lanes
from cucm_audit.model import Source
from cucm_audit.reports.document import schema
from tests.fault_bench import SUB, Bench, assert_invariants, bench, leaks, quick
from tests.fault_process import Process, audited, started, state

resource = pytest.importorskip("resource", reason="limits of a process are set this way on POSIX only")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and /proc as on Linux")

#: MiB that an audit of 10,000 phones gets along with. What it holds is what a container counts; the address space is
#: larger, because the C library reserves 64 MiB for each of some thirty threads and never touches most of it.
LITTLE_RESIDENT = 256
LITTLE_MEMORY = 1536


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("resources")) as made:
        yield made


@pytest.fixture(autouse=True)
def _mended(cluster: Bench) -> Iterator[None]:
    yield
    cluster.mend()


def audit(bench: Bench, *words: str, hurried: bool = True, **rest: Any) -> tuple[int, str, str]:
    with started(bench, "--node", "lab", "-f", "json", *words, *state(bench), hurried=hurried, **rest) as run:
        out, err = (text.decode() for text in run.communicate(timeout=90))
    assert "Traceback" not in err, err
    assert not leaks(out)
    assert not leaks(err)
    return run.returncode, out, err


def valid(text: str) -> Any:
    report = json.loads(text)
    jsonschema.validate(report, schema())
    return report


def until(true: Callable[[], Any], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("kilobytes", [1, 60])
def test_a_full_disk_leaves_no_half_file(cluster: Bench, kilobytes: int) -> None:
    """Also while the snapshot grows; what was there before stays."""
    for name in ("old.db", "old.json"):
        (cluster.folder / name).write_text("of yesterday")
    before = sorted(path.name for path in cluster.folder.iterdir())
    code, out, err = audit(
        cluster, "--save", "old.db", "-o", "old.json", "--force", limit=(resource.RLIMIT_FSIZE, kilobytes * 1024)
    )
    assert code == 2, err
    assert out == ""
    assert err.count("\n") <= 3, err
    assert {(cluster.folder / name).read_text() for name in ("old.db", "old.json")} == {"of yesterday"}
    assert sorted(path.name for path in cluster.folder.iterdir()) == before
    assert list((cluster.folder / "tmp").iterdir()) == []


def test_a_report_that_does_not_fit_leaves_the_old_one(cluster: Bench) -> None:
    (cluster.folder / "old.json").write_text("of yesterday")
    code, _, err = audit(cluster, "--save", "kept.db", "--force", "--without", "ssh")
    assert code == 0, err
    limit = (resource.RLIMIT_FSIZE, 20_000)
    with started(cluster, "--from", "kept.db", "-f", "json", "-o", "old.json", "--force", limit=limit) as run:
        err = run.communicate(timeout=30)[1].decode()
    assert run.returncode == 2
    assert "old.json cannot be written" in err
    assert (cluster.folder / "old.json").read_text() == "of yesterday"
    assert [path.name for path in cluster.folder.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("mebibytes", [35, 90, 300, 700])
def test_far_too_little_memory_is_one_sentence(cluster: Bench, mebibytes: int) -> None:
    """While Python starts to import, or before a run whose threads would not fit: nothing is asked then."""
    code, out, err = audit(cluster, "-q", hurried=False, limit=(resource.RLIMIT_AS, mebibytes * 2**20))
    assert code == 2
    assert "should not have happened" not in err
    assert err.count("\n") == 1, err
    assert (out, "too little memory" in err) == ("", True)
    assert list((cluster.folder / "tmp").iterdir()) == []


def test_ten_thousand_phones_in_little_memory(tmp_path: Path) -> None:
    """F101, with every invariant of the bench."""
    most = 0

    def watch(run: Process) -> None:
        nonlocal most
        while run.poll() is None:
            with contextlib.suppress(OSError, IndexError):
                status = Path(f"/proc/{run.pid}/status").read_text(encoding="utf-8")
                most = max(most, int(status.partition("VmHWM:")[2].split()[0]))
            time.sleep(0.1)

    with bench(tmp_path, phones=10_000) as large:
        large.world.load.limits.ris_share = 1.0  # --pace full
        limit = (resource.RLIMIT_AS, LITTLE_MEMORY * 2**20)
        seen = audited(large, "-q", "--pace", "full", limit=limit, during=watch)
        assert_invariants(large, seen, limit=80, same_world=False)
    assert seen.code in (0, 1), seen.err
    assert seen.report is not None
    assert seen.report["complete"]
    assert most / 1024 < LITTLE_RESIDENT


def test_a_lane_that_dies_is_noticed_and_costs_its_own_facts(cluster: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without memory even the words for what went wrong may be missing: the run ends all the same."""
    quick(monkeypatch)
    cluster.healthy()
    run = lanes.Lane.run

    def dying(self: lanes.Lane, board: Any) -> None:
        if (self.source, self.name) == (Source.SSH, SUB):
            raise MemoryError
        run(self, board)

    with monkeypatch.context() as patch:
        patch.setattr(lanes.Lane, "run", dying)
        seen = cluster.audit()
    assert seen.code == 3
    assert seen.seconds < 10
    assert seen.reasons == {"budget"}
    assert "too little memory" in " ".join(row.hint for row in seen.ledger.values())
    assert seen.lacking() == {SUB}
    assert seen.lacking() == seen.lacking(Source.SSH)


def test_fewer_threads_do_the_same_work(cluster: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    quick(monkeypatch)
    cluster.healthy()
    start = threading.Thread.start

    def scarce(self: threading.Thread) -> None:
        if re.fullmatch(r"(ssh|services) [2-9]", self.name):
            raise RuntimeError("can't start new thread")
        start(self)

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", scarce)
        seen = cluster.audit()
    assert seen.code == 0, seen.reasons


def test_a_killed_run_does_not_hinder_the_next(cluster: Bench) -> None:
    cluster.world.node(SUB).faults["hang"] = True
    cluster.forget()
    with started(cluster, "--node", "lab", *state(cluster), "--save", "new.db") as run:
        until(lambda: any(one.node == SUB for one in cluster.world.asked))
        run.kill()
        run.communicate(timeout=5)
    assert not (cluster.folder / "new.db").exists()
    cluster.mend()
    code, out, err = audit(cluster, "--save", "new.db")
    assert code == 0, err
    assert valid(out)["complete"]
    (cluster.folder / "new.db").unlink()


def test_a_home_that_cannot_be_written(cluster: Bench) -> None:
    # Root may write everywhere but in /proc.
    nowhere = dict.fromkeys(("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"), "/proc")
    code, out, err = audit(cluster, **nowhere)
    assert code == 0, err
    assert valid(out)["complete"]
    with started(cluster, "--node", "lab", "-f", "json", **nowhere) as run:
        out, err = (text.decode() for text in run.communicate(timeout=90))
    assert (run.returncode, out) == (2, "")
    assert "--state-dir" in err
    assert err.count("\n") == 2, err  # and that nothing was sent
