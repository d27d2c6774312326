"""Rows of the table of faults that only Windows or macOS can show. Elsewhere each is skipped by the system's name.

F73 password files, F74 keychain, F85 reserved names, F92 console, F94 CTRL_BREAK, F96 locks, F102 long paths.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cucm_audit import secrets
from cucm_audit.cli.console import Problem
from cucm_audit.cli.lock import locked
from cucm_audit.simulator import Cluster, build

windows = pytest.mark.skipif(sys.platform != "win32", reason="Windows only")
macos = pytest.mark.skipif(sys.platform != "darwin", reason="macOS only")


def run(*words: str, folder: Path, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-m", "cucm_audit", *words],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
        timeout=60,
    )


@windows
def test_f73_windows_a_password_file_comes_with_a_word_about_who_may_read_it(tmp_path: Path) -> None:
    """There are no mode bits to judge: the file is read, and the person is told what to look at."""
    (tmp_path / "app.pass").write_text("Kanarienvogel\n")
    told: list[str] = []
    account = secrets.resolve(
        "lab", "application", "axl", folder=tmp_path, file="app.pass", notice=told.append, environment={}
    )
    assert account.password.reveal() == "Kanarienvogel"
    assert any("only you can read" in text and "keyring" in text for text in told)
    assert not any("Kanarienvogel" in text for text in told)


@macos
def test_f74_macos_a_locked_keychain_is_a_notice_and_the_next_place_is_asked(tmp_path: Path) -> None:
    keyring = pytest.importorskip("keyring", reason="the package keyring, on macOS only")
    chain = tmp_path / "lab.keychain"
    subprocess.run(["security", "create-keychain", "-p", "chain", str(chain)], check=True)
    subprocess.run(["security", "lock-keychain", str(chain)], check=True)
    before = keyring.get_keyring()
    try:
        from keyring.backends.macOS import Keyring

        keyring.set_keyring(Keyring())
        keyring.get_keyring().keychain = str(chain)
        told: list[str] = []
        (tmp_path / "app.pass").write_text("Kanarienvogel\n")
        (tmp_path / "app.pass").chmod(0o600)
        account = secrets.resolve(
            "lab", "application", "axl", folder=tmp_path, file="app.pass", notice=told.append, environment={}
        )
        assert account.password.reveal() == "Kanarienvogel"
    finally:
        keyring.set_keyring(before)
        subprocess.run(["security", "delete-keychain", str(chain)], check=False)


@windows
@pytest.mark.parametrize("name", ["CON", "nul", "COM1", "a:b", "a|b?*", "trailing.", "trailing ", "x" * 300])
def test_f85_windows_a_cluster_of_any_name_has_a_lock(tmp_path: Path, name: str) -> None:
    with locked(tmp_path, name):
        assert len(list((tmp_path / "locks").iterdir())) == 1


@windows
@pytest.mark.parametrize("alphabet", ["cp1252", "cp437", "ascii"])
def test_f92_windows_a_console_of_another_alphabet_is_no_error(tmp_path: Path, alphabet: str) -> None:
    said = run("checks", "--coverage", folder=tmp_path, PYTHONIOENCODING=alphabet, PYTHONUTF8="0")
    assert said.returncode == 0
    assert said.stdout
    assert b"Traceback" not in said.stderr
    assert b"UnicodeEncodeError" not in said.stderr


@windows
def test_f94_windows_ctrl_break_ends_it_at_once_and_leaves_nothing(tmp_path: Path) -> None:
    world = build("12.5", phones=5)
    world.node("cucm-sub1").faults["hang"] = True
    with Cluster(world, max_life=120) as cluster:
        cluster.toml(tmp_path / "cucm-audit.toml")
        state = ("--state-dir", str(tmp_path / "state"))
        assert run("trust", "add", "lab", "--yes", *state, folder=tmp_path).returncode == 0
        with subprocess.Popen(
            [sys.executable, "-m", "cucm_audit", "--node", "lab", "--save", "s.db", "-o", "r.txt", *state],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        ) as process:
            end = time.monotonic() + 30
            while not any(one.node == "cucm-sub1" for one in list(world.asked)):
                assert time.monotonic() < end
                time.sleep(0.05)
            process.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM))
            _, err = process.communicate(timeout=5)
    assert process.returncode == 128 + int(getattr(signal, "SIGBREAK", 21))
    assert b"Traceback" not in err
    assert not (tmp_path / "s.db").exists()
    assert not (tmp_path / "r.txt").exists()
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".cucm")] == []


@windows
def test_f96_windows_one_run_a_cluster_at_a_time(tmp_path: Path) -> None:
    with (
        locked(tmp_path, "lab"),
        pytest.raises(Problem, match=r"locked by pid \d+ since 20"),
        locked(tmp_path, "lab"),
    ):
        pass
    with locked(tmp_path, "lab"):
        pass


@windows
def test_f102_windows_a_path_longer_than_260_works_or_is_one_sentence(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["x" * 60] * 5)
    said = run("trust", "list", "--state-dir", str(deep), folder=tmp_path)
    assert said.returncode in (0, 2)
    assert b"Traceback" not in said.stderr
    assert b"should not have happened" not in said.stderr
    told = ""
    try:
        with locked(deep, "lab"):
            pass
    except Problem as error:
        told = str(error)
    assert not told or "--state-dir" in told
