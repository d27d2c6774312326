"""Files that the program writes: whole or not at all."""

import errno
import json
import os
import resource
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cucm_audit.cli.console import Problem, write_file
from cucm_audit.cli.lock import locked, slug
from tests.cli.conftest import Call


def test_a_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    write_file(tmp_path / "r.json", "{}\n", force=False)
    assert (tmp_path / "r.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


def test_an_existing_file_is_replaced_only_by_force(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text("old")
    with pytest.raises(Problem, match="--force"):
        write_file(path, "new", force=False)
    assert path.read_text() == "old"
    write_file(path, "new", force=True)
    assert path.read_text() == "new"


def test_a_link_stays_a_link_and_a_device_a_device(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write_file(tmp_path / "link", "new", force=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"
    write_file(Path("/dev/null"), "x", force=True)
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("words", [("-o", "a"), ("-o", "a", "--force"), ("-o", "a/x")])
def test_links_that_lead_in_a_circle_are_said(call: Call, tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "one.json").write_text("{}")
    for command in (("checks", "--coverage"), ("report", "one.json"), ("fleet", "merge", "one.json")):
        said = call(*command, *words)
        assert (said.code, said.out) == (2, "")
        assert "circle" in said.err
        assert "should not have happened" not in said.err
    assert (tmp_path / "a").is_symlink()


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text("old")

    def small() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    said = subprocess.run(
        [sys.executable, "-B", "-m", "cucm_audit", "checks", "--coverage", "-o", str(path), "--force"],
        preexec_fn=small, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 2
    assert "cannot be written" in said.stderr
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["r.json"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="No such file"):
        write_file(tmp_path / "none" / "r.json", "x", force=False)


def test_one_run_a_cluster_at_a_time(tmp_path: Path) -> None:
    with locked(tmp_path, "lab"):
        with pytest.raises(Problem, match=r"locked by pid \d+ since 20"), locked(tmp_path, "lab"):
            pass
        with locked(tmp_path, "other"):
            pass
    with locked(tmp_path, "lab"):
        pass


def test_the_lock_of_a_killed_run_is_free(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from cucm_audit.cli.lock import locked\n"
        "with locked(Path(sys.argv[1]), 'lab'): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(Problem, match=f"pid {other.pid}"), locked(tmp_path, "lab"):
            pass
        other.kill()
        other.wait()
    with locked(tmp_path, "lab"):
        pass


NO_LOCKS = """
import errno, fcntl, sys, time
from pathlib import Path
from cucm_audit.cli.lock import locked
def no_locks(*_): raise OSError(errno.ENOLCK, "No locks available")
fcntl.flock = no_locks
with locked(Path(sys.argv[1]), "lab"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)


def file_of(folder: Path) -> Path:
    (found,) = (folder / "locks").glob("*.held")
    return found


def test_without_locks_a_file_stands_for_one(tmp_path: Path, no_locks: None) -> None:
    told: list[str] = []
    with locked(tmp_path, "lab", told.append):
        assert stat.S_IMODE(file_of(tmp_path).stat().st_mode) == 0o600
        with pytest.raises(Problem, match=rf"locked by pid {os.getpid()} on .* since 20"), locked(tmp_path, "lab"):
            pass
        with locked(tmp_path, "other"):
            pass
    assert list((tmp_path / "locks").glob("*.held*")) == []
    assert len(told) == 1
    assert "has no locks" in told[0]


def test_the_file_of_a_killed_run_is_put_away_and_that_of_a_living_one_is_not(tmp_path: Path, no_locks: None) -> None:
    with subprocess.Popen([sys.executable, "-c", NO_LOCKS, str(tmp_path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(Problem, match=f"pid {other.pid}"), locked(tmp_path, "lab"):
            pass
        other.kill()
        other.wait()
    assert file_of(tmp_path).exists()
    with locked(tmp_path, "lab"):
        assert json.loads(file_of(tmp_path).read_text())["pid"] == os.getpid()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"host": "elsewhere"}, "cannot be told from here: if it does not, remove"),
        ({"pid": -1}, "cannot be told from here"),
        ({"pid": 2**80}, "cannot be told from here"),
        ({"pid": "1"}, "cannot be told from here"),
        (None, "if no run is left, remove it"),
    ],
)
def test_a_file_of_which_nobody_here_can_tell_is_left_alone(
    tmp_path: Path, no_locks: None, changes: dict[str, object] | None, says: str
) -> None:
    with locked(tmp_path, "lab"):
        path = file_of(tmp_path)
        mine = json.loads(path.read_text())
    text = "{" if changes is None else json.dumps({**mine, "pid": 2**22 + 1, **changes})
    path.write_text(text)
    with pytest.raises(Problem, match=says), locked(tmp_path, "lab"):
        pass
    assert path.read_text() == text


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_number_that_another_process_has_now_is_no_living_run(tmp_path: Path, no_locks: None) -> None:
    with locked(tmp_path, "lab"):
        path = file_of(tmp_path)
        mine = json.loads(path.read_text())
    path.write_text(json.dumps({**mine, "start": mine["start"].replace(" ", " 1", 1)}))
    with locked(tmp_path, "lab"):
        assert json.loads(path.read_text())["start"] == mine["start"]


@pytest.mark.parametrize("name", ["../../x", "CON", "a:b", "x" * 300, "", "Ä", "\ud800"])
def test_any_name_makes_a_file_name(name: str) -> None:
    assert slug(name).replace("-", "").replace(".", "").isalnum()
    assert len(slug(name)) < 60
    assert slug(name) != slug(name + "x")


def test_where_there_are_no_hard_links_a_file_comes_whole_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "r.json"

    def refused(_one: object, _other: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    def late(_one: object, other: object) -> None:
        Path(str(other)).write_text("somebody else's")
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    write_file(path, "new", force=False)
    assert path.read_text() == "new"
    path.unlink()
    monkeypatch.setattr(os, "link", late)
    with pytest.raises(Problem, match="exists already"):
        write_file(path, "new", force=False)
    assert path.read_text() == "somebody else's"
    assert [one.name for one in tmp_path.iterdir()] == ["r.json"]
