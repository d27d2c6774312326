"""Files that the program writes: whole or not at all."""

import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cucm_audit.cli.console import Problem, write_file
from cucm_audit.cli.lock import locked, slug


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


@pytest.mark.parametrize("name", ["../../x", "CON", "a:b", "x" * 300, "", "Ä", "\ud800"])
def test_any_name_makes_a_file_name(name: str) -> None:
    assert slug(name).replace("-", "").replace(".", "").isalnum()
    assert len(slug(name)) < 60
    assert slug(name) != slug(name + "x")
