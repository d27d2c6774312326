"""Examples of scheduled audits: every command line is one that the program takes; exit codes go where they should."""

import os
import re
import shlex
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from cucm_audit.cli.audit import Wishes, command

EXAMPLES = Path(__file__).parent.parent / "examples" / "scheduled"
NAMES = {"cucm-audit@.service", "cucm-audit@.timer", "crontab", "windows-task.xml", "kubernetes-cronjob.yaml"}
needs_shell = pytest.mark.skipif(os.name != "posix", reason="/bin/sh")


def read(name: str) -> str:
    return (EXAMPLES / name).read_text("utf-8")


def systemd() -> str:
    """The shell's part of ExecStart, as systemd hands it over for the instance lab."""
    line = next(line for line in read("cucm-audit@.service").splitlines() if line.startswith("ExecStart="))
    told = (
        line.removeprefix("ExecStart=").replace("%%", "\0").replace("%i", "lab").replace("\0", "%").replace("$$", "$")
    )
    assert shlex.split(told)[:2] == ["/bin/sh", "-c"]
    return shlex.split(told)[2].replace("/opt/cucm-audit/bin/cucm-audit", "cucm-audit")


def cron() -> str:
    line = next(line for line in read("crontab").splitlines() if line and not line.startswith("#"))
    assert not re.search(r"(?<!\\)%", line), "a per cent sign ends a crontab's command"
    return line.split(None, 5)[5].replace("\\%", "%")


def kubernetes() -> str:
    text = read("kubernetes-cronjob.yaml")
    folded = text[text.index(">-") + 2 : text.index("securityContext", text.index(">-"))]
    return " ".join(folded.split())


def windows() -> list[str]:
    root = ET.fromstring(read("windows-task.xml"))
    arguments = root.findtext(".//{*}Arguments", "")
    inside = re.sub(r"\('[^']*' \+ .*? \+ '\.db'\)", "C:/lab.db", arguments)
    found = re.search(r"cucm-audit\.exe' (.*?); exit \$LASTEXITCODE", inside)
    assert found, arguments
    return found[1].split()


def asked(words: list[str]) -> Wishes:
    """The wishes of a command line, as the program itself reads it. It fails on an option that does not exist."""
    assert words[0] == "audit"
    return Wishes(**command.make_context("audit", words[1:]).params)


def run(script: str, folder: Path, code: int) -> tuple[int, list[str]]:
    """Run a shell line with a program that only notes how it was called; returns the line's exit code and the words."""
    fake = folder / "cucm-audit"
    fake.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{folder}/words"\nexit {code}\n', "utf-8")
    fake.chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", "-c", script],
        env={"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        check=False,
        timeout=30,
    )
    return done.returncode, (folder / "words").read_text("utf-8").splitlines()


def test_there_is_one_for_each_and_none_without_a_test() -> None:
    assert {path.name for path in EXAMPLES.iterdir()} == NAMES


@needs_shell
@pytest.mark.parametrize("script", [systemd, cron, kubernetes])
def test_its_command_line_is_understood_and_never_asks(script, tmp_path: Path) -> None:
    _, words = run(script(), tmp_path, 0)
    wishes = asked(words)
    assert (wishes.node, wishes.no_input, wishes.quiet, wishes.kind, wishes.force) == ("lab", True, True, "json", True)
    assert wishes.save is not None
    assert re.fullmatch(r"lab-\d{4}-\d\d-\d\dT\d{6}Z\.db", wishes.save.name), (
        "dated, and so never in the way of another"
    )
    assert wishes.config_file is not None
    assert wishes.state_dir is not None


def test_the_windows_task_is_understood_and_never_asks() -> None:
    wishes = asked(windows())
    assert (wishes.node, wishes.no_input, wishes.quiet, wishes.kind, wishes.force) == ("lab", True, True, "json", True)


@needs_shell
@pytest.mark.parametrize("code", [0, 1, 2, 3, 130])
def test_findings_are_a_result_and_a_run_that_audited_nothing_is_a_failure(code: int, tmp_path: Path) -> None:
    assert run(systemd(), tmp_path, code)[0] == code, "SuccessExitStatus says which are good"
    assert "SuccessExitStatus=1 3" in read("cucm-audit@.service")
    failed = code in (2, 130)
    assert (run(kubernetes(), tmp_path, code)[0] != 0) is failed
    done = subprocess.run(["/bin/sh", "-c", cron()], env={"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
                          capture_output=True, text=True, check=False, timeout=30)  # fmt: skip
    assert bool(done.stdout) is failed, "cron sends a mail when something is said"


def test_one_run_at_a_time_and_none_that_hangs_for_ever() -> None:
    assert "concurrencyPolicy: Forbid" in read("kubernetes-cronjob.yaml")
    assert "<MultipleInstancesPolicy>IgnoreNew" in read("windows-task.xml")
    for name, limit in (
        ("cucm-audit@.service", "TimeoutStartSec="),
        ("windows-task.xml", "<ExecutionTimeLimit>"),
        ("kubernetes-cronjob.yaml", "activeDeadlineSeconds:"),
    ):
        assert limit in read(name)
