"""What a person at a terminal sees and is asked."""

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cucm_audit.simulator.cluster import Cluster


def at_terminal(folder: Path, argv: list[str], answers: dict[str, str], seconds: float = 40) -> tuple[int, str, bytes]:
    """Run the program on a pseudo terminal (standard output apart) and answer its questions; code, output, terminal."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "XDG_STATE_HOME": str(folder / "state"), "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(
        [sys.executable, "-m", "cucm_audit", *argv],
        cwd=folder, env=environment, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, start_new_session=True,
    ) as run:  # fmt: skip
        os.close(theirs)
        seen, answered, end = b"", 0, time.monotonic() + seconds
        while time.monotonic() < end:
            if not select.select([ours], [], [], 0.05)[0]:
                if run.poll() is not None:
                    break
                continue
            try:
                seen += os.read(ours, 65536)
            except OSError:
                break
            for question, answer in answers.items():
                if question.encode() in seen[answered:]:
                    answered = len(seen)
                    os.write(ours, f"{answer}\n".encode())
        assert run.stdout is not None
        out = run.stdout.read().decode()
        code = run.wait(timeout=10)
    os.close(ours)
    return code, out, seen


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 2)])
def test_trust_asks_about_each_key(lab: Cluster, tmp_path: Path, answer: str, code: int) -> None:
    said, out, seen = at_terminal(tmp_path, ["trust", "add", "lab"], {"do you trust it?": answer})
    assert said == code, seen
    assert lab.certificate_fingerprint("cucm-pub") in out
    assert (tmp_path / "state" / "cucm-audit" / "trust.toml").exists() is (answer == "y")


def test_a_password_is_asked_for_and_never_shown(trusted: Cluster, tmp_path: Path) -> None:
    user, password = trusted.world.application
    argv = ["--user", user + "x", "--check", "adp-orphan", "--without", "ssh", "-f", "json"]
    code, out, seen = at_terminal(tmp_path, argv, {f"Password of {user}x": password})
    assert code == 2  # the cluster does not know this user
    assert '"auth_failed"' in out
    assert f"Password of {user}x (lab.application)".encode() in seen
    assert password.encode() not in seen + out.encode()


def test_progress_goes_to_the_terminal_and_not_into_the_report(trusted: Cluster, tmp_path: Path) -> None:
    code, out, seen = at_terminal(tmp_path, ["--node", "lab"], {})
    assert code in (0, 1, 3)
    assert b"cucm-sub1" in seen
    assert "\x1b" not in out
    _, _, quiet = at_terminal(tmp_path, ["--node", "lab", "-q"], {})
    assert quiet == b""


def test_colour_is_for_terminals_unless_it_is_wanted(call) -> None:  # type: ignore[no-untyped-def]
    from cucm_audit.reports.json import render
    from tests.reports.invented import full

    Path("r.json").write_text(render(full()))
    assert "\x1b" not in call("report", "r.json").out
    assert "\x1b[1;31m" in call("report", "r.json", "--color", "always").out
