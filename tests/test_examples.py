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


# ----------------------------------------------------------------------------------------------------- before and after

UPGRADE = EXAMPLES.parent / "before-and-after" / "upgrade.sh"


def weekend(folder: Path, answers: dict[str, str], *words: str) -> tuple[int, list[str], str]:
    """Run the script with a program that notes its calls and answers ``answers`` one after the other, by command."""
    fake = folder / "bin" / "cucm-audit"
    fake.parent.mkdir(exist_ok=True)
    (folder / "answers").mkdir(exist_ok=True)
    for name, codes in answers.items():
        (folder / "answers" / name).write_text(codes, "utf-8")
    fake.write_text(
        f"""#!/bin/sh
printf '%s\\n' "$*" >> "{folder}/calls"
file="{folder}/answers/$1"
read -r first rest < "$file"
printf '%s\\n' "$rest" > "$file"
exit "${{first:-0}}"
""",
        "utf-8",
    )
    fake.chmod(0o755)
    done = subprocess.run(
        [str(UPGRADE), *words], cwd=folder, capture_output=True, text=True, check=False, timeout=30,
        env={"PATH": f"{fake.parent}{os.pathsep}{os.environ['PATH']}", "PAUSE": "0", "TRIES": "3",
             "OPTIONS": "--state-dir s"},
    )  # fmt: skip
    calls = folder / "calls"
    return done.returncode, calls.read_text("utf-8").splitlines() if calls.exists() else [], done.stderr


@needs_shell
def test_before_keeps_what_after_compares_with_and_never_replaces_it(tmp_path: Path) -> None:
    code, calls, _ = weekend(tmp_path, {"checklist": "3"}, "before", "lab", "15")
    assert code == 3
    (call,) = calls
    assert _checklist(call).save == Path("lab-before.db")
    (tmp_path / "lab-before.db").write_text("Friday")
    code, calls, err = weekend(tmp_path, {"checklist": "0"}, "before", "lab", "15")
    assert (code, len(calls)) == (2, 1)
    assert "move it away" in err


@needs_shell
@pytest.mark.parametrize(("codes", "looks", "ends"), [("1 3 0", 3, 0), ("0", 1, 0), ("1 1 1 0", 3, 1), ("2 0", 1, 2)])
def test_after_looks_again_while_phones_come_back(
    codes: str, looks: int, ends: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lab-before.db").write_text("Friday")
    code, calls, _ = weekend(tmp_path, {"checklist": codes, "snapshot": "0", "diff": "1"}, "after", "lab")
    assert (code, sum(call.startswith("checklist after-upgrade") for call in calls)) == (ends, looks)
    assert _checklist(calls[0]).before == Path("lab-before.db")
    assert [call.split()[0] for call in calls[looks:]] == ["snapshot", "diff"]


@needs_shell
@pytest.mark.parametrize(
    ("snapshot", "diff", "compared", "says"),
    [("3", "3", True, "what changed is in"), ("0", "2", True, "is not known"), ("2", "0", False, "is not known")],
)
def test_evidence_that_is_not_whole_is_compared_and_none_is_said(
    snapshot: str, diff: str, compared: bool, says: str, tmp_path: Path
) -> None:
    (tmp_path / "lab-before.db").write_text("Friday")
    code, calls, err = weekend(tmp_path, {"checklist": "0", "snapshot": snapshot, "diff": diff}, "after", "lab")
    assert (code, calls[-1].startswith("diff "), says in err) == (0, compared, True)


@needs_shell
@pytest.mark.parametrize("words", [(), ("after", "lab"), ("before", "lab"), ("sideways", "lab")])
def test_a_weekend_that_was_asked_for_wrongly_asks_nobody(words: tuple[str, ...], tmp_path: Path) -> None:
    code, calls, err = weekend(tmp_path, {}, *words)
    assert (code, calls) == (2, [])
    assert err


def _checklist(call: str) -> Wishes:
    """The wishes of a call, as the program reads them. It fails on an option that does not exist."""
    from cucm_audit.cli.checklist import command as checklist

    words = call.split()
    made = checklist.commands[words[1]].make_context(words[1], words[2:])
    return Wishes(**made.params)
