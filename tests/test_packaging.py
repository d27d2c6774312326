"""The wheel: what is in it, and that it runs from anywhere without the checkout."""

import os
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the checkout, made by the build backend itself: no network."""
    folder = tmp_path_factory.mktemp("wheel")
    import hatchling.build as backend

    before = Path.cwd()
    os.chdir(ROOT)
    try:
        return folder / backend.build_wheel(str(folder))
    finally:
        os.chdir(before)


def test_the_wheel_has_the_program_and_its_data_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert len(names) == len(set(names))
    assert {name.split("/")[0] for name in names} == {"cucm_audit", f"{'-'.join(wheel.name.split('-')[:2])}.dist-info"}
    for needed in ("cucm_audit/schema.sql", "cucm_audit/py.typed", "cucm_audit/help.txt", "cucm_audit/cli/__init__.py"):
        assert needed in names
    packed = {name.removeprefix("cucm_audit/checks/") for name in names if name.startswith("cucm_audit/checks/")}
    assert packed == {p.relative_to(ROOT / "checks").as_posix() for p in (ROOT / "checks").rglob("*") if p.is_file()}
    if (ROOT / "wsdl").is_dir():
        packed = {name.removeprefix("cucm_audit/wsdl/") for name in names if name.startswith("cucm_audit/wsdl/")}
        assert packed == {p.relative_to(ROOT / "wsdl").as_posix() for p in (ROOT / "wsdl").rglob("*") if p.is_file()}
    scenarios = {p.name for p in (ROOT / "cucm_audit" / "simulator" / "scenarios").glob("*.toml")}
    assert scenarios <= {Path(name).name for name in names}


@pytest.mark.slow
def test_the_wheel_runs_in_another_place(wheel: Path, tmp_path: Path) -> None:
    """A new environment that has the libraries of this one, our wheel, and no sight of the checkout."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(venv), "platbase": str(venv)}))
    assert site.is_dir()
    _install(wheel, site)
    # The libraries come from the environment of the tests; its .pth file that leads to the checkout is not followed.
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(site), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]),
        "HOME": str(tmp_path),
    }

    def program(*argv: str) -> str:
        said = subprocess.run(
            [str(venv / "bin" / "python"), "-m", "cucm_audit", *argv],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=90,
        )  # fmt: skip
        assert said.returncode == 0, said.stderr
        return said.stdout

    where = "import cucm_audit, cucm_audit.resources as r; print(cucm_audit.__file__); print(r.folder('checks'))"
    said = subprocess.run(
        [str(venv / "bin" / "python"), "-c", where],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(line.startswith(str(site)) for line in said.stdout.splitlines())
    assert "cisco-18772" in program("checks", "--coverage")
    assert "0 writes possible" in program("demo")


def _install(wheel: Path, site: Path) -> None:
    """Install without dependencies and without network: with pip where there is one, else as pip does it."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site)]
    if subprocess.run([*pip, str(wheel)], capture_output=True, check=False).returncode != 0:
        zipfile.ZipFile(wheel).extractall(site)


def test_the_lock_file_pins_every_dependency_with_hashes() -> None:
    from packaging.requirements import Requirement

    text = (ROOT / "requirements.lock").read_text().replace("\\\n", " ")
    pinned = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            requirement, *hashes = line.split("--hash=sha256:")
            found = Requirement(requirement)
            (version,) = found.specifier
            assert version.operator == "==", line[:80]
            assert hashes, f"{found.name} has no hash"
            assert all(len(one.strip()) == 64 for one in hashes), found.name
            pinned[found.name] = version.version
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for wanted in map(Requirement, project["dependencies"]):
        assert wanted.name in pinned, f"make lock: {wanted.name} is not in requirements.lock"
        assert wanted.specifier.contains(pinned[wanted.name]), f"make lock: {wanted} has {pinned[wanted.name]}"
