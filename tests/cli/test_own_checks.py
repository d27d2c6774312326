"""Users' own checks through the command line: a folder, a pip package, a table of bad loads, the tutorial's file."""

import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from cucm_audit.simulator.build import build
from cucm_audit.simulator.cluster import Cluster
from tests.cli.conftest import Call, Said
from tests.fault_places import own_check
from tests.labs import lab
from tests.test_faults import ENDLESS, ENDLESS_THERE

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
PACKAGE = EXAMPLES / "own-checks-package"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot of a healthy cluster, whose 8841 run a load older than the example's, saved by the program itself."""
    folder = tmp_path_factory.mktemp("saved")
    environment = {**os.environ, "HOME": str(folder)}
    with Cluster(build("12.5", "healthy", 60), max_life=300) as cluster:
        cluster.toml(folder / "cucm-audit.toml")
        for words in (("trust", "add", "lab", "--yes"), ("snapshot", "save", "lab.db", "--node", "lab", "-q")):
            said = subprocess.run(
                [sys.executable, "-m", "cucm_audit", *words, "--state-dir", "state"],
                cwd=folder, env=environment, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert said.returncode == 0, said.stdout + said.stderr
    return folder / "lab.db"


def outcomes(report: Any, check: str) -> list[dict[str, Any]]:
    return [outcome for outcome in report["outcomes"] if outcome["check"] == check]


def audit(call: Call, saved: Path, *words: object) -> Said:
    said = call("audit", "--from", saved, "--format", "json", *words)
    assert said.out, said.err
    return said


def test_a_folder_of_checks(call: Call, saved: Path) -> None:
    said = audit(call, saved, "--checks", EXAMPLES / "own-checks", "--document", "acme-numbering")
    found = {outcome["check"]: outcome for outcome in said.json()["outcomes"] if outcome["check"]}
    assert set(found) == {"acme-phone-description", "acme-profile-name"}
    assert found["acme-phone-description"]["verdict"] == "fail"
    assert found["acme-phone-description"]["rows"] == ["ACME-1"]
    assert found["acme-profile-name"]["examined"] > 0
    assert found["acme-profile-name"]["verdict"] in ("pass", "fail"), "its setting is laid beside those that were saved"
    by_hand = [outcome for outcome in said.json()["outcomes"] if outcome["verdict"] == "by_hand"]
    assert [outcome["rows"] for outcome in by_hand] == [["ACME-2"]]


def test_a_folder_that_the_cluster_file_names(call: Call, saved: Path, tmp_path: Path) -> None:
    """The path counts from the cluster file, not from the working directory."""
    shutil.copytree(EXAMPLES / "own-checks", tmp_path / "etc" / "mine")
    file = tmp_path / "etc" / "cucm-audit.toml"
    file.write_text('checks = ["mine"]\n[cluster.lab]\nnode = "192.0.2.1"\n')
    said = audit(call, saved, "--config", file, "--check", "acme-profile-name")
    assert outcomes(said.json(), "acme-profile-name")
    (tmp_path / "cucm-audit.toml").write_text('checks = ["etc/mine"]\n[cluster.lab]\nnode = "192.0.2.1"\n')
    assert "acme-profile-name" in call("checks").out
    assert call("--node", "lab", "--check", "acme-profile-name", "--dry-run").code == 0
    assert call("--node", "lab", "--check", "acme-nothing", "--dry-run").code == 2
    (tmp_path / "cucm-audit.toml").write_text('checks = ["gone"]\n[cluster.lab]\nnode = "192.0.2.1"\n')
    said = call("--node", "lab", "--dry-run")
    assert said.code == 2
    assert f"{tmp_path / 'gone'}: no check file" in said.err


def test_a_folder_of_bad_loads_only(call: Call, saved: Path) -> None:
    """A table without a check: the checks of known bad loads read it, also for a snapshot that was saved before."""
    content = saved.read_bytes()
    before = outcomes(audit(call, saved, "--document", "em-login-7821").json(), "bad-load-active")
    after = outcomes(
        audit(call, saved, "--document", "em-login-7821", "--checks", EXAMPLES / "own-bad-loads").json(),
        "bad-load-active",
    )
    assert "Cisco 8841" not in json.dumps(before)
    named = [finding for outcome in after for finding in outcome["findings"]]
    assert named, after
    assert {finding["evidence"]["columns"]["b.reference"] for finding in named} == {"Ticket ACME-1207"}
    assert saved.read_bytes() == content, "the snapshot stays as it was saved"


def test_a_pip_package_is_found_and_not_imported(saved: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    _install(PACKAGE, site, tmp_path)
    environment = _beside(site, tmp_path)

    def python(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    assert "ImportError: cucm_audit_acme holds data" in python("-c", "import cucm_audit_acme").stderr
    listed = python("-m", "cucm_audit", "checks", "--document", "acme-pools", "--format", "json")
    assert listed.returncode == 0, listed.stderr
    assert [(one["check"], one["pack"]) for one in json.loads(listed.stdout)] == [("acme-pool-without-backup", "acme")]
    said = python("-m", "cucm_audit", "--from", str(saved), "--document", "acme-pools", "--format", "json")
    report = json.loads(said.stdout)
    assert report["scope"]["own_checks"] == ["acme"], "every report says whose checks it holds"
    (outcome,) = report["outcomes"]
    assert outcome["examined"] > 0
    assert said.returncode == (1 if outcome["verdict"] == "fail" else 0), said.stderr


def test_a_package_below_another_imports_neither(tmp_path: Path) -> None:
    site = tmp_path / "site"
    _install(PACKAGE, site, tmp_path)
    (site / "outer").mkdir()
    (site / "outer" / "__init__.py").write_text("raise SystemExit('imported')")
    (site / "cucm_audit_acme").rename(site / "outer" / "checks")
    (entry,) = site.glob("*.dist-info/entry_points.txt")
    entry.write_text(entry.read_text().replace("cucm_audit_acme", "outer.checks"))
    said = subprocess.run(
        [sys.executable, "-m", "cucm_audit", "checks", "--document", "acme-pools"],
        cwd=tmp_path, env=_beside(site, tmp_path),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (said.returncode, "acme-pool-without-backup" in said.stdout) == (0, True), said.stderr


def test_a_package_that_is_gone_is_named(tmp_path: Path) -> None:
    site = tmp_path / "site"
    _install(PACKAGE, site, tmp_path)
    shutil.rmtree(site / "cucm_audit_acme")
    said = subprocess.run(
        [sys.executable, "-m", "cucm_audit", "checks"],
        cwd=tmp_path, env=_beside(site, tmp_path),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 2
    assert "the check pack acme names cucm_audit_acme, which is no installed package" in said.stderr


def _beside(site: Path, home: Path) -> dict[str, str]:
    """An environment in which the package stands beside the program that is tested."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(ROOT)]), "HOME": str(home)}


def _install(package: Path, site: Path, folder: Path) -> None:
    """Build a wheel with the backend of the environment and unpack it: no network, nothing left in the checkout."""
    copy = shutil.copytree(package, folder / "source")
    code = "import hatchling.build as b, sys; print(b.build_wheel(sys.argv[1]))"
    made = subprocess.run(
        [sys.executable, "-c", code, str(folder)], cwd=copy, capture_output=True, text=True, check=True
    )
    zipfile.ZipFile(folder / made.stdout.strip().splitlines()[-1]).extractall(site)


def test_a_check_without_end_does_not_outlast_the_time_of_the_run(tmp_path: Path) -> None:
    """It is judged after the asking, and what that has left of --timeout is all that there is."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "own.toml").write_text(own_check(f"{ENDLESS_THERE} > 0 and name = 'SEP000000000002'"), "utf-8")
    with lab(tmp_path, brisk=True) as place:
        begun = time.monotonic()
        code, report = place.audit(
            "--checks", "own", "--check", "own-check", "--check", "em-url-path", "--without", "ssh", "--timeout", "10"
        )
        took = time.monotonic() - begun
    told = {outcome["check"]: outcome for outcome in report["outcomes"]}
    assert code == 3
    assert (told["own-check"]["verdict"], told["own-check"]["reason"]) == ("unknown", "internal_error")
    assert told["em-url-path"]["verdict"] == "pass"
    assert took < 12, "--timeout and two seconds"


def test_an_example_that_never_ends_is_refused_in_seconds(call: Call, saved: Path, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "own.toml").write_text(own_check(f"{ENDLESS} > 0"), "utf-8")
    begun = time.monotonic()
    said = call("audit", "--from", saved, "--checks", tmp_path / "own")
    assert (said.code, "cannot be judged" in said.err) == (2, True)
    assert time.monotonic() - begun < 10
