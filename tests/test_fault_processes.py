"""Rows of the table of faults that only a process of its own can show, with every invariant of the bench.

F15 a person at a terminal, F78 what other users see of a process, F91 a reader who leaves, F92 another alphabet,
F94 signals, F100 few file descriptors. F101, little memory, stands in tests/test_resources.py.
"""

import contextlib
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cucm_audit.shortage import shortage
from tests.fault_bench import SUB, Bench, assert_invariants, bench, leaks, quick
from tests.fault_process import Process, audited, state
from tests.test_faults import asked_nothing, hostile_names

resource = pytest.importorskip("resource", reason="signals, pipes and limits of a process as on POSIX")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and /proc as on Linux")

NO_SSH = ("--without", "ssh")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("processes")) as made:
        yield made


@pytest.fixture(autouse=True)
def _mended(cluster: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    quick(monkeypatch)  # what runs in this process: the healthy run that the others are compared with
    cluster.healthy(*NO_SSH)
    cluster.mend()
    yield
    cluster.mend()


@pytest.mark.parametrize(("answer", "said", "code"), [("yes", 0, 0), ("no", 3, 3), ("", 3, 3)])
def test_f15_a_person_is_asked_about_a_certificate(cluster: Bench, answer: str, said: int, code: int) -> None:
    """Without a yes nothing is trusted, and nothing is sent there."""
    from tests.cli.test_terminal import at_terminal

    assert cluster.lab.run("trust", "remove", SUB)[0] == 0
    before = (cluster.folder / "state" / "trust.toml").read_bytes()
    told, out, seen = at_terminal(
        cluster.folder, ["trust", "add", "lab", *state(cluster)], {"do you trust it?": answer}
    )
    assert told == said, seen
    assert cluster.cluster.certificate_fingerprint(SUB) in out + seen.decode("utf-8", "replace")
    assert not leaks(out.encode() + seen)
    after = (cluster.folder / "state" / "trust.toml").read_bytes()
    assert (after != before) is (answer == "yes")
    run = audited(cluster, *NO_SSH)
    assert_invariants(cluster, run, *NO_SSH, limit=20)
    assert run.code == code, run.err
    if answer != "yes":
        assert "tls_unknown" in run.reasons
        assert run.lacking() == {SUB}
        asked_nothing(SUB)(cluster, run)


def test_f78_no_process_shows_a_password(cluster: Bench) -> None:
    """Neither in its command line nor in its environment, from its first to its last moment; nor do those it starts."""
    path = cluster.folder / "cucm-audit.toml"
    command = 'password-command = ["sh", "-c", "sleep 0.3; cat app.pass"]'
    path.write_text(path.read_text().replace('password-file = "app.pass"', command))
    looks: set[int] = set()

    def look(run: Process) -> None:
        while run.poll() is None and not (cluster.folder / "report.json").exists():
            for process in family(run.pid):
                with contextlib.suppress(OSError):
                    assert not leaks((process / "cmdline").read_bytes())
                    assert not leaks((process / "environ").read_bytes())
                    looks.add(int(process.name))
            time.sleep(0.02)

    seen = audited(cluster, *NO_SSH, during=look)
    assert_invariants(cluster, seen, *NO_SSH, limit=20)
    assert seen.code == 0, seen.err
    assert len(looks) > 1, "the command was not seen"


def family(pid: int) -> list[Path]:
    """A process and those that it has started."""
    found, known = [], {str(pid)}
    for process in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
        with contextlib.suppress(OSError, IndexError):
            if process.name in known or (process / "stat").read_text().rpartition(")")[2].split()[1] in known:
                known.add(process.name)
                found.append(process)
    return found


@pytest.mark.parametrize("form", ["json", "table"])
def test_f91_a_reader_who_leaves(cluster: Bench, form: str) -> None:
    """``| head``: whatever was not read is nobody's fault."""

    def leave(run: Process) -> None:
        assert run.stdout is not None
        os.read(run.stdout.fileno(), 10)
        run.stdout.close()
        run.stdout = None

    seen = audited(cluster, *NO_SSH, report=("-f", form), during=leave)
    assert_invariants(cluster, seen, *NO_SSH, limit=20)
    assert seen.code == 0
    assert "Broken pipe" not in seen.err


@pytest.mark.parametrize("alphabet", ["cp1252", "ascii"])
def test_f92_a_terminal_of_another_alphabet(cluster: Bench, alphabet: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of every kind reach it, spelt out."""
    there = {"PYTHONIOENCODING": alphabet, "PYTHONUTF8": "0", "LC_ALL": "C"}
    with hostile_names(cluster, monkeypatch):
        seen = audited(cluster, *NO_SSH, report=("-f", "table", "-v"), **there)
    assert_invariants(cluster, seen, *NO_SSH, limit=20, same_world=False, planted=True)
    assert seen.code in (0, 1), seen.err
    assert seen.out
    assert "UnicodeEncodeError" not in seen.err


#: What is done to a run that waits, and its exit code: a report is written after Ctrl-C only.
SIGNALS = {
    "SIGTERM": ([signal.SIGTERM], 143),
    "SIGHUP": ([signal.SIGHUP], 129),
    "Ctrl-C twice": ([signal.SIGINT, signal.SIGINT], 130),
    "Ctrl-C": ([signal.SIGINT], 130),
}


@pytest.mark.parametrize("name", SIGNALS)
def test_f94_signals_end_it_and_leave_nothing(cluster: Bench, name: str) -> None:
    signals, code = SIGNALS[name]
    cluster.world.node(SUB).faults["hang"] = True
    sent: list[float] = []

    def press(run: Process) -> None:
        end = time.monotonic() + 20
        while not any(one.node == SUB for one in list(cluster.world.asked)):
            assert time.monotonic() < end
            time.sleep(0.02)
        for number in signals:
            sent.append(time.monotonic())
            run.send_signal(number)
            time.sleep(0.1)
        run.wait(10)
        sent.append(time.monotonic())

    seen = audited(cluster, *NO_SSH, during=press)
    assert_invariants(cluster, seen, *NO_SSH, limit=20, unreported=(code,))
    assert seen.code == code, seen.err
    assert sent[-1] - sent[0] < 2.5
    if name != "Ctrl-C twice":  # the first of two may have ended it before the second came
        assert (seen.report is not None) is (name == "Ctrl-C")
    assert seen.report is None or seen.report["interrupted"]
    assert seen.kept == b"" or seen.report is not None, "half a snapshot was left"


def test_f100_few_file_descriptors(cluster: Bench) -> None:
    words: tuple[str, ...] = ()
    cluster.healthy(*words)
    cluster.mend()
    seen = audited(cluster, limit=(resource.RLIMIT_NOFILE, 64))
    assert_invariants(cluster, seen, limit=40)
    assert seen.code == 0, seen.err
    assert seen.report is not None
    assert seen.report["complete"]


@pytest.mark.parametrize("files", [14, 40])
def test_f100_far_too_few_file_descriptors(cluster: Bench, files: int) -> None:
    """Not enough for a run: said in one sentence, before anything is asked."""
    seen = audited(cluster, limit=(resource.RLIMIT_NOFILE, files))
    assert_invariants(cluster, seen, limit=20)
    assert (seen.code, seen.report, seen.asked) == (2, None, [])
    assert "too little room for open files" in seen.err
    assert seen.err.count("\n") <= 2, seen.err


def test_f100_a_snapshot_that_cannot_be_opened_is_a_shortage() -> None:
    """SQLite does not say why; 64 open files may still be too few for a large cluster."""
    assert "room for open files" in shortage(sqlite3.OperationalError("unable to open database file"))
    assert shortage(sqlite3.OperationalError("no such table: x")) == ""
