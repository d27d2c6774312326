"""What every command has in common: help, errors, streams."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest

from cucm_audit import __version__
from cucm_audit.cli import COMMANDS
from tests import pages
from tests.cli.conftest import Call


def program(*argv: str, **rest: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "cucm_audit", *argv], capture_output=True, text=True, timeout=60, check=False, **rest
    )  # type: ignore[call-overload,no-any-return]


def test_the_generated_parts_of_pages_are_fresh() -> None:
    assert pages.same(pages.readme_help(), pages.program_help())
    for page, place, text in pages.pages():
        found = place.search(page.read_text(encoding="utf-8"))
        assert found
        assert pages.same(found[0], text), f"{page.name}: make pages"


def test_version_and_help_do_not_pay_for_what_they_do_not_use() -> None:
    code = (
        "import sys; from cucm_audit.cli import run; run([sys.argv[1]]);"
        "heavy = ('zeep', 'requests', 'paramiko', 'lxml', 'rich', 'tabulate', 'sqlite3');"
        "print(*[name for name in heavy if name in sys.modules])"
    )
    for word in ("--version", "--help"):
        said = subprocess.run([sys.executable, "-c", code, word], capture_output=True, text=True, check=True)
        assert said.stdout.splitlines()[-1] == ""
    times = []
    for _ in range(5):
        start = time.monotonic()
        assert program("--version").stdout.strip().endswith(__version__)
        times.append(time.monotonic() - start)
    assert min(times) < 0.5  # 0.05 s on an idle machine


@pytest.mark.parametrize("word", ["--help", "-h", "--version"])
def test_help_and_version_are_said_without_the_command_line_and_in_its_words(call: Call, word: str) -> None:
    code = (
        "import sys; from cucm_audit.__main__ import main; sys.argv[1:] = sys.argv[2:]; main();"
        "sys.stderr.write(str('click' in sys.modules))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, "", word], capture_output=True, text=True, check=True,
        env={**os.environ, "COLUMNS": "100"},
    )  # fmt: skip
    assert said.stderr == "False"
    assert pages.same(said.stdout, call(word).out)


def test_help_is_wrapped_for_a_narrow_terminal() -> None:
    said = program("--help", env={**os.environ, "COLUMNS": "60"})
    assert said.returncode == 0
    assert "  Read-only auditor for Cisco Unified Communications\n" in said.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a disk that is always full")
def test_a_full_disk_is_told_when_help_was_to_be_said() -> None:
    with open("/dev/full", "w") as full:
        said = subprocess.run(
            [sys.executable, "-m", "cucm_audit", "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert said.returncode == 2
    assert "No space left on device" in said.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(call: Call, name: str) -> None:
    said = call(name, "--help")
    assert said.code == 0
    assert said.out.startswith("Usage: cucm-audit")


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["--nod", "pub"], "No such option"),
        (["audit", "--save-to", "x"], "No such option"),
        (["audits"], "No such command"),
        (["--password", "x"], "No such option"),
        (["--base-line", "x"], "No such option"),
        (["--without", "axl"], "'axl' is not one of"),
        (["--allow-unknown", "everything"], "is not one of"),
        (["--pace", "2"], "at most 1"),
        (["--timeout", "0"], "x>=1"),
        (["--from", "nowhere.db"], "does not exist"),
        ([], "which cluster?"),
        (["--node", "10.0.0.1", "--no-input"], "--user NAME"),
        (["--node", "a b"], "no address"),
        (["trust", "add", "10.0.0.1"], "--yes"),
        (["trust", "remove", "10.0.0.1"], "nothing is trusted"),
        (["checks", "--check", "adp-orfan"], "did you mean 'adp-orphan'"),
        (["report", "/dev/null"], "no cucm-audit report"),
    ],
)
def test_a_wrong_call_is_one_sentence_and_code_2(call: Call, argv: list[str], says: str) -> None:
    said = call(*argv)
    assert (said.code, said.out) == (2, "")
    assert says in said.err
    assert len([line for line in said.err.splitlines() if not line.startswith("Usage:")]) == 1


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_a_limit_that_is_never_reached_is_no_limit(call: Call, tmp_path: Path, number: str) -> None:
    (tmp_path / "r.json").write_text("{}")
    asking = ("--node", "127.0.99.1", "--dry-run")
    for argv in (
        (*asking, "--timeout", number),
        (*asking, "--timeout-factor", number),
        ("doctor", "--node", "127.0.99.1", "--timeout", number),
        ("trust", "add", "127.0.99.1", "--timeout", number),
        ("report", "r.json", "--max-age", number),
    ):
        said = call(*argv)
        assert (said.code, said.out, f"'{argv[-2]}'" in said.err) == (2, "", True), said


def test_a_broken_cluster_file_is_named_with_its_line(call: Call) -> None:
    Path("cucm-audit.toml").write_text('[cluster.lab]\nnode = "10.0.0.1"\nport = 1\n')
    said = call("--node", "lab")
    assert said.code == 2
    assert "cucm-audit.toml:3: unknown key 'port'" in said.err


def test_a_misspelt_variable_is_not_silently_without_effect(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUCM_AUDIT_NOD", "pub")
    assert "no option reads CUCM_AUDIT_NOD" in call("--show-config").err


def test_the_environment_stands_below_the_options(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUCM_AUDIT_NODE", "10.0.0.1")
    monkeypatch.setenv("CUCM_AUDIT_FAIL_ON", "critical")
    said = call("--show-config", "--fail-on", "warning")
    assert "environment CUCM_AUDIT_NODE" in said.out
    assert [line.split()[1:] for line in said.out.splitlines() if line.startswith("--fail-on")] == [
        ["warning", "option"]
    ]


def test_an_unforeseen_error_is_one_line_without_secrets(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    from cucm_audit import checks
    from cucm_audit.secrets import Secret

    Secret("Canary-Pass-9")

    def broken(*_: object) -> None:
        raise RuntimeError("it said Canary-Pass-9\x1b[2J")

    monkeypatch.setattr(checks, "load", broken)
    said = call("checks")
    assert said.code == 2
    assert "--debug" in said.err
    assert said.err.count("\n") == 1
    assert "Canary" not in said.err
    assert "\x1b" not in said.err


def test_debug_shows_where_but_no_local_variable(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from cucm_audit import checks
    from cucm_audit.cli import run

    def broken(*_: object) -> None:
        password = "Local-Canary-7"  # noqa: F841
        raise RuntimeError("no")

    monkeypatch.setattr(checks, "load", broken)
    assert run(["report", "--debug", __file__]) == 2
    assert run(["audit", "--debug", "--node", "10.0.0.1"]) == 2
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "Local-Canary-7" not in err


def test_the_schema_is_a_schema(call: Call) -> None:
    jsonschema.Draft202012Validator.check_schema(call("schema").json())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(call: Call, shell: str) -> None:
    assert "cucm-audit" in call("completion", shell).out


def test_coverage_has_every_row(call: Call) -> None:
    rows = call("checks", "--coverage", "--format", "json").json()
    assert {tuple(sorted(row)) for row in rows} == {("checks", "document", "kind", "row", "symptom")}
    assert {row["kind"] for row in rows} <= {"automatic", "partly", "by_hand", "retired", "open"}
    assert all(bool(row["checks"]) == (row["kind"] in ("automatic", "partly")) for row in rows)
    assert {"cisco-18772", "em-login-7821", "scenario-45"} <= {row["document"] for row in rows}
    assert len({(row["document"], row["row"]) for row in rows}) == len(rows)
    assert f"{len(rows)} rows: " in call("checks", "--coverage").out


def test_the_list_of_checks_is_filtered(call: Call) -> None:
    every = call("checks", "--format", "json").json()
    assert [check["check"] for check in call("checks", "--check", "P24b", "--format", "json").json()]
    critical = call("checks", "--severity", "critical", "--format", "json").json()
    assert 0 < len(critical) < len(every)
    assert {check["severity"] for check in critical} == {"critical"}


def test_a_reader_who_leaves_is_no_error() -> None:
    command = f"{sys.executable} -m cucm_audit checks --coverage | head -n 1"
    said = subprocess.run(
        ["bash", "-c", f"{command}; echo ${{PIPESTATUS[0]}}"], capture_output=True, text=True, check=True
    )
    assert said.stderr == ""
    assert said.stdout.splitlines()[-1] == "0"


def test_a_full_disk_is_an_error_in_one_sentence() -> None:
    with Path("/dev/full").open("w") as full:
        said = subprocess.run(
            [sys.executable, "-m", "cucm_audit", "schema"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert said.returncode == 2
    assert said.stderr == "cucm-audit: standard output cannot be written: No space left on device\n"


def test_a_terminal_of_another_alphabet_is_no_error(tmp_path: Path) -> None:
    from cucm_audit.model import Verdict
    from cucm_audit.reports.json import render
    from tests.reports.invented import finding, outcome, report

    file = tmp_path / "r.json"
    file.write_text(render(report(outcome(Verdict.FAIL, findings=(finding("Müller 電話 \x1b[2J"),)))))
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    raw = subprocess.run(
        [sys.executable, "-m", "cucm_audit", "report", str(file)], capture_output=True, env=environment, check=True
    ).stdout
    assert b"M\xfcller \\u96fb\\u8a71 \\x1b[2J" in raw


def test_a_saved_report_is_rendered_again(call: Call, tmp_path: Path) -> None:
    from cucm_audit.reports.json import render
    from tests.reports.invented import full

    file = tmp_path / "r.json"
    file.write_text(render(full()))
    assert "COULD NOT BE SEEN" in call("report", file).out
    assert call("report", file, "-f", "json").json() == json.loads(render(full()))
