"""CONTRIBUTING.md, "Writing a check in ten minutes": followed word for word, mistakes included."""

import re
import shlex
from pathlib import Path

import pytest

from cucm_audit.checks import CheckError, load
from cucm_audit.proof import prove
from cucm_audit.simulator.cluster import Cluster
from tests.cli.conftest import Call

TEXT = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text("utf-8")


def part(name: str) -> str:
    found = re.search(rf"<!-- {name} -->(.*)<!-- /{name} -->", TEXT, re.DOTALL)
    assert found
    return found[1]


FILE = "\n".join(re.findall(r"```toml\n(.*?)```", part("tutorial"), re.DOTALL))
COMMANDS = re.findall(r"^cucm-audit .+", part("tutorial"), re.MULTILINE)
ROWS = [line.strip("| ").split(" | ") for line in part("mistakes").splitlines() if line.startswith("| `")]
MISTAKES = [tuple(column.strip("`") for column in row) for row in ROWS]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder and the file of the tutorial."""
    assert "`my-checks/shared-phones.toml`" in TEXT
    (tmp_path / "my-checks").mkdir()
    (tmp_path / "my-checks" / "shared-phones.toml").write_text(FILE, "utf-8")
    return tmp_path / "my-checks"


def test_its_file_is_taken_and_its_example_is_true(folder: Path) -> None:
    checks = prove(load([folder], packages=False))
    assert checks.checks["shared-phone-owned"].example["wrong"] == ["SEP000000000002"]


def test_its_commands_do_what_it_says(folder: Path, trusted: Cluster, call: Call) -> None:
    assert len(COMMANDS) == 3
    assert call("snapshot", "save", "lab.db", "--node", "lab", "-q").code == 0
    for line in COMMANDS:
        program, *words = shlex.split(line)
        assert program == "cucm-audit"
        said = call(*words)
        assert said.code == 0, said.err
        assert "shared-phone-owned" in said.out or "1 pass" in said.out, said.out


@pytest.mark.parametrize(("meant", "wrote", "told"), MISTAKES)
def test_what_the_reader_says_about_mistakes(meant: str, wrote: str, told: str, folder: Path) -> None:
    assert FILE.count(meant) >= 1
    (folder / "shared-phones.toml").write_text(FILE.replace(meant, wrote, 1), "utf-8")
    with pytest.raises(CheckError) as caught:
        prove(load([folder], packages=False))
    assert told in str(caught.value)
    assert "shared-phones.toml: " in str(caught.value)


def test_the_table_of_mistakes_is_read() -> None:
    assert len(MISTAKES) >= 12
    assert all(len(row) == 3 for row in MISTAKES)
